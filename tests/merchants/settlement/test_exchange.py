"""On-demand exchange: only what is there, within the month's limit, and counted once by the close of the day."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F, Sum

from merchants.payouts.models import Payout
from merchants.registry.models import MerchantStatus
from merchants.settlement import errors, exchanges, holds
from merchants.settlement.models import Exchange, ExchangeLimit, ExchangeUplift, PayoutHold, SettlementLine
from tests import factories
from tests.factories import AT
from tests.factories.settlement import adjust, charge
from tests.merchants.settlement.test_close import MIDNIGHT, TODAY, YESTERDAY, Shops, world
from vouchers.common.errors import DomainError, NotPermitted
from vouchers.common.models import uuid7
from vouchers.ledger.audit import audit
from vouchers.ledger.errors import AmountNotPositive, JournalConflict, MerchantNotActive
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import authority_of
from vouchers.payments.models import Payment

__all__ = ["world"]


@dataclass
class Office:
    """Officials who exchange, hold back and approve in the city of the two shops, and the limit of 50,000 won."""

    world: Shops
    officer: Official
    approver: Official

    def exchange(self, amount: int | None, *, at=AT, shop: int = 0, id=None, official=None) -> int:
        with self.world.city.scope():
            return exchanges.exchange(
                id=id or uuid7(), merchant=self.world.shops[shop], currency=self.world.city.currency.pk, amount=amount,
                **self.acting(official or self.officer), at=at,
            )  # fmt: skip

    def acting(self, official: Official) -> dict:
        return {"official": official, "authority": authority_of(official_id=official.pk, day=TODAY)}

    def uplift(self, per_month: int, *, until=TODAY) -> ExchangeUplift:
        with self.world.city.scope():
            made = ExchangeUplift(
                merchant=self.world.shops[0], currency=self.world.city.currency, valid_from=TODAY, valid_until=until,
                per_month=per_month, reason="명절 대목",
            )  # fmt: skip
            exchanges.request_uplift(uplift=made, **self.acting(self.officer), at=AT)
            return made

    def hold(self, **changes) -> PayoutHold:
        with self.world.city.scope():
            made = PayoutHold(
                **{
                    "merchant": self.world.shops[0],
                    "valid_from": TODAY,
                    "valid_until": None,
                    "reason": "부정 사용 의심",
                }
                | changes
            )
            holds.hold_back(hold=made, **self.acting(self.officer))
            return made


@pytest.fixture
def office(world: Shops) -> Office:
    city = world.city
    with city.scope():
        ExchangeLimit.objects.create(
            municipality=city.municipality,
            currency=city.currency,
            valid_from=YESTERDAY,
            per_month=50_000,
            legal_basis="조례",
        )
        officer = factories.make_official(city, Role.SETTLEMENT_OFFICER)
        approver = factories.make_official(city, Role.APPROVER)
    return Office(world, officer, approver)


def everything_adds_up() -> bool:
    return not [finding for finding in audit(using="owner") if finding.difference]


def line(world: Shops, day, shop: int = 0) -> tuple[int, ...] | None:
    """(carried in, paid, refunded, exchanged, payable, carried out)."""
    with world.city.scope():
        return (
            SettlementLine.objects.filter(business_date=day, merchant=world.shops[shop])
            .values_list("carried_in", "paid", "refunded", "exchanged", "payable", "carried_out")
            .first()
        )


def test_what_was_exchanged_is_not_settled_again(office: Office):
    world = office.world
    payment = world.pay(30_000, at=AT)
    assert office.exchange(20_000) == 20_000
    assert world.settled() == 20_000
    world.cancel(payment, 15_000, at=AT)
    world.close(TODAY, at=AT + timedelta(days=1))
    assert line(world, TODAY) == (0, 30_000, 15_000, 20_000, 0, -5_000)
    world.pay(12_000, at=AT + timedelta(days=1))
    world.close(TODAY + timedelta(days=1), at=AT + timedelta(days=2))
    assert line(world, TODAY + timedelta(days=1)) == (-5_000, 12_000, 0, 0, 7_000, 0)
    assert world.settled() == 27_000
    assert everything_adds_up()


def test_yesterdays_money_exchanged_before_its_close_is_carried_to_the_day_of_the_exchange(office: Office):
    world = office.world
    world.pay(30_000, at=AT - timedelta(days=1))
    world.pay(4_000, at=AT)
    assert office.exchange(None) == 34_000
    world.close(YESTERDAY, at=AT)
    world.close(TODAY, at=AT + timedelta(days=1))
    assert line(world, YESTERDAY) == (0, 30_000, 0, 0, 0, 30_000)
    assert line(world, TODAY) == (30_000, 4_000, 0, 34_000, 0, 0)
    assert world.settled() == 34_000
    assert everything_adds_up()


def test_only_what_is_there_and_what_is_closed_is_not(office: Office):
    world = office.world
    world.pay(30_000, at=AT - timedelta(days=1))
    world.close(YESTERDAY, at=AT)
    with pytest.raises(errors.ExchangeExceedsPending, match="0"):
        office.exchange(None)
    world.pay(7_000, at=AT)
    with pytest.raises(errors.ExchangeExceedsPending) as refused:
        office.exchange(7_001)
    assert refused.value.params == {"available": 7_000}
    with pytest.raises(AmountNotPositive):
        office.exchange(0)
    assert office.exchange(7_000) == 7_000


def test_the_same_request_twice_is_one_exchange_and_a_changed_one_is_refused(office: Office):
    office.world.pay(30_000, at=AT)
    request = uuid7()
    assert office.exchange(None, id=request) == office.exchange(None, id=request) == 30_000
    with pytest.raises(JournalConflict):
        office.exchange(1_000, id=request)
    with pytest.raises(JournalConflict):
        office.exchange(30_000, id=request, shop=1)
    assert office.world.settled() == 30_000


def test_the_months_limit_holds_for_all_exchanges_of_the_month_together(office: Office):
    office.world.pay(90_000, at=AT)
    office.exchange(30_000)
    with pytest.raises(errors.ExchangeLimitExceeded) as refused:
        office.exchange(20_001)
    assert refused.value.params == {"available": 20_000}
    assert office.exchange(None) == 20_000
    with pytest.raises(errors.ExchangeLimitExceeded):
        office.exchange(None)


def test_the_band_of_the_shops_monthly_sales_decides(office: Office):
    city = office.world.city
    with city.scope():  # the shop sells 100,000,000 a year, 8,333,333.3 a month
        for band, limit in [(8_000_000, 1_000), (8_333_334, 2_000), (None, 3_000)]:
            ExchangeLimit.objects.create(
                municipality=city.municipality, currency=city.currency, valid_from=TODAY, per_month=limit,
                monthly_sales_up_to=band, legal_basis="조례",
            )  # fmt: skip
    office.world.pay(90_000, at=AT)
    assert office.exchange(None) == 2_000


def test_a_currency_without_limits_knows_no_exchange(office: Office):
    with office.world.city.scope():
        ExchangeLimit.objects.all().delete()
    office.world.pay(30_000, at=AT)
    with pytest.raises(errors.ExchangeNotOffered):
        office.exchange(None)


def test_an_uplift_counts_once_another_official_has_approved_it_and_while_it_lasts(office: Office):
    office.world.pay(90_000, at=AT)
    uplift = office.uplift(70_000)
    with office.world.city.scope():
        assert office.exchange(None) == 50_000
        with pytest.raises(NotPermitted):
            exchanges.decide_uplift(uplift=uplift, approve=True, **office.acting(office.officer), at=AT)
        exchanges.decide_uplift(uplift=uplift, approve=True, **office.acting(office.approver), at=AT)
        with pytest.raises(errors.AlreadyDecided):
            exchanges.decide_uplift(uplift=uplift, approve=False, **office.acting(office.approver), at=AT)
    assert office.exchange(None) == 20_000


def test_who_asked_does_not_approve_even_with_both_roles(office: Office):
    city = office.world.city
    with city.scope():
        both = factories.make_official(city, Role.SETTLEMENT_OFFICER, Role.APPROVER)
        uplift = ExchangeUplift(
            merchant=office.world.shops[0],
            currency=city.currency,
            valid_from=TODAY,
            valid_until=TODAY,
            per_month=1,
            reason="-",
        )
        exchanges.request_uplift(uplift=uplift, **office.acting(both), at=AT)
        with pytest.raises(errors.OwnRequest):
            exchanges.decide_uplift(uplift=uplift, approve=True, **office.acting(both), at=AT)


def test_a_held_or_suspended_shop_exchanges_nothing_until_it_is_released(office: Office):
    office.world.pay(30_000, at=AT)
    hold = office.hold()
    with pytest.raises(errors.PayoutHeld):
        office.exchange(None)
    with office.world.city.scope():
        assert list(holds.in_force(day=TODAY)) == [hold]
        holds.release(hold=hold, reason="혐의 없음", **office.acting(office.officer), at=AT)
        assert not holds.in_force(day=TODAY)
        with pytest.raises(errors.HoldReleased):
            holds.release(hold=hold, reason="다시", **office.acting(office.officer), at=AT)
    office.hold(valid_from=YESTERDAY, valid_until=YESTERDAY)
    office.hold(valid_from=TODAY + timedelta(days=1))
    with office.world.city.scope():
        office.world.shops.append(factories.make_merchant(office.world.city, status=MerchantStatus.SUSPENDED))
    with pytest.raises(MerchantNotActive):
        office.exchange(None, shop=2)
    assert office.exchange(None) == 30_000


def test_who_may_not_exchange_is_refused(office: Office):
    office.world.pay(30_000, at=AT)
    with pytest.raises(NotPermitted):
        office.exchange(None, official=office.approver)


def test_exchanges_payments_refunds_and_the_close_at_the_cut_off(office: Office):
    """Every won is settled once or charged, whether by the close or by an exchange, on whichever day it fell."""
    world = office.world
    with world.city.scope():
        ExchangeLimit.objects.update(per_month=10**9)
        charge(world.city, "1.50")
    moments = [MIDNIGHT - timedelta(milliseconds=200), MIDNIGHT + timedelta(milliseconds=200)]

    def shopper(number: int) -> None:
        for turn in range(30):
            payment = world.pay(1_000 + number, at=moments[turn % 2], shop=turn % 2)
            if turn % 5 == 0:
                world.cancel(payment, 300, at=moments[1])
        connection.close()

    def exchanger(number: int) -> Counter[str]:
        seen: Counter[str] = Counter()
        for turn in range(25):
            try:
                office.exchange([None, 900][turn % 2], at=moments[1], shop=number)
                seen["moved"] += 1
            except DomainError as refused:
                seen[refused.code] += 1
        connection.close()
        return seen

    def closer() -> None:
        world.close(YESTERDAY, at=AT)
        connection.close()

    def adjuster() -> None:
        for _ in range(6):
            with world.city.scope():
                adjust(world.city, -110, world.shops[0], at=moments[1])
        connection.close()

    with ThreadPoolExecutor(9) as pool:
        jobs = [pool.submit(shopper, number) for number in range(3)]
        asking = [pool.submit(exchanger, number % 2) for number in range(4)]
        closing = pool.submit(closer)
        adjusting = pool.submit(adjuster)
        for job in [*jobs, *asking, closing, adjusting]:
            job.result()
    seen = sum((job.result() for job in asking), Counter())
    assert set(seen) <= {"moved", "exchange_exceeds_pending"}
    assert seen["moved"]
    world.close(TODAY, at=AT + timedelta(days=1))
    assert everything_adds_up()
    with world.city.scope():
        exchanged = sum(Exchange.objects.values_list("amount", flat=True))
        settled = sum(SettlementLine.objects.values_list("payable", flat=True))
        last = sum(SettlementLine.objects.filter(business_date=TODAY).values_list("carried_out", flat=True))
        payouts = sum(Payout.objects.values_list("amount", flat=True))
        fees = sum(SettlementLine.objects.values_list("fee", flat=True))
        adjusted = sum(SettlementLine.objects.values_list("adjusted", flat=True))
        left = Payment.objects.aggregate(fee=Sum((F("amount") - F("refunded")) * 150 / 10_000))["fee"]
    paid = sum(30 * (1_000 + number) - 6 * 300 for number in range(3))
    assert (fees, adjusted) == (left, -660)
    assert exchanged + settled + fees + last == paid + adjusted
    assert world.settled() + world.settled(shop=1) == exchanged + settled
    assert payouts == exchanged
