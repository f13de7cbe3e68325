"""전결규정: which line decides a list, who may sign a step, and until when."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from allowances.approvals.rules import Band, Case, Gap, band_for, due_day, may_fill, titles_of

OLD, NEW = date(2025, 1, 1), date(2026, 7, 1)
YOUNG, CARE, FARM = (UUID(int=number) for number in (101, 102, 103))
OFFICE = "청년정책과"


def band(line: int, day: date, up_to: int | None = None, **scope: object) -> Band:
    return Band(line=UUID(int=line), valid_from=day, amount_up_to=up_to, **scope)  # type: ignore[arg-type]


def case(total: int, *, type: UUID = YOUNG, category: str = "청년", department: str = OFFICE) -> Case:
    return Case(total=total, type=type, category=category, department=department)


def line_of(found: Band | Gap) -> int | None:
    return found.line.int if isinstance(found, Band) else None


# By amount and day

TEAM, DIVISION, MAYOR, LATER = range(1, 5)
BY_AMOUNT = [
    band(MAYOR, OLD), band(TEAM, OLD, 10_000_000), band(DIVISION, OLD, 50_000_000), band(LATER, NEW, 100_000_000),
]  # fmt: skip


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
    assert line_of(band_for(BY_AMOUNT, case=case(total), day=day)) == line


# By kind and department

GENERAL, BY_OFFICE, BY_CATEGORY, BY_CATEGORY_THERE, BY_TYPE, BY_TYPE_THERE = range(1, 7)
ALL = [
    band(GENERAL, NEW), band(BY_OFFICE, NEW, department=OFFICE), band(BY_CATEGORY, NEW, category="청년"),
    band(BY_CATEGORY_THERE, NEW, category="청년", department=OFFICE), band(BY_TYPE, NEW, type=YOUNG),
    band(BY_TYPE_THERE, NEW, type=YOUNG, department=OFFICE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("without", "line"),
    [
        ((), BY_TYPE_THERE),
        ((BY_TYPE_THERE,), BY_TYPE),
        ((BY_TYPE_THERE, BY_TYPE), BY_CATEGORY_THERE),
        ((BY_TYPE_THERE, BY_TYPE, BY_CATEGORY_THERE), BY_CATEGORY),
        ((BY_TYPE_THERE, BY_TYPE, BY_CATEGORY_THERE, BY_CATEGORY), BY_OFFICE),
        ((BY_TYPE_THERE, BY_TYPE, BY_CATEGORY_THERE, BY_CATEGORY, BY_OFFICE), GENERAL),
    ],
)
def test_the_most_specific_line_decides(without, line):
    lines = [one for one in ALL if one.line.int not in without]
    for ordered in (lines, lines[::-1]):
        assert line_of(band_for(ordered, case=case(1), day=NEW)) == line


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (case(1, type=CARE, category="돌봄", department="복지과"), GENERAL),
        (case(1, type=CARE, category="돌봄"), BY_OFFICE),
        (case(1, type=CARE), BY_CATEGORY_THERE),
        (case(1, type=CARE, department="복지과"), BY_CATEGORY),
        (case(1, department="복지과"), BY_TYPE),
        (case(1, department=f" {OFFICE} "), BY_TYPE_THERE),  # as people type it
    ],
)
def test_lines_of_other_kinds_and_departments_decide_nothing(asked, line):
    assert line_of(band_for(ALL, case=asked, day=NEW)) == line


def test_a_general_line_decides_what_the_special_one_does_not_cover():
    lines = [
        band(1, NEW, 10_000_000, type=YOUNG, department=OFFICE),
        band(2, NEW, 50_000_000, type=YOUNG),
        band(3, NEW),
    ]
    assert [line_of(band_for(lines, case=case(total), day=NEW)) for total in (10**7, 10**7 + 1, 5 * 10**7 + 1)] == [
        1,
        2,
        3,
    ]


def test_a_newer_table_replaces_a_more_specific_older_line():
    lines = [band(1, OLD, type=YOUNG, department=OFFICE), band(2, NEW)]
    assert line_of(band_for(lines, case=case(1), day=NEW)) == 2
    assert line_of(band_for(lines, case=case(1), day=date(2026, 6, 30))) == 1


@pytest.mark.parametrize(
    ("lines", "gap"),
    [
        ([], Gap()),
        ([band(1, date(2027, 1, 1))], Gap()),
        ([band(1, NEW, type=CARE)], Gap(table=NEW)),
        ([band(1, NEW, department="복지과"), band(2, NEW, category="돌봄")], Gap(table=NEW)),
        ([band(1, NEW, 10), band(2, NEW, 30, type=YOUNG), band(3, NEW, 90, type=CARE)], Gap(table=NEW, limit=30)),
        ([band(1, OLD), band(2, NEW, 10)], Gap(table=NEW, limit=10)),
    ],
)
def test_a_gap_says_what_is_missing(lines, gap):
    assert band_for(lines, case=case(100), day=NEW) == gap


# Who, and until when


@pytest.mark.parametrize(
    ("roles", "position", "by_position", "may"),
    [
        ({"approver"}, "과장", False, True),
        ({"approver"}, "팀장", False, True),
        ({"reviewer"}, "과장", False, False),
        ({"approver"}, "과장", True, True),
        ({"approver"}, " 과장", True, True),
        ({"approver"}, "팀장", True, False),
        (set(), "과장", True, False),
    ],
)
def test_a_step_asks_for_its_role_and_sometimes_for_the_position(roles, position, by_position, may):
    assert may_fill(role="approver", title="과장", by_position=by_position, roles=roles, position=position) is may


@pytest.mark.parametrize(
    ("since", "days", "due"),
    [
        (date(2026, 11, 16), 0, date(2026, 11, 16)),  # a Monday
        (date(2026, 11, 16), 2, date(2026, 11, 18)),
        (date(2026, 11, 19), 2, date(2026, 11, 23)),  # over a weekend
        (date(2026, 11, 21), 0, date(2026, 11, 23)),  # a Saturday
        (date(2026, 11, 21), 1, date(2026, 11, 23)),
        (date(2026, 11, 16), None, None),
    ],
)
def test_due_days_are_working_days(since, days, due):
    assert due_day(since, days) == due


@pytest.mark.parametrize(
    ("text", "titles"), [("", []), ("국장", ["국장"]), (" 국장, 부시장 ,시장,", ["국장", "부시장", "시장"])]
)
def test_boxes_above_a_delegated_decision(text, titles):
    assert titles_of(text) == titles
