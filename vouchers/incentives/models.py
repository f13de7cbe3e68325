"""혜택: who pays for benefits, the dated terms of a policy, and what each payment earned."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from vouchers.common.models import LedgerModel, Stamped, TenantModel
from vouchers.currencies.models import Currency, UsageRule
from vouchers.ledger.models import LotKind
from vouchers.officials.models import Official


class PayerKind(models.TextChoices):
    """Whose money a fund is."""

    NATIONAL = "national", _("국비")
    PROVINCE = "province", _("시·도비")
    CITY = "city", _("시·군비")
    DISTRICT = "district", _("구비")
    OTHER = "other", _("기타")


class BenefitFund(TenantModel, Stamped):
    """재원: money set aside for benefits by one payer. Its money is the balance of its ledger account."""

    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권"))
    name = models.CharField(_("재원명"), max_length=60, help_text=_("예: 2026년 국비 지원금"))
    payer = models.CharField(_("부담 주체"), max_length=10, choices=PayerKind)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("혜택 재원")
        verbose_name_plural = pgettext_lazy("several", "혜택 재원")
        ordering: ClassVar = ["currency", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "currency", "name"], name="benefit_fund_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class FundEntry(TenantModel):
    """재원 변동: money that came to a fund, or with a negative amount left it. Never changed; a mistake is entered back."""

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    fund = models.ForeignKey(BenefitFund, on_delete=models.PROTECT, related_name="entries", verbose_name=_("재원"))
    amount = models.BigIntegerField(_("금액(원)"))
    reason = models.CharField(_("사유"), max_length=300)
    document_number = models.CharField(_("문서번호"), max_length=60, blank=True)
    official = models.ForeignKey(Official, on_delete=models.PROTECT, related_name="+", verbose_name=_("처리자"))
    at = models.DateTimeField(_("처리일시"))
    journal_id = models.UUIDField(_("전표번호"))

    class Meta:
        verbose_name = _("재원 변동")
        verbose_name_plural = _("재원 변동")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "journal_id"], name="fund_entry_posted_once"),
            models.CheckConstraint(condition=~models.Q(amount=0), name="fund_entry_moves_money"),
        ]

    def __str__(self) -> str:
        return f"{self.fund} {self.amount:,}"


class BenefitKind(models.TextChoices):
    """How a benefit reaches the member; each has a formula of its own, and one is never read as another."""

    CASHBACK = "cashback", _("캐시백")
    DISCOUNT = "discount", _("선할인")
    TOP_UP = "top_up", _("충전 인센티브")


class BenefitPolicy(TenantModel, Stamped):
    """혜택 정책: one benefit of a currency. What it gives stands in its dated terms."""

    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권"))
    kind = models.CharField(_("혜택 방식"), max_length=10, choices=BenefitKind, default=BenefitKind.CASHBACK)
    name = models.CharField(_("정책명"), max_length=80, help_text=_("예: 2026년 고양페이 캐시백"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("혜택 정책")
        verbose_name_plural = pgettext_lazy("several", "혜택 정책")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "currency", "name"], name="benefit_policy_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class TermsState(models.TextChoices):
    """Whether terms hold. What has been published is never changed; later terms replace it from their day on."""

    DRAFT = "draft", _("작성 중")
    PUBLISHED = "published", _("공포")


def _counted_by_default() -> list[str]:
    return [LotKind.PURCHASE.value]


class BenefitTerms(TenantModel, Stamped):
    """정책 내용: a version of a policy, in force from a day on until the next published version.

    A thousandth of a percent never matters: rates are 1/10000, thresholds whole percents of the budget that is nearer to
    its end. Bands and caps are of the member's month in Seoul, budgets of the month and the calendar (= fiscal) year.
    """

    policy = models.ForeignKey(
        BenefitPolicy, on_delete=models.PROTECT, related_name="terms", verbose_name=_("혜택 정책")
    )
    valid_from = models.DateField(_("시행일"))
    state = models.CharField(_("상태"), max_length=10, choices=TermsState, default=TermsState.DRAFT, editable=False)
    legal_basis = models.CharField(_("근거"), max_length=200, blank=True, help_text=_("예: 조례 제10조, 시행계획"))
    spend_cap = models.BigIntegerField(
        _("월 혜택 인정 한도(원)"), null=True, blank=True,
        help_text=_("한 회원이 한 달에 혜택을 받을 수 있는 결제(충전) 금액. 비우면 제한이 없습니다."),
    )  # fmt: skip
    benefit_cap = models.BigIntegerField(
        _("월 혜택 한도(원)"), null=True, blank=True,
        help_text=_("한 회원이 한 달에 받을 수 있는 혜택 금액. 비우면 제한이 없습니다."),
    )  # fmt: skip
    base_kinds = ArrayField(
        models.CharField(max_length=10, choices=LotKind), verbose_name=_("혜택을 주는 돈"), default=_counted_by_default
    )
    for_corporations = models.BooleanField(
        _("법인 회원에게도 지급"), default=False, help_text=_("체크하지 않으면 개인 회원에게만 혜택을 줍니다.")
    )
    validity_months = models.PositiveSmallIntegerField(
        _("지급된 혜택의 유효기간(개월)"), null=True, blank=True, default=60,
        help_text=_("지급된 달의 말일부터 셉니다. 비우면 기한이 없습니다."),
    )  # fmt: skip
    usage_rule = models.ForeignKey(
        UsageRule, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("지급된 혜택의 사용처"), help_text=_("비우면 모든 가맹점에서 쓸 수 있습니다."),
    )  # fmt: skip
    own_fund = models.ForeignKey(
        BenefitFund, on_delete=models.PROTECT, related_name="+", verbose_name=_("자체 재원"),
        help_text=_("재원별로 나눌 때 생기는 1원 미만의 차이를 부담합니다."),
    )  # fmt: skip
    budget_month = models.BigIntegerField(_("월 예산(원)"), null=True, blank=True)
    budget_year = models.BigIntegerField(_("연 예산(원)"), null=True, blank=True)
    step_percents = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name=_("단계 예산 소진율(%)"), default=list, blank=True
    )
    step_factors = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name=_("단계 지급률(1/10000)"), default=list, blank=True
    )
    author = models.ForeignKey(
        Official, on_delete=models.PROTECT, related_name="+", verbose_name=_("작성자"), editable=False
    )
    publisher = models.ForeignKey(
        Official, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("공포자"), editable=False
    )
    published_at = models.DateTimeField(_("공포일시"), null=True, editable=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("혜택 정책 내용")
        verbose_name_plural = pgettext_lazy("several", "혜택 정책 내용")
        ordering: ClassVar = ["policy", "-valid_from", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["policy", "valid_from"], condition=models.Q(state="published"), name="benefit_terms_once_a_day"
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft", publisher=None, published_at=None)
                | models.Q(state="published", publisher__isnull=False, published_at__isnull=False)
                & ~models.Q(publisher=models.F("author")),
                name="benefit_terms_published_by_another",
            ),
            models.CheckConstraint(
                condition=models.Q(spend_cap__gt=0) | models.Q(spend_cap=None), name="benefit_terms_spend_cap_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(benefit_cap__gt=0) | models.Q(benefit_cap=None), name="benefit_terms_cap_positive"
            ),
            models.CheckConstraint(
                condition=(models.Q(budget_month__gt=0) | models.Q(budget_month=None))
                & (models.Q(budget_year__gt=0) | models.Q(budget_year=None)),
                name="benefit_terms_budget_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy} · {self.valid_from}"


class BenefitTier(TenantModel):
    """혜택 구간: which share of which payments one fund bears. Tiers that fit a payment add up.

    ``rate`` is in 1/10000 of the counted money. A tier holds for the part of the member's month above ``spend_above`` and
    up to ``spend_up_to`` won (marginal), and for shops with annual sales above one and up to another bound.
    """

    terms = models.ForeignKey(BenefitTerms, on_delete=models.CASCADE, related_name="tiers", verbose_name=_("정책 내용"))
    position = models.PositiveSmallIntegerField(_("순번"), default=1)
    fund = models.ForeignKey(BenefitFund, on_delete=models.PROTECT, related_name="+", verbose_name=_("재원"))
    rate = models.PositiveIntegerField(_("지급률(1/10000)"))
    spend_above = models.BigIntegerField(_("월 사용액 초과(원)"), default=0)
    spend_up_to = models.BigIntegerField(_("월 사용액 이하(원)"), null=True, blank=True)
    sales_above = models.BigIntegerField(_("연매출 초과(원)"), null=True, blank=True)
    sales_up_to = models.BigIntegerField(_("연매출 이하(원)"), null=True, blank=True)
    dongs = ArrayField(models.CharField(max_length=40), verbose_name=_("읍면동"), default=list, blank=True)
    categories = ArrayField(models.CharField(max_length=20), verbose_name=_("업종"), default=list, blank=True)

    class Meta:
        verbose_name = _("혜택 구간")
        verbose_name_plural = _("혜택 구간")
        ordering: ClassVar = ["terms", "position", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(rate__gte=1, rate__lte=10_000), name="benefit_tier_rate_sound"),
            models.CheckConstraint(
                condition=models.Q(spend_above__gte=0)
                & (models.Q(spend_up_to=None) | models.Q(spend_up_to__gt=models.F("spend_above"))),
                name="benefit_tier_band_sound",
            ),
            models.CheckConstraint(
                condition=models.Q(sales_above=None)
                | models.Q(sales_up_to=None)
                | models.Q(sales_up_to__gt=models.F("sales_above")),
                name="benefit_tier_sales_sound",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fund} {self.rate / 100:g}%"


class BenefitHalt(TenantModel):
    """중지: a policy gives nothing for payments from one moment on until another, by an official's decision."""

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    policy = models.ForeignKey(
        BenefitPolicy, on_delete=models.PROTECT, related_name="halts", verbose_name=_("혜택 정책")
    )
    begins_at = models.DateTimeField(_("중지일시"))
    reason = models.CharField(_("중지 사유"), max_length=300)
    official = models.ForeignKey(Official, on_delete=models.PROTECT, related_name="+", verbose_name=_("중지한 사람"))
    ended_at = models.DateTimeField(_("재개일시"), null=True)
    end_reason = models.CharField(_("재개 사유"), max_length=300, blank=True)
    ended_by = models.ForeignKey(
        Official, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("재개한 사람")
    )

    class Meta:
        verbose_name = _("혜택 중지")
        verbose_name_plural = _("혜택 중지")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["policy"], condition=models.Q(ended_at=None), name="benefit_halted_once"),
            models.CheckConstraint(
                condition=models.Q(ended_at=None, ended_by=None)
                | models.Q(ended_at__gte=models.F("begins_at"), ended_by__isnull=False),
                name="benefit_halt_ends_after_it_began",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy} {self.begins_at}"


class SimulationState(models.TextChoices):
    """How far a trial has come."""

    WAITING = "waiting", _("대기")
    RUNNING = "running", _("계산 중")
    DONE = "done", _("완료")
    FAILED = "failed", _("실패")


class BenefitSimulation(TenantModel, Stamped):
    """모의 적용: what terms would have cost on a month's payments; ``done_payments`` of ``payments`` have been looked at."""

    terms = models.ForeignKey(
        BenefitTerms, on_delete=models.CASCADE, related_name="simulations", verbose_name=_("정책 내용")
    )
    month = models.DateField(_("적용 월"))
    state = models.CharField(_("상태"), max_length=10, choices=SimulationState, default=SimulationState.WAITING)
    payments = models.BigIntegerField(_("결제 건수"), default=0)
    done_payments = models.BigIntegerField(_("계산한 건수"), default=0)
    result: Any = models.JSONField(_("결과"), null=True)
    official = models.ForeignKey(Official, on_delete=models.PROTECT, related_name="+", verbose_name=_("요청자"))

    class Meta:
        verbose_name = _("모의 적용")
        verbose_name_plural = _("모의 적용")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.terms} · {self.month:%Y-%m}"

    @property
    def works(self) -> bool:
        """Whether it is waited for."""
        return self.state in (SimulationState.WAITING, SimulationState.RUNNING)

    @property
    def percent(self) -> int:
        """Of the month's payments, how many have been looked at."""
        return self.done_payments * 100 // self.payments if self.payments else 0


def _municipality() -> models.ForeignKey:
    return models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        verbose_name=_("지자체"),
    )  # fmt: skip


def _policy() -> models.ForeignKey:
    return models.ForeignKey(
        BenefitPolicy, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, verbose_name=_("혜택 정책")
    )


class Cashback(LedgerModel):
    """What one payment earned under one policy: won per fund, and what of it was reversed by cancellations."""

    pk = models.CompositePrimaryKey("municipality_id", "payment_id", "policy_id")
    municipality = _municipality()
    payment_id = models.UUIDField(_("결제번호"))
    policy = _policy()
    terms_id = models.UUIDField(_("정책 내용"))
    wallet_id = models.UUIDField(_("지갑"))
    month = models.DateField(_("혜택 월"))
    base = models.BigIntegerField(_("혜택 대상 금액"))
    base_left = models.BigIntegerField(_("취소 후 대상 금액"))
    factor = models.IntegerField(_("단계 지급률(1/10000)"))
    amount = models.BigIntegerField(_("혜택 금액"))
    reversed = models.BigIntegerField(_("취소된 혜택"))
    funds = ArrayField(models.UUIDField(), verbose_name=_("재원"))
    amounts = ArrayField(models.BigIntegerField(), verbose_name=_("재원별 금액"))
    reversals = ArrayField(models.BigIntegerField(), verbose_name=_("재원별 취소 금액"))

    class Meta(LedgerModel.Meta):
        verbose_name = _("캐시백")
        verbose_name_plural = _("캐시백")


class MemberMonth(LedgerModel):
    """A member's month under one policy: the money that counted, and the benefit. Its id is the source of the lot."""

    id = models.UUIDField(primary_key=True)
    municipality = _municipality()
    wallet_id = models.UUIDField(_("지갑"))
    policy = _policy()
    month = models.DateField(_("혜택 월"))
    spent = models.BigIntegerField(_("혜택 대상 금액"))
    benefit = models.BigIntegerField(_("혜택 금액"))

    class Meta(LedgerModel.Meta):
        verbose_name = _("회원의 월 혜택")
        verbose_name_plural = _("회원의 월 혜택")


class BenefitDue(LedgerModel):
    """What a fund still owes a member (positive: waiting for the fund's money) or a member a fund (negative: debt)."""

    pk = models.CompositePrimaryKey("municipality_id", "wallet_id", "fund_id", "month_id")
    municipality = _municipality()
    wallet_id = models.UUIDField(_("지갑"))
    fund_id = models.UUIDField(_("재원"))
    month_id = models.UUIDField(_("회원의 월 혜택"))
    amount = models.BigIntegerField(_("금액"))

    class Meta(LedgerModel.Meta):
        verbose_name = _("지급 대기·상계할 혜택")
        verbose_name_plural = _("지급 대기·상계할 혜택")


class BenefitMonth(LedgerModel):
    """A policy's month: what its budget gave, and the step it has come to; ``factor`` 0 means stopped."""

    pk = models.CompositePrimaryKey("municipality_id", "policy_id", "month")
    municipality = _municipality()
    policy = _policy()
    month = models.DateField(_("혜택 월"))
    used = models.BigIntegerField(_("사용액"))
    factor = models.IntegerField(_("단계 지급률(1/10000)"))

    class Meta(LedgerModel.Meta):
        verbose_name = _("혜택 정책의 월별 집행")
        verbose_name_plural = _("혜택 정책의 월별 집행")


class BenefitDay(LedgerModel):
    """What a policy gave for the payments of a day, less what was reversed of them; a month's days make its month."""

    pk = models.CompositePrimaryKey("municipality_id", "policy_id", "day")
    municipality = _municipality()
    policy = _policy()
    day = models.DateField(_("결제일"))
    used = models.BigIntegerField(_("사용액"))

    class Meta(LedgerModel.Meta):
        verbose_name = _("혜택 정책의 일별 집행")
        verbose_name_plural = _("혜택 정책의 일별 집행")


class BenefitStep(LedgerModel):
    """단계 변경: at which event a policy's month stepped down, stopped, or was restarted and by whom."""

    id = models.UUIDField(primary_key=True)
    municipality = _municipality()
    policy = _policy()
    month = models.DateField(_("혜택 월"))
    event_id = models.UUIDField(_("결제번호"), null=True)
    used = models.BigIntegerField(_("사용액"))
    factor = models.IntegerField(_("단계 지급률(1/10000)"))
    official = models.ForeignKey(
        Official,
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        verbose_name=_("처리자"),
    )
    reason = models.TextField(_("사유"))
    at = models.DateTimeField(_("일시"))

    class Meta(LedgerModel.Meta):
        verbose_name = _("혜택 단계 변경")
        verbose_name_plural = _("혜택 단계 변경")
        ordering: ClassVar = ["-id"]
