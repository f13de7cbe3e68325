"""예산 집행 현황: what budget lines, their programmes and the funds of benefits had, spent and have left.

As of the end of the period: what was entered by then, and what programmes and funds moved by then, from the sums of each
business day. While the period is open, two columns look ahead: what is reserved for lists in approval, which belongs to no
day, and the day on which the money runs out at the pace of the year so far.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from allowances.budgets.models import BudgetLine
from allowances.budgets.rules import PAYERS, Budget, LineBudget, Split, runs_out_on
from allowances.budgets.selectors import entered_through, programme_budgets
from allowances.programmes.models import Programme
from reports.dashboard.models import Dimension
from reports.statistics.definitions import Asked, Choice, Definition, month_after
from reports.statistics.movements import Sum, sums
from reports.statistics.rules import Column, Content, Figure, Kind, Row, Style, Table, Value, added, rate
from reports.statistics.selectors import as_of, latest_day
from vouchers.incentives.models import BenefitFund
from vouchers.ledger.models import JournalKind

_EVER: Final = date(2000, 1, 1)
_NONE: Final = Budget(allotted=0, reserved=0, paid=0)
_GIVEN: Final = frozenset({JournalKind.FUND, JournalKind.DIVERT, JournalKind.ALLOT, JournalKind.ENDOW})
"""What makes or moves a budget; everything else spends it or brings it back."""


def read(asked: Asked, month: date) -> list[Sum]:
    """What one month moved on every line, programme and fund."""
    return sums(asked=asked, first=month, end=month_after(month, 1), dimensions=(Dimension.ACCOUNT,))


def budgets(moved: Iterable[Sum]) -> dict[UUID, Budget]:
    """By the owner of the account: what it was given, paid, and got back."""
    found: defaultdict[UUID, dict[str, int]] = defaultdict(lambda: {"allotted": 0, "paid": 0, "returned": 0})
    for one in moved:
        way, _colon, owner = one.value.partition(":")
        if one.event in _GIVEN:
            found[UUID(owner)]["allotted"] += one.amount if way == "in" else -one.amount
        else:
            found[UUID(owner)]["returned" if way == "in" else "paid"] += one.amount
    return {owner: Budget(reserved=0, **parts) for owner, parts in found.items()}


def tell(asked: Asked, found: Mapping[date, list[Sum]]) -> Content:
    """Lines with their programmes, who pays, and the funds of benefits; the last only where no department is chosen."""
    moved = [one for month in found.values() for one in month]
    earlier = sums(asked=asked, first=_EVER, end=asked.first, dimensions=(Dimension.ACCOUNT,))
    spending = _Spending(before=budgets(earlier), whole=budgets([*earlier, *moved]))
    programmes, lines = _shown(asked, budgets(moved))
    tables = [*_lines(asked, lines, programmes, spending)]
    if not asked.chosen.get("department"):
        tables.append(_funds(asked, spending))
    current, _in_period, spent, _gone, left, *_reserved = _won(tables[0])
    benefits = _won(tables[2])[2] if len(tables) > 2 else 0
    return Content(
        tables=tuple(tables), control=Figure(label=_("지출 누계"), value=spent + benefits, note=_("예산과 혜택 재원")),
        figures=(
            Figure(label=_("예산현액"), value=current, note=_("혜택 재원은 따로 셉니다.")),
            Figure(label=_("지출 누계"), value=spent, note=_("지급액 − 환수·반납")),
            Figure(label=_("집행잔액"), value=left),
            Figure(label=_("집행률"), value=rate(spent, current), kind=Kind.PERCENT, note=_("지출 누계 ÷ 예산현액")),
            Figure(label=_("혜택 재원 지출 누계"), value=benefits, note=_("캐시백·충전 인센티브·포인트")),
        ),
        notes=(_("기간 마지막 날까지의 금액입니다. 결재 중(예약)인 금액과 소진 예상일은 마감하지 않은 기간에만 표시합니다."),),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Spending:
    """What the owners of accounts had moved before the period, and by its end."""

    before: Mapping[UUID, Budget]
    whole: Mapping[UUID, Budget]

    def figures(self, owner: UUID) -> tuple[int, ...]:
        """예산현액, 기간 중 지출, 지출 누계, 이월·불용·반환 and 집행잔액 of a programme or fund."""
        past, budget = self.before.get(owner, _NONE), self.whole.get(owner, _NONE)
        return budget.allotted, budget.spent - past.spent, budget.spent, 0, budget.left


def _won(table: Table) -> tuple[int, ...]:
    """The sums under a table."""
    return tuple(
        value for column, value in zip(table.columns, table.total or (), strict=True)
        if column.kind == Kind.WON and isinstance(value, int)
    )  # fmt: skip


def _lines(
    asked: Asked, lines: Sequence[BudgetLine], programmes: Sequence[Programme], spending: _Spending
) -> Iterator[Table]:  # fmt: skip
    entered = entered_through(lines=lines, day=asked.last_day)
    earlier = entered_through(lines=lines, day=asked.first - timedelta(days=1))
    under: defaultdict[UUID | None, list[Programme]] = defaultdict(list)
    for programme in programmes:
        under[programme.budget_line_id].append(programme)
    ahead = _Ahead.of(asked, programmes)
    rows: list[Row] = []
    totals: list[tuple[int, ...]] = []
    payers: defaultdict[str, tuple[int, ...]] = defaultdict(lambda: (0,) * 4)
    for line in lines:
        past = _with(earlier[line.pk], under[line.pk], spending.before)
        budget = _with(entered[line.pk], under[line.pk], spending.whole)
        figures = (
            budget.current.total, budget.spent - past.spent, budget.spent, budget.gone.total, budget.left,
        )  # fmt: skip
        totals.append(figures)
        rows.append(_row(line.name, line.code, line.department, figures, ahead.cells(under[line.pk], line, budget)))
        rows += [
            _row(one.name, "", one.department, spending.figures(one.pk), ahead.cells([one]), Style.PART)
            for one in under[line.pk]
        ]
        spent = line.shares.of_spent(budget.spent, budget=budget.current)
        for name, _label in PAYERS:
            payers[name] = added([payers[name], _of(name, budget, spent)], 4)
    for one in under[None]:
        totals.append(spending.figures(one.pk))
        rows.append(_row(one.name, "", one.department, spending.figures(one.pk), ahead.cells([one])))
    whole = added(totals, 5)
    yield Table(
        title=_("예산 과목별"), rows=tuple(rows),
        total=(_("합계"), "", "", *whole, rate(whole[2], whole[0]), *ahead.cells(programmes)),
        columns=(
            Column(label=_("예산 과목과 사업")), Column(label=_("과목 코드")), Column(label=_("담당 부서")),
            *(Column(label=label, kind=Kind.WON) for label in (
                _("예산현액"), _("기간 중 지출"), _("지출 누계"), _("이월·불용·반환"), _("집행잔액"),
            )),
            Column(label=_("집행률"), kind=Kind.PERCENT), *ahead.columns,
        ),
        note=_("과목 아래는 그 과목에서 재배정받은 사업이며, 과목의 금액에 들어 있습니다."),
    )  # fmt: skip
    yield Table(
        title=_("재원별"), total=(_("합계"), *added(list(payers.values()), 4)),
        columns=(
            Column(label=_("재원")),
            *(Column(label=label, kind=Kind.WON) for label in (
                _("예산현액"), _("지출 누계"), _("이월·불용·반환"), _("집행잔액"),
            )),
        ),
        rows=tuple(Row((str(label), *payers[name])) for name, label in PAYERS),
        note=_("지출액은 과목의 재원 비율로 나누며, 원 미만과 편성된 국비·시도비를 넘는 금액은 시군구비로 합니다."),
    )  # fmt: skip


def _shown(asked: Asked, moved: Mapping[UUID, Budget]) -> tuple[list[Programme], list[BudgetLine]]:
    """Those of the fiscal years of the period, and those of others on which something moved in it."""
    years, department = range(asked.first.year, asked.last.year + 1), asked.chosen.get("department", "")
    here = Q(municipality=asked.municipality)
    programmes = Programme.objects.filter(here, Q(fiscal_year__in=years) | Q(pk__in=list(moved)))
    lines = BudgetLine.objects.filter(
        here, Q(fiscal_year__in=years) | Q(pk__in=list(moved)) | Q(pk__in=programmes.values("budget_line"))
    )
    if department:
        lines = lines.filter(department=department)
        programmes = programmes.filter(Q(budget_line__in=lines) | Q(budget_line=None, department=department))
    return list(programmes.order_by("name")), list(lines.order_by("fiscal_year", "department", "code"))


def _with(entered: LineBudget, programmes: Iterable[Programme], moved: Mapping[UUID, Budget]) -> LineBudget:
    """A line with what its programmes moved."""
    sums = [moved[one.pk] for one in programmes if one.pk in moved]
    return replace(
        entered, allotted=sum(one.allotted for one in sums), paid=sum(one.paid for one in sums),
        returned=sum(one.returned for one in sums),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Ahead:
    """The columns of an open period, ``today`` its latest day that was summed up; none of a closed one."""

    today: date | None
    reserved: Mapping[UUID, int]

    @classmethod
    def of(cls, asked: Asked, programmes: Sequence[Programme]) -> _Ahead:
        """What is reserved at present, where the period is open."""
        if as_of(municipality=asked.municipality, day=asked.last_day) is None:
            return cls(today=None, reserved={})
        found = programme_budgets(programmes=[one.pk for one in programmes])
        return cls(
            today=latest_day(municipality=asked.municipality, until=asked.last_day),
            reserved={key: budget.reserved for key, budget in found.items()},
        )  # fmt: skip

    @property
    def columns(self) -> tuple[Column, ...]:
        """결재 중(예약) and 소진 예상일."""
        if self.today is None:
            return ()
        return Column(label=_("결재 중(예약)"), kind=Kind.WON), Column(label=_("소진 예상일"), kind=Kind.DATE)

    def cells(
        self, programmes: Iterable[Programme], line: BudgetLine | None = None, budget: LineBudget | None = None
    ) -> tuple[Value, ...]:  # fmt: skip
        """Of some programmes together, and of their line."""
        if self.today is None:
            return ()
        reserved = sum(self.reserved.get(one.pk, 0) for one in programmes)
        if line is None or budget is None:
            return reserved, None
        year = line.fiscal_year
        return reserved, runs_out_on(
            spent=budget.spent, left=budget.left, first=date(year, 1, 1), last=date(year, 12, 31), today=self.today
        )


def _row(
    name: str, code: str, department: str, figures: tuple[int, ...], ahead: tuple[Value, ...], style: Style = Style.LINE
) -> Row:  # fmt: skip
    return Row((name, code, department, *figures, rate(figures[2], figures[0]), *ahead), style)


def _of(name: str, budget: LineBudget, spent: Split) -> tuple[int, ...]:
    current, paid, gone = (getattr(split, name) for split in (budget.current, spent, budget.gone))
    return current, paid, gone, current - paid - gone


def _funds(asked: Asked, spending: _Spending) -> Table:
    funds = list(BenefitFund.objects.filter(municipality=asked.municipality).order_by("name"))
    figures = {fund.pk: spending.figures(fund.pk) for fund in funds}
    lines = {key: (*line[:3], line[4]) for key, line in figures.items()}
    whole = added(list(lines.values()), 4)
    return Table(
        title=_("혜택 재원별"), total=(_("합계"), "", *whole, rate(whole[2], whole[0])),
        rows=tuple(
            Row((one.name, str(one.get_payer_display()), *lines[one.pk], rate(lines[one.pk][2], lines[one.pk][0])))
            for one in funds
        ),
        columns=(
            Column(label=_("재원명")), Column(label=_("부담 주체")),
            *(Column(label=label, kind=Kind.WON) for label in (
                _("재원 조성액"), _("기간 중 지출"), _("지출 누계"), _("집행잔액"),
            )),
            Column(label=_("집행률"), kind=Kind.PERCENT),
        ),
        note=_("캐시백·충전 인센티브·포인트에 쓴 금액이며, 회수한 금액을 뺐습니다."),
    )  # fmt: skip


def _departments(asked: Asked) -> list[tuple[str, str]]:
    years = range(asked.first.year, asked.last.year + 1)
    lines = BudgetLine.objects.filter(municipality=asked.municipality, fiscal_year__in=years)
    names = lines.order_by("department").values_list("department", flat=True).distinct()[:200]
    return [(name, name) for name in names]


REPORT: Final = Definition(
    code="budgets", title=gettext_lazy("예산 집행 현황"), permission="allowances.view", read=read, tell=tell,
    choices=(
        Choice(
            name="department", label=gettext_lazy("담당 부서"), options=_departments, all_label=gettext_lazy("전체"),
            in_period=True,
        ),
    ),
    empty_hint=gettext_lazy("이 기간까지 편성한 예산이 없습니다. 예산 과목을 등록하고 본예산을 입력하면 집행 현황이 나타납니다."),
)  # fmt: skip
