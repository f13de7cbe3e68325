"""정산: closed days, what each shop earned on them, exchange, fees, adjustments, sales agents, and payouts held back."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from merchants.registry.models import Merchant
from vouchers.common.models import LedgerModel, Stamped, TenantModel
from vouchers.payments.models import Channel


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
    exchanged = models.BigIntegerField(_("수시 환전액"))
    fee = models.BigIntegerField(_("수수료"))
    adjusted = models.BigIntegerField(_("조정액"))
    payable = models.BigIntegerField(_("정산금액"))
    pays_on = models.DateField(_("지급일"), help_text=_("마감한 날의 다음 영업일"))
    closed_at = models.DateTimeField(_("마감일시"))
    journal_id = models.UUIDField(_("전표번호"), null=True)
    fee_journal_id = models.UUIDField(_("수수료 전표번호"), null=True)

    class Meta(LedgerModel.Meta):
        verbose_name = _("일 마감")
        verbose_name_plural = _("일 마감")
        ordering: ClassVar = ["-business_date"]

    def __str__(self) -> str:
        return f"{self.business_date}"


class SettlementLine(LedgerModel):
    """A shop's business day: carried_in + paid − refunded − exchanged − fee + adjusted = payable + carried_out, to the won.

    ``fee`` is below zero where cancellations gave back more than the day charged, ``adjusted`` above it in the shop's favour.
    """

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
    exchanged = models.BigIntegerField(_("수시 환전액"))
    fee = models.BigIntegerField(_("수수료"))
    adjusted = models.BigIntegerField(_("조정액"))
    carried_in = models.BigIntegerField(_("이월(전일)"))
    payable = models.BigIntegerField(_("정산금액"))
    carried_out = models.BigIntegerField(_("이월(익일)"))
    pays_on = models.DateField(_("지급일"))

    class Meta(LedgerModel.Meta):
        verbose_name = _("가맹점 정산내역")
        verbose_name_plural = _("가맹점 정산내역")
        ordering: ClassVar = ["-business_date", "merchant"]

    def __str__(self) -> str:
        return f"{self.merchant} · {self.business_date}"


class SettlementFee(LedgerModel):
    """결제 방식별 수수료: what a shop's day was charged through one channel, at which rate, and given back of earlier days'."""

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
    channel = models.CharField(_("결제 방식"), max_length=12, choices=Channel)
    payments = models.IntegerField(_("결제 건수"))
    sold = models.BigIntegerField(_("당일 취소를 뺀 결제금액"))
    basis_points = models.IntegerField(_("수수료율(1/10000)"))
    charged = models.BigIntegerField(_("부과한 수수료"))
    returned = models.BigIntegerField(_("돌려준 수수료"))

    class Meta(LedgerModel.Meta):
        verbose_name = _("결제 방식별 수수료")
        verbose_name_plural = _("결제 방식별 수수료")
        ordering: ClassVar = ["-business_date", "merchant", "channel"]

    def __str__(self) -> str:
        return f"{self.business_date} · {self.get_channel_display()}"

    @property
    def fee(self) -> int:
        """What the shop bears in all."""
        return self.charged - self.returned

    @property
    def rate(self) -> Decimal:
        """In percent."""
        return Decimal(self.basis_points) / 100


class Exchange(LedgerModel):
    """수시 환전: money of days not yet closed that a shop was settled at once, asked for by its app or an official."""

    id = models.UUIDField(_("환전번호"), primary_key=True)
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        verbose_name=_("지자체"),
    )  # fmt: skip
    journal_id = models.UUIDField(_("전표번호"))
    currency = models.ForeignKey(
        "vouchers.Currency", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        verbose_name=_("상품권"),
    )  # fmt: skip
    merchant = models.ForeignKey(
        Merchant, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, verbose_name=_("가맹점")
    )
    amount = models.BigIntegerField(_("환전금액"))
    business_date = models.DateField(_("영업일"))
    at = models.DateTimeField(_("환전일시"))
    official = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="+", null=True, db_constraint=False,
        verbose_name=_("처리한 공무원"),
    )  # fmt: skip
    partner = models.ForeignKey(
        "vouchers.Partner", on_delete=models.DO_NOTHING, related_name="+", null=True, db_constraint=False,
        verbose_name=_("요청한 가맹점 앱"),
    )  # fmt: skip

    class Meta(LedgerModel.Meta):
        verbose_name = _("수시 환전")
        verbose_name_plural = _("수시 환전")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.merchant} · {self.business_date}"


class ExchangeLimit(TenantModel):
    """환전 한도: what shops of a band may exchange on demand in a month, from a day on. The rows of one day are one table."""

    currency = models.ForeignKey(
        "vouchers.Currency", on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권")
    )
    valid_from = models.DateField(_("시행일"))
    monthly_sales_up_to = models.BigIntegerField(
        _("월평균 매출 상한(원)"), null=True, blank=True,
        help_text=_("연매출액의 12분의 1을 기준으로 합니다. 비워 두면 그보다 매출이 많은 모든 가맹점에 적용합니다."),
    )  # fmt: skip
    per_month = models.BigIntegerField(
        _("월 환전 한도(원)"), help_text=_("0이면 이 구간의 가맹점은 수시 환전을 할 수 없습니다. 예: 50000000")
    )
    legal_basis = models.CharField(_("근거"), max_length=200, help_text=_("예: 조례 제12조"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("환전 한도")
        verbose_name_plural = _("환전 한도")
        ordering: ClassVar = ["currency", "-valid_from", "monthly_sales_up_to"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["currency", "valid_from", "monthly_sales_up_to"], name="exchange_limit_once_a_band",
                nulls_distinct=False,
                violation_error_message=_("같은 시행일과 월평균 매출 상한의 한도가 이미 있습니다."),
            ),
            models.CheckConstraint(
                condition=Q(per_month__gte=0) & (Q(monthly_sales_up_to__isnull=True) | Q(monthly_sales_up_to__gte=0)),
                name="exchange_limit_not_negative",
                violation_error_message=_("금액은 0원 이상이어야 합니다."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.currency} · {self.valid_from}"


class Decision(models.TextChoices):
    """What one official asks for counts when another has approved it."""

    REQUESTED = "requested", _("승인 대기")
    APPROVED = "approved", _("승인")
    REJECTED = "rejected", _("반려")


class SecondPerson(TenantModel, Stamped):
    """What one official asks for with a reason, and another decides. Once decided, it stays as it is."""

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    reason = models.CharField(_("사유"), max_length=200)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        verbose_name=_("요청한 공무원"),
    )
    requested_at = models.DateTimeField(_("요청일시"), editable=False)
    state = models.CharField(_("상태"), max_length=10, choices=Decision, default=Decision.REQUESTED, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True, editable=False,
        verbose_name=_("결정한 공무원"),
    )  # fmt: skip
    decided_at = models.DateTimeField(_("결정일시"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state=Decision.REQUESTED, decided_by__isnull=True, decided_at__isnull=True)
                | Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(state=Decision.REQUESTED)
                & ~Q(decided_by=F("requested_by")),
                name="%(class)s_decided_by_another",
            )
        ]  # fmt: skip


class ExchangeUplift(SecondPerson):
    """환전 한도 상향: for some time a shop may exchange more in a month. What its own limit allows beyond that stays."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+", verbose_name=_("가맹점"))
    currency = models.ForeignKey(
        "vouchers.Currency", on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권")
    )
    valid_from = models.DateField(_("시작일"))
    valid_until = models.DateField(_("종료일"))
    per_month = models.BigIntegerField(_("월 환전 한도(원)"), help_text=_("이 기간에 적용할 월 한도. 예: 100000000"))

    class Meta(SecondPerson.Meta):
        verbose_name = _("환전 한도 상향")
        verbose_name_plural = _("환전 한도 상향")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            *SecondPerson.Meta.constraints,
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from")),
                name="exchangeuplift_ends_after_it_begins",
                violation_error_message=_("종료일은 시작일보다 빠를 수 없습니다."),
            ),
            models.CheckConstraint(
                condition=Q(per_month__gt=0),
                name="exchangeuplift_positive",
                violation_error_message=_("한도는 1원 이상이어야 합니다."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merchant} · {self.valid_from} ~ {self.valid_until}"


class FeeSchedule(SecondPerson):
    """수수료율표: what shops bear of their sales from a day on. Nothing while no table is approved.

    A channel with rows of its own goes by these alone, the others by the rows for all channels.
    """

    currency = models.ForeignKey(
        "vouchers.Currency", on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권")
    )
    valid_from = models.DateField(
        _("시행일"),
        help_text=_("승인하는 날의 다음 날부터 정할 수 있습니다. 다음 수수료율표의 시행일 전날까지 적용합니다."),
    )

    class Meta(SecondPerson.Meta):
        verbose_name = _("가맹점 수수료율표")
        verbose_name_plural = _("가맹점 수수료율표")
        ordering: ClassVar = ["-valid_from", "-id"]
        constraints: ClassVar = [
            *SecondPerson.Meta.constraints,
            models.UniqueConstraint(
                fields=["currency", "valid_from"], condition=~Q(state=Decision.REJECTED),
                name="feeschedule_once_a_day",
                violation_error_message=_("같은 시행일의 수수료율표가 이미 있습니다."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.currency} · {self.valid_from}"


class FeeRate(TenantModel):
    """A row of a table: the rate of one channel, or of all that have no rows of their own, up to some annual sales."""

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    schedule = models.ForeignKey(
        FeeSchedule, on_delete=models.PROTECT, related_name="rates", verbose_name=_("수수료율표")
    )
    channel = models.CharField(
        _("결제 방식"), max_length=12, choices=[("", _("그 밖의 모든 방식")), *Channel.choices], blank=True
    )
    sales_up_to = models.BigIntegerField(
        _("연매출 상한(원)"), null=True, blank=True,
        help_text=_("비워 두면 그보다 매출이 많은 모든 가맹점에 적용합니다. 예: 300000000"),
    )  # fmt: skip
    rate = models.DecimalField(
        _("수수료율(%)"), max_digits=4, decimal_places=2, validators=[MinValueValidator(0)], help_text=_("예: 0.50")
    )

    class Meta:
        verbose_name = _("수수료율")
        verbose_name_plural = _("수수료율")
        ordering: ClassVar = ["channel", F("sales_up_to").asc(nulls_last=True)]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["schedule", "channel", "sales_up_to"], name="feerate_once_a_band", nulls_distinct=False,
                violation_error_message=_("결제 방식과 연매출 상한이 같은 줄이 있습니다."),
            ),
            models.CheckConstraint(
                condition=Q(rate__gte=0) & (Q(sales_up_to__isnull=True) | Q(sales_up_to__gte=0)),
                name="feerate_not_negative",
                violation_error_message=_("금액과 수수료율은 0 이상이어야 합니다."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_channel_display()} · {self.rate} %"


class Adjustment(SecondPerson):
    """정산 조정: won for a shop (above zero) or from it, which its next settlement carries out.

    Without a shop it is the municipality's own money: put into the operating account, or taken out of it.
    """

    currency = models.ForeignKey(
        "vouchers.Currency", on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권")
    )
    merchant = models.ForeignKey(
        Merchant, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("가맹점"),
        help_text=_("비워 두면 수수료·조정금 계정에 예산을 넣거나(+) 수수료 수입을 세입으로 빼는(−) 건입니다."),
    )  # fmt: skip
    amount = models.BigIntegerField(
        _("조정액(원)"), help_text=_("가맹점에 더 지급하면 양수, 지급액에서 빼면 음수로 적습니다. 예: -15000")
    )
    paper_number = models.CharField(_("근거 문서번호"), max_length=60, help_text=_("예: 지역경제과-1234"))
    journal_id = models.UUIDField(_("전표번호"), null=True, blank=True, editable=False)
    business_date = models.DateField(_("반영한 영업일"), null=True, blank=True, editable=False)

    class Meta(SecondPerson.Meta):
        verbose_name = _("정산 조정")
        verbose_name_plural = _("정산 조정")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            *SecondPerson.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(amount=0),
                name="adjustment_not_zero",
                violation_error_message=_("조정액은 0이 될 수 없습니다."),
            ),
            models.CheckConstraint(
                condition=Q(journal_id__isnull=True, business_date__isnull=True)
                | Q(journal_id__isnull=False, business_date__isnull=False, state=Decision.APPROVED),
                name="adjustment_posted_when_approved",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["municipality", "currency", "business_date"], condition=Q(business_date__isnull=False),
                name="adjustment_by_day",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.merchant or self.currency} · {self.paper_number}"


class SalesAgent(TenantModel):
    """판매대행점: a bank or credit cooperative that sells and exchanges vouchers for the municipality by agreement."""

    name = models.CharField(_("판매대행점명"), max_length=60, help_text=_("예: 농협은행 고양시지부"))
    business_number = models.CharField(_("사업자등록번호"), max_length=10, validators=[RegexValidator(r"^\d{10}$")])
    partner = models.ForeignKey(
        "vouchers.Partner", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("연계기관"),
        help_text=_("이 연계기관으로 들어온 충전과 환전을 실적으로 집계합니다. 비워 두면 보고받은 지류 실적만 정산합니다."),
    )  # fmt: skip
    agreed_from = models.DateField(_("협약 시작일"))
    agreed_until = models.DateField(_("협약 종료일"))
    agreement = models.CharField(_("협약 문서번호"), max_length=60)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("판매대행점")
        verbose_name_plural = _("판매대행점")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "name"], name="salesagent_name_once",
                violation_error_message=_("같은 이름의 판매대행점이 이미 있습니다."),
            ),
            models.CheckConstraint(
                condition=Q(agreed_until__gte=F("agreed_from")), name="salesagent_ends_after_it_begins",
                violation_error_message=_("종료일은 시작일보다 빠를 수 없습니다."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class AgentFee(TenantModel):
    """판매대행 수수료: what an agent gets from a month on, of the amount and for each case; both, where both are named."""

    agent = models.ForeignKey(SalesAgent, on_delete=models.PROTECT, related_name="fees", verbose_name=_("판매대행점"))
    valid_from = models.DateField(_("시행일"), help_text=_("매월 1일부터 바꿀 수 있습니다."))
    sold_rate = models.DecimalField(_("판매 수수료율(%)"), max_digits=4, decimal_places=2, default=0)
    sold_per_case = models.PositiveIntegerField(_("판매 건당(원)"), default=0)
    exchanged_rate = models.DecimalField(_("환전 수수료율(%)"), max_digits=4, decimal_places=2, default=0)
    exchanged_per_case = models.PositiveIntegerField(_("환전 건당(원)"), default=0)
    legal_basis = models.CharField(_("근거"), max_length=200, help_text=_("예: 협약서 제7조"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("판매대행 수수료")
        verbose_name_plural = _("판매대행 수수료")
        ordering: ClassVar = ["agent", "-valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agent", "valid_from"], name="agentfee_once_a_month",
                violation_error_message=_("같은 시행일의 수수료가 이미 있습니다."),
            ),
            models.CheckConstraint(
                condition=Q(valid_from__day=1), name="agentfee_from_the_first",
                violation_error_message=_("시행일은 그 달의 1일이어야 합니다."),
            ),
            models.CheckConstraint(
                condition=Q(sold_rate__gte=0, exchanged_rate__gte=0), name="agentfee_not_negative",
                violation_error_message=_("수수료율은 0 이상이어야 합니다."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.agent} · {self.valid_from}"


class AgentReckoning(SecondPerson):
    """판매대행 수수료 정산: an agent's month as it was reckoned, to be paid by the expenditure office once approved.

    What the books know is counted when it is asked for; paper vouchers come from the agent's report.
    """

    agent = models.ForeignKey(SalesAgent, on_delete=models.PROTECT, related_name="+", verbose_name=_("판매대행점"))
    currency = models.ForeignKey(
        "vouchers.Currency", on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권")
    )
    month = models.DateField(_("정산월"), help_text=_("그 달의 1일"))
    sold_cases = models.PositiveIntegerField(_("충전 건수"), editable=False)
    sold = models.BigIntegerField(_("충전 금액"), editable=False)
    exchanged_cases = models.PositiveIntegerField(_("수시 환전 건수"), editable=False)
    exchanged = models.BigIntegerField(_("수시 환전 금액"), editable=False)
    paper_sold_cases = models.PositiveIntegerField(_("지류 판매 건수"), default=0)
    paper_sold = models.PositiveBigIntegerField(_("지류 판매 금액(원)"), default=0)
    paper_exchanged_cases = models.PositiveIntegerField(_("지류 환전 건수"), default=0)
    paper_exchanged = models.PositiveBigIntegerField(_("지류 환전 금액(원)"), default=0)
    fee = models.BigIntegerField(_("수수료"), editable=False)

    class Meta(SecondPerson.Meta):
        verbose_name = _("판매대행 수수료 정산")
        verbose_name_plural = _("판매대행 수수료 정산")
        ordering: ClassVar = ["-month", "agent"]
        constraints: ClassVar = [
            *SecondPerson.Meta.constraints,
            models.UniqueConstraint(
                fields=["agent", "currency", "month"], condition=~Q(state=Decision.REJECTED),
                name="agentreckoning_once_a_month",
                violation_error_message=_("이 판매대행점의 그 달 정산이 이미 있습니다."),
            ),
            models.CheckConstraint(
                condition=Q(month__day=1), name="agentreckoning_of_a_month",
                violation_error_message=_("정산월은 그 달의 1일로 적습니다."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.agent} · {self.month:%Y-%m}"


class PayoutHold(TenantModel, Stamped):
    """지급보류: what a shop earned stays with the municipality from one day to another, or until it is released.

    The days go on being closed. On a day, a hold counts when it has begun, has not ended and is not released.
    """

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="holds", verbose_name=_("가맹점"))
    valid_from = models.DateField(_("시작일"))
    valid_until = models.DateField(
        _("종료일"), null=True, blank=True, help_text=_("비워 두면 해제할 때까지 지급을 보류합니다.")
    )
    reason = models.CharField(_("사유"), max_length=200)
    official = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        verbose_name=_("보류한 공무원"),
    )
    released_at = models.DateTimeField(_("해제일시"), null=True, blank=True, editable=False)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True, editable=False,
        verbose_name=_("해제한 공무원"),
    )  # fmt: skip
    release_reason = models.CharField(_("해제 사유"), max_length=200, blank=True, editable=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("지급보류")
        verbose_name_plural = _("지급보류")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="payouthold_ends_after_it_begins",
                violation_error_message=_("종료일은 시작일보다 빠를 수 없습니다."),
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True, released_by__isnull=True, release_reason="")
                | Q(released_at__isnull=False, released_by__isnull=False) & ~Q(release_reason=""),
                name="payouthold_released_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merchant} · {self.valid_from}"
