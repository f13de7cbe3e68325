from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allowances.batches.reading.cells.text import (
    clean,
    hide_numbers,
    may_hold_number,
    read_dong,
    read_name,
    read_text,
    shown,
)
from allowances.batches.reading.problems import CellProblem
from tests.allowances.batches.reading.cells.outcome import outcome


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("  가 \t 나 \n다 ", "가 나 다"),
        ("가\u00a0나", "가 나"),
        ("가\u3000나", "가 나"),
        ("\ufeff가\u200b나", "가나"),
        ("０１０－１２３４", "010-1234"),
        (unicodedata.normalize("NFD", "홍길동"), "홍길동"),
        ("'01012345678", "01012345678"),
        ("’85.1.5", "85.1.5"),
        ('="01012345678"', "01012345678"),
        ('= "가""나"', '가"나'),
        ('\'="010"', "010"),
        ("-", ""),
        ("–", ""),
        ("－－", ""),
        ("ㅡ", ""),
        ("해당없음", ""),
        ("해당 없음", ""),
        ("해당사항 없음", ""),
        ("없음", ""),
        ("N/A", ""),
        ("NaN", ""),
        ("   ", ""),
        ("#1 비고", "#1 비고"),
    ],
)
def test_clean(cell: str, text: str) -> None:
    assert clean(cell) == text


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("=1+1", "formula"),
        ("=A1", "formula"),
        ("＝SUM(A1:A9)", "formula"),
        ('=HYPERLINK("http://x","y")', "formula"),
        ("#REF!", "spreadsheet_error"),
        ("#n/a", "spreadsheet_error"),
        ("#DIV/0!", "spreadsheet_error"),
        ("#####", "column_too_narrow"),
        ("#", "column_too_narrow"),
        ("가" * 61, "too_long"),
    ],
)
def test_cells_that_hold_no_value(cell: str, code: str) -> None:
    with pytest.raises(CellProblem) as refused:
        clean(cell)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("홍길동", "홍길동"),
        ("홍 길 동", "홍길동"),
        ("홍\u00a0길동 ", "홍길동"),
        (unicodedata.normalize("NFD", "홍길동"), "홍길동"),
        ("홍길동(洪吉童)", "홍길동"),
        ("김 하늘빛나리", "김하늘빛나리"),
        ("NGUYEN  VAN A", "NGUYEN VAN A"),
        ("Nguyen, Van A", "Nguyen Van A"),
        ("O'Neil-Smith Jr.", "O'Neil-Smith Jr."),
        ("Müller", "Müller"),
        ("王小明", "王小明"),
        ("", None),
        ("-", None),
    ],
)
def test_names(cell: str, name: str | None) -> None:
    assert read_name(cell) == name


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("홍*동", "name_masked"),
        ("홍○동", "name_masked"),
        ("홍O동", "name_masked"),
        ("김XX", "name_masked"),
        ("홍길동 외 3명", "name_of_several"),
        ("홍길동, 김민서", "name_of_several"),
        ("홍길동/김민서", "name_of_several"),
        ("홍길동2", "name_unreadable"),
        ("김영희(A)", "name_unreadable"),
        ("홍", "name_unreadable"),
        ("합계", "name_unreadable"),
        ("850105-1234567", "name_unreadable"),
        ("=홍길동", "formula"),
        ("가" * 41, "too_long"),
    ],
)
def test_what_is_no_name(cell: str, code: str) -> None:
    with pytest.raises(CellProblem) as refused:
        read_name(cell)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("cell", "dong"),
    [
        ("행신1동", "행신1동"),
        ("행신 1동", "행신1동"),
        ("행신１동", "행신1동"),
        ("중동", "중동"),
        ("상서면", "상서면"),
        ("상서면 봉오리", "상서면"),
        ("화천읍", "화천읍"),
        ("종로1.2.3.4가동", "종로1·2·3·4가동"),
        ("종로1ㆍ2ㆍ3ㆍ4가동", "종로1·2·3·4가동"),
        ("경기도 고양시 덕양구 행신1동", "행신1동"),
        ("경기도 고양시 덕양구 행신1동 123-4", "행신1동"),
        ("행신1동 행정복지센터", "행신1동"),
        ("행신1동 주민센터", "행신1동"),
        ("행신1동(가라뫼)", "행신1동"),
        ("4128155100", "4128155100"),
        ("해당없음", None),
    ],
)
def test_dongs(cell: str, dong: str | None) -> None:
    assert read_dong(cell) == dong


@pytest.mark.parametrize("cell", ["행신1", "101", "동", "1동", "850105-1234567동", "Haengsin"])
def test_what_is_no_dong(cell: str) -> None:
    with pytest.raises(CellProblem, match="dong_unreadable"):
        read_dong(cell)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("850105-1234567", "850105-*******"),
        ("배우자 850105-2345678 함께", "배우자 850105-******* 함께"),
        ("8501051234567", "850105-*******"),
        ("850105 1234567", "850105-*******"),
        ("8501051 234567", "850105-*******"),
        ("850105–1234567", "850105-*******"),
        ("850105ㅡ1234567", "850105-*******"),
        ("85.01.05 - 1234567", "850105-*******"),
        ("850105/1234567", "850105-*******"),
        ("8 5 0 1 0 5 1 2 3 4 5 6 7", "850105-*******"),
        ("2026-11-20 10:30", "2026-11-20 10:30"),
        ("농협 302-1234-5678-91", "농협 ***-****-**78-91"),
        ("계좌 11012345678", "계좌 *******5678"),
        ("연락 010-1234-5678", "연락 010-1234-5678"),
        ("행신로 123-4 101동 1203호", "행신로 123-4 101동 1203호"),
        ("1,000,000,000,000", "1,000,000,000,000"),
        ("2026-11-20", "2026-11-20"),
    ],
)
def test_long_numbers_are_hidden(text: str, hidden: str) -> None:
    assert hide_numbers(text) == hidden


@given(st.text("0123456789- 가", max_size=30))
def test_the_quick_search_finds_all_that_is_hidden(text: str) -> None:
    assert hide_numbers(text) == text or may_hold_number(text)


def test_texts_keep_their_words_and_lose_their_numbers() -> None:
    assert read_text(" 계좌\n850105-1234567  변경 ") == "계좌 850105-******* 변경"
    assert read_text("-") is None
    with pytest.raises(CellProblem, match="too_long"):
        read_text("가" * 301)


def test_a_cell_is_shown_short_and_masked() -> None:
    assert shown("８５０１０５－１２３４５６７\n끝") == "850105-******* 끝"
    assert len(shown("가" * 70_000)) == 100


@pytest.mark.parametrize("read", [read_name, read_dong, read_text])
@given(cell=st.text(max_size=80))
def test_what_was_read_is_read_the_same_again(read: Callable[[str], str | None], cell: str) -> None:
    _code, value = outcome(read, cell)

    assert value is None or read(value) == value
