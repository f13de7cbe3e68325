"""전결: which line decides a list."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from allowances.approvals.rules import Band, band_for

OLD, NEW = date(2025, 1, 1), date(2026, 7, 1)
TEAM, DIVISION, MAYOR, LATER = (UUID(int=number) for number in range(4))
BANDS = [
    Band(MAYOR, OLD, None),
    Band(TEAM, OLD, 10_000_000),
    Band(DIVISION, OLD, 50_000_000),
    Band(LATER, NEW, 100_000_000),
]


@pytest.mark.parametrize(
    ("total", "day", "line"),
    [
        (1, OLD, TEAM),
        (10_000_000, OLD, TEAM),
        (10_000_001, OLD, DIVISION),
        (50_000_001, date(2026, 6, 30), MAYOR),
        (1, NEW, LATER),
        (100_000_001, NEW, None),  # the new table has a gap, and the old one does not fill it
        (1, date(2024, 12, 31), None),
    ],
)
def test_the_narrowest_band_of_the_newest_table_decides(total, day, line):
    band = band_for(BANDS, total=total, day=day)
    assert (band.line if band else None) == line
