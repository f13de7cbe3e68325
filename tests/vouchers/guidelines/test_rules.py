"""The guideline's rate by date and by what a municipality is, from the rows that the set-up loads."""

from __future__ import annotations

import csv
from datetime import date

import pytest

from vouchers.guidelines.models import Region
from vouchers.guidelines.rules import Ceiling, Limit, Status, ceiling, latest
from vouchers.guidelines.services import LIMITS

with LIMITS.open(encoding="utf-8", newline="") as _file:
    ROWS = [
        Limit(row["kind"], row["region"], date.fromisoformat(row["valid_from"]), int(row["value"]), row["source"])
        for row in csv.DictReader(_file)
    ]

BEFORE, AFTER = date(2025, 8, 31), date(2025, 9, 1)
LONG_AGO = date(2020, 1, 1)


def status(kind: str, first: date = LONG_AGO, last: date | None = None, rate: int | None = None) -> Status:
    return Status(kind, first, last, rate, "공문")


DISASTER = status("disaster", date(2026, 7, 20), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("statuses", "day", "expected"),
    [
        ([status("no_grant")], AFTER, (700, 0)),
        ([status("capital")], AFTER, (1_000, 0)),
        ([status("other")], AFTER, (1_300, 0)),
        ([status("decline")], AFTER, (1_500, 0)),
        ([status("decline")], BEFORE, (1_000, 0)),  # one rate for all until then
        ([], BEFORE, (1_000, 0)),
        ([], AFTER, None),  # nobody knows what it is
        ([status("decline")], date(2022, 12, 31), None),  # no guideline is known of then
        ([status("other"), DISASTER], date(2026, 7, 19), (1_300, 0)),
        ([status("other"), DISASTER], date(2026, 7, 20), (1_800, 500)),
        ([status("other"), DISASTER], date(2026, 12, 31), (1_800, 500)),
        ([status("other"), DISASTER], date(2027, 1, 1), (1_300, 0)),
        ([DISASTER], date(2026, 8, 1), None),  # struck, but of no known class
        ([status("disaster"), status("capital")], BEFORE, (1_000, 0)),  # there was no uplift then
        ([status("decline", date(2026, 1, 1)), status("other")], date(2025, 12, 31), (1_300, 0)),
        ([status("decline", date(2026, 1, 1)), status("other")], date(2026, 1, 1), (1_500, 0)),
        ([status("other", LONG_AGO, date(2025, 12, 31))], date(2026, 1, 1), None),
        ([status("capital"), status("notified", AFTER, AFTER, 1_200)], AFTER, (1_200, 0)),
        ([status("capital"), status("notified", AFTER, AFTER, 1_200)], date(2025, 9, 2), (1_000, 0)),
        ([status("notified", AFTER, None, 2_000), DISASTER], date(2026, 8, 1), (2_000, 0)),  # the letter says it all
    ],
)
def test_the_highest_rate(statuses: list[Status], day: date, expected: tuple[int, int] | None) -> None:
    found = ceiling(limits=ROWS, statuses=statuses, regions=Region.values, day=day)
    assert (found and (found.rate, found.uplift)) == expected


def test_a_ceiling_tells_whose_it_is_and_who_says_so() -> None:
    of = {"limits": ROWS, "regions": Region.values, "day": AFTER}
    source = "행정안전부 2025년 9월 할인율 상향(아시아경제 2025. 9. 1. 보도)"
    assert ceiling(statuses=[status("decline")], **of) == Ceiling(1_500, 0, "decline", source)
    assert ceiling(statuses=[status("notified", AFTER, None, 1)], **of) == Ceiling(1, 0, "notified", "공문")


@pytest.mark.parametrize(
    ("kind", "day", "expected"),
    [
        ("purchase", date(2023, 1, 1), 700_000),
        ("purchase", date(2024, 2, 29), 1_000_000),
        ("purchase", date(2024, 3, 1), 700_000),
        ("purchase", date(2025, 6, 1), 2_000_000),
        ("purchase", date(2019, 12, 31), None),
        ("holding", date(2025, 5, 31), 1_500_000),
        ("holding", date(2025, 6, 1), 2_000_000),
    ],
)
def test_limits_in_won_by_date(kind: str, day: date, expected: int | None) -> None:
    found = latest([row for row in ROWS if row.kind == kind], day=day)
    assert (found and found.value) == expected
