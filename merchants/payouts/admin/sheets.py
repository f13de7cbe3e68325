"""은행 이체 양식: the columns that each bank takes."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminTextareaWidget,
)

from merchants.payouts import rules, selectors
from merchants.payouts.models import (
    BankSheet,
)
from vouchers.common.admin import HistoryAdmin, TenantForm, day
from vouchers.common.filters import MunicipalityFilter, chosen_municipality
from vouchers.common.pages import page, render, require
from vouchers.common.seoul import business_date


class SheetForm(TenantForm):
    """A bank's columns, one a line."""

    class Meta:
        model = BankSheet
        fields: ClassVar = ["municipality", "code", "valid_from", "form", "columns"]
        widgets: ClassVar = {"columns": UnfoldAdminTextareaWidget(attrs={"rows": 14, "spellcheck": "false"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "columns" in self.fields:
            items = ", ".join(rules.ITEMS)
            self.fields["columns"].help_text = format_html(
                "{} {}", self.fields["columns"].help_text, gettext("넣을 수 있는 항목: %(items)s.") % {"items": items}
            )

    def clean_columns(self) -> str:
        """Every line names a column, and there are those without which nobody is paid."""
        text: str = self.cleaned_data["columns"]
        try:
            rules.parse_columns(text)
        except rules.ColumnsUnreadable as error:
            raise forms.ValidationError(_what_is_wrong(error)) from error
        return text


def _what_is_wrong(error: rules.ColumnsUnreadable) -> str:
    if not error.line:
        return gettext("‘%(item)s’ 항목이 들어가는 열이 있어야 합니다.") % {"item": error.text}
    said = {"line": error.line, "text": error.text}
    return gettext("%(line)s번째 줄을 읽을 수 없습니다: %(text)s") % said


@admin.register(BankSheet)
class BankSheetAdmin(HistoryAdmin):
    """Sheets that differ from those that come with the product."""

    view_permission = "settlement.view"
    edit_permission = "settings.edit"
    form = SheetForm
    list_display: ClassVar = ["bank", "starts", "form", "titles"]
    list_filter: ClassVar = [MunicipalityFilter]
    sortable_by: ClassVar[list[str]] = []
    list_before_template = "merchants/payouts/sheets.html"
    change_form_outer_before_template = "merchants/payouts/sheet_preview_button.html"
    fieldsets: ClassVar = [(None, {"fields": [("code", "valid_from"), "form", "columns"]})]
    empty_hint = _("등록한 양식이 없으면 기본 양식을 씁니다. 은행이 열을 바꾸었을 때만 새 양식을 등록하십시오.")

    starts = day("valid_from", _("시행일"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the sheets that come with the product, from each of which a new one may begin."""
        may = request.authority.may("settings.edit")  # type: ignore[attr-defined]
        context = {"defaults": rules.SHEETS.items(), "may_edit": may, **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new one begins as the one that is in use."""
        code = request.GET.get("code", "")
        if code not in rules.SHEETS:
            return {}
        today = business_date(request.at)  # type: ignore[attr-defined]
        sheet = selectors.sheet_on(municipality=chosen_municipality(request), code=code, day=today)
        return {"code": code, "valid_from": today, "form": sheet.form, "columns": sheet.columns}

    @admin.display(description=_("은행"))
    def bank(self, sheet: BankSheet) -> str:
        """Its name."""
        return sheet.get_code_display()

    @admin.display(description=_("열"))
    def titles(self, sheet: BankSheet) -> str:
        """The headings in order."""
        return " · ".join(column.title for column in rules.parse_columns(sheet.columns))


# Pages -------------------------------------------------------------------------------------------------------------


@page("merchants/banksheet/preview/", name="bank_sheet_preview", methods=("POST",))
def preview(request: HttpRequest) -> HttpResponse:
    """What a file with these columns looks like, before anybody saves them."""
    require(request, "settings.edit")
    columns: tuple[rules.Column, ...] = ()
    wrong = ""
    try:
        columns = rules.parse_columns(request.POST.get("columns", ""))
    except rules.ColumnsUnreadable as error:
        wrong = _what_is_wrong(error)
    return render(
        request, "merchants/payouts/sheet_preview.html", title=_("은행 이체 양식 미리 보기"), wrong=wrong,
        titles=[column.title for column in columns],
        rows=[[str(column.cell(line)) for column in columns] for line in rules.SAMPLES] if columns else [],
        status=422 if wrong else 200,
    )  # fmt: skip
