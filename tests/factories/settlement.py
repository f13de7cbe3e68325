"""Something of each kind that happens between the payment of a shop and its bank."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from merchants.registry.models import Merchant
from merchants.settlement import adjustments
from merchants.settlement.models import (
    Adjustment,
    AgentFee,
    AgentReckoning,
    ExchangeLimit,
    ExchangeUplift,
    FeeRate,
    FeeSchedule,
    PayoutHold,
    SalesAgent,
)
from tests import factories
from tests.factories import AT, City
from tests.factories.shops import acting
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.ledger.services import call
from vouchers.officials.models import Official
from vouchers.officials.rules import Role


def exchange_and_hold(city: City, merchant: Merchant, official: Official, wallet: UUID, partner: UUID) -> None:
    """A shop sells for 700 won today and exchanges them; then somebody asks for more for it, and holds it back tomorrow."""
    own: dict[str, Any] = {"municipality": city.municipality}
    today = business_date(AT)
    ExchangeLimit.objects.create(
        currency=city.currency, valid_from=today, per_month=50_000_000, legal_basis="조례", **own
    )
    call("payments.pay", city.code, partner, str(uuid7()), b"\0" * 32, wallet, merchant.code, "T001", 700, "now", AT)
    call("settlement.exchange", city.code, uuid7(), city.currency.pk, merchant.pk, 700, official.pk, None, AT)
    ExchangeUplift.objects.create(
        merchant=merchant, currency=city.currency, valid_from=today, valid_until=today, per_month=100_000_000,
        reason="명절 대목", requested_by=official, requested_at=AT, **own,
    )  # fmt: skip
    PayoutHold.objects.create(
        merchant=merchant, valid_from=today + timedelta(days=1), reason="부정 사용 의심", official=official, **own
    )
    charges_and_agents(city, merchant, official)


def charge(city: City, rate: str, *, valid_from: date = date(2020, 1, 1), **fields: Any) -> FeeSchedule:
    """A table of fees that is in force: so much in percent, of whatever is sold however."""
    own: dict[str, Any] = {"municipality": city.municipality}
    asked, decided = (
        factories.make_official(city, Role.SETTLEMENT_OFFICER),
        factories.make_official(city, Role.APPROVER),
    )
    schedule = FeeSchedule.objects.create(
        currency=city.currency, valid_from=valid_from, reason="조례 제9조", requested_by=asked, requested_at=AT,
        state="approved", decided_by=decided, decided_at=AT, **own,
    )  # fmt: skip
    FeeRate.objects.create(schedule=schedule, rate=Decimal(rate), **own, **fields)
    return schedule


def adjust(city: City, amount: int, merchant: Merchant | None = None, *, at: datetime = AT) -> Adjustment:
    """Two officials agree on an adjustment."""
    made = Adjustment(
        currency=city.currency, merchant=merchant, amount=amount, paper_number="지역경제과-1234", reason="정산 착오"
    )
    adjustments.request_adjustment(
        adjustment=made, **acting(factories.make_official(city, Role.SETTLEMENT_OFFICER), at)
    )
    adjustments.decide_adjustment(
        adjustment=made, approve=True, **acting(factories.make_official(city, Role.APPROVER), at)
    )
    made.refresh_from_db()
    return made


def make_agent(city: City, **fields: Any) -> SalesAgent:
    """A bank by an agreement of many years, that gets 1.5 % and 100 won of what it sells, 0.5 % of what it exchanges."""
    own: dict[str, Any] = {"municipality": city.municipality}
    agent = SalesAgent.objects.create(
        name="농협은행 고양시지부", business_number="1248100998", agreed_from=date(2020, 1, 1),
        agreed_until=date(2099, 12, 31), agreement="지역경제과-77", **own, **fields,
    )  # fmt: skip
    AgentFee.objects.create(
        agent=agent, valid_from=date(2020, 1, 1), sold_rate=Decimal("1.50"), sold_per_case=100,
        exchanged_rate=Decimal("0.50"), legal_basis="협약서 제7조", **own,
    )  # fmt: skip
    return agent


def charges_and_agents(city: City, merchant: Merchant, official: Official) -> None:
    """A fee that is in force, and of each kind one request that waits for another official."""
    asked: dict[str, Any] = {
        "municipality": city.municipality, "currency": city.currency, "requested_by": official, "requested_at": AT,
    }  # fmt: skip
    charge(city, "0.50")
    schedule = FeeSchedule.objects.create(valid_from=date(2099, 1, 1), reason="조례 제9조", **asked)
    FeeRate.objects.create(
        municipality=city.municipality, schedule=schedule, channel="card", sales_up_to=300_000_000, rate=Decimal("0.25")
    )
    Adjustment.objects.create(
        merchant=merchant, amount=-300, paper_number="지역경제과-1234", reason="중복 정산", **asked
    )
    AgentReckoning.objects.create(
        agent=make_agent(city), month=date(2026, 1, 1), sold_cases=1, sold=10_000, exchanged_cases=0, exchanged=0,
        fee=250, reason="협약서 제7조", **asked,
    )  # fmt: skip
