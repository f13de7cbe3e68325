"""상품권: a local currency, its effective-dated limits, and the rules where money may be spent."""

from __future__ import annotations

from typing import ClassVar, Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from vouchers.common.models import TenantModel

LIMITS: Final = (
    "per_day", "per_month", "per_year", "holding", "benefit_per_month", "benefit_per_year", "gift_once", "gift_per_day",
    "gift_per_month",
)  # fmt: skip
"""Amounts of a purchase limit that may be empty."""


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
    purchase_sales_cap = models.BigIntegerField(
        _("구매금 사용 가맹점 연매출 상한(원)"), null=True, blank=True,
        help_text=_("연매출이 이보다 많은 가맹점에서는 구매금과 충전 인센티브를 쓸 수 없습니다. 비워 두면 제한하지 않습니다."),
    )  # fmt: skip
    consent_age = models.PositiveSmallIntegerField(
        _("법정대리인 동의 나이"), default=14, db_default=14,
        help_text=_("만 나이가 이보다 적으면 법정대리인이 동의해야 가입할 수 있습니다. 예: 14(개인정보 보호법 제22조의2)"),
    )  # fmt: skip
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


class BuyerType(models.TextChoices):
    """Who buys: persons and corporations have limits of their own."""

    INDIVIDUAL = "individual", _("개인")
    CORPORATE = "corporate", _("법인")


class PurchaseLimit(TenantModel):
    """구매 기준: how much of a currency one kind of buyer may buy, hold, give away and get back, from a day on.

    Amounts are in won of what is asked for: the face of a discounted purchase, the money paid of one that is topped up.
    An empty amount limits nothing. A later row replaces the whole of an earlier one.
    """

    currency = models.ForeignKey(
        Currency, on_delete=models.PROTECT, related_name="purchase_limits", verbose_name=_("상품권")
    )
    buyer = models.CharField(_("구매자"), max_length=10, choices=BuyerType, default=BuyerType.INDIVIDUAL)
    valid_from = models.DateField(_("시행일"))
    minimum = models.BigIntegerField(_("1회 최소 구매액(원)"), default=10_000)
    unit = models.BigIntegerField(_("구매 단위(원)"), default=10_000)
    per_day = models.BigIntegerField(_("1일 한도(원)"), null=True, blank=True)
    per_month = models.BigIntegerField(_("월 한도(원)"), null=True, blank=True)
    per_year = models.BigIntegerField(_("연 한도(원)"), null=True, blank=True)
    holding = models.BigIntegerField(
        _("보유 한도(원)"),
        null=True,
        blank=True,
        help_text=_("구매와 선물받기 뒤의 잔액이 이 금액을 넘을 수 없습니다."),
    )
    holding_counts_grants = models.BooleanField(
        _("정책수당도 보유 한도에 포함"), default=False, help_text=_("보통은 정책수당을 보유 한도에서 뺍니다.")
    )
    takes_benefit = models.BooleanField(
        _("할인 구매 가능"), default=True, help_text=_("끄면 할인이나 인센티브 없이 구매합니다(예: 법인 단순구매).")
    )
    benefit_per_month = models.BigIntegerField(_("월 혜택 구매 한도(원)"), null=True, blank=True)
    benefit_per_year = models.BigIntegerField(_("연 혜택 구매 한도(원)"), null=True, blank=True)
    usage_rule = models.ForeignKey(
        "vouchers.UsageRule", on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("구매금 사용처 기준"), help_text=_("비워 두면 모든 가맹점에서 사용할 수 있습니다."),
    )  # fmt: skip
    validity_months = models.PositiveSmallIntegerField(_("구매금 유효기간(개월)"), default=60)
    expiry_minutes = models.PositiveSmallIntegerField(_("입금 기한(분)"), default=30)
    withdrawal_days = models.PositiveSmallIntegerField(_("청약철회 기간(일)"), default=7)
    refund_ratio = models.PositiveSmallIntegerField(
        _("환불 기준 사용률(%)"), default=60,
        help_text=_("이만큼 사용하면 잔액을 환불받을 수 있습니다. 60~80%. 선물로 보낸 금액은 사용액에도 충전액에도 넣지 않습니다."),
    )  # fmt: skip
    gift_purchased = models.BooleanField(_("구매금 선물 가능"), default=True, db_default=True)
    gift_incentives = models.BooleanField(_("인센티브 선물 가능"), default=False, db_default=False)
    gift_points = models.BooleanField(_("포인트 선물 가능"), default=False, db_default=False)
    gift_once = models.BigIntegerField(_("1회 선물 한도(원)"), null=True, blank=True)
    gift_per_day = models.BigIntegerField(_("1일 선물 한도(원)"), null=True, blank=True)
    gift_per_month = models.BigIntegerField(_("월 선물 한도(원)"), null=True, blank=True)
    legal_basis = models.CharField(_("근거"), max_length=200, help_text=_("예: 조례 제8조"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("구매 기준")
        verbose_name_plural = _("구매 기준")
        ordering: ClassVar = ["currency", "buyer", "-valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["currency", "buyer", "valid_from"], name="purchase_limit_once_a_day"),
            models.CheckConstraint(
                condition=models.Q(refund_ratio__gte=60, refund_ratio__lte=80),
                name="purchase_limit_refund_ratio_in_law",
                violation_error_message=_("환불 기준 사용률은 60% 이상 80% 이하여야 합니다."),
            ),
            models.CheckConstraint(
                condition=models.Q(
                    minimum__gt=0, unit__gt=0, validity_months__gte=1, expiry_minutes__gte=1, expiry_minutes__lte=1440
                ),
                name="purchase_limit_positive",
                violation_error_message=_("금액과 기간은 1 이상, 입금 기한은 1440분 이하여야 합니다."),
            ),
            models.CheckConstraint(
                condition=models.Q(
                    *(models.Q(**{f"{name}__isnull": True}) | models.Q(**{f"{name}__gte": 0}) for name in LIMITS)
                ),
                name="purchase_limit_amounts_not_negative",
                violation_error_message=_("한도는 0원 이상이어야 합니다."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.currency} · {self.get_buyer_display()} · {self.valid_from}"


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
