"""When budgets run out: the days that officials plan by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from math import lcm
from typing import Final, NamedTuple

WATCHED: Final = timedelta(weeks=4)
"""How far back a day looks for others of its weekday."""
FEW_DAYS: Final = 3
"""With fewer whole days of a month behind us its own pace says little, so it is that of the last weeks."""


class Ends(NamedTuple):
    """The days on which a month's and a year's budget are used up; None: there is no such budget, or it lasts."""

    month: date | None
    year: date | None


def weekday_costs(*, days: Mapping[date, int], since: date, today: date) -> list[Fraction]:
    """What a Monday, a Tuesday … is expected to cost, in won; empty when no whole day is known.

    The mean of that weekday's ``days`` (won; a day that is missing cost nothing) in the last four weeks, as far as they
    lie after ``since``, the policy's first day; a weekday that has none yet costs what any day did. All are scaled alike,
    so that the whole days of this month come to what they did cost. ``today`` is not over, so it counts for neither.
    """
    known = list(_days(max(since, today - WATCHED), today))
    if not known:
        return []
    total = Fraction(sum(days.get(day, 0) for day in known), len(known))
    costs = []
    for weekday in range(7):
        alike = [days.get(day, 0) for day in known if day.weekday() == weekday]
        costs.append(Fraction(sum(alike), len(alike)) if alike else total)
    month = list(_days(max(since, today.replace(day=1)), today))
    expected = sum(costs[day.weekday()] for day in month)
    if len(month) < FEW_DAYS or not expected:
        return costs
    pace = sum(days.get(day, 0) for day in month) / Fraction(expected)
    return [cost * pace for cost in costs]


def run_out_on(
    *, costs: Sequence[Fraction], today: date, spent_today: int, budget_month: int | None, used_month: int,
    budget_year: int | None, used_year: int,
) -> Ends:  # fmt: skip
    """The days on which this month's and this year's budget of won end when every day costs what ``costs`` says.

    What is used up ends today. A month never costs more than its budget, so a year's may last although each month's ends.
    """
    whole = lcm(*(cost.denominator for cost in costs)) if costs else 1
    steps = [int(cost * whole) for cost in costs] or [0] * 7
    month = None if budget_month is None else max(0, budget_month - used_month) * whole
    year = None if budget_year is None else max(0, budget_year - used_year) * whole
    month_ends = None
    for day in _days(today, date(today.year + 1, 1, 1)):
        if day.day == 1 and day != today and budget_month is not None:
            month = budget_month * whole
        cost = max(0, steps[day.weekday()] - spent_today * whole) if day == today else steps[day.weekday()]
        cost = min(left for left in (cost, month, year) if left is not None)
        month, year = None if month is None else month - cost, None if year is None else year - cost
        if month == 0 and month_ends is None and day.month == today.month:
            month_ends = day
        if year == 0:
            return Ends(month_ends, day)
        if year is None and (day + timedelta(days=1)).month != today.month:
            break
    return Ends(month_ends, None)


def _days(first: date, end: date) -> Iterator[date]:
    """Each day from ``first`` to the one before ``end``."""
    return (first + timedelta(days=number) for number in range((end - first).days))
