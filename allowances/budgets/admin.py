"""예산 과목: the list with its figures, a line's page with what changed it, and the entry of a change."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from allowances.budgets.models import BudgetLine, EntryKind
from allowances.budgets.rules import Split
from allowances.budgets.selectors import line_budgets, programme_budgets
from allowances.budgets.services import CARRIED, MOVED_TO, OFFERED, record, save_line
from vouchers.common.admin import HistoryAdmin, TenantForm, ungrouped, unlinked
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.models import uuid7
from vouchers.common.money import money
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.common.seoul import business_date

SHOWN = 100
COUNTERPARTS = 300


class BudgetLineForm(TenantForm):
    """A line; shares that exceed the whole are told at their field."""

    class Meta:
        model = BudgetLine
        exclude: ClassVar[list[str]] = []

    def clean(self) -> dict[str, Any]:
        """State and province pay at most everything."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        national, province = values.get("national_percent"), values.get("province_percent")
        if national is not None and province is not None and national + province > 100:
            self.add_error("province_percent", _("국비와 시도비의 비율은 합하여 100%를 넘을 수 없습니다."))
        return values


@admin.register(BudgetLine)
class BudgetLineAdmin(HistoryAdmin):
    """A municipality's budget lines by fiscal year, with what they have and what is spent."""

    view_permission = "allowances.view"
    edit_permission = "budgets.edit"
    form = BudgetLineForm
    list_display: ClassVar = [
        "name", "code", "fiscal_year_plain", "department", "current_won", "spent_won", "left_won", "rate",
    ]  # fmt: skip
    list_filter: ClassVar = [MunicipalityFilter, "fiscal_year"]
    prefix_search: ClassVar = ["name", "code"]
    search_help_text = _("예산 과목명 또는 코드의 앞부분")
    ordering: ClassVar = ["-fiscal_year", "department", "code"]
    sortable_by: ClassVar[list[str]] = []
    fieldsets: ClassVar = [
        (_("예산 과목"), {"fields": [("name", "code"), ("fiscal_year", "currency"), "department"]}),
        (_("재원"), {"fields": [("national_percent", "province_percent")]}),
        (
            _("예산 과목 체계"),
            {"fields": [("account", "field"), ("sector", "policy"), ("unit", "detail"), ("item", "statistic")]},
        ),
    ]
    change_form_outer_before_template = "allowances/budgets/line.html"
    empty_hint = _("예산 담당자가 예산 과목을 등록하고 본예산을 입력하면 사업에 재배정할 수 있습니다.")

    @admin.display(description=_("회계연도"), ordering="fiscal_year")
    def fiscal_year_plain(self, line: BudgetLine) -> str:
        """A year has no thousands separator."""
        return str(line.fiscal_year)

    @admin.display(description=_("예산현액"))
    def current_won(self, line: Any) -> str:
        """With entries of all kinds."""
        return money(line.budget.current.total)

    @admin.display(description=_("지출액"))
    def spent_won(self, line: Any) -> str:
        """Less what came back."""
        return money(line.budget.spent)

    @admin.display(description=_("집행잔액"))
    def left_won(self, line: Any) -> str:
        """With what is reserved."""
        return money(line.budget.left)

    @admin.display(description=_("집행률"))
    def rate(self, line: Any) -> str:
        """집행률, rounded down."""
        return f"{int(line.budget.execution_rate * 1000) / 10:.1f}%"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        """A page's lines come with their figures, all at once."""

        class WithBudgets(super().get_changelist(request, **kwargs)):  # type: ignore[misc]
            result_list: Any

            def get_results(self, request: HttpRequest) -> None:
                super().get_results(request)
                self.result_list = list(self.result_list)
                budgets = line_budgets(lines=self.result_list)
                for line in self.result_list:
                    line.budget = budgets[line.pk]

        return WithBudgets

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Year and currency belong to the ledger account that was opened with them."""
        shown = [ungrouped(BudgetLine, "fiscal_year"), unlinked(BudgetLine, "currency")]
        return ["fiscal_year", "currency", *shown] if obj else []

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """This year, and the official's own department."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        year = business_date(request.at).year  # type: ignore[attr-defined]
        return {"fiscal_year": year, "department": getattr(request.user, "department", "")} | initial

    def save_model(self, request: HttpRequest, obj: BudgetLine, form: Any, change: bool) -> None:
        """Through the service, which opens the ledger account."""
        save_line(line=obj, official=request.user, authority=request.authority)  # type: ignore[arg-type,attr-defined]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], add: bool = False, change: bool = False, form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:  # fmt: skip
        """With the figures, the entries and the programmes above the form."""
        if obj is not None:
            authority = request.authority  # type: ignore[attr-defined]
            programmes = list(obj.programmes.order_by("name")[:SHOWN])
            budgets = programme_budgets(programmes=[programme.pk for programme in programmes])
            figures = line_budgets(lines=[obj])[obj.pk]
            context |= {
                "figures": figures,
                "spent_parts": obj.shares.of_spent(figures.spent, budget=figures.current),
                "entries": obj.entries.select_related("official", "counterpart").order_by("-id")[:SHOWN],
                "allotments": obj.allotments.select_related("official", "programme").order_by("-id")[:SHOWN],
                "programmes": [(programme, budgets[programme.pk]) for programme in programmes],
                "may_enter": authority.may("budgets.edit", obj.municipality_id),
                "may_allot": authority.may("programmes.fund", obj.municipality_id),
            }
        response: HttpResponse = super().render_change_form(request, context, add, change, form_url, obj)
        return response


def _won_field(label: Any, *, required: bool, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=1 if required else 0, max_value=10**15, required=required, localize=False,
        help_text=help_text,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip


class EntryForm(forms.Form):
    """What changes a line. The id makes a form that is sent twice count once."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        label=_("구분"), choices=[(kind.value, kind.label) for kind in OFFERED], widget=UnfoldAdminSelectWidget
    )
    amount = _won_field(_("금액(원)"), required=True, help_text=_("쉼표 없이 숫자만 입력합니다."))
    national = _won_field(_("국비(원)"), required=False)
    province = _won_field(_("시도비(원)"), required=False)
    city = _won_field(
        _("시군구비(원)"), required=False, help_text=_("셋 다 비워 두면 과목의 재원 비율로 나누고, 원 미만은 시군구비로 합니다.")
    )  # fmt: skip
    counterpart = forms.ModelChoiceField(
        label=_("상대 과목"), queryset=BudgetLine.objects.none(), required=False, widget=UnfoldAdminSelectWidget,
        help_text=_("전용·변경사용은 금액을 받을 과목, 이월은 전년도 과목(이 시스템에 있을 때)을 고릅니다."),
    )  # fmt: skip
    reason = forms.CharField(label=_("사유"), max_length=300, widget=UnfoldAdminTextInputWidget)
    document_number = forms.CharField(
        label=_("문서번호"), max_length=60, required=False, widget=UnfoldAdminTextInputWidget
    )  # fmt: skip

    def __init__(self, *args: Any, line: BudgetLine, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.line = line
        others = BudgetLine.objects.filter(
            Q(fiscal_year=line.fiscal_year) | Q(fiscal_year=line.fiscal_year - 1),
            municipality=line.municipality_id, currency=line.currency_id,
        ).exclude(pk=line.pk)  # fmt: skip
        keys = others.order_by("-fiscal_year", "code").values_list("pk", flat=True)[:COUNTERPARTS]
        self.fields["counterpart"].queryset = BudgetLine.objects.filter(pk__in=list(keys))  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The parts make the amount, and the other line fits the kind."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        amount, parts = values.get("amount"), [values.get(name) for name in ("national", "province", "city")]
        if amount is not None and "kind" in values:
            given = any(part is not None for part in parts)
            national, province, city = (part or 0 for part in parts)
            split = Split(national=national, province=province, city=city) if given else self.line.shares.of(amount)
            if split.total != amount:
                self.add_error("amount", _("국비·시도비·시군구비의 합계와 같아야 합니다."))
            values["split"] = split
        kind, other = values.get("kind"), values.get("counterpart")
        if kind in MOVED_TO and (other is None or other.fiscal_year != self.line.fiscal_year):
            self.add_error("counterpart", _("같은 회계연도의 받을 과목을 고르십시오."))
        if other is not None and kind not in MOVED_TO and (
            kind not in CARRIED or other.fiscal_year >= self.line.fiscal_year
        ):  # fmt: skip
            self.add_error("counterpart", _("이 구분에는 고를 수 없는 과목입니다. 비워 두거나 구분을 확인하십시오."))
        return values


@page("allowances/budget-line/<uuid:line_id>/entry/", name="budget_entry", methods=("GET", "POST"))
def entry(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """예산 변동: the entry first, its amount in words to confirm, then the posting."""
    line = find(BudgetLine.objects.select_related("currency"), line_id)
    require(request, "budgets.edit", line.municipality_id)
    initial = {"id": uuid7(), "kind": request.GET.get("kind", EntryKind.ORIGINAL)}
    form = EntryForm(request.POST or None, initial=initial, line=line)
    ready = form.is_bound and form.is_valid()
    if ready and "confirmed" in request.POST:
        values = form.cleaned_data
        kind = EntryKind(values["kind"])
        with refusals_shown(request):
            record(
                line=line, kind=kind, split=values["split"], reason=values["reason"],
                document_number=values["document_number"], counterpart=values["counterpart"], id=values["id"],
                official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type,attr-defined]
            )  # fmt: skip
            done = _("%(kind)s %(amount)s을 기록했습니다.")
            messages.success(request, done % {"kind": kind.label, "amount": money(values["amount"])})
        return redirect("admin:allowances_budgetline_change", line.pk)
    return render(
        request, "allowances/budgets/entry.html", title=_("예산 변동"), line=line, form=form, ready=ready,
        figures=line_budgets(lines=[line])[line.pk],
        kind_label=EntryKind(form.cleaned_data["kind"]).label if ready else "",
        sent=[(name, form.data.get(name, "")) for name in form.fields if name != "id"] if ready else [],
    )  # fmt: skip
