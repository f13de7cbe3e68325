"""A recipient list as officials have it: right for most people, and dirty in the ways that real files are.

What is wrong with it is of two kinds. Quirks that the reader understands (full-width digits, eaten zeros, ten forms of
dates, 만원) cost nobody their money; mistakes are refused row by row, and the mended list is the same without them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice
from typing import Final, Literal

from config.demo.people import People, Person

HEADER = ("연번", "성 명", "생년월일", "휴대폰 번호", "행정동", "지급금액", "비고")
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the list as its cells are written."""

    name: str
    birth_date: str
    phone: str
    dong: str
    amount: str
    note: str = ""


def plain_line(person: Person, amount: int) -> Line:
    """The row as it ought to be written."""
    phone = f"{person.phone[:3]}-{person.phone[3:7]}-{person.phone[7:]}"
    return Line(person.name, person.birth_date.isoformat(), phone, person.dong, str(amount))


Column = Literal["name", "birth_date", "phone", "amount"]
Change = Callable[[str], str]


def _day(cell: str) -> date:
    return date.fromisoformat(cell)


def _always(text: str) -> Change:
    return lambda _cell: text


QUIRKS: Final[tuple[tuple[Column, Change], ...]] = (
    ("phone", lambda cell: cell.replace("-", "")[1:]),
    ("phone", lambda cell: cell.translate(_FULL_WIDTH)),
    ("phone", lambda cell: cell.replace("-", ".")),
    ("phone", lambda cell: "+82 " + cell[1:]),
    ("birth_date", lambda cell: f"{_day(cell):%Y.%m.%d}"),
    ("birth_date", lambda cell: f"{_day(cell).year}. {_day(cell).month}. {_day(cell).day}."),
    ("birth_date", lambda cell: f"{_day(cell):%Y%m%d}"),
    ("birth_date", lambda cell: f"{_day(cell).year}년 {_day(cell).month}월 {_day(cell).day}일"),
    ("birth_date", lambda cell: f"{_day(cell):%Y/%m/%d}"),
    ("birth_date", lambda cell: str((_day(cell) - date(1899, 12, 30)).days)),
    ("birth_date", lambda cell: f"{_day(cell):%Y%m%d}".translate(_FULL_WIDTH)),
    ("amount", lambda cell: f"{int(cell):,}"),
    ("amount", lambda cell: f"{int(cell):,}원"),
    ("amount", lambda cell: f"{int(cell) // 10_000}만원"),
    ("amount", lambda cell: cell.translate(_FULL_WIDTH)),
    ("name", lambda cell: f" {cell[0]} {cell[1:]} "),
    ("name", lambda cell: f"'{cell}"),
)
"""What the reader understands: the column, and how the cell is written instead."""

MISTAKES: Final[tuple[tuple[int, Column, Change], ...]] = (
    (24, "amount", _always("520000")),
    (31, "phone", lambda cell: "010-19" + cell[6:]),  # a digit is wrong, so nobody has that number
    (18, "name", lambda cell: f"남궁{cell[-1]}솔"),  # somebody who is no member
    (12, "birth_date", lambda cell: _day(cell).replace(year=_day(cell).year - 9, day=1).isoformat()),
    (9, "birth_date", lambda cell: _day(cell).replace(year=_day(cell).year + 7, day=1).isoformat()),
    (14, "phone", _always("")),
    (8, "phone", _always("추후 제출")),
    (5, "phone", lambda cell: f"{cell} / 031-000-1234"),
    (7, "birth_date", _always("")),
    (6, "birth_date", lambda cell: f"{cell[:4]}-02-31"),
    (6, "birth_date", _always("########")),
    (5, "amount", _always("=F5+F6")),
    (4, "amount", _always("#REF!")),
    (6, "amount", _always("미정")),
    (4, "amount", _always("0")),
    (5, "name", lambda cell: f"{cell[0]}**"),
    (4, "phone", _always("1.01E+09")),
)
"""What keeps a row from being paid: in how many rows, the column, and what stands there."""

DUPLICATES = 22


@dataclass(frozen=True)
class Lists:
    """The two versions of one list, each as the bytes of a CP949 file."""

    dirty: bytes
    mended: bytes
    rows: int
    mistakes: int


def make_lists(people: People, recipients: Sequence[Person], *, amount: int, title: str) -> Lists:
    """The list with its mistakes, and the list as the official sends it after mending or removing those rows.

    As in an office, most mistakes are mended, and who cannot be mended is left out: here the duplicates.
    """
    lines = [_with_quirk(people, plain_line(person, amount)) for person in recipients]
    dirty = list(lines)
    wrong = iter(people.random.sample(range(len(lines)), sum(count for count, *_ in MISTAKES)))
    for count, column, change in MISTAKES:
        for row in islice(wrong, count):
            dirty[row] = _changed(plain_line(recipients[row], amount), column, change)
    for source in people.random.sample(range(100), DUPLICATES):
        dirty.insert(len(dirty) - people.random.randint(0, 900), lines[source])
    mistakes = DUPLICATES + sum(count for count, *_ in MISTAKES)
    return Lists(
        dirty=_file(dirty, title=title, amount=amount),
        mended=_file(lines, title=f"{title} (수정)", amount=amount),
        rows=len(dirty),
        mistakes=mistakes,
    )


def _with_quirk(people: People, line: Line) -> Line:
    """Every fifth row or so was typed by somebody with habits."""
    if people.random.random() > 0.22:
        return line
    return _changed(line, *people.random.choice(QUIRKS))


def _changed(line: Line, column: Column, change: Change) -> Line:
    return replace(line, **{column: change(getattr(line, column))})


def _file(lines: Sequence[Line], *, title: str, amount: int) -> bytes:
    """Two title rows, an empty one, the header, the rows, a total and a closing phrase; CP949, as Excel saves it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    width = len(HEADER)
    writer.writerow([title, *[""] * (width - 1)])
    writer.writerow(["", "", "", "", "", "(단위: 원)", ""])
    writer.writerow([""] * width)
    writer.writerow(HEADER)
    writer.writerows(_numbered(lines))
    writer.writerow(["합계", f"{len(lines):,}명", "", "", "", f"{len(lines) * amount:,}", ""])
    writer.writerow(["위와 같이 지급하고자 합니다.", *[""] * (width - 1)])
    return text.getvalue().encode("cp949")


def _numbered(lines: Sequence[Line]) -> Iterator[list[str]]:
    for number, line in enumerate(lines, start=1):
        yield [str(number), line.name, line.birth_date, line.phone, line.dong, line.amount, line.note]


def birth_dates_for_age(age: int, *, on: date) -> tuple[date, date]:
    """The first and the last day on which somebody who is ``age`` years old ``on`` that day was born."""
    return _years_before(on, age + 1) + timedelta(days=1), _years_before(on, age)


def _years_before(day: date, years: int) -> date:
    """The same day years ago; from 29 February the day before March."""
    if (day.month, day.day) == (2, 29):
        return date(day.year - years, 3, 1) - timedelta(days=1)
    return day.replace(year=day.year - years)
