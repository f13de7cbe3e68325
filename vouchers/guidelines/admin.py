"""행정안전부 지침 한도, and what each municipality is."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from vouchers.common.admin import HistoryAdmin, ListAdmin, TenantForm, day
from vouchers.common.fields import PercentField
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.money import money
from vouchers.guidelines.models import GuidelineLimit, LimitKind, RegionStatus


@admin.register(GuidelineLimit)
class GuidelineLimitAdmin(ListAdmin):
    """Loaded by the set-up, with the source of each."""

    view_permission = "benefits.view"
    list_display: ClassVar = ["kind", "region_name", "since", "limit", "is_confirmed", "source"]
    list_filter: ClassVar = ["kind"]
    sortable_by: ClassVar[list[str]] = []
    fields: ClassVar = [("kind", "region_name"), ("since", "limit"), ("is_confirmed", "source")]
    readonly_fields: ClassVar = ["region_name", "since", "limit"]

    since = day("valid_from", _("시행일"))

    @admin.display(description=_("지자체 구분"))
    def region_name(self, limit: GuidelineLimit) -> str:
        """Every class where none is named."""
        return limit.get_region_display() if limit.region else str(_("모든 지자체"))

    @admin.display(description=_("한도"))
    def limit(self, limit: GuidelineLimit) -> str:
        """A percentage or won."""
        if limit.kind in {LimitKind.RATE, LimitKind.DISASTER}:
            return f"{limit.value / 100:g}%"
        return money(limit.value)


class RegionStatusForm(TenantForm):
    """The rate in percent."""

    rate = PercentField(
        label=_("통보받은 할인율(%)"), required=False, help_text=_("할인율을 별도로 통보받은 때만 적습니다.")
    )

    class Meta:
        model = RegionStatus
        fields: ClassVar = "__all__"


@admin.register(RegionStatus)
class RegionStatusAdmin(HistoryAdmin):
    """Classes, named disasters and notified rates, each with its days and its paper."""

    view_permission = "benefits.view"
    edit_permission = "settings.edit"
    form = RegionStatusForm
    list_display: ClassVar = ["kind", "since", "until", "notified", "document", "municipality"]
    list_filter: ClassVar = [MunicipalityFilter]
    list_select_related: ClassVar = ["municipality"]
    sortable_by: ClassVar[list[str]] = []
    fields: ClassVar = ["kind", ("valid_from", "valid_until"), "rate", "document"]
    empty_hint = _("기관 관리자가 수도권, 인구감소지역 같은 구분을 등록하면 혜택 정책을 지침의 할인율과 비교합니다.")

    since = day("valid_from", _("시작일"))
    until = day("valid_until", _("종료일"))

    @admin.display(description=_("통보받은 할인율"))
    def notified(self, status: RegionStatus) -> str:
        """As a percentage."""
        return "-" if status.rate is None else f"{status.rate / 100:g}%"
