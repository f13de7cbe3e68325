"""사업과 회차: one form that begins with the type's values, the budget, and the payment rounds."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Final
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from allowances.budgets.selectors import line_budgets, lines_to_choose
from allowances.catalogue.models import AllowanceType, PayoutCycle
from allowances.programmes.models import Cycle, LocalExclusiveGroup, Programme
from allowances.programmes.rules import simple_terms
from allowances.programmes.selectors import budget_of, current_terms, next_cycle_number, proposal_from
from allowances.programmes.sentences import terms_in_words
from allowances.programmes.services import allot_budget, open_cycle, save_programme, set_terms
from vouchers.common.admin import HistoryAdmin, TenantForm, day, unlinked
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.models import uuid7
from vouchers.common.money import money
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.common.seoul import business_date
from vouchers.currencies.models import UsageRule

_SIMPLE: Final = (
    "amount", "amount_max", "age_min", "age_max", "residency_required", "residency_days", "payout_cycle", "validity_days",
    "valid_until", "usage_rule",
)  # fmt: skip
"""The values of a new programme that its first terms are made of."""


class ProgrammeForm(TenantForm):
    """A programme; that it pays no wage has to be confirmed."""

    class Meta:
        model = Programme
        exclude: ClassVar[list[str]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "budget_line" in self.fields:
            lines = lines_to_choose(present=self.instance.budget_line_id)
            self.fields["budget_line"].queryset = lines  # type: ignore[attr-defined]

    def clean_is_not_wage(self) -> bool:
        """Told at the box."""
        if not self.cleaned_data["is_not_wage"]:
            raise forms.ValidationError(_("임금성·계약대가가 아님을 확인해야 사업을 저장할 수 있습니다."))
        return True

    def clean(self) -> dict[str, Any]:
        """The line of the budget is one of the programme's year."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        line, year = values.get("budget_line"), values.get("fiscal_year")
        if line and year and line.fiscal_year != year:
            self.add_error("budget_line", _("사업과 회계연도가 같은 예산 과목을 고르십시오."))
        return values


def _whole(label: Any, *, least: int = 0, most: int = 10**12, required: bool = False, hint: Any = "") -> Any:
    return forms.IntegerField(
        label=label, min_value=least, max_value=most, required=required, localize=False, help_text=hint,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip


class NewProgrammeForm(ProgrammeForm):
    """A new programme with the simple values that its first terms are made of; anything finer follows on its own page."""

    amount = _whole(_("1인 지급액(원)"), least=1, hint=_("비워 두면 명단의 지급액을 그대로 지급합니다."))
    amount_max = _whole(_("1인 지급 상한(원)"), least=1, hint=_("비워 두면 1인 지급액과 같습니다."))
    age_min = _whole(_("최소 나이(만)"), most=150)
    age_max = _whole(_("최대 나이(만)"), most=150)
    residency_required = forms.BooleanField(
        label=_("관내 거주 요건"), required=False, widget=UnfoldBooleanSwitchWidget,
        help_text=_("전출한 시민과 자격 기준일 뒤에 전입한 시민을 제외합니다."),
    )  # fmt: skip
    residency_days = _whole(
        _("거주 기간 요건(일)"), most=36_500,
        hint=_("자격 기준일까지 계속 거주해야 하는 일수. 0이면 기간을 따지지 않습니다."),
    )  # fmt: skip
    payout_cycle = forms.ChoiceField(label=_("지급 주기"), choices=PayoutCycle.choices, widget=UnfoldAdminSelectWidget)
    validity_days = _whole(
        _("유효기간(일)"), least=1, most=36_500, hint=_("지급일부터 세며, 사용 기한을 정하면 비웁니다.")
    )
    valid_until = forms.DateField(label=_("사용 기한"), required=False, widget=UnfoldAdminDateWidget)
    usage_rule = forms.ModelChoiceField(
        label=_("사용처 기준"), queryset=UsageRule.objects.all(), required=False, widget=UnfoldAdminSelectWidget,
        empty_label=_("제한 없음"),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Values that contradict each other are told at their fields."""
        values = super().clean()
        amount, highest = values.get("amount"), values.get("amount_max")
        if amount and highest and amount > highest:
            self.add_error("amount_max", _("1인 지급 상한은 1인 지급액보다 작을 수 없습니다."))
        if amount is None and highest is None and "amount_max" not in self.errors:
            self.add_error("amount_max", _("1인 지급액을 비우면 1인 지급 상한을 정해야 합니다."))
        youngest, oldest = values.get("age_min"), values.get("age_max")
        if youngest is not None and oldest is not None and youngest > oldest:
            self.add_error("age_max", _("최대 나이는 최소 나이보다 적을 수 없습니다."))
        if bool(values.get("validity_days")) == bool(values.get("valid_until")):
            self.add_error("validity_days", _("유효기간과 사용 기한 가운데 하나만 정하십시오."))
        return values

    def simple(self) -> dict[str, Any]:
        """What the first terms are made of."""
        values = {name: self.cleaned_data[name] for name in _SIMPLE}
        values["amount_max"] = values["amount_max"] or values["amount"]
        values["residency_days"] = values["residency_days"] or 0
        return values


@admin.register(Programme)
class ProgrammeAdmin(HistoryAdmin):
    """A municipality's programmes by fiscal year."""

    view_permission = "allowances.view"
    edit_permission = "programmes.edit"
    form = ProgrammeForm
    list_display: ClassVar = ["name", "fiscal_year_plain", "department", "type", "status"]
    list_select_related: ClassVar = ["type"]
    list_filter: ClassVar = [MunicipalityFilter, "status", "fiscal_year"]
    prefix_search: ClassVar = ["name"]
    search_help_text = _("사업명의 앞부분")
    autocomplete_fields: ClassVar = ["type"]
    fieldsets: ClassVar = [
        (
            _("사업"),
            {
                "fields": [
                    ("name", "fiscal_year"), ("type", "currency"), ("department", "resident_number_basis"),
                    ("legal_basis", "ordinance"), "budget_line", "is_not_wage",
                ]
            },
        ),
    ]  # fmt: skip
    add_fieldsets: ClassVar = [
        *fieldsets,
        (
            _("지급"),
            {"fields": [("amount", "amount_max"), ("payout_cycle", "usage_rule"), ("validity_days", "valid_until")]},
        ),
        (_("자격"), {"fields": [("age_min", "age_max"), ("residency_required", "residency_days")]}),
    ]
    change_form_outer_before_template = "allowances/programmes/budget.html"
    empty_hint = _("수당 종류에서 ‘이 종류로 사업 만들기’를 누르면 값이 채워진 화면에서 시작합니다.")

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

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        """A new programme is made with its first terms, in one form."""
        if obj is None:
            kwargs["form"] = NewProgrammeForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The values of the type that the official starts from."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        kind = _type_named(request.GET.get("type", ""))
        own = {"department": getattr(request.user, "department", "")}
        proposal = proposal_from(type=kind, at=request.at) if kind else {"fiscal_year": business_date(request.at).year}  # type: ignore[attr-defined]
        return own | proposal | initial

    def save_model(self, request: HttpRequest, obj: Programme, form: Any, change: bool) -> None:
        """Through the service, which opens the ledger account and puts the first terms in force."""
        who: dict[str, Any] = {"official": request.user, "authority": request.authority}  # type: ignore[attr-defined]
        save_programme(programme=obj, **who)
        if not change:
            first = date(obj.fiscal_year, 1, 1)
            set_terms(programme=obj, valid_from=first, **simple_terms(**form.simple()), **who)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], add: bool = False, change: bool = False, form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:  # fmt: skip
        """With the budget and the cycles above the form."""
        if obj is not None:
            now = current_terms(programme=obj, day=business_date(request.at))  # type: ignore[attr-defined]
            context |= {
                "terms": now,
                "words": terms_in_words(now) if now else None,
                "versions": obj.terms.select_related("set_by").order_by("-valid_from", "-id")[:20],
                "may_try": request.authority.may("citizens.view", obj.municipality_id),  # type: ignore[attr-defined]
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
    fieldsets: ClassVar = [(None, {"fields": ["programme", ("number", "name"), ("reference_date", "tranche")]})]
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
            tranche=obj.tranche, official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type,attr-defined]
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


class ExclusiveGroupForm(TenantForm):
    """A municipality's own group of types that exclude each other."""

    class Meta:
        model = LocalExclusiveGroup
        exclude: ClassVar[list[str]] = []

    def clean_type_codes(self) -> list[str]:
        """Codes of the catalogue, two or more."""
        codes: list[str] = self.cleaned_data["type_codes"]
        unknown = set(codes) - set(AllowanceType.objects.filter(code__in=codes).values_list("code", flat=True))
        if unknown:
            raise forms.ValidationError(
                _("수당 종류에 없는 코드입니다: %(codes)s") % {"codes": ", ".join(sorted(unknown))}
            )
        if len(set(codes)) < 2:
            raise forms.ValidationError(_("서로 제한할 수당 종류를 둘 이상 적으십시오."))
        return codes


@admin.register(LocalExclusiveGroup)
class LocalExclusiveGroupAdmin(HistoryAdmin):
    """중복 지급 제한 of the municipality; the national ones hold without being entered."""

    view_permission = "allowances.view"
    edit_permission = "programmes.edit"
    form = ExclusiveGroupForm
    list_display: ClassVar = ["name", "period", "from_day", "until_day", "legal_basis"]
    list_filter: ClassVar = [MunicipalityFilter, "period"]
    prefix_search: ClassVar = ["name"]
    search_help_text = _("이름의 앞부분")
    fieldsets: ClassVar = [
        (None, {"fields": ["name", "type_codes", ("period", "legal_basis"), ("valid_from", "valid_until")]})
    ]
    empty_hint = _("전국 공통의 중복 지급 제한은 등록하지 않아도 적용됩니다. 우리 지자체의 제한만 여기에 등록합니다.")

    from_day = day("valid_from", _("시행일"))
    until_day = day("valid_until", _("종료일"))
