"""The fast way to read a column: a glance at each cell that settles the plain ones and those seen before.

A glance returns a list with the value of each cell it is sure of and None for every other; whoever calls it reads those
carefully. It never disagrees with the careful reading, which a test proves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any, Final

from allowances.batches.reading.cells.birth_dates import birth_date_of_resident
from allowances.batches.reading.cells.text import is_empty_marker, may_hold_number
from allowances.batches.reading.problems import CellProblem

Glance = Callable[[Sequence[str]], list[Any]]
Read = Callable[[str], Any]

_MOST_REMEMBERED: Final = 1 << 16
_LONGEST_REMEMBERED: Final = 40
_LONGER_THAN_MARKERS: Final = 12  # no empty marker has more characters

_is_plain_name = re.compile("[가-힣]{2,5}").fullmatch
_plain_phone = re.compile("0?10[-. ]?([1-9][0-9]{3})[-. ]?([0-9]{4})").fullmatch
_is_plain_account = re.compile("[0-9]{3,6}-[0-9]{2,6}-[0-9]{3,8}|[0-9]{10,15}").fullmatch
_is_plain_resident_number = re.compile("[0-9]{6}-?[0-9]{7}").fullmatch
_is_plain_text = re.compile("[가-힣A-Za-z0-9(][ -~가-힣]{0,98}[!-~가-힣]").fullmatch
_NO_NAMES: Final = frozenset(["소계", "합계", "총계", "누계", "총합계", "해당없음", "없음", "공란"])


class Memory(dict[str, Any]):
    """What cells were read as, looked up at the speed of a dict; problems are not kept, and all is forgotten when full."""

    def __init__(self, read: Read) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, cell: str) -> Any:
        try:
            value = self._read(cell)
        except CellProblem:
            return None
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        if len(cell) <= _LONGEST_REMEMBERED:
            self[cell] = value
        return value


def remembering(read: Read) -> Glance:
    """For columns whose cells come again: dongs, amounts, banks."""
    memory = Memory(read)
    return lambda cells: list(map(memory.__getitem__, cells))


def birth_dates(read: Read, latest: date) -> Glance:
    """Dates come again. Of a resident number in their column only the first seven digits are remembered."""
    memory = Memory(read)
    told = Memory(partial(birth_date_of_resident, latest=latest))

    def glance(cells: Sequence[str]) -> list[date | None]:
        return [
            told[cell[:6] + cell[-7]] if len(cell) > 12 and _is_plain_resident_number(cell) else memory[cell]
            for cell in cells
        ]

    return glance


def names(cells: Sequence[str]) -> list[str | None]:
    """Two to five Hangul syllables."""
    return [cell if _is_plain_name(cell) and cell not in _NO_NAMES else None for cell in cells]


def phones(cells: Sequence[str]) -> list[str | None]:
    """010, its zero eaten or not, and eight digits."""
    return ["010" + found[1] + found[2] if (found := _plain_phone(cell)) else None for cell in cells]


def account_numbers(cells: Sequence[str]) -> list[str | None]:
    """Three groups of digits, or one that a spreadsheet cannot have cut."""
    return [cell.replace("-", "") if _is_plain_account(cell) else None for cell in cells]


def texts(read: Read) -> Glance:
    """Hangul and ASCII with single blanks and no long number; anything else is remembered."""
    memory = Memory(read)

    def glance(cells: Sequence[str]) -> list[str | None]:
        suspect = may_hold_number if may_hold_number("\n".join(cells)) else _never
        return [cell if _is_plain(cell) and not suspect(cell) else memory[cell] for cell in cells]

    return glance


def _is_plain(cell: str) -> bool:
    return (
        bool(_is_plain_text(cell))
        and "  " not in cell
        and (len(cell) > _LONGER_THAN_MARKERS or not is_empty_marker(cell))
    )


def _never(_cell: str) -> None:
    return None


def resident_numbers(latest: date) -> Glance:
    """Thirteen digits whose first seven are a birth date."""
    told = Memory(partial(birth_date_of_resident, latest=latest))

    def glance(cells: Sequence[str]) -> list[str | None]:
        digits = [cell.replace("-", "") if _is_plain_resident_number(cell) else "" for cell in cells]
        return [number if number and told[number[:7]] else None for number in digits]

    return glance
