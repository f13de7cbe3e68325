"""Extra columns that a programme asks for: found by their names, read by their type, kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from allowances.batches.reading.cells.facts import fact_reader
from allowances.batches.reading.columns import locate_columns
from allowances.batches.reading.errors import ColumnMissing
from allowances.batches.reading.normalise import Chunk, Options, normalise_rows
from allowances.batches.reading.problems import PROBLEMS, CellProblem
from allowances.eligibility.facts import Fact, FactType
from tests.allowances.batches.reading.corpus import TODAY

ORDER = Fact(name="birth_order", label="출생순위", type=FactType.INTEGER, aliases=("출생순위", "순위"))
MOVED = Fact(name="moved_in_on", label="전입일", type=FactType.DATE, aliases=("전입일",))
CASH = Fact(
    name="payment_form", label="지급방법", type=FactType.CHOICE, aliases=("지급방법",),
    choices={"voucher": ("상품권", "카드"), "cash": ("현금", "계좌")},
)  # fmt: skip
BASE = ["성명", "생년월일", "휴대전화", "지급액"]
PERSON = ["김민서", "1985-01-05", "010-1234-5678", "120000"]


def read(header: list[str], *rows: list[str], extra: Sequence[Fact], **options: Any) -> Chunk:
    required = options.pop("required", [["name"]])
    layout, rest = locate_columns(enumerate([header, *rows], start=1), required=required, extra=extra)
    chunks = normalise_rows(
        rest,
        layout,
        Options(
            latest_birth=TODAY, values=options.pop("values", ("facts",)), required=required, extra=extra, **options
        ),
    )
    return next(iter(chunks))


def facts(chunk: Chunk) -> list[Any]:
    return [told and json.loads(told) for _row, told in chunk.rows]


def test_extra_columns_become_one_json_object_for_each_row() -> None:
    chunk = read(
        [*BASE, "출생 순위(째)", "전입일자", "전입일", "지급 방법"],
        [*PERSON, "둘째", "x", "2026. 3. 1.", "현금"],
        [*PERSON, "", "", "", "-"],
        [*PERSON, "3", "", "", "상품권"],
        extra=(ORDER, MOVED, CASH),
    )
    assert facts(chunk) == [
        {"birth_order": 2, "moved_in_on": "2026-03-01", "payment_form": "cash"},
        None,
        {"birth_order": 3, "payment_form": "voucher"},
    ]
    assert chunk.problems == []


def test_the_same_column_means_nothing_to_a_programme_that_does_not_ask() -> None:
    chunk = read([*BASE, "출생순위"], [*PERSON, "둘째"], extra=())
    assert facts(chunk) == [None]


def test_a_cell_that_cannot_be_read_is_an_error_of_its_row() -> None:
    chunk = read([*BASE, "출생순위"], [*PERSON, "많음"], extra=(ORDER,))
    assert facts(chunk) == [None]
    assert chunk.problems == [(2, "birth_order", "number_unreadable", "많음")]
    assert not PROBLEMS["number_unreadable"].is_warning


def test_a_fact_can_be_required() -> None:
    with pytest.raises(ColumnMissing) as refused:
        read(BASE, PERSON, extra=(ORDER,), required=[["name"], ["birth_order"]])
    assert refused.value.params["fields"] == [["birth_order"]]
    chunk = read([*BASE, "순위"], [*PERSON, ""], extra=(ORDER,), required=[["name"], ["birth_order"]])
    assert chunk.problems == [(2, "birth_order", "missing", "")]


@pytest.mark.parametrize(
    ("type_", "cell", "value"),
    [
        ("integer", "3", 3), ("integer", "3명", 3), ("integer", " ３ ", 3), ("integer", "1,234", 1234), ("integer", "0", 0),
        ("integer", "3.0", 3), ("integer", "둘째", 2), ("integer", "셋째아", 3), ("integer", "제2", 2), ("integer", "100%", 100),
        ("integer", "-", None), ("integer", "해당없음", None), ("integer", "2.5", "number_not_whole"),
        ("integer", "-3", "number_unreadable"), ("integer", "3~4", "number_unreadable"), ("integer", "#N/A", "spreadsheet_error"),
        ("integer", "=A1", "formula"), ("numeric", "3.5kW", 3.5), ("numeric", "12.25 ㎡", 12.25), ("numeric", ".5", 0.5),
        ("date", "2026. 3. 1.", "2026-03-01"), ("date", "45293", "2024-01-02"), ("date", "26.12.25", "2026-12-25"),
        ("date", "2027-03-01", "2027-03-01"), ("date", "2026-02-30", "date_impossible"), ("date", "어제", "date_unreadable"),
        ("date", "2099-01-01", "date_impossible"),
        ("boolean", "O", True), ("boolean", "○", True), ("boolean", "예", True), ("boolean", "TRUE", True), ("boolean", "심함", True),
        ("boolean", "X", False), ("boolean", "없음", False), ("boolean", "해당 없음", False), ("boolean", "", None),
        ("boolean", "아마", "flag_unreadable"),
        ("text", "교육청  승인", "교육청 승인"), ("text", "850105-1234567", "850105-*******"), ("text", "없음", None),
        ("choice", "상품권", "v"), ("choice", "상 품 권", "v"), ("choice", "V", "v"), ("choice", "수표", "choice_unreadable"),
    ],
)  # fmt: skip
def test_cells_by_type(type_: str, cell: str, value: Any) -> None:
    read_cell = fact_reader(
        Fact(name="x", label="", type=FactType(type_), aliases=(), choices={"v": ("상품권",)}, yes=("심함",)),
        today=TODAY,
    )
    try:
        piece = read_cell(cell)
        assert (json.loads(f"{{{piece}}}")["x"] if piece else None) == value
    except CellProblem as problem:
        assert problem.code == value


@pytest.mark.parametrize(("required", "code"), [([["name"]], "account_number_unclear"),
                                                ([["name"], ["account_number"]], "account_number_unreadable")])  # fmt: skip
def test_an_account_number_keeps_nobody_out_unless_it_is_needed(required: list[list[str]], code: str) -> None:
    chunk = read(["성명", "계좌번호", "비고"], ["김민서", "농협 통장", ""], extra=(), required=required, values=("account_number_index",),
                 seal_account_number=lambda number: (number.encode(), b""))  # fmt: skip
    assert [problem[2] for problem in chunk.problems] == [code]
    assert PROBLEMS[code].is_warning is (code == "account_number_unclear")
