"""The bank file of refunds, and the days of automatic top-ups."""

from __future__ import annotations

import calendar
import csv
import io
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final, NamedTuple

ENCODING: Final = "cp949"
_HEADER: Final = ("은행코드", "계좌번호", "이체금액", "받는분통장표시", "내통장메모")
_FORMULA: Final = frozenset("=+-@\t\r")


class Transfer(NamedTuple):
    """One line for the bank: to whose account, how much, and what both statements show."""

    bank: str
    number: str
    amount: int
    holder: str
    shown: str
    memo: str


def bank_file(transfers: Iterable[Transfer]) -> bytes:
    """대량이체 CSV as banks take it: CP949, digits as text, one header row.

    What CP949 does not have becomes '?', as at the bank; a cell that a spreadsheet would compute begins with an
    apostrophe.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_HEADER)
    writer.writerows((row.bank, row.number, row.amount, _plain(row.shown), _plain(row.memo)) for row in transfers)
    return text.getvalue().encode(ENCODING, errors="replace")


def _plain(text: str) -> str:
    return f"'{text}" if text[:1] in _FORMULA else text


def next_day(day_of_month: int, today: date) -> date:
    """``today`` or the next day with that number; in a month that is too short, its last day."""
    this = _in_month(today, day_of_month)
    return this if this >= today else _in_month(today.replace(day=28) + timedelta(days=4), day_of_month)


def _in_month(day: date, day_of_month: int) -> date:
    return day.replace(day=min(day_of_month, calendar.monthrange(day.year, day.month)[1]))
