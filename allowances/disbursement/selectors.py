"""Reading payments: how far a list is, and what is still to be posted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet, Sum

from allowances.batches.models import Batch, BatchAction, BatchEvent, BatchKind, BatchRow, Entitlement
from allowances.disbursement.models import DisbursementChunk, UnpaidEntitlement, UnpaidReason, UnpaidState
from allowances.disbursement.rules import NOTHING, Outcome, Progress, Share, kind_of_unpaid
from vouchers.privacy.rules import mask_name, mask_phone

PAYMENT_ACTIONS: Final = (
    BatchAction.SCHEDULE, BatchAction.UNSCHEDULE, BatchAction.PAUSE, BatchAction.RESUME, BatchAction.CANCEL,
    BatchAction.RETRY, BatchAction.GIVE_UP,
)  # fmt: skip


def chunks_of(batch: Batch) -> QuerySet[DisbursementChunk]:
    """The chunks of a list in the order of its rows."""
    return DisbursementChunk.objects.filter(municipality=batch.municipality_id, batch_id=batch.pk).order_by("number")


def unposted(batch: Batch) -> list[int]:
    """The numbers of the chunks that are not posted yet."""
    return list(chunks_of(batch).filter(posted_at=None).values_list("number", flat=True))


def progress(batch: Batch) -> Progress:
    """How much of a list is posted."""
    posted = Q(posted_at__isnull=False)
    sums = chunks_of(batch).aggregate(
        all_chunks=Count("number"), posted_chunks=Count("number", filter=posted),
        all_rows=Sum("rows", default=0), posted_rows=Sum("rows", filter=posted, default=0),
        all_amounts=Sum("amount", default=0), posted_amounts=Sum("amount", filter=posted, default=0),
    )  # fmt: skip
    return Progress(
        chunks=sums["all_chunks"], chunks_posted=sums["posted_chunks"], rows=sums["all_rows"],
        rows_posted=sums["posted_rows"], amount=sums["all_amounts"], amount_posted=sums["posted_amounts"],
    )  # fmt: skip


def unposted_amount(batch: Batch) -> int:
    """Won that is still to be posted, rows that were stopped included; all of it before the list is cut into chunks."""
    now = progress(batch)
    return now.amount - now.amount_posted if now.chunks else batch.amount_total


def unpaid_of(batch: Batch) -> QuerySet[UnpaidEntitlement]:
    """The rows of a list that were not paid with it, by row number."""
    return UnpaidEntitlement.objects.filter(municipality=batch.municipality_id, batch_id=batch.pk).order_by(
        "row_number"
    )


def outcome(batch: Batch) -> Outcome:
    """How much of a list came to what."""
    chunks = chunks_of(batch).aggregate(
        rows=Sum("rows", filter=Q(posted_at__isnull=False), default=0),
        amount=Sum("amount", filter=Q(posted_at__isnull=False), default=0),
    )
    total = Share(rows=batch.rows_total - batch.rows_bad, amount=batch.amount_total)
    settled = Share(**chunks)
    found: dict[str, Share] = {}
    for row in (
        unpaid_of(batch).order_by().values("reason", "state")
        .annotate(was_held=ExpressionWrapper(Q(journal_id__isnull=False), output_field=BooleanField()))
        .annotate(rows=Count("id"), amount=Sum("amount"))
    ):  # fmt: skip
        kind = kind_of_unpaid(reason=row["reason"], state=row["state"], was_held=row["was_held"])
        found[kind] = found.get(kind, NOTHING) + Share(rows=row["rows"], amount=row["amount"])
    ended = sum(found.values(), NOTHING) - _still_stopped(batch)
    cash = _cash(batch)
    return Outcome(
        total=total, cash=cash, paid=settled - cash - ended, open=total - settled - _still_stopped(batch), **found
    )


def _still_stopped(batch: Batch) -> Share:
    """Rows that were stopped and whose chunk has not come yet."""
    return Share(
        **unpaid_of(batch)
        .filter(state="stopped")
        .order_by()
        .aggregate(rows=Count("id"), amount=Sum("amount", default=0))
    )


def _cash(batch: Batch) -> Share:
    """Rows that the bank pays, of the chunks that are posted."""
    posted = Q(pk__in=[])
    for first, last in chunks_of(batch).filter(journal_id__isnull=False).values_list("first_row", "last_row"):
        posted |= Q(row_number__range=(first, last))
    stopped = unpaid_of(batch).values("entitlement_id")
    rows = Entitlement.objects.filter(posted, municipality=batch.municipality_id, batch_id=batch.pk, in_cash=True)
    return Share(**rows.exclude(pk__in=stopped).aggregate(rows=Count("id"), amount=Sum("amount", default=0)))


def held_lists(municipality: str) -> list[UUID]:
    """The lists that hold money for somebody."""
    held = UnpaidEntitlement.objects.filter(municipality=municipality, state="held")
    return list(held.values_list("batch_id", flat=True).distinct().order_by("batch_id"))


_FAILED: Final = (UnpaidReason.WALLET_CLOSED, UnpaidReason.WALLET_FROZEN)
_PARTS: Final[dict[str, Q]] = {
    "held": Q(state=UnpaidState.HELD) & ~Q(reason__in=_FAILED),
    "failed": Q(state=UnpaidState.HELD, reason__in=_FAILED),
    "claimed": Q(state=UnpaidState.CREDITED),
    "stopped": Q(state__in=(UnpaidState.STOPPED, UnpaidState.RETURNED), journal_id=None)
    & ~Q(reason=UnpaidReason.CANCELLED),
    "returned": Q(state=UnpaidState.RETURNED, journal_id__isnull=False),
    "cancelled": Q(state=UnpaidState.RETURNED, journal_id=None, reason=UnpaidReason.CANCELLED),
}


@dataclass(frozen=True, kw_only=True)
class UnpaidRow:
    """One row that was not paid with its list, its person masked."""

    row_number: int
    name: str
    phone: str
    unpaid: UnpaidEntitlement


def unpaid_rows(
    batch: Batch, *, kind: str | None, after_row: int, limit: int
) -> tuple[list[UnpaidRow], int | None]:  # fmt: skip
    """Rows after ``after_row`` that were not paid with the list, of one part of its outcome or of all; and the row to go
    on after, None at the end."""
    found = unpaid_of(batch).filter(row_number__gt=after_row)
    if kind:
        found = found.filter(_PARTS[kind])
    unpaid = list(found[: limit + 1])
    numbers = [row.row_number for row in unpaid[:limit]]
    people = {
        number: (name, phone)
        for number, name, phone in BatchRow.objects.filter(
            municipality=batch.municipality_id, batch_id=batch.pk, row_number__in=numbers
        ).values_list("row_number", "name", "phone")
    }
    rows = [
        UnpaidRow(
            row_number=row.row_number, unpaid=row, name=mask_name(people[row.row_number][0] or ""),
            phone=mask_phone(people[row.row_number][1] or ""),
        )
        for row in unpaid[:limit]
    ]  # fmt: skip
    return rows, rows[-1].row_number if len(unpaid) > limit else None


def events_of(batch: Batch) -> list[BatchEvent]:
    """What officials did about the payment, oldest first."""
    return list(batch.events.filter(action__in=PAYMENT_ACTIONS).select_related("official").order_by("at", "pk"))


def followers_of(batch: Batch) -> list[Batch]:
    """The lists that follow this one or give its people more, oldest first."""
    return list(batch.children.exclude(kind=BatchKind.CLAWBACK).order_by("pk"))
