"""Buyers, banks and refunds at the same second: no limit passed together, no won made twice."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from tests import factories
from tests.factories import AT
from tests.factories.top_ups import ask, buy, confirm, make_discount, write_of
from vouchers.common.errors import DomainError
from vouchers.ledger.audit import audit
from vouchers.ledger.models import Lot
from vouchers.ledger.services import call
from vouchers.top_ups import errors, services
from vouchers.top_ups.models import TopUp, TopUpRefund
from vouchers.top_ups.selectors import RefundAccount

ACCOUNT = RefundAccount("088", "110123456789", "김장터")


@pytest.fixture
def world(committed_db):
    city = factories.make_city()
    with city.scope():
        factories.make_purchase_limit(city, per_month=100_000)
        fund = make_discount(city, 1000, money=10_000)
        partner = factories.make_partner(city)
        wallet = factories.wallet_of(factories.make_citizen(city)).pk
    return city, partner, wallet, fund


def at_once(jobs):
    """Run all together, each on a connection of its own; results or domain errors in order."""
    barrier = Barrier(len(jobs))

    def work(job):
        try:
            barrier.wait()
            return job()
        except DomainError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(work, jobs))


def kinds(results) -> Counter:
    return Counter(type(result) for result in results if isinstance(result, DomainError))


def holds(city) -> None:
    with city.scope():
        assert {found.invariant.name for found in audit() if found.difference} == set()


def test_requests_at_one_moment_do_not_pass_the_limit_together(world):
    city, partner, wallet, _fund = world
    results = at_once([lambda: ask(partner, wallet, 30_000) for _ in range(8)])
    assert kinds(results) == {errors.MonthLimit: 5}
    with city.scope():
        assert sum(TopUp.objects.values_list("amount", flat=True)) == 90_000


def test_one_deposit_told_by_many_is_one(world):
    city, partner, wallet, _fund = world
    asked = ask(partner, wallet, 100_000)
    results = at_once([lambda: confirm(partner, asked, reference="R1") for _ in range(6)])
    assert kinds(results) == {}
    with city.scope():
        assert sorted(Lot.objects.values_list("kind", "remaining")) == [("incentive", 10_000), ("purchase", 90_000)]
    holds(city)


def test_two_deposits_for_one_request_leave_one_to_give_back(world):
    city, partner, wallet, _fund = world
    asked = ask(partner, wallet, 50_000)
    results = at_once([lambda n=n: confirm(partner, asked, reference=f"R{n}") for n in range(4)])
    assert kinds(results) == {errors.TopUpCompleted: 3}
    holds(city)


def test_one_reference_for_two_requests_completes_one(world):
    city, partner, wallet, _fund = world
    requests = [ask(partner, wallet, 10_000) for _ in range(4)]
    results = at_once([lambda row=row: confirm(partner, row, reference="R1") for row in requests])
    assert kinds(results) == {errors.DepositUsed: 3}
    holds(city)


def test_a_fund_gives_no_more_than_it_has(world):
    city, partner, _wallet, _fund = world
    with city.scope():
        wallets = [factories.wallet_of(factories.make_citizen(city)).pk for _ in range(6)]
    requests = [ask(partner, wallet, 30_000) for wallet in wallets]
    results = at_once([lambda row=row: confirm(partner, row) for row in requests])
    assert sum(kinds(results).values()) == 3  # 10,000 won bear three times 3,000
    holds(city)


def test_a_deposit_and_its_cancellation_end_in_one_state(world):
    city, partner, wallet, _fund = world
    for number in range(6):
        asked = ask(partner, wallet, 10_000)
        at_once([
            lambda row=asked, n=number: confirm(partner, row, reference=f"C{n}"),
            lambda row=asked: services.cancel(write=write_of(partner), top_up=row.id, account=ACCOUNT, at=AT),
        ])  # fmt: skip
        with city.scope():
            assert TopUp.objects.get(pk=asked.id).state == "cancelled"  # with or without money on its way back
    holds(city)


def test_the_same_balance_is_refunded_once(world):
    city, partner, wallet, _fund = world
    buy(partner, wallet, 100_000)
    with city.scope():
        shop = factories.make_merchant(city)
        write = write_of(partner)
        call(
            "payments.pay", city.code, partner.pk, write.key, write.fingerprint, wallet, shop.code, "T001", 60_000, "o", AT
        )  # fmt: skip
    results = at_once([
        lambda: services.refund_balance(write=write_of(partner), wallet=wallet, account=ACCOUNT, at=AT)
        for _ in range(5)
    ])  # fmt: skip
    assert kinds(results) == {errors.NothingToRefund: 4}
    with city.scope():
        assert TopUpRefund.objects.get().amount == 36_000
    holds(city)
