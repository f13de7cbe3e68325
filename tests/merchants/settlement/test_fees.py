"""Fees and adjustments: what shops bear by channel and sales, given back to the won, and what two officials put right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import transaction

from merchants.registry.models import Merchant
from merchants.settlement import adjustments, errors, exchanges, fees
from merchants.settlement.admin.fees import sentences
from merchants.settlement.models import (
    Adjustment,
    DayClose,
    ExchangeLimit,
    FeeRate,
    FeeSchedule,
    SettlementFee,
    SettlementLine,
)
from merchants.settlement.rules import agent_fee, share
from tests import factories
from tests.factories import AT, City
from tests.factories.settlement import adjust, charge
from tests.factories.shops import acting
from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.ledger.audit import audit
from vouchers.ledger.errors import LedgerIsImmutable, OperatingShort
from vouchers.ledger.services import call
from vouchers.officials.rules import Role

TODAY = business_date(AT)
DAY = timedelta(days=1)


@dataclass
class Market:
    """A city with a small and a large shop, and a citizen who has money for both. Use it in the city's scope."""

    city: City
    small: Merchant
    large: Merchant
    wallet: UUID
    partner: UUID
    closed: int = 0

    def sell(self, amount: int, *, shop: Merchant | None = None, card: bool = False, day: int = 0) -> UUID:
        """Sell for so much on the day that lies so many days after today, by the shop's code or by card."""
        code, at = (shop or self.small).code, AT + day * DAY
        who = (self.city.code, self.partner, str(uuid7()), b"\0" * 32)
        payment: UUID = (
            call("payments.authorise", *who, str(uuid7()), b"\6" * 16, code, "T001", amount, at)
            if card
            else call("payments.pay", *who, self.wallet, code, "T001", amount, "order", at)
        )[0]
        return payment

    def cancel(self, payment: UUID, amount: int, *, day: int = 0) -> None:
        """Give back a part."""
        who = (self.city.code, self.partner, str(uuid7()), b"\0" * 32)
        call("payments.cancel", *who, payment, amount, AT + day * DAY)

    def close(self, *, through: int | None = None) -> None:
        """Close the next day, or all until one."""
        until = self.closed if through is None else through
        for number in range(self.closed, until + 1):
            call("ledger.fence", self.city.code, TODAY + number * DAY)
            call(
                "settlement.close_day",
                self.city.code,
                self.city.currency.pk,
                TODAY + number * DAY,
                AT + (number + 1) * DAY,
            )
        self.closed = until + 1

    def line(self, *, day: int = 0, shop: Merchant | None = None) -> tuple[int, int, int, int]:
        """(fee, adjusted, payable, carried out) of a shop's day."""
        row = SettlementLine.objects.get(business_date=TODAY + day * DAY, merchant=shop or self.small)
        return row.fee, row.adjusted, row.payable, row.carried_out

    def told(self, *, day: int = 0) -> list[tuple[str, str, int, int, int]]:
        """(shop, channel, rate in ten thousandths, charged, given back) of a day."""
        return sorted(
            ("small" if fee.merchant_id == self.small.pk else "large", fee.channel, fee.basis_points, fee.charged, fee.returned)
            for fee in SettlementFee.objects.filter(business_date=TODAY + day * DAY)
        )  # fmt: skip

    def exchange(self, amount: int | None = None, *, day: int = 0) -> int:
        """The small shop wants its money now."""
        officer = factories.make_official(self.city, Role.SETTLEMENT_OFFICER)
        return exchanges.exchange(
            id=uuid7(),
            merchant=self.small,
            currency=self.city.currency.pk,
            amount=amount,
            **acting(officer, AT + day * DAY),
        )


@pytest.fixture
def market(db: None) -> Market:
    """Nothing is charged yet."""
    city = factories.make_city()
    with city.scope():
        citizen, partner = factories.make_citizen(city), factories.make_partner(city)
        factories.grant(city, {citizen: 1_000_000}, validity_days=90)
        wallet = factories.wallet_of(citizen).pk
        call("payments.register_card", city.code, partner.pk, "card", b"\5" * 32, wallet, b"\6" * 16, "1234", AT)
        small = factories.make_merchant(city, annual_sales=300_000_000)
        large = factories.make_merchant(city, annual_sales=300_000_001)
        yield Market(city, small, large, wallet, partner.pk)
        assert not [found for found in audit() if found.difference]


def ask(city: City, valid_from: date, *rates: FeeRate) -> FeeSchedule:
    """An officer asks for a table."""
    schedule = FeeSchedule(currency=city.currency, valid_from=valid_from, reason="조례 제9조")
    officer = factories.make_official(city, Role.SETTLEMENT_OFFICER)
    fees.request_schedule(schedule=schedule, rates=rates, **acting(officer))
    return schedule


def approve(city: City, schedule: FeeSchedule, *, at: datetime = AT) -> None:
    """An approver agrees."""
    fees.decide_schedule(schedule=schedule, approve=True, **acting(factories.make_official(city, Role.APPROVER), at))


@pytest.mark.parametrize(
    ("amount", "rate", "expected"),
    [(10_000, "0.50", 50), (9_999, "0.50", 49), (199, "0.50", 0), (10**12, "99.99", 999_900_000_000), (1, "0", 0)],
)
def test_a_share_is_rounded_down_to_the_won(amount: int, rate: str, expected: int) -> None:
    assert share(amount, Decimal(rate)) == expected
    assert agent_fee(rate=Decimal(rate), per_case=7, amount=amount, cases=3) == expected + 21


def test_a_table_is_told_in_sentences_that_name_each_band() -> None:
    rates = [FeeRate(channel=channel, sales_up_to=up_to, rate=Decimal(rate)) for channel, up_to, rate in (
        ("", None, "0.25"), ("card", None, "1.20"), ("card", 300_000_000, "0.50"), ("card", 1_000_000_000, "0.80"),
    )]  # fmt: skip
    assert sentences(rates) == [
        "체크카드 · 연매출 3억 원 이하: 10,000원을 결제하면 수수료 50원(0.50 %)을 빼고 9,950원을 정산합니다.",
        "체크카드 · 연매출 3억 원 초과 10억 원 이하: 10,000원을 결제하면 수수료 80원(0.80 %)을 빼고 9,920원을 정산합니다.",
        "체크카드 · 연매출 10억 원 초과: 10,000원을 결제하면 수수료 120원(1.20 %)을 빼고 9,880원을 정산합니다.",
        "그 밖의 모든 방식 · 모든 가맹점: 10,000원을 결제하면 수수료 25원(0.25 %)을 빼고 9,975원을 정산합니다.",
    ]


def test_nothing_is_charged_while_no_table_is_approved(market: Market) -> None:
    market.sell(30_000)
    ask(market.city, TODAY + DAY, FeeRate(rate=Decimal("1.00")))
    market.close()
    assert market.line() == (0, 0, 30_000, 0)
    assert market.told() == []


def test_the_rate_follows_channel_and_sales_and_each_payment_is_rounded_down(market: Market) -> None:
    schedule = ask(
        market.city, TODAY + DAY, FeeRate(channel="card", sales_up_to=300_000_000, rate=Decimal("0.50")),
        FeeRate(channel="card", rate=Decimal("1.20")), FeeRate(sales_up_to=300_000_000, rate=Decimal("0.10")),
    )  # fmt: skip
    approve(market.city, schedule)
    market.sell(10_000, card=True)
    for shop in (market.small, market.large):
        market.sell(10_199, shop=shop, card=True, day=1)
        market.sell(10_199, shop=shop, card=True, day=1)
        market.sell(10_999, shop=shop, day=1)
    market.close(through=1)
    assert market.told(day=0) == []
    assert market.told(day=1) == [
        ("large", "card", 120, 244, 0), ("small", "card", 50, 100, 0), ("small", "static_qr", 10, 10, 0),
    ]  # fmt: skip
    assert market.line(day=1) == (110, 0, 31_397 - 110, 0)
    assert market.line(day=1, shop=market.large) == (244, 0, 31_397 - 244, 0)
    assert DayClose.objects.get(business_date=TODAY + DAY).fee == 354
    assert adjustments.operating_balance(currency=market.city.currency.pk) == 354


def test_a_payment_cancelled_in_parts_gives_back_its_fee_by_its_own_rate(market: Market) -> None:
    """On its day, when the day is closed, and under another table: together exactly what was charged."""
    charge(market.city, "1.50")
    payment, other = market.sell(9_999), market.sell(20_000)
    market.cancel(payment, 333)
    charge(market.city, "9.00", valid_from=TODAY + DAY)
    market.close()
    assert market.told() == [("small", "static_qr", 150, 144 + 300, 0)]
    market.cancel(payment, 4_999, day=1)
    market.close()
    assert market.told(day=1) == [("small", "static_qr", 0, 0, 144 - 70)]
    market.cancel(payment, 4_667, day=2)
    market.cancel(other, 20_000, day=2)
    market.sell(1_000, day=2)
    market.close()
    assert market.told(day=2) == [("small", "static_qr", 900, 90, 70 + 300)]
    assert adjustments.operating_balance(currency=market.city.currency.pk) == 90
    assert market.line(day=2)[0] == -280


def test_a_fee_that_was_spent_is_given_back_all_the_same(market: Market) -> None:
    """No close waits for money: the operating account owes it."""
    charge(market.city, "1.00")
    payment = market.sell(50_000)
    market.close()
    adjust(market.city, -500, at=AT + DAY)
    market.cancel(payment, 50_000, day=1)
    market.close()
    assert adjustments.operating_balance(currency=market.city.currency.pk) == -500
    assert market.line(day=1) == (-500, 0, 0, -49_500)


def test_an_exchange_leaves_the_fee_behind(market: Market) -> None:
    charge(market.city, "1.50")
    ExchangeLimit.objects.create(
        municipality=market.city.municipality, currency=market.city.currency, valid_from=TODAY, per_month=10**9, legal_basis="조례"
    )  # fmt: skip
    market.sell(10_000)
    with pytest.raises(errors.ExchangeExceedsPending), transaction.atomic():
        market.exchange(9_851)
    assert market.exchange() == 9_850
    market.close()
    assert market.line() == (150, 0, 0, 0)


def test_a_table_holds_from_a_later_day_by_the_word_of_another(market: Market) -> None:
    city = market.city
    both = factories.make_official(city, Role.SETTLEMENT_OFFICER, Role.APPROVER)
    with pytest.raises(errors.FeeTooEarly):
        ask(city, TODAY)
    schedule = FeeSchedule(currency=city.currency, valid_from=TODAY + DAY, reason="조례")
    with pytest.raises(NotPermitted):
        fees.request_schedule(schedule=schedule, **acting(factories.make_official(city, Role.APPROVER)))
    fees.request_schedule(schedule=schedule, **acting(both))
    with pytest.raises(errors.OwnRequest):
        fees.decide_schedule(schedule=schedule, approve=True, **acting(both))
    with pytest.raises(errors.FeeTooEarly):
        approve(city, schedule, at=AT + DAY)
    approve(city, schedule)
    with pytest.raises(errors.AlreadyDecided):
        approve(city, schedule)


def propose(market: Market, amount: int, merchant: Merchant | None) -> Adjustment:
    """An officer proposes an adjustment."""
    made = Adjustment(currency=market.city.currency, merchant=merchant, amount=amount, paper_number="1", reason="착오")
    officer = factories.make_official(market.city, Role.SETTLEMENT_OFFICER)
    adjustments.request_adjustment(adjustment=made, **acting(officer))
    return made


def test_what_a_shop_owes_is_carried_from_close_to_close(market: Market) -> None:
    """An adjustment beyond its sales, and a refund after the close: later sales make them good, and only then it is paid."""
    payment = market.sell(10_000)
    market.close()
    adjust(market.city, -25_000, market.small, at=AT + DAY)
    market.cancel(payment, 3_000, day=1)
    market.close()
    market.sell(20_000, day=2)
    market.close()
    market.sell(9_000, day=3)
    market.close()
    assert [market.line(day=day)[1:] for day in range(4)] == [
        (0, 10_000, 0), (-25_000, 0, -28_000), (0, 0, -8_000), (0, 1_000, 0),
    ]  # fmt: skip
    assert adjustments.operating_balance(currency=market.city.currency.pk) == 25_000


def test_an_adjustment_before_the_close_ran_is_not_paid_out_any_more(market: Market) -> None:
    market.sell(10_000)
    adjust(market.city, -4_000, market.small, at=AT + DAY)
    market.close()
    market.close()
    assert market.line() == (0, 0, 6_000, 4_000)
    assert market.line(day=1) == (0, -4_000, 0, 0)


def test_more_than_the_operating_account_holds_is_not_given(market: Market) -> None:
    approver = factories.make_official(market.city, Role.APPROVER)
    made = propose(market, 5_000, market.small)
    with pytest.raises(OperatingShort) as short, transaction.atomic():
        adjustments.decide_adjustment(adjustment=made, approve=True, **acting(approver))
    assert short.value.params == {"available": 0, "needed": 5_000}
    with pytest.raises(OperatingShort), transaction.atomic():
        adjust(market.city, -1)
    adjust(market.city, 5_000)
    adjustments.decide_adjustment(adjustment=made, approve=True, **acting(approver))
    market.close()
    assert market.line() == (0, 5_000, 5_000, 0)
    made.refresh_from_db()
    made.amount = 6_000
    with pytest.raises(LedgerIsImmutable), transaction.atomic(), domain_errors():
        made.save()


def test_a_rejected_adjustment_moves_nothing_and_nobody_decides_alone(market: Market) -> None:
    made = propose(market, -5_000, market.small)
    decide: Callable[..., None] = adjustments.decide_adjustment
    with pytest.raises(NotPermitted):
        decide(adjustment=made, approve=True, **acting(factories.make_official(market.city, Role.SETTLEMENT_OFFICER)))
    decide(adjustment=made, approve=False, **acting(factories.make_official(market.city, Role.APPROVER)))
    with pytest.raises(errors.AlreadyDecided), transaction.atomic():
        call("settlement.adjust", market.city.code, made.pk, AT)
    market.sell(1_000)
    market.close()
    assert market.line() == (0, 0, 1_000, 0)
    assert not DayClose.objects.exclude(adjusted=0).exists()
