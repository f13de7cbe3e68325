"""정산: closed business days and what each shop earned on them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from merchants.registry.models import Merchant
from vouchers.common.models import LedgerModel


class DayClose(LedgerModel):
    """일 마감 of one currency: totals over its settlement lines."""

    id = models.UUIDField(primary_key=True)
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        verbose_name=_("지자체"),
    )  # fmt: skip
    currency = models.ForeignKey(
        "vouchers.Currency", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        verbose_name=_("상품권"),
    )  # fmt: skip
    business_date = models.DateField(_("영업일"))
    merchants = models.IntegerField(_("가맹점 수"))
    paid = models.BigIntegerField(_("결제금액"))
    refunded = models.BigIntegerField(_("취소금액"))
    payable = models.BigIntegerField(_("정산금액"))
    closed_at = models.DateTimeField(_("마감일시"))
    journal_id = models.UUIDField(_("전표번호"), null=True)

    class Meta(LedgerModel.Meta):
        verbose_name = _("일 마감")
        verbose_name_plural = _("일 마감")
        ordering: ClassVar = ["-business_date"]

    def __str__(self) -> str:
        return f"{self.business_date}"


class SettlementLine(LedgerModel):
    """A shop's business day: carried_in + paid − refunded = payable + carried_out, to the won."""

    id = models.UUIDField(primary_key=True)
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        verbose_name=_("지자체"),
    )  # fmt: skip
    currency = models.ForeignKey(
        "vouchers.Currency", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        verbose_name=_("상품권"),
    )  # fmt: skip
    business_date = models.DateField(_("영업일"))
    merchant = models.ForeignKey(
        Merchant, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, verbose_name=_("가맹점")
    )
    payments = models.IntegerField(_("결제 건수"))
    paid = models.BigIntegerField(_("결제금액"))
    refunds = models.IntegerField(_("취소 건수"))
    refunded = models.BigIntegerField(_("취소금액"))
    carried_in = models.BigIntegerField(_("이월(전일)"))
    payable = models.BigIntegerField(_("정산금액"))
    carried_out = models.BigIntegerField(_("이월(익일)"))

    class Meta(LedgerModel.Meta):
        verbose_name = _("가맹점 정산내역")
        verbose_name_plural = _("가맹점 정산내역")
        ordering: ClassVar = ["-business_date", "merchant"]

    def __str__(self) -> str:
        return f"{self.merchant} · {self.business_date}"
