"""Statements as banks export them: every usual form is read, and a file that was changed is not."""

from __future__ import annotations

import io
from datetime import date, datetime, time

import pytest

from allowances.batches.reading.tables import open_table
from tests.vouchers.reconciliation.conftest import csv_of, xlsx_of
from vouchers.reconciliation.errors import BalanceBroken, NoStatementTable, StatementEmpty, StatementUnreadable
from vouchers.reconciliation.rules import Statement, read_statement

LINES = [
    ("2026-11-20 09:30:00", 1_000_000, 0, "예산 입금"),
    ("2026-11-20 17:00:00", 250_000, 0, "충전"),
    ("2026-11-22 10:05:10", 0, 30_000, "환불 이체"),
]


def _read(file: io.BytesIO) -> Statement:
    return read_statement(open_table(file, whole=True))


def _amounts(statement: Statement) -> list[tuple[date, int, int]]:
    return [(entry.day, entry.amount, entry.balance) for entry in statement.entries]


EXPECTED = [
    (date(2026, 11, 20), 1_000_000, 1_500_000),
    (date(2026, 11, 20), 250_000, 1_750_000),
    (date(2026, 11, 22), -30_000, 1_720_000),
]


@pytest.mark.parametrize("encoding", ["cp949", "utf-8", "utf-8-sig"])
def test_a_csv_with_title_rows_and_a_sum_row(encoding: str) -> None:
    statement = _read(csv_of(LINES, opening=500_000, encoding=encoding))
    assert _amounts(statement) == EXPECTED
    assert statement.opening == 500_000
    assert statement.entries[0].clock == time(9, 30)
    assert statement.entries[2].memo == "환불 이체"


def test_a_workbook_with_the_newest_line_first_and_typed_cells() -> None:
    statement = _read(
        xlsx_of(
            [
                ["입출금 거래내역"], ["조회기간", "2026.11.01 ~ 2026.11.22"], [],
                ["순번", "거래일자", "거래시간", "적요", "출금(원)", "입금(원)", "내용", "잔액(원)", "거래점"],
                [3, datetime(2026, 11, 22), "10:05:10", "인터넷", 30000, 0, "환불 이체", 1720000, "본점"],
                [2, datetime(2026, 11, 20), "17:00:00", "펌뱅킹", None, 250000.0, "충전", 1750000, "본점"],
                [1, datetime(2026, 11, 20), "09:30:00", "전자금융", None, 1000000, "예산 입금", 1500000, "본점"],
                ["합계", None, None, None, 30000, 1250000],
            ]
        )
    )  # fmt: skip
    assert _amounts(statement) == EXPECTED
    assert [entry.row for entry in statement.entries] == [7, 6, 5]
    assert statement.entries[0].clock == time(9, 30)
    assert statement.entries[0].memo == "전자금융 · 예산 입금"


@pytest.mark.parametrize(
    ("written", "day"),
    [("2026.11.20", 20), ("2026/11/20", 20), ("20261120", 20), ("2026년 11월 20일", 20), ("2026-11-20 09:30", 20)],
)
def test_dates_as_banks_write_them(written: str, day: int) -> None:
    file = io.BytesIO(f"일자,찾으신금액,맡기신금액,잔액\n{written},,1000,1000\n".encode())
    assert _amounts(_read(file)) == [(date(2026, 11, day), 1000, 1000)]


def test_an_overdrawn_account_and_a_line_without_money() -> None:
    file = io.BytesIO(
        "거래일,출금액,입금액,잔액\n2026-11-20,500,0,-500\n2026-11-20,,,-500\n2026-11-21,-,500원,0\n".encode()
    )
    assert _amounts(_read(file)) == [(date(2026, 11, 20), -500, -500), (date(2026, 11, 21), 500, 0)]


def test_equal_lines_of_a_day_are_told_apart() -> None:
    file = csv_of(
        [("2026-11-20 09:00", 100, 0, "가"), ("2026-11-20 09:01", 0, 100, "나"), ("2026-11-20 09:02", 100, 0, "다")]
    )
    assert [entry.ordinal for entry in _read(file).entries] == [1, 1, 2]


def test_a_day_without_lines_ends_as_the_one_before() -> None:
    statement = _read(csv_of(LINES, opening=500_000))
    assert statement.closing_balances(through=date(2026, 11, 23)) == [
        (date(2026, 11, 20), 1_750_000), (date(2026, 11, 21), 1_750_000), (date(2026, 11, 22), 1_720_000),
        (date(2026, 11, 23), 1_720_000),
    ]  # fmt: skip


def _without_line(number: int) -> io.BytesIO:
    rows = csv_of(LINES, opening=500_000).read().split(b"\r\n")
    del rows[number]
    return io.BytesIO(b"\r\n".join(rows))


def test_a_removed_line_is_noticed() -> None:
    with pytest.raises(BalanceBroken) as broken:
        _read(_without_line(5))
    assert broken.value.params["row"] == 6


def test_lines_that_go_up_and_down_in_time_are_noticed() -> None:
    with pytest.raises(BalanceBroken):
        _read(csv_of([LINES[2], LINES[0], LINES[2]]))


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("모름,,1000,1000", "거래일"), ("2026-13-40,,1000,1000", "거래일"), ("2026-11-20,십만원,0,1000", "출금액"),
        ("2026-11-20,,1000,", "잔액"), ("2026-11-20,,9999999999999999999,1", "입금액"),
    ],
)  # fmt: skip
def test_an_unreadable_cell_is_named_by_its_row(cells: str, reason: str) -> None:
    with pytest.raises(StatementUnreadable, match=f"^2행: .*{reason}"):
        _read(io.BytesIO(f"거래일,출금액,입금액,잔액\n{cells}\n".encode()))


def test_another_table_is_no_statement() -> None:
    with pytest.raises(NoStatementTable, match="입금액, 출금액"):
        _read(io.BytesIO("거래일,성명,잔액\n2026-11-20,김,1\n".encode()))


def test_a_statement_without_lines_says_what_to_do() -> None:
    with pytest.raises(StatementEmpty, match="거래가 있는 기간"):
        _read(io.BytesIO("거래일,출금액,입금액,잔액\n".encode()))
