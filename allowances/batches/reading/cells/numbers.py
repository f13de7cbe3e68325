"""Resident and account numbers, as plain digits: only for callers that seal them at once."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from allowances.batches.reading.cells.birth_dates import birth_date_of_resident, lost_zeros
from allowances.batches.reading.cells.text import clean, exact_digits
from allowances.batches.reading.problems import CellProblem

RANDOM_SINCE: Final = date(2020, 10, 5)
"""Resident numbers given from this day on end in six random digits and have no check digit."""

_EXCEL_DIGITS: Final = 15  # a spreadsheet keeps this many digits of a number and writes zeros for the rest
_SHORTEST_ACCOUNT: Final = 7
_LONGEST_ACCOUNT: Final = 20
_MASKED: Final = re.compile(r"\d{6}(?:\s?-?\s?\d?[*xX○●]{6,7}|\s?-\s?\d?)?")


def read_resident_number(cell: str, *, latest: date) -> str | None:
    """Thirteen digits. Zeros that a spreadsheet ate come back where the number of a person born 2000-2009 fits."""
    text = clean(cell).removesuffix(".0")
    if not text:
        return None
    if _MASKED.fullmatch(text):
        raise CellProblem("resident_number_masked")
    digits = exact_digits(text) or re.sub(r"[\s.‐-―−-]", "", text)
    if digits == text and lost_zeros(digits):
        digits = digits.zfill(13)
    if not re.fullmatch(r"[0-9]{13}", digits):
        raise CellProblem("resident_number_unreadable")
    try:
        birth_date_of_resident(digits[:7], latest=latest)
    except CellProblem:
        raise CellProblem("resident_number_unreadable") from None
    return digits


def _remainders(weights: tuple[int, int, int]) -> dict[str, int]:
    return {
        f"{number:03d}": sum(int(digit) * weight for digit, weight in zip(f"{number:03d}", weights, strict=True))
        for number in range(1000)
    }


_SUMS: Final = tuple(map(_remainders, ((2, 3, 4), (5, 6, 7), (8, 9, 2), (3, 4, 5))))


def check_digit_fits(digits: str) -> bool:
    """The check of a resident number, by tables: this runs once for each row of a whole city.

    A misfit is worth a warning only: people of any age can hold a number without a check digit.
    """
    first, second, third, fourth = _SUMS
    total = first[digits[:3]] + second[digits[3:6]] + third[digits[6:9]] + fourth[digits[9:12]]
    return ((13 if digits[6] in "5678" else 11) - total % 11) % 10 == int(digits[12])


def read_account_number(cell: str) -> str | None:
    """Digits only. A bare number of more than 15 digits whose tail is zeros was cut by a spreadsheet."""
    text = clean(cell).removesuffix(".0")
    if not text:
        return None
    digits = exact_digits(text) or re.sub(r"[\s.‐-―−-]", "", text)
    if not re.fullmatch(rf"[0-9]{{{_SHORTEST_ACCOUNT},{_LONGEST_ACCOUNT}}}", digits):
        raise CellProblem("account_number_unreadable")
    if digits == text and len(digits) > _EXCEL_DIGITS and not digits[_EXCEL_DIGITS:].strip("0"):
        raise CellProblem("rounded")
    return digits
