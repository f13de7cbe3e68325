"""Which days the dashboard shows and what it compares them with, and how charts are drawn. Plain values in and out."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, Final, NamedTuple

from django.utils.translation import gettext_lazy as _

from vouchers.common.seoul import SEOUL, business_date

PERIODS: Final = {
    "today": _("오늘"), "yesterday": _("어제"), "week": _("최근 7일"), "month": _("이번 달"),
}  # fmt: skip
WEEK: Final = "week"
SLOT_MINUTES: Final = 10


class Span(NamedTuple):
    """Days from ``first`` to ``last``. ``until``: of the last day only what happened before that time; empty: all of it."""

    label: Any
    first: date
    last: date
    until: str = ""

    @property
    def days(self) -> int:
        """How many there are."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class Period:
    """What is shown, and what it is compared with.

    ``now``: all of it so far. ``same`` is the same up to the last full ten minutes, as ``before`` are, so that like
    stands beside like; when the day is over it is ``now`` itself.
    """

    name: str
    now: Span
    same: Span
    before: tuple[Span, ...]


def slot_of(at: datetime) -> str:
    """The beginning of the ten minutes in Seoul that are under way: what is before it is over."""
    local = at.astimezone(SEOUL)
    return f"{local.hour:02d}:{local.minute // SLOT_MINUTES * SLOT_MINUTES:02d}"


def period_of(*, name: str, today: date, summed_at: datetime | None) -> Period:
    """The period of that name and the same days a week, a month and a year before.

    Days are compared with the same weekday (7, 28 and 364 days before), a month with the same days of the month. The
    last day is compared up to the time it was summed up last, ``summed_at``.
    """
    name = name if name in PERIODS else "today"
    last = today - timedelta(days=1) if name == "yesterday" else today
    first = {"week": last - timedelta(days=6), "month": last.replace(day=1)}.get(name, last)
    until = ""
    if last == today:
        until = slot_of(summed_at) if summed_at is not None and business_date(summed_at) == today else "00:00"
    now = Span(PERIODS[name], first, last)
    before: tuple[Span, ...]
    if name == "month":
        before = (
            _month_before(_("지난달 같은 기간"), last, months=1, until=until),
            _month_before(_("지난해 같은 달"), last, months=12, until=until),
        )
    else:
        labels = (
            (_("지난주"), _("4주 전"), _("52주 전"))
            if name == "week"
            else (_("지난주 같은 요일"), _("4주 전 같은 요일"), _("지난해 같은 요일"))
        )
        before = tuple(
            Span(label, first - timedelta(weeks=weeks), last - timedelta(weeks=weeks), until)
            for label, weeks in zip(labels, (1, 4, 52), strict=True)
        )
    return Period(name, now, now._replace(until=until), before)


def _month_before(label: Any, last: date, *, months: int, until: str) -> Span:
    """The same days of an earlier month; of one that is shorter, all it has."""
    number = last.year * 12 + last.month - 1 - months
    year, month = number // 12, number % 12 + 1
    days = monthrange(year, month)[1]
    if last.day > days:
        return Span(label, date(year, month, 1), date(year, month, days))
    return Span(label, date(year, month, 1), date(year, month, last.day), until)


def change_of(now: int, then: int | None) -> Fraction | None:
    """By what part more or less; None where there was nothing to compare with."""
    return Fraction(now - then, abs(then)) if then else None


ROUNDS_A_YEAR: Final = {"월": 12, "주(월 지급)": 12, "분기": 4, "반기": 2, "연": 1}
"""지급 주기 → how many rounds a year has; others are paid once, or when they are asked for."""


def rounds_ahead(*, cycle: str, today: date) -> int | None:
    """How many rounds of the year come after the present month, quarter or half; None: the cycle does not say."""
    of_year = ROUNDS_A_YEAR.get(cycle)
    return None if of_year is None else of_year - 1 - (today.month - 1) * of_year // 12


def rounds_covered(*, available: int, spent: int, rounds: int) -> int | None:
    """How many more rounds as costly as the average of those paid the money is enough for; None: none was paid."""
    return max(0, available) * rounds // spent if rounds and spent > 0 else None


class Bar(NamedTuple):
    """One thing of a chart: its name, its won, its part of the whole in percent, its place and length in the picture."""

    name: str
    amount: int
    payments: int
    percent: str
    at: int
    length: int
    other: int | None = None
    other_at: int = 0
    is_rest: bool = False

    @property
    def top(self) -> int:
        """Where a standing column begins."""
        return COLUMN_HEIGHT - self.length

    @property
    def is_labelled(self) -> bool:
        """Every third hour has its number below."""
        return int(self.name) % 3 == 0

    @property
    def short(self) -> str:
        """The name as it fits beside its bar; the table has it in full."""
        return self.name if len(self.name) <= LONGEST_NAME else f"{self.name[: LONGEST_NAME - 1]}…"


BAR_STEP: Final = 24
BAR_LENGTH: Final = 250
COLUMN_STEP: Final = 20
COLUMN_HEIGHT: Final = 120
SHOWN_BARS: Final = 8
LONGEST_NAME: Final = 9


def percent_of(part: int, whole: int) -> str:
    """With one digit, rounded half up; '-' of nothing."""
    if whole <= 0:
        return "-"
    tenths = (Fraction(part * 1000, whole) + Fraction(1, 2)).__floor__()
    return f"{tenths // 10}.{abs(tenths) % 10}%" if tenths >= 0 else "-"


def bars(rows: Iterable[tuple[str, int, int]], *, rest: str, by_amount: bool = True) -> list[Bar]:
    """Lying bars of (name, won, count), the largest first and the smaller ones together as ``rest``.

    What was given back can be more than what was paid: such a bar has no length, and its figure says so.
    """
    found = [row for row in rows if row[1] or row[2]]
    if by_amount:
        found.sort(key=lambda row: (-row[1], row[0]))
        if len(found) > SHOWN_BARS:
            tail = found[SHOWN_BARS - 1 :]
            found = [*found[: SHOWN_BARS - 1], (rest, sum(row[1] for row in tail), sum(row[2] for row in tail))]
    whole, most = sum(row[1] for row in found), max((row[1] for row in found), default=0)
    return [
        Bar(
            name, amount, count, percent_of(amount, whole), number * BAR_STEP,
            max(0, amount) * BAR_LENGTH // most if most > 0 else 0, is_rest=name == rest,
        )
        for number, (name, amount, count) in enumerate(found)
    ]  # fmt: skip


def columns(now: Mapping[int, tuple[int, int]], then: Mapping[int, int] | None, *, until: int) -> list[Bar]:
    """Standing columns of the 24 hours, each with the won of the time before it is compared with; None: there was none.

    ``until``: the first hour that has not come.
    """
    most = max([1, *(won for won, _count in now.values()), *(then or {}).values()])
    whole = sum(won for won, _count in now.values())

    def height(won: int) -> int:
        return max(0, won) * COLUMN_HEIGHT // most

    return [
        Bar(
            f"{hour:02d}", now.get(hour, (0, 0))[0], now.get(hour, (0, 0))[1],
            percent_of(now.get(hour, (0, 0))[0], whole), hour * COLUMN_STEP,
            height(now.get(hour, (0, 0))[0]) if hour < until else 0,
            None if then is None else then.get(hour, 0),
            COLUMN_HEIGHT - height((then or {}).get(hour, 0)),
        )
        for hour in range(24)
    ]  # fmt: skip


def line_of(drawn: Sequence[Bar]) -> str:
    """The points of the line through what each column is compared with; empty where there is nothing to compare."""
    return " ".join(f"{bar.at + COLUMN_STEP // 2},{bar.other_at}" for bar in drawn if bar.other is not None)
