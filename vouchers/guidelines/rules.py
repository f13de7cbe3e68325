"""Which rate a municipality may give on a day, by the guideline and by what the municipality is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple


class Limit(NamedTuple):
    """A row of the guideline; an empty region means every one."""

    kind: str
    region: str
    valid_from: date
    value: int
    source: str


class Status(NamedTuple):
    """What a municipality is, or the rate it was told."""

    kind: str
    valid_from: date
    valid_until: date | None
    rate: int | None
    document: str


class Ceiling(NamedTuple):
    """The highest rate in 1/10000, the part of it that is an uplift for a disaster, whose it is, and who says so."""

    rate: int
    uplift: int
    status: str
    source: str


def ceiling(
    *, limits: Sequence[Limit], statuses: Sequence[Status], regions: Sequence[str], day: date
) -> Ceiling | None:
    """The highest rate on ``day``; None: no guideline holds for what the municipality is known to be then.

    The class that began last holds, and so does the last notified rate. One guideline's rows begin on one day, so of those
    that began last the municipality's own counts; a guideline for all regions needs no class.
    """
    present = [s for s in statuses if s.valid_from <= day and (s.valid_until is None or day <= s.valid_until)]
    in_order = sorted(present, key=lambda status: status.valid_from)
    told = next((s for s in reversed(in_order) if s.rate is not None), None)
    if told is not None and told.rate is not None:
        return Ceiling(told.rate, 0, told.kind, told.document)
    own = next((s.kind for s in reversed(in_order) if s.kind in regions), "")
    begun = [limit for limit in limits if limit.kind == "rate" and limit.valid_from <= day]
    last = max((limit.valid_from for limit in begun), default=None)
    base = next((r for r in begun if r.valid_from == last and r.region in ("", own)), None)
    if base is None:
        return None
    struck = any(status.kind == "disaster" for status in present)
    uplift = latest([r for r in limits if struck and r.kind == "disaster"], day=day)
    return Ceiling(base.value + (uplift.value if uplift else 0), uplift.value if uplift else 0, own, base.source)


def latest(limits: Sequence[Limit], *, day: date) -> Limit | None:
    """The limit that began last."""
    return max((row for row in limits if row.valid_from <= day), key=lambda row: row.valid_from, default=None)
