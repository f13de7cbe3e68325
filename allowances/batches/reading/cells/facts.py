"""Cells of the extra columns that a programme's conditions ask for: each type's reader, to a piece of a JSON object."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

from allowances.batches.reading.cells.birth_dates import read_birth_date
from allowances.batches.reading.cells.text import clean, exact_digits, hide_numbers
from allowances.batches.reading.problems import CellProblem
from allowances.eligibility.facts import FALSE, TRUE, Fact

YES: Final = frozenset((*TRUE, "네", "〇", "◎", "✓", "✔", "t", "해당됨", "참"))
NO: Final = frozenset((*FALSE, "아님", "✕", "✗", "f", "해당안됨", "틀림", "거짓"))

_AHEAD: Final = timedelta(days=3 * 366)  # 출산 예정일, 계약 만료일; a later day is a slip of the pen
_AS_DATE: Final = {
    "birth_date_unreadable": "date_unreadable", "birth_date_ambiguous": "date_unreadable",
    "birth_date_impossible": "date_impossible", "birth_date_future": "date_impossible",
}  # fmt: skip
_LARGEST: Final = Decimal(10) ** 12
_ORDINALS: Final = {
    word: number
    for number, words in enumerate(("첫 첫번 일", "둘 두 두번 이", "셋 세 세번 삼", "넷 네 네번 사", "다섯 오", "여섯 육"), start=1)
    for word in words.split()
}  # fmt: skip
_ORDINAL: Final = re.compile(rf"({'|'.join(sorted(_ORDINALS, key=len, reverse=True))})(?:째|번째|째아|째자녀)")
_ORDERED: Final = re.compile(
    r"(?:제|만|약)?\s?(-?[\d,]*\.?\d+)\s?(?:%|[^\W\d_]{1,4}|㎡|㎾|㎏|m2|kwh?)?\.?", re.IGNORECASE
)


def fact_reader(field: Fact, *, today: date) -> Callable[[str], str | None]:
    """The reader of a field's cells: ``"name":value`` as JSON, None for an empty cell; raises CellProblem."""
    reads: dict[str, Callable[[str], Any]] = {
        "date": partial(_read_date, today=today),
        "integer": _read_integer,
        "numeric": _read_number,
        "boolean": partial(_read_flag, yes=YES.union(map(_word, field.yes))),
        "choice": partial(_read_choice, keys=_keys(field)),
        "text": _read_text,
    }
    read, name = reads[field.type], json.dumps(field.name)

    def piece(cell: str) -> str | None:
        value = read(cell)
        if value is None:
            return None
        return f"{name}:{value}" if isinstance(value, Decimal) else f"{name}:{json.dumps(value, ensure_ascii=False)}"

    return piece


def _read_date(cell: str, *, today: date) -> str | None:
    try:
        found = read_birth_date(cell, latest=today + _AHEAD, digits="unknown")
    except CellProblem as problem:
        raise CellProblem(_AS_DATE.get(problem.code, problem.code)) from None
    return found.isoformat() if found else None


def _read_number(cell: str) -> Decimal | None:
    """3, 3명, 3.5kW, 1,234, 셋째: the number, its unit left aside."""
    text = clean(cell)
    if not text:
        return None
    if ordinal := _ORDINAL.fullmatch(text.replace(" ", "")):
        return Decimal(_ORDINALS[ordinal[1]])
    found = _ORDERED.fullmatch(exact_digits(text) or text)
    number = Decimal(found[1].replace(",", "")) if found else None
    if number is None or not 0 <= number <= _LARGEST:
        raise CellProblem("number_unreadable")
    return number


def _read_integer(cell: str) -> int | None:
    number = _read_number(cell)
    if number is not None and number != int(number):
        raise CellProblem("number_not_whole")
    return None if number is None else int(number)


def _read_flag(cell: str, *, yes: frozenset[str]) -> bool | None:
    """Words for no come before the empty markers: 없음 is an answer here. A blank cell or a dash is none."""
    word = _word(cell[:60])
    if word in NO:
        return False
    if word in yes:
        return True
    if not clean(cell):
        return None
    raise CellProblem("flag_unreadable")


def _keys(field: Fact) -> dict[str, str]:
    keys = {_word(word): key for key, words in field.choices.items() for word in words}
    return keys | {_word(key): key for key in field.choices}


def _read_choice(cell: str, *, keys: dict[str, str]) -> str | None:
    word = _word(cell[:60])
    if word in keys:
        return keys[word]
    if not clean(cell):
        return None
    raise CellProblem("choice_unreadable")


def _read_text(cell: str) -> str | None:
    return hide_numbers(clean(cell, longest=200)) or None


def _word(text: str) -> str:
    return re.sub(r"[\s'’.()]", "", unicodedata.normalize("NFKC", text)).casefold()
