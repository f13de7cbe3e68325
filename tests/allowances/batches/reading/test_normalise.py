from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allowances.batches.reading.columns import locate_columns
from allowances.batches.reading.errors import NoRows
from allowances.batches.reading.normalise import VALUES, Chunk, Options, normalise_rows
from allowances.batches.reading.problems import PROBLEMS

TODAY = date(2026, 11, 20)
HEADER = ["성명", "생년월일", "주민등록번호", "휴대전화", "지급액", "은행", "계좌번호", "예금주", "주소", "비고"]
PERSON = [
    "김민서",
    "1985-01-05",
    "850105-2971364",
    "010-1234-5678",
    "120000",
    "농협",
    "302-1234-5678-91",
    "김민서",
    "행신로 1",
    "",
]
NUMBER = "8501052971364"
ACCOUNT = "3021234567891"


def seal(number: str) -> tuple[bytes, bytes]:
    return b"sealed:" + number[::-1].encode(), b"index:" + number[::-1].encode()


def normalise(*rows: list[str], header: list[str] = HEADER, **options: Any) -> Chunk:
    layout, rest = locate_columns(enumerate([header, *rows], start=1), required=[["name"]])
    chunks = normalise_rows(rest, layout, Options(**{"latest_birth": TODAY, **options}))
    return Chunk(*([item for part in parts for item in part] for parts in zip(*chunks, strict=True)))


def person(**cells: str) -> list[str]:
    return [cells.get(label, cell) for label, cell in zip(HEADER, PERSON, strict=True)]


def value(chunk: Chunk, name: str) -> Any:
    return chunk.rows[0][1 + VALUES.index(name)]


def test_all_values_stand_in_their_order() -> None:
    chunk = normalise(PERSON, seal_resident_number=seal, seal_account_number=seal)

    assert chunk.problems == []
    assert dict(zip(VALUES, chunk.rows[0][1:], strict=True)) == {
        "name": "김민서",
        "birth_date": date(1985, 1, 5),
        "resident_number": seal(NUMBER)[0],
        "resident_number_index": seal(NUMBER)[1],
        "phone": "01012345678",
        "dong": None,
        "address": "행신로 1",
        "amount": 120_000,
        "bank": "농협",
        "account_number": seal(ACCOUNT)[0],
        "account_number_index": seal(ACCOUNT)[1],
        "account_holder": "김민서",
        "note": None,
        "facts": None,
    }


def test_without_seals_numbers_go_nowhere() -> None:
    chunk = normalise(PERSON)

    assert [value(chunk, name) for name in VALUES if "number" in name] == [None] * 4
    assert "297136" not in repr(chunk)
    assert "1234567891" not in repr(chunk)


@pytest.mark.parametrize(
    "cells",
    [
        {"주민등록번호": "850105-297136"},
        {"주민등록번호": "851305-2971364"},
        {"주민등록번호": "850105-2971369"},
        {"성명": "김민서 850105-2971364"},
        {"생년월일": "850105-2971364 김"},
        {"휴대전화": "850105-2971364"},
        {"비고": "주민번호 850105-2971364, 계좌 302-1234-5678-91"},
        {"주소": "행신로 1 850105 2971364"},
        {"지급액": "302-1234-5678-91"},
        {"계좌번호": "농협 302-1234-5678-91"},
        {"은행": "농협 302-1234-5678-91 850105-2971364"},
    ],
)
def test_plain_numbers_are_nowhere_in_what_comes_out(cells: dict[str, str]) -> None:
    chunk = normalise(person(**cells), seal_resident_number=seal, seal_account_number=seal)
    told = repr((chunk.problems, chunk.rows)).replace(" ", "").replace("-", "")

    assert "2971364" not in told
    assert "297136" not in told
    assert "30212971368" not in told


def test_nothing_is_read_that_is_not_asked_for() -> None:
    chunk = normalise(person(계좌번호="=1+1", 은행="#REF!"), values=("name",), required=(("name",),))

    assert chunk == ([(2, "김민서")], [], [])


def test_what_is_required_is_read_even_if_not_asked_for() -> None:
    chunk = normalise(person(휴대전화="없음"), values=("name",), required=(("phone",),))

    assert chunk.problems == [(2, "phone", "missing", "")]


@pytest.mark.parametrize(
    ("required", "codes"), [((), ["dong_unreadable"]), ((("dong",),), ["dong_unreadable", "missing"])]
)
def test_a_dong_that_cannot_be_read_keeps_a_row_out_only_where_it_is_required(
    required: tuple[Any, ...], codes: list[str]
) -> None:
    chunk = normalise(["김민서", "행신1"], header=["성명", "읍면동"], required=(("name",), *required))

    assert [problem[2] for problem in chunk.problems] == codes


def test_a_resident_number_alone_can_be_read() -> None:
    chunk = normalise(
        PERSON, values=("resident_number_index",), required=(("resident_number",),), seal_resident_number=seal
    )

    assert chunk == ([(2, seal(NUMBER)[1])], [], [])


def test_a_number_that_is_required_needs_its_seal() -> None:
    with pytest.raises(ValueError, match="required"):
        normalise(PERSON, required=(("resident_number",),))


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"성명": ""}, ("name", "missing", "")),
        ({"성명": "홍*동"}, ("name", "name_masked", "홍*동")),
        ({"생년월일": "1985.13.1"}, ("birth_date", "birth_date_impossible", "1985.13.1")),
        ({"생년월일": "1985-01-06"}, ("birth_date", "birth_date_differs", "1985-01-06")),
        ({"생년월일": "1885-01-05"}, ("birth_date", "birth_date_impossible", "1885-01-05")),
        ({"주민등록번호": "850105-2971363"}, ("resident_number", "resident_number_check", "850105-*******")),
        ({"주민등록번호": "850105-297136"}, ("resident_number", "resident_number_unreadable", "***")),
        ({"휴대전화": "1.01E+10"}, ("phone", "rounded", "1.01E+10")),
        ({"지급액": "1.5"}, ("amount", "amount_fraction", "1.5")),
        ({"지급액": "-"}, ("amount", "missing", "")),
        ({"계좌번호": "1.23457E+12"}, ("account_number", "rounded", "*.***57E+12")),
        ({"은행": "#REF!"}, ("bank", "spreadsheet_error", "#REF!")),
        ({"비고": "=1+1"}, ("note", "formula", "=1+1")),
        ({"비고": "가" * 500}, ("note", "too_long", "가" * 100)),
    ],
)
def test_a_problem_names_row_field_code_and_value(cells: dict[str, str], problem: tuple[str, str, str]) -> None:
    chunk = normalise(person(**cells), seal_resident_number=seal, seal_account_number=seal)

    assert chunk.problems == [(2, *problem)]
    assert len(chunk.rows) == 1


def test_problems_come_by_row_and_column() -> None:
    broken = person(성명="", 지급액="x", 휴대전화="y")

    chunk = normalise(broken, PERSON, broken)

    assert [problem[:2] for problem in chunk.problems] == [
        (2, "name"), (2, "phone"), (2, "amount"), (4, "name"), (4, "phone"), (4, "amount"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "number", "birth_date"),
    [
        ("", "850105-2971364", date(1985, 1, 5)),
        ("-", "850105-2******", date(1985, 1, 5)),
        ("850105", "850105-2971364", date(1985, 1, 5)),
        ("240105", "240105-3******", date(2024, 1, 5)),
        ("240105", "240105-1******", date(1924, 1, 5)),
        ("240105", "240105-1345672", date(1924, 1, 5)),
        ("1924-01-05", "240105-*******", date(1924, 1, 5)),
        ("1985-01-05", "", date(1985, 1, 5)),
    ],
)
def test_resident_numbers_tell_and_confirm_birth_dates(written: str, number: str, birth_date: date) -> None:
    chunk = normalise(person(생년월일=written, 주민등록번호=number), seal_resident_number=seal)

    assert value(chunk, "birth_date") == birth_date
    assert not [problem for problem in chunk.problems if not PROBLEMS[problem[2]].is_warning]


def test_a_century_that_differs_is_a_problem() -> None:
    chunk = normalise(person(생년월일="2024-01-05", 주민등록번호="240105-1345672"), seal_resident_number=seal)

    assert ("birth_date", "birth_date_differs") in [problem[1:3] for problem in chunk.problems]


def test_numbers_given_since_october_2020_have_no_check_digit() -> None:
    chunk = normalise(person(생년월일="", 주민등록번호="201005-3111111"), seal_resident_number=seal)

    assert chunk.problems == []


@pytest.mark.parametrize(
    ("required", "codes"),
    [
        ((("name",), ("resident_number",)), ["resident_number_masked"]),
        ((("name",), ("birth_date", "resident_number")), []),
    ],
)
def test_a_masked_number_matters_where_the_number_is_needed(required: tuple[Any, ...], codes: list[str]) -> None:
    chunk = normalise(person(주민등록번호="850105-2******"), required=required, seal_resident_number=seal)

    assert [problem[2] for problem in chunk.problems] == codes


def test_nobody_is_no_list() -> None:
    with pytest.raises(NoRows):
        normalise()
    with pytest.raises(NoRows):
        normalise([""] * 10, ["합계", *[""] * 9])


def test_every_problem_has_its_own_reason_and_a_remedy() -> None:
    assert len({str(kind.reason) for kind in PROBLEMS.values()}) == len(PROBLEMS)
    assert all(str(kind.remedy) for kind in PROBLEMS.values())


@given(st.lists(st.lists(st.text(max_size=15), max_size=12), max_size=12), st.integers(min_value=1, max_value=5))
def test_every_row_is_a_person_or_skipped_and_no_bad_row_is_silent(rows: list[list[str]], chunk_rows: int) -> None:
    try:
        chunk = normalise(*rows, chunk_rows=chunk_rows, seal_resident_number=seal, seal_account_number=seal)
    except NoRows:
        return
    numbers = [row[0] for row in chunk.rows]
    skipped = [row.row_number for row in chunk.skipped]

    assert sorted(numbers + skipped) == list(range(2, len(rows) + 2))
    assert numbers == sorted(numbers)
    bad = {problem[0] for problem in chunk.problems if not PROBLEMS[problem[2]].is_warning}
    required = [1 + VALUES.index(name) for name in ("name", "birth_date", "phone", "amount")]
    assert {row[0] for row in chunk.rows if any(row[index] is None for index in required)} <= bad <= set(numbers)
