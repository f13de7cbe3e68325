"""사업과 회차: one form that begins with the type's values, the budget, and the payment rounds."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from allowances.budgets.selectors import line_budgets
from allowances.catalogue.models import AllowanceType
from allowances.programmes.models import Cycle, Programme
from allowances.programmes.selectors import budget_of, next_cycle_number, proposal_from
from allowances.programmes.services import allot_budget, open_cycle, save_programme
from vouchers.common.admin import HistoryAdmin, TenantForm, day, unlinked, won
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.models import uuid7
from vouchers.common.money import money
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.common.seoul import business_date


class ProgrammeForm(TenantForm):
    """A programme; that it pays no wage has to be confirmed."""

    class Meta:
        model = Programme
        exclude: ClassVar[list[str]] = []

    def clean_is_not_wage(self) -> bool:
        """Told at the box."""
        if not self.cleaned_data["is_not_wage"]:
            raise forms.ValidationError(_("임금성·계약대가가 아님을 확인해야 사업을 저장할 수 있습니다."))
        return True

    def clean(self) -> dict[str, Any]:
        """Amounts and ages that contradict each other are told at their fields."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        amount, highest = values.get("amount"), values.get("amount_max")
        if amount and highest and amount > highest:
            self.add_error("amount_max", _("1인 지급 상한은 1인 지급액보다 작을 수 없습니다."))
        youngest, oldest = values.get("age_min"), values.get("age_max")
        if youngest is not None and oldest is not None and youngest > oldest:
            self.add_error("age_max", _("최대 나이는 최소 나이보다 적을 수 없습니다."))
        line, year = values.get("budget_line"), values.get("fiscal_year")
        if line and year and line.fiscal_year != year:
            self.add_error("budget_line", _("사업과 회계연도가 같은 예산 과목을 고르십시오."))
        return values


@admin.register(Programme)
class ProgrammeAdmin(HistoryAdmin):
    """A municipality's programmes by fiscal year."""

    view_permission = "allowances.view"
    edit_permission = "programmes.edit"
    form = ProgrammeForm
    list_display: ClassVar = ["name", "fiscal_year_plain", "department", "type", "amount_won", "status"]
    list_select_related: ClassVar = ["type"]
    list_filter: ClassVar = [MunicipalityFilter, "status", "fiscal_year"]
    prefix_search: ClassVar = ["name"]
    search_help_text = _("사업명의 앞부분")
    autocomplete_fields: ClassVar = ["type", "budget_line"]
    fieldsets: ClassVar = [
        (
            _("사업"),
            {
                "fields": [
                    ("name", "fiscal_year"),
                    ("type", "currency"),
                    ("department", "legal_basis"),
                    "budget_line",
                    "is_not_wage",
                ]
            },
        ),
        (_("지급"), {"fields": [("amount", "amount_max"), ("validity_days", "usage_rule")]}),
        (
            _("자격"),
            {"fields": [("age_min", "age_max"), ("residency_required", "residency_days"), "resident_number_basis"]},
        ),
    ]
    change_form_outer_before_template = "allowances/programmes/budget.html"
    empty_hint = _("수당 종류에서 ‘이 종류로 사업 만들기’를 누르면 값이 채워진 화면에서 시작합니다.")

    amount_won = won("amount", _("1인 지급액"))

    @admin.display(description=_("회계연도"), ordering="fiscal_year")
    def fiscal_year_plain(self, programme: Programme) -> str:
        """A year has no thousands separator."""
        return str(programme.fiscal_year)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A programme is ended here, and begins open."""
        fieldsets = list(super().get_fieldsets(request, obj))
        return [*fieldsets, (_("상태"), {"fields": ["status"]})] if obj else fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Type and currency belong to the ledger account that was opened with them."""
        return ["type", "currency", unlinked(Programme, "currency")] if obj else []

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The values of the type that the official starts from."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        kind = _type_named(request.GET.get("type", ""))
        own = {"department": getattr(request.user, "department", "")}
        proposal = proposal_from(type=kind, at=request.at) if kind else {"fiscal_year": business_date(request.at).year}  # type: ignore[attr-defined]
        return own | proposal | initial

    def save_model(self, request: HttpRequest, obj: Programme, form: Any, change: bool) -> None:
        """Through the service, which opens the ledger account."""
        save_programme(programme=obj, official=request.user, authority=request.authority)  # type: ignore[arg-type,attr-defined]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], add: bool = False, change: bool = False, form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:  # fmt: skip
        """With the budget and the cycles above the form."""
        if obj is not None:
            context |= {
                "budget": budget_of(programme=obj),
                "cycles": obj.cycles.order_by("-number")[:12],
                "may_fund": request.authority.may("programmes.fund", obj.municipality_id),  # type: ignore[attr-defined]
                "may_edit": request.authority.may("programmes.edit", obj.municipality_id),  # type: ignore[attr-defined]
            }
        response: HttpResponse = super().render_change_form(request, context, add, change, form_url, obj)
        return response


def _type_named(key: str) -> AllowanceType | None:
    try:
        return AllowanceType.objects.filter(pk=key).first() if key else None
    except ValidationError:
        return None


@admin.register(Cycle)
class CycleAdmin(HistoryAdmin):
    """Payment rounds. A new one is opened from its programme or here."""

    view_permission = "allowances.view"
    edit_permission = "programmes.edit"
    list_display: ClassVar = ["name", "programme", "number", "reference_day"]
    list_select_related: ClassVar = ["programme"]
    list_filter: ClassVar = [MunicipalityFilter, "programme__fiscal_year"]
    prefix_search: ClassVar = ["name", "programme__name"]
    search_help_text = _("회차명 또는 사업명의 앞부분")
    autocomplete_fields: ClassVar = ["programme"]
    fieldsets: ClassVar = [(None, {"fields": ["programme", ("number", "name"), "reference_date"]})]
    change_form_outer_before_template = "allowances/programmes/cycle_links.html"
    ordering: ClassVar = ["-id"]
    empty_hint = _("사업 화면에서 회차를 열면 지급 대상자 명단을 올릴 수 있습니다.")

    reference_day = day("reference_date", _("자격 기준일"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A round stays with its programme."""
        return ["programme", "number"] if obj else []

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The next number of the programme, and today as the day on which eligibility is judged."""
        initial: dict[str, Any] = {"reference_date": business_date(request.at)}  # type: ignore[attr-defined]
        try:
            named = request.GET.get("programme")
            programme = Programme.objects.filter(pk=named).first() if named else None
        except ValidationError:
            programme = None
        if programme is not None:
            initial |= {"programme": programme.pk, "number": next_cycle_number(programme=programme)}
        return initial

    def save_model(self, request: HttpRequest, obj: Cycle, form: Any, change: bool) -> None:
        """A new one through the service."""
        if change:
            super().save_model(request, obj, form, change)
            return
        opened = open_cycle(
            programme=obj.programme, name=obj.name, reference_date=obj.reference_date, number=obj.number,
            official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type,attr-defined]
        )  # fmt: skip
        obj.pk, obj.municipality_id = opened.pk, opened.municipality_id


class AllotForm(forms.Form):
    """Money of the budget line for a programme, or back. The id makes a form that is sent twice count once."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    direction = forms.ChoiceField(
        label=_("구분"), choices=[("allot", _("사업에 재배정")), ("take_back", _("예산 과목으로 회수"))], initial="allot",
        widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    amount = forms.IntegerField(
        label=_("금액(원)"), min_value=1, max_value=10**15, localize=False,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_("쉼표 없이 숫자만 입력합니다."),
    )  # fmt: skip
    reason = forms.CharField(label=_("사유"), max_length=300, required=False, widget=UnfoldAdminTextInputWidget)
    document_number = forms.CharField(
        label=_("문서번호"), max_length=60, required=False, widget=UnfoldAdminTextInputWidget
    )  # fmt: skip

    @property
    def signed(self) -> int | None:
        """Won that go to the programme, negative when they come back; None while the form is not filled in."""
        if not (self.is_bound and self.is_valid()):
            return None
        amount: int = self.cleaned_data["amount"]
        return amount if self.cleaned_data["direction"] == "allot" else -amount


@page("allowances/programme/<uuid:programme_id>/allot/", name="programme_allot", methods=("GET", "POST"))
def allot(request: HttpRequest, programme_id: UUID) -> HttpResponse:
    """재배정: the amount first, its words to confirm, then the posting."""
    programme = find(Programme.objects.select_related("currency", "budget_line"), programme_id)
    require(request, "programmes.fund", programme.municipality_id)
    form = AllotForm(request.POST or None, initial={"id": uuid7()})
    signed = form.signed
    if signed and "confirmed" in request.POST:
        with refusals_shown(request):
            allot_budget(
                programme=programme, amount=signed, id=form.cleaned_data["id"], reason=form.cleaned_data["reason"],
                document_number=form.cleaned_data["document_number"], official=request.user,  # type: ignore[arg-type]
                authority=request.authority, at=request.at,  # type: ignore[attr-defined]
            )  # fmt: skip
            done = _("%(amount)s을 재배정했습니다.") if signed > 0 else _("%(amount)s을 예산 과목으로 회수했습니다.")
            messages.success(request, done % {"amount": money(abs(signed))})
        return redirect("admin:allowances_programme_change", programme.pk)
    line = programme.budget_line
    return render(
        request, "allowances/programmes/allot.html", title=_("예산 재배정"), programme=programme, form=form,
        amount=abs(signed) if signed else None, takes_back=bool(signed and signed < 0), line=line,
        line_left=line_budgets(lines=[line])[line.pk].unallotted if line else 0, budget=budget_of(programme=programme),
    )  # fmt: skip
