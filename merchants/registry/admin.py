"""가맹점, 업종, and the rules of where money may be spent, which speak of 업종."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from merchants.registry.models import Merchant, MerchantBenefit, MerchantCategory
from merchants.registry.services import open_for_payments
from vouchers.common.admin import EditAdmin, EditInline, HistoryAdmin, ListAdmin, TenantForm, day
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.money import money
from vouchers.currencies.models import UsageRule
from vouchers.privacy.rules import BusinessNumberInvalid, format_business_number, mask_name, parse_business_number


@admin.register(MerchantCategory)
class MerchantCategoryAdmin(ListAdmin):
    """Loaded by the set-up."""

    view_permission = "merchants.view"
    list_display: ClassVar = ["name", "name_en", "code", "mcc"]
    fields: ClassVar = ["name", "name_en", "code", "mcc"]
    prefix_search: ClassVar = ["name", "code"]
    search_help_text = _("업종명 또는 업종코드의 앞부분")


class MerchantForm(TenantForm):
    """A shop's registration."""

    business_number = forms.CharField(
        label=_("사업자등록번호"), max_length=14, help_text=_("예: 124-81-00998"), widget=UnfoldAdminTextInputWidget
    )

    class Meta:
        model = Merchant
        exclude: ClassVar[list[str]] = []
        widgets: ClassVar = {"account_number": UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"})}
        help_texts: ClassVar = {
            "account_bank": _("금융회사 코드 3자리. 예: 004"),
            "account_number": _("암호화하여 저장하며 다시 표시하지 않습니다. 바꿀 때만 입력합니다."),
        }

    def clean_business_number(self) -> str:
        """Ten digits with the right check digit, however they were typed."""
        try:
            return parse_business_number(self.cleaned_data["business_number"])
        except BusinessNumberInvalid as error:
            raise forms.ValidationError(str(error)) from error


class MerchantBenefitInline(EditInline):
    """혜택+ agreements. An agreement that ends early gets an earlier last day; its rate stays what was signed."""

    model = MerchantBenefit
    view_permission = "merchants.view"
    edit_permission = "merchants.edit"
    fields: ClassVar = ["rate", "valid_from", "valid_until", "document"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Merchant)
class MerchantAdmin(HistoryAdmin):
    """Registered shops."""

    view_permission = "merchants.view"
    edit_permission = "merchants.edit"
    form = MerchantForm
    list_display: ClassVar = ["name", "code", "business_number_dashed", "category", "dong", "status", "registered"]
    list_select_related: ClassVar = ["category", "dong"]
    list_filter: ClassVar = [MunicipalityFilter, "status", "category"]
    prefix_search: ClassVar = ["name"]
    exact_search: ClassVar = ["code", "business_number"]
    search_help_text = _("상호의 앞부분, 가맹점번호 또는 사업자등록번호(숫자)")
    autocomplete_fields: ClassVar = ["category", "dong"]
    fieldsets: ClassVar = [
        (None, {"fields": [("name", "name_ascii"), ("code", "business_number"), ("representative", "phone")]}),
        (
            _("업종과 소재지"),
            {"fields": [("category", "annual_sales"), ("dong", "address"), ("lot_address", "main_products")]},
        ),
        (_("등록"), {"fields": [("status", "registered_on"), "partner"]}),
        (_("정산 계좌"), {"fields": [("account_bank", "account_holder"), "account_number"]}),
    ]
    inlines: ClassVar = [MerchantBenefitInline]
    change_form_outer_before_template = "merchants/settlement/shop.html"
    change_form_outer_after_template = "merchants/qr_kit/codes.html"
    empty_hint = _("가맹점을 등록하고 QR 코드를 발급하면 결제를 받을 수 있습니다.")

    registered = day("registered_on", _("등록일"))

    @admin.display(description=_("사업자등록번호"))
    def business_number_dashed(self, merchant: Merchant) -> str:
        """124-81-00998."""
        return format_business_number(merchant.business_number)

    @admin.display(description=_("대표자"))
    def masked_representative(self, merchant: Merchant) -> str:
        """김*터."""
        return mask_name(merchant.representative)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only read sees neither the representative's full name nor the account."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        first = (
            None,
            {"fields": [("name", "name_ascii"), ("code", "business_number_dashed"), "masked_representative"]},
        )
        return [first, *fieldsets[1:-1]]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The number on the printed codes never changes."""
        fixed = ["business_number_dashed", "masked_representative"]
        return [*fixed, "code"] if obj else fixed

    def save_model(self, request: HttpRequest, obj: Merchant, form: Any, change: bool) -> None:
        """A shop has its ledger accounts from the first day."""
        super().save_model(request, obj, form, change)
        open_for_payments(merchant=obj)


class UsageRuleForm(TenantForm):
    """Categories to tick instead of codes to type."""

    class Meta:
        model = UsageRule
        fields: ClassVar = [
            "municipality",
            "name",
            "allowed_categories",
            "denied_categories",
            "allowed_dongs",
            "annual_sales_cap",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("allowed_categories", "denied_categories"):
            if name in self.fields:
                self.fields[name] = _categories(self.fields[name])


def _categories(field: forms.Field) -> forms.MultipleChoiceField:
    choices = [(category.code, category.name) for category in MerchantCategory.objects.all()]
    return forms.MultipleChoiceField(
        label=field.label,
        help_text=field.help_text,
        required=False,
        choices=choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )


@admin.register(UsageRule)
class UsageRuleAdmin(EditAdmin):
    """Where money may be spent. Lots refer to a rule, so it is never changed: another rule is a new row."""

    view_permission = "payments.view"
    edit_permission = "settings.edit"
    form = UsageRuleForm
    list_display: ClassVar = ["name", "allowed", "denied", "sales_cap", "municipality"]
    list_select_related: ClassVar = ["municipality"]
    prefix_search: ClassVar = ["name"]
    search_help_text = _("사용처 기준명의 앞부분")
    add_fieldsets: ClassVar = [
        (None, {"fields": ["name", "allowed_categories", "denied_categories", "allowed_dongs", "annual_sales_cap"]})
    ]
    fieldsets: ClassVar = [(None, {"fields": ["name", "allowed", "denied", "region", "sales_cap"]})]
    empty_hint = _("사용처를 제한하지 않는 사업은 기준이 없어도 됩니다.")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("사용 가능 업종"))
    def allowed(self, rule: UsageRule) -> Any:
        """All, or their names."""
        return _names(rule.allowed_categories) or _("모든 업종")

    @admin.display(description=_("사용 제한 업종"))
    def denied(self, rule: UsageRule) -> str:
        """Their names."""
        return _names(rule.denied_categories) or "-"

    @admin.display(description=_("사용 가능 읍면동"))
    def region(self, rule: UsageRule) -> Any:
        """All, or their names."""
        return ", ".join(rule.allowed_dongs) or _("관내 전체")

    @admin.display(description=_("연매출 상한"))
    def sales_cap(self, rule: UsageRule) -> Any:
        """In won."""
        return _("제한 없음") if rule.annual_sales_cap is None else money(rule.annual_sales_cap)


def _names(codes: list[str]) -> str:
    return ", ".join(MerchantCategory.objects.filter(pk__in=codes).values_list("name", flat=True)) if codes else ""
