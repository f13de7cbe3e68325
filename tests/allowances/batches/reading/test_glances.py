"""The fast way must never differ from the careful one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allowances.batches.reading import glances
from allowances.batches.reading.cells.birth_dates import read_birth_date
from allowances.batches.reading.cells.numbers import read_account_number, read_resident_number
from allowances.batches.reading.cells.phones import read_phone
from allowances.batches.reading.cells.text import read_name, read_text
from allowances.batches.reading.problems import CellProblem

TODAY = date(2026, 11, 20)
birth_date = partial(read_birth_date, latest=TODAY)
resident_number = partial(read_resident_number, latest=TODAY)

NAMES = st.one_of(
    st.text("홍길동김가나합계소없음공란", max_size=6),
    st.sampled_from(["없음", "해당없음", "공란", "합계", "소계", "총합계"]),
)
PHONES = st.from_regex(r"0?1[0-9][- .]?[0-9]{3,4}[- .]?[0-9]{4}", fullmatch=True)
ACCOUNTS = st.from_regex(r"[0-9]{3,6}-?[0-9]{2,6}-?[0-9]{3,8}0*", fullmatch=True)
RESIDENT_NUMBERS = st.from_regex(r"[0-9]{2}[01][0-9][0-3][0-9]-?[0-9]{7}", fullmatch=True)
DATES = st.from_regex(r"(19|20)?[0-9]{2}[-. ]{0,2}[01]?[0-9][-. ]{0,2}[0-3]?[0-9]", fullmatch=True)
TEXTS = st.one_of(st.text("가나 0123456789-'=#N/A()", max_size=40), st.text(max_size=20))


def careful(read: Callable[[str], Any], cell: str) -> Any:
    try:
        return read(cell)
    except CellProblem:
        return None


@pytest.mark.parametrize(
    ("glance", "read", "strategy"),
    [
        (glances.names, read_name, NAMES),
        (glances.phones, read_phone, PHONES),
        (glances.account_numbers, read_account_number, ACCOUNTS),
        (glances.resident_numbers(TODAY), resident_number, RESIDENT_NUMBERS),
        (glances.texts(read_text), read_text, TEXTS),
        (glances.birth_dates(birth_date, TODAY), birth_date, st.one_of(DATES, RESIDENT_NUMBERS)),
    ],
    ids=["names", "phones", "accounts", "resident numbers", "texts", "dates"],
)
def test_a_glance_is_sure_or_says_nothing(
    glance: glances.Glance, read: glances.Read, strategy: st.SearchStrategy[str]
) -> None:
    @given(st.lists(strategy, max_size=20))
    def check(cells: Sequence[str]) -> None:
        seen = glance(cells)
        assert len(seen) == len(cells)
        assert all(value is None or value == careful(read, cell) for value, cell in zip(seen, cells, strict=True))

    check()


@pytest.mark.parametrize(
    ("glance", "cell"),
    [
        (glances.names, "김민서"),
        (glances.phones, "010-1234-5678"),
        (glances.phones, "01012345678"),
        (glances.phones, "1012345678"),
        (glances.phones, "010.1234.5678"),
        (glances.account_numbers, "110-123-456789"),
        (glances.resident_numbers(TODAY), "850105-1234567"),
        (glances.texts(read_text), "재신청"),
        (glances.texts(read_text), "경기도 고양시 덕양구 행신로 123-4 (행신동)"),
        (glances.birth_dates(birth_date, TODAY), "1985-01-05"),
        (glances.birth_dates(birth_date, TODAY), "850105-1234567"),
    ],
)
def test_plain_cells_are_settled_at_a_glance(glance: glances.Glance, cell: str) -> None:
    assert glance([cell])[0] is not None


def test_problems_are_not_remembered_and_memory_has_an_end() -> None:
    memory = glances.Memory(read_text)
    for number in range(70_000):
        assert memory[f"비고 {number}"] == f"비고 {number}"
    assert memory["=1+1"] is None
    assert memory["가" * 50] == "가" * 50

    assert len(memory) < 1 << 16
    assert "=1+1" not in memory
    assert "가" * 50 not in memory
