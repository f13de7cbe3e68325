from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allowances.batches.reading.cells.amounts import read_amount
from allowances.batches.reading.problems import CellProblem
from tests.allowances.batches.reading.cells.outcome import outcome
from vouchers.common.korean import accounting_amount, document_amount


@pytest.mark.parametrize(
    ("cell", "won"),
    [
        ("120000", 120_000),
        ("120,000", 120_000),
        ("1,200,000원", 1_200_000),
        (" 1 200 000 ", 1_200_000),
        ("１２０，０００", 120_000),
        ("₩120,000", 120_000),
        ("￦120,000", 120_000),
        ("\\120,000", 120_000),
        ("KRW 120,000", 120_000),
        ("120,000 won", 120_000),
        ("금120,000원정", 120_000),
        ("금 120,000 원정", 120_000),
        ("일금 일백이십만원정", 1_200_000),
        ("금234,580원(금이십삼만사천오백팔십원)", 234_580),
        ("120,000(원)", 120_000),
        ("100000.0", 100_000),
        ("100,000.00", 100_000),
        ("120만원", 1_200_000),
        ("120만 원", 1_200_000),
        ("1.5만원", 15_000),
        ("1억 2천만원", 120_000_000),
        ("1억2,000만원", 120_000_000),
        ("1억", 100_000_000),
        ("12만5천원", 125_000),
        ("12만5000원", 125_000),
        ("12만 5,000원", 125_000),
        ("2천5백원", 2_500),
        ("2천500만원", 25_000_000),
        ("120천원", 120_000),
        ("3백만원", 3_000_000),
        ("십이만원", 120_000),
        ("십만원", 100_000),
        ("십이", 12),
        ("이천오원", 2_005),
        ("1.20000E+05", 120_000),
        ("1.23456E+05", 123_456),
        ("'120000", 120_000),
        ('="120000"', 120_000),
        ("1000000000000", 10**12),
        ("-", None),
        ("해당없음", None),
    ],
)
def test_forms(cell: str, won: int | None) -> None:
    assert read_amount(cell) == won


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("0", "amount_zero"),
        ("0원", "amount_zero"),
        ("0.0", "amount_zero"),
        ("-120,000", "amount_negative"),
        ("△120,000", "amount_negative"),
        ("▲ 120,000원", "amount_negative"),
        ("(120,000)", "amount_negative"),
        ("₩-120", "amount_negative"),
        ("1.5", "amount_fraction"),
        ("120000.5원", "amount_fraction"),
        ("0.00001만원", "amount_fraction"),
        ("1000000000001", "amount_too_large"),
        ("1조 1원", "amount_unreadable"),
        ("2조", "amount_too_large"),
        ("9" * 50, "amount_too_large"),
        ("1.2E+05", "rounded"),
        ("1e9", "rounded"),
        ("1E+999", "rounded"),
        ("12,00", "amount_unreadable"),
        ("1,20,000", "amount_unreadable"),
        ("1.200.000", "amount_unreadable"),
        ("12 0000", "amount_unreadable"),
        ("만원", "amount_unreadable"),
        ("천원", "amount_unreadable"),
        ("원", "amount_unreadable"),
        ("1만5", "amount_unreadable"),
        ("1억2000", "amount_unreadable"),
        ("2천5", "amount_unreadable"),
        ("만5억", "amount_unreadable"),
        ("120,000원×2", "amount_unreadable"),
        ("120000~150000", "amount_unreadable"),
        ("120,000원(금십이만원정도)", "amount_unreadable"),
        ("120,000원(금일십삼만원)", "amount_unreadable"),
        ("미정", "amount_unreadable"),
        ("=1+1", "formula"),
        ("#VALUE!", "spreadsheet_error"),
        ("1" * 61, "too_long"),
    ],
)
def test_what_is_no_amount(cell: str, code: str) -> None:
    with pytest.raises(CellProblem) as refused:
        read_amount(cell)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("cell", "unit", "won"),
    [("120", 1_000, 120_000), ("1,200", 1_000, 1_200_000), ("1.5", 1_000, 1_500), ("12", 10_000, 120_000)],
)
def test_the_unit_of_the_column_counts_for_bare_numbers(cell: str, unit: int, won: int) -> None:
    assert read_amount(cell, unit=unit) == won


@pytest.mark.parametrize("cell", ["120,000원", "12만", "₩120", "금120"])
def test_a_cell_with_another_unit_than_its_column_is_refused(cell: str) -> None:
    with pytest.raises(CellProblem, match="amount_unit_conflict"):
        read_amount(cell, unit=1_000)


def test_the_limit_can_be_set() -> None:
    assert read_amount("500", largest=500) == 500
    with pytest.raises(CellProblem, match="amount_too_large"):
        read_amount("501", largest=500)


@given(st.integers(min_value=1, max_value=10**12))
def test_every_way_to_write_an_amount_gives_it_back(won: int) -> None:
    ways = [str(won), f"{won:,}", f"{won:,}원", f"₩{won:,}", f"{won}.00", accounting_amount(won), document_amount(won)]

    assert {read_amount(way) for way in ways} == {won}


@given(st.one_of(st.text(max_size=40), st.text("0123456789,.원만억천백십일이삼 ()E+-", max_size=20)))
def test_anything_is_whole_positive_won_or_a_known_problem(cell: str) -> None:
    _code, won = outcome(read_amount, cell)

    assert won is None or (isinstance(won, int) and 0 < won <= 10**12)
