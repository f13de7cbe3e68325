"""지급 대상자 명단: every uploaded list."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from allowances.batches.models import Batch
from vouchers.common.admin import ListAdmin, moment, won
from vouchers.common.filters import MunicipalityFilter, PeriodFilter


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
