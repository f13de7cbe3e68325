"""실적 파일: upload, see what is wrong, register."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from vouchers.common.errors import DomainError
from vouchers.common.korean import grouped
from vouchers.common.pages import page, render, require
from vouchers.partners.models import Partner
from vouchers.points import uploads, workbook
from vouchers.points.admin.programmes import EDIT, VIEW
from vouchers.points.models import ActivityUpload, PointWitness
from vouchers.points.reading import COLUMNS
from vouchers.privacy.admin import record
from vouchers.privacy.models import AccessAction
from vouchers.privacy.upload_pages import FileForm, Shown, Uploads, UploadsAdmin, file_field, serve


@admin.register(ActivityUpload)
class ActivityUploadAdmin(UploadsAdmin):
    """Files of activities."""

    view_permission, edit_permission = VIEW, EDIT
    show_page, new_page, new_title = "admin:activity_upload", "admin:activity_upload_new", _("실적 파일 올리기")
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
    empty_hint = _("API가 없는 기관의 실적은 엑셀이나 CSV 파일로 올립니다. 올린 뒤 내용을 확인해야 등록됩니다.")


class ActivityUploadForm(FileForm):
    """Whose activities, and the file."""

    partner = forms.ModelChoiceField(
        label=_("실적 제공 기관"), queryset=Partner.objects.none(), widget=UnfoldAdminSelectWidget, empty_label=None,
        help_text=_("포인트 사업에 실적 제공 기관으로 등록된 곳만 고를 수 있습니다."),
    )  # fmt: skip
    file = file_field(_("실적 파일(엑셀 또는 CSV)"), accept=".xlsx,.xls,.csv")

    def __init__(self, *args: Any, municipalities: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        witnesses = PointWitness.objects.filter(municipality__in=municipalities).values("partner")
        field: Any = self.fields["partner"]
        field.queryset = Partner.objects.filter(pk__in=witnesses)


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


def _shown(upload: ActivityUpload, _may_edit: bool) -> Shown:
    """What a file holds and what is wrong with it."""
    blocked = len({row["row"] for row in upload.problems if row["blocks"]})
    figures = [
        (_("실적 제공 기관"), upload.partner, ""),
        (_("전체 행"), grouped(upload.rows_total), ""),
        (_("인정"), grouped(upload.rows_accepted), "jt-strong"),
        (_("반려"), grouped(upload.rows_rejected), "jt-bad" if upload.rows_rejected else ""),
    ]
    if blocked:
        figures.append((_("등록할 수 없는 행"), grouped(blocked), "jt-bad"))
    kept = _("반려되는 행은 실적 목록에 사유와 함께 남습니다. 사유가 없어지면 거기에서 다시 확인할 수 있습니다.")
    return Shown(
        figures=figures, blocked=blocked,
        blocked_note=_("등록할 수 없는 행이 있어 아무것도 등록하지 않았습니다. 아래 행을 고쳐 다시 올리십시오."),
        note=kept if upload.rows_rejected else "", take=_("%(count)s건 등록") % {"count": grouped(upload.rows_total)},
        ask=_("이 파일을 폐기합니다. 아무 실적도 등록하지 않습니다. 폐기할까요?"), counted=_("반려"),
        problems=[row | {"reason": uploads.reason_of(row)} for row in upload.problems],
    )  # fmt: skip


def _confirm(upload: ActivityUpload, **acting: Any) -> tuple[bool, str]:
    done = uploads.confirm(upload=upload, **acting)
    said = gettext("실적 %(accepted)s건을 인정하고 %(rejected)s건을 반려했습니다.")
    return True, said % {"accepted": grouped(done.rows_accepted), "rejected": grouped(done.rows_rejected)}


serve(Uploads(
    model=ActivityUpload, name="activity_upload", view=VIEW, edit=EDIT, subject="activities", shown=_shown,
    confirm=_confirm, discard=uploads.discard, workbook=workbook.problems,
    discarded=_("파일을 폐기했습니다. 아무 실적도 등록하지 않았습니다."), downloaded=_("실적 파일의 확인할 행 내려받기"),
    related=("partner", "uploaded_by", "decided_by"),
))  # fmt: skip
