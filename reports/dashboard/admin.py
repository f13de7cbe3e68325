"""The home page: what waits for the official, today's figures, and where to go."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from reports.dashboard.selectors import figures, in_progress, waiting
from vouchers.common.seoul import business_date
from vouchers.incentives.selectors import alarms_for as benefit_alarms_for
from vouchers.officials.rules import Role
from vouchers.officials.selectors import deputyships_of
from vouchers.reconciliation.selectors import alarms_for
from vouchers.webhooks.selectors import stopped_for

_SHORTCUTS: tuple[tuple[str, Any, str, str], ...] = (
    ("batches.edit", _("명단 올리기"), "admin:batch_upload", "upload_file"),
    ("programmes.edit", _("수당 종류에서 사업 만들기"), "admin:allowances_allowancetype_changelist", "library_add"),
    ("programmes.fund", _("사업 예산 배정"), "admin:allowances_programme_changelist", "account_balance"),
    ("batches.pay", _("지급 대상자 명단"), "admin:allowances_batch_changelist", "list_alt"),
    ("citizens.view", _("시민 찾기"), "admin:vouchers_citizen_changelist", "person_search"),
    ("merchants.view", _("가맹점 찾기"), "admin:merchants_merchant_changelist", "storefront"),
    ("settlement.view", _("가맹점 정산내역"), "admin:merchants_settlementline_changelist", "receipt_long"),
    ("audit.view", _("개인정보 접속기록"), "admin:vouchers_accessrecord_changelist", "policy"),
    ("officials.edit", _("공무원과 역할"), "admin:vouchers_official_changelist", "badge"),
)


def home(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The context of the home page."""
    authority = request.authority  # type: ignore[attr-defined]
    today = business_date(request.at)  # type: ignore[attr-defined]
    held = sorted({role for roles in authority.roles.values() for role in roles}, key=list(Role).index)
    return context | {
        "today": today,
        "roles": [Role(role).label for role in held],
        "waiting": waiting(authority=authority),
        "alarms": alarms_for(authority=authority, today=today),
        "benefit_alarms": benefit_alarms_for(authority=authority, day=today),
        "stopped_webhooks": stopped_for(authority=authority, at=request.at),  # type: ignore[attr-defined]
        "deputyships": deputyships_of(official_id=authority.official_id, day=today).filter(valid_from__lte=today)
        if authority.acting
        else [],
        "figures": figures(authority=authority, today=today),
        "in_progress": in_progress(authority=authority) if authority.may("allowances.view") else [],
        "shortcuts": [
            {"title": title, "link": reverse(name), "icon": icon}
            for permission, title, name, icon in _SHORTCUTS
            if authority.may(permission)
        ],
    }
