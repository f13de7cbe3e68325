import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vouchers.common import korean

WORDS = [
    (0, "영"),
    (1, "일"),
    (10, "일십"),
    (100, "일백"),
    (1_000, "일천"),
    (10_000, "일만"),
    (10_010, "일만일십"),
    (100_000, "일십만"),
    (113_560, "일십일만삼천오백육십"),
    (234_580, "이십삼만사천오백팔십"),
    (1_200_000, "일백이십만"),
    (94_300_000_000, "구백사십삼억"),
    (100_000_001, "일억일"),
    (1_000_000_000_000, "일조"),
    (9_999_999_999_999_999, "구천구백구십구조구천구백구십구억구천구백구십구만구천구백구십구"),
    (10**16, "일경"),
]


@pytest.mark.parametrize(("amount", "words"), WORDS)
def test_amount_in_words(amount, words):
    assert korean.amount_in_words(amount) == words


def read_back(words: str) -> int:
    """An independent reader of Korean numerals."""
    total = 0
    for part, unit in re.findall(r"([^만억조경]+)(만|억|조|경|$)", words):
        group = sum(
            "영일이삼사오육칠팔구".index(digit) * {"": 1, "십": 10, "백": 100, "천": 1000}[place]
            for digit, place in re.findall(r"([영일이삼사오육칠팔구])([십백천]?)", part)
        )
        total += group * {"": 1, "만": 10**4, "억": 10**8, "조": 10**12, "경": 10**16}[unit]
    return total


@given(st.integers(min_value=0, max_value=10**16))
def test_words_read_back_to_the_same_amount(amount):
    assert read_back(korean.amount_in_words(amount)) == amount


@pytest.mark.parametrize("amount", [-1, 10**16 + 1, 10**18])
def test_no_words_outside_the_range(amount):
    with pytest.raises(ValueError, match="no words"):
        korean.amount_in_words(amount)


@pytest.mark.parametrize(
    ("amount", "document"),
    [
        (0, "금0원(금영원)"),
        (234_580, "금234,580원(금이십삼만사천오백팔십원)"),
        (113_560, "금113,560원(금일십일만삼천오백육십원)"),
        (-11_000, "금△11,000원(금△일만일천원)"),
    ],
)
def test_document_amount(amount, document):
    assert korean.document_amount(amount) == document


def test_accounting_amount():
    assert korean.accounting_amount(1_200_000) == "일금 일백이십만원정"
    with pytest.raises(ValueError, match="no words"):
        korean.accounting_amount(-1)


@pytest.mark.parametrize(
    ("number", "minus", "text"),
    [(0, "-", "0"), (999, "-", "999"), (1_000, "-", "1,000"), (-1_234_567, "-", "-1,234,567"), (-5, "△", "△5")],
)
def test_grouped(number, minus, text):
    assert korean.grouped(number, minus=minus) == text


def test_dates_and_times_are_those_of_seoul():
    at = datetime(2022, 11, 13, 23, 10, tzinfo=UTC)
    assert korean.document_date(date(2022, 1, 4)) == "2022. 1. 4."
    assert korean.document_date(at) == "2022. 11. 14."
    assert korean.document_time(at) == "08:10"
    assert korean.document_datetime(at) == "2022. 11. 14. 08:10"
    with pytest.raises(ValueError, match="time zone"):
        korean.document_time(at.replace(tzinfo=None))


def test_period():
    assert korean.document_period(date(2022, 11, 1), date(2022, 11, 14)) == "2022. 11. 1. ~ 2022. 11. 14."
    assert korean.document_period(date(2022, 11, 14), date(2022, 11, 14)) == "2022. 11. 14."
