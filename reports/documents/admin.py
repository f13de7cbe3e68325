"""지급 조서: the page on which the register of a list is printed, and the papers made so far."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allowances.batches.admin import batch_named, stages_of
from merchants.closures.models import ClosureCheck
from merchants.dispositions.models import Disposition, DispositionState
from reports.documents import decision, notices, printing
from reports.documents.files import paper_store
from reports.documents.models import PaperState, RegisterPaper
from reports.documents.recipients import batch_of
from reports.documents.rules import WHOLE_ROWS, register_form
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.common.seoul import business_date
from vouchers.privacy.admin import ReasonForm

PAPERS_SHOWN = 10
_TYPES = {"pdf": "application/pdf", "list": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@page("allowances/batch/<uuid:batch_id>/register/", name="batch_register")
def batch_register(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """How the register of this list is made, and the papers that were."""
    batch = batch_named(request, batch_id)
    papers = RegisterPaper.objects.filter(batch=batch, attempt=batch.attempt).select_related("official")[:PAPERS_SHOWN]
    return render(
        request, "reports/documents/register_page.html", title=_("지급 조서"), batch=batch, stages=stages_of(batch),
        is_printable=printing.is_printable(batch), rows=printing.rows_of(batch), whole=WHOLE_ROWS,
        form_name=register_form(printing.rows_of(batch)), reason_form=ReasonForm(auto_id="register-%s"),
        may_plain=request.authority.may("citizens.view", batch.municipality_id),  # type: ignore[attr-defined]
        papers=papers, paid_in=f"{business_date(batch.paid_at):%Y-%m}" if batch.paid_at else "",
    )  # fmt: skip


@page("allowances/batch/<uuid:batch_id>/register/print/", name="batch_register_print", methods=("POST",))
def print_register(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The PDF at once, or the job that makes it."""
    batch = batch_named(request, batch_id)
    made: Any = None
    with refusals_shown(request):
        made = printing.print_register(
            batch=batch, official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type,attr-defined]
            is_plain=request.POST.get("plain") == "1", reason=request.POST.get("reason", "")[:200],
            address=request.META.get("REMOTE_ADDR") or None,
        )  # fmt: skip
    if isinstance(made, bytes):
        return HttpResponse(
            made, content_type=_TYPES["pdf"], headers={"Content-Disposition": _disposition("inline", f"{batch.pk}.pdf")}
        )
    if made is not None:
        messages.success(request, _("조서를 만들고 있습니다. 끝나면 이 화면에서 열 수 있습니다."))
    return redirect("admin:batch_register", batch.pk)


@page("allowances/register/<uuid:paper_id>/progress/", name="register_progress")
def register_progress(request: HttpRequest, paper_id: UUID) -> HttpResponse:
    """How far a paper is, for the page that asks every second."""
    paper = _paper(request, paper_id)
    text = gettext("%(label)s · %(percent)s%%") % {"label": paper.get_state_display(), "percent": paper.percent}
    working = paper.state in (PaperState.WAITING, PaperState.MAKING)
    return JsonResponse({"state": paper.state, "percent": paper.percent, "working": working, "text": text})


@page("allowances/register/<uuid:paper_id>/file/", name="register_file")
def register_file(request: HttpRequest, paper_id: UUID) -> HttpResponseBase:
    """A finished paper, or with ``?what=list`` the workbook of its rows."""
    paper = _paper(request, paper_id)
    what = "list" if request.GET.get("what") == "list" else "pdf"
    file: Any = None
    with refusals_shown(request):
        file = printing.open_paper(
            paper=paper, what=what, official=request.user, authority=request.authority, store=paper_store(),  # type: ignore[arg-type,attr-defined]
            at=request.at, address=request.META.get("REMOTE_ADDR") or None,  # type: ignore[attr-defined]
        )  # fmt: skip
    if file is None:
        return redirect("admin:batch_register", paper.batch_id)
    name = f"{paper.batch_id}.xlsx" if what == "list" else f"{paper.batch_id}.pdf"
    response = FileResponse(file, content_type=_TYPES[what])
    response["Content-Disposition"] = _disposition("attachment" if what == "list" else "inline", name)
    return response


def _paper(request: HttpRequest, paper_id: UUID) -> RegisterPaper:
    paper = find(RegisterPaper.objects.select_related("batch"), paper_id)
    require(request, "allowances.view", paper.municipality_id)
    return paper


def _disposition(kind: str, name: str) -> str:
    title = gettext("지급조서")
    return f"{kind}; filename*=UTF-8''{quote(title)}-{name}"


@page("allowances/batch/<uuid:batch_id>/clawback/decision/", name="clawback_decision", methods=("POST",))
def clawback_decision(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The 환수 결정 조서 as PDF."""
    batch = batch_of(batch_named(request, batch_id).pk)
    with refusals_shown(request):
        made = decision.print_decision(
            batch=batch, official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type,attr-defined]
            address=request.META.get("REMOTE_ADDR") or None,
        )  # fmt: skip
        return HttpResponse(
            made, content_type=_TYPES["pdf"],
            headers={"Content-Disposition": _disposition("inline", f"clawback-{batch.pk}.pdf")},
        )  # fmt: skip
    return redirect("admin:batch_approval", batch.pk)


@page("merchants/disposition/<uuid:case_id>/notice/", name="disposition_notice", methods=("POST",))
def disposition_notice(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The 처분 사전통지서 of one case."""
    case = find(notices.CASES, case_id)
    return _letters(request, [case], back=redirect("admin:merchants_disposition_change", case_id))


@page("merchants/closurecheck/<uuid:check_id>/notices/", name="closure_notices", methods=("POST",))
def closure_notices(request: HttpRequest, check_id: UUID) -> HttpResponse:
    """The letters to all shops of a check of closures that have not answered, the next so many after ``from``."""
    check = find(ClosureCheck.objects.all(), check_id)
    first = request.POST.get("from", "0")
    start = int(first) if first.isdecimal() and first.isascii() and len(first) < 7 else 0
    waiting = notices.CASES.filter(pk__in=check.findings.values("disposition"), state=DispositionState.NOTICED)
    cases = list(waiting.order_by("pk")[start : start + notices.LONGEST])
    return _letters(request, cases, municipality=check.municipality_id, back=redirect("admin:closure_check", check_id))


def _letters(
    request: HttpRequest, cases: list[Disposition], *, back: HttpResponse, municipality: str | None = None
) -> HttpResponse:
    require(request, "merchants.edit", municipality or cases[0].municipality_id)
    with refusals_shown(request):
        made = notices.print_notices(
            cases=cases, official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type,attr-defined]
            address=request.META.get("REMOTE_ADDR") or None,
        )  # fmt: skip
        said = f"inline; filename*=UTF-8''{quote('사전통지서')}-{cases[0].pk}.pdf"
        return HttpResponse(made, content_type=_TYPES["pdf"], headers={"Content-Disposition": said})
    return back
