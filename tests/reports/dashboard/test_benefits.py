"""What the home page tells of benefits: budgets that end early, policies that give less or nothing, funds without money."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import factories
from tests.factories import AT, City
from tests.factories.benefits import as_official, follow_up, make_draft, make_fund
from vouchers.common.models import uuid7
from vouchers.common.scope import set_local
from vouchers.common.seoul import business_date
from vouchers.incentives import services
from vouchers.incentives.models import BenefitFund, BenefitTerms
from vouchers.incentives.selectors import Alarms, alarms_for, policy_alarms
from vouchers.ledger.services import call
from vouchers.officials.models import Official
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db

MID = AT.replace(day=15)
"""Noon on the 15th: a month has days before it and after it whenever the test runs."""
TODAY = business_date(MID)


@pytest.fixture
def city() -> City:
    """A city whose partitions reach a month back."""
    made = factories.make_city()
    with made.scope():
        call("ledger.ensure_partitions", TODAY - timedelta(days=40), business_date(AT) + timedelta(days=40))
    return made


def make_terms(city: City, fund: BenefitFund, *, since: datetime, **fields: Any) -> BenefitTerms:
    draft = make_draft(city, fund, valid_from=business_date(since), **fields)
    return services.publish(terms=draft, at=since, **as_official(city, Role.APPROVER))


def pay(city: City, amount: int, *moments: datetime) -> None:
    """A payment at each moment, reckoned together, so that no cashback is spent among them."""
    citizen, shop, partner = factories.make_citizen(city), factories.make_merchant(city), factories.make_partner(city)
    factories.grant(city, {citizen: amount * len(moments)}, at=min(moments) - timedelta(days=1))
    wallet = factories.wallet_of(citizen).pk
    for at in moments:
        key = str(uuid7())
        call("payments.pay", city.code, partner.pk, key, b"\0" * 32, wallet, shop.code, "T001", amount, key, at)
    follow_up(city, at=max(moments))


def home_of(official: Official) -> str:
    client = Client()
    set_local(official=str(official.pk))
    client.force_login(official)
    return client.get(reverse("admin:index")).text


def week() -> list[datetime]:
    """The seven days before the 15th."""
    return [MID - timedelta(days=number) for number in range(7, 0, -1)]


@pytest.mark.parametrize(
    ("budgets", "month", "year"),
    [
        # seven days of 500 won are 3,500; a month of 10,000 has 6,500 left: the 15th and twelve more days
        ({"budget_month": 10_000}, 27, None),
        ({"budget_month": 3_600}, 15, None),
        ({"budget_month": 100_000}, None, None),
        ({"budget_month": 10_000, "budget_year": 9_000}, None, 25),
        ({"budget_year": 5_500}, None, 18),
        ({}, None, None),
    ],
)
def test_a_budget_that_ends_early_is_told_with_its_day(
    city: City, budgets: dict[str, int], month: int | None, year: int | None
) -> None:
    with city.scope():
        make_terms(city, make_fund(city), since=week()[0], **budgets)
        pay(city, 5_000, *week())
        found = policy_alarms(municipalities=[city.code], day=TODAY)
    assert [(alarm.month_ends, alarm.year_ends) for alarm in found] == (
        [(month and TODAY.replace(day=month), year and TODAY.replace(day=year))] if month or year else []
    )


def test_the_last_day_of_a_month_is_not_early(city: City) -> None:
    last = (TODAY.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    with city.scope():
        make_terms(city, make_fund(city), since=week()[0], budget_month=3_500 + 500 * ((last - TODAY).days + 1))
        pay(city, 5_000, *week())
        assert policy_alarms(municipalities=[city.code], day=TODAY) == []


def test_the_note_names_the_day_what_is_left_and_the_policy(city: City) -> None:
    with city.scope():
        terms = make_terms(city, make_fund(city), since=week()[0], budget_month=10_000, budget_year=20_000)
        pay(city, 5_000, *week())
        shown = alarms_for(authority=as_official(city, Role.DRAFTER)["authority"], day=TODAY)
        text = render_to_string("reports/dashboard/benefits.html", {"benefit_alarms": shown})
    assert f"월 예산이 {TODAY.year}. {TODAY.month}. 27.에 끝날 것으로 보입니다" in text
    assert "남은 월 예산 6,500원" in text
    assert reverse("admin:vouchers_benefitpolicy_change", args=[terms.policy_id]) in text


def test_a_step_is_told_and_a_stop_is_the_more_urgent(city: City) -> None:
    with city.scope():
        fund = make_fund(city)
        stepped = make_terms(
            city, fund, since=week()[0], rate=100, budget_month=1_000_000, step_percents=[1], step_factors=[5_000]
        )
        stopped = make_terms(city, fund, since=week()[0], budget_month=2_000)
        pay(city, 50_000, week()[0])  # 500 won; 5,000 of which the budget has 2,000
        pay(city, 950_000, week()[1])  # 9,500 won: 10,000 are 1 % of the budget
        found = policy_alarms(municipalities=[city.code], day=TODAY)
    assert [(alarm.policy, alarm.is_used_up, alarm.step_percent) for alarm in found] == [
        (stopped.policy, True, ""), (stepped.policy, False, "50%"),
    ]  # fmt: skip


def test_each_official_is_led_to_the_place_where_they_can_mend_it(city: City) -> None:
    with city.scope():
        fund = make_fund(city, amount=1, name="국비 재원")
        terms = make_terms(city, fund, since=AT, budget_month=50)
        pay(city, 1_000, AT)
        officials = {role: factories.make_official(city, role) for role in Role}
    policy = reverse("admin:vouchers_benefitpolicy_change", args=[terms.policy_id])
    entry, page = (
        reverse("admin:fund_entry", args=[fund.pk]),
        reverse("admin:vouchers_benefitfund_change", args=[fund.pk]),
    )
    for role, own, other in ((Role.BUDGET, entry, page), (Role.APPROVER, page, entry)):
        home = home_of(officials[role])
        assert "국비 재원: 재원이 모자라 지급하지 못한 혜택이 50원 있습니다" in home
        assert "예산을 다 써서 혜택 지급이 멈췄습니다" in home
        assert policy in home
        assert own in home
        assert other not in home
    assert "혜택" not in home_of(officials[Role.MERCHANT_OFFICER])
    with city.scope():
        services.endow(fund=fund, amount=1_000, reason="추경", at=AT, **as_official(city, Role.BUDGET))
        follow_up(city)
    assert "지급하지 못한 혜택" not in home_of(officials[Role.BUDGET])


def test_a_halt_is_told_with_its_reason_until_it_ends(city: City) -> None:
    with city.scope():
        policy = make_terms(city, make_fund(city), since=AT).policy
        approver = as_official(city, Role.APPROVER)
        services.halt(policy=policy, reason="부정 결제 점검", at=AT, **approver)
    home = home_of(approver["official"])
    assert "혜택 지급을 중지하고 있습니다" in home
    assert "부정 결제 점검" in home
    with city.scope():
        services.resume(policy=policy, month=business_date(AT).replace(day=1), reason="완료", at=AT, **approver)
    assert "중지하고 있습니다" not in home_of(approver["official"])


def test_another_municipality_is_told_nothing_and_the_statements_do_not_grow(city: City) -> None:
    elsewhere = factories.make_city(code="28110", name="인천광역시 중구")
    with elsewhere.scope():
        assert alarms_for(authority=as_official(elsewhere, Role.BUDGET)["authority"], day=TODAY) == Alarms([], [], 0)
    with city.scope():
        authority, fund, counts = as_official(city, Role.BUDGET)["authority"], make_fund(city), []
        for policies in (1, 12):
            for _ in range(policies):
                services.halt(
                    policy=make_terms(city, fund, since=AT, budget_year=1).policy, reason="점검", at=AT,
                    **as_official(city, Role.APPROVER),
                )  # fmt: skip
            with CaptureQueriesContext(connection) as queries:
                shown = alarms_for(authority=authority, day=business_date(AT))
            counts.append(len(queries))
    assert counts == [6, 6]
    assert (len(shown.policies), shown.more) == (8, 5)
