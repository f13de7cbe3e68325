"""Amounts of money: whole won, read exactly or not at all."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from allowances.batches.reading.cells.text import clean, exact_digits
from allowances.batches.reading.problems import CellProblem
from allowances.batches.reading.spreadsheet import MERGED

LARGEST: Final = 10**12

_PLAIN: Final = re.compile(r"[1-9][0-9]{0,12}|[1-9][0-9]{0,2}(?:,[0-9]{3}){1,4}")
_NEGATIVE: Final = re.compile(r"(?:일금|금)?[₩\\]?\s?[-−–△▲].*\d.*|\([\d,. ]+원?\)")
_PREFIX: Final = re.compile(r"(?:일금|금)?(?:₩|\\|KRW)?", re.IGNORECASE)
_SUFFIX: Final = re.compile(r"(?:원정|원|won|KRW)?$", re.IGNORECASE)
_WITH_WORDS: Final = re.compile(r"([^()]+)\(([^()]*[^()원][^()]*)\)")
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]*)?|[0-9]{1,3}(?:[, ][0-9]{3})+(?:\.[0-9]*)?")

_DIGITS: Final = {digit: value for value, digit in enumerate("영일이삼사오육칠팔구")}
_COEFFICIENT: Final = r"([\d,.]+|[일이삼사오육칠팔구])?"
_BELOW_MYRIAD: Final = re.compile(
    rf"(?:{_COEFFICIENT}(천))?(?:{_COEFFICIENT}(백))?(?:{_COEFFICIENT}(십))?([\d,.]+|[영일이삼사오육칠팔구])?"
)
_PLACES: Final = (1000, 100, 10)
_BARE_UNITS: Final = ("천", "백", "십")  # 천원 alone is a unit that lost its number, not 1,000
_MYRIADS: Final = re.compile(r"(?:([^조억만]+)조)?(?:([^조억만]+)억)?(?:([^조억만]+)만)?([^조억만]+)?")
_MYRIAD_VALUES: Final = (10**12, 10**8, 10**4, 1)


def read_amount(cell: str, *, unit: int = 1, largest: int = LARGEST) -> int | None:
    """Won. ``unit`` multiplies bare numbers only; a cell that names its own unit in such a column is refused."""
    if _PLAIN.fullmatch(cell):  # nearly every cell, and in some lists each holds another amount
        return _whole_won(int(cell.replace(",", "")) * unit, largest)
    if cell.startswith(MERGED):
        raise CellProblem("amount_merged")
    text = clean(cell)
    if not text:
        return None
    if words := _WITH_WORDS.fullmatch(text):  # 금120,000원(금일십이만원): both must say the same
        return _same_twice(words[1], words[2], unit, largest)
    if _NEGATIVE.fullmatch(text):
        raise CellProblem("amount_negative")
    value, names_unit = _value(text.replace("(원)", "원"))
    if names_unit and unit != 1:
        raise CellProblem("amount_unit_conflict")
    return _whole_won(value if names_unit else value * unit, largest)


def _same_twice(first: str, second: str, unit: int, largest: int) -> int | None:
    amounts = {read_amount(part.strip(), unit=unit, largest=largest) for part in (first, second)}
    if len(amounts) != 1:
        raise CellProblem("amount_unreadable")
    return amounts.pop()


def _whole_won(value: Fraction | int, largest: int) -> int:
    if value == 0:
        raise CellProblem("amount_zero")
    if value.denominator != 1:
        raise CellProblem("amount_fraction")
    if value > largest:
        raise CellProblem("amount_too_large")
    return value.numerator


def _value(text: str) -> tuple[Fraction, bool]:
    """(the number, whether the cell itself names 원, 만, …)."""
    body = _PREFIX.sub("", text, count=1).strip()
    body = re.sub(r"(?<=\D)\s|\s(?=\D)", "", body)
    body = _SUFFIX.sub("", body)
    named = re.sub(r"\s", "", body) != re.sub(r"\s", "", text)
    if _NUMBER.fullmatch(body):
        return Fraction(body.replace(",", "").replace(" ", "").rstrip(".")), named
    if digits := exact_digits(body):
        return Fraction(digits), named
    return _in_korean(body), True


def _in_korean(body: str) -> Fraction:
    """1억 2천만, 1.5만, 십이만, 일백이십만: myriads, each with a coefficient of its own.

    A tail is refused where people mean different things by it: 1만5 is 15,000 to many, 1억2000 is 120,000,000.
    """
    groups = _MYRIADS.fullmatch(body)
    if not body or body in _BARE_UNITS or not groups:
        raise CellProblem("amount_unreadable")
    tail = groups[4]
    if tail and _is_bare(tail) and (len(tail.replace(",", "")) != 4 or not groups[3]):
        raise CellProblem("amount_unreadable")
    return sum(
        (_below_myriad(group) * value for group, value in zip(groups.groups(), _MYRIAD_VALUES, strict=True) if group),
        Fraction(0),
    )


def _is_bare(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9,.]+", text))


def _below_myriad(text: str) -> Fraction:
    found = _BELOW_MYRIAD.fullmatch(text)
    if not found:
        raise CellProblem("amount_unreadable")
    total = Fraction(0)
    zeros = 0
    for group, place in zip((1, 3, 5), _PLACES, strict=True):
        if found[group + 1]:
            total += (_coefficient(found[group]) if found[group] else 1) * place
            zeros = len(str(place)) - 1
    if found[7] and zeros and _is_bare(found[7]) and len(found[7]) != zeros:  # 2천500 is plain, 2천5 is not
        raise CellProblem("amount_unreadable")
    return total + (_coefficient(found[7]) if found[7] else 0)


def _coefficient(text: str) -> Fraction:
    if text in _DIGITS:
        return Fraction(_DIGITS[text])
    if not _NUMBER.fullmatch(text):
        raise CellProblem("amount_unreadable")
    return Fraction(text.replace(",", "").rstrip("."))
