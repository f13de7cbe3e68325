"""Reading departures: whom a list names, and what is still due to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from allowances.batches.models import Batch
from allowances.departures.models import Departure, DepartureList, DepartureState


@dataclass(frozen=True, kw_only=True)
class Due:
    """What one list still owes to the people of a departure list: rows that would be stopped, held money returned."""

    batch: Batch
    stopped: int = 0
    stopped_amount: int = 0
    returned: int = 0
    returned_amount: int = 0


def told_apart(rows: Sequence[Departure]) -> list[Any]:
    """The four lists by which the database tells people apart: citizen, person, resident number, reason."""
    return [
        [row.citizen_id for row in rows],
        [row.person for row in rows],
        [bytes(row.resident_number_index) if row.resident_number_index else None for row in rows],
        [row.kind for row in rows],
    ]


def ready_rows(departures: DepartureList) -> list[Departure]:
    """The rows that can be applied."""
    return list(departures.rows.filter(state=DepartureState.READY).select_related("citizen").order_by("row_number"))


def due_to(rows: Sequence[Departure], *, municipality: str) -> tuple[list[Due], dict[UUID, int]]:
    """What confirming these rows would stop, by list; and the won for each departure."""
    if not rows:
        return [], {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT batch_id, place, is_held, count(*), sum(amount)::bigint"
            " FROM disbursement.due_of(%s, %s::uuid[], %s::text[], %s::bytea[], %s::text[]) GROUP BY 1, 2, 3",
            [municipality, *told_apart(rows)],
        )
        found = cursor.fetchall()
    by_row: dict[UUID, int] = {}
    by_list: dict[UUID, list[int]] = {}
    for batch_id, place, is_held, count, amount in found:
        key = rows[place - 1].pk
        by_row[key] = by_row.get(key, 0) + amount
        sums = by_list.setdefault(batch_id, [0, 0, 0, 0])
        sums[2 if is_held else 0] += count
        sums[3 if is_held else 1] += amount
    batches = Batch.objects.select_related("cycle__programme").in_bulk(by_list)
    names = ("stopped", "stopped_amount", "returned", "returned_amount")
    lists = [
        Due(batch=batches[key], **dict(zip(names, sums, strict=True))) for key, sums in sorted(by_list.items())
    ]  # fmt: skip
    return lists, by_row
