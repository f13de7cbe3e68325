"""Reading payments: how far a list is, and what is still to be posted."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet, Sum

from allowances.batches.models import Batch
from allowances.disbursement.models import DisbursementChunk
from allowances.disbursement.rules import Progress


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
