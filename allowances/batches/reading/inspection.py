"""What a file looks like before any of it is read: form, header, columns, and its first rows with people masked."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Final

from allowances.batches.reading.cells.text import hide_numbers
from allowances.batches.reading.columns import HEADER_WITHIN, Guess, Mapping, guess_layout, known_labels
from allowances.batches.reading.fields import REQUIRED, Requirements
from allowances.batches.reading.tables import Table
from allowances.eligibility.facts import Fact
from vouchers.privacy.rules import (
    HIDDEN,
    mask_account,
    mask_address,
    mask_email,
    mask_name,
    mask_phone,
    mask_resident_number,
)

SHOWN_ROWS: Final = 15
SHOWN_COLUMNS: Final = 60
_SHOWN_BELOW_HEADER: Final = 8
_LONGEST_CELL: Final = 40

Remembered = Callable[[Sequence[str]], dict[str, dict[str, Any]]]


def inspect(
    table: Table, *, required: Requirements = REQUIRED, extra: Sequence[Fact] = (), mapping: Mapping | None = None,
    remembered: Remembered | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Form, layout, problems and preview, as JSON. Reads the first rows only; raises ListUnreadable for no table."""
    head = list(islice(table, HEADER_WITHIN))
    guess = guess_layout(head, required=required, extra=extra, mapping=mapping, remembered=remembered)
    shown = [row for row in head if row[0] <= max(SHOWN_ROWS, guess.layout.header_row + _SHOWN_BELOW_HEADER)]
    width = max((len(cells) for _number, cells in head), default=0)
    return {
        **guess.layout.summary(),
        **table.description(),
        "width": max(width, guess.layout.width),
        "header_labels": [
            _short(label if guess.is_sure_of_header else masked(label, None)) for label in guess.labels[:SHOWN_COLUMNS]
        ],
        "fingerprint": guess.layout.fingerprint,
        "remembered": guess.remembered,
        "problems": [{"code": problem.code, "params": _masked_params(problem.params)} for problem in guess.problems],
        "preview": [[number, _masked_row(number, cells, guess)] for number, cells in shown],
    }


# --- Masks ------------------------------------------------------------------------------------------------------------


_NAME: Final = re.compile(r"[가-힣]{2,4}|[가-힣](?: [가-힣]){1,3}")
_PHONE: Final = re.compile(r"\+?[\d\s().-]{8,16}")
_WORDS: Final = frozenset(
    ["소계", "합계", "총계", "누계", "총합계", "결재", "담당", "팀장", "과장", "국장", "해당", "미해당", "없음"]
)
_ADDRESS: Final = re.compile(r"[가-힣]+(?:시|도|군|구|읍|면|동|로|길)\s.*\d")
_DATE: Final = re.compile(r"(?:19|20)?\d{2}\s?[-./년]\s?\d{1,2}\s?[-./월]\s?\d{1,2}\D?|(?:19|20)\d{6}|\d{6}")
_NUMBER: Final = re.compile(r"(?:\d{1,7}|\d{1,3}(?:,\d{3}){1,3})(?:\.\d+)?(?:원|만원|천원|명|세|%)?")


def _masked_row(number: int, cells: Sequence[str], guess: Guess) -> list[str]:
    """Rows above and in the header are shown; below it every cell is masked by its column, or by what it looks like."""
    fields = {index: field for field, index in guess.layout.columns.items()}
    below = number > guess.layout.header_row
    plain = guess.is_sure_of_header and not below
    return [
        _short(hide_numbers(cell) if plain else masked(cell, fields.get(index) if below else None))
        for index, cell in enumerate(cells[:SHOWN_COLUMNS])
    ]


def _masked_params(params: dict[str, Any]) -> dict[str, Any]:
    """What was read in place of a header may be people."""
    if "seen" not in params:
        return params
    return params | {"seen": ", ".join(masked(cell, None) for cell in params["seen"].split(", "))}


def masked(cell: str, field: str | None) -> str:
    """A cell as the preview shows it. ``field`` None: what the column holds is not known, so nothing is taken for harmless
    that could name a person.
    """
    text = " ".join(cell[:300].split())
    if field is not None and field != "note":
        return _MASKS.get(field, hide_numbers)(text)
    return next((mask(text) for looks, mask in _LOOKS if looks(text)), hide_numbers(text))


def _birth_date(text: str) -> str:
    """The first digits stay, down to the year; a text without digits is hidden."""
    return text[:4] + re.sub(r"\d", "*", text[4:]) if re.search(r"\d", text[:4]) else _hidden(text)


def _hidden(text: str) -> str:
    return HIDDEN if text else ""


def _phone(text: str) -> str:
    shown = mask_phone(text)
    return mask_account(text) if shown == HIDDEN else shown


_MASKS: Final[dict[str, Callable[[str], str]]] = {
    "name": mask_name, "account_holder": mask_name, "birth_date": _birth_date, "phone": mask_phone,
    "resident_number": mask_resident_number, "account_number": mask_account, "address": mask_address,
}  # fmt: skip
_LOOKS: Final[tuple[tuple[Callable[[str], Any], Callable[[str], str]], ...]] = (
    (lambda text: text in _WORDS or known_labels([text]), str),
    (lambda text: "@" in text, mask_email),
    (_NAME.fullmatch, mask_name),
    (re.compile(r"\d{6}-?[\d*]{7}").fullmatch, mask_resident_number),
    (_DATE.fullmatch, lambda text: text[:2] + re.sub(r"\d", "*", text[2:])),
    (_NUMBER.fullmatch, str),
    (_PHONE.fullmatch, _phone),
    (_ADDRESS.search, mask_address),
)
"""What a cell of an unknown column looks like, and its mask; the first that fits."""


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…"
