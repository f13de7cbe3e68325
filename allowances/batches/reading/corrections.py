"""What an official types in the page instead of a cell: read like a cell, told back masked.

An amount is always in won here, whatever unit the file's header names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

from allowances.batches.reading.cells.amounts import read_amount
from allowances.batches.reading.cells.birth_dates import birth_date_of_resident, read_birth_date
from allowances.batches.reading.cells.facts import fact_reader
from allowances.batches.reading.cells.numbers import read_account_number, read_resident_number
from allowances.batches.reading.cells.phones import read_phone
from allowances.batches.reading.cells.text import read_dong, read_name
from allowances.batches.reading.problems import CellProblem
from allowances.eligibility.facts import FACTS
from vouchers.privacy.rules import mask_account, mask_birth_date, mask_name, mask_phone, mask_resident_number

CORRECTABLE: Final = ("name", "birth_date", "resident_number", "phone", "dong", "amount", "account_number",
                      *FACTS)  # fmt: skip
SEALED: Final = frozenset({"resident_number", "account_number"})
"""Fields of which nothing but the blind index is kept."""
MAY_BE_EMPTY: Final = frozenset({"dong"})

_MASKS: Final[dict[str, Callable[[Any], str]]] = {
    "name": mask_name,
    "birth_date": mask_birth_date,
    "phone": mask_phone,
    "resident_number": mask_resident_number,
    "account_number": mask_account,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """A cell's new value. ``plain`` holds the number of a sealed field: only for callers that seal it at once."""

    field: str
    text: str | None
    shown: str
    plain: str | None = None
    birth_date: date | None = None


def read_correction(field: str, typed: str, *, latest: date) -> Corrected:
    """What the typed text means; of a fact, the text is its JSON. Raises CellProblem: 'missing' for an empty cell that
    must say something."""
    readers: dict[str, Callable[[str], Any]] = {
        "name": read_name,
        "birth_date": partial(read_birth_date, latest=latest),
        "phone": read_phone,
        "dong": read_dong,
        "amount": read_amount,
        "resident_number": partial(read_resident_number, latest=latest),
        "account_number": read_account_number,
    }
    if field in FACTS:
        piece = fact_reader(FACTS[field], today=latest)(typed)
        if piece is None:
            raise CellProblem("missing")
        json = piece.partition(":")[2]
        return Corrected(field=field, text=json, shown=json.strip('"'))
    value = readers[field](typed)
    if value is None and field not in MAY_BE_EMPTY:
        raise CellProblem("missing")
    if field in SEALED:
        told = birth_date_of_resident(value[:7], latest=latest) if field == "resident_number" else None
        return Corrected(field=field, text=None, shown=masked(field, value), plain=value, birth_date=told)
    return Corrected(field=field, text="" if value is None else str(value), shown=masked(field, value))


def masked(field: str, value: Any) -> str:
    """A cell's value as the log may show it."""
    if value is None or value == "":
        return ""
    mask = _MASKS.get(field)
    return mask(value) if mask else str(value)
