"""QR codes issued to shops; a retired code is refused even though its tag is genuine."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from merchants.registry.models import Merchant
from vouchers.common.models import Stamped, TenantModel


class MerchantQR(TenantModel, Stamped):
    """가맹점 QR: one fixed code at one terminal (till) of a shop."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="qr_codes", verbose_name=_("가맹점"))
    terminal = models.CharField(_("단말번호"), max_length=8)
    payload = models.CharField(_("QR 내용"), max_length=512, editable=False)
    retired_at = models.DateTimeField(_("폐기일시"), null=True, blank=True)

    class Meta:
        verbose_name = _("가맹점 QR")
        verbose_name_plural = _("가맹점 QR")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "merchant", "terminal"], name="merchant_terminal_once")
        ]

    def __str__(self) -> str:
        return f"{self.merchant} · {self.terminal}"
