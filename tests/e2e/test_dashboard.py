"""The home page in a browser: it breaks no rule, and its figures are fresh without taking anybody's place on the page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from playwright.sync_api import Page, expect

from tests import factories
from tests.e2e.conftest import Enter
from tests.e2e.test_accessibility import broken_rules
from tests.factories import City
from tests.factories.lists import Office
from tests.reports.dashboard.history import NOON, TODAY, on, sum_up
from vouchers.common.models import uuid7
from vouchers.ledger.services import call
from vouchers.officials.rules import Role


class _Till:
    """A shop where one member pays."""

    def __init__(self, city: City) -> None:
        self.city = city
        citizen = factories.make_citizen(city)
        factories.grant(city, {citizen: 90_000}, at=on(TODAY, 0))
        self._wallet: UUID = factories.wallet_of(citizen).pk
        self._shop, self._partner = factories.make_merchant(city).code, factories.make_partner(city).pk

    def takes(self, amount: int) -> None:
        """A payment at noon, and the next minute's sums."""
        key = str(uuid7())
        with self.city.scope():
            call(
                "payments.pay", self.city.code, self._partner, key, b"\0" * 32, self._wallet, self._shop, "T001", amount, key,
                NOON,
            )  # fmt: skip
        sum_up(self.city, at=NOON)


def test_figures_are_fresh_while_focus_and_open_tables_stay(
    enter: Enter, office: Office, django_db_blocker: Any
) -> None:
    with django_db_blocker.unblock():
        with office.city.scope():
            office.officials[Role.SETTLEMENT_OFFICER] = factories.make_official(office.city, Role.SETTLEMENT_OFFICER)
            till = _Till(office.city)
        till.takes(3_000)
    page: Page = enter(Role.SETTLEMENT_OFFICER)
    assert broken_rules(page) == []
    page.clock.install()
    page.reload()
    used = page.locator("dt", has_text="이용액").locator("xpath=following-sibling::dd[1]")
    expect(used).to_have_text("3,000원")
    page.locator("#open-hour").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#rows-hour")).to_be_visible()
    assert broken_rules(page) == []
    page.get_by_label("기간").focus()
    with django_db_blocker.unblock():
        till.takes(4_500)
    page.clock.fast_forward("00:46")
    expect(used).to_have_text("7,500원")
    expect(page.get_by_label("기간")).to_be_focused()
    expect(page.locator("#rows-hour").get_by_role("row", name="12 2")).to_contain_text("7,500원")
    page.get_by_role("button", name="자동 갱신 멈춤").click()
    expect(page.get_by_role("button", name="자동 갱신 다시 시작")).to_have_attribute("aria-pressed", "true")
    with django_db_blocker.unblock():
        till.takes(500)
    with page.expect_event("domcontentloaded"):
        page.clock.fast_forward("00:46")
        expect(used).to_have_text("7,500원")
        page.reload()
    expect(used).to_have_text("8,000원")
    expect(page.get_by_role("button", name="자동 갱신 다시 시작")).to_be_visible()
