"""The blank list of a programme: what it offers, and that what is filled into it is read back."""

from __future__ import annotations

import zipfile
from datetime import date
from io import BytesIO
from typing import Any

import pytest

from allowances.batches.reading.blank import blank_list
from allowances.batches.reading.columns import locate_columns
from allowances.batches.reading.errors import NoRows
from allowances.batches.reading.fields import REQUIRED
from allowances.batches.reading.normalise import Options, normalise_rows
from allowances.batches.reading.tables import open_table
from allowances.eligibility.facts import FACTS, FactType
from tests.allowances.batches.reading.corpus import TODAY

EXTRA = [
    FACTS["birth_order"],
    FACTS["moved_in_on"],
    *[fact for fact in FACTS.values() if fact.type == FactType.BOOLEAN][:1],
]
DONGS = [f"행신{number}동" for number in range(1, 45)]


def blank(**more: Any) -> bytes:
    given = {"title": "청년수당 1분기", "required": REQUIRED, "extra": EXTRA, "dongs": DONGS, "amount_max": 500_000}
    return blank_list(**{**given, **more})


def read(rows: Any) -> Any:
    layout, rest = locate_columns(iter(rows), extra=EXTRA)
    return next(
        iter(normalise_rows(rest, layout, Options(latest_birth=TODAY, values=("name", "phone", "amount"), extra=EXTRA)))
    )


def test_its_own_header_is_understood_and_the_example_is_passed_over() -> None:
    table = open_table(BytesIO(blank()))
    assert table.description()["sheet"] == "명단"
    rows = list(table)
    assert len(rows) == 2
    person = (3, ["1", "김장터", "1985-01-05", "010-1234-5678", "행신1동", "100000", "2", "2026-01-05", "O", ""])
    chunk = read([*rows, person])
    assert chunk.rows == [(3, "김장터", "01012345678", 100_000)]
    assert [(skipped.row_number, skipped.kind) for skipped in chunk.skipped] == [(2, "example")]
    assert chunk.problems == []


def test_a_blank_that_was_sent_back_blank_is_refused() -> None:
    table = open_table(BytesIO(blank()))
    layout, rest = locate_columns(table, extra=EXTRA)
    with pytest.raises(NoRows):
        list(normalise_rows(rest, layout, Options(latest_birth=TODAY)))


def test_the_example_written_over_is_a_person_again() -> None:
    rows = list(open_table(BytesIO(blank())))
    over = [["예시", "김장터", *rows[1][1][2:]]]
    assert [row[1] for row in read([rows[0], (2, over[0])]).rows] == ["김장터"]


def test_only_the_columns_that_the_programme_needs() -> None:
    fixed = [group for group in REQUIRED if "amount" not in group]
    header = next(iter(open_table(BytesIO(blank(required=fixed, extra=[])))))[1]
    assert header == ["연번", "성명 *", "생년월일 *", "휴대전화 *", "읍면동", "비고"]
    by_number = next(iter(open_table(BytesIO(blank(required=(("name",), ("resident_number",)), extra=[])))))[1]
    assert by_number == ["연번", "성명 *", "주민등록번호 *", "읍면동", "비고"]


def test_excel_checks_while_typing_and_keeps_zeros() -> None:
    with zipfile.ZipFile(BytesIO(blank())) as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
        styles = package.read("xl/styles.xml").decode()
    assert sheet.count("<dataValidation ") == 6  # birth date, dong, amount, and the three facts
    assert "읍면동" in sheet
    assert f"${len(DONGS)}</formula1>" in sheet
    assert 'formatCode="@"' in styles or 'numFmtId="49"' in styles  # telephone numbers are text
    assert date(2026, 1, 5).isoformat() in [cell for _row, cells in open_table(BytesIO(blank())) for cell in cells]
