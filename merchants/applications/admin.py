"""가맹점 신청 파일: upload, see what is wrong, take in."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django import forms
from django.contrib import admin
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from merchants.applications import services, workbook
from merchants.applications.models import ApplicationUpload, UploadState
from merchants.applications.resource import LABELS, REQUIRED
from vouchers.common.errors import DomainError
from vouchers.common.filters import chosen_municipality
from vouchers.common.korean import grouped
from vouchers.common.pages import page, render, require
from vouchers.municipalities.models import Municipality
from vouchers.privacy.admin import record
from vouchers.privacy.models import AccessAction
from vouchers.privacy.rules import mask_name
from vouchers.privacy.upload_pages import FileForm, Shown, Uploads, UploadsAdmin, file_field, serve

VIEW, EDIT = "merchants.view", "merchants.edit"
ROWS_SHOWN: Final = 20
_SAMPLED: Final = ("business_number", "name", "representative", "category_id", "address")


@admin.register(ApplicationUpload)
class ApplicationUploadAdmin(UploadsAdmin):
    """Files of applications."""

    view_permission, edit_permission = VIEW, EDIT
    show_page, new_page, new_title = "admin:application_upload", "admin:application_upload_new", _("신청 파일 올리기")
    list_display: ClassVar = ["file_name", "state", "rows_total", "rows_wrong", "uploaded_by", "uploaded"]
    list_select_related: ClassVar = ["uploaded_by"]
    empty_hint = _("여러 가맹점의 신청은 엑셀이나 CSV 파일로 올립니다. 올린 뒤 내용을 확인해야 접수됩니다.")


class UploadForm(FileForm):
    """Where the shops apply, when the official may choose, and the file."""

    municipality = forms.ModelChoiceField(
        label=_("지자체"), queryset=Municipality.objects.none(), widget=UnfoldAdminSelectWidget, empty_label=None
    )
    file = file_field(_("신청 파일(엑셀 또는 CSV)"), accept=".xlsx,.csv")

    def __init__(self, *args: Any, municipalities: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["municipality"]
        field.queryset = Municipality.objects.filter(pk__in=municipalities)
        if len(municipalities) == 1:
            del self.fields["municipality"]


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


def _shown(upload: ApplicationUpload, may_edit: bool) -> Shown:
    """What a file holds and what is wrong with it; its first rows only for those who may take it in."""
    waits = upload.state == UploadState.CHECKED
    figures = [
        (_("전체 행"), grouped(upload.rows_total), ""),
        (_("고칠 행"), grouped(upload.rows_wrong), "jt-bad" if upload.rows_wrong else ""),
    ]
    if waits:
        doubtful = len({problem["row"] for problem in upload.problems if not problem["blocks"]})
        figures.append((_("확인할 행"), grouped(doubtful), ""))
    applied = f"{reverse('admin:merchants_merchant_changelist')}?status__exact=applied"
    sample = services.rows_of(upload)[:ROWS_SHOWN] if may_edit else []
    return Shown(
        figures=figures, blocked=upload.rows_wrong,
        blocked_note=_("고칠 행이 있어 접수할 수 없습니다. 아래 행을 고쳐 다시 올리십시오."),
        note=_("접수하면 모두 신청 상태가 됩니다. 서류를 검토해 등록 결재를 올려야 결제를 받을 수 있습니다."),
        take=_("%(count)s건 접수") % {"count": grouped(upload.rows_total)},
        ask=_("이 파일을 폐기합니다. 아무 신청도 접수하지 않습니다. 폐기할까요?"), problems=upload.problems, counted=_("확인"),
        labels=[LABELS[name] for name in _SAMPLED],
        sample=[(row.number, [_cell(row.cells, name) for name in _SAMPLED]) for row in sample],
        follow=(applied, _("신청 목록 보기")) if upload.state == UploadState.CONFIRMED else None,
    )  # fmt: skip


def _cell(cells: dict[str, Any], name: str) -> str:
    said = str(cells.get(name, ""))
    return mask_name(said) if name == "representative" else said


def _confirm(upload: ApplicationUpload, **acting: Any) -> tuple[bool, str]:
    done = services.confirm(upload=upload, **acting)
    if done.state != UploadState.CONFIRMED:
        return False, gettext("그사이 접수할 수 없는 행이 생겼습니다. 아래 내용을 확인하십시오.")
    said = gettext("가맹점 신청 %(count)s건을 접수했습니다. 서류를 검토한 뒤 등록 결재를 올리십시오.")
    return True, said % {"count": grouped(done.rows_total)}


serve(Uploads(
    model=ApplicationUpload, name="application_upload", view=VIEW, edit=EDIT, subject="applications", shown=_shown,
    confirm=_confirm, discard=services.discard, workbook=workbook.problems,
    discarded=_("파일을 폐기했습니다. 아무 신청도 접수하지 않았습니다."),
    downloaded=_("가맹점 신청 파일의 고칠 행 내려받기"),
))  # fmt: skip
