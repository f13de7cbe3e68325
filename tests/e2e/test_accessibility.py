"""The pages of the daily work against WCAG 2.1 AA, as far as a machine can tell (KWCAG 2.2 asks for the same)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Browser, Page

from tests import factories
from tests.e2e.conftest import Enter
from tests.factories import City
from tests.factories.bank import make_bank_line
from tests.factories.lists import Office, make_list, submitted
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.ledger.services import call
from vouchers.officials.rules import Role

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed_db")]

_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"], "resultTypes": ["violations"]}


@pytest.fixture
def pages(office: Office, django_db_blocker: Any) -> dict[Role, dict[str, str]]:
    """Role → what its official works on → address. Every list has a row; the file in error shows its errors."""
    with django_db_blocker.unblock(), office.city.scope():
        office.officials[Role.SETTLEMENT_OFFICER] = factories.make_official(office.city, Role.SETTLEMENT_OFFICER)
        _a_shop_earns_and_the_day_is_closed(office.city)
        line = make_bank_line(
            office.city, day=business_date(factories.AT - timedelta(days=1)), at=factories.AT,
            official=office.officials[Role.SETTLEMENT_OFFICER],
        )  # fmt: skip
        faulty = make_list(office, rows=3, bad=1)
        waiting = submitted(office, make_list(office, rows=2, people="나"))
    return {
        Role.DRAFTER: {
            "home": reverse("admin:index"),
            "lists": reverse("admin:allowances_batch_changelist"),
            "upload": reverse("admin:batch_upload"),
            "result": reverse("admin:batch_result", args=[faulty.pk]),
            "row": reverse("admin:batch_row", args=[faulty.pk]) + "?row=4",
            "corrections": reverse("admin:batch_mending", args=[faulty.pk]),
            "programme": reverse("admin:allowances_programme_add") + f"?type={office.programme.type_id}",
            "citizens": reverse("admin:vouchers_citizen_changelist"),
            "automatic top-ups": reverse("admin:vouchers_autotopup_changelist"),
        },
        Role.REVIEWER: {"approval": reverse("admin:batch_approval", args=[waiting.pk])},
        Role.BUDGET: {
            "budget execution": reverse("admin:report_budgets"),
            "budget lines": reverse("admin:allowances_budgetline_changelist"),
            "budget line": reverse("admin:allowances_budgetline_change", args=[office.programme.budget_line_id]),
            "budget entry": reverse("admin:budget_entry", args=[office.programme.budget_line_id]),
            "allotment": reverse("admin:programme_allot", args=[office.programme.pk]),
        },
        Role.SETTLEMENT_OFFICER: {
            "shops": reverse("admin:merchants_merchant_changelist"),
            "closed days": reverse("admin:merchants_dayclose_changelist"),
            "settlement": reverse("admin:merchants_settlementline_changelist"),
            "deposit": reverse("admin:reconciliation_receive", args=[line.pk]),
            "deposit, second look": reverse("admin:reconciliation_receive", args=[line.pk]) + "?step=whole",
        },
    }


def _a_shop_earns_and_the_day_is_closed(city: City) -> None:
    citizen, shop, partner = factories.make_citizen(city), factories.make_merchant(city), factories.make_partner(city)
    factories.grant(city, {citizen: 50_000})
    wallet, at = factories.wallet_of(citizen).pk, factories.AT - timedelta(days=1)
    call(
        "payments.pay", city.code, partner.pk, str(uuid7()), b"\0" * 32, wallet, shop.code, "T001", 3_000, "order-1", at
    )
    call("ledger.fence", city.code, business_date(at))
    call("settlement.close_day", city.code, city.currency.pk, business_date(at), factories.AT)


def broken_rules(page: Page) -> list[str]:
    """Rule, element and what is wrong with it."""
    page.wait_for_load_state("load")
    found = Axe().run(page, options=_RULES).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def test_pages_of_the_daily_work_break_no_rule(
    browser: Browser, address: str, enter: Enter, pages: dict[Role, dict[str, str]]
) -> None:
    login = browser.new_page(viewport={"width": 1366, "height": 768})
    login.goto(f"{address}{reverse('admin:login')}")
    broken = {"login": broken_rules(login)}
    for role, shown in pages.items():
        page = enter(role)
        for name, path in shown.items():
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            broken[name] = broken_rules(page)
    assert {name: rules for name, rules in broken.items() if rules} == {}
