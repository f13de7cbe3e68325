"""How a report is defined: a title, what may be chosen, and how its figures are read, month by month.

A definition stands in the catalogue and gives its page, its workbook, its paper, and what is issued. The months of a period
are read one after the other, each bounded to its partitions, so that a long report shows how far it has come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from reports.statistics.rules import Content

MOST_MONTHS: Final = 12

Found = Any
"""What one month's statements gave; only the definition that read it knows."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a report is asked for: whole months, and a value for each choice of the definition ("" is all)."""

    municipality: str
    first: date
    last: date
    chosen: Mapping[str, str] = field(default_factory=dict)

    @property
    def months(self) -> list[date]:
        """The first days of its months."""
        return months_between(first=self.first, last=self.last)

    @property
    def last_day(self) -> date:
        """The last day of the last month."""
        return month_after(self.last, 1) - timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Something to choose beside the period. ``options``: (value, label) pairs for a municipality and a period, read when
    asked for.

    ``all_label`` is what choosing nothing is called; None: the first option is taken where nothing is chosen. ``in_period``:
    another period has other options, so that one chosen before may be none of them.
    """

    name: str
    label: Any
    options: Callable[[Asked], Sequence[tuple[str, str]]]
    all_label: Any = None
    in_period: bool = False


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A report.

    ``read`` finds one month's figures inside the scope, ``tell`` makes the tables of all months. ``screen_months``: so
    many at most are read while a page waits; a longer period is issued, which happens in the background. ``people``: what
    stands in the access record where the report shows people one by one, empty where it does not.
    """

    code: str
    title: Any
    permission: str
    read: Callable[[Asked, date], Found]
    tell: Callable[[Asked, Mapping[date, Found]], Content]
    choices: tuple[Choice, ...] = ()
    empty_hint: Any = ""
    screen_months: int = MOST_MONTHS
    people: Callable[[Asked], str] = lambda _asked: ""

    def content(self, asked: Asked) -> Content:
        """All of it, in the present transaction."""
        return self.tell(asked, {month: self.read(asked, month) for month in asked.months})


def months_between(*, first: date, last: date) -> list[date]:
    """The first days of the months from that of ``first`` to that of ``last``."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [month_after(first, number) for number in range(count)]


def month_after(day: date, months: int) -> date:
    """The first day of the month so many after (negative: before) that of ``day``."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)
