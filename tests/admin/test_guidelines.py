"""Officials are told when terms or purchase limits lie above the ministry's guideline, with figures and source."""

from __future__ import annotations

from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from tests.admin.conftest import Login
from tests.factories import AT
from tests.factories.benefits import make_draft, make_fund
from tests.factories.everything import Everything
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.currencies.models import PurchaseLimit
from vouchers.guidelines.models import RegionStatus
from vouchers.incentives.models import BenefitTerms, BenefitTier
from vouchers.officials.rules import Role

SOURCE = "아시아경제 2025. 9. 1. 보도"
FUTURE = date(business_date(AT).year + 1, 1, 1)


def draft_of(world: Everything, *rates: int, **fields: Any) -> BenefitTerms:
    with world.city.scope():
        fund = make_fund(world.city)
        terms = make_draft(world.city, fund, rate=rates[0], **fields)
        for rate in rates[1:]:
            BenefitTier.objects.create(municipality=world.city.municipality, terms=terms, fund=fund, rate=rate)
    return terms


def page_of(login: Login, terms: BenefitTerms, role: Role = Role.APPROVER) -> str:
    return login(role).get(reverse("admin:vouchers_benefitterms_change", args=[terms.pk])).text


@pytest.mark.parametrize(("rates", "exceeds"), [((1_000,), False), ((1_001,), True), ((1_000, 200, 500), True)])
def test_terms_stand_beside_the_guideline(
    world: Everything, login: Login, rates: tuple[int, ...], exceeds: bool
) -> None:
    page = page_of(login, draft_of(world, *rates))  # the city of the test is 수도권: 10 %
    assert f"최고 지급률 {sum(rates) / 100:g}%" in page
    assert ("지침의 상한 10%를 넘습니다" in page) is exceeds
    assert ("지침의 상한 10% 이내입니다" in page) is not exceeds
    assert "수도권" in page
    assert SOURCE in page


class Inputs(HTMLParser):
    """What a browser would send of a page's form."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: dict[str, str] = {}
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        if tag == "select":
            self._select = of.get("name", "")
        elif tag == "option" and "selected" in of:
            self.sent[self._select] = of["value"]
        elif tag == "input" and of.get("name") and (of.get("type") != "checkbox" or "checked" in of):
            self.sent[of["name"]] = of.get("value", "")


def test_saving_a_draft_above_the_guideline_warns_and_saves(world: Everything, login: Login) -> None:
    terms = draft_of(world, 1_001, legal_basis="제1조")
    client, address = login(Role.DRAFTER), reverse("admin:vouchers_benefitterms_change", args=[terms.pk])
    sent = Inputs(client.get(address).text).sent | {"legal_basis": "제2조"}
    page = client.post(address, sent, follow=True).text
    assert "최고 지급률 10.01%가 행정안전부 지침의 상한 10%를 넘습니다" in page
    with world.city.scope():
        assert BenefitTerms.objects.get(pk=terms.pk).legal_basis == "제2조"


def test_a_disaster_lifts_the_rate_while_it_lasts(world: Everything, login: Login) -> None:
    with world.city.scope():
        RegionStatus.objects.create(
            municipality=world.city.municipality,
            kind="disaster",
            valid_from=FUTURE,
            valid_until=FUTURE,
            document="고시",
        )
    assert "지침의 상한 10%를 넘습니다" in page_of(login, draft_of(world, 1_500))
    page = page_of(login, draft_of(world, 1_500, valid_from=FUTURE))
    assert "지침의 상한 15% 이내입니다" in page
    assert "특별재난지역 가산 5%p 포함" in page


def test_without_a_class_the_page_says_who_may_enter_it(world: Everything, login: Login) -> None:
    with world.city.scope():
        RegionStatus.objects.all().delete()
    terms, add = draft_of(world, 700), reverse("admin:vouchers_regionstatus_add")
    drafters, administrators = (page_of(login, terms, role) for role in (Role.DRAFTER, Role.ADMINISTRATOR))
    assert "비교하지 못했습니다" in drafters
    assert "기관 관리자에게 등록을 요청하십시오" in drafters
    assert add not in drafters
    assert add in administrators


def test_saving_a_purchase_limit_above_the_guideline_warns_and_saves(world: Everything, login: Login) -> None:
    client, address = login(Role.ADMINISTRATOR), reverse("admin:vouchers_purchaselimit_add")
    form = client.get(address).context["adminform"].form
    start = {name: value for name in form.fields if (value := form[name].value()) not in (None, False)}
    start |= {"valid_from": FUTURE.isoformat(), "currency": str(world.city.currency.pk), "legal_basis": str(uuid7())}
    answer = client.post(address, start | {"buyer": "individual", "per_month": "2000001", "holding": "2000000"})
    told = [str(message) for message in get_messages(answer.wsgi_request)]
    assert any("월 한도 2,000,001원: 행정안전부 지침의 한도 2,000,000원보다 많습니다" in text for text in told), told
    assert not any("보유 한도" in text for text in told)
    with world.city.scope():
        assert PurchaseLimit.objects.filter(valid_from=FUTURE, per_month=2_000_001).exists()
    client.get(address)  # which shows it
    answer = client.post(address, start | {"buyer": "corporate", "per_month": "30000000"})
    assert not any("지침" in str(message) for message in get_messages(answer.wsgi_request))


def test_an_administrator_enters_a_notified_rate(world: Everything, login: Login) -> None:
    client, address = login(Role.ADMINISTRATOR), reverse("admin:vouchers_regionstatus_add")
    entry = {"kind": "notified", "valid_from": FUTURE.isoformat(), "document": "지역경제과-1"}
    assert "반드시 할인율" in client.post(address, entry).text
    assert client.post(address, entry | {"rate": "12"}).status_code == 302
    assert "지침의 상한 12% 이내입니다" in page_of(login, draft_of(world, 1_200, valid_from=FUTURE))
