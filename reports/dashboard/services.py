"""Summing up days for the dashboard. Repeating it changes nothing, and whoever runs it again goes on where it stopped."""

from __future__ import annotations

from datetime import date, datetime

from reports.dashboard.selectors import days_to_sum
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.ledger.services import call


def sum_up(*, municipality: str, at: datetime) -> list[date]:
    """Sum up the open days as they are now and closed ones for the last time, each in a transaction; returns these days."""
    with scope(municipalities=[municipality]):
        days = days_to_sum(municipality=municipality, today=business_date(at))
    for day in days:
        with scope(municipalities=[municipality]):
            call("dashboard.sum_day", municipality, day, at)
    return days
