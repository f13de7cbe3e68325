"""실적 파일: upload, see what is wrong, register."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from vouchers.common.admin import ListAdmin, moment
from vouchers.common.errors import DomainError
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.korean import grouped
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.common.sheets import LARGEST_FILE
from vouchers.partners.models import Partner
from vouchers.points import uploads, workbook
from vouchers.points.admin.programmes import EDIT, VIEW
from vouchers.points.models import ActivityUpload, PointWitness, UploadState
from vouchers.points.reading import COLUMNS
from vouchers.privacy.admin import record
from vouchers.privacy.models import AccessAction

PROBLEMS_SHOWN = 200


@admin.register(ActivityUpload)
class ActivityUploadAdmin(ListAdmin):
    """Files, newest first. Opening one shows what it holds."""

    view_permission = VIEW
    list_display: ClassVar = [
        "file_name",
        "partner",
        "state",
        "rows_total",
        "rows_accepted",
        "rows_rejected",
        "uploaded",
    ]
    list_select_related: ClassVar = ["partner"]
    list_filter: ClassVar = [MunicipalityFilter, "state"]
    prefix_search: ClassVar = ["file_name"]
    search_help_text = _("파일명의 앞부분")
    sortable_by: ClassVar[list[str]] = []
    empty_hint = _("API가 없는 기관의 실적은 엑셀이나 CSV 파일로 올립니다. 올린 뒤 내용을 확인해야 등록됩니다.")
    list_before_template = "vouchers/points/upload_link.html"

    uploaded = moment("uploaded_at", _("업로드 일시"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the way to upload for those who may."""
        may = request.authority.may(EDIT)  # type: ignore[attr-defined]
        response: HttpResponse = super().changelist_view(request, {"may_edit_points": may, **(extra_context or {})})
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A file is no form."""
        upload = self.get_object(request, object_id)
        if upload is None or not self.has_view_permission(request, upload):
            return super().change_view(request, object_id, form_url, extra_context)
        return redirect("admin:activity_upload", upload.pk)


class ActivityUploadForm(forms.Form):
    """Whose activities, and the file."""

    partner = forms.ModelChoiceField(
        label=_("실적 제공 기관"), queryset=Partner.objects.none(), widget=UnfoldAdminSelectWidget, empty_label=None,
        help_text=_("포인트 사업에 실적 제공 기관으로 등록된 곳만 고를 수 있습니다."),
    )  # fmt: skip
    file = forms.FileField(
        label=_("실적 파일(엑셀 또는 CSV)"), max_length=200,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".xlsx,.xls,.csv"}),
        error_messages={"empty": _("파일에 내용이 없습니다. 저장된 파일을 열어 내용을 확인한 뒤 다시 올리십시오.")},
    )  # fmt: skip

    def __init__(self, *args: Any, municipalities: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        witnesses = PointWitness.objects.filter(municipality__in=municipalities).values("partner")
        field: Any = self.fields["partner"]
        field.queryset = Partner.objects.filter(pk__in=witnesses)

    def clean_file(self) -> Any:
        """Its size; what is in it is for the reader to say."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(_("10MB 이하의 파일만 올릴 수 있습니다."))
        return file


@page("vouchers/activityupload/new/", name="activity_upload_new", methods=("GET", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """Choose the partner and the file."""
    authority: Any = request.authority  # type: ignore[attr-defined]
    require(request, EDIT)
    own = [code for code in sorted(authority.municipalities) if authority.may(EDIT, code)]
    form = ActivityUploadForm(request.POST or None, request.FILES or None, municipalities=own)
    if form.is_bound and form.is_valid():
        try:
            made = _take_in(request, form)
        except DomainError as error:
            form.add_error("file", str(error))
        else:
            return redirect("admin:activity_upload", made.pk)
    return render(
        request, "vouchers/points/upload.html", title=_("실적 파일 올리기"), form=form, columns=list(COLUMNS.values()),
        status=200 if not form.is_bound or form.is_valid() else 422,
    )  # fmt: skip


def _take_in(request: HttpRequest, form: ActivityUploadForm) -> ActivityUpload:
    file = form.cleaned_data["file"]
    made = uploads.take_in(partner=form.cleaned_data["partner"], file=file, file_name=file.name, **_acting(request))
    record(
        request, municipality=made.municipality_id, action=AccessAction.UPLOAD, subject=f"activities {made.pk}",
        reason=gettext("활동 실적 파일 업로드"), count=made.rows_total,
    )  # fmt: skip
    return made


def _acting(request: HttpRequest) -> dict[str, Any]:
    return {"official": request.user, "authority": request.authority, "at": request.at}  # type: ignore[attr-defined]


@page("vouchers/activityupload/<uuid:upload_id>/show/", name="activity_upload")
def show(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """What a file holds and what is wrong with it."""
    upload = find(ActivityUpload.objects.select_related("partner", "uploaded_by", "decided_by"), upload_id)
    require(request, VIEW, upload.municipality_id)
    wrong = [row | {"why": uploads.reason_of(row)} for row in upload.problems[:PROBLEMS_SHOWN]]
    blocked = len({row["row"] for row in upload.problems if row["blocks"]})
    return render(
        request, "vouchers/points/upload_show.html", title=upload.file_name, upload=upload, problems=wrong,
        blocked=blocked, more=max(0, len(upload.problems) - PROBLEMS_SHOWN), waits=upload.state == UploadState.CHECKED,
        may_edit=request.authority.may(EDIT, upload.municipality_id),  # type: ignore[attr-defined]
    )  # fmt: skip


@page("vouchers/activityupload/<uuid:upload_id>/problems/", name="activity_upload_problems")
def problems(request: HttpRequest, upload_id: UUID) -> FileResponse:
    """What is wrong with a file, as a workbook for the partner that is to mend it."""
    upload = find(ActivityUpload.objects, upload_id)
    require(request, EDIT, upload.municipality_id)
    record(
        request, municipality=upload.municipality_id, action=AccessAction.DOWNLOAD, subject=f"activities {upload.pk}",
        reason=gettext("실적 파일의 확인할 행 내려받기"), count=len(upload.problems),
    )  # fmt: skip
    name = f"{upload.file_name.rsplit('.', 1)[0]}_{gettext('확인할 행')}.xlsx"
    return FileResponse(workbook.problems(upload), as_attachment=True, filename=name)


@page("vouchers/activityupload/<uuid:upload_id>/confirm/", name="activity_upload_confirm", methods=("POST",))
def confirm(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Register every row."""
    upload = find(ActivityUpload.objects, upload_id)
    require(request, EDIT, upload.municipality_id)
    with refusals_shown(request):
        done = uploads.confirm(upload=upload, **_acting(request))
        messages.success(
            request,
            gettext("실적 %(accepted)s건을 인정하고 %(rejected)s건을 반려했습니다.")
            % {"accepted": grouped(done.rows_accepted), "rejected": grouped(done.rows_rejected)},
        )
    return redirect("admin:activity_upload", upload.pk)


@page("vouchers/activityupload/<uuid:upload_id>/discard/", name="activity_upload_discard", methods=("POST",))
def discard(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Give a file up."""
    upload = find(ActivityUpload.objects, upload_id)
    require(request, EDIT, upload.municipality_id)
    with refusals_shown(request):
        uploads.discard(upload=upload, **_acting(request))
        messages.success(request, _("파일을 폐기했습니다. 아무 실적도 등록하지 않았습니다."))
    return redirect("admin:activity_upload", upload.pk)
