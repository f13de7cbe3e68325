"""Splits to the won, the columns of 예산 집행 현황, and the day on which the money runs out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allowances.budgets.rules import Budget, LineBudget, Shares, Split, runs_out_on


def split(national: int, province: int, city: int) -> Split:
    return Split(national=national, province=province, city=city)


@pytest.mark.parametrize(
    ("shares", "amount", "expected"),
    [
        (("50", "25"), 100, split(50, 25, 25)),
        (("33.33", "33.33"), 100, split(33, 33, 34)),
        (("33.33", "33.33"), 1, split(0, 0, 1)),
        (("0", "70"), 250_001, split(0, 175_000, 75_001)),
        (("100", "0"), 7, split(7, 0, 0)),
        (("0", "0"), 7, split(0, 0, 7)),
        (("66.67", "16.67"), 999_999_999_999_999, split(666_699_999_999_999, 166_699_999_999_999, 166_600_000_000_001)),
        (("50", "25"), -101, split(-50, -25, -26)),
    ],
)
def test_state_and_province_are_rounded_down_and_the_municipality_bears_the_rest(shares, amount, expected):
    national, province = map(Decimal, shares)
    assert Shares(national=national, province=province).of(amount) == expected


percents = st.integers(0, 10_000).map(lambda hundredths: Decimal(hundredths) / 100)


@given(st.integers(-(10**15), 10**15), percents, percents)
def test_the_parts_always_make_the_whole(amount, national, province):
    province = min(province, 100 - national)
    parts = Shares(national=national, province=province).of(amount)
    assert parts.total == amount
    assert all(part * amount >= 0 for part in (parts.national, parts.province, parts.city))


def test_subsidies_end_where_what_was_granted_ends():
    shares = Shares(national=Decimal(50), province=Decimal(20))
    assert shares.of_spent(1_000, budget=split(400, 300, 300)) == split(400, 200, 400)
    assert shares.of_spent(1_000, budget=split(500, 200, 300)) == split(500, 200, 300)


def test_the_columns_of_a_line_add_up():
    budget = LineBudget(
        original=split(500, 300, 200), carried=split(0, 0, 100), transferred=split(0, 0, -40), contingency=split(0, 0, 10),
        recovered=split(0, 0, 5), gone=split(20, 0, 0), allotted=600, reserved=100, paid=450, returned=30,
    )  # fmt: skip
    assert budget.current == split(500, 300, 270)
    assert budget.spent == 450 - 30 - 5
    assert budget.left == 1_070 - 415 - 20
    assert budget.unallotted == 1_070 + 5 - 20 - 600
    # what is unspent lies in the line, or in its programmes
    assert budget.left == budget.unallotted + budget.allotted - budget.paid + budget.returned
    assert budget.execution_rate == Fraction(415, 1_070)
    assert (budget + budget).left == 2 * budget.left


def test_what_came_back_to_a_programme_may_be_spent_again_and_lowers_the_rate():
    budget = Budget(allotted=1_000, reserved=200, paid=500, returned=100)
    assert (budget.spent, budget.left, budget.available) == (400, 600, 400)
    assert budget.execution_rate == Fraction(2, 5)
    assert Budget(allotted=0, reserved=0, paid=0).execution_rate == 0


YEAR = {"first": date(2026, 1, 1), "last": date(2026, 12, 31)}


@pytest.mark.parametrize(
    ("spent", "left", "today", "expected"),
    [
        (100, 100, date(2026, 4, 10), date(2026, 7, 19)),  # a hundred days took half of it
        (100, 300, date(2026, 4, 10), None),  # lasts into the next year
        (100, 0, date(2026, 4, 10), date(2026, 4, 10)),
        (0, 100, date(2026, 4, 10), None),
        (100, 100, date(2027, 1, 1), None),
    ],
)
def test_the_day_on_which_the_money_runs_out_at_this_pace(spent, left, today, expected):
    assert runs_out_on(spent=spent, left=left, today=today, **YEAR) == expected
