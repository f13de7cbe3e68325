"""포인트: programmes that reward what citizens do, the rules that count it, what partners witnessed, and what is paid."""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from vouchers.citizens.models import Citizen
from vouchers.common.models import Stamped, TenantModel
from vouchers.currencies.models import Currency, UsageRule
from vouchers.incentives.models import BenefitFund
from vouchers.officials.models import Official
from vouchers.partners.models import Partner
from vouchers.points.rules import Cap, CapPeriod, Days, Measure, Payout, WeekOf


class PointProgramme(TenantModel, Stamped):
    """포인트 사업: whose points, for how long they are good and where, and when they are paid."""

    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권"))
    name = models.CharField(_("사업명"), max_length=60)
    legal_basis = models.CharField(_("근거"), max_length=200, help_text=_("예: 조례 제8조"))
    payout = models.CharField(_("지급 주기"), max_length=10, choices=Payout, default=Payout.MONTH)
    payout_month = models.PositiveSmallIntegerField(
        _("지급하는 달"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(12)],
        help_text=_("예: 해마다 3월에 지급하면 3. 비워 두면 기간이 끝난 뒤 바로 지급할 수 있습니다."),
    )  # fmt: skip
    validity_months = models.PositiveSmallIntegerField(
        _("유효기간(개월)"), default=60, validators=[MinValueValidator(1), MaxValueValidator(120)]
    )
    usage_rule = models.ForeignKey(
        UsageRule, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("사용처 기준"),
        help_text=_("예: 합산 사용 가능 가맹점, 대형마트 제외. 비워 두면 모든 가맹점에서 사용할 수 있습니다."),
    )  # fmt: skip
    fund = models.ForeignKey(
        BenefitFund, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("재원"),
        help_text=_("지급할 돈. 없으면 산정은 할 수 있지만 확정할 수 없습니다."),
    )  # fmt: skip
    late_days = models.PositiveSmallIntegerField(
        _("늦은 실적 인정(일)"), default=31, validators=[MaxValueValidator(366)],
        help_text=_("활동한 날부터 이 날수가 지나 들어온 실적은 반려합니다."),
    )  # fmt: skip
    is_active = models.BooleanField(_("운영 여부"), default=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("포인트 사업")
        verbose_name_plural = _("포인트 사업")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "name"], name="point_programme_name_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """A fund holds money of one currency."""
        if self.fund is not None and self.fund.currency_id != self.currency_id:
            raise ValidationError({"fund": _("이 상품권의 재원을 고르십시오.")})


class PointWitness(TenantModel):
    """실적 제공 기관: a partner whose word counts for a programme."""

    programme = models.ForeignKey(
        PointProgramme, on_delete=models.CASCADE, related_name="witnesses", verbose_name=_("포인트 사업")
    )
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", verbose_name=_("연계기관"))

    class Meta:
        verbose_name = _("실적 제공 기관")
        verbose_name_plural = _("실적 제공 기관")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "partner"], name="point_witness_once"),
        ]

    def __str__(self) -> str:
        return str(self.partner)


class ActivityKind(TenantModel, Stamped):
    """활동 종류: one kind of thing that a programme rewards; partners name it by ``code``."""

    programme = models.ForeignKey(
        PointProgramme, on_delete=models.PROTECT, related_name="kinds", verbose_name=_("포인트 사업")
    )
    code = models.CharField(
        _("코드"), max_length=40, validators=[RegexValidator(r"^[a-z0-9_]+\Z")],
        help_text=_("연계기관이 실적을 보낼 때 쓰는 이름. 영문 소문자, 숫자, 밑줄만 씁니다."),
    )  # fmt: skip
    name = models.CharField(_("활동명"), max_length=60)
    unit = models.CharField(_("단위"), max_length=20, help_text=_("예: 회, 원, kW, ㎡, 시간, 보"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("활동 종류")
        verbose_name_plural = _("활동 종류")
        ordering: ClassVar = ["programme", "code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "code"], name="activity_kind_code_once"),
        ]

    def __str__(self) -> str:
        return self.name


class PointRule(TenantModel):
    """적립 기준: how one kind of activity counts from a day on, until a later row replaces it."""

    kind = models.ForeignKey(ActivityKind, on_delete=models.PROTECT, related_name="rules", verbose_name=_("활동 종류"))
    valid_from = models.DateField(_("시행일"))
    measure = models.CharField(_("적립 방식"), max_length=10, choices=Measure)
    points = models.PositiveIntegerField(
        _("적립 포인트(원)"), null=True, blank=True, help_text=_("건당 또는 기준 수량당 적립하는 금액")
    )
    unit_size = models.DecimalField(
        _("기준 수량"), max_digits=12, decimal_places=3, default=1, validators=[MinValueValidator(0.001)],
        help_text=_("예: 1시간당 5원이면 1, 7,000보마다 100원이면 7000"),
    )  # fmt: skip
    whole_units = models.BooleanField(
        _("기준 수량을 채울 때마다 적립"), default=False, help_text=_("선택하지 않으면 수량에 비례하여 적립합니다.")
    )
    rate = models.PositiveIntegerField(
        _("적립률(1만분의 1)"), null=True, blank=True, validators=[MaxValueValidator(10_000)],
        help_text=_("예: 0.3%는 30, 전액은 10000"),
    )  # fmt: skip
    days = models.CharField(_("적립하는 날"), max_length=10, choices=Days, default=Days.ALL)
    first_of_day = models.BooleanField(_("하루의 첫 활동만 적립"), default=False)
    minimum_age = models.PositiveSmallIntegerField(_("최소 나이(만)"), default=0)
    payments = models.PositiveSmallIntegerField(
        _("지급 횟수"), default=1, validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text=_("한 번의 활동으로 지급 주기마다 몇 번 지급하는지. 예: 설치한 해부터 해마다 5번이면 5"),
    )  # fmt: skip
    documents = ArrayField(
        models.CharField(max_length=60), verbose_name=_("확인할 서류"), default=list, blank=True,
        help_text=_("쉼표로 나누어 적습니다. 실적에 이 서류를 확인했다는 표시가 없으면 반려합니다."),
    )  # fmt: skip
    week_of = models.CharField(_("달이 바뀌는 주"), max_length=10, choices=WeekOf, default=WeekOf.MONDAY)
    source = models.CharField(_("근거"), max_length=200)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("적립 기준")
        verbose_name_plural = _("적립 기준")
        ordering: ClassVar = ["kind", "-valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "valid_from"], name="point_rule_once_a_day"),
            models.CheckConstraint(
                condition=models.Q(measure=Measure.AMOUNT, rate__gt=0, points__isnull=True)
                | (~models.Q(measure=Measure.AMOUNT) & models.Q(points__gt=0, rate__isnull=True)),
                name="point_rule_says_what_it_pays",
                violation_error_message=_("비율이면 적립률만, 건당이나 수량당이면 적립 포인트만 적으십시오."),
            ),
            models.CheckConstraint(condition=models.Q(unit_size__gt=0), name="point_rule_unit_positive"),
            models.CheckConstraint(condition=models.Q(payments__range=(1, 20)), name="point_rule_payments_in_range"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.valid_from}"


class PointLimits(TenantModel):
    """사업 통합 한도: the caps that hold for everything a programme rewards, from a day on until later ones replace them.

    A version without caps lifts those before it.
    """

    programme = models.ForeignKey(
        PointProgramme, on_delete=models.PROTECT, related_name="limits", verbose_name=_("포인트 사업")
    )
    valid_from = models.DateField(_("시행일"))
    source = models.CharField(_("근거"), max_length=200)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("사업 통합 한도")
        verbose_name_plural = _("사업 통합 한도")
        ordering: ClassVar = ["programme", "-valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "valid_from"], name="point_limits_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.programme} · {self.valid_from}"


class PointCap(TenantModel):
    """적립 한도: the most that one person earns in a period, by age on the day of the activity.

    It belongs to the rule of one kind of activity, or to the limits of a whole programme.
    """

    rule = models.ForeignKey(
        PointRule, on_delete=models.CASCADE, null=True, blank=True, related_name="caps", verbose_name=_("적립 기준")
    )
    limits = models.ForeignKey(
        PointLimits,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="caps",
        verbose_name=_("사업 통합 한도"),
    )
    period = models.CharField(_("기간"), max_length=10, choices=CapPeriod)
    age_from = models.PositiveSmallIntegerField(_("나이(만) 이상"), default=0)
    age_until = models.PositiveSmallIntegerField(_("나이(만) 이하"), null=True, blank=True)
    points = models.PositiveIntegerField(_("한도(원)"))

    class Meta:
        verbose_name = _("적립 한도")
        verbose_name_plural = _("적립 한도")
        ordering: ClassVar = ["rule", "limits", "period", "age_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule", "period", "age_from"], name="point_cap_once"),
            models.UniqueConstraint(fields=["limits", "period", "age_from"], name="point_cap_of_limits_once"),
            models.CheckConstraint(
                condition=models.Q(rule__isnull=False, limits__isnull=True)
                | models.Q(rule__isnull=True, limits__isnull=False),
                name="point_cap_has_one_owner",
            ),
            models.CheckConstraint(
                condition=models.Q(age_until__isnull=True) | models.Q(age_until__gte=models.F("age_from")),
                name="point_cap_ages_in_order",
                violation_error_message=_("나이의 끝이 시작보다 작습니다."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_period_display()} {self.points:,}"


class UploadState(models.TextChoices):
    """Nothing counts before an official has confirmed a file."""

    CHECKED = "checked", _("확인 대기")
    CONFIRMED = "confirmed", _("등록 완료")
    DISCARDED = "discarded", _("폐기")


class ActivityUpload(TenantModel):
    """실적 파일: activities from a partner that has no API, read and shown before they are registered."""

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", verbose_name=_("연계기관"))
    file_name = models.CharField(_("파일명"), max_length=200)
    file_sha256 = models.CharField(max_length=64, editable=False)
    state = models.CharField(_("상태"), max_length=10, choices=UploadState, default=UploadState.CHECKED)
    rows = models.JSONField(default=list, editable=False)
    problems = models.JSONField(default=list, editable=False)
    rows_total = models.IntegerField(_("전체 행"), default=0)
    rows_accepted = models.IntegerField(_("인정"), default=0)
    rows_rejected = models.IntegerField(_("반려"), default=0)
    uploaded_by = models.ForeignKey(Official, on_delete=models.PROTECT, related_name="+", verbose_name=_("올린 사람"))
    uploaded_at = models.DateTimeField(_("업로드 일시"))
    decided_by = models.ForeignKey(
        Official, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("처리자")
    )
    decided_at = models.DateTimeField(_("처리일시"), null=True, blank=True)

    class Meta:
        verbose_name = _("실적 파일")
        verbose_name_plural = _("실적 파일")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "file_sha256"], condition=models.Q(state=UploadState.CONFIRMED),
                name="activity_file_once",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.file_name


class ActivityState(models.TextChoices):
    """What becomes of an activity."""

    ACCEPTED = "accepted", _("인정")
    REJECTED = "rejected", _("반려")
    COUNTED = "counted", _("지급에 반영")
    WITHDRAWN = "withdrawn", _("취소")


class Reason(models.TextChoices):
    """Why an activity was rejected; each says what can be mended and by whom."""

    WALLET_UNKNOWN = "wallet_unknown", _("지갑 또는 시민을 찾을 수 없음")
    MOVED_OUT = "moved_out", _("전출한 시민")
    DECEASED = "deceased", _("사망한 시민")
    IN_FUTURE = "in_future", _("활동일시가 미래임")
    TOO_LATE = "too_late", _("인정 기간이 지난 실적")
    NO_RULE = "no_rule", _("그날의 적립 기준이 없음")
    TOO_YOUNG = "too_young", _("최소 나이 미만")
    DOCUMENTS_MISSING = "documents_missing", _("서류 확인 표시가 없음")
    DUPLICATE = "duplicate", _("같은 사람의 같은 활동이 이미 있음")
    PROGRAMME_CLOSED = "programme_closed", _("운영하지 않는 사업")


class Activity(TenantModel):
    """실적: one thing that a citizen did, as a partner witnessed it. Written by functions only (sql/0001)."""

    app_privileges: ClassVar[str] = "SELECT"

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", verbose_name=_("연계기관"))
    external_id = models.CharField(_("기관의 실적번호"), max_length=64)
    content = models.BinaryField(editable=False)
    kind = models.ForeignKey(ActivityKind, on_delete=models.PROTECT, related_name="+", verbose_name=_("활동 종류"))
    person = models.CharField(_("실적의 시민"), max_length=120)
    citizen = models.ForeignKey(
        Citizen, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("시민"), db_index=False
    )
    occurred_at = models.DateTimeField(_("활동일시"))
    day = models.DateField(_("활동일"))
    amount = models.BigIntegerField(_("금액(원)"), null=True)
    quantity = models.DecimalField(_("수량"), max_digits=15, decimal_places=3, null=True)
    documents = ArrayField(models.CharField(max_length=60), verbose_name=_("확인한 서류"), default=list)
    state = models.CharField(_("상태"), max_length=10, choices=ActivityState)
    reason = models.CharField(_("반려 사유"), max_length=20, choices=Reason, blank=True)
    upload = models.ForeignKey(
        ActivityUpload, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("실적 파일")
    )
    row_number = models.IntegerField(_("엑셀 행"), null=True)
    received_at = models.DateTimeField(_("접수일시"))
    withdrawn_by = models.ForeignKey(
        Official, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("취소한 사람")
    )
    withdrawn_at = models.DateTimeField(_("취소일시"), null=True)
    withdrawal = models.CharField(_("취소 사유"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("실적")
        verbose_name_plural = _("실적")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "partner", "external_id"], name="activity_once"),
            models.UniqueConstraint(
                fields=["kind", "citizen", "occurred_at", "amount", "quantity"],
                name="activity_done_once",
                condition=models.Q(state__in=(ActivityState.ACCEPTED, ActivityState.COUNTED)),
                nulls_distinct=False,
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["kind", "day"], name="activity_by_day"),
            models.Index(fields=["citizen", "day"], name="activity_by_citizen"),
            models.Index(
                fields=["municipality", "-id"], condition=models.Q(state=ActivityState.REJECTED), name="activity_rejected"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.external_id


class RunState(models.TextChoices):
    """A payout is computed, looked at, confirmed by somebody else, and paid chunk by chunk."""

    DRAFT = "draft", _("확인 대기")
    PAYING = "paying", _("지급 중")
    PAID = "paid", _("지급 완료")


class PointRun(TenantModel):
    """포인트 지급 회차: what a programme pays for one period. What stands in it was computed, and is frozen once confirmed.

    From then on its fund has reserved what is still to be paid, whatever becomes of the programme's own settings.
    """

    app_privileges: ClassVar[str] = "SELECT"

    programme = models.ForeignKey(
        PointProgramme, on_delete=models.PROTECT, related_name="runs", verbose_name=_("포인트 사업")
    )
    period_from = models.DateField(_("대상 기간 시작"))
    period_until = models.DateField(_("대상 기간 끝의 다음 날"))
    state = models.CharField(_("상태"), max_length=10, choices=RunState, default=RunState.DRAFT)
    author = models.ForeignKey(Official, on_delete=models.PROTECT, related_name="+", verbose_name=_("산정한 사람"))
    computed_at = models.DateTimeField(_("산정일시"))
    confirmed_by = models.ForeignKey(
        Official, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("확정한 사람")
    )
    confirmed_at = models.DateTimeField(_("확정일시"), null=True)
    expires_at = models.DateTimeField(_("유효기한"), null=True)
    fund = models.ForeignKey(
        BenefitFund, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("재원"), editable=False
    )
    usage_rule = models.ForeignKey(
        UsageRule, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("사용처 기준"), editable=False
    )
    paid_at = models.DateTimeField(_("지급 완료일시"), null=True)
    failure = models.CharField(_("멈춘 까닭"), max_length=60, blank=True)
    members = models.IntegerField(_("지급 인원"), default=0)
    amount = models.BigIntegerField(_("지급액"), default=0)
    held = models.IntegerField(_("지급 보류 인원"), default=0)

    class Meta:
        verbose_name = _("포인트 지급")
        verbose_name_plural = _("포인트 지급")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "period_from"], name="point_run_once"),
            models.UniqueConstraint(
                fields=["programme"], condition=~models.Q(state=RunState.PAID), name="point_run_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_by__isnull=True) | ~models.Q(confirmed_by=models.F("author")),
                name="point_run_confirmed_by_another",
            ),
            models.CheckConstraint(
                condition=models.Q(state=RunState.DRAFT) | models.Q(confirmed_by__isnull=False),
                name="point_run_is_confirmed",
            ),
            models.CheckConstraint(
                condition=models.Q(state=RunState.DRAFT) | models.Q(fund__isnull=False), name="point_run_has_a_fund"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme} · {self.period_from:%Y. %-m.}"

    @property
    def last_day(self) -> date:
        """The last day of the period."""
        return self.period_until - timedelta(days=1)


class PointEarning(models.Model):
    """적립: what one activity earned in one run; ``points`` is negative where a correction takes back.

    ``worth`` is what the activity earns in all as the run found it: what all runs paid for it adds up to that.
    """

    app_privileges: ClassVar[str] = "SELECT"

    pk = models.CompositePrimaryKey("run", "activity", "repeat")
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.PROTECT, related_name="+", verbose_name=_("지자체"), db_index=False
    )
    run = models.ForeignKey(PointRun, on_delete=models.PROTECT, related_name="earnings", db_index=False)
    activity = models.ForeignKey(Activity, on_delete=models.PROTECT, related_name="earnings")
    repeat = models.PositiveSmallIntegerField()
    citizen_id = models.UUIDField()
    counts_on = models.DateField()
    points = models.BigIntegerField()
    worth = models.BigIntegerField()

    class Meta:
        verbose_name = _("적립")
        verbose_name_plural = _("적립")

    def __str__(self) -> str:
        return f"{self.points:,}"


class PointCut(models.Model):
    """한도 적용: won that one cap took from one activity, as the run was computed."""

    app_privileges: ClassVar[str] = "SELECT"

    pk = models.CompositePrimaryKey("run", "activity", "repeat", "cap")
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.PROTECT, related_name="+", verbose_name=_("지자체"), db_index=False
    )
    run = models.ForeignKey(PointRun, on_delete=models.PROTECT, related_name="cuts", db_index=False)
    activity = models.ForeignKey(Activity, on_delete=models.PROTECT, related_name="cuts")
    repeat = models.PositiveSmallIntegerField()
    cap = models.CharField(_("한도"), max_length=20, choices=Cap)
    citizen_id = models.UUIDField()
    points = models.BigIntegerField(_("줄어든 포인트"))

    class Meta:
        verbose_name = _("한도 적용")
        verbose_name_plural = _("한도 적용")

    def __str__(self) -> str:
        return f"{self.get_cap_display()} {self.points:,}"


class PaymentState(models.TextChoices):
    """What becomes of one person's points in a run."""

    DUE = "due", _("지급 대기")
    PAID = "paid", _("지급")
    SET_OFF = "set_off", _("정정액과 상계")
    HELD = "held", _("지급 보류")


class HeldReason(models.TextChoices):
    """Why somebody is not paid now; the points stay theirs for a later run."""

    NO_WALLET = "no_wallet", _("지갑 없음")
    WALLET_NOT_ACTIVE = "wallet_not_active", _("사용할 수 없는 지갑")
    MOVED_OUT = "moved_out", _("전출")
    DECEASED = "deceased", _("사망")
    STOPPED = "stopped", _("지급 중단")


class PointPayment(TenantModel):
    """포인트 지급 건: one person in one run. ``amount`` is what is paid: earned, less corrections not yet set off."""

    app_privileges: ClassVar[str] = "SELECT"

    run = models.ForeignKey(PointRun, on_delete=models.PROTECT, related_name="payments", verbose_name=_("포인트 지급"))
    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="+", verbose_name=_("시민"))
    wallet_id = models.UUIDField(_("지갑"), null=True)
    earned = models.BigIntegerField(_("적립액"))
    amount = models.BigIntegerField(_("지급액"))
    state = models.CharField(_("상태"), max_length=10, choices=PaymentState)
    reason = models.CharField(_("보류 사유"), max_length=20, choices=HeldReason, blank=True)
    chunk = models.IntegerField(default=0)

    class Meta:
        verbose_name = _("포인트 지급 건")
        verbose_name_plural = _("포인트 지급 건")
        ordering: ClassVar = ["run", "-amount", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "citizen"], name="point_payment_once"),
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="point_payment_not_negative"),
        ]
        indexes: ClassVar = [models.Index(fields=["run", "chunk"], name="point_payment_by_chunk")]

    def __str__(self) -> str:
        return f"{self.citizen} · {self.amount:,}"


class PointChunk(TenantModel):
    """One step of a payout: a transaction of its own, posted once."""

    app_privileges: ClassVar[str] = "SELECT"

    run = models.ForeignKey(PointRun, on_delete=models.PROTECT, related_name="chunks")
    number = models.IntegerField()
    journal_id = models.UUIDField(null=True)
    posted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("포인트 지급 단계")
        verbose_name_plural = _("포인트 지급 단계")
        ordering: ClassVar = ["run", "number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "number"], name="point_chunk_once")]

    def __str__(self) -> str:
        return str(self.number)
