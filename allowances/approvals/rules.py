"""전결규정: which approval line a list takes, who may sign a step, and until when."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

SATURDAY = 5


@dataclass(frozen=True, kw_only=True)
class Case:
    """What decides about the line: the list's total in won, the kind of allowance and its category, the department."""

    total: int
    type: UUID
    category: str = ""
    department: str = ""


@dataclass(frozen=True, kw_only=True)
class Band:
    """A line's place in the table of delegated decisions: from a day on, up to an amount in won (None: any).

    Without type, category or department it holds for all of them.
    """

    line: UUID
    valid_from: date
    amount_up_to: int | None = None
    type: UUID | None = None
    category: str = ""
    department: str = ""

    def concerns(self, case: Case) -> bool:
        """Whether the line is for lists of that kind and department, whatever their total."""
        return (
            self.type in (None, case.type)
            and self.category.strip() in ("", case.category.strip())
            and self.department.strip() in ("", case.department.strip())
        )

    def covers(self, total: int) -> bool:
        """Whether a list of that total is decided by this line; the limit itself is included."""
        return self.amount_up_to is None or total <= self.amount_up_to

    @property
    def specificity(self) -> tuple[int, bool]:
        """Type before category before neither; among these, with a department before without."""
        return (2 if self.type else 1 if self.category.strip() else 0, bool(self.department.strip()))


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Why there is no line: no table is in force (``table`` None), none of its lines is for this kind and department
    (``limit`` None), or those that are end at a lower amount (``limit``, in won)."""

    table: date | None = None
    limit: int | None = None


def band_for(bands: Iterable[Band], *, case: Case, day: date) -> Band | Gap:
    """The most specific line of the newest table that covers the list; of several bands the narrowest.

    A new day's lines replace all older ones together: a table of delegated decisions is issued as a whole, so an old line
    never fills a gap in the new table. Inside a table a general line decides what no special one covers.
    """
    in_force = [band for band in bands if band.valid_from <= day]
    newest = max((band.valid_from for band in in_force), default=None)
    concerning = [band for band in in_force if band.valid_from == newest and band.concerns(case)]
    covering = [band for band in concerning if band.covers(case.total)]
    if covering:
        return min(covering, key=_most_specific_then_narrowest)
    return Gap(table=newest, limit=max((band.amount_up_to for band in concerning if band.amount_up_to), default=None))


def _most_specific_then_narrowest(band: Band) -> tuple[int, bool, bool, int]:
    kind, department = band.specificity
    return (-kind, not department, band.amount_up_to is None, band.amount_up_to or 0)


def may_fill(*, role: str, title: str, by_position: bool, roles: Collection[str], position: str) -> bool:
    """Whether somebody with these roles and this position signs a step: its role, and where it asks, its title too."""
    return role in roles and (not by_position or position.strip() == title.strip())


def titles_of(text: str) -> list[str]:
    """The boxes above a delegated decision, as the line names them: 과장, 국장."""
    return [title for title in (part.strip() for part in text.split(",")) if title]


def due_day(since: date, working_days: int | None) -> date | None:
    """The day by which a step that waits since ``since`` should be decided; Saturdays and Sundays are not counted."""
    if working_days is None:
        return None
    day, left = since, working_days
    while left > 0 or day.weekday() >= SATURDAY:
        day += timedelta(days=1)
        left -= day.weekday() < SATURDAY
    return day
