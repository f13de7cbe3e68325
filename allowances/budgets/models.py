"""예산 과목: the lines of a municipality's budget, what was done to them, and what programmes got of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Final

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from allowances.budgets.rules import Shares
from vouchers.common.models import Stamped, TenantModel
from vouchers.currencies.models import Currency
from vouchers.officials.models import Official


def _level(label: Any, example: Any) -> Any:
    """A level of the path: its code and its name, as the budget book writes them."""
    return models.CharField(label, max_length=100, blank=True, help_text=example)


class EntryKind(models.TextChoices):
    """What changes a line. What comes in is counted up, what goes out down; see ``rules`` for what each counts as."""

    ORIGINAL = "original", _("본예산")
    INCREASE = "increase", _("추경 증액")
    DECREASE = "decrease", _("추경 감액")
    CARRIED_NAMED = "carried_named", _("명시이월")
    CARRIED_ACCIDENT = "carried_accident", _("사고이월")
    CARRIED_CONTINUING = "carried_continuing", _("계속비이월")
    TRANSFER_IN = "transfer_in", _("전용 증")
    TRANSFER_OUT = "transfer_out", _("전용 감")
    CHANGE_IN = "change_in", _("변경사용 증")
    CHANGE_OUT = "change_out", _("변경사용 감")
    CONTINGENCY = "contingency", _("예비비")
    RECOVERED = "recovered", _("반납금 여입")
    CARRIED_OUT = "carried_out", _("다음 연도 이월")
    SUBSIDY_RETURNED = "subsidy_returned", _("보조금 반환")
    LAPSED = "lapsed", _("불용")


class BudgetLine(TenantModel, Stamped):
    """예산 과목 of one fiscal year. Its money is the balance of its ledger account, which has the line's id as owner.

    The shares hold for the whole year, as subsidy rates do; an amount that comes under other rates has its own line.
    """

    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권"))
    fiscal_year = models.PositiveSmallIntegerField(_("회계연도"))
    department = models.CharField(_("담당 부서"), max_length=60)
    code = models.CharField(_("예산 과목 코드"), max_length=60, help_text=_("회계연도 안에서 과목을 구분하는 코드"))
    name = models.CharField(_("예산 과목명"), max_length=120, help_text=_("예: 청년기본소득 사회보장적수혜금"))
    account = _level(_("회계"), _("예: 100 일반회계"))
    field = _level(_("분야"), _("예: 080 사회복지"))
    sector = _level(_("부문"), _("예: 086 노동"))
    policy = _level(_("정책사업"), _("예: 01 청년의 자립 지원"))
    unit = _level(_("단위사업"), _("예: 02 청년 생활 안정"))
    detail = _level(_("세부사업"), _("예: 03 청년기본소득 지급"))
    item = _level(_("편성목"), _("예: 301 일반보전금"))
    statistic = _level(_("통계목"), _("예: 01 사회보장적수혜금"))
    national_percent = models.DecimalField(
        _("국비(%)"), max_digits=5, decimal_places=2, default=Decimal(0), validators=[MinValueValidator(Decimal(0))]
    )
    province_percent = models.DecimalField(
        _("시도비(%)"), max_digits=5, decimal_places=2, default=Decimal(0), validators=[MinValueValidator(Decimal(0))],
        help_text=_("국비와 시도비를 뺀 나머지가 시군구비입니다."),
    )  # fmt: skip

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("예산 과목")
        verbose_name_plural = pgettext_lazy("several", "예산 과목")
        ordering: ClassVar = ["-fiscal_year", "department", "code"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "fiscal_year", "code"], name="budget_line_code_once_a_year"
            ),
            models.CheckConstraint(
                condition=models.Q(national_percent__gte=0, province_percent__gte=0)
                & models.Q(national_percent__lte=100 - models.F("province_percent")),
                name="budget_line_shares_make_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fiscal_year} {self.name}"

    @property
    def shares(self) -> Shares:
        """Who pays which part."""
        return Shares(national=self.national_percent, province=self.province_percent)

    @property
    def path(self) -> list[str]:
        """회계 – 분야 – … – 통계목, as far as it is filled in."""
        levels = (
            self.account, self.field, self.sector, self.policy, self.unit, self.detail, self.item, self.statistic,
        )  # fmt: skip
        return [level for level in levels if level]


def _part(label: Any) -> Any:
    return models.BigIntegerField(label, default=0)


INCOMING: Final = [
    EntryKind.ORIGINAL, EntryKind.INCREASE, EntryKind.CARRIED_NAMED, EntryKind.CARRIED_ACCIDENT,
    EntryKind.CARRIED_CONTINUING, EntryKind.TRANSFER_IN, EntryKind.CHANGE_IN, EntryKind.CONTINGENCY,
    EntryKind.RECOVERED,
]  # fmt: skip
"""Kinds whose parts are positive; those of all others are negative."""


class BudgetEntry(TenantModel):
    """예산 변동: what came to a line or left it, in won by who pays it. Never changed; a mistake is entered back."""

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    line = models.ForeignKey(BudgetLine, on_delete=models.PROTECT, related_name="entries", verbose_name=_("예산 과목"))
    kind = models.CharField(_("구분"), max_length=20, choices=EntryKind)
    national = _part(_("국비(원)"))
    province = _part(_("시도비(원)"))
    city = _part(_("시군구비(원)"))
    counterpart = models.ForeignKey(
        BudgetLine, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("상대 과목")
    )
    reason = models.CharField(_("사유"), max_length=300)
    document_number = models.CharField(_("문서번호"), max_length=60, blank=True)
    official = models.ForeignKey(Official, on_delete=models.PROTECT, related_name="+", verbose_name=_("처리자"))
    at = models.DateTimeField(_("처리일시"))
    journal_id = models.UUIDField(_("전표번호"))

    class Meta:
        verbose_name = _("예산 변동")
        verbose_name_plural = _("예산 변동")
        ordering: ClassVar = ["line", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "journal_id", "line"], name="budget_entry_posted_once"),
            models.CheckConstraint(
                condition=(
                    models.Q(kind__in=INCOMING, national__gte=0, province__gte=0, city__gte=0)
                    & (models.Q(national__gt=0) | models.Q(province__gt=0) | models.Q(city__gt=0))
                )
                | (
                    ~models.Q(kind__in=INCOMING)
                    & models.Q(national__lte=0, province__lte=0, city__lte=0)
                    & (models.Q(national__lt=0) | models.Q(province__lt=0) | models.Q(city__lt=0))
                ),
                name="budget_entry_signed_by_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount:,}"

    @property
    def amount(self) -> int:
        """Signed won of all parts together."""
        return self.national + self.province + self.city


class BudgetAllotment(TenantModel):
    """재배정: money of a line that a programme may spend; negative, what a programme gave back. Never changed."""

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    line = models.ForeignKey(
        BudgetLine, on_delete=models.PROTECT, related_name="allotments", verbose_name=_("예산 과목")
    )
    programme = models.ForeignKey(
        "allowances.Programme", on_delete=models.PROTECT, related_name="allotments", verbose_name=_("사업")
    )
    amount = models.BigIntegerField(_("금액(원)"))
    reason = models.CharField(_("사유"), max_length=300, blank=True)
    document_number = models.CharField(_("문서번호"), max_length=60, blank=True)
    official = models.ForeignKey(Official, on_delete=models.PROTECT, related_name="+", verbose_name=_("처리자"))
    at = models.DateTimeField(_("처리일시"))
    journal_id = models.UUIDField(_("전표번호"))

    class Meta:
        verbose_name = _("예산 재배정")
        verbose_name_plural = _("예산 재배정")
        ordering: ClassVar = ["line", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "journal_id"], name="budget_allotment_posted_once"),
            models.CheckConstraint(condition=~models.Q(amount=0), name="budget_allotment_moves_money"),
        ]

    def __str__(self) -> str:
        return f"{self.programme} {self.amount:,}"
