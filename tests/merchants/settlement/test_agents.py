"""Sales agents: a month is reckoned from what the books know and the agent reports, by the fees of that month."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from merchants.settlement import agents, errors
from merchants.settlement.models import AgentFee, AgentReckoning, Decision, SalesAgent
from tests import factories
from tests.factories import AT, City
from tests.factories.settlement import make_agent
from tests.factories.shops import acting
from tests.factories.top_ups import buy
from vouchers.common.errors import NotPermitted
from vouchers.common.seoul import start_of_day
from vouchers.officials.rules import Role

MONTH = (AT.date().replace(day=1) - timedelta(days=1)).replace(day=1)
LATER = start_of_day(agents.next_month(MONTH)) + timedelta(hours=12)


def reckon(
    city: City, agent: SalesAgent, *, at: Any = LATER, role: Role = Role.SETTLEMENT_OFFICER, **fields: Any
) -> Any:
    """An officer reckons a month."""
    made = AgentReckoning(agent=agent, currency=city.currency, reason="협약서 제7조", **{"month": MONTH, **fields})
    agents.request_reckoning(reckoning=made, **acting(factories.make_official(city, role), at))
    return made


@pytest.mark.django_db
def test_a_month_counts_the_agents_own_top_ups_and_the_paper_that_it_reports() -> None:
    city = factories.make_city()
    with city.scope():
        factories.make_purchase_limit(city)
        partner, other = factories.make_partner(city), factories.make_partner(city)
        agent = make_agent(city, partner=partner)
        for number, at in enumerate((start_of_day(MONTH), LATER - timedelta(hours=13), LATER)):
            for seller in (partner, other):
                wallet = factories.wallet_of(factories.make_citizen(city)).pk
                buy(seller, wallet, 10_000 + number, at=at)
        made = reckon(
            city, agent, paper_sold_cases=2, paper_sold=150_033, paper_exchanged_cases=1, paper_exchanged=99_999
        )
    assert (made.sold_cases, made.sold, made.exchanged_cases, made.exchanged) == (2, 20_001, 0, 0)
    assert made.fee == (20_001 + 150_033) * 150 // 10_000 + 4 * 100 + 99_999 * 50 // 10_000


@pytest.mark.django_db
def test_fees_are_those_of_the_month() -> None:
    city = factories.make_city()
    with city.scope():
        agent = make_agent(city)
        for month, rate in ((MONTH, "2.00"), (agents.next_month(MONTH), "9.00")):
            AgentFee.objects.create(
                municipality=city.municipality,
                agent=agent,
                valid_from=month,
                sold_rate=Decimal(rate),
                legal_basis="협약서",
            )
        assert reckon(city, agent, paper_sold_cases=1, paper_sold=10_000).fee == 200


@pytest.mark.django_db
def test_what_cannot_be_reckoned_says_why() -> None:
    city = factories.make_city()
    with city.scope():
        agent = make_agent(city)
        with pytest.raises(errors.MonthNotOver):
            reckon(city, agent, at=LATER - timedelta(hours=13))
        with pytest.raises(errors.AgreementNotInForce):
            reckon(city, agent, month=date(2019, 12, 1))
        with pytest.raises(NotPermitted):
            reckon(city, agent, role=Role.APPROVER)
        AgentFee.objects.filter(agent=agent).delete()
        with pytest.raises(errors.AgentFeeUnknown):
            reckon(city, agent)


@pytest.mark.django_db
def test_another_official_decides_and_a_rejected_month_is_reckoned_anew() -> None:
    city = factories.make_city()
    with city.scope():
        agent = make_agent(city)
        first = reckon(city, agent)
        approver = factories.make_official(city, Role.APPROVER)
        agents.decide_reckoning(reckoning=first, approve=False, **acting(approver, LATER))
        second = reckon(city, agent, paper_sold=1_000)
        agents.decide_reckoning(reckoning=second, approve=True, **acting(approver, LATER))
        with pytest.raises(errors.AlreadyDecided):
            agents.decide_reckoning(reckoning=second, approve=False, **acting(approver, LATER))
        assert list(AgentReckoning.objects.order_by("id").values_list("state", "fee")) == [
            (Decision.REJECTED, 0), (Decision.APPROVED, 15),
        ]  # fmt: skip
