"""명단 비교: who is new, gone or changed against the cycle before, or against the version a list replaces."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allowances.batches.admin.common import batch_named, stages_of
from allowances.batches.comparison import Comparison, comparison_of, is_being_compared, rows_of
from allowances.batches.models import Batch, BatchState, ComparisonPurpose, DifferenceKind
from vouchers.common.pages import page, render

ROWS_SHOWN = 50
_UNREAD = (BatchState.UPLOADED, BatchState.INSPECTED, BatchState.READING, BatchState.VALIDATING, BatchState.REFUSED)


def comparisons_shown(batch: Batch) -> list[dict[str, Any]]:
    """What the pages of a list say in short: each comparison there is, or that it is being made."""
    if batch.state in (*_UNREAD, BatchState.DISCARDED):
        return []
    found = []
    for purpose in (ComparisonPurpose.VERSION, ComparisonPurpose.CYCLE):
        comparison = comparison_of(batch=batch, purpose=purpose)
        if comparison or is_being_compared(batch=batch, purpose=purpose):
            found.append({"purpose": purpose, "label": purpose.label, "figures": comparison})
    return found


@page("allowances/batch/<uuid:batch_id>/difference/", name="batch_difference")
def difference(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Figures by kind, and the people of one kind, page by page."""
    batch, asked = batch_named(request, batch_id), _purpose(request)
    comparison = None if batch.state in _UNREAD else comparison_of(batch=batch, purpose=asked)
    kind = _kind(request, comparison)
    rows, go_on = (
        rows_of(comparison, kind=kind, after_number=_number(request), limit=ROWS_SHOWN) if comparison else ([], None)
    )
    return render(
        request, "allowances/batches/difference.html", title=_("%s과 비교") % asked.label, batch=batch,
        stages=stages_of(batch), purpose=asked, comparison=comparison, kind=kind, rows=rows, go_on=go_on,
        is_being_compared=comparison is None and is_being_compared(batch=batch, purpose=asked),
        before=Batch.objects.filter(pk__in=comparison.before).select_related("cycle") if comparison else [],
    )  # fmt: skip


@page("allowances/batch/<uuid:batch_id>/difference/progress/", name="batch_difference_progress")
def difference_progress(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Whether the job is still comparing, for the page that asks every second."""
    working = is_being_compared(batch=batch_named(request, batch_id), purpose=_purpose(request))
    return JsonResponse({"percent": 0, "working": working, "text": gettext("비교하고 있습니다.")})


def _purpose(request: HttpRequest) -> ComparisonPurpose:
    try:
        return ComparisonPurpose(request.GET.get("with", ComparisonPurpose.CYCLE))
    except ValueError:
        raise Http404 from None


def _kind(request: HttpRequest, comparison: Comparison | None) -> DifferenceKind:
    """The one asked for, else the first that has anybody."""
    asked = request.GET.get("kind", "")
    if asked in DifferenceKind.values or comparison is None:
        return DifferenceKind(asked) if asked in DifferenceKind.values else DifferenceKind.ADDED
    filled = (kind for kind in DifferenceKind if getattr(comparison, kind).people)
    return next(filled, DifferenceKind.ADDED)


def _number(request: HttpRequest) -> int:
    after = request.GET.get("after", "0")
    return int(after) if after.isascii() and after.isdigit() and len(after) < 10 else 0
