"""시민. Personal data is masked on every page; one citizen's data is shown plain after a reason that is recorded."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.template_utils import HistoricalRecordContextHelper
from unfold.widgets import UnfoldAdminTextInputWidget

from vouchers.citizens.models import Citizen, CitizenCategory, Corporation, Household, HouseholdMember, ResidencePeriod
from vouchers.common.admin import EditInline, HistoryAdmin, TenantForm, day, moment
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.pages import find, page, render, require
from vouchers.privacy.admin import ReasonForm, record
from vouchers.privacy.models import AccessAction
from vouchers.privacy.rules import (
    HIDDEN,
    BusinessNumberInvalid,
    PhoneUnreadable,
    format_business_number,
    format_phone,
    mask_birth_date,
    mask_name,
    mask_phone,
    parse_business_number,
    parse_phone,
)


class CitizenForm(TenantForm):
    """A new citizen is written in full; of a known one only what has changed, because the form shows no plain data."""

    new_name = forms.CharField(
        label=_("바뀐 성명"),
        required=False,
        max_length=40,
        help_text=_("개명한 경우에만 입력합니다."),
        widget=UnfoldAdminTextInputWidget,
    )
    new_phone = forms.CharField(
        label=_("바뀐 휴대전화"),
        required=False,
        max_length=20,
        help_text=_("번호가 바뀐 경우에만 입력합니다."),
        widget=UnfoldAdminTextInputWidget,
    )

    class Meta:
        model = Citizen
        fields: ClassVar = ["municipality", "name", "birth_date", "phone", "dong", "resident_since", "status", "sex"]

    def clean_phone(self) -> str:
        """Digits, however they were typed."""
        return _phone(self.cleaned_data["phone"])

    def clean_new_phone(self) -> str:
        """Digits, however they were typed; empty when it has not changed."""
        return _phone(self.cleaned_data["new_phone"]) if self.cleaned_data["new_phone"] else ""

    def _post_clean(self) -> None:
        """Put the changed values in before the row is checked against the others."""
        self.instance.name = self.cleaned_data.get("new_name") or self.instance.name
        self.instance.phone = self.cleaned_data.get("new_phone") or self.instance.phone
        super()._post_clean()  # type: ignore[misc]  # private to Django


def _phone(text: str) -> str:
    try:
        return parse_phone(text)
    except PhoneUnreadable as error:
        raise forms.ValidationError(str(error)) from error


class MaskedChanges(HistoricalRecordContextHelper):
    """Says that an identifying field changed, never from what to what."""

    def prepare_delta_change_value(self, change: Any, value: Any) -> Any:
        hidden = change.field in {"name", "phone", "birth_date"}
        return HIDDEN if hidden else super().prepare_delta_change_value(change, value)


class CitizenCategoryInline(EditInline):
    """What the citizen is registered as."""

    view_permission = "citizens.view"
    edit_permission = "citizens.edit"
    model = CitizenCategory
    can_delete = True

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An entry made by mistake goes; what is over gets its last day. The history keeps both."""
        return self.has_change_permission(request, obj)


class ResidencePeriodInline(EditInline):
    """When the citizen lived here before."""

    view_permission = "citizens.view"
    edit_permission = "citizens.edit"
    model = ResidencePeriod
    can_delete = True

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An entry made by mistake goes; the history keeps it."""
        return self.has_change_permission(request, obj)


class HouseholdMemberInline(EditInline):
    """Who belongs to the household."""

    view_permission = "citizens.view"
    edit_permission = "citizens.edit"
    model = HouseholdMember
    autocomplete_fields: ClassVar = ["citizen"]
    can_delete = True

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who leaves the household leaves this list; the history keeps them."""
        return self.has_change_permission(request, obj)


@admin.register(Household)
class HouseholdAdmin(HistoryAdmin):
    """Households, found by the beginning of their number."""

    view_permission = "citizens.view"
    edit_permission = "citizens.edit"
    list_display: ClassVar = ["number"]
    list_filter: ClassVar = [MunicipalityFilter]
    prefix_search: ClassVar = ["number"]
    search_help_text = _("세대 번호의 앞부분")
    fields: ClassVar = ["number"]
    inlines: ClassVar = [HouseholdMemberInline]
    empty_hint = _("세대원 수, 자녀 수, 세대주를 자격 조건으로 쓰는 사업이 있으면 세대를 등록합니다.")


@admin.register(Citizen)
class CitizenAdmin(HistoryAdmin):
    """Members, found by the beginning of a name or the last four digits of a phone."""

    view_permission = "citizens.view"
    edit_permission = "citizens.edit"
    form = CitizenForm
    list_display: ClassVar = ["masked_name", "masked_birth_date", "masked_phone", "dong", "since", "status"]
    list_select_related: ClassVar = ["dong"]
    list_filter: ClassVar = [MunicipalityFilter, "status"]
    prefix_search: ClassVar = ["name"]
    exact_search: ClassVar = ["phone_tail", "phone"]
    search_help_text = _("성명의 앞부분 또는 휴대전화 끝 4자리")
    sortable_by: ClassVar[list[str]] = []
    autocomplete_fields: ClassVar = ["dong"]
    add_fieldsets: ClassVar = [
        (None, {"fields": [("name", "birth_date"), ("phone", "sex")]}),
        (_("거주"), {"fields": [("dong", "resident_since")]}),
    ]
    fieldsets: ClassVar = [
        (None, {"fields": [("masked_name", "masked_birth_date"), ("masked_phone", "sex")]}),
        (_("거주와 상태"), {"fields": [("dong", "resident_since"), "status"]}),
        (_("인적사항 정정"), {"fields": [("new_name", "new_phone")]}),
    ]
    readonly_fields: ClassVar = ["masked_name", "masked_birth_date", "masked_phone"]
    change_form_outer_before_template = "vouchers/citizens/reveal_link.html"
    inlines: ClassVar = [CitizenCategoryInline, ResidencePeriodInline]
    empty_hint = _(
        "찾는 시민이 없으면 성명의 앞부분이나 휴대전화 끝 4자리를 확인하십시오. 앱에서 가입한 시민이 여기에 나타납니다."
    )

    since = day("resident_since", _("전입일"))

    @admin.display(description=_("성명"))
    def masked_name(self, citizen: Citizen) -> str:
        return mask_name(citizen.name)

    @admin.display(description=_("생년월일"))
    def masked_birth_date(self, citizen: Citizen) -> str:
        return mask_birth_date(citizen.birth_date)

    @admin.display(description=_("휴대전화"))
    def masked_phone(self, citizen: Citizen) -> str:
        return mask_phone(citizen.phone)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only read sees no fields for corrections."""
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if obj is None or self.has_change_permission(request, obj) else fieldsets[:-1]

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        """A new citizen has nothing to mask yet."""
        return super().get_readonly_fields(request, obj) if obj else ()

    def get_historical_record_context_helper(self, request: HttpRequest, historical_record: Any) -> MaskedChanges:
        return MaskedChanges(self.model, historical_record)

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """An old version would show plain data without a reason; the citizen's own page does not."""
        return redirect("admin:vouchers_citizen_change", object_id)


class CorporationForm(TenantForm):
    """A corporation's registration."""

    business_number = forms.CharField(
        label=_("사업자등록번호"), max_length=14, help_text=_("예: 124-81-00998"), widget=UnfoldAdminTextInputWidget
    )

    class Meta:
        model = Corporation
        fields: ClassVar = ["municipality", "name", "business_number", "representative", "phone"]

    def clean_business_number(self) -> str:
        """Ten digits with the right check digit, however they were typed."""
        try:
            return parse_business_number(self.cleaned_data["business_number"])
        except BusinessNumberInvalid as error:
            raise forms.ValidationError(str(error)) from error

    def clean_phone(self) -> str:
        """Digits, however they were typed."""
        return _phone(self.cleaned_data["phone"])


@admin.register(Corporation)
class CorporationAdmin(HistoryAdmin):
    """Corporations that buy, found by the beginning of their name or by their whole number."""

    view_permission = "citizens.view"
    edit_permission = "citizens.edit"
    form = CorporationForm
    list_display: ClassVar = ["name", "number_dashed", "masked_representative", "registered"]
    list_filter: ClassVar = [MunicipalityFilter]
    prefix_search: ClassVar = ["name"]
    exact_search: ClassVar = ["business_number"]
    search_help_text = _("법인명의 앞부분 또는 사업자등록번호 10자리")
    sortable_by: ClassVar[list[str]] = []
    fieldsets: ClassVar = [(None, {"fields": [("name", "business_number"), ("representative", "phone")]})]
    change_form_outer_before_template = "vouchers/citizens/corporation_link.html"
    empty_hint = _("상품권을 사려는 법인이 신청하면 여기에 등록하고 지갑을 엽니다.")

    registered = moment("created_at", _("등록일시"))

    @admin.display(description=_("사업자등록번호"))
    def number_dashed(self, corporation: Corporation) -> str:
        return format_business_number(corporation.business_number)

    @admin.display(description=_("대표자"))
    def masked_representative(self, corporation: Corporation) -> str:
        return mask_name(corporation.representative)


@page("vouchers/citizen/<uuid:citizen_id>/reveal/", name="citizen_reveal", methods=("GET", "POST"))
def reveal(request: HttpRequest, citizen_id: UUID) -> HttpResponse:
    """Ask why, write it down, show the one citizen. The address stays free of personal data; nothing is kept open."""
    citizen = find(Citizen.objects.select_related("dong"), citizen_id)
    require(request, "citizens.view", citizen.municipality_id)
    form = ReasonForm(request.POST or None)
    shown = request.method == "POST" and form.is_valid()
    if shown:
        record(
            request, municipality=citizen.municipality_id, action=AccessAction.REVEAL, subject=str(citizen.pk),
            reason=form.cleaned_data["reason"],
        )  # fmt: skip
    response = render(
        request, "vouchers/citizens/reveal.html", title=_("마스킹 해제"), citizen=citizen, form=form, shown=shown,
        phone=format_phone(citizen.phone), back=reverse("admin:vouchers_citizen_change", args=[citizen.pk]),
    )  # fmt: skip
    response["Cache-Control"] = "no-store"
    return response
