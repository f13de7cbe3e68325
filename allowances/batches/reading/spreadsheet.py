"""Typed spreadsheet cells as the text that an official sees, or better: whole dates, whole numbers, nothing rounded.

Needs nothing but the standard library: the process that reads old workbooks imports it alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from math import isfinite
from typing import Any, Final

EXACT_DIGITS: Final = 15
"""A spreadsheet keeps this many digits of a number."""

MERGED: Final = "병합된 칸"
"""Stands before an amount that is written once for several rows, so that nobody gets it twice."""

_PLAIN: Final = re.compile(r"-?[0-9]{1,15}").fullmatch
_EPOCH: Final = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}  # noqa: DTZ001  (cells have no zone)
_LAST_SERIAL: Final = 2_958_466  # 9999-12-31
_SECONDS: Final = 86_400

Shown = Callable[[str], str]
"""What a number that the file stores looks like."""


def number(stored: str) -> str:
    """A number without format: 1012345678.0 → 1012345678, 120000.00000000001 → 120000.

    Beyond fifteen digits the rest is lost, and the text says so in a way that every reader of numbers refuses.
    """
    if _PLAIN(stored):
        return stored
    value = float(stored)
    if not isfinite(value):
        return "#NUM!"
    if abs(value) >= 10**EXACT_DIGITS:
        return f"{value:.14E}"
    text = format(value, f".{EXACT_DIGITS}g")
    if "e" in text:
        text = f"{value:.20f}".rstrip("0").rstrip(".")
    return text.removesuffix(".0")


def day(serial: float, *, since_1904: bool = False) -> str:
    """2026-01-05, with 14:30:00 behind it where the cell has a time, and the time alone where it has no day."""
    if not 0 <= serial < _LAST_SERIAL:
        return "########"  # what Excel itself shows
    whole = int(serial)
    seconds = round((serial - whole) * _SECONDS)
    if not whole and not since_1904:
        return str(timedelta(seconds=seconds)).zfill(8)
    # Excel counts 1900-02-29, a day that never was
    moment = _EPOCH[since_1904] + timedelta(days=whole + (not since_1904 and whole < 60), seconds=seconds)
    return _moment(moment)


def typed(value: Any) -> str:
    """A value as calamine hands it over."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return number(repr(value))
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    return "" if value is None else str(value)


def _moment(moment: datetime) -> str:
    return moment.date().isoformat() if moment.time() == time(0) else moment.isoformat(" ", "seconds")


# --- Number formats ---------------------------------------------------------------------------------------------------

_BUILT_IN_DATES: Final = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_NOT_CODE: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_DATE_LETTERS: Final = re.compile(r"[ymdhs년월일]|e+(?![+-])", re.IGNORECASE)
_DIGIT_PATTERN: Final = re.compile(r"[0#\-() ]*0[0#\-() ]*")
_LOCALE: Final = re.compile(r"\[[^\]]*\]|\"(-)\"|\\([-() ])|;.*$")


def shown_by(format_id: int, code: str | None, *, since_1904: bool = False) -> Shown:
    """How numbers of a cell format look: as a date, as digits in a pattern (000-0000-0000), or plainly."""
    if format_id in _BUILT_IN_DATES or (code and _is_date(code)):
        return lambda stored: day(float(stored), since_1904=since_1904)
    pattern = _LOCALE.sub(lambda found: found[1] or found[2] or "", code.rsplit("]", 1)[-1] if code else "")
    if code and code.count("0") > 1 and _DIGIT_PATTERN.fullmatch(pattern):
        return lambda stored: _in_pattern(number(stored), pattern)
    return number


def _is_date(code: str) -> bool:
    bare = _NOT_CODE.sub("", code)
    return bare.lower() != "general" and bool(_DATE_LETTERS.search(bare)) and "0" not in bare.replace(".0", "")


def _in_pattern(digits: str, pattern: str) -> str:
    """1012345678 in 000-0000-0000 is 010-1234-5678; what does not fit stays as it is."""
    places = pattern.count("0") + pattern.count("#")
    if not digits.isdigit() or len(digits) > places:
        return digits
    rest = list(digits.zfill(pattern.count("0")))
    text = [rest.pop() if mark in "0#" and rest else ("" if mark in "0#" else mark) for mark in reversed(pattern)]
    return "".join(reversed(text)).strip(" -") if digits != "0" else "0"
