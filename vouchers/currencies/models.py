"""상품권: a local currency, its effective-dated limits, and the rules where money may be spent."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from vouchers.common.models import TenantModel


class Currency(TenantModel):
    """A municipality's local currency (지역사랑상품권)."""

    name = models.CharField(_("상품권명"), max_length=40)
    name_en = models.CharField(_("영문명"), max_length=60)
    is_active = models.BooleanField(_("운영 여부"), default=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("상품권")
        verbose_name_plural = _("상품권")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["municipality", "name"], name="currency_name_once")]

    def __str__(self) -> str:
        return self.name


class CurrencyPolicy(TenantModel):
    """운영 기준: the limits that hold from a day on, until a later row replaces them."""

    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="policies", verbose_name=_("상품권"))
    valid_from = models.DateField(_("시행일"))
    payment_limit = models.BigIntegerField(_("1회 결제 한도(원)"))
    legal_basis = models.CharField(_("근거"), max_length=200, help_text=_("예: 조례 제8조"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("상품권 운영 기준")
        verbose_name_plural = _("상품권 운영 기준")
        ordering: ClassVar = ["currency", "-valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["currency", "valid_from"], name="currency_policy_once_a_day"),
            models.CheckConstraint(
                condition=models.Q(payment_limit__gt=0),
                name="currency_payment_limit_positive",
                violation_error_message=_("1회 결제 한도는 1원 이상이어야 합니다."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.currency} · {self.valid_from}"


class UsageRule(TenantModel):
    """사용처 기준: at which shops a lot may be spent. Referenced by lots, so a changed rule is a new row."""

    name = models.CharField(_("사용처 기준명"), max_length=80)
    allowed_categories = ArrayField(
        models.CharField(max_length=20), verbose_name=_("사용 가능 업종"), default=list, blank=True,
        help_text=_("비워 두면 모든 업종에서 사용할 수 있습니다."),
    )  # fmt: skip
    denied_categories = ArrayField(
        models.CharField(max_length=20), verbose_name=_("사용 제한 업종"), default=list, blank=True
    )
    allowed_dongs = ArrayField(
        models.CharField(max_length=40), verbose_name=_("사용 가능 읍면동"), default=list, blank=True,
        help_text=_("비워 두면 관내 어디서나 사용할 수 있습니다. 여럿은 쉼표로 나누어 적습니다."),
    )  # fmt: skip
    annual_sales_cap = models.BigIntegerField(
        _("연매출 상한(원)"),
        null=True,
        blank=True,
        help_text=_("비워 두면 연매출과 관계없이 사용할 수 있습니다(정책발행)."),
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("사용처 기준")
        verbose_name_plural = _("사용처 기준")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["municipality", "name"], name="usage_rule_name_once")]

    def __str__(self) -> str:
        return self.name
