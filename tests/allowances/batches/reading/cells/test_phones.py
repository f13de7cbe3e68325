from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allowances.batches.reading.cells.phones import read_phone
from allowances.batches.reading.problems import CellProblem
from tests.allowances.batches.reading.cells.outcome import outcome


@pytest.mark.parametrize(
    ("cell", "digits"),
    [
        ("010-1234-5678", "01012345678"),
        ("01012345678", "01012345678"),
        ("010.1234.5678", "01012345678"),
        ("010 1234 5678", "01012345678"),
        ("010)1234-5678", "01012345678"),
        ("０１０－１２３４－５６７８", "01012345678"),
        ("010–1234–5678", "01012345678"),
        ("1012345678", "01012345678"),
        ("1012345678.0", "01012345678"),
        ("10-1234-5678", "01012345678"),
        ("+82 10-1234-5678", "01012345678"),
        ("+821012345678", "01012345678"),
        ("+82(0)10-1234-5678", "01012345678"),
        ("0082-10-1234-5678", "01012345678"),
        ("1.012345678E+09", "01012345678"),
        ("'01012345678", "01012345678"),
        ('="01012345678"', "01012345678"),
        ("010-1234-5678 (본인)", "01012345678"),
        ("011-234-5678", "0112345678"),
        ("112345678", "0112345678"),
        ("02-123-4567", "021234567"),
        ("(02) 1234-5678", "0212345678"),
        ("212345678", "0212345678"),
        ("031-123-4567", "0311234567"),
        ("311234567", "0311234567"),
        ("070-1234-5678", "07012345678"),
        ("0505-123-4567", "05051234567"),
        ("-", None),
        ("없음", None),
    ],
)
def test_forms(cell: str, digits: str | None) -> None:
    assert read_phone(cell) == digits


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1.01E+10", "rounded"),
        ("1.01235E+09", "rounded"),
        ("010-1234-567", "phone_unreadable"),
        ("101234567", "phone_unreadable"),
        ("010-12345-6789", "phone_unreadable"),
        ("1234-5678", "phone_unreadable"),
        ("1588-1234", "phone_unreadable"),
        ("010-0000-0000", "phone_unreadable"),
        ("000-0000-0000", "phone_unreadable"),
        ("010-****-5678", "phone_unreadable"),
        ("김민서", "phone_unreadable"),
        ("010-1234-5678/02-123-4567", "phones_several"),
        ("010-1234-5678, 010-2222-3333", "phones_several"),
        ("010-1234-5678\n010-2222-3333", "phones_several"),
        ("=A1", "formula"),
        ("#####", "column_too_narrow"),
    ],
)
def test_what_is_no_telephone_number(cell: str, code: str) -> None:
    with pytest.raises(CellProblem) as refused:
        read_phone(cell)

    assert refused.value.code == code


@given(st.one_of(st.text(max_size=30), st.from_regex(r"\+?[0-9][-0-9 .]{0,20}", fullmatch=True)))
def test_anything_is_a_number_or_a_known_problem(cell: str) -> None:
    _code, digits = outcome(read_phone, cell)

    assert digits is None or (digits.isdigit() and digits[0] == "0" and read_phone(digits) == digits)
