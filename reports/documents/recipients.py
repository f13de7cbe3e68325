"""Who a list pays, as its register says it: read in blocks, so that a list of a whole city is never in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from allowances.batches.models import Batch
from vouchers.common.seoul import business_date

BLOCK_ROWS: Final = 20_000

_ROWS: Final = """
SELECT e.row_number, coalesce(r.dong, ''), coalesce(r.name, ''), r.birth_date, e.amount, c.posted_at, e.in_cash,
       e.citizen_id IS NULL, u.state,
       CASE WHEN c.posted_at IS NOT NULL AND (u.id IS NULL OR u.journal_id IS NOT NULL) THEN e.amount ELSE 0 END
FROM allowances_entitlement e
JOIN allowances_batchrow r
  ON r.municipality_id = e.municipality_id AND r.batch_id = e.batch_id AND r.row_number = e.row_number
LEFT JOIN allowances_disbursementchunk c
  ON c.municipality_id = e.municipality_id AND c.batch_id = e.batch_id AND c.number = e.row_number / %(chunk)s
LEFT JOIN allowances_unpaidentitlement u
  ON u.municipality_id = e.municipality_id AND u.batch_id = e.batch_id AND u.row_number = e.row_number
WHERE e.municipality_id = %(municipality)s AND e.batch_id = %(batch)s AND r.batch_id = %(batch)s
  AND e.row_number > %(after)s AND r.row_number > %(after)s
ORDER BY e.row_number LIMIT %(limit)s
"""
_BY_DONG: Final = """
SELECT coalesce(nullif(r.dong, ''), '-') AS dong, count(*), sum(e.amount)::bigint
FROM allowances_entitlement e
JOIN allowances_batchrow r
  ON r.municipality_id = e.municipality_id AND r.batch_id = e.batch_id AND r.row_number = e.row_number
WHERE e.municipality_id = %(municipality)s AND e.batch_id = %(batch)s AND r.batch_id = %(batch)s
GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """One line of a register, in full; the paper masks it. ``moved``: what left the programme for it, 0 before it is paid."""

    number: int
    dong: str
    name: str = field(repr=False)
    birth_date: date | None = field(repr=False)
    amount: int
    paid_on: date | None
    note: str
    moved: int = 0


@dataclass(frozen=True, kw_only=True)
class DongSum:
    """What one 읍면동 gets."""

    dong: str
    people: int
    amount: int


def recipients_of(batch: Batch) -> Iterator[list[Recipient]]:
    """The recipients in the order of the list, in blocks. Call it inside a scope."""
    after, number = 0, 0
    while rows := _block(batch, after):
        yield [_recipient(position, row) for position, row in enumerate(rows, start=number + 1)]
        after, number = rows[-1][0], number + len(rows)


def dongs_of(batch: Batch) -> list[DongSum]:
    """The sums by 읍면동, one statement whatever the length of the list."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(_BY_DONG, {"municipality": batch.municipality_id, "batch": batch.pk})
        found = cursor.fetchall()
        cursor.execute("SET LOCAL enable_nestloop = on")
    return [DongSum(dong=dong, people=people, amount=amount) for dong, people, amount in found]


def _block(batch: Batch, after: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            _ROWS,
            {
                "municipality": batch.municipality_id, "batch": batch.pk, "chunk": batch.terms["chunk_rows"],
                "after": after, "limit": BLOCK_ROWS,
            },
        )  # fmt: skip
        return cursor.fetchall()


def _recipient(number: int, row: tuple[Any, ...]) -> Recipient:
    _, dong, name, birth_date, amount, posted_at, in_cash, is_no_member, unpaid, moved = row
    return Recipient(
        number=number, dong=dong, name=name, birth_date=birth_date, amount=amount,
        paid_on=_paid_on(posted_at, unpaid), note=_note(in_cash, is_no_member, unpaid), moved=moved,
    )  # fmt: skip


def _paid_on(posted_at: datetime | None, unpaid: str | None) -> date | None:
    return business_date(posted_at) if posted_at and not unpaid else None


_UNPAID: Final = {"held": "미가입 보관", "credited": "보관 후 지급", "returned": "예산 반납", "stopped": "지급 중지"}


def _note(in_cash: bool, is_no_member: bool, unpaid: str | None) -> str:
    if unpaid:
        return _UNPAID.get(unpaid, "미지급")
    if in_cash:
        return "현금"
    return "미가입" if is_no_member else ""


def batch_of(key: UUID) -> Batch:
    """The list with everything its register says."""
    rows = Batch.objects.select_related("cycle__programme__currency", "municipality", "uploaded_by")
    return rows.get(pk=key)
