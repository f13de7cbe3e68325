"""가맹점 신청 파일: upload, see what is wrong, take in."""

from __future__ import annotations

from typing import Any, ClassVar, Final
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from merchants.applications import services, workbook
from merchants.applications.models import ApplicationUpload, UploadState
from merchants.applications.resource import LABELS, REQUIRED
from vouchers.common.admin import ListAdmin, moment
from vouchers.common.errors import DomainError
from vouchers.common.filters import MunicipalityFilter, chosen_municipality
from vouchers.common.korean import grouped
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.common.sheets import LARGEST_FILE
from vouchers.municipalities.models import Municipality
from vouchers.privacy.admin import record
from vouchers.privacy.models import AccessAction
from vouchers.privacy.rules import mask_name

VIEW, EDIT = "merchants.view", "merchants.edit"
PROBLEMS_SHOWN: Final = 200
ROWS_SHOWN: Final = 20
_SAMPLED: Final = ("business_number", "name", "representative", "category_id", "address")


@admin.register(ApplicationUpload)
class ApplicationUploadAdmin(ListAdmin):
    """Files, newest first. Opening one shows what it holds."""

    view_permission = VIEW
    list_display: ClassVar = ["file_name", "state", "rows_total", "rows_wrong", "uploaded_by", "uploaded"]
    list_select_related: ClassVar = ["uploaded_by"]
    list_filter: ClassVar = [MunicipalityFilter, "state"]
    prefix_search: ClassVar = ["file_name"]
    search_help_text = _("파일명의 앞부분")
    sortable_by: ClassVar[list[str]] = []
    empty_hint = _("여러 가맹점의 신청은 엑셀이나 CSV 파일로 올립니다. 올린 뒤 내용을 확인해야 접수됩니다.")
    list_before_template = "merchants/applications/link.html"

    uploaded = moment("uploaded_at", _("업로드 일시"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the way to upload for those who may."""
        may = request.authority.may(EDIT)  # type: ignore[attr-defined]
        response: HttpResponse = super().changelist_view(request, {"may_edit_merchants": may, **(extra_context or {})})
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A file is no form."""
        upload = self.get_object(request, object_id)
        if upload is None or not self.has_view_permission(request, upload):
            return super().change_view(request, object_id, form_url, extra_context)
        return redirect("admin:application_upload", upload.pk)


class UploadForm(forms.Form):
    """Where the shops apply, when the official may choose, and the file."""

    municipality = forms.ModelChoiceField(
        label=_("지자체"), queryset=Municipality.objects.none(), widget=UnfoldAdminSelectWidget, empty_label=None
    )
    file = forms.FileField(
        label=_("신청 파일(엑셀 또는 CSV)"), max_length=200, widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".xlsx,.csv"}),
        error_messages={"empty": _("파일에 내용이 없습니다. 저장된 파일을 열어 내용을 확인한 뒤 다시 올리십시오.")},
    )  # fmt: skip

    def __init__(self, *args: Any, municipalities: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["municipality"]
        field.queryset = Municipality.objects.filter(pk__in=municipalities)
        if len(municipalities) == 1:
            del self.fields["municipality"]

    def clean_file(self) -> Any:
        """Its size; what is in it is for the reader to say."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(_("10MB 이하의 파일만 올릴 수 있습니다."))
        return file


def _acting(request: HttpRequest) -> dict[str, Any]:
    return {"official": request.user, "authority": request.authority, "at": request.at}  # type: ignore[attr-defined]


def _own(request: HttpRequest) -> list[str]:
    authority: Any = request.authority  # type: ignore[attr-defined]
    return [code for code in sorted(authority.municipalities) if authority.may(EDIT, code)]


@page("merchants/applicationupload/new/", name="application_upload_new", methods=("GET", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """Choose the file."""
    require(request, EDIT)
    own = _own(request)
    form = UploadForm(request.POST or None, request.FILES or None, municipalities=own)
    if form.is_bound and form.is_valid():
        try:
            made = _take_in(request, form, own[0])
        except DomainError as error:
            form.add_error("file", str(error))
        else:
            return redirect("admin:application_upload", made.pk)
    return render(
        request, "merchants/applications/new.html", title=_("신청 파일 올리기"), form=form, most=services.MOST_ROWS,
        required=[label for field, label in LABELS.items() if field in REQUIRED],
        optional=[label for field, label in LABELS.items() if field not in REQUIRED],
        status=200 if not form.is_bound or form.is_valid() else 422,
    )  # fmt: skip


def _take_in(request: HttpRequest, form: UploadForm, only: str) -> ApplicationUpload:
    said, file = form.cleaned_data, form.cleaned_data["file"]
    city = said["municipality"].pk if "municipality" in said else only
    made = services.take_in(municipality=city, file=file, file_name=file.name, **_acting(request))
    record(
        request, municipality=city, action=AccessAction.UPLOAD, subject=f"applications {made.pk}",
        reason=gettext("가맹점 신청 파일 업로드"), count=made.rows_total,
    )  # fmt: skip
    return made


@page("merchants/applicationupload/template/", name="application_template")
def template(request: HttpRequest) -> FileResponse:
    """The empty list, with the names that this municipality knows."""
    require(request, EDIT)
    chosen, own = chosen_municipality(request), _own(request)
    city = chosen if chosen in own else own[0]
    return FileResponse(workbook.template(municipality=city), as_attachment=True, filename="가맹점_신청_서식.xlsx")


@page("merchants/applicationupload/<uuid:upload_id>/show/", name="application_upload")
def show(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """What a file holds and what is wrong with it; its first rows only for those who may take it in."""
    upload = find(ApplicationUpload.objects.select_related("uploaded_by", "decided_by"), upload_id)
    require(request, VIEW, upload.municipality_id)
    may_edit = request.authority.may(EDIT, upload.municipality_id)  # type: ignore[attr-defined]
    sample = services.rows_of(upload)[:ROWS_SHOWN] if may_edit else []
    return render(
        request, "merchants/applications/show.html", title=upload.file_name, upload=upload, may_edit=may_edit,
        problems=upload.problems[:PROBLEMS_SHOWN], more=max(0, len(upload.problems) - PROBLEMS_SHOWN),
        doubtful=len({problem["row"] for problem in upload.problems if not problem["blocks"]}),
        waits=upload.state == UploadState.CHECKED, labels=[LABELS[name] for name in _SAMPLED],
        sample=[(row.number, [_shown(row.cells, name) for name in _SAMPLED]) for row in sample],
    )  # fmt: skip


def _shown(cells: dict[str, Any], name: str) -> str:
    said = str(cells.get(name, ""))
    return mask_name(said) if name == "representative" else said


@page("merchants/applicationupload/<uuid:upload_id>/problems/", name="application_upload_problems", methods=("POST",))
def problems(request: HttpRequest, upload_id: UUID) -> FileResponse:
    """What is wrong with a file, as a workbook for whoever is to mend it."""
    upload = find(ApplicationUpload.objects, upload_id)
    require(request, EDIT, upload.municipality_id)
    record(
        request, municipality=upload.municipality_id, action=AccessAction.DOWNLOAD, subject=f"applications {upload.pk}",
        reason=gettext("가맹점 신청 파일의 고칠 행 내려받기"), count=len(upload.problems),
    )  # fmt: skip
    name = f"{upload.file_name.rsplit('.', 1)[0]}_{gettext('확인할 행')}.xlsx"
    return FileResponse(workbook.problems(upload), as_attachment=True, filename=name)


@page("merchants/applicationupload/<uuid:upload_id>/confirm/", name="application_upload_confirm", methods=("POST",))
def confirm(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Make applications of all rows."""
    upload = find(ApplicationUpload.objects, upload_id)
    require(request, EDIT, upload.municipality_id)
    with refusals_shown(request):
        done = services.confirm(upload=upload, **_acting(request))
        if done.state == UploadState.CONFIRMED:
            said = gettext("가맹점 신청 %(count)s건을 접수했습니다. 서류를 검토한 뒤 등록 결재를 올리십시오.")
            messages.success(request, said % {"count": grouped(done.rows_total)})
        else:
            messages.error(request, _("그사이 접수할 수 없는 행이 생겼습니다. 아래 내용을 확인하십시오."))
    return redirect("admin:application_upload", upload.pk)


@page("merchants/applicationupload/<uuid:upload_id>/discard/", name="application_upload_discard", methods=("POST",))
def discard(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Give a file up."""
    upload = find(ApplicationUpload.objects, upload_id)
    require(request, EDIT, upload.municipality_id)
    with refusals_shown(request):
        services.discard(upload=upload, **_acting(request))
        messages.success(request, _("파일을 폐기했습니다. 아무 신청도 접수하지 않았습니다."))
    return redirect("admin:application_upload", upload.pk)
