"""사업·회차: a municipality's use of an allowance type in a fiscal year, and its payment rounds."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from allowances.budgets.models import BudgetLine
from allowances.catalogue.models import AllowanceType, ExclusionPeriod, PayoutCycle
from vouchers.common.models import Stamped, TenantModel
from vouchers.currencies.models import Currency, UsageRule
from vouchers.officials.models import Official

AMOUNT_LIMIT: Final = 10**12
"""Won that one person can get at most, so that the sum of any list fits what the ledger counts with."""

GRACE_DAYS_LIMIT: Final = 365
"""Days that money can be spent again after a refund at most: longer than that it is not granted anew."""

_GRACE_OUT_OF_RANGE: Final = _("유효기간 경과 후 취소된 금액의 사용 기간은 1일 이상 365일 이하여야 합니다.")


class ProgrammeStatus(models.TextChoices):
    """A programme takes lists only while open."""

    OPEN = "open", _("진행")
    CLOSED = "closed", _("종료")


class Programme(TenantModel, Stamped):
    """사업. Its budget is the balance of its ledger account, which has the programme's id as owner."""

    type = models.ForeignKey(AllowanceType, on_delete=models.PROTECT, related_name="+", verbose_name=_("수당 종류"))
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권"))
    name = models.CharField(_("사업명"), max_length=120)
    fiscal_year = models.PositiveSmallIntegerField(_("회계연도"))
    department = models.CharField(_("담당 부서"), max_length=60)
    budget_line = models.ForeignKey(
        BudgetLine, on_delete=models.PROTECT, null=True, blank=True, related_name="programmes",
        verbose_name=_("예산 과목"),
    )  # fmt: skip
    legal_basis = models.CharField(_("지급 근거"), max_length=200, help_text=_("예: 고양시 청년 지원 조례 제12조"))
    ordinance = models.CharField(
        _("자치법규"), max_length=200, blank=True, help_text=_("조례·규칙의 이름과 번호. 예: 고양시 조례 제2750호")
    )
    is_not_wage = models.BooleanField(
        _("임금성·계약대가 아님 확인"), default=False,
        help_text=_("임금, 공무원 보수, 공사·용역·물품 대금은 상품권으로 지급할 수 없습니다."),
    )  # fmt: skip
    resident_number_basis = models.CharField(
        _("주민등록번호 처리 근거"), max_length=200, blank=True,
        help_text=_("법률 또는 대통령령의 조항. 조례만으로는 처리할 수 없습니다. 비워 두면 명단의 주민등록번호를 저장하지 않습니다."),
    )  # fmt: skip
    series_id = models.UUIDField(
        _("연속 사업"),
        editable=False,
        help_text=_("해가 바뀌어도 같은 사업으로 봅니다. 평생 한 번, 최대 횟수를 이것으로 셉니다."),
    )
    status = models.CharField(_("상태"), max_length=10, choices=ProgrammeStatus, default=ProgrammeStatus.OPEN)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("사업")
        verbose_name_plural = pgettext_lazy("several", "사업")
        ordering: ClassVar = ["-fiscal_year", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "fiscal_year", "name"], name="programme_name_once_a_year"),
            models.CheckConstraint(condition=models.Q(is_not_wage=True), name="programme_is_not_wage"),
        ]

    def __str__(self) -> str:
        return f"{self.fiscal_year} {self.name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A programme that continues none begins a series of its own."""
        self.series_id = self.series_id or self.pk
        super().save(*args, **kwargs)


class QuotaPeriod(models.TextChoices):
    """What a quota counts over."""

    CYCLE = "cycle", _("회차마다")
    PROGRAMME = "programme", _("사업 전체")


class ProgrammeTerms(TenantModel, Stamped):
    """지급 기준: who gets how much of a programme, when it lapses and where it is spent, from a day on.

    Append-only. The version in force on a round's reference date counts; of several with one day, the newest. So a change
    or a correction is a new row, and lists that have been submitted keep the version they were submitted under.
    """

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="terms", verbose_name=_("사업"))
    valid_from = models.DateField(_("시행일"))
    reason = models.CharField(_("변경 사유"), max_length=200, blank=True)
    set_by = models.ForeignKey(
        Official, on_delete=models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("등록자")
    )
    conditions = models.JSONField(_("자격 조건"), default=list, blank=True)
    amounts = models.JSONField(_("지급액"), default=list, blank=True)
    tranches = models.JSONField(_("분할 지급"), default=list, blank=True)
    amount_max = models.BigIntegerField(
        _("1인 지급 상한(원)"), help_text=_("지급액이 이 금액을 넘으면 오류로 처리합니다.")
    )
    residents_only = models.BooleanField(
        _("관내 거주 요건"), default=True, help_text=_("전출한 시민과 자격 기준일 뒤에 전입한 시민을 제외합니다.")
    )
    quota = models.PositiveIntegerField(
        _("선착순 인원"),
        null=True,
        blank=True,
        help_text=_("신청일 순서로 이 인원까지 지급합니다. 비워 두면 제한이 없습니다."),
    )
    quota_period = models.CharField(_("선착순 기준"), max_length=10, choices=QuotaPeriod, default=QuotaPeriod.CYCLE)
    payout_cycle = models.CharField(_("지급 주기"), max_length=12, choices=PayoutCycle, default=PayoutCycle.ONCE)
    validity_days = models.PositiveIntegerField(_("유효기간(일)"), null=True, blank=True)
    valid_until = models.DateField(_("사용 기한"), null=True, blank=True)
    validity_by_dong = models.JSONField(
        _("읍면동별 유효기간(일)"),
        default=dict,
        blank=True,
        help_text=_("적지 않은 읍면동은 위의 유효기간을 따릅니다."),
    )
    usage_rule = models.ForeignKey(
        UsageRule, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("사용처 기준")
    )
    claim_days = models.PositiveIntegerField(
        _("미가입자 보관 기간(일)"),
        null=True,
        blank=True,
        help_text=_(
            "가입하지 않은 대상자의 지급액을 이 기간 동안 보관했다가 가입하면 지급합니다. 비워 두면 미가입자는 오류입니다."
        ),
    )
    refund_grace_days = models.PositiveSmallIntegerField(
        _("유효기간 경과 후 취소 시 사용 기간(일)"),
        null=True,
        blank=True,
        validators=[
            MinValueValidator(1, _GRACE_OUT_OF_RANGE),
            MaxValueValidator(GRACE_DAYS_LIMIT, _GRACE_OUT_OF_RANGE),
        ],
        help_text=_(
            "유효기간이 지난 뒤 결제가 취소되면 되돌아온 금액을 취소일부터 이 기간 동안 다시 쓸 수 있습니다. "
            "비워 두면 사업으로 회수합니다."
        ),
    )
    cash_choice = models.BooleanField(
        _("현금 선택 가능"),
        default=False,
        help_text=_("명단의 ‘지급 방법’ 열이 현금이면 상품권 대신 현금으로 지급합니다."),
    )

    class Meta:
        verbose_name = _("지급 기준")
        verbose_name_plural = _("지급 기준")
        ordering: ClassVar = ["-valid_from", "-id"]
        indexes: ClassVar = [models.Index(fields=["programme", "-valid_from", "-id"], name="terms_by_day")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(amount_max__gt=0, amount_max__lte=AMOUNT_LIMIT), name="programme_amount_max_in_range"
            ),
            models.CheckConstraint(
                condition=models.Q(validity_days__gt=0, valid_until__isnull=True)
                | models.Q(validity_days__isnull=True, valid_until__isnull=False),
                name="programme_validity_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(quota__isnull=True) | models.Q(quota__gt=0), name="programme_quota_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(claim_days__isnull=True) | models.Q(claim_days__gt=0),
                name="programme_claim_days_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(refund_grace_days__isnull=True)
                | models.Q(refund_grace_days__gt=0, refund_grace_days__lte=GRACE_DAYS_LIMIT),
                name="programme_refund_grace_days_in_range",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.programme} · {self.valid_from}"

    def snapshot(self) -> dict[str, Any]:
        """All of it as plain JSON, for lists to keep."""
        return {
            "valid_from": self.valid_from.isoformat(), "conditions": self.conditions, "amounts": self.amounts,
            "tranches": self.tranches, "amount_max": self.amount_max, "residents_only": self.residents_only,
            "quota": self.quota, "quota_period": str(self.quota_period), "validity_days": self.validity_days,
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
            "validity_by_dong": self.validity_by_dong,
            "usage_rule_id": str(self.usage_rule_id) if self.usage_rule_id else None,
            "claim_days": self.claim_days, "refund_grace_days": self.refund_grace_days, "cash": self.cash_choice,
        }  # fmt: skip


class LocalExclusiveGroup(TenantModel):
    """중복 지급 제한 of one municipality, beside the national ones of the catalogue (ExclusiveGroup)."""

    name = models.CharField(_("이름"), max_length=120)
    legal_basis = models.CharField(_("근거"), max_length=200)
    type_codes = ArrayField(models.CharField(max_length=12), verbose_name=_("수당 종류 코드"))
    period = models.CharField(_("기간"), max_length=12, choices=ExclusionPeriod, default=ExclusionPeriod.FISCAL_YEAR)
    valid_from = models.DateField(_("시행일"))
    valid_until = models.DateField(_("종료일"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("중복 지급 제한")
        verbose_name_plural = pgettext_lazy("several", "중복 지급 제한")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "name", "valid_from"], name="exclusive_group_once_a_day")
        ]

    def __str__(self) -> str:
        return self.name


class Cycle(TenantModel, Stamped):
    """회차: one payment round. A citizen gets at most one entitlement in it."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="cycles", verbose_name=_("사업"))
    number = models.PositiveSmallIntegerField(_("회차"))
    name = models.CharField(_("회차명"), max_length=60, help_text=_("예: 2026년 11월분"))
    reference_date = models.DateField(_("자격 기준일"), help_text=_("나이와 거주 요건을 이 날짜로 판단합니다."))
    tranche = models.PositiveSmallIntegerField(
        _("분할 차수"), null=True, blank=True, help_text=_("분할 지급 사업이면 이 회차가 지급할 차수를 정합니다.")
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("회차")
        verbose_name_plural = pgettext_lazy("several", "회차")
        ordering: ClassVar = ["programme", "-number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["programme", "number"], name="cycle_number_once")]

    def __str__(self) -> str:
        return f"{self.programme} {self.name}"

    @property
    def terms(self) -> ProgrammeTerms:
        """The version of the programme's terms that is in force on the reference date; before the first one, the first."""
        versions = ProgrammeTerms.objects.filter(programme_id=self.programme_id)
        in_force = versions.filter(valid_from__lte=self.reference_date).order_by("-valid_from", "-id").first()
        return in_force or versions.order_by("valid_from", "-id")[0]

    @property
    def conditions(self) -> dict[str, Any]:
        """What a list of this round is checked against, as plain JSON. A list checked against other values is not
        submitted, and signatures bind to them."""
        programme, terms = self.programme, self.terms.snapshot()
        return {
            "reference_date": self.reference_date.isoformat(), "fiscal_year": programme.fiscal_year,
            "series": str(programme.series_id), "type": programme.type.code, "tranche": self.tranche,
            "by_resident_number": bool(programme.resident_number_basis), "claim_days": terms["claim_days"],
            "residency_required": terms["residents_only"], "terms": terms,
        }  # fmt: skip
