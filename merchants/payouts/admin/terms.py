"""이체 기준: out of which account shops are paid."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminTextInputWidget,
)

from merchants.payouts import rules
from merchants.payouts.models import (
    PayoutTerms,
)
from vouchers.common.admin import EditAdmin, TenantForm, day, won
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.seoul import business_date
from vouchers.privacy.rules import mask_account


class TermsForm(TenantForm):
    """Terms begin today at the earliest: what was sent before was sent under those before."""

    today: Any = None

    class Meta:
        model = PayoutTerms
        fields: ClassVar = [
            "municipality", "currency", "valid_from", "minimum", "account_bank", "account_number", "account_holder",
            "shown_as", "legal_basis",
        ]  # fmt: skip
        widgets: ClassVar = {"account_number": UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"})}

    def clean_valid_from(self) -> Any:
        """Not before today."""
        first = self.cleaned_data["valid_from"]
        if self.today and first < self.today:
            raise forms.ValidationError(_("시행일은 오늘부터 정할 수 있습니다."))
        return first

    def clean(self) -> Any:
        """An account that a bank could debit."""
        data = super().clean() or self.cleaned_data
        number = data.get("account_number")
        if number and not rules.account_is_usable(bank=data.get("account_bank", ""), number=str(number)):
            self.add_error("account_number", _("계좌번호는 숫자 8~16자리입니다. 붙임표와 빈칸은 넣어도 됩니다."))
        return data


@admin.register(PayoutTerms)
class PayoutTermsAdmin(EditAdmin):
    """Out of which account shops are paid. What holds or held is never changed: new terms are a new row."""

    view_permission = "settlement.view"
    edit_permission = "settings.edit"
    form = TermsForm
    list_display: ClassVar = [
        "starts",
        "currency",
        "minimum_won",
        "account",
        "account_holder",
        "shown_as",
        "legal_basis",
    ]
    list_select_related: ClassVar = ["currency"]
    list_filter: ClassVar = [MunicipalityFilter]
    sortable_by: ClassVar[list[str]] = []
    fieldsets: ClassVar = [
        (None, {"fields": [("currency", "valid_from"), ("minimum", "legal_basis")]}),
        (_("출금 계좌"), {"fields": [("account_bank", "account_holder"), "account_number", "shown_as"]}),
    ]
    empty_hint = _("출금 계좌와 최소 이체액을 등록해야 가맹점에 이체할 수 있습니다.")

    starts = day("valid_from", _("시행일"))
    minimum_won = won("minimum", _("최소 이체액"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        """That knows what day it is."""
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"today": business_date(request.at)})  # type: ignore[attr-defined]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """To read: the account masked."""
        if obj is None:
            return super().get_fieldsets(request, obj)
        shown = ["currency", "starts", "minimum_won", "account", "account_holder", "shown_as", "legal_basis"]
        return [(None, {"fields": shown})]

    @admin.display(description=_("출금 계좌"))
    def account(self, terms: PayoutTerms) -> str:
        """Masked."""
        number = terms.account_number.reveal() if terms.account_number else ""
        return f"{rules.BANKS.get(terms.account_bank, terms.account_bank)} {mask_account(number)}"
