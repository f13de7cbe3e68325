"""사업·회차: a municipality's use of an allowance type in a fiscal year, and its payment rounds."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from allowances.budgets.models import BudgetLine
from allowances.catalogue.models import AllowanceType
from vouchers.common.models import Stamped, TenantModel
from vouchers.currencies.models import Currency, UsageRule

AMOUNT_LIMIT: Final = 10**12
"""Won that one person can get at most, so that the sum of any list fits what the ledger counts with."""


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
    is_not_wage = models.BooleanField(
        _("임금성·계약대가 아님 확인"), default=False,
        help_text=_("임금, 공무원 보수, 공사·용역·물품 대금은 상품권으로 지급할 수 없습니다."),
    )  # fmt: skip
    amount = models.BigIntegerField(
        _("1인 지급액(원)"), null=True, blank=True, help_text=_("비워 두면 명단의 지급액을 그대로 지급합니다.")
    )
    amount_max = models.BigIntegerField(
        _("1인 지급 상한(원)"), help_text=_("명단의 지급액이 이 금액을 넘으면 오류로 처리합니다.")
    )
    age_min = models.PositiveSmallIntegerField(_("최소 나이(만)"), null=True, blank=True)
    age_max = models.PositiveSmallIntegerField(_("최대 나이(만)"), null=True, blank=True)
    residency_required = models.BooleanField(_("관내 거주 요건"), default=True)
    residency_days = models.PositiveIntegerField(
        _("거주 기간 요건(일)"),
        default=0,
        help_text=_("자격 기준일까지 계속 거주해야 하는 일수. 0이면 기간을 따지지 않습니다."),
    )
    validity_days = models.PositiveIntegerField(_("유효기간(일)"))
    usage_rule = models.ForeignKey(
        UsageRule, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("사용처 기준")
    )
    resident_number_basis = models.CharField(
        _("주민등록번호 처리 근거"), max_length=200, blank=True,
        help_text=_("법률 또는 대통령령의 조항. 조례만으로는 처리할 수 없습니다. 비워 두면 명단의 주민등록번호를 저장하지 않습니다."),
    )  # fmt: skip
    status = models.CharField(_("상태"), max_length=10, choices=ProgrammeStatus, default=ProgrammeStatus.OPEN)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("사업")
        verbose_name_plural = _("사업")
        ordering: ClassVar = ["-fiscal_year", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "fiscal_year", "name"], name="programme_name_once_a_year"),
            models.CheckConstraint(
                condition=models.Q(amount__isnull=True) | models.Q(amount__gt=0, amount__lte=models.F("amount_max")),
                name="programme_amount_within_max",
            ),
            models.CheckConstraint(
                condition=models.Q(amount_max__gt=0, amount_max__lte=AMOUNT_LIMIT), name="programme_amount_max_in_range"
            ),
            models.CheckConstraint(condition=models.Q(validity_days__gt=0), name="programme_validity_positive"),
            models.CheckConstraint(condition=models.Q(is_not_wage=True), name="programme_is_not_wage"),
            models.CheckConstraint(
                condition=models.Q(age_min__isnull=True)
                | models.Q(age_max__isnull=True)
                | models.Q(age_min__lte=models.F("age_max")),
                name="programme_ages_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fiscal_year} {self.name}"


class Cycle(TenantModel, Stamped):
    """회차: one payment round. A citizen gets at most one entitlement in it."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="cycles", verbose_name=_("사업"))
    number = models.PositiveSmallIntegerField(_("회차"))
    name = models.CharField(_("회차명"), max_length=60, help_text=_("예: 2026년 11월분"))
    reference_date = models.DateField(_("자격 기준일"), help_text=_("나이와 거주 요건을 이 날짜로 판단합니다."))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("회차")
        verbose_name_plural = _("회차")
        ordering: ClassVar = ["programme", "-number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["programme", "number"], name="cycle_number_once")]

    def __str__(self) -> str:
        return f"{self.programme} {self.name}"

    @property
    def conditions(self) -> dict[str, Any]:
        """What a list of this round is checked against, as plain JSON. A list checked against other values is not
        submitted, and signatures bind to them."""
        programme = self.programme
        return {
            "amount": programme.amount, "amount_max": programme.amount_max,
            "age_min": programme.age_min, "age_max": programme.age_max,
            "residency_required": programme.residency_required, "residency_days": programme.residency_days,
            "by_resident_number": bool(programme.resident_number_basis),
            "reference_date": self.reference_date.isoformat(),
        }  # fmt: skip
