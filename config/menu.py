"""The admin's menu, grouped by what officials do. An entry shows where its list may be read."""

from __future__ import annotations

from typing import Any, Final

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

Entry = tuple[str, str]

_GROUPS: Final[tuple[tuple[Any, tuple[Entry, ...]], ...]] = (
    (_("수당"), (
        ("allowances.Batch", "list_alt"), ("allowances.Programme", "volunteer_activism"), ("allowances.Cycle", "event_repeat"),
        ("allowances.Receivable", "assignment_return"), ("expiry_notice", "hourglass_bottom"), ("allowances.DepartureList", "person_off"),
        ("allowances.BudgetLine", "account_balance"), ("allowances.AllowanceType", "menu_book"),
        ("allowances.LocalExclusiveGroup", "do_not_disturb_on"),
    )),
    (_("상품권"), (
        ("vouchers.Citizen", "group"), ("vouchers.Household", "house"), ("vouchers.Corporation", "apartment"),
        ("vouchers.Wallet", "account_balance_wallet"), ("vouchers.Payment", "qr_code_scanner"), ("vouchers.PaymentTerms", "tune"),
        ("vouchers.OnlineChannel", "delivery_dining"),
        ("vouchers.Gift", "redeem"),
        ("vouchers.TopUp", "add_card"), ("vouchers.AutoTopUp", "autorenew"), ("vouchers.TopUpRefund", "currency_exchange"),
        ("vouchers.Currency", "payments"), ("vouchers.PurchaseLimit", "price_check"), ("vouchers.UsageRule", "rule"),
        ("vouchers.BenefitPolicy", "redeem"), ("vouchers.BenefitTerms", "percent"), ("vouchers.BenefitFund", "savings"),
        ("vouchers.GuidelineLimit", "gavel"), ("vouchers.RegionStatus", "public"),
    )),
    (_("포인트"), (
        ("vouchers.PointProgramme", "stars"), ("vouchers.PointRun", "redeem"), ("vouchers.Activity", "directions_bus"),
        ("vouchers.ActivityUpload", "upload_file"), ("vouchers.ActivityKind", "category"), ("vouchers.PointRule", "rule_settings"),
        ("vouchers.PointLimits", "speed"),
    )),
    (_("가맹점"), (
        ("merchants.Merchant", "storefront"), ("merchants.ApplicationUpload", "upload_file"),
        ("merchants.MerchantChange", "how_to_reg"),
        ("merchant_duplicates", "content_copy"), ("merchants.Disposition", "gavel"), ("merchants.Violation", "balance"),
        ("merchants.ClosureCheck", "domain_disabled"),
        ("merchants.MerchantQR", "qr_code_2"), ("kit_prints", "print"), ("merchants.MerchantCategory", "category"),
        ("merchants.RegistrationStandard", "rule"), ("open_data", "public"),
    )),
    (_("정산"), (
        ("reconciliation", "balance"), ("merchants.DayClose", "event_available"), ("merchants.SettlementLine", "receipt_long"),
        ("statement_runs", "print"),
        ("merchants.Exchange", "currency_exchange"), ("merchants.ExchangeLimit", "speed"),
        ("merchants.ExchangeUplift", "trending_up"), ("merchants.PayoutHold", "pause_circle"),
        ("merchants.FeeSchedule", "percent"), ("merchants.Adjustment", "difference"),
        ("merchants.SalesAgent", "account_balance"), ("merchants.AgentReckoning", "request_quote"),
        ("merchants.PayoutBatch", "outbox"), ("merchants.Payout", "send_money"), ("merchants.PayoutResult", "mark_email_read"),
        ("merchants.PayoutTerms", "tune"), ("merchants.BankSheet", "table_view"),
    )),
    (_("보고서"), (
        ("report_circulation", "monitoring"), ("report_settlements", "receipt_long"), ("report_registers", "fact_check"),
        ("report_decisions", "undo"), ("report_budgets", "finance_mode"), ("report_shops", "store"),
        ("report_channels", "bar_chart"), ("report_usage", "groups"), ("report_balances", "savings"),
        ("vouchers.Event", "menu_book"),
        ("reports.IssuedReport", "task"), ("allowances.ApprovalStep", "draw"), ("vouchers.AccessRecord", "policy"),
    )),
    (_("관리"), (
        ("vouchers.Official", "badge"), ("vouchers.RoleAssignment", "assignment_ind"), ("vouchers.Absence", "event_busy"),
        ("vouchers.IncompatibleRoles", "block"),
        ("allowances.ApprovalLine", "account_tree"), ("vouchers.Partner", "hub"), ("vouchers.WebhookEndpoint", "notifications"),
        ("vouchers.WebhookPolicy", "notification_settings"), ("vouchers.Municipality", "location_city"),
        ("vouchers.Dong", "map"), ("vouchers.Holiday", "calendar_month"), ("admin.LogEntry", "history"),
    )),
)  # fmt: skip
_PAGES: Final[dict[str, tuple[Any, str]]] = {
    "merchant_duplicates": (_("중복 가맹점 확인"), "merchants.view"),
    "kit_prints": (_("QR 키트 인쇄"), "merchants.view"),
    "open_data": (_("공개 데이터"), "merchants.view"),
    "statement_runs": (_("정산내역서 일괄 출력"), "settlement.view"),
    "report_circulation": (_("발행·판매·환전 현황"), "settlement.view"),
    "report_settlements": (_("가맹점 정산내역서"), "settlement.view"),
    "report_registers": (_("수당 지급 조서"), "allowances.view"),
    "report_decisions": (_("환수 결정 조서"), "allowances.view"),
    "report_budgets": (_("예산 집행 현황"), "allowances.view"),
    "report_balances": (_("미사용잔액 및 소멸 현황"), "settlement.view"),
    "report_usage": (_("업종·연령·성별·읍면동별 이용 현황"), "payments.view"),
    "report_shops": (_("가맹점 등록·취소 현황"), "merchants.view"),
    "report_channels": (_("채널별 이용 현황"), "payments.view"),
    "reconciliation": (_("일일 대사"), "settlement.view"),
    "expiry_notice": (_("만료 예정"), "allowances.view"),
}
"""Entries that are pages: their title, and the permission that shows them."""
_TITLES: Final[dict[str, Any]] = {"admin.LogEntry": _("내 처리 기록"), "vouchers.Event": _("원장 전표")}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups for Unfold's sidebar; groups without an entry are left out."""
    home = {"title": _("홈"), "icon": "home", "link": reverse("admin:index")}
    groups = [{"title": title, "items": _entries(request, entries)} for title, entries in _GROUPS]
    return [{"items": [home]}, *(group for group in groups if group["items"])]


def _entries(request: HttpRequest, entries: tuple[Entry, ...]) -> list[dict[str, Any]]:
    shown = []
    for label, icon in entries:
        if label in _PAGES:
            title, permission = _PAGES[label]
            if request.authority.may(permission):  # type: ignore[attr-defined]
                shown.append({"title": title, "icon": icon, "link": reverse(f"admin:{label}")})
            continue
        model = apps.get_model(label)
        if admin.site.get_model_admin(model).has_view_permission(request):
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
            title = _TITLES.get(label, model._meta.verbose_name_plural)
            shown.append({"title": title, "icon": icon, "link": reverse(name)})
    return shown


def place(request: HttpRequest) -> str:
    """Under the product's name: whose back office this is."""
    user = request.user
    if not user.is_authenticated or user.municipality_id not in request.authority.municipalities:  # type: ignore[attr-defined]
        return ""  # without a role there no row of it can be read
    return str(user.municipality)


def stylesheet(_: HttpRequest) -> str:
    """Our own styles, after Unfold's."""
    return static("jangteo/admin.css")


def script(_: HttpRequest) -> str:
    """Confirmations, progress, and what a keyboard and a screen reader need."""
    return static("jangteo/admin.js")
