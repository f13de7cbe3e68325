"""명단 검증 결과: what is wrong, in the order in which it matters, and what can be done next."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allowances.batches import services
from allowances.batches.admin.common import DECIDED, batch_named, stages_of
from allowances.batches.admin.difference import comparisons_shown
from allowances.batches.annotated import annotated_copy
from allowances.batches.files import list_store
from allowances.batches.models import Batch, BatchState
from allowances.batches.reading.rewriting import suffix_of
from allowances.batches.selectors import (
    ProblemCount,
    ProblemFilter,
    acceptances_of,
    batch_progress,
    corrections_of,
    failure_of,
    has_rows_to_pay,
    problem_rows,
    problem_summary,
)
from vouchers.common.pages import page, refusals_shown, render, require
from vouchers.officials.rules import Role
from vouchers.privacy.admin import ReasonForm, record
from vouchers.privacy.models import AccessAction

PROBLEMS_SHOWN = 50
LONGEST_FILTER = 40
SEVERITIES = {"error": _("오류만"), "open": _("확인할 경고만"), "warning": _("경고만")}
SUBMITTABLE = (BatchState.VALIDATED, BatchState.RETURNED, BatchState.WITHDRAWN)
DISCARDABLE = (*SUBMITTABLE, BatchState.UPLOADED, BatchState.READING, BatchState.VALIDATING)


@page("allowances/batch/<uuid:batch_id>/result/", name="batch_result")
def result(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """What keeps the list from being submitted, its figures, problems by kind, and the rows that have them."""
    batch = batch_named(request, batch_id)
    if batch.state == BatchState.INSPECTED:
        return redirect("admin:batch_inspection", batch.pk)
    kinds, only = problem_summary(batch), _filter(request, batch)
    rows, go_on = problem_rows(batch, only=only, after_row=row_number(request, "after"), limit=PROBLEMS_SHOWN)
    drafts = request.authority.has_role(Role.DRAFTER, batch.municipality_id)  # type: ignore[attr-defined]
    chosen = {name: value for name, value in request.GET.items() if value and name in _FILTERS}
    return render(
        request, "allowances/batches/result.html", title=batch.file_name, batch=batch, stages=stages_of(batch),
        progress=batch_progress(batch), kinds=kinds, only=only, chosen=chosen, severities=SEVERITIES, rows=rows,
        next_page=urlencode(chosen | {"after": go_on}) if go_on else "", rows_good=batch.rows_total - batch.rows_bad,
        to_accept=sum(kind.open for kind in kinds if kind.blocks), failure=failure_of(batch), layout=_layout(batch),
        acceptances=acceptances_of(batch), corrections=corrections_of(batch, limit=5)[0],
        comparisons=comparisons_shown(batch), reason_form=ReasonForm(auto_id="download-%s"), decided=batch.state in DECIDED,
        sees_names=_sees_names(request, batch), chosen_kind=_kind(kinds, only),
        may_mend=drafts and batch.state == BatchState.VALIDATED, **_possible(request, batch, kinds, drafts=drafts),
    )  # fmt: skip


_FILTERS = ("kind", "show", "row", "dong", "name")


def _possible(request: HttpRequest, batch: Batch, kinds: list[ProblemCount], *, drafts: bool) -> dict[str, bool]:
    """Which buttons the official gets; the services decide again."""
    is_back = batch.state in (BatchState.RETURNED, BatchState.WITHDRAWN)
    waits = batch.corrections_pending > 0 or any(kind.blocks for kind in kinds)
    return {
        "may_submit": drafts and batch.state in SUBMITTABLE and has_rows_to_pay(batch) and not waits,
        "may_discard": drafts and batch.state in DISCARDABLE,
        "may_recheck": drafts and batch.state == BatchState.VALIDATED,
        "may_download": (bool(kinds) or is_back) and _sees_names(request, batch),
        "may_replace": drafts and (is_back or (batch.state == BatchState.VALIDATED and bool(kinds))),
    }


def _sees_names(request: HttpRequest, batch: Batch) -> bool:
    return bool(request.authority.may("citizens.view", batch.municipality_id))  # type: ignore[attr-defined]


def _filter(request: HttpRequest, batch: Batch) -> ProblemFilter:
    """What the address asks for; who may not see names cannot guess them either."""
    asked = {name: request.GET.get(name, "").replace("\0", "").strip()[:LONGEST_FILTER] for name in ("dong", "name")}
    code, _dot, field = request.GET.get("kind", "").replace("\0", "")[:120].partition(".")
    severity = request.GET.get("show", "")
    return ProblemFilter(
        code=code, field=field, severity=severity if severity in SEVERITIES else "",
        row=row_number(request, "row") or None, dong=asked["dong"],
        name=asked["name"] if _sees_names(request, batch) else "",
    )  # fmt: skip


def _kind(kinds: list[ProblemCount], only: ProblemFilter) -> ProblemCount | None:
    return next((kind for kind in kinds if (kind.code, kind.field) == (only.code, only.field)), None)


def _layout(batch: Batch) -> dict[str, Any]:
    """How the file was read, where something of it was left aside."""
    return batch.layout if batch.layout.get("ignored") else {}


def row_number(request: HttpRequest, name: str) -> int:
    """A row number in the address or the form; 0 for anything else."""
    asked = request.GET.get(name) or request.POST.get(name) or "0"
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0


@page("allowances/batch/<uuid:batch_id>/progress/", name="batch_progress")
def progress(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """How far the background work is, for the page that asks every second."""
    now = batch_progress(batch_named(request, batch_id))
    text = gettext("%(label)s · %(percent)s%%") % {"label": now.label, "percent": now.percent}
    return JsonResponse({"state": now.state, "percent": now.percent, "working": now.working, "text": text})


@page("allowances/batch/<uuid:batch_id>/annotated/", name="batch_annotated", methods=("POST",))
def annotated(request: HttpRequest, batch_id: UUID) -> HttpResponseBase:
    """The official's own file with the reasons beside its rows, after saying why it is needed."""
    batch = batch_named(request, batch_id)
    require(request, "citizens.view", batch.municipality_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("내려받는 사유를 5자 이상 입력하십시오."))
        return redirect("admin:batch_result", batch.pk)
    if "header_row" not in batch.layout:
        messages.error(request, _("읽지 못한 파일은 오류 표시 사본을 만들 수 없습니다."))
        return redirect("admin:batch_result", batch.pk)
    record(
        request, municipality=batch.municipality_id, action=AccessAction.DOWNLOAD, subject=f"batch {batch.pk}",
        reason=form.cleaned_data["reason"], count=batch.rows_total,
    )  # fmt: skip
    response = StreamingHttpResponse(annotated_copy(batch, store=list_store()), content_type="application/octet-stream")
    name, suffix = batch.file_name.rsplit(".", 1)[0], suffix_of(batch.layout)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name + gettext('_오류표시'))}{suffix}"
    return response


@page("allowances/batch/<uuid:batch_id>/recheck/", name="batch_recheck", methods=("POST",))
def recheck(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Check again."""
    batch = batch_named(request, batch_id)
    with refusals_shown(request):
        services.recheck(batch=batch, official=request.user, authority=request.authority, at=request.at)  # type: ignore[arg-type,attr-defined]
        messages.info(request, _("명단을 다시 검증합니다."))
    return redirect("admin:batch_result", batch.pk)


@page("allowances/batch/<uuid:batch_id>/discard/", name="batch_discard", methods=("POST",))
def discard(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Give the list up."""
    batch = batch_named(request, batch_id)
    with refusals_shown(request):
        services.discard(batch=batch, official=request.user, authority=request.authority, at=request.at)  # type: ignore[arg-type,attr-defined]
        messages.success(request, _("명단을 폐기했습니다. 고친 파일을 다시 올릴 수 있습니다."))
    return redirect("admin:batch_result", batch.pk)
