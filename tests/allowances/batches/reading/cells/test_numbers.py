from __future__ import annotations

from datetime import date
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allowances.batches.reading.cells.numbers import check_digit_fits, read_account_number, read_resident_number
from allowances.batches.reading.problems import CellProblem
from tests.allowances.batches.reading.cells.outcome import outcome
from vouchers.privacy.rules import parse_resident_number

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("cell", "digits"),
    [
        ("850105-1234567", "8501051234567"),
        ("8501051234567", "8501051234567"),
        ("850105 - 1234567", "8501051234567"),
        ("８５０１０５－１２３４５６７", "8501051234567"),
        ("8.501051234567E+12", "8501051234567"),
        ("501053234567", "0501053234567"),
        ("11053234567", "0011053234567"),
        ("900101-5234567", "9001015234567"),
        ("-", None),
    ],
)
def test_resident_numbers(cell: str, digits: str | None) -> None:
    assert read_resident_number(cell, latest=TODAY) == digits


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("850105-1******", "resident_number_masked"),
        ("850105-*******", "resident_number_masked"),
        ("850105-1XXXXXX", "resident_number_masked"),
        ("850105-1", "resident_number_masked"),
        ("850105", "resident_number_masked"),
        ("8.50105E+12", "rounded"),
        ("850105-123456", "resident_number_unreadable"),
        ("850230-1234567", "resident_number_unreadable"),
        ("270101-3234567", "resident_number_unreadable"),
        ("김민서", "resident_number_unreadable"),
        ("01012345678", "resident_number_unreadable"),
        ("501051234567", "resident_number_unreadable"),
        ("=A1", "formula"),
    ],
)
def test_what_is_no_resident_number(cell: str, code: str) -> None:
    with pytest.raises(CellProblem) as refused:
        read_resident_number(cell, latest=TODAY)

    assert refused.value.code == code


@given(st.from_regex(r"[0-9]{2}0[1-9][012][1-8][0-9]{7}", fullmatch=True))
def test_the_tables_agree_with_the_rule(digits: str) -> None:
    assert check_digit_fits(digits) == parse_resident_number(digits).check_fits


@pytest.mark.parametrize(
    ("cell", "digits"),
    [
        ("302-1234-5678-91", "3021234567891"),
        ("110123456789", "110123456789"),
        ("110 123 456789", "110123456789"),
        ("1.23456789012E+11", "123456789012"),
        ("110123456789.0", "110123456789"),
        ("1234567890123456", "1234567890123456"),
        ("1234-5678-9012-3450", "1234567890123450"),
        ("1234567", "1234567"),
        ("해당없음", None),
    ],
)
def test_account_numbers(cell: str, digits: str | None) -> None:
    assert read_account_number(cell) == digits


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1.23457E+12", "rounded"),
        ("1234567890123450", "rounded"),
        ("12345678901234500", "rounded"),
        ("123456", "account_number_unreadable"),
        ("1" * 21, "account_number_unreadable"),
        ("농협 302-1234-5678-91", "account_number_unreadable"),
        ("#####", "column_too_narrow"),
    ],
)
def test_what_is_no_account_number(cell: str, code: str) -> None:
    with pytest.raises(CellProblem) as refused:
        read_account_number(cell)

    assert refused.value.code == code


@given(st.one_of(st.text(max_size=30), st.from_regex(r"[0-9*]{0,7}-?[0-9*]{0,14}", fullmatch=True)))
def test_anything_is_digits_or_a_known_problem(cell: str) -> None:
    _code, number = outcome(partial(read_resident_number, latest=TODAY), cell)
    assert number is None or (number.isdigit() and len(number) == 13)

    _code, number = outcome(read_account_number, cell)
    assert number is None or (number.isdigit() and 7 <= len(number) <= 20)
