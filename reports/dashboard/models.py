"""What the dashboard and the reports show, day by day. The functions of ``sql/`` alone write it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from vouchers.common.models import LedgerModel


class Dimension(models.TextChoices):
    """What a day's sums are told apart by."""

    DAY = "day", _("하루")
    SLOT = "slot", _("10분")
    CATEGORY = "category", _("업종")
    DONG = "dong", _("읍면동")
    AGE = "age", _("연령")
    SEX = "sex", _("성별")
    HOME = "home", _("이용자 읍면동")
    CHANNEL = "channel", _("채널")
    DISCOUNT = "discount", _("가맹점 할인")
    FEE = "fee", _("채널 수수료")
    FLOW = "flow", _("금액 구분")
    ACCOUNT = "account", _("예산·재원")


class DaySum(LedgerModel):
    """일별 합계: what happened on a day, by one dimension. The day's own row has no ``value``."""

    pk = models.CompositePrimaryKey("municipality_id", "dimension", "business_date", "currency_id", "event", "value")
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    dimension = models.CharField(max_length=10, choices=Dimension)
    business_date = models.DateField(_("영업일"))
    currency_id = models.UUIDField(_("상품권"))
    event = models.CharField(max_length=20)
    value = models.CharField(max_length=40)
    movements = models.BigIntegerField()
    amount = models.BigIntegerField()
    holding = models.BigIntegerField()

    class Meta(LedgerModel.Meta):
        verbose_name = _("일별 현황 합계")
        verbose_name_plural = _("일별 현황 합계")


class SummedDay(LedgerModel):
    """합산한 날: when a day was summed up, and whether for the last time."""

    pk = models.CompositePrimaryKey("municipality_id", "business_date")
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    business_date = models.DateField(_("영업일"))
    summed_at = models.DateTimeField()
    is_final = models.BooleanField()

    class Meta(LedgerModel.Meta):
        verbose_name = _("합산한 날")
        verbose_name_plural = _("합산한 날")
