"""The same thing many times at once, and many things that want the same money: exactly the right money moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.concurrency.at_once import at_once
from tests.vouchers.ledger.kernel import CITY, CURRENCY, NOON, WITHOUT_LISTS, Kernel, connect
from vouchers.common.errors import DomainError
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.ledger.errors import BudgetExceeded, InsufficientFunds, JournalConflict, RefundExceedsPayment

TODAY = business_date(NOON)
DAY = timedelta(days=1)


@pytest.fixture
def kernel(committed_db: str) -> Iterator[Kernel]:
    """The kernel with real commits. Afterwards the audit finds no difference."""
    with connect(committed_db) as connection:
        kernel = Kernel(connection)
        yield kernel
        differences = {rule.name: kernel.rows(rule.sql)[0][1] for rule in WITHOUT_LISTS}
        assert not any(differences.values()), differences


def one(kernel: Kernel, query: str) -> Any:
    return kernel.rows(query)[0][0]


def wait_for_end(kernel: Kernel, before: Any) -> None:
    """Until no transaction from before runs; one of another test on the same server counts as well."""
    while not kernel.call("ledger.transactions_ended", before):
        kernel.rows("SELECT pg_sleep(0.001)")


def kinds(results: list[Any]) -> Counter[type]:
    return Counter(type(result) for result in results if isinstance(result, DomainError))


def test_the_same_payment_fifty_times_is_one_payment(kernel: Kernel, committed_db: str) -> None:
    (wallet,) = kernel.make_world()
    shop, programme, payment = kernel.open_shop(), kernel.open_programme(100_000), kernel.id_at(NOON)
    kernel.disburse(programme, [(wallet, 60_000), (wallet, 40_000)])
    results = at_once(committed_db, [lambda k: k.pay(wallet, shop, 70_000, id=payment)] * 50)
    assert results.count(TODAY) == 1
    assert kinds(results) == {JournalConflict: 49}
    assert one(kernel, "SELECT sum(remaining) FROM vouchers_lot") == 30_000


def test_fifty_payments_race_for_one_balance(kernel: Kernel, committed_db: str) -> None:
    (wallet,) = kernel.make_world()
    shop, programme = kernel.open_shop(), kernel.open_programme(100_000)
    kernel.disburse(programme, [(wallet, 9_000)] * 11)
    results = at_once(committed_db, [lambda k: k.pay(wallet, shop, 7_000)] * 50)
    assert results.count(TODAY) == 14
    assert kinds(results) == {InsufficientFunds: 36}
    assert one(kernel, "SELECT sum(remaining) FROM vouchers_lot") == 99_000 - 14 * 7_000


def test_the_same_cancellation_twice_and_two_that_exceed_the_payment(kernel: Kernel, committed_db: str) -> None:
    (wallet,) = kernel.make_world()
    shop, programme = kernel.open_shop(), kernel.open_programme(100_000)
    kernel.disburse(programme, [(wallet, 60_000)])
    payment, refund = kernel.id_at(NOON), kernel.id_at(NOON)
    kernel.pay(wallet, shop, 50_000, id=payment)
    assert at_once(committed_db, [lambda k: k.refund(payment, 20_000, id=refund)] * 10) == [20_000] * 10
    results = at_once(committed_db, [lambda k: k.refund(payment, 20_000)] * 10)
    assert results.count(20_000) == 1
    assert kinds(results) == {RefundExceedsPayment: 9}
    assert one(kernel, "SELECT sum(remaining) FROM vouchers_lot") == 50_000


def test_two_lists_race_for_one_budget(kernel: Kernel, committed_db: str) -> None:
    kernel.make_world()
    programme = kernel.open_free_programme(100_000)
    results = at_once(committed_db, [lambda k: k.call("ledger.reserve", CITY, CURRENCY, programme, 40_000)] * 8)
    assert kinds(results) == {BudgetExceeded: 6}
    assert one(kernel, "SELECT max(reserved) FROM vouchers_balance") == 80_000


def test_the_same_chunk_is_paid_once(kernel: Kernel, committed_db: str) -> None:
    wallets = kernel.make_world(citizens=20)
    programme, journal = kernel.open_programme(20_000), kernel.id_at(NOON)
    sources = [uuid7() for _ in wallets]
    grants = [(wallet, 1_000) for wallet in wallets]
    results = at_once(
        committed_db, [lambda k: k.disburse(programme, grants, id=journal, sources=sources)] * 8
    )  # fmt: skip
    assert results == [20_000] * 8
    assert kernel.rows("SELECT count(*), sum(remaining) FROM vouchers_lot") == [(20, 20_000)]


def test_two_chunks_cannot_pay_the_same_entitlement(kernel: Kernel, committed_db: str) -> None:
    (wallet,) = kernel.make_world()
    programme, source = kernel.open_programme(20_000), uuid7()

    def pay(k: Kernel) -> str:
        try:
            k.disburse(programme, [(wallet, 1_000)], sources=[source])
        except psycopg.errors.UniqueViolation as error:
            return str(error.diag.constraint_name)
        return "paid"

    assert Counter(at_once(committed_db, [pay] * 6)) == {"paid": 1, "lot_source_once": 5}


def test_wallets_open_once_whatever_the_order(kernel: Kernel, committed_db: str) -> None:
    kernel.make_world(citizens=50)
    citizens = [citizen for (citizen,) in kernel.rows("SELECT id FROM vouchers_citizen ORDER BY id")]
    currency = uuid7()
    kernel.rows(
        "INSERT INTO vouchers_currency (id, municipality_id, name, name_en, is_active)"
        " VALUES (%s, %s, '둘째', 'Second', true) RETURNING id", currency, CITY,
    )  # fmt: skip
    orders = [citizens, citizens[::-1]] * 4
    opened = at_once(
        committed_db, [lambda k, order=order: k.call("ledger.open_wallets", CITY, currency, order) for order in orders]
    )
    assert sum(opened) == 50


def test_a_close_waits_for_a_payment_that_read_the_fence_before_it(kernel: Kernel, committed_db: str) -> None:
    """The payment's xid is higher than any that has ended, where a snapshot's xmax does not reach."""
    (wallet,) = kernel.make_world()
    shop, programme = kernel.open_shop(), kernel.open_programme(100_000)
    kernel.disburse(programme, [(wallet, 60_000)])
    with connect(committed_db) as closing, connect(committed_db, autocommit=False) as paying:
        closing.autocommit = False
        Kernel(closing).fence(TODAY)  # its xid is the lower one
        assert Kernel(paying).pay(wallet, shop, 10_000) == TODAY
        closing.commit()
        closing.autocommit = True
        before = Kernel(closing).call("ledger.transactions_now")
        assert not Kernel(closing).call("ledger.transactions_ended", before)
        paying.commit()
        wait_for_end(Kernel(closing), before)
        Kernel(closing).call("settlement.close_day", CITY, CURRENCY, TODAY, NOON + DAY)
    assert one(kernel, "SELECT paid FROM merchants_dayclose") == 10_000


def test_days_close_exactly_while_people_pay_and_cancel(kernel: Kernel, committed_db: str) -> None:
    """Payments and refunds around the cut-off, the fence moving in their midst: each counts on one day."""
    wallets = kernel.make_world(citizens=6)
    shops, programme = [kernel.open_shop() for _ in range(3)], kernel.open_programme(10_000_000)
    kernel.disburse(programme, [(wallet, 500_000) for wallet in wallets])
    payments: list[UUID] = []

    def shopper(number: int) -> Any:
        def spend(k: Kernel) -> int:
            for turn in range(30):
                payment = k.id_at(NOON)
                k.pay(wallets[number], shops[turn % 3], 1_000 + turn, id=payment)
                payments.append(payment)
                if turn % 3 == 0:
                    k.refund(payment, 500)
            return 30

        return spend

    def closer(k: Kernel) -> int:
        k.fence(TODAY)
        before = k.call("ledger.transactions_now")
        wait_for_end(k, before)
        k.call("settlement.close_day", CITY, CURRENCY, TODAY, NOON + DAY)
        return 1

    at_once(committed_db, [*(shopper(number) for number in range(6)), closer])
    kernel.close_day(TODAY + DAY, at=NOON + 2 * DAY)
    assert len(payments) == 180
    lines = "SELECT sum(paid), sum(refunded), sum(payable), sum(carried_out) FILTER (WHERE business_date > %s)"
    (paid, refunded, payable, carried) = kernel.rows(f"{lines} FROM merchants_settlementline", TODAY)[0]
    assert paid == 6 * sum(1_000 + turn for turn in range(30))
    assert refunded == 6 * 10 * 500
    assert payable == paid - refunded - carried


def test_payments_and_clawbacks_race_for_one_lot(kernel: Kernel, committed_db: str) -> None:
    """Whatever the order: what was paid, what was taken and what is left make up the grant."""
    (wallet,) = kernel.make_world()
    shop, programme, source = kernel.open_shop(), kernel.open_programme(100_000), uuid7()
    kernel.disburse(programme, [(wallet, 100_000)], sources=[source])
    pays = [lambda k: k.pay(wallet, shop, 7_000) and 7_000] * 12
    takes = [lambda k: k.claw_back(programme, [(wallet, source, 9_000)])] * 12
    results = at_once(committed_db, [job for pair in zip(pays, takes, strict=True) for job in pair])
    paid = sum(won for won in results[::2] if not isinstance(won, DomainError))
    taken = sum(results[1::2])
    assert set(kinds(results)) <= {InsufficientFunds}
    left = one(kernel, "SELECT sum(remaining) FROM vouchers_lot")
    assert paid + taken + left == 100_000
    assert left < 7_000  # nobody was refused what was there
    assert one(kernel, "SELECT sum(returned) FROM vouchers_balance") == taken


def test_the_same_clawback_twenty_times_takes_once(kernel: Kernel, committed_db: str) -> None:
    (wallet,) = kernel.make_world()
    programme, source, event = kernel.open_programme(100_000), uuid7(), kernel.id_at(NOON)
    kernel.disburse(programme, [(wallet, 100_000)], sources=[source])
    results = at_once(committed_db, [lambda k: k.claw_back(programme, [(wallet, source, 40_000)], id=event)] * 20)
    assert results == [40_000] * 20
    assert one(kernel, "SELECT sum(remaining) FROM vouchers_lot") == 60_000


def test_clawbacks_of_the_same_wallets_in_any_order_wait_for_each_other(kernel: Kernel, committed_db: str) -> None:
    wallets = kernel.make_world(citizens=20)
    programme, sources = kernel.open_programme(20_000), [uuid7() for _ in range(20)]
    kernel.disburse(programme, [(wallet, 1_000) for wallet in wallets], sources=sources)
    items = [(wallet, source, 300) for wallet, source in zip(wallets, sources, strict=True)]
    results = at_once(
        committed_db,
        [lambda k, order=order: k.claw_back(programme, order) for order in [items, items[::-1]] * 2],
    )
    assert sum(results) == 20_000
    assert one(kernel, "SELECT sum(remaining) FROM vouchers_lot") == 0


def test_sweeps_payments_refunds_and_clawbacks_at_the_hour_of_expiry(kernel: Kernel, committed_db: str) -> None:
    """Payments of the last moment, refunds of earlier ones, clawbacks and three sweeps: every won goes one way."""
    wallets = kernel.make_world(citizens=6)
    shop, programme, sources = kernel.open_shop(), kernel.open_programme(6_000_000), [uuid7() for _ in range(6)]
    kernel.disburse(programme, [(wallet, 1_000_000) for wallet in wallets], sources=sources, days=1)
    expiry = NOON + DAY
    earlier = [kernel.id_at(NOON) for _ in wallets]
    for wallet, payment in zip(wallets, earlier, strict=True):
        kernel.pay(wallet, shop, 300_000, id=payment)

    def shopper(number: int) -> Any:
        def spend(k: Kernel) -> int:
            spent = 0
            for turn in range(20):
                try:
                    k.pay(wallets[number], shop, 5_000, at=expiry - timedelta(microseconds=1))
                    spent += 5_000
                except InsufficientFunds:
                    pass
                if turn % 5 == 0:
                    k.refund(earlier[number], 10_000, at=expiry)
                if turn == 10:
                    k.claw_back(programme, [(wallets[number], sources[number], 50_000)], at=expiry)
            return spent

        return spend

    def sweeper(k: Kernel) -> int:
        return sum(k.expire(expiry, limit=2)[1] for _ in range(10))

    results = at_once(committed_db, [*(shopper(number) for number in range(6)), *[sweeper] * 3])
    last = kernel.expire(expiry, limit=2)[1]
    spent, swept = sum(results[:6]) + 6 * (300_000 - 40_000), sum(results[6:]) + last
    clawed = one(kernel, "SELECT coalesce(sum(amount), 0)::bigint FROM vouchers_transfer t JOIN vouchers_journal j"
                         " ON j.id = t.journal_id WHERE j.kind = 'claw_back'")  # fmt: skip
    assert one(kernel, "SELECT sum(remaining)::bigint FROM vouchers_lot") == 0
    assert spent + swept + clawed == 6_000_000
    assert one(kernel, "SELECT sum(expired)::bigint FROM vouchers_lot") == swept
    assert one(kernel, "SELECT count(*) FROM vouchers_lateexpiry") == 0
