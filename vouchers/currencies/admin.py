"""상품권, 운영 기준과 구매 기준."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from vouchers.common.admin import EditInline, HistoryAdmin, TenantForm, day, won
from vouchers.common.money import money
from vouchers.common.seoul import business_date
from vouchers.currencies.models import BuyerType, Currency, CurrencyPolicy, PurchaseLimit
from vouchers.guidelines.models import LimitKind
from vouchers.guidelines.selectors import amount_limit


class CurrencyPolicyInline(EditInline):
    """Limits that hold from a day on. What holds or held is never changed: a new limit is a new row."""

    model = CurrencyPolicy
    view_permission = "payments.view"
    edit_permission = "settings.edit"
    fields: ClassVar = ["valid_from", "payment_limit", "purchase_sales_cap", "consent_age", "legal_basis"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Currency)
class CurrencyAdmin(HistoryAdmin):
    """Currencies are opened with their ledger accounts at set-up; here their limits are kept."""

    view_permission = "payments.view"
    edit_permission = "settings.edit"
    list_display: ClassVar = ["name", "name_en", "municipality", "is_active"]
    list_select_related: ClassVar = ["municipality"]
    list_filter: ClassVar = ["is_active"]
    fieldsets: ClassVar = [(None, {"fields": [("name", "name_en"), "is_active"]})]
    inlines: ClassVar = [CurrencyPolicyInline]
    prefix_search: ClassVar = ["name"]
    search_help_text = _("상품권명의 앞부분")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PurchaseLimitForm(TenantForm):
    """The row belongs to the municipality of its currency."""

    def clean(self) -> dict[str, Any]:
        """Before the row is checked against the others."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if currency := cleaned.get("currency"):
            self.instance.municipality_id = currency.municipality_id
        return cleaned


@admin.register(PurchaseLimit)
class PurchaseLimitAdmin(HistoryAdmin):
    """Limits of buyers that hold from a day on. What holds or held is never changed: a new limit is a new row."""

    view_permission = "payments.view"
    edit_permission = "settings.edit"
    form = PurchaseLimitForm
    list_display: ClassVar = [
        "currency", "buyer", "since", "day_won", "month_won", "year_won", "holding_won", "takes_benefit", "refund_ratio",
    ]  # fmt: skip
    list_select_related: ClassVar = ["currency"]
    list_filter: ClassVar = ["buyer"]
    fieldsets: ClassVar = [
        (None, {"fields": [("currency", "buyer"), ("valid_from", "legal_basis")]}),
        (_("구매 한도"), {"fields": [
            ("minimum", "unit"), ("per_day", "per_month"), ("per_year", "holding"), "holding_counts_grants",
        ]}),
        (_("혜택"), {"fields": ["takes_benefit", ("benefit_per_month", "benefit_per_year")]}),
        (_("사용과 환불"), {"fields": [
            ("usage_rule", "validity_months"), ("expiry_minutes", "withdrawal_days"), "refund_ratio",
        ]}),
        (_("선물"), {"fields": [
            ("gift_purchased", "gift_incentives", "gift_points"),
            ("gift_once", "gift_per_day"), "gift_per_month",
        ]}),
    ]  # fmt: skip
    sortable_by: ClassVar[list[str]] = []
    empty_hint = _("상품권마다 개인과 법인의 구매 기준을 한 번씩 등록하면 앱에서 충전할 수 있습니다.")

    since = day("valid_from", _("시행일"))
    day_won = won("per_day", _("1일 한도"))
    month_won = won("per_month", _("월 한도"))
    year_won = won("per_year", _("연 한도"))
    holding_won = won("holding", _("보유 한도"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Until the day comes from which it holds."""
        future = obj is None or obj.valid_from > business_date(request.at)  # type: ignore[attr-defined]
        return future and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: PurchaseLimit, form: Any, change: bool) -> None:
        """Tell at once what lies above the guideline; it limits persons alone."""
        super().save_model(request, obj, form, change)
        if obj.buyer != BuyerType.INDIVIDUAL:
            return
        for label, kind, own in (
            (_("월 한도"), LimitKind.PURCHASE, obj.per_month), (_("보유 한도"), LimitKind.HOLDING, obj.holding),
        ):  # fmt: skip
            guideline = amount_limit(kind=kind, day=obj.valid_from)
            if guideline and (own is None or own > guideline.value):
                messages.warning(
                    request,
                    _("%(label)s %(own)s: 행정안전부 지침의 한도 %(limit)s보다 많습니다. 출처: %(source)s")
                    % {
                        "label": label, "own": _("제한 없음") if own is None else money(own),
                        "limit": money(guideline.value), "source": guideline.source,
                    },
                )  # fmt: skip

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new row begins as the present one of its currency, so that only what changes is typed."""
        latest = PurchaseLimit.objects.order_by("-valid_from", "buyer").first()
        fields = [
            field.name for field in PurchaseLimit._meta.fields if field.name not in {"id", "municipality", "valid_from"}
        ]
        start = {name: getattr(latest, name) for name in fields} if latest else {}
        return start | super().get_changeform_initial_data(request)
