"""휴폐업 확인: what the tax office says of registered businesses, and the cases that came of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from merchants.dispositions.models import Disposition
from merchants.registry.models import Merchant
from vouchers.common.models import TenantModel


class CheckState(models.TextChoices):
    """Read and shown, then noticed to the shops or given up."""

    CHECKED = "checked", _("확인 전")
    NOTICED = "noticed", _("사전통지")
    DISCARDED = "discarded", _("폐기")


class ClosureCheck(TenantModel):
    """휴폐업 조회 결과: one list from the tax office (국세청 사업자등록 상태조회), matched with the register."""

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    file_name = models.CharField(_("파일명"), max_length=200)
    checked_on = models.DateField(_("조회일"))
    state = models.CharField(_("상태"), max_length=10, choices=CheckState, default=CheckState.CHECKED)
    problems = models.JSONField(default=list, editable=False)
    rows_total = models.IntegerField(_("전체 행"))
    rows_open = models.IntegerField(_("계속사업자"))
    rows_unknown = models.IntegerField(_("가맹점이 아닌 번호"))
    uploaded_by = models.ForeignKey(
        "vouchers.Official", on_delete=models.PROTECT, related_name="+", verbose_name=_("올린 사람")
    )
    uploaded_at = models.DateTimeField(_("업로드 일시"))
    decided_by = models.ForeignKey(
        "vouchers.Official", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("처리자")
    )
    decided_at = models.DateTimeField(_("처리일시"), null=True, blank=True)

    class Meta:
        verbose_name = _("휴폐업 확인")
        verbose_name_plural = _("휴폐업 확인")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.file_name


class BusinessStatus(models.TextChoices):
    """What the tax office says of a business that does not simply go on."""

    CLOSED = "closed", _("폐업")
    DORMANT = "dormant", _("휴업")
    UNREGISTERED = "unregistered", _("국세청 미등록")


class ClosureFinding(TenantModel):
    """A registered shop whose business is closed, dormant or unknown, and the case against it."""

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    check_of = models.ForeignKey(
        ClosureCheck, on_delete=models.PROTECT, related_name="findings", verbose_name=_("확인")
    )
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+", verbose_name=_("가맹점"))
    status = models.CharField(_("사업자 상태"), max_length=12, choices=BusinessStatus)
    ended_on = models.DateField(_("폐업일"), null=True, blank=True)
    disposition = models.OneToOneField(
        Disposition, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("행정처분")
    )

    class Meta:
        verbose_name = _("휴폐업 가맹점")
        verbose_name_plural = _("휴폐업 가맹점")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["check_of", "merchant"], name="closure_finding_once")]

    def __str__(self) -> str:
        return f"{self.merchant} · {self.get_status_display()}"
