"""A bank's export as lines of money: which columns these are, in which order they stand, and that each balance follows.

Plain values in, plain values out; rows come as (number that Excel shows, cells as text).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from itertools import islice, pairwise
from typing import Final

from django.utils.translation import gettext_lazy as _

from vouchers.reconciliation.errors import BalanceBroken, NoStatementTable, StatementEmpty, StatementUnreadable

HEADER_ROWS: Final = 30
MOST_LINES: Final = 20_000
LARGEST: Final = 10**15
_MEMO_LENGTH: Final = 200

DAY, CLOCK, DEPOSIT, WITHDRAWAL, BALANCE, MEMO = "day", "clock", "deposit", "withdrawal", "balance", "memo"
_NAMES: Final = {
    DAY: ("거래일시", "거래일자", "거래일", "거래년월일", "일자", "날짜", "일시"),
    CLOCK: ("거래시간", "거래시각", "시간", "시각"),
    DEPOSIT: ("입금", "입금액", "입금금액", "맡기신금액", "받으신금액"),
    WITHDRAWAL: ("출금", "출금액", "출금금액", "찾으신금액", "지급금액", "지급액"),
    BALANCE: ("거래후잔액", "거래후잔고", "잔액", "남은금액", "잔고"),
    MEMO: (
        "적요", "거래내용", "내용", "거래기록사항", "기록사항", "보낸분/받는분", "의뢰인/수취인", "송금메모", "메모", "비고",
        "통장메모", "거래메모", "입금코드", "상대계좌예금주명", "거래구분",
    ),
}  # fmt: skip
"""What banks write above their columns, without blanks and what stands in brackets."""
_LABELS: Final = {
    DAY: _("거래일"), DEPOSIT: _("입금액"), WITHDRAWAL: _("출금액"), BALANCE: _("거래 후 잔액"),
}  # fmt: skip
_BRACKETS: Final = re.compile(r"[(\[（].*?[)\]）]")
_DATE: Final = re.compile(r"(\d{4})\s*[-./년]?\s*(\d{1,2})\s*[-./월]?\s*(\d{1,2})\s*[일.]?")
_TIME: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_CLOCK: Final = re.compile(r"(?:(\d{2})(\d{2})(\d{2}))|(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?")
_WON: Final = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?")
_SUMS: Final = ("합계", "총계", "소계", "계", "총합계", "누계")
_NOTHING: Final = frozenset({"", "-", "–", "―"})


@dataclass(frozen=True)
class Entry:
    """One line: ``amount`` is positive for a deposit and negative for a withdrawal. ``ordinal``: see BankLine."""

    row: int
    day: date
    clock: time | None
    amount: int
    balance: int
    memo: str
    ordinal: int = 1


@dataclass(frozen=True)
class Statement:
    """Lines in the order in which they happened, and the balance before the first of them."""

    entries: tuple[Entry, ...]
    opening: int

    @property
    def first_day(self) -> date:
        """The day of the first line."""
        return self.entries[0].day

    @property
    def last_day(self) -> date:
        """The day of the last line."""
        return self.entries[-1].day

    def closing_balances(self, *, through: date) -> list[tuple[date, int]]:
        """The balance at the end of each day; a day without lines ends as the one before it did."""
        balances = {entry.day: entry.balance for entry in self.entries}
        days, balance = [], self.opening
        day = self.first_day
        while day <= max(through, self.last_day):
            balance = balances.get(day, balance)
            days.append((day, balance))
            day += timedelta(days=1)
        return days


def read_statement(rows: Iterable[tuple[int, Sequence[str]]]) -> Statement:
    """The statement in a table.

    Raises NoStatementTable, StatementUnreadable with the row, StatementEmpty, and BalanceBroken where a balance does not
    follow from the line before it, whichever end of the table is the newest.
    """
    remaining = iter(rows)
    columns = _columns(islice(remaining, HEADER_ROWS))
    entries = []
    for number, cells in remaining:
        entry = _entry(number, cells, columns)
        if entry is not None:
            entries.append(entry)
        if len(entries) > MOST_LINES:
            raise StatementUnreadable(row=number, reason=_("거래가 너무 많습니다. 기간을 나누어 올리십시오."))
    return statement_of(entries)


def statement_of(entries: Sequence[Entry]) -> Statement:
    """The statement that these lines are, in whichever order they come. Raises StatementEmpty, BalanceBroken."""
    if not entries:
        raise StatementEmpty
    given = list(entries)
    broken: list[Entry] = []
    for order in _orders(given):
        wrong = _first_that_does_not_follow(order)
        if wrong is None:
            counted: Counter[tuple[date, int, int]] = Counter()
            numbered = []
            for entry in order:
                counted[entry.day, entry.amount, entry.balance] += 1
                same = counted[entry.day, entry.amount, entry.balance]
                numbered.append(replace(entry, ordinal=same))
            return Statement(tuple(numbered), order[0].balance - order[0].amount)
        broken.append(wrong)
    raise BalanceBroken(row=broken[0].row)


def _orders(given: list[Entry]) -> Iterable[list[Entry]]:
    """As written, and upside down; by its dates where they tell."""
    ascending = [(one.day, other.day) for one, other in pairwise(given)]
    if all(one <= other for one, other in ascending):
        yield given
    if all(one >= other for one, other in ascending):
        yield given[::-1]
    if any(one < other for one, other in ascending) and any(one > other for one, other in ascending):
        yield given  # neither: the first line whose balance does not follow is told


def _first_that_does_not_follow(order: list[Entry]) -> Entry | None:
    before: Entry | None = None
    for entry in order:
        if before is not None and (entry.day < before.day or before.balance + entry.amount != entry.balance):
            return entry
        before = entry
    return None


def _columns(head: Iterable[tuple[int, Sequence[str]]]) -> dict[str, list[int]]:
    """Which columns hold what. Only the row that names them is taken from the table."""
    best: dict[str, list[int]] = {}
    for _number, cells in head:
        found: dict[str, list[int]] = {}
        for column, cell in enumerate(cells):
            name = _BRACKETS.sub("", re.sub(r"\s", "", cell))
            for field, names in _NAMES.items():
                if name in names:
                    found.setdefault(field, []).append(column)
        if all(field in found for field in _LABELS):
            return found
        best = max(best, found, key=len)
    missing = [str(label) for field, label in _LABELS.items() if field not in best]
    raise NoStatementTable(columns=", ".join(missing))


def _entry(number: int, cells: Sequence[str], columns: dict[str, list[int]]) -> Entry | None:
    """The line in a row; None for a row that is blank or a sum."""
    texts = [cell.strip() for cell in cells]
    if not any(texts) or any(re.sub(r"\s", "", text) in _SUMS for text in texts):
        return None

    def cell(field: str) -> str:
        column = columns[field][0]
        return texts[column] if column < len(texts) else ""

    said = cell(DAY)
    if not said and not cell(BALANCE):
        return None  # a remark below the table
    day = _day(said)
    if day is None:
        raise StatementUnreadable(row=number, reason=_("거래일을 읽을 수 없습니다."))
    amounts = {field: _won(cell(field)) for field in (DEPOSIT, WITHDRAWAL, BALANCE)}
    if None in (amounts[DEPOSIT], amounts[WITHDRAWAL]):
        raise StatementUnreadable(row=number, reason=_("입금액이나 출금액을 읽을 수 없습니다."))
    balance = amounts[BALANCE]
    if balance is None or cell(BALANCE) in _NOTHING:
        raise StatementUnreadable(row=number, reason=_("거래 후 잔액을 읽을 수 없습니다."))
    amount = (amounts[DEPOSIT] or 0) - (amounts[WITHDRAWAL] or 0)
    if amount == 0:
        return None  # a line that tells of something else than money, such as a change of the account's name
    clock = _clock(cell(CLOCK)) if CLOCK in columns else _clock(said)
    memo = " · ".join(text for column in columns.get(MEMO, []) if column < len(texts) and (text := texts[column]))
    return Entry(number, day, clock, amount, balance, memo[:_MEMO_LENGTH])


def _day(text: str) -> date | None:
    found = _DATE.match(text)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def _clock(text: str) -> time | None:
    found = _TIME.search(text) or _CLOCK.fullmatch(text)
    parts = [int(part) for part in found.groups() if part is not None] if found else []
    try:
        return time(parts[0], parts[1], parts[2] if len(parts) > 2 else 0) if parts else None
    except ValueError:
        return None


def _won(text: str) -> int | None:
    """Won; 0 for an empty cell, None for what is no amount."""
    text = text.removesuffix("원").strip()
    if text in _NOTHING:
        return 0
    if not _WON.fullmatch(text):
        return None
    value = int(text.replace(",", "").split(".")[0])
    return value if abs(value) < LARGEST else None
