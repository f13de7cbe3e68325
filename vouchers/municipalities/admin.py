"""지자체와 읍면동."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from vouchers.common.admin import EditAdmin, ListAdmin
from vouchers.municipalities.models import Dong, Municipality


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
