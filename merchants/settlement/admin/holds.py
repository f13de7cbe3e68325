"""지급보류: to hold back what a shop is owed, and to release it."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from merchants.settlement import holds
from merchants.settlement.models import PayoutHold
from vouchers.common.admin import HistoryAdmin, day, moment
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.pages import find, page, refusals_shown, require
from vouchers.common.seoul import business_date


class ReleasedFilter(admin.SimpleListFilter):
    """Those that are not released, or those that are."""

    title = _("상태")
    parameter_name = "released"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Two of them."""
        return [("no", _("해제하지 않음")), ("yes", _("해제"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """By whether somebody has released it."""
        return queryset if self.value() is None else queryset.filter(released_at__isnull=self.value() == "no")


@admin.register(PayoutHold)
class PayoutHoldAdmin(HistoryAdmin):
    """Holds of the past and the present. A hold is not changed: it is released, and another one made."""

    view_permission = "settlement.view"
    edit_permission = "settlement.edit"
    list_display: ClassVar = ["merchant", "from_day", "until_day", "reason", "standing", "official"]
    list_select_related: ClassVar = ["merchant", "official"]
    list_filter: ClassVar = [MunicipalityFilter, ReleasedFilter]
    add_fieldsets: ClassVar = [(None, {"fields": ["merchant", ("valid_from", "valid_until"), "reason"]})]
    fieldsets: ClassVar = [
        (None, {"fields": ["merchant", ("from_day", "until_day"), "reason", ("official", "held_at")]}),
        (_("해제"), {"fields": ["standing", ("released_by", "released"), "release_reason"]}),
    ]
    readonly_fields: ClassVar = [
        "from_day", "until_day", "official", "held_at", "standing", "released_by", "released", "release_reason",
    ]  # fmt: skip
    prefix_search: ClassVar = ["merchant__name"]
    exact_search: ClassVar = ["merchant__code"]
    search_help_text = _("상호의 앞부분 또는 가맹점번호")
    sortable_by: ClassVar[list[str]] = []
    autocomplete_fields: ClassVar = ["merchant"]
    change_form_outer_before_template = "merchants/settlement/release.html"
    empty_hint = _(
        "부정 사용이 의심되거나 압류된 가맹점의 지급을 보류하려면 사유와 기간을 등록하십시오. 일 마감은 계속됩니다."
    )

    from_day = day("valid_from", _("시작일"))
    until_day = day("valid_until", _("종료일"))
    held_at = moment("created_at", _("등록일시"))
    released = moment("released_at", _("해제일시"))

    @admin.display(description=_("상태"))
    def standing(self, hold: PayoutHold) -> str:
        """Released, or to be released. The days tell the rest."""
        return gettext("해제") if hold.released_at else gettext("해제하지 않음")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """From today on."""
        return {"valid_from": business_date(request.at), **super().get_changeform_initial_data(request)}  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: PayoutHold, form: Any, change: bool) -> None:
        """Through the service."""
        holds.hold_back(hold=obj, official=request.user, authority=request.authority)  # type: ignore[arg-type,attr-defined]


class ReleaseForm(forms.Form):
    """Why the shop is paid again."""

    reason = forms.CharField(max_length=200)


@page("merchants/payouthold/<uuid:hold_id>/release/", name="hold_release", methods=("POST",))
def release(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    """Let the shop be paid again."""
    hold = find(PayoutHold.objects, hold_id)
    require(request, "settlement.edit", hold.municipality_id)
    form = ReleaseForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("해제 사유를 200자 이내로 입력하십시오."))
        return redirect("admin:merchants_payouthold_change", hold.pk)
    with refusals_shown(request):
        holds.release(
            hold=hold, reason=form.cleaned_data["reason"], official=request.user, authority=request.authority,  # type: ignore[arg-type,attr-defined]
            at=request.at,  # type: ignore[attr-defined]
        )  # fmt: skip
        messages.success(request, gettext("지급보류를 해제했습니다."))
    return redirect("admin:merchants_payouthold_change", hold.pk)
