"""명단 올리기: the cycle, the file, and an example of one."""

from __future__ import annotations

import csv
import io
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from allowances.batches import services
from allowances.batches.errors import FileAlreadyUploaded
from allowances.batches.files import list_store
from allowances.batches.models import Batch
from allowances.batches.reading.blank import blank_list
from allowances.batches.wanted import further_columns, required_columns
from allowances.programmes.models import AMOUNT_LIMIT, Cycle, ProgrammeStatus
from vouchers.common.errors import DomainError, NotFound
from vouchers.common.pages import find, page, render, require
from vouchers.municipalities.models import Dong
from vouchers.officials.rules import Role
from vouchers.privacy.admin import record
from vouchers.privacy.models import AccessAction

MEGABYTE = 1024 * 1024
MOST_DONGS = 500
BLANKS_SHOWN = 5
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ACCEPTED = (".xlsx", ".xlsm", ".xls", ".csv", ".txt", ".tsv", ".htm", ".html")
SAMPLE = (
    ("연번", "성명", "생년월일", "휴대전화", "행정동", "지급액", "비고"),
    ("1", "김장터", "1985-01-05", "010-0000-0001", "주교동", "100000", ""),
    ("2", "이나눔", "1990-11-23", "010-0000-0002", "행신1동", "100000", ""),
)


class UploadForm(forms.Form):
    """A cycle and a file. What can be told before reading is told at the field."""

    cycle = forms.ModelChoiceField(
        label=_("회차"), queryset=Cycle.objects.none(), widget=UnfoldAdminSelectWidget, empty_label=_("회차를 고르십시오"),
        error_messages={"invalid_choice": _("명단을 올릴 수 있는 회차가 아닙니다.")},
    )  # fmt: skip
    file = forms.FileField(
        label=_("명단 파일(엑셀 또는 CSV)"), widget=UnfoldAdminFileFieldWidget(attrs={"accept": ",".join(ACCEPTED)}), max_length=200,
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
                    "엑셀(.xlsx, .xls)이나 CSV 파일만 올릴 수 있습니다. "
                    "한글(HWP)·PDF는 표를 엑셀에 옮겨 ‘Excel 통합 문서(.xlsx)’로 저장한 파일을 올리십시오."
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
    replaces = _replaced_list(request)
    initial = {"cycle": replaces.cycle_id if replaces else request.GET.get("cycle")}
    form = UploadForm(request.POST or None, request.FILES or None, municipalities=own, initial=initial)
    first: str | None = None
    if form.is_bound and form.is_valid():
        try:
            batch = _take_in(request, form, replaces)
        except FileAlreadyUploaded as error:
            first = error.params.get("batch_id")
            form.add_error("file", str(error))
        except DomainError as error:
            form.add_error("file", str(error))
        else:
            return redirect("admin:batch_result", batch.pk)
    return render(
        request, "allowances/batches/upload.html", title=_("명단 올리기"), form=form, first=first, sample=SAMPLE, replaces=replaces,
        limit=settings.UPLOAD_LIMIT_BYTES // MEGABYTE, blanks=_rounds_with_blanks(own, initial["cycle"]),
        status=200 if form.is_valid() or not form.is_bound else 422,
    )  # fmt: skip


def _rounds_with_blanks(municipalities: list[str], chosen: Any) -> list[Cycle]:
    """The rounds whose blank list is offered: the chosen one, else the newest."""
    rounds = Cycle.objects.filter(municipality__in=municipalities, programme__status=ProgrammeStatus.OPEN)
    offered = list(rounds.select_related("programme").order_by("-id")[:200])
    return [cycle for cycle in offered if str(cycle.pk) == str(chosen)] or offered[:BLANKS_SHOWN]


def _replaced_list(request: HttpRequest) -> Batch | None:
    """The list that was sent back and that a corrected file replaces (재기안)."""
    key = request.POST.get("replaces") or request.GET.get("replaces")
    if not key:
        return None
    try:
        return find(Batch.objects.select_related("cycle"), UUID(key))
    except ValueError:
        raise NotFound from None


def _take_in(request: HttpRequest, form: UploadForm, replaces: Batch | None) -> Batch:
    file = form.cleaned_data["file"]
    batch = services.upload(
        cycle=form.cleaned_data["cycle"], file=file, file_name=file.name, official=request.user,  # type: ignore[arg-type]
        authority=request.authority, store=list_store(), limit=settings.UPLOAD_LIMIT_BYTES, at=request.at,  # type: ignore[attr-defined]
        replaces=replaces,
    )  # fmt: skip
    record(
        request, municipality=batch.municipality_id, action=AccessAction.UPLOAD, subject=f"batch {batch.pk}",
        reason=gettext("지급 대상자 명단 업로드"),
    )  # fmt: skip
    return batch


@page("allowances/cycle/<uuid:cycle_id>/template/", name="batch_template")
def template(request: HttpRequest, cycle_id: UUID) -> HttpResponse:
    """The blank list of a round, with the columns that its programme asks for."""
    cycle = find(Cycle.objects.select_related("programme__type"), cycle_id)
    require(request, "allowances.view", cycle.municipality_id)
    conditions = cycle.conditions
    content = blank_list(
        title=str(cycle), required=required_columns(cycle=cycle, conditions=conditions),
        extra=further_columns(conditions=conditions), amount_max=AMOUNT_LIMIT,
        dongs=list(Dong.objects.filter(municipality=cycle.municipality_id).values_list("name", flat=True)[:MOST_DONGS]),
    )  # fmt: skip
    response = HttpResponse(content, content_type=XLSX)
    name = quote(gettext("%(programme)s_명단_양식") % {"programme": cycle.programme.name})
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}.xlsx"
    return response


@page("allowances/batch/sample.csv", name="batch_sample")
def sample(request: HttpRequest) -> HttpResponse:
    """A file that Excel opens as it is, with the columns that are understood."""
    require(request, "allowances.view")
    text = io.StringIO()
    csv.writer(text).writerows(SAMPLE)
    response = HttpResponse(text.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(gettext('명단 예시'))}.csv"
    return response
