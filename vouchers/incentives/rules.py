"""When a budget runs out: the date that officials plan by."""

from __future__ import annotations

from datetime import date, timedelta

FEW_DAYS = 3
"""With fewer days of a month behind us its own pace says little, so last month's is taken."""


def runs_out_on(
    *, budget: int, used: int, today: date, month_ends: date, used_last_month: int, days_last_month: int
) -> date | None:
    """The day on which a month's budget of won ends if every day costs what an average day has cost; None: not this month.

    ``used`` are the won since the month began, today included. A budget that is used up ends today.
    """
    left = budget - used
    if left <= 0:
        return today
    elapsed = today.day
    won, days = (used, elapsed) if elapsed >= FEW_DAYS else (used + used_last_month, elapsed + days_last_month)
    if won <= 0:
        return None
    ends = today + timedelta(days=min(left * days // won, 31))
    return ends if ends <= month_ends else None
