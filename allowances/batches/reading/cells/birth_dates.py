"""Birth dates in every form that spreadsheets and people give them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final, Literal

from allowances.batches.reading.cells.text import clean
from allowances.batches.reading.problems import CellProblem
from vouchers.common.errors import DomainError
from vouchers.privacy.rules import parse_resident_number

Digits = Literal["serial", "short", "unknown"]
"""What five digits mean in this column: days since 1900 as Excel counts them, YYMMDD without its zeros, or either."""

_OLDEST_YEARS: Final = 130
_SERIAL_ZERO: Final = date(1899, 12, 30)
_FIRST_SERIAL: Final = 10_000  # 1927-05-18; fewer digits are more likely to be something else

_NOISE: Final = re.compile(
    r"\s*\((?:[월화수목금토일]|남|여|남자|여자|양|양력|만\s?\d+세)\)$"
    r"|[T ](?:오전|오후|AM|PM)?\s?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?[AP]M)?$"
    r"|(?<=^\d{5})\.0+$|(?<=^\d{6})\.0+$|(?<=^\d{8})\.0+$",
    re.IGNORECASE,
)
_BETWEEN: Final = r"(?:\s?[-./,·년年월月‐-―−]\s?|\s)"
_PARTS: Final = re.compile(rf"(\d{{4}}|'?\d{{2}}){_BETWEEN}(\d{{1,2}}){_BETWEEN}(\d{{1,2}})\s?[.일日]?\s?생?\.?")
_RESIDENT: Final = re.compile(r"(\d{6})\s?-?\s?(\d)(?:\d{6}|[*xX○●]{6})|(\d{6})\s?-\s?(\d)")
_RESIDENT_HIDDEN: Final = re.compile(r"(\d{6})\s?-?\s?(?:[*xX○●]{7})?")


def read_birth_date(cell: str, *, latest: date, digits: Digits = "unknown") -> date | None:
    """The birth date. Of the years that two digits can mean, the last one whose day is not after ``latest`` counts: pass
    the birth date of the youngest possible recipient, today at most.
    """
    text = _NOISE.sub("", clean(cell))
    if not text:
        return None
    if parts := _PARTS.fullmatch(text):
        return _checked(parts[1].lstrip("'"), parts[2], parts[3], latest)
    if resident := _RESIDENT.fullmatch(text):
        return birth_date_of_resident((resident[1] or resident[3]) + (resident[2] or resident[4]), latest=latest)
    if hidden := _RESIDENT_HIDDEN.fullmatch(text):
        text = hidden[1]
    if lost_zeros(text):
        return birth_date_of_resident(text.zfill(13)[:7], latest=latest)
    if not re.fullmatch(r"\d{3,8}", text):
        raise CellProblem("birth_date_unreadable")
    return _of_digits(text, latest, digits)


def _of_digits(text: str, latest: date, digits: Digits) -> date:
    if len(text) == 8:
        return _checked(text[:4], text[4:6], text[6:], latest)
    if len(text) == 6:
        return _checked(text[:2], text[2:4], text[4:], latest)
    if len(text) == 5 and digits != "short":
        return _of_five_digits(text, latest, digits)
    if len(text) < 6 and digits == "short":
        return _of_digits(text.zfill(6), latest, digits)
    raise CellProblem("birth_date_unreadable")


def _of_five_digits(text: str, latest: date, digits: Digits) -> date:
    serial = _serial(text, latest)
    short = _lost_zero(text, latest) if digits == "unknown" else None
    if serial and short:
        raise CellProblem("birth_date_ambiguous")
    found = serial or short
    if not found:
        raise CellProblem("birth_date_unreadable")
    return found


def _serial(text: str, latest: date) -> date | None:
    day = _SERIAL_ZERO + timedelta(days=int(text))
    return day if int(text) >= _FIRST_SERIAL and day <= latest else None


def _lost_zero(text: str, latest: date) -> date | None:
    try:
        return _of_digits(text.zfill(6), latest, "short")
    except CellProblem:
        return None


def _checked(year: str, month: str, day: str, latest: date) -> date:
    years = (int(year),) if len(year) == 4 else (2000 + int(year), 1900 + int(year))
    days = [found for found in (_calendar(number, int(month), int(day)) for number in years) if found]
    if not days:
        raise CellProblem("birth_date_impossible")
    found = next((day for day in days if day <= latest), days[-1])
    return _of_the_living(found, latest)


def _of_the_living(found: date, latest: date) -> date:
    if found > latest:
        raise CellProblem("birth_date_future")
    if found.year < latest.year - _OLDEST_YEARS:
        raise CellProblem("birth_date_impossible")
    return found


def _calendar(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


lost_zeros = re.compile(r"[1-9][0-9]{3,4}[3478][0-9]{6}").fullmatch
"""A resident number of somebody born 2000-2009 that a spreadsheet kept as a number."""


def birth_date_of_resident(first_seven: str, *, latest: date) -> date:
    """The date in YYMMDDG; raises CellProblem where there is none or it has not come yet."""
    try:
        found = parse_resident_number(first_seven + "000000").birth_date
    except DomainError:
        raise CellProblem("birth_date_impossible") from None
    return _of_the_living(found, latest)


def meaning_of_digits(cells: Iterable[str], *, latest: date) -> Digits:
    """What five digits mean, told by the other cells of the column.

    Six-digit cells show a column of YYMMDD numbers that lost their zeros; cells that can only be serials show serials.
    """
    plain = [text for text in (cell.strip() for cell in cells) if text.isascii() and text.isdigit()]
    if any(len(text) == 6 for text in plain):
        return "short"
    five = [text for text in plain if len(text) == 5]
    if any(_serial(text, latest) and not _lost_zero(text, latest) for text in five):
        return "serial"
    return "unknown"
