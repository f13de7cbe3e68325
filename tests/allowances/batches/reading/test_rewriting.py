"""The annotated copy of a workbook: same sheets, same rows, reasons at the right end, and readable again."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

from allowances.batches.reading.annotate import ERROR, RESULT_COLUMNS, annotate
from allowances.batches.reading.columns import locate_columns
from allowances.batches.reading.rewriting import rewritten, suffix_of
from allowances.batches.reading.tables import filled, open_table
from tests.allowances.batches.reading.workbooks import html, with_part, xls, xlsx

HEAD = ["연번", "성명", "휴대전화", "행정동", "지급액"]
ROWS = [
    ["2026년 청년수당 명단"], HEAD, [1, "김민서", "01012345678", "행신1동", 120000], [2, "=1+1", "01022223333", None, 80000],
]  # fmt: skip
NOTES = [(4, str(ERROR), "성명: 수식이 들어 있습니다.", "값만 붙여넣으십시오.")]


def copied(data: bytes, notes: Any = NOTES, **more: Any) -> bytes:
    table = open_table(BytesIO(data))
    layout = locate_columns(table, required=[["name"]])[0].summary() | table.description()
    return b"".join(annotate(BytesIO(data), layout=layout, notes=notes, **more))


def table(data: bytes, **choice: Any) -> list[tuple[int, list[str]]]:
    return [row for row in open_table(BytesIO(data), **choice) if any(row[1])]


def test_reasons_stand_beside_the_row_and_everything_else_stays() -> None:
    data = xlsx([["안내문"]], ROWS, names=["표지", "명단"], strings_to_formulas=False)
    copy = copied(data)
    assert table(copy, sheet="명단") == [
        (1, ["2026년 청년수당 명단"]),
        (2, [*HEAD, *map(str, RESULT_COLUMNS)]),
        (3, ["1", "김민서", "01012345678", "행신1동", "120000"]),
        (4, ["2", "'=1+1", "01022223333", "", "80000", *NOTES[0][1:]]),
    ]
    assert open_table(BytesIO(copy)).description()["sheets"] == ["표지", "명단"]
    assert table(copy, sheet="표지") == [(1, ["안내문"])]


def test_bad_rows_are_coloured_and_the_header_stays_in_view() -> None:
    with zipfile.ZipFile(BytesIO(copied(xlsx(ROWS)))) as package:
        assert b'<pane ySplit="2"' in package.read("xl/worksheets/sheet1.xml")
        assert b"FDE2E1" in package.read("xl/styles.xml").upper()
        assert b"<f>" not in package.read("xl/worksheets/sheet1.xml")


def test_a_copy_of_a_copy_has_its_columns_once() -> None:
    once = copied(xlsx(ROWS))
    again = table(copied(once, notes=[]))
    assert [cells for row, cells in again if row == 2] == [[*HEAD, *map(str, RESULT_COLUMNS)]]
    assert [cells[:5] for _row, cells in again] == [cells[:5] for _row, cells in table(once)]


def test_merged_cells_stay_merged() -> None:
    data = xlsx(ROWS, finish=lambda _book, sheet: sheet.merge_range(2, 3, 3, 3, "행신2동"))
    again = open_table(BytesIO(copied(data)), whole=True)
    assert [cells[3] for number, cells in filled(again, again, amount=None) if number > 2] == ["행신2동", "행신2동"]


def test_old_workbooks_and_web_pages_come_back_as_xlsx() -> None:
    page = html("<td>성명<td>지급액", "<td>김민서<td>100000", "<td>이서준<td>", before="<h1>명단</h1>")
    note = [(4, str(ERROR), "지급액: 값이 비어 있습니다.", "빈칸을 채우십시오.")]
    assert table(copied(page, notes=note))[-1] == (4, ["이서준", "", *note[0][1:]])
    assert table(copied(xls(ROWS)))[-1][1][-3:] == list(NOTES[0][1:])
    assert [suffix_of({"kind": kind}) for kind in ("csv", "xlsx", "xls", "html")] == [".csv", ".xlsx", ".xlsx", ".xlsx"]


def test_any_columns_can_be_added() -> None:
    data = xlsx(ROWS, strings_to_formulas=False)
    layout = {"kind": "xlsx", "sheet": "Sheet1", "sheets": ["Sheet1"], "header_row": 2}
    copy = b"".join(
        rewritten(BytesIO(data), layout=layout, titles=["지급일", "지급 상태"], notes=[(3, "2026-11-20", "지급")])
    )
    assert table(copy)[1][1][-2:] == ["지급일", "지급 상태"]
    assert table(copy)[2][1][-2:] == ["2026-11-20", "지급"]


def test_the_copy_of_a_very_long_workbook_is_text_with_the_same_rows() -> None:
    data = xlsx(
        ROWS[:3], strings_to_formulas=False,
        finish=lambda _book, sheet: (sheet.merge_range(2, 3, 3, 3, "행신2동"), sheet.write_row(9, 0, [3, "박셋", "", "", 5])),
    )  # fmt: skip
    table_read = open_table(BytesIO(data), whole=True)
    list(table_read)
    layout = {**table_read.description(), "header_row": 2, "positions": {"amount": 4}, "last_row": 100_001}
    assert (layout["widest"], suffix_of(layout)) == (5, ".csv")
    copy = b"".join(rewritten(BytesIO(data), layout=layout, titles=["결과"], notes=[(10, "오류")]))
    rows = list(open_table(BytesIO(copy)))
    assert rows[1] == (2, [*HEAD, "결과"])
    assert rows[2][1][3] == "행신2동"
    assert rows[9] == (10, ["3", "박셋", "", "", "5", "오류"])


def test_sheets_whose_names_only_differ_by_case_do_not_stop_it() -> None:
    data = xlsx(ROWS, [["참고"]], names=["LIST", "Other"], strings_to_formulas=False)
    twice = with_part(data, "xl/workbook.xml", lambda book: book.replace(b'"Other"', b'"list"'))
    assert table(copied(twice), sheet="list 2") == [(1, ["참고"])]
