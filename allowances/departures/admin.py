"""사망·전출자 명단: upload, see what it would stop, confirm, and take a wrong entry back."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from allowances.batches.admin.uploading import ACCEPTED
from allowances.departures import selectors, services
from allowances.departures.models import Departure, DepartureKind, DepartureList, DepartureListState, DepartureState
from vouchers.common.admin import ListAdmin, moment
from vouchers.common.errors import DomainError
from vouchers.common.filters import MunicipalityFilter, PeriodFilter
from vouchers.common.korean import grouped
from vouchers.common.money import money
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.municipalities.models import Municipality
from vouchers.privacy.admin import record
from vouchers.privacy.models import AccessAction
from vouchers.privacy.rules import mask_birth_date, mask_name, mask_phone

ROWS_SHOWN = 100


@admin.register(DepartureList)
class DepartureListAdmin(ListAdmin):
    """Every list that was uploaded. Opening one shows whom it names."""

    view_permission = "citizens.view"
    list_display: ClassVar = ["file_name", "state", "rows_total", "rows_found", "rows_bad", "uploaded", "uploaded_by"]
    list_select_related: ClassVar = ["uploaded_by"]
    list_filter: ClassVar = [MunicipalityFilter, "state", PeriodFilter]
    prefix_search: ClassVar = ["file_name"]
    search_help_text = _("파일명의 앞부분")
    sortable_by: ClassVar[list[str]] = []
    empty_hint = _("주민등록 부서에서 받은 사망·전출자 명단을 올리면 지급할 수당과 보관금을 멈춥니다.")
    list_before_template = "allowances/departures/upload_link.html"

    uploaded = moment("uploaded_at", _("업로드 일시"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A list is no form: its page shows what it does."""
        departures = self.get_object(request, object_id)
        if departures is None or not self.has_view_permission(request, departures):
            return super().change_view(request, object_id, form_url, extra_context)
        return redirect("admin:departure_list", departures.pk)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the way to upload for those who may."""
        may = request.authority.may("batches.edit")  # type: ignore[attr-defined]
        response: HttpResponse = super().changelist_view(request, {"may_upload": may, **(extra_context or {})})
        return response


class DepartureUploadForm(forms.Form):
    """A file, and what happened to people of whom it does not say."""

    municipality = forms.ModelChoiceField(
        label=_("지자체"), queryset=Municipality.objects.none(), widget=UnfoldAdminSelectWidget, empty_label=None
    )
    kind = forms.ChoiceField(
        label=_("구분 열이 없는 파일"), required=False, widget=UnfoldAdminSelectWidget,
        choices=[("", _("파일의 구분 열을 따름")), *[(kind.value, kind.label) for kind in DepartureKind]],
    )  # fmt: skip
    file = forms.FileField(
        label=_("명단 파일(엑셀 또는 CSV)"), widget=UnfoldAdminFileFieldWidget(attrs={"accept": ",".join(ACCEPTED)}),
        max_length=200, error_messages={"empty": _("파일에 내용이 없습니다. 저장된 파일을 열어 내용을 확인한 뒤 다시 올리십시오.")},
    )  # fmt: skip

    def __init__(self, *args: Any, municipalities: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["municipality"]
        field.queryset = Municipality.objects.filter(pk__in=municipalities)

    def clean_file(self) -> Any:
        """Its size; what is in it is for the reader to say."""
        file = self.cleaned_data["file"]
        if file.size > services.LARGEST_FILE:
            limit = {"limit": services.LARGEST_FILE // 1024**2}
            raise forms.ValidationError(_("파일이 너무 큽니다. %(limit)sMB 이하의 파일로 나누어 올리십시오.") % limit)
        return file


@page("allowances/departures/upload/", name="departure_upload", methods=("GET", "POST"))
def upload(request: HttpRequest) -> HttpResponse:
    """Choose the file; the list's page shows whom it names before anything happens."""
    authority: Any = request.authority  # type: ignore[attr-defined]
    require(request, "batches.edit")
    own = [code for code in sorted(authority.municipalities) if authority.may("batches.edit", code)]
    form = DepartureUploadForm(
        request.POST or None, request.FILES or None, municipalities=own, initial={"municipality": own[0]}
    )
    if form.is_bound and form.is_valid():
        try:
            made = _take_in(request, form)
        except DomainError as error:
            form.add_error("file", str(error))
        else:
            return redirect("admin:departure_list", made.pk)
    return render(
        request, "allowances/departures/upload.html", title=_("사망·전출자 명단 올리기"), form=form,
        status=200 if not form.is_bound or form.is_valid() else 422,
    )  # fmt: skip


def _take_in(request: HttpRequest, form: DepartureUploadForm) -> DepartureList:
    file, kind = form.cleaned_data["file"], form.cleaned_data["kind"]
    made = services.take_in(
        municipality=form.cleaned_data["municipality"], file=file, file_name=file.name,
        kind=DepartureKind(kind) if kind else None, **_acting(request),
    )  # fmt: skip
    record(
        request, municipality=made.municipality_id, action=AccessAction.UPLOAD, subject=f"departures {made.pk}",
        reason=gettext("사망·전출자 명단 업로드"), count=made.rows_total,
    )  # fmt: skip
    return made


def _acting(request: HttpRequest) -> dict[str, Any]:
    return {"official": request.user, "authority": request.authority, "at": request.at}  # type: ignore[attr-defined]


def _list_named(request: HttpRequest, key: UUID) -> DepartureList:
    departures = find(DepartureList.objects.select_related("uploaded_by", "decided_by"), key)
    require(request, "citizens.view", departures.municipality_id)
    return departures


@page("allowances/departures/<uuid:list_id>/", name="departure_list")
def show(request: HttpRequest, list_id: UUID) -> HttpResponse:
    """Whom the list names, masked, and what its confirmation stops or has stopped."""
    departures = _list_named(request, list_id)
    waits = departures.state == DepartureListState.CHECKED
    ready = selectors.ready_rows(departures) if waits else []
    lists, by_row = selectors.due_to(ready, municipality=departures.municipality_id)
    after = request.GET.get("after", "")
    rows = departures.rows.filter(row_number__gt=int(after) if after.isdigit() and len(after) < 10 else 0)
    found = list(rows.order_by("row_number")[: ROWS_SHOWN + 1])
    may_edit = request.authority.may("batches.edit", departures.municipality_id)  # type: ignore[attr-defined]
    return render(
        request, "allowances/departures/list.html", title=departures.file_name, departures=departures,
        rows=[_shown(row, by_row) for row in found[:ROWS_SHOWN]], lists=lists, ready=len(ready), waits=waits,
        due_rows=sum(due.stopped + due.returned for due in lists),
        due_amount=sum(due.stopped_amount + due.returned_amount for due in lists),
        go_on=found[ROWS_SHOWN - 1].row_number if len(found) > ROWS_SHOWN else None, may_edit=may_edit,
    )  # fmt: skip


def _shown(row: Departure, due: dict[UUID, int]) -> dict[str, Any]:
    return {
        "row": row, "name": mask_name(row.name), "birth_date": mask_birth_date(row.birth_date),
        "phone": mask_phone(row.phone), "amount": due.get(row.pk, 0), "may_undo": row.state == DepartureState.APPLIED,
    }  # fmt: skip


@page("allowances/departures/<uuid:list_id>/confirm/", name="departure_confirm", methods=("POST",))
def confirm(request: HttpRequest, list_id: UUID) -> HttpResponse:
    """Mark the members and stop what is due."""
    departures = _list_named(request, list_id)
    with refusals_shown(request):
        done = services.confirm(departures=departures, **_acting(request)).outcome
        messages.success(
            request,
            gettext("시민 %(marked)s명을 표시하고, 지급 %(rows)s건 %(amount)s을 멈추었습니다.") % {
                "marked": grouped(done["marked"]), "rows": grouped(done["stopped"] + done["returned"]),
                "amount": money(done["stopped_amount"] + done["returned_amount"]),
            },
        )  # fmt: skip
    return redirect("admin:departure_list", departures.pk)


@page("allowances/departures/<uuid:list_id>/discard/", name="departure_discard", methods=("POST",))
def discard(request: HttpRequest, list_id: UUID) -> HttpResponse:
    """Give the list up."""
    departures = _list_named(request, list_id)
    with refusals_shown(request):
        services.discard(departures=departures, **_acting(request))
        messages.success(request, _("명단을 폐기했습니다. 아무것도 멈추지 않았습니다."))
    return redirect("admin:departure_list", departures.pk)


@page("allowances/departures/row/<uuid:departure_id>/undo/", name="departure_undo", methods=("POST",))
def undo(request: HttpRequest, departure_id: UUID) -> HttpResponse:
    """Take a wrong entry back."""
    departure = find(Departure.objects.select_related("list"), departure_id)
    require(request, "batches.edit", departure.municipality_id)
    with refusals_shown(request):
        restored = services.undo(departure=departure, reason=request.POST.get("reason", ""), **_acting(request))
        messages.success(
            request,
            gettext("되돌렸습니다. 멈추었던 지급 %(rows)s건 %(amount)s은 예정대로 지급됩니다.")
            % {"rows": grouped(restored["rows"]), "amount": money(restored["amount"])},
        )
    return redirect("admin:departure_list", departure.list_id)
