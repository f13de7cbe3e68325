"""How far a payment is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Chunks, rows and won of a list, and how many of them are posted. All zero before the list is cut into chunks."""

    chunks: int = 0
    chunks_posted: int = 0
    rows: int = 0
    rows_posted: int = 0
    amount: int = 0
    amount_posted: int = 0

    @property
    def percent(self) -> int:
        """Of the rows, rounded down: 100 only when every row is posted."""
        return self.rows_posted * 100 // self.rows if self.rows else 0
