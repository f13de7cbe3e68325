"""Which approval line a list takes (전결), by amount and day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True)
class Band:
    """A line's place in the table of delegated decisions: from a day on, up to an amount in won (None: any)."""

    line: UUID
    valid_from: date
    amount_up_to: int | None

    def covers(self, total: int) -> bool:
        """Whether a list of that total is decided by this line; the limit itself is included."""
        return self.amount_up_to is None or total <= self.amount_up_to


def band_for(bands: Iterable[Band], *, total: int, day: date) -> Band | None:
    """The narrowest band that covers the total, of those that came into force last.

    A new day's bands replace all older ones together: a table of delegated decisions is issued as a whole, so an old
    band never fills a gap in the new table.
    """
    in_force = [band for band in bands if band.valid_from <= day]
    newest = max((band.valid_from for band in in_force), default=None)
    covering = [band for band in in_force if band.valid_from == newest and band.covers(total)]
    return min(covering, key=lambda band: (band.amount_up_to is None, band.amount_up_to or 0), default=None)
