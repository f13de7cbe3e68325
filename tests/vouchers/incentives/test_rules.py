"""The day on which a budget ends, reckoned by hand. November 2026 begins on a Sunday; the 16th is a Monday."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest

from vouchers.incentives.rules import Ends, run_out_on, weekday_costs

TODAY = date(2026, 11, 16)
LONG_AGO = date(2026, 1, 1)
EVEN = [Fraction(100)] * 7


def days(first: date, *won: int) -> dict[date, int]:
    """Won of each day from the first on."""
    return {first + timedelta(days=number): amount for number, amount in enumerate(won)}


WEEK = (100, 100, 100, 100, 200, 400, 300)
"""Monday to Sunday: 1,300 won."""


@pytest.mark.parametrize(
    ("known", "since", "today", "expected"),
    [
        pytest.param(days(date(2026, 10, 19), *WEEK * 4), LONG_AGO, TODAY, WEEK, id="four weeks alike"),
        pytest.param(
            {date(2026, 10, 19): 100, date(2026, 10, 26): 200, date(2026, 11, 2): 300, date(2026, 11, 9): 400},
            LONG_AGO, TODAY,
            # the mean of four Mondays is 250; the two of this month cost 700 where 500 were expected: × 7/5
            (350, 0, 0, 0, 0, 0, 0), id="this month is faster",
        ),
        pytest.param(
            # only the last four weeks count: the Monday of 12 October is too long ago, today is not over
            {date(2026, 10, 12): 999, date(2026, 11, 9): 400, TODAY: 999}, LONG_AGO, TODAY,
            # the mean is 100; the month's Mondays (2nd, 9th) cost 400 where 200 were expected: × 2
            (200, 0, 0, 0, 0, 0, 0), id="neither older days nor today",
        ),
        pytest.param(
            days(date(2026, 11, 12), 300, 500, 700), date(2026, 11, 12), date(2026, 11, 15),
            # Thursday, Friday, Saturday are known; the other weekdays cost what any day did: 1,500 / 3
            (500, 500, 500, 300, 500, 700, 500), id="a policy of three days",
        ),
        pytest.param(
            days(date(2026, 10, 5), *WEEK * 4), LONG_AGO, date(2026, 11, 2),
            WEEK, id="on the second day last month's pace holds",
        ),
        pytest.param({}, LONG_AGO, TODAY, (0,) * 7, id="nothing was given"),
        pytest.param({}, TODAY, TODAY, (), id="a policy of today"),
    ],
)  # fmt: skip
def test_what_a_weekday_costs(known: dict[date, int], since: date, today: date, expected: tuple[int, ...]) -> None:
    assert tuple(weekday_costs(days=known, since=since, today=today)) == expected


@pytest.mark.parametrize(
    ("used", "spent_today", "expected"),
    [
        (8_500, 100, None),  # 1,500 left on a Monday evening; fourteen days of 100 come to 1,400
        (8_600, 100, date(2026, 11, 30)),  # 1,400 left: the last day takes the last won
        (8_601, 100, date(2026, 11, 30)),
        (9_950, 100, date(2026, 11, 17)),  # 50 left, and today has had its 100
        (9_950, 50, date(2026, 11, 16)),  # today still costs 50
        (9_950, 500, date(2026, 11, 17)),  # a day that cost more than expected costs nothing more
        (10_000, 0, TODAY),
        (10_001, 0, TODAY),
        (0, 0, None),
    ],
)
def test_the_day_on_which_a_month_of_10_000_won_ends(used: int, spent_today: int, expected: date | None) -> None:
    found = run_out_on(
        costs=EVEN, today=TODAY, spent_today=spent_today, budget_month=10_000, used_month=used, budget_year=None,
        used_year=used,
    )  # fmt: skip
    assert found == Ends(expected, None)


def test_weekends_cost_more() -> None:
    """Left are 1,300. Monday to Thursday take 400, Friday 200 (600), Saturday 400 (1,000), Sunday 300: the 22nd."""
    found = run_out_on(
        costs=[Fraction(won) for won in WEEK], today=TODAY, spent_today=0, budget_month=1_300, used_month=0,
        budget_year=None, used_year=0,
    )  # fmt: skip
    assert found == Ends(date(2026, 11, 22), None)


@pytest.mark.parametrize(
    ("budget_month", "used_year", "expected"),
    [
        # 45 days are left with today (15 of November, 30 of December until the 30th): 4,500 won by 30 December
        (None, 95_500, Ends(None, date(2026, 12, 30))),
        (None, 95_400, Ends(None, date(2026, 12, 31))),
        (None, 95_399, Ends(None, None)),
        (None, 98_500, Ends(None, date(2026, 11, 30))),
        # a month of 2,000 in which 500 are left: they end on the 20th; December gives 2,000 at most, until the 20th
        (2_000, 97_500, Ends(date(2026, 11, 20), date(2026, 12, 20))),
        (2_000, 97_499, Ends(date(2026, 11, 20), None)),
        # the year ends first: then no month's budget does
        (2_000, 99_800, Ends(None, date(2026, 11, 17))),
    ],
)
def test_the_day_on_which_a_year_of_100_000_won_ends(budget_month: int | None, used_year: int, expected: Ends) -> None:
    found = run_out_on(
        costs=EVEN, today=TODAY, spent_today=0, budget_month=budget_month, used_month=1_500, budget_year=100_000,
        used_year=used_year,
    )  # fmt: skip
    assert found == expected


def test_without_a_known_day_only_what_is_used_up_ends() -> None:
    of = {"costs": [], "today": TODAY, "spent_today": 0, "budget_year": 100, "used_year": 0}
    assert run_out_on(**of, budget_month=10, used_month=9) == Ends(None, None)
    assert run_out_on(**of, budget_month=10, used_month=10) == Ends(TODAY, None)


def test_parts_of_a_won_add_up() -> None:
    """A third of a won a day: 5 won last fifteen days, from the 16th to the 30th."""
    found = run_out_on(
        costs=[Fraction(1, 3)] * 7,
        today=TODAY,
        spent_today=0,
        budget_month=5,
        used_month=0,
        budget_year=None,
        used_year=0,
    )
    assert found == Ends(date(2026, 11, 30), None)
