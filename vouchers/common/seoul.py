"""Business days: stored times are UTC, days are those of Seoul.

Only for the clock of one municipality's business; a day is half-open, from its midnight to the next one.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

SEOUL: Final = ZoneInfo("Asia/Seoul")


def aware(at: datetime) -> datetime:
    """``at`` itself. Raises ValueError when it has no time zone, because its day would be a guess."""
    if at.utcoffset() is None:
        raise ValueError("a time without time zone has no business date")
    return at


def business_date(at: datetime) -> date:
    """The day in Seoul at that moment; raises ValueError for a time without zone."""
    return aware(at).astimezone(SEOUL).date()


def start_of_day(day: date) -> datetime:
    """Midnight in Seoul at which the business day begins."""
    return datetime.combine(day, time.min, tzinfo=SEOUL)


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """The moment the day begins and the moment the next one does; ``begin <= at < end`` is that day."""
    return start_of_day(day), start_of_day(day + timedelta(days=1))
