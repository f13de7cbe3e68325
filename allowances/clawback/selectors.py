"""Reading clawbacks: what a list paid whom, what is owed, and what is overdue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, QuerySet, Sum

from allowances.batches.models import Batch
from allowances.clawback.models import ClawbackItem, Instalment, Receivable
from allowances.clawback.rules import Due, overdue

_PAYMENTS = """
SELECT e.row_number, e.id, coalesce(citizen.name, r.name), coalesce(citizen.birth_date, r.birth_date),
       coalesce(citizen.phone, r.phone), coalesce(lot.granted::bigint, e.amount),
       coalesce(lot.remaining, 0), coalesce(lot.expired, 0), coalesce(recovery.claimed, 0),
       coalesce(recovery.lapsed, 0)
FROM allowances_entitlement e
JOIN allowances_batchrow r
  ON r.municipality_id = e.municipality_id AND r.batch_id = e.batch_id AND r.row_number = e.row_number
LEFT JOIN vouchers_citizen citizen ON citizen.municipality_id = e.municipality_id AND citizen.id = e.citizen_id
LEFT JOIN allowances_unpaidentitlement unpaid
  ON unpaid.municipality_id = e.municipality_id AND unpaid.entitlement_id = e.id
LEFT JOIN vouchers_lot lot
  ON lot.municipality_id = e.municipality_id AND lot.wallet_id = coalesce(unpaid.wallet_id, e.wallet_id)
 AND lot.source_id = e.id
LEFT JOIN allowances_recovery recovery
  ON recovery.municipality_id = e.municipality_id AND recovery.source_id = e.id
WHERE e.municipality_id = %(municipality)s AND e.batch_id = %(batch)s AND NOT e.void
  AND (lot.id IS NOT NULL OR e.in_cash AND unpaid.id IS NULL)
  AND {condition}
ORDER BY e.row_number
LIMIT %(limit)s
"""


@dataclass(frozen=True)
class Payment:
    """What somebody got by a list, in won, and what became of it. Names and numbers in full: mask what is shown."""

    row_number: int
    source: UUID
    name: str
    birth_date: date
    phone: str
    paid: int
    remaining: int
    expired: int
    claimed: int
    lapsed: int

    @property
    def free(self) -> int:
        """What a new clawback can still claim."""
        return max(0, self.paid - self.claimed - max(0, self.expired - self.lapsed))


def payments_of(*, batch: Batch, rows: Sequence[int]) -> list[Payment]:
    """The payments of these rows of a paid list; rows that paid nobody are left out."""
    return _payments(batch, "e.row_number = ANY (%(rows)s)", limit=len(rows), rows=list(rows))


def payments_after(*, batch: Batch, row: int, limit: int) -> list[Payment]:
    """The next payments of a list by row number."""
    return _payments(batch, "e.row_number > %(row)s", limit=limit, row=row)


def payments_to(*, batch: Batch, name: str, row: int, limit: int) -> list[Payment]:
    """The payments of a list to people of exactly this name, by row number."""
    return _payments(batch, "r.name = %(name)s AND e.row_number > %(row)s", limit=limit, name=name, row=row)


def _payments(batch: Batch, condition: str, *, limit: int, **parameters: Any) -> list[Payment]:
    with connection.cursor() as cursor:
        cursor.execute(
            _PAYMENTS.format(condition=condition),
            {"municipality": batch.municipality_id, "batch": batch.pk, "limit": limit, **parameters},
        )
        return [Payment(*row) for row in cursor.fetchall()]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What has come of a clawback so far. Won."""

    decided: int
    taken: int
    lapsed: int
    owed: int
    debtors: int
    outstanding: int


def outcome_of(batch: Batch) -> Outcome:
    """How much of a clawback was taken from wallets, and what is still owed."""
    items = ClawbackItem.objects.filter(municipality=batch.municipality_id, batch_id=batch.pk).aggregate(
        decided=Sum("amount", default=0), taken=Sum("taken", default=0), lapsed=Sum("lapsed", default=0)
    )
    owed = Receivable.objects.filter(municipality=batch.municipality_id, batch=batch.pk).aggregate(
        debtors=Count("id"), outstanding=Sum("outstanding", default=0), decided=Sum("decided", default=0),
        from_lots=Sum("from_lots", default=0), lapsed=Sum("lapsed", default=0),
    )  # fmt: skip
    return Outcome(
        **items, debtors=owed["debtors"], outstanding=owed["outstanding"],
        owed=owed["decided"] - owed["from_lots"] - owed["lapsed"],
    )  # fmt: skip


def latest_plan(receivable: Receivable) -> list[Instalment]:
    """The instalments that hold now, in order."""
    newest = Instalment.objects.filter(receivable=receivable.pk).order_by("-plan").values_list("plan", flat=True)[:1]
    return list(Instalment.objects.filter(receivable=receivable.pk, plan__in=list(newest)).order_by("number"))


def overdue_of(receivable: Receivable, *, plan: Sequence[Instalment], today: date) -> int:
    """What of a receivable should have been paid by now."""
    received = receivable.decided - receivable.outstanding - (plan[0].repaid_before if plan else 0)
    return overdue(
        [Due(part.due_on, part.amount) for part in plan], received=received, due_on=receivable.due_on,
        outstanding=receivable.outstanding, today=today,
    )  # fmt: skip


def open_receivables() -> QuerySet[Receivable]:
    """What is still owed, the earliest term first."""
    return (
        Receivable.objects.filter(outstanding__gt=0)
        .select_related("programme", "citizen", "batch__cycle")
        .order_by("due_on", "id")
    )


@dataclass(frozen=True)
class Received:
    """What a citizen got by one list, in won."""

    batch: UUID
    row_number: int
    programme: str
    cycle: str
    paid_on: date
    paid: int
    remaining: int
    clawed_back: int


_RECEIVED = """
SELECT e.batch_id, e.row_number, programme.name, cycle.name, (lot.created_at AT TIME ZONE 'Asia/Seoul')::date,
       lot.granted::bigint, lot.remaining, coalesce(recovery.claimed, 0)
FROM vouchers_wallet wallet
JOIN vouchers_lot lot ON lot.municipality_id = wallet.municipality_id AND lot.wallet_id = wallet.id AND lot.kind = 'grant'
JOIN allowances_entitlement e ON e.municipality_id = lot.municipality_id AND e.id = lot.source_id
JOIN allowances_cycle cycle ON cycle.id = e.cycle_id
JOIN allowances_programme programme ON programme.id = cycle.programme_id
LEFT JOIN allowances_recovery recovery
  ON recovery.municipality_id = lot.municipality_id AND recovery.source_id = lot.source_id
WHERE wallet.municipality_id = %s AND wallet.citizen_id = %s
ORDER BY lot.id DESC
LIMIT %s
"""


def received_by(*, municipality: str, citizen: UUID, limit: int = 100) -> list[Received]:
    """The latest payments into a citizen's wallets, the newest first, with the list and row that each came from."""
    with connection.cursor() as cursor:
        cursor.execute(_RECEIVED, [municipality, citizen, limit])
        return [Received(*row) for row in cursor.fetchall()]
