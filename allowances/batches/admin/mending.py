"""명단 고치기: one row and its cells, all rows of a kind, what was accepted, the mended file, and the log of it all."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from allowances.batches import mending, services
from allowances.batches.admin.common import batch_named, stages_of
from allowances.batches.admin.result import row_number
from allowances.batches.errors import CellsRefused
from allowances.batches.files import list_store
from allowances.batches.models import Batch, BatchRow, BatchState
from allowances.batches.problems import PROBLEMS
from allowances.batches.reading.corrections import CORRECTABLE, MAY_BE_EMPTY, SEALED
from allowances.batches.reading.fields import FIELD_LABELS
from allowances.batches.selectors import (
    Problem,
    acceptances_of,
    corrections_of,
    next_problem_row,
    row_of,
)
from allowances.eligibility.facts import FACTS
from vouchers.common.errors import DomainError
from vouchers.common.korean import grouped
from vouchers.common.pages import page, refusals_shown, render, require
from vouchers.officials.rules import Role
from vouchers.privacy.admin import record
from vouchers.privacy.models import AccessAction

LONGEST_CELL = 100
LOG_SHOWN = 50


class RowForm(forms.Form):
    """The cells of one row, as they were read. A number that is stored as a fingerprint only is empty: typed, it counts."""

    reason = forms.CharField(
        label=_("고치는 근거(선택)"), max_length=200, required=False, widget=UnfoldAdminTextInputWidget,
        help_text=_("예: 신청서 확인, 본인 통화. 수정 기록에 남습니다."),
    )  # fmt: skip

    def __init__(self, *args: Any, row: BatchRow, problems: list[Problem], columns: set[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        wrong = {problem.field: problem for problem in problems}
        for field in (field for field in CORRECTABLE if field in columns or field in wrong):
            problem = wrong.get(field)
            self.fields[field] = forms.CharField(
                label=FIELD_LABELS[field], required=field not in MAY_BE_EMPTY | SEALED, max_length=LONGEST_CELL,
                initial=_shown(row, field, problem), help_text="" if self.is_bound else _hint(field, problem),
                widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
            )  # fmt: skip
        self.order_fields([*CORRECTABLE, "reason"])

    def cells(self) -> dict[str, str]:
        """What was typed; a sealed number that was left empty is left alone."""
        return {
            field: value
            for field, value in self.cleaned_data.items()
            if field != "reason" and not (field in SEALED and not value)
        }


def _shown(row: BatchRow, field: str, problem: Problem | None) -> str:
    value = (row.facts or {}).get(field) if field in FACTS else getattr(row, field, None)
    if value is not None:
        return grouped(value) if field == "amount" else str(value)
    return problem.value if problem and field not in SEALED else ""


def _hint(field: str, problem: Problem | None) -> str:
    if problem:
        return f"{problem.reason} {problem.hint}"
    return (
        gettext("바꾸려면 새 번호를 모두 입력하십시오. 저장한 번호는 다시 보이지 않습니다.") if field in SEALED else ""
    )


@page("allowances/batch/<uuid:batch_id>/row/", name="batch_row", methods=("GET", "POST"))
def row(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """One row: what is wrong with it, its cells to correct, leaving it out. Looking at it is recorded: it is unmasked."""
    batch = batch_named(request, batch_id)
    require(request, "batches.edit", batch.municipality_id)
    number = row_number(request, "row")
    found, problems = row_of(batch, number)
    if found is None or batch.state != BatchState.VALIDATED:
        messages.error(request, _("지금은 이 행을 고칠 수 없습니다. 검증이 끝난 명단의 행만 고칩니다."))
        return redirect("admin:batch_result", batch.pk)
    columns = set(batch.layout.get("columns", {})) & set(CORRECTABLE)
    form = RowForm(request.POST or None, row=found, problems=problems, columns=columns)
    if form.is_bound and form.is_valid() and _corrected(request, batch, number, form):
        return _onward(request, batch, number)
    if not form.is_bound:
        record(
            request, municipality=batch.municipality_id, action=AccessAction.VIEW, subject=f"batch {batch.pk} row {number}",
            reason=gettext("명단 행 고치기"),
        )  # fmt: skip
    return render(
        request, "allowances/batches/row.html", title=gettext("%(row)s행 고치기") % {"row": number}, batch=batch,
        stages=stages_of(batch), number=number, form=form, problems=problems,
        log=corrections_of(batch, row=number)[0], gathers=batch.rows_total > mending.AT_ONCE_ROWS,
        following=next_problem_row(batch, after_row=number), status=422 if form.errors else 200,
    )  # fmt: skip


def _corrected(request: HttpRequest, batch: Batch, number: int, form: RowForm) -> bool:
    try:
        mending.correct_row(
            batch=batch, row_number=number, cells=form.cells(), reason=form.cleaned_data["reason"],
            **_who(request),
        )  # fmt: skip
    except CellsRefused as refused:
        for field, code in refused.params["codes"].items():
            form.add_error(field, f"{PROBLEMS[code].reason} {PROBLEMS[code].remedy}")
        return False
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    return True


def _who(request: HttpRequest) -> dict[str, Any]:
    return {"official": request.user, "authority": request.authority, "at": request.at}  # type: ignore[attr-defined]


def _onward(request: HttpRequest, batch: Batch, number: int) -> HttpResponse:
    """To the next row in error where corrections are gathered; else to the result, where the check is under way."""
    batch.refresh_from_db(fields=["state"])
    if batch.state != BatchState.VALIDATED:
        messages.success(request, gettext("%(row)s행을 고쳤습니다. 명단을 다시 검증합니다.") % {"row": number})
        return redirect("admin:batch_result", batch.pk)
    messages.success(
        request, gettext("%(row)s행을 고쳤습니다. 다 고친 뒤 ‘고친 내용 반영’을 누르십시오.") % {"row": number}
    )
    following = next_problem_row(batch, after_row=number)
    return redirect(_row_address(batch, following) if following else reverse("admin:batch_result", args=[batch.pk]))


def _row_address(batch: Batch, number: int) -> str:
    return f"{reverse('admin:batch_row', args=[batch.pk])}?row={number}"


def _drafting(request: HttpRequest, batch_id: UUID) -> Batch:
    batch = batch_named(request, batch_id)
    require(request, "batches.edit", batch.municipality_id)
    return batch


def _kind(request: HttpRequest) -> tuple[str, str]:
    code, _dot, field = request.POST.get("kind", "").partition(".")
    return code, field


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").replace("\0", "")[:200]


@page("allowances/batch/<uuid:batch_id>/leave-out/", name="batch_leave_out", methods=("POST",))
def leave_out(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """One row, or every row of a kind."""
    batch, number = _drafting(request, batch_id), row_number(request, "row")
    with refusals_shown(request):
        if number:
            mending.leave_out(batch=batch, row_number=number, reason=_reason(request), **_who(request))
            messages.success(request, gettext("%(row)s행을 명단에서 제외했습니다.") % {"row": number})
        else:
            code, field = _kind(request)
            count = mending.leave_out_kind(
                batch=batch, code=code, field=field, reason=_reason(request), **_who(request)
            )
            messages.success(request, gettext("%(count)s행을 명단에서 제외했습니다.") % {"count": grouped(count)})
    return redirect("admin:batch_result", batch.pk)


@page("allowances/batch/<uuid:batch_id>/registered-dongs/", name="batch_registered_dongs", methods=("POST",))
def registered_dongs(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Take the members' registered dongs."""
    batch = _drafting(request, batch_id)
    with refusals_shown(request):
        count = mending.use_registered_dongs(
            batch=batch, code=_kind(request)[0], reason=gettext("시민 정보의 읍면동으로 고침"), **_who(request)
        )
        messages.success(
            request, gettext("%(count)s행의 읍면동을 시민 정보에 맞게 고쳤습니다.") % {"count": grouped(count)}
        )
    return redirect("admin:batch_result", batch.pk)


@page("allowances/batch/<uuid:batch_id>/undo/", name="batch_undo", methods=("POST",))
def undo(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """What the file says counts again."""
    batch = _drafting(request, batch_id)
    with refusals_shown(request):
        number, field = row_number(request, "row"), request.POST.get("field", "")
        mending.undo(batch=batch, row_number=number, field=field, **_who(request))
        messages.success(request, gettext("%(row)s행을 파일에 적힌 대로 되돌렸습니다.") % {"row": number})
    return redirect("admin:batch_mending", batch.pk)


@page("allowances/batch/<uuid:batch_id>/accept/", name="batch_accept", methods=("POST",))
def accept(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Take problems upon oneself, of one row or of a kind."""
    batch, number = _drafting(request, batch_id), row_number(request, "row")
    with refusals_shown(request):
        code, field = _kind(request)
        made = mending.accept(
            batch=batch, code=code, field=field, row_number=number or None, reason=_reason(request), **_who(request)
        )
        messages.success(request, gettext("%(count)s건을 확인했습니다.") % {"count": grouped(made.rows)})
    if number:
        return redirect(_row_address(batch, number))
    return redirect("admin:batch_result", batch.pk)


@page("allowances/batch/<uuid:batch_id>/revoke/", name="batch_revoke", methods=("POST",))
def revoke(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Take an acceptance back."""
    batch = _drafting(request, batch_id)
    with refusals_shown(request):
        mending.revoke(batch=batch, acceptance_id=_id(request, "acceptance"), **_who(request))
        messages.success(request, _("확인을 취소했습니다."))
    return redirect("admin:batch_result", batch.pk)


def _id(request: HttpRequest, name: str) -> UUID:
    try:
        return UUID(request.POST.get(name) or request.GET.get(name, ""))
    except ValueError:
        return UUID(int=0)


@page("allowances/batch/<uuid:batch_id>/mended-file/", name="batch_mended_file", methods=("POST",))
def mended_file(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Take a mended file in; the list it mends is given up once the new one has been checked."""
    batch, file = _drafting(request, batch_id), request.FILES.get("file")
    if file is None or not file.size:
        messages.error(request, _("고친 파일을 고르십시오."))
        return redirect("admin:batch_result", batch.pk)
    with refusals_shown(request):
        is_back = batch.state in (BatchState.RETURNED, BatchState.WITHDRAWN)
        made = services.upload(
            cycle=batch.cycle, file=file, file_name=file.name or "", store=list_store(),
            limit=settings.UPLOAD_LIMIT_BYTES, replaces=batch if is_back else None,
            mended_from=None if is_back else batch, **_who(request),
        )  # fmt: skip
        record(
            request, municipality=batch.municipality_id, action=AccessAction.UPLOAD, subject=f"batch {made.pk}",
            reason=gettext("고친 명단 업로드"),
        )  # fmt: skip
        return redirect("admin:batch_result", made.pk)
    return redirect("admin:batch_result", batch.pk)


@page("allowances/batch/<uuid:batch_id>/mending/", name="batch_mending")
def log(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Everything that was corrected, left out and accepted, and by whom."""
    batch = batch_named(request, batch_id)
    before = _id(request, "before")
    entries, go_on = corrections_of(batch, before=before if before.int else None, limit=LOG_SHOWN)
    drafts = request.authority.has_role(Role.DRAFTER, batch.municipality_id)  # type: ignore[attr-defined]
    return render(
        request, "allowances/batches/mending.html", title=gettext("고친 내역"), batch=batch, stages=stages_of(batch),
        entries=entries, go_on=go_on, acceptances=acceptances_of(batch),
        may_mend=drafts and batch.state == BatchState.VALIDATED,
    )  # fmt: skip
