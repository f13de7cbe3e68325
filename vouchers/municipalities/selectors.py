"""The calendar of a municipality."""

from __future__ import annotations

from datetime import date, timedelta

from vouchers.municipalities.models import Holiday
from vouchers.municipalities.rules import next_business_day

_LONGEST_REST = timedelta(days=60)
"""No row of holidays is longer."""


def business_day_after(*, municipality: str, day: date) -> date:
    """The first day after ``day`` on which banks and offices of the municipality work."""
    rest = Holiday.objects.filter(municipality=municipality, day__range=(day, day + _LONGEST_REST))
    return next_business_day(day, frozenset(rest.values_list("day", flat=True)))
