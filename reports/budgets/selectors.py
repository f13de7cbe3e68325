"""예산 집행 현황: a fiscal year's lines with their programmes, whatever has moved on them, in a fixed number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from allowances.budgets.models import BudgetLine
from allowances.budgets.rules import PAYERS, Budget, LineBudget, Split, runs_out_on
from allowances.budgets.selectors import line_budgets
from allowances.programmes.models import Programme
from allowances.programmes.selectors import budgets_of

MOST_LINES: Final = 2_000
MOST_PROGRAMMES: Final = 5_000


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What is asked for. Empty: everything of the year."""

    municipality: str
    fiscal_year: int
    department: str = ""
    line: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line, its columns, and its programmes with theirs."""

    line: BudgetLine
    budget: LineBudget
    programmes: list[tuple[Programme, Budget]]
    runs_out: date | None

    @cached_property
    def spent(self) -> Split:
        """지출액 by who pays it."""
        return self.line.shares.of_spent(self.budget.spent, budget=self.budget.current)


@dataclass(frozen=True, kw_only=True)
class Payer:
    """A row of the table by who pays: 국비, 시도비 or 시군구비."""

    label: object
    current: int
    spent: int
    gone: int

    @property
    def left(self) -> int:
        """집행잔액 = 예산현액 − 지출액 − 이월·불용·반환."""
        return self.current - self.spent - self.gone


@dataclass(frozen=True, kw_only=True)
class Execution:
    """The report. ``is_shortened``: there are more lines than one report shows."""

    filters: Filters
    rows: list[Row]
    is_shortened: bool

    @cached_property
    def total(self) -> LineBudget:
        """All lines together."""
        return sum((row.budget for row in self.rows), LineBudget())

    @cached_property
    def spent(self) -> Split:
        """지출액 of all lines by who pays it: the sum of what each line says."""
        return sum((row.spent for row in self.rows), Split())

    @property
    def payers(self) -> Iterator[Payer]:
        """The totals by who pays."""
        for name, label in PAYERS:
            yield Payer(
                label=label, current=getattr(self.total.current, name), spent=getattr(self.spent, name),
                gone=getattr(self.total.gone, name),
            )  # fmt: skip


def years_of(*, municipality: str) -> list[int]:
    """The fiscal years that have lines, latest first."""
    return list(_lines(municipality).order_by("-fiscal_year").values_list("fiscal_year", flat=True).distinct()[:50])


def departments_of(*, municipality: str, fiscal_year: int) -> list[str]:
    """The departments that have lines in the year."""
    lines = _lines(municipality).filter(fiscal_year=fiscal_year)
    return list(lines.order_by("department").values_list("department", flat=True).distinct()[:200])


def lines_of(*, municipality: str, fiscal_year: int, department: str = "") -> list[BudgetLine]:
    """The lines to choose from."""
    return list(
        _filtered(Filters(municipality=municipality, fiscal_year=fiscal_year, department=department))[:MOST_LINES]
    )


def execution(*, filters: Filters, today: date) -> Execution:
    """The report as of now. Lines that have had nothing yet are in it."""
    lines = list(_filtered(filters)[: MOST_LINES + 1])
    shown = lines[:MOST_LINES]
    budgets = line_budgets(lines=shown)
    programmes = list(Programme.objects.filter(budget_line__in=shown).order_by("name")[:MOST_PROGRAMMES])
    sums, under = budgets_of(programmes=programmes), defaultdict(list)
    for programme in programmes:
        under[programme.budget_line_id].append((programme, sums[programme.pk]))
    rows = [
        Row(
            line=line, budget=budgets[line.pk], programmes=under[line.pk],
            runs_out=runs_out_on(
                spent=budgets[line.pk].spent, left=budgets[line.pk].left, first=date(line.fiscal_year, 1, 1),
                last=date(line.fiscal_year, 12, 31), today=today,
            ),
        )
        for line in shown
    ]  # fmt: skip
    return Execution(filters=filters, rows=rows, is_shortened=len(lines) > len(shown))


def _lines(municipality: str) -> QuerySet[BudgetLine]:
    return BudgetLine.objects.filter(municipality=municipality)


def _filtered(filters: Filters) -> QuerySet[BudgetLine]:
    lines = _lines(filters.municipality).filter(fiscal_year=filters.fiscal_year)
    if filters.department:
        lines = lines.filter(department=filters.department)
    if filters.line:
        lines = lines.filter(pk=filters.line)
    return lines.order_by("department", "code")
