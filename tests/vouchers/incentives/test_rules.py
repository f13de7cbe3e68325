"""The day on which a budget ends, reckoned by hand."""

from __future__ import annotations

from datetime import date

import pytest

from vouchers.incentives.rules import runs_out_on

LAST = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("today", "used", "before", "expected"),
    [
        (10, 1_000, 0, None),  # 100 a day, 9,000 left: 90 days
        (10, 4_000, 0, date(2026, 11, 25)),  # 400 a day, 6,000 left: 15 days
        (10, 3_333, 0, date(2026, 11, 30)),  # 333.3 a day, 6,667 left: 20.003 days
        (10, 3_330, 0, date(2026, 11, 30)),  # 333 a day, 6,670 left: 20.03 days
        (10, 3_200, 0, None),  # 320 a day, 6,800 left: 21.25 days
        (10, 0, 5_000, None),  # nothing is spent this month
        (2, 1_000, 15_500, date(2026, 11, 20)),  # two days say little: 16,500 in 33 days, 9,000 left: 18 days
        (2, 0, 0, None),
        (12, 10_000, 0, date(2026, 11, 12)),
        (12, 10_001, 0, date(2026, 11, 12)),
    ],
)
def test_the_day_on_which_10_000_won_end(today: int, used: int, before: int, expected: date | None) -> None:
    found = runs_out_on(
        budget=10_000,
        used=used,
        today=date(2026, 11, today),
        month_ends=LAST,
        used_last_month=before,
        days_last_month=31,
    )
    assert found == expected
