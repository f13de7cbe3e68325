"""가맹점, 업종, and the rules of where money may be spent, which speak of 업종."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Func, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from merchants.registry import registration_pages, selectors
from merchants.registry.models import (
    ChangeKind,
    ChangeState,
    Merchant,
    MerchantBenefit,
    MerchantCategory,
    MerchantChange,
    MerchantStatus,
    PaperKind,
    RegistrationStandard,
)
from merchants.registry.registrations import MOST_AT_ONCE
from merchants.registry.rules import Finding, possible_kinds
from merchants.registry.services import next_code, open_for_payments
from vouchers.common.admin import (
    EditAdmin,
    EditInline,
    HistoryAdmin,
    ListAdmin,
    TenantForm,
    day,
    is_old_version,
    moment,
    unlinked,
)
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.korean import document_date
from vouchers.common.money import money
from vouchers.common.pages import refusals_shown
from vouchers.common.seoul import business_date
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

    today: ClassVar[date]

    def clean_business_number(self) -> str:
        """Ten digits with the right check digit, however they were typed."""
        try:
            return parse_business_number(self.cleaned_data["business_number"])
        except BusinessNumberInvalid as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any] | None:
        """An application that may not be registered is refused where it is entered, with the reason.

        A shop that is registered is only warned of: what has become true of it must be possible to write down.
        """
        said = super().clean() or {}
        municipality = getattr(self.instance, "municipality_id", None) or getattr(said.get("municipality"), "pk", None)
        if municipality and self.instance.status == MerchantStatus.APPLIED:
            for finding in self.findings(municipality):
                if finding.refuses:
                    self.add_error(finding.field, finding.text)
            number = said.get("business_number") or self.instance.business_number
            bar = selectors.barred_until(municipality=municipality, business_number=number, day=self.today)
            if bar:
                text = _("등록취소된 사업자입니다. %(day)s까지 다시 등록할 수 없습니다.")
                self.add_error("business_number", text % {"day": document_date(bar)})
        return said

    def findings(self, municipality: str) -> list[Finding]:
        """What the standard of today says of what was typed."""
        said = self.cleaned_data
        return selectors.findings_of(
            municipality=municipality, ksic_code=said.get("ksic_code") or "", annual_sales=said.get("annual_sales") or 0,
            is_chain=bool(said.get("is_chain")), day=self.today,
        )  # fmt: skip


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
        (None, {"fields": [("name", "name_ascii"), ("business_number", "code"), ("representative", "phone")]}),
        (
            _("업종과 소재지"),
            {
                "fields": [
                    ("category", "ksic_code"),
                    ("annual_sales", "is_chain"),
                    ("dong", "address"),
                    ("lot_address", "main_products"),
                ]
            },
        ),
        (_("등록"), {"fields": [("status", "registered_on"), "partner"]}),
        (_("정산 계좌"), {"fields": [("account_bank", "account_holder"), "account_number"]}),
    ]
    add_fieldsets: ClassVar = [
        (None, {"fields": [("name", "name_ascii"), ("business_number", "phone"), "representative"]}),
        fieldsets[1],
        (_("정산 계좌"), {"fields": [("account_bank", "account_holder"), "account_number"]}),
        (_("가맹점 앱"), {"fields": ["partner"]}),
    ]
    inlines: ClassVar = [MerchantBenefitInline]
    actions: ClassVar = ["submit_together"]
    list_before_template = "merchants/registry/ways_in.html"
    change_form_outer_before_template = "merchants/registry/life.html"
    change_form_outer_after_template = "merchants/registry/timeline.html"
    empty_hint = _("가맹점 신청을 입력하고 결재를 받은 뒤 QR 코드를 발급하면 결제를 받을 수 있습니다.")

    _of_an_application: ClassVar = [
        "phone", "category", "ksic_code", "annual_sales", "is_chain", "address", "lot_address", "main_products", "dong", "partner",
        *(unlinked(Merchant, name) for name in ("category", "dong", "partner")),
    ]  # fmt: skip
    """What can be corrected of a registered shop, but not of an application that waits for approval as it was submitted."""

    registered = day("registered_on", _("등록일"))

    @admin.action(description=_("검토 완료, 등록 결재 함께 올리기"), permissions=["change"])
    def submit_together(self, request: HttpRequest, queryset: QuerySet[Merchant]) -> HttpResponse | None:
        """Show which of these applications go for approval."""
        return _together(request, queryset, registration_pages.confirm_submission)

    @admin.display(description=_("사업자등록번호"))
    def business_number_dashed(self, merchant: Merchant) -> str:
        """124-81-00998."""
        return format_business_number(merchant.business_number)

    @admin.display(description=_("대표자"))
    def masked_representative(self, merchant: Merchant) -> str:
        """김*터."""
        return mask_name(merchant.representative)

    @admin.display(description=_("정산 계좌"))
    def masked_account(self, merchant: Merchant) -> str:
        """***-***-1234."""
        return selectors.masked_account(merchant.account_number) or "-"

    @admin.display(description=_("예금주"))
    def masked_holder(self, merchant: Merchant) -> str:
        """김*터."""
        return mask_name(merchant.account_holder) or "-"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is changed by approval alone is shown, masked, and not asked for."""
        if obj is None:
            return super().get_fieldsets(request, obj)
        fieldsets = list(super().get_fieldsets(request, obj))
        if not self._is_open(request, obj):
            facts = [("name", "name_ascii"), ("business_number_dashed", "code"), ("masked_representative", "phone")]
            account = [("account_bank", "masked_holder"), "masked_account"]
            fieldsets = [(None, {"fields": facts}), *fieldsets[1:-1], (fieldsets[-1][0], {"fields": account})]
        if not self.has_change_permission(request, obj):
            return fieldsets[:-1]
        return fieldsets

    def _is_open(self, request: HttpRequest, merchant: Merchant) -> bool:
        """Whether the official may still write all of it: an application that nobody has submitted."""
        if is_old_version(request):
            return True
        return self.has_change_permission(request, merchant) and merchant.status == MerchantStatus.APPLIED and not (
            merchant.changes.filter(state__in=[ChangeState.WAITING, ChangeState.APPROVED]).exists()
        )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The number on the printed codes never changes; status, name, owner and account change by approval."""
        fixed: list[Any] = ["business_number_dashed", "masked_representative", "masked_account", "masked_holder"]
        if obj is None:
            return fixed
        fixed += ["code", "status", "registered_on"]
        if not self._is_open(request, obj):
            fixed += ["name", "name_ascii", "account_bank"]
            if obj.status == MerchantStatus.APPLIED and not is_old_version(request):
                fixed += self._of_an_application
        return fixed

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """With the day by which the standard is chosen."""
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"today": business_date(request.at)})  # type: ignore[attr-defined]

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With the shop's life: what waits, what may be asked for, its papers, and its timeline."""
        context = dict(extra_context or {})
        if object_id and request.method == "GET" and (merchant := self.get_object(request, object_id)):
            context |= self._life(request, merchant)
        return super().changeform_view(request, object_id, form_url, context)

    def _life(self, request: HttpRequest, merchant: Merchant) -> dict[str, Any]:
        labels = dict(ChangeKind.choices)
        changes = selectors.changes_of(merchant)
        waiting = next((change for change in changes if change.state == ChangeState.WAITING), None)
        may_edit = self.has_change_permission(request, merchant)
        return {
            "waiting": waiting,
            "kinds": [(kind, labels[kind]) for kind in possible_kinds(merchant.status)] if may_edit and not waiting else [],
            "moments": selectors.timeline(merchant, changes=changes), "papers": merchant.papers.select_related("added_by"),
            "paper_kinds": PaperKind.choices,
            "missing": selectors.missing_papers(merchant) if merchant.status == MerchantStatus.APPLIED else [],
            "findings": selectors.findings_of(
                municipality=merchant.municipality_id, ksic_code=merchant.ksic_code, annual_sales=merchant.annual_sales,
                is_chain=merchant.is_chain, day=business_date(request.at),  # type: ignore[attr-defined]
            ),
        }  # fmt: skip

    def save_model(self, request: HttpRequest, obj: Merchant, form: Any, change: bool) -> None:
        """An application gets its number; a shop has its ledger accounts from the first day."""
        if not change:
            official: Any = request.user
            obj.code, obj.entered_by = next_code(municipality=obj.municipality_id), official
        super().save_model(request, obj, form, change)
        open_for_payments(municipality=obj.municipality_id, merchants=[obj.pk])
        for finding in form.findings(obj.municipality_id):
            messages.warning(request, str(finding.text))


@admin.register(MerchantChange)
class MerchantChangeAdmin(ListAdmin):
    """What was asked for, and what became of it: those that wait first."""

    view_permission = "merchants.view"
    list_display: ClassVar = ["merchant", "kind", "state", "starts", "reason", "entered_by", "entered"]
    list_select_related: ClassVar = ["merchant", "entered_by"]
    list_filter: ClassVar = [MunicipalityFilter, "state", "kind"]
    sortable_by: ClassVar[list[str]] = []
    prefix_search: ClassVar = ["merchant__name"]
    exact_search: ClassVar = ["merchant__code", "merchant__business_number"]
    search_help_text = _("상호의 앞부분, 가맹점번호 또는 사업자등록번호(숫자)")
    fields: ClassVar = [
        "merchant", ("kind", "state"), ("starts", "ends"), "reason", "document", ("entered_by", "entered"),
        ("decided_by", "decided"), "note",
    ]  # fmt: skip
    change_form_outer_after_template = "merchants/registry/decide.html"
    empty_hint = _("가맹점 화면에서 등록 신청, 변경, 정지, 해지를 올리면 여기에서 결재합니다.")
    actions: ClassVar = ["approve_together"]

    starts = day("effective_from", _("시행일"))
    ends = day("effective_until", _("정지 종료일"))
    entered = moment("entered_at", _("입력일시"))
    decided = moment("decided_at", _("결재일시"))

    def has_approve_permission(self, request: HttpRequest) -> bool:
        """For the action."""
        return bool(request.authority.may("merchants.approve"))  # type: ignore[attr-defined]

    @admin.action(description=_("등록 신청 함께 승인"), permissions=["approve"])
    def approve_together(self, request: HttpRequest, queryset: QuerySet[MerchantChange]) -> HttpResponse | None:
        """Show which of these registrations would be approved."""
        return _together(request, queryset, registration_pages.confirm_approval)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With what it would change, the papers, and what the official may do with it."""
        context = dict(extra_context or {})
        if object_id and (change := self.get_object(request, object_id)):
            authority: Any = request.authority  # type: ignore[attr-defined]
            shop, waits = change.merchant, change.state == ChangeState.WAITING
            own = request.user.pk in {change.entered_by_id, shop.entered_by_id if change.kind == "register" else None}
            may_approve = waits and authority.may("merchants.approve", change.municipality_id)
            context |= {
                "compared": selectors.compared(change) if change.kind == ChangeKind.DETAILS else [],
                "may_decide": may_approve and not own, "is_own": may_approve and own,
                "may_withdraw": waits and authority.may("merchants.edit", change.municipality_id),
                "papers": shop.papers.all(), "shop": shop,
                "missing": selectors.missing_papers(shop) if change.kind == ChangeKind.REGISTER else [],
                "findings": selectors.findings_of(
                    municipality=shop.municipality_id, ksic_code=shop.ksic_code, annual_sales=shop.annual_sales,
                    is_chain=shop.is_chain, day=change.effective_from,
                ) if change.kind == ChangeKind.REGISTER else [],
            }  # fmt: skip
        return super().changeform_view(request, object_id, form_url, context)


def _together(
    request: HttpRequest, rows: QuerySet[Any], confirm: Callable[[HttpRequest, list[UUID]], HttpResponse]
) -> HttpResponse | None:
    """What confirms an action; None leads back to the list, which tells why."""
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    with refusals_shown(request):
        return confirm(request, keys)
    return None


@admin.register(RegistrationStandard)
class RegistrationStandardAdmin(EditAdmin):
    """Standards that hold from a day on. What holds or held is never changed: another standard is a new row."""

    view_permission = "merchants.view"
    edit_permission = "settings.edit"
    list_display: ClassVar = ["starts", "refused", "sales_cap", "chains", "bar_months", "legal_basis"]
    list_filter: ClassVar = [MunicipalityFilter]
    sortable_by: ClassVar[list[str]] = []
    fieldsets: ClassVar = [
        (None, {"fields": ["valid_from", "legal_basis"]}),
        (_("등록 제한"), {"fields": ["refused_ksic", "warned_ksic", ("annual_sales_cap", "chains")]}),
        (_("등록취소"), {"fields": ["bar_months"]}),
    ]
    empty_hint = _("등록 기준이 없으면 제한 업종과 연매출을 확인하지 않습니다. 시행일과 함께 등록하십시오.")

    starts = day("valid_from", _("시행일"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("등록 제한 업종코드"))
    def refused(self, standard: RegistrationStandard) -> str:
        """Their beginnings."""
        return ", ".join(standard.refused_ksic) or "-"

    @admin.display(description=_("연매출 상한"))
    def sales_cap(self, standard: RegistrationStandard) -> Any:
        """In won."""
        return _("제한 없음") if standard.annual_sales_cap is None else money(standard.annual_sales_cap)


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
    list_filter: ClassVar = [MunicipalityFilter]
    prefix_search: ClassVar = ["name"]
    search_help_text = _("사용처 기준명의 앞부분")
    add_fieldsets: ClassVar = [
        (None, {"fields": ["name", "allowed_categories", "denied_categories", "allowed_dongs", "annual_sales_cap"]})
    ]
    fieldsets: ClassVar = [(None, {"fields": ["name", "allowed", "denied", "region", "sales_cap"]})]
    empty_hint = _("사용처를 제한하지 않는 사업은 기준이 없어도 됩니다.")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[UsageRule]:
        """With what the categories are called."""
        rows = super().get_queryset(request)
        return rows.annotate(allowed_names=_names("allowed_categories"), denied_names=_names("denied_categories"))

    @admin.display(description=_("사용 가능 업종"))
    def allowed(self, rule: Any) -> Any:
        """All, or their names."""
        return ", ".join(rule.allowed_names) or _("모든 업종")

    @admin.display(description=_("사용 제한 업종"))
    def denied(self, rule: Any) -> str:
        """Their names."""
        return ", ".join(rule.denied_names) or "-"

    @admin.display(description=_("사용 가능 읍면동"))
    def region(self, rule: UsageRule) -> Any:
        """All, or their names."""
        return ", ".join(rule.allowed_dongs) or _("관내 전체")

    @admin.display(description=_("연매출 상한"))
    def sales_cap(self, rule: UsageRule) -> Any:
        """In won."""
        return _("제한 없음") if rule.annual_sales_cap is None else money(rule.annual_sales_cap)


class _OneOf(Func):
    """Whether a value is in an array."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY ("
    output_field: Any = BooleanField()


def _names(codes: str) -> ArraySubquery:
    found = MerchantCategory.objects.filter(_OneOf("pk", OuterRef(codes)))
    return ArraySubquery(found.order_by("pk").values("name"))
