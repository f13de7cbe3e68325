"""Months."""

from __future__ import annotations

from datetime import date, timedelta


def last_day(month: date) -> date:
    """The last day of the month that begins on ``month``."""
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
