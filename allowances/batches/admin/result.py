"""명단 검증 결과: counts, errors, the annotated copy, checking again, giving up."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allowances.batches import services
from allowances.batches.admin.common import DECIDED, batch_named, stages_of
from allowances.batches.files import list_store
from allowances.batches.models import BatchState
from allowances.batches.selectors import (
    annotated_copy,
    batch_progress,
    failure_of,
    has_rows_to_pay,
    problem_summary,
    problems,
)
from vouchers.common.pages import page, refusals_shown, render, require
from vouchers.officials.rules import Role
from vouchers.privacy.admin import ReasonForm, record
from vouchers.privacy.models import AccessAction

PROBLEMS_SHOWN = 50
SUBMITTABLE = (BatchState.VALIDATED, BatchState.RETURNED, BatchState.WITHDRAWN)
DISCARDABLE = (*SUBMITTABLE, BatchState.UPLOADED, BatchState.READING, BatchState.VALIDATING)


@page("allowances/batch/<uuid:batch_id>/result/", name="batch_result")
def result(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Counts, total, errors by kind, the first rows in error, and what can be done next."""
    batch = batch_named(request, batch_id)
    code = request.GET.get("kind", "")
    kinds = problem_summary(batch)
    found, go_on = problems(batch, code=code or None, after_row=_row_number(request), limit=PROBLEMS_SHOWN)
    drafts = request.authority.has_role(Role.DRAFTER, batch.municipality_id)  # type: ignore[attr-defined]
    return render(
        request, "allowances/batches/result.html", title=batch.file_name, batch=batch, stages=stages_of(batch),
        progress=batch_progress(batch), kinds=kinds, kind=code, problems=found, go_on=go_on,
        errors=sum(kind.count for kind in kinds if not kind.is_warning), rows_good=batch.rows_total - batch.rows_bad,
        failure=failure_of(batch), reason_form=ReasonForm(auto_id="download-%s"), decided=batch.state in DECIDED,
        may_submit=drafts and batch.state in SUBMITTABLE and has_rows_to_pay(batch),
        may_discard=drafts and batch.state in DISCARDABLE, may_recheck=drafts and batch.state == BatchState.VALIDATED,
        may_download=bool(kinds) and request.authority.may("citizens.view", batch.municipality_id),  # type: ignore[attr-defined]
    )  # fmt: skip


def _row_number(request: HttpRequest) -> int:
    after = request.GET.get("after", "0")
    return int(after) if after.isascii() and after.isdigit() and len(after) < 10 else 0


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
    response = StreamingHttpResponse(annotated_copy(batch, store=list_store()), content_type="text/csv")
    name = batch.file_name.rsplit(".", 1)[0]
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name + gettext('_오류표시'))}.csv"
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
