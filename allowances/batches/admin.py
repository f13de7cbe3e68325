"""지급 대상자 명단: upload, result, problems, the annotated copy, checking again, giving up."""

from __future__ import annotations

import csv
import io
from typing import Any, ClassVar
from urllib.parse import quote
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from allowances.batches import services
from allowances.batches.errors import FileAlreadyUploaded
from allowances.batches.files import list_store
from allowances.batches.models import Batch, BatchState
from allowances.batches.selectors import (
    annotated_copy,
    batch_progress,
    failure_of,
    has_rows_to_pay,
    problem_summary,
    problems,
)
from allowances.programmes.models import Cycle, ProgrammeStatus
from vouchers.common.admin import ListAdmin, moment, won
from vouchers.common.errors import DomainError
from vouchers.common.filters import MunicipalityFilter, PeriodFilter
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.officials.rules import Role
from vouchers.privacy.admin import ReasonForm, record
from vouchers.privacy.models import AccessAction

PROBLEMS_SHOWN = 50
MEGABYTE = 1024 * 1024
ACCEPTED = (".csv", ".txt")
SUBMITTABLE = (BatchState.VALIDATED, BatchState.RETURNED, BatchState.WITHDRAWN)
DISCARDABLE = (*SUBMITTABLE, BatchState.UPLOADED, BatchState.READING, BatchState.VALIDATING)
DECIDED = (
    BatchState.SUBMITTED, BatchState.APPROVED, BatchState.SCHEDULED, BatchState.PAYING, BatchState.PAUSED, BatchState.PAID,
)  # fmt: skip
SAMPLE = (
    ("연번", "성명", "생년월일", "휴대전화", "행정동", "지급액", "비고"),
    ("1", "김장터", "1985-01-05", "010-0000-0001", "주교동", "100000", ""),
    ("2", "이나눔", "1990-11-23", "010-0000-0002", "행신1동", "100000", ""),
)


@admin.register(Batch)
class BatchAdmin(ListAdmin):
    """Every uploaded list. Opening one shows its result."""

    view_permission = "allowances.view"
    list_display: ClassVar = [
        "file_link",
        "programme",
        "cycle_name",
        "state",
        "rows_total",
        "rows_bad",
        "amount_won",
        "uploaded",
    ]
    list_display_links = None
    list_select_related: ClassVar = ["cycle__programme"]
    list_filter: ClassVar = [MunicipalityFilter, "state", PeriodFilter]
    prefix_search: ClassVar = ["file_name", "cycle__programme__name"]
    search_help_text = _("파일명 또는 사업명의 앞부분")
    sortable_by: ClassVar[list[str]] = []
    empty_hint = _("회차를 고르고 지급 대상자 명단 파일을 올리십시오.")
    list_before_template = "allowances/batches/upload_link.html"

    amount_won = won("amount_total", _("지급 예정액"))
    uploaded = moment("uploaded_at", _("업로드 일시"))

    @admin.display(description=_("파일명"))
    def file_link(self, batch: Batch) -> str:
        """To the result."""
        return format_html('<a href="{}">{}</a>', reverse("admin:batch_result", args=[batch.pk]), batch.file_name)

    @admin.display(description=_("사업"))
    def programme(self, batch: Batch) -> str:
        """With its fiscal year."""
        return str(batch.cycle.programme)

    @admin.display(description=_("회차"))
    def cycle_name(self, batch: Batch) -> str:
        """Without the programme, which stands beside it."""
        return batch.cycle.name

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """The link from a cycle."""
        return lookup == "cycle__id__exact" or super().lookup_allowed(lookup, value, request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A list is no form: its page is the result."""
        batch = self.get_object(request, object_id)
        if batch is None or not self.has_view_permission(request, batch):
            return super().change_view(request, object_id, form_url, extra_context)
        return redirect("admin:batch_result", batch.pk)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the way to upload for those who may."""
        may = request.authority.may("batches.edit")  # type: ignore[attr-defined]
        response: HttpResponse = super().changelist_view(request, {"may_upload": may, **(extra_context or {})})
        return response


# Uploading


class UploadForm(forms.Form):
    """A cycle and a file. What can be told before reading is told at the field."""

    cycle = forms.ModelChoiceField(
        label=_("회차"), queryset=Cycle.objects.none(), widget=UnfoldAdminSelectWidget, empty_label=_("회차를 고르십시오"),
        error_messages={"invalid_choice": _("명단을 올릴 수 있는 회차가 아닙니다.")},
    )  # fmt: skip
    file = forms.FileField(
        label=_("명단 파일(CSV)"), widget=UnfoldAdminFileFieldWidget(attrs={"accept": ",".join(ACCEPTED)}), max_length=200,
        error_messages={"empty": _("파일에 내용이 없습니다. 저장된 파일을 열어 내용을 확인한 뒤 다시 올리십시오.")},
    )  # fmt: skip

    def __init__(self, *args: Any, municipalities: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cycle"].queryset = (  # type: ignore[attr-defined]
            Cycle.objects.filter(municipality__in=municipalities, programme__status=ProgrammeStatus.OPEN)
            .select_related("programme")
            .order_by("-id")[:200]
            if not self.is_bound
            else Cycle.objects.filter(municipality__in=municipalities).select_related("programme")
        )

    def clean_file(self) -> Any:
        """The kind by its name, and the size. What is in it is for the reader to say."""
        file = self.cleaned_data["file"]
        if not file.name.lower().endswith(ACCEPTED):
            raise forms.ValidationError(
                _(
                    "CSV 파일만 올릴 수 있습니다. 엑셀에서 ‘다른 이름으로 저장 > CSV UTF-8(쉼표로 분리)’로 저장한 파일을 올리십시오."
                )
            )
        if file.size > settings.UPLOAD_LIMIT_BYTES:
            limit = {"limit": settings.UPLOAD_LIMIT_BYTES // MEGABYTE}
            raise forms.ValidationError(_("파일이 너무 큽니다. %(limit)sMB 이하의 파일로 나누어 올리십시오.") % limit)
        return file


@page("allowances/batch/upload/", name="batch_upload", methods=("GET", "POST"))
def upload(request: HttpRequest) -> HttpResponse:
    """Choose the cycle and the file; the result page takes over."""
    authority = request.authority  # type: ignore[attr-defined]
    require(request, "batches.edit")
    own = [code for code in authority.municipalities if authority.has_role(Role.DRAFTER, code)]
    initial = {"cycle": request.GET.get("cycle")}
    form = UploadForm(request.POST or None, request.FILES or None, municipalities=own, initial=initial)
    first: str | None = None
    if form.is_bound and form.is_valid():
        try:
            batch = _take_in(request, form)
        except FileAlreadyUploaded as error:
            first = error.params.get("batch_id")
            form.add_error("file", str(error))
        except DomainError as error:
            form.add_error("file", str(error))
        else:
            return redirect("admin:batch_result", batch.pk)
    return render(
        request, "allowances/batches/upload.html", title=_("명단 올리기"), form=form, first=first, sample=SAMPLE,
        limit=settings.UPLOAD_LIMIT_BYTES // MEGABYTE, status=200 if form.is_valid() or not form.is_bound else 422,
    )  # fmt: skip


def _take_in(request: HttpRequest, form: UploadForm) -> Batch:
    file = form.cleaned_data["file"]
    batch = services.upload(
        cycle=form.cleaned_data["cycle"], file=file, file_name=file.name, official=request.user,  # type: ignore[arg-type]
        authority=request.authority, store=list_store(), limit=settings.UPLOAD_LIMIT_BYTES, at=request.at,  # type: ignore[attr-defined]
    )  # fmt: skip
    record(
        request, municipality=batch.municipality_id, action=AccessAction.UPLOAD, subject=f"batch {batch.pk}",
        reason=gettext("지급 대상자 명단 업로드"),
    )  # fmt: skip
    return batch


@page("allowances/batch/sample.csv", name="batch_sample")
def sample(request: HttpRequest) -> HttpResponse:
    """A file that Excel opens as it is, with the columns that are understood."""
    require(request, "allowances.view")
    text = io.StringIO()
    csv.writer(text).writerows(SAMPLE)
    response = HttpResponse(text.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(gettext('명단 예시'))}.csv"
    return response


# The result


def batch_named(request: HttpRequest, batch_id: UUID) -> Batch:
    """The list with what its pages show, or a 404; its official may see it, or a 403."""
    batch = find(Batch.objects.select_related("cycle__programme__type", "uploaded_by", "duplicate_of"), batch_id)
    require(request, "allowances.view", batch.municipality_id)
    return batch


def stages_of(batch: Batch) -> list[dict[str, Any]]:
    """The five stations of a list: which are behind it, and where it is."""
    names = (_("업로드"), _("검증"), _("결재"), _("지급"))
    if batch.state in (BatchState.SUBMITTING, BatchState.SUBMITTED):
        at = 2
    elif batch.state in DECIDED:
        at = 4 if batch.state == BatchState.PAID else 3
    else:
        at = 1
    return [{"name": name, "done": number < at, "now": number == at} for number, name in enumerate(names)]


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
