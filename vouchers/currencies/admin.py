"""상품권과 운영 기준."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from vouchers.common.admin import EditInline, HistoryAdmin
from vouchers.currencies.models import Currency, CurrencyPolicy


class CurrencyPolicyInline(EditInline):
    """Limits that hold from a day on. What holds or held is never changed: a new limit is a new row."""

    model = CurrencyPolicy
    view_permission = "payments.view"
    edit_permission = "settings.edit"
    fields: ClassVar = ["valid_from", "payment_limit", "legal_basis"]

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
