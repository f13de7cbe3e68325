"""지자체, 읍면동, 공휴일."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vouchers.common.admin import EditAdmin, HistoryAdmin, ListAdmin, day
from vouchers.common.filters import MunicipalityFilter, chosen_municipality
from vouchers.common.pages import find, page, require
from vouchers.municipalities.models import Dong, Holiday, Municipality
from vouchers.municipalities.services import load_holidays


@admin.register(Municipality)
class MunicipalityAdmin(ListAdmin):
    """Municipalities are set up with the installation; here they are read."""

    view_permission = "settings.edit"
    list_display: ClassVar = ["code", "name", "name_en", "province"]
    list_select_related: ClassVar = ["province"]
    prefix_search: ClassVar = ["code", "name"]
    search_help_text = _("지역코드 또는 지자체명의 앞부분")
    fields: ClassVar = ["code", "name", "name_en", "province"]


@admin.register(Dong)
class DongAdmin(EditAdmin):
    """The dongs that recipient lists name."""

    view_permission = "citizens.view"
    edit_permission = "settings.edit"
    list_display: ClassVar = ["name", "code", "municipality"]
    list_select_related: ClassVar = ["municipality"]
    prefix_search: ClassVar = ["name", "code"]
    search_help_text = _("읍면동 이름 또는 행정동 코드의 앞부분")
    fieldsets: ClassVar = [(None, {"fields": ["name", "code"]})]
    empty_hint = _("읍면동을 등록하면 명단의 읍면동 열과 대조합니다.")


@admin.register(Holiday)
class HolidayAdmin(HistoryAdmin):
    """Days on which shops are not paid, and rules for working days give nothing."""

    view_permission = "benefits.view"
    edit_permission = "calendar.edit"
    list_display: ClassVar = ["on_day", "name"]
    list_filter: ClassVar = [MunicipalityFilter]
    fieldsets: ClassVar = [(None, {"fields": ["day", "name"]})]
    prefix_search: ClassVar = ["name"]
    search_help_text = _("공휴일명의 앞부분")
    sortable_by: ClassVar[list[str]] = []
    empty_hint = _("공휴일을 불러오거나 등록하십시오. 정산금 지급일과 평일에만 적립하는 활동이 이 달력을 따릅니다.")
    list_before_template = "vouchers/municipalities/load_holidays.html"

    on_day = day("day", _("날짜"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the way to load the national holidays for those who may."""
        may = request.authority.may("calendar.edit", chosen_municipality(request))  # type: ignore[attr-defined]
        response: HttpResponse = super().changelist_view(request, {"may_load": may, **(extra_context or {})})
        return response


@page("vouchers/holiday/load/", name="holidays_load", methods=("POST",))
def load(request: HttpRequest) -> HttpResponse:
    """Add the national holidays that are missing."""
    code = chosen_municipality(request)
    require(request, "calendar.edit", code)
    made = load_holidays(municipality=find(Municipality.objects, code))
    messages.success(request, gettext("공휴일 %(count)s일을 등록했습니다.") % {"count": made})
    return redirect("admin:vouchers_holiday_changelist")
