"""Reading payments: how far a list is, and what is still to be posted."""

from __future__ import annotations

from uuid import UUID

from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet, Sum

from allowances.batches.models import Batch, Entitlement
from allowances.disbursement.models import DisbursementChunk, UnpaidEntitlement
from allowances.disbursement.rules import NOTHING, Outcome, Progress, Share, kind_of_unpaid


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
