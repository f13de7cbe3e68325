"""선물: what citizens gave each other. Functions of ``sql/`` write it; the money stands in the ledger."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from vouchers.common.models import LedgerModel
from vouchers.partners.models import Partner


def _refers(to: str, label: Any) -> models.ForeignKey:
    return models.ForeignKey(to, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, verbose_name=label)


class Gift(LedgerModel):
    """A gift. The id is the id of its journal; giver and receiver are wallets."""

    id = models.UUIDField(_("선물번호"), primary_key=True)
    municipality = _refers("vouchers.Municipality", _("지자체"))
    currency = _refers("vouchers.Currency", _("상품권"))
    giver = _refers("vouchers.Wallet", _("보낸 지갑"))
    receiver = _refers("vouchers.Wallet", _("받은 지갑"))
    partner = models.ForeignKey(
        Partner, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, verbose_name=_("연계기관")
    )
    amount = models.BigIntegerField(_("선물금액"))
    message = models.CharField(_("메시지"), max_length=40)
    business_date = models.DateField(_("영업일"))
    at = models.DateTimeField(_("선물일시"))

    class Meta(LedgerModel.Meta):
        verbose_name = _("선물")
        verbose_name_plural = _("선물")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return str(self.id)
