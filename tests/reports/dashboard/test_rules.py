"""Which days are compared, and how charts are drawn."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from reports.dashboard.rules import (
    BAR_LENGTH,
    COLUMN_HEIGHT,
    bars,
    change_of,
    columns,
    line_of,
    percent_of,
    period_of,
    rounds_ahead,
    rounds_covered,
    slot_of,
)

SUNDAY = date(2026, 11, 22)
AT = datetime(2026, 11, 22, 0, 29, 59, tzinfo=UTC)  # 09:29:59 in Seoul


@pytest.mark.parametrize(
    ("name", "now", "before"),
    [
        ("today", ("11-22", "11-22", ""), [("11-15", "11-15", "09:20"), ("10-25", "10-25", "09:20"), ("11-23", "11-23", "09:20")]),
        ("yesterday", ("11-21", "11-21", ""), [("11-14", "11-14", ""), ("10-24", "10-24", ""), ("11-22", "11-22", "")]),
        ("week", ("11-16", "11-22", ""), [("11-09", "11-15", "09:20"), ("10-19", "10-25", "09:20"), ("11-17", "11-23", "09:20")]),
        ("month", ("11-01", "11-22", ""), [("10-01", "10-22", "09:20"), ("11-01", "11-22", "09:20")]),
        ("nonsense", ("11-22", "11-22", ""), [("11-15", "11-15", "09:20"), ("10-25", "10-25", "09:20"), ("11-23", "11-23", "09:20")]),
    ],
)  # fmt: skip
def test_days_are_compared_with_the_same_weekday_and_months_with_the_same_days(
    name: str, now: tuple, before: list[tuple]
) -> None:
    found = period_of(name=name, today=SUNDAY, summed_at=AT)

    def told(span) -> tuple[str, str, str]:
        return f"{span.first:%m-%d}", f"{span.last:%m-%d}", span.until

    assert told(found.now) == now
    assert [told(span) for span in found.before] == before
    if name in ("today", "yesterday"):
        assert {span.first.weekday() for span in found.before} == {found.now.first.weekday()}


def test_a_month_that_is_shorter_is_compared_whole() -> None:
    found = period_of(name="month", today=date(2026, 3, 31), summed_at=datetime(2026, 3, 31, 3, tzinfo=UTC))
    assert (found.before[0].last, found.before[0].until) == (date(2026, 2, 28), "")
    assert (found.before[1].last, found.before[1].until) == (date(2025, 3, 31), "12:00")
    january = period_of(name="month", today=date(2026, 1, 5), summed_at=None)
    assert (january.before[0].first, january.before[0].last) == (date(2025, 12, 1), date(2025, 12, 5))


def test_nothing_is_compared_before_the_day_was_summed_up() -> None:
    yesterday = datetime(2026, 11, 21, 14, 59, 59, tzinfo=UTC)  # 23:59:59 of the 21st in Seoul
    assert period_of(name="today", today=SUNDAY, summed_at=yesterday).same.until == "00:00"
    assert slot_of(datetime(2026, 11, 21, 15, 9, 59, tzinfo=UTC)) == "00:00"
    assert slot_of(datetime(2026, 11, 21, 14, 59, 59, tzinfo=UTC)) == "23:50"


def test_changes_and_parts() -> None:
    assert change_of(6, 10) == Fraction(-2, 5)
    assert change_of(6, -10) == Fraction(8, 5)
    assert change_of(6, 0) is change_of(6, None) is None
    assert [percent_of(part, 3) for part in (1, 2, 3, -1)] == ["33.3%", "66.7%", "100.0%", "-"]
    assert percent_of(1, 0) == "-"


def test_bars_are_as_long_as_their_part_and_the_small_ones_stand_together() -> None:
    drawn = bars([(f"업종{number}", number * 100, number) for number in range(1, 11)], rest="그 밖")
    assert [bar.name for bar in drawn] == ["업종10", "업종9", "업종8", "업종7", "업종6", "업종5", "업종4", "그 밖"]
    assert (drawn[-1].amount, drawn[-1].payments) == (600, 6)
    assert sum(bar.amount for bar in drawn) == 5_500
    assert (drawn[0].length, drawn[4].length) == (BAR_LENGTH, BAR_LENGTH * 6 // 10)
    given_back = bars([("음식점", -1_000, 1), ("카페", 7_000, 1), ("없음", 0, 0)], rest="그 밖")
    assert [(bar.name, bar.length, bar.percent) for bar in given_back] == [
        ("카페", BAR_LENGTH, "116.7%"), ("음식점", 0, "-"),
    ]  # fmt: skip
    assert bars([("음식점", -1_000, 1)], rest="")[0].length == 0
    assert bars([], rest="") == []


def test_columns_stand_beside_the_time_before() -> None:
    drawn = columns({9: (500, 2), 12: (-100, 0)}, {9: 1_000, 20: 250}, until=13)
    assert len(drawn) == 24
    assert (drawn[9].length, drawn[9].top, drawn[9].other_at) == (COLUMN_HEIGHT // 2, COLUMN_HEIGHT // 2, 0)
    assert drawn[12].length == 0
    assert drawn[20].other_at == COLUMN_HEIGHT - COLUMN_HEIGHT // 4
    assert line_of(drawn).startswith("10,120 30,120")
    assert not line_of(columns({9: (500, 2)}, None, until=24))


@pytest.mark.parametrize(
    ("cycle", "month", "ahead"),
    [("월", 1, 11), ("월", 11, 1), ("월", 12, 0), ("분기", 3, 3), ("분기", 4, 2), ("반기", 6, 1), ("반기", 7, 0), ("연", 2, 0),
     ("주(월 지급)", 10, 2), ("수시", 5, None), ("1회", 5, None)],
)  # fmt: skip
def test_rounds_that_a_year_still_has(cycle: str, month: int, ahead: int | None) -> None:
    assert rounds_ahead(cycle=cycle, today=date(2026, month, 15)) == ahead


def test_rounds_that_the_money_is_enough_for() -> None:
    assert rounds_covered(available=500, spent=300, rounds=3) == 5
    assert rounds_covered(available=499, spent=300, rounds=3) == 4
    assert rounds_covered(available=-1, spent=300, rounds=3) == 0
    assert rounds_covered(available=500, spent=0, rounds=3) is None  # all of it came back
    assert rounds_covered(available=500, spent=0, rounds=0) is None
