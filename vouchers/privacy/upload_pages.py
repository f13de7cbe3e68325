"""Lists of people that officials upload: read and shown with what is wrong, then taken in whole or not at all.

A room says what its files are (`Uploads`); the list of them, their page and its buttons are the same everywhere, and what is
downloaded is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, ClassVar, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import models
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget

from vouchers.common.admin import ListAdmin, moment
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.common.sheets import LARGEST_FILE
from vouchers.privacy.admin import record
from vouchers.privacy.models import AccessAction

PROBLEMS_SHOWN: Final = 200


class UploadsAdmin(ListAdmin):
    """Files, newest first. Opening one shows what it holds."""

    edit_permission: ClassVar[str]
    show_page: ClassVar[str]
    new_page: ClassVar[str]
    new_title: ClassVar[Any]

    list_filter: ClassVar = [MunicipalityFilter, "state"]
    prefix_search: ClassVar = ["file_name"]
    search_help_text = _("파일명의 앞부분")
    sortable_by: ClassVar[list[str]] = []
    list_before_template = "vouchers/privacy/uploads_link.html"

    uploaded = moment("uploaded_at", _("업로드 일시"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the way to upload for those who may."""
        may = request.authority.may(self.edit_permission)  # type: ignore[attr-defined]
        way = {"new_page": self.new_page, "new_title": self.new_title} if may else {}
        response: HttpResponse = super().changelist_view(request, {**way, **(extra_context or {})})
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A file is no form."""
        upload = self.get_object(request, object_id)
        if upload is None or not self.has_view_permission(request, upload):
            response: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
            return response
        return redirect(self.show_page, upload.pk)


def file_field(label: Any, *, accept: str) -> forms.FileField:
    """The file."""
    return forms.FileField(
        label=label, max_length=200, widget=UnfoldAdminFileFieldWidget(attrs={"accept": accept}),
        error_messages={"empty": _("파일에 내용이 없습니다. 저장된 파일을 열어 내용을 확인한 뒤 다시 올리십시오.")},
    )  # fmt: skip


class FileForm(forms.Form):
    """A form with a field ``file``."""

    def clean_file(self) -> Any:
        """Its size; what is in it is for the reader to say."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(_("10MB 이하의 파일만 올릴 수 있습니다."))
        return file


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the page of a file tells. ``figures``: name, value, and the class of the value.

    ``problems`` have row, column, value, reason, and whether they keep the file out; ``counted`` is what becomes of the others.
    """

    figures: Sequence[tuple[Any, Any, str]]
    blocked: int
    blocked_note: Any
    note: Any
    take: Any
    ask: Any
    problems: Sequence[dict[str, Any]]
    counted: Any
    labels: Sequence[Any] = ()
    sample: Sequence[tuple[int, Sequence[str]]] = ()
    follow: tuple[str, Any] | None = None
    """The address and the name of what comes after."""


@dataclass(frozen=True, kw_only=True)
class Uploads:
    """One kind of uploaded files. ``confirm`` says what happened, and whether the file was taken in."""

    model: type[models.Model]
    name: str
    view: str
    edit: str
    subject: str
    shown: Callable[[Any, bool], Shown]
    confirm: Callable[..., tuple[bool, str]]
    discard: Callable[..., Any]
    discarded: Any
    workbook: Callable[[Any], BinaryIO]
    downloaded: Any
    related: Sequence[str] = field(default=("uploaded_by", "decided_by"))


def serve(kind: Uploads) -> None:
    """Register the page of a file, and what its buttons do."""
    route = f"{kind.model._meta.app_label}/{kind.model._meta.model_name}/<uuid:upload_id>"

    def found(request: HttpRequest, key: UUID, permission: str, *related: str) -> Any:
        upload: Any = find(kind.model._default_manager.select_related(*related or ("municipality",)), key)
        require(request, permission, upload.municipality_id)
        return upload

    @page(f"{route}/show/", name=kind.name)
    def show(request: HttpRequest, upload_id: UUID) -> HttpResponse:
        upload = found(request, upload_id, kind.view, *kind.related)
        may_edit = request.authority.may(kind.edit, upload.municipality_id)  # type: ignore[attr-defined]
        told = kind.shown(upload, may_edit)
        return render(
            request, "vouchers/privacy/upload.html", title=upload.file_name, upload=upload, may_edit=may_edit, shown=told,
            problems=told.problems[:PROBLEMS_SHOWN], more=max(0, len(told.problems) - PROBLEMS_SHOWN),
            waits=upload.state == "checked", confirm_page=f"admin:{kind.name}_confirm",
            discard_page=f"admin:{kind.name}_discard", problems_page=f"admin:{kind.name}_problems",
        )  # fmt: skip

    @page(f"{route}/problems/", name=f"{kind.name}_problems", methods=("POST",))
    def problems(request: HttpRequest, upload_id: UUID) -> FileResponse:
        upload = found(request, upload_id, kind.edit)
        record(
            request, municipality=upload.municipality_id, action=AccessAction.DOWNLOAD, subject=f"{kind.subject} {upload.pk}",
            reason=str(kind.downloaded), count=len(upload.problems),
        )  # fmt: skip
        name = f"{upload.file_name.rsplit('.', 1)[0]}_{gettext('확인할 행')}.xlsx"
        return FileResponse(kind.workbook(upload), as_attachment=True, filename=name)

    @page(f"{route}/confirm/", name=f"{kind.name}_confirm", methods=("POST",))
    def confirm(request: HttpRequest, upload_id: UUID) -> HttpResponse:
        upload = found(request, upload_id, kind.edit)
        with refusals_shown(request):
            is_taken, said = kind.confirm(upload=upload, **_acting(request))
            messages.add_message(request, messages.SUCCESS if is_taken else messages.ERROR, said)
        return redirect(f"admin:{kind.name}", upload.pk)

    @page(f"{route}/discard/", name=f"{kind.name}_discard", methods=("POST",))
    def discard(request: HttpRequest, upload_id: UUID) -> HttpResponse:
        upload = found(request, upload_id, kind.edit)
        with refusals_shown(request):
            kind.discard(upload=upload, **_acting(request))
            messages.success(request, kind.discarded)
        return redirect(f"admin:{kind.name}", upload.pk)


def _acting(request: HttpRequest) -> dict[str, Any]:
    return {"official": request.user, "authority": request.authority, "at": request.at}  # type: ignore[attr-defined]
