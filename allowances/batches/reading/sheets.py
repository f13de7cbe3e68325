"""Which sheet of a workbook holds the list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from allowances.batches.reading.columns import known_labels
from allowances.batches.reading.errors import NoTable

_LOOKED_AT: Final = 20
_HEAD_ROWS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """``place`` is where its reader finds it."""

    name: str
    visible: bool
    place: str


def best_sheet(sheets: Sequence[Sheet], head: Callable[[Sheet, int], list[list[str]]]) -> Sheet:
    """Of the visible sheets the one with the row that names the most known columns; the first of equals.

    Hidden sheets count only where nothing else is there. Raises NoTable without any sheet.
    """
    offered = [sheet for sheet in sheets if sheet.visible] or list(sheets)
    if not offered:
        raise NoTable
    if len(offered) == 1:
        return offered[0]
    return max(offered[:_LOOKED_AT], key=lambda sheet: _fit(head(sheet, _HEAD_ROWS)))


def _fit(rows: Sequence[Sequence[str]]) -> tuple[int, bool]:
    return max(map(known_labels, rows), default=0), any(map(any, rows))
