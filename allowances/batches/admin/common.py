"""What the pages of a list share: finding it, and the stations on its way."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from allowances.batches.models import Batch, BatchKind, BatchState
from vouchers.common.pages import find, require

DECIDED = (
    BatchState.SUBMITTED, BatchState.APPROVED, BatchState.SCHEDULED, BatchState.PAYING, BatchState.PAUSED, BatchState.PAID,
)  # fmt: skip


def batch_named(request: HttpRequest, batch_id: UUID) -> Batch:
    """The list with what its pages show, or a 404; its official may see it, or a 403."""
    batch = find(Batch.objects.select_related("cycle__programme__type", "uploaded_by", "duplicate_of"), batch_id)
    require(request, "allowances.view", batch.municipality_id)
    return batch


def stages_of(batch: Batch) -> list[dict[str, Any]]:
    """The five stations of a list: which are behind it, and where it is."""
    names = (_("업로드"), _("검증"), _("결재"), _("환수") if batch.kind == BatchKind.CLAWBACK else _("지급"))
    if batch.state in (BatchState.SUBMITTING, BatchState.SUBMITTED):
        at = 2
    elif batch.state in DECIDED:
        at = 4 if batch.state == BatchState.PAID else 3
    else:
        at = 1
    return [{"name": name, "done": number < at, "now": number == at} for number, name in enumerate(names)]
