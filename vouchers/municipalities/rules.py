"""Working days."""

from __future__ import annotations

from collections.abc import Container
from datetime import date, timedelta


def is_business_day(day: date, holidays: Container[date]) -> bool:
    """Monday to Friday, but for holidays."""
    return day.weekday() < 5 and day not in holidays


def next_business_day(day: date, holidays: Container[date]) -> date:
    """The first working day after ``day``, which itself may be one or not."""
    following = day + timedelta(days=1)
    while not is_business_day(following, holidays):
        following += timedelta(days=1)
    return following
