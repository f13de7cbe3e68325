"""The close of a business day: exact at the cut-off, carried to the won, and the same however often it runs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Semaphore
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from procrastinate.contrib.django.models import ProcrastinateJob

from merchants.settlement import errors, services, tasks
from merchants.settlement.models import DayClose, SettlementLine
from merchants.settlement.selectors import municipalities_to_close
from tests import factories
from tests.factories import AT, City
from vouchers.common.errors import NotPermitted
from vouchers.common.models import uuid7
from vouchers.common.seoul import start_of_day
from vouchers.ledger.models import Balance, BusinessClose, Transfer
from vouchers.ledger.services import call
from vouchers.municipalities.models import Holiday
from vouchers.officials.rules import Role
from vouchers.officials.selectors import authority_of
from vouchers.payments.models import Payment

TODAY = AT.date()
YESTERDAY = TODAY - timedelta(days=1)
TOMORROW = TODAY + timedelta(days=1)
MIDNIGHT = start_of_day(TODAY)


@dataclass
class Shops:
    """A city where one citizen holds 1,000,000 won and can spend it at two shops."""

    city: City
    wallet: UUID
    shops: list
    partner: UUID

    def pay(self, amount: int, *, at: datetime, shop: int = 0) -> UUID:
        """Pay in a transaction of its own, as the API does."""
        with self.city.scope():
            return call(
                "payments.pay", self.city.code, self.partner, str(uuid7()), b"\0" * 32, self.wallet,
                self.shops[shop].code, "T001", amount, "order", at,
            )[0]  # fmt: skip

    def cancel(self, payment: UUID, amount: int, *, at: datetime) -> None:
        """Cancel a part of a payment in a transaction of its own."""
        with self.city.scope():
            call(
                "payments.cancel", self.city.code, self.partner, str(uuid7()), b"\0" * 32, payment, amount, at
            )  # fmt: skip

    def close(self, day, *, at: datetime, **options) -> list[DayClose]:
        """Close through a day."""
        return services.close_through(municipality=self.city.code, day=day, at=at, **options)

    def line(self, day, *, shop: int = 0) -> tuple[int, int, int, int, int] | None:
        """(carried in, paid, refunded, payable, carried out) of a shop's day."""
        with self.city.scope():
            return (
                SettlementLine.objects.filter(business_date=day, merchant=self.shops[shop])
                .values_list("carried_in", "paid", "refunded", "payable", "carried_out")
                .first()
            )

    def settled(self, *, shop: int = 0) -> int:
        """What the shop has been credited in all, in won."""
        with self.city.scope():
            account = call(
                "ledger.open_account", self.city.code, self.city.currency.pk, "merchant_settled", self.shops[shop].pk
            )[0]  # fmt: skip
            return Balance.objects.get(pk=account).credits


@pytest.fixture
def world(committed_db: str) -> Shops:
    """Money was granted at noon yesterday."""
    city = factories.make_city()
    with city.scope():
        citizen = factories.make_citizen(city)
        shops = [factories.make_merchant(city), factories.make_merchant(city)]
        programme = factories.make_programme(city, at=AT - timedelta(days=1))
        factories.grant(city, {citizen: 1_000_000}, programme=programme, at=AT - timedelta(days=1))
        return Shops(city, factories.wallet_of(citizen).pk, shops, factories.make_partner(city).pk)


def in_thread(work):
    """Run something on a connection of its own and hand back its result."""

    def run():
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def test_a_shop_is_owed_what_was_paid_less_what_was_cancelled(world: Shops):
    payment = world.pay(30_000, at=AT - timedelta(days=1))
    world.pay(5_000, at=AT - timedelta(days=1))
    world.cancel(payment, 12_000, at=AT - timedelta(days=1))

    (close,) = world.close(YESTERDAY, at=AT)

    assert world.line(YESTERDAY) == (0, 35_000, 12_000, 23_000, 0)
    assert world.line(YESTERDAY, shop=1) is None
    assert (close.merchants, close.paid, close.refunded, close.payable) == (1, 35_000, 12_000, 23_000)
    assert world.settled() == 23_000


def test_a_close_names_the_working_day_on_which_shops_are_paid(world: Shops):
    """The day after is a holiday of the city, and so are weekends."""
    world.pay(30_000, at=AT - timedelta(days=1))
    with world.city.scope():
        for number in range(5):
            Holiday.objects.create(
                municipality=world.city.municipality, day=TODAY + timedelta(days=number), name="연휴"
            )
    (close,) = world.close(YESTERDAY, at=AT)
    with world.city.scope():
        line = SettlementLine.objects.get(business_date=YESTERDAY)
    assert close.pays_on == line.pays_on
    assert close.pays_on >= TODAY + timedelta(days=5)
    assert close.pays_on.weekday() < 5


def test_closing_again_changes_nothing(world: Shops):
    world.pay(30_000, at=AT - timedelta(days=1))
    first = world.close(YESTERDAY, at=AT)
    again = world.close(YESTERDAY, at=AT + timedelta(hours=1))

    assert [(c.pk, c.closed_at, c.payable) for c in first] == [(c.pk, c.closed_at, c.payable) for c in again]
    assert world.settled() == 30_000


def test_a_refund_after_the_close_is_carried_and_never_paid_back_twice(world: Shops):
    payment = world.pay(30_000, at=AT - timedelta(days=1))
    world.close(YESTERDAY, at=AT)
    world.cancel(payment, 30_000, at=AT)
    world.close(TODAY, at=AT + timedelta(days=1))
    world.pay(10_000, at=AT + timedelta(days=1))
    world.close(TOMORROW, at=AT + timedelta(days=2))
    world.pay(25_000, at=AT + timedelta(days=2))
    world.close(TOMORROW + timedelta(days=1), at=AT + timedelta(days=3))

    assert world.line(YESTERDAY) == (0, 30_000, 0, 30_000, 0)
    assert world.line(TODAY) == (0, 0, 30_000, 0, -30_000)
    assert world.line(TOMORROW) == (-30_000, 10_000, 0, 0, -20_000)
    assert world.line(TOMORROW + timedelta(days=1)) == (-20_000, 25_000, 0, 5_000, 0)
    assert world.settled() == 35_000


def test_money_given_back_before_the_close_ran_is_not_paid_out(world: Shops):
    payment = world.pay(30_000, at=AT - timedelta(days=1))
    world.cancel(payment, 20_000, at=AT)
    world.close(YESTERDAY, at=AT)
    assert world.line(YESTERDAY) == (0, 30_000, 0, 10_000, 20_000)

    world.close(TODAY, at=AT + timedelta(days=1))
    assert world.line(TODAY) == (20_000, 0, 20_000, 0, 0)
    assert world.settled() == 10_000


def test_days_that_were_missed_are_closed_in_order(world: Shops):
    world.pay(30_000, at=AT - timedelta(days=1))
    world.pay(7_000, at=AT, shop=1)

    closes = world.close(TOMORROW, at=AT + timedelta(days=2))

    assert [close.business_date for close in closes] == [YESTERDAY, TODAY, TOMORROW]
    assert [close.payable for close in closes] == [30_000, 7_000, 0]


def test_a_day_cannot_be_closed_out_of_order(world: Shops):
    world.close(YESTERDAY, at=AT)
    with world.city.scope():
        call("ledger.fence", world.city.code, TOMORROW)
        with pytest.raises(errors.DayOutOfOrder) as refused, transaction.atomic():
            call("settlement.close_day", world.city.code, world.city.currency.pk, TOMORROW, AT)
    assert refused.value.params == {"next": TODAY.isoformat()}


def test_a_day_that_has_not_ended_in_seoul_is_refused(world: Shops):
    last_moment = MIDNIGHT - timedelta(microseconds=1)
    with pytest.raises(errors.DayNotEnded):
        world.close(YESTERDAY, at=last_moment)
    with world.city.scope():
        assert not BusinessClose.objects.exists()
    world.close(YESTERDAY, at=MIDNIGHT)


def test_it_refuses_to_run_inside_a_transaction(world: Shops):
    with world.city.scope(), pytest.raises(RuntimeError, match="inside a transaction"):
        world.close(YESTERDAY, at=AT)


def test_a_payment_from_before_the_fence_counts_for_the_day_it_read(world: Shops):
    """The close waits for it; a payment of the same second that comes after the fence counts for the next day."""
    with world.city.scope():
        world.pay(30_000, at=MIDNIGHT - timedelta(seconds=1))
        with pytest.raises(errors.PaymentsStillRunning):
            in_thread(lambda: world.close(YESTERDAY, at=AT, patience=timedelta(0)))
    world.pay(4_000, at=MIDNIGHT - timedelta(seconds=1), shop=1)
    assert world.line(YESTERDAY) is None

    world.close(YESTERDAY, at=AT)
    world.close(TODAY, at=AT + timedelta(days=1))

    assert world.line(YESTERDAY) == (0, 30_000, 0, 30_000, 0)
    assert world.line(YESTERDAY, shop=1) is None
    assert world.line(TODAY, shop=1) == (0, 4_000, 0, 4_000, 0)


def test_a_crash_between_fence_and_lines_loses_nothing(world: Shops):
    world.pay(30_000, at=AT - timedelta(days=1))
    with world.city.scope():
        call("ledger.fence", world.city.code, YESTERDAY)
    world.pay(5_000, at=MIDNIGHT - timedelta(seconds=1))

    world.close(YESTERDAY, at=AT)
    world.close(TODAY, at=AT + timedelta(days=1))

    assert world.line(YESTERDAY) == (0, 30_000, 0, 30_000, 0)
    assert world.line(TODAY) == (0, 5_000, 0, 5_000, 0)


def test_under_load_each_payment_stands_in_exactly_one_day(world: Shops):
    paid = Semaphore(0)
    moments = [MIDNIGHT - timedelta(milliseconds=300), MIDNIGHT + timedelta(milliseconds=300)]

    def shopper(number: int) -> None:
        for turn in range(40):
            world.pay(100 + number, at=moments[turn % 2], shop=turn % 2)
            paid.release()
        connection.close()

    with ThreadPoolExecutor(5) as pool:
        shoppers = [pool.submit(shopper, number) for number in range(4)]
        for _ in range(40):
            paid.acquire(timeout=60)
        closing = pool.submit(in_thread, lambda: world.close(YESTERDAY, at=AT))
        for shopper_done in [*shoppers, closing]:
            shopper_done.result()
    world.close(TODAY, at=AT + timedelta(days=1))

    with world.city.scope():
        assert Payment.objects.count() == 160
        for day in (YESTERDAY, TODAY):
            of_day = Payment.objects.filter(business_date=day).aggregate(Sum("amount"))["amount__sum"]
            lines = SettlementLine.objects.filter(business_date=day).aggregate(Sum("paid"), Sum("payments"))
            assert lines == {
                "paid__sum": of_day,
                "payments__sum": Payment.objects.filter(business_date=day).count(),
            }
        to_shops = Transfer.objects.filter(debit_lot_id__isnull=False).aggregate(Sum("amount"))["amount__sum"]
        assert SettlementLine.objects.aggregate(Sum("payable"))["payable__sum"] == to_shops
    assert world.settled() + world.settled(shop=1) == to_shops


def test_two_closers_at_once_make_one_close(world: Shops):
    world.pay(30_000, at=AT - timedelta(days=1))
    with ThreadPoolExecutor(2) as pool:
        closes = list(pool.map(lambda _: in_thread(lambda: world.close(YESTERDAY, at=AT)), range(2)))
    assert closes[0][0].pk == closes[1][0].pk
    assert world.settled() == 30_000


def test_the_nightly_job_queues_each_open_municipality_once(world: Shops):
    assert municipalities_to_close(day=YESTERDAY) == [world.city.code]
    for _ in range(2):
        tasks.close_ended_days(timestamp=int(AT.timestamp()))
    assert list(ProcrastinateJob.objects.values_list("task_name", "args")) == [
        (services.CLOSE_TASK, {"municipality": world.city.code, "day": YESTERDAY.isoformat()})
    ]
    tasks.close(municipality=world.city.code, day=YESTERDAY.isoformat())
    assert municipalities_to_close(day=YESTERDAY) == []


@pytest.mark.django_db
def test_an_official_asks_for_the_close_with_the_right_role_only():
    city = factories.make_city()
    with city.scope():
        officer = factories.make_official(city, Role.SETTLEMENT_OFFICER)
        drafter = factories.make_official(city, Role.DRAFTER)

        def ask(official, day):
            authority = authority_of(official_id=official.pk, day=TODAY)
            services.request_close(municipality=city.code, day=day, official=official, authority=authority, at=AT)

        with pytest.raises(NotPermitted):
            ask(drafter, YESTERDAY)
        with pytest.raises(errors.DayNotEnded):
            ask(officer, TODAY)
        ask(officer, YESTERDAY)
        ask(officer, YESTERDAY)
        assert ProcrastinateJob.objects.count() == 1
