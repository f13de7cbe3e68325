"""Merged 읍면동 cells: written once, meant for every row below."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from allowances.batches.reading.columns import Layout, Row


class MergedDongs:
    """Fills 읍면동 down where the first rows show merged cells.

    A merged column never says the same twice in a row and begins with a value. Any other column keeps its blanks,
    because a dong that is only missing must not be guessed.
    """

    def __init__(self, layout: Layout, sample: Sequence[Row]) -> None:
        self._name = layout.columns.get("name")
        self._dong = layout.columns.get("dong")
        self._last = ""
        self._merged = self._is_merged([cells for _number, cells in sample])

    def _is_merged(self, rows: Sequence[Sequence[str]]) -> bool:
        if self._name is None or self._dong is None:
            return False
        longest = max(self._name, self._dong)
        dongs = [row[self._dong].strip() for row in rows if len(row) > longest and row[self._name].strip()]
        repeats = any(dong and dong == below for dong, below in pairwise(dongs))
        return bool(dongs) and bool(dongs[0]) and "" in dongs and not repeats

    def filled(self, rows: Sequence[list[str]]) -> Sequence[list[str]]:
        """The rows, in copies where a dong was filled in; rows without a name are left alone."""
        if not self._merged or self._name is None or self._dong is None:
            return rows
        return [self._with_dong(row, self._name, self._dong) for row in rows]

    def _with_dong(self, row: list[str], name: int, dong: int) -> list[str]:
        if not row[name].strip():
            return row
        self._last = row[dong].strip() or self._last
        return [*row[:dong], self._last, *row[dong + 1 :]]
