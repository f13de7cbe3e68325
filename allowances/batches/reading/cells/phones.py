"""Telephone numbers: stored as digits, with the zero that spreadsheets eat."""

from __future__ import annotations

import re
from typing import Final

from allowances.batches.reading.cells.text import clean, exact_digits
from allowances.batches.reading.problems import CellProblem
from vouchers.common.errors import DomainError
from vouchers.privacy.rules import parse_phone

_NOTE: Final = re.compile(r"\s*\(\D*\)$")
_ONE_NUMBER: Final = r"\+?\d[\d\s().‐-―−-]{6,}\d"
_SEVERAL: Final = re.compile(rf"{_ONE_NUMBER}\s*(?:[/,;&·]|또는|및)\s*{_ONE_NUMBER}|(?:\D?\d){{15,}}\D*")
_PLACEHOLDER: Final = "01000000000"


def read_phone(cell: str) -> str | None:
    """Digits from 0 on: 01012345678, 0311234567. Numbers of companies (1588-…) belong to nobody and are refused."""
    text = _NOTE.sub("", clean(cell)).removesuffix(".0")
    if not text:
        return None
    if _SEVERAL.fullmatch(text):
        raise CellProblem("phones_several")
    try:
        digits = parse_phone(exact_digits(text) or text)
    except DomainError:
        raise CellProblem("phone_unreadable") from None
    if digits[0] != "0" or (digits.startswith("010") and len(digits) != 11) or digits == _PLACEHOLDER:
        raise CellProblem("phone_unreadable")
    return digits
