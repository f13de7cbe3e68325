"""The history of a wallet is the ledger's: everything once, newest first, and the amounts add up to the balance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from tests.vouchers.ledger.kernel import CITY, CURRENCY, NOON, Kernel, connect
from vouchers.common.models import uuid7
from vouchers.ledger import errors
from vouchers.ledger.models import JournalKind
from vouchers.wallets import rules

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def kernel(committed_db: str) -> Iterator[Kernel]:
    with connect(committed_db) as connection:
        yield Kernel(connection)


def history(kernel: Kernel, wallet: UUID, *, step: int = 100, partner: UUID = CURRENCY) -> list[tuple[str, int]]:
    """All pages of ``step`` rows: (kind, amount)."""
    rows, before = [], None
    while True:
        page = kernel.rows("SELECT * FROM wallets.movements(%s, %s, %s, %s, %s)", CITY, partner, wallet, before, step)
        rows += page
        if len(page) < step:
            assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True)
            return [(kind, amount) for _id, kind, amount, *_ in rows]
        before = page[-1][0]


def balance(kernel: Kernel, wallet: UUID) -> int:
    return sum(left for _granted, left in kernel.lots(wallet))


def spent_and_given_back(kernel: Kernel) -> tuple[UUID, UUID]:
    """A wallet that has seen every movement of allowances, a minute after each other; and another that paid nothing."""
    wallet, other = kernel.make_world(citizens=2)
    shop, programme, source = kernel.open_shop(), kernel.open_programme(1_000_000), uuid7()
    kernel.disburse(programme, [(wallet, 50_000), (other, 7_000)], days=1)
    kernel.disburse(programme, [(wallet, 30_000)], days=30, at=NOON + MINUTE, sources=[source])
    payment = kernel.id_at(NOON + 2 * MINUTE)
    kernel.pay(wallet, shop, 60_000, at=NOON + 2 * MINUTE, id=payment)  # of two lots: one row of history
    kernel.refund(payment, 15_000, at=NOON + 3 * MINUTE)  # into two lots
    kernel.refund(payment, 1_000, at=NOON + 4 * MINUTE)
    kernel.claw_back(programme, [(wallet, source, 12_000), (other, uuid7(), 1)], at=NOON + 5 * MINUTE)
    kernel.pay(wallet, shop, 500, at=NOON + 6 * MINUTE)
    kernel.expire(NOON + 2 * DAY)
    return wallet, other


def test_the_amounts_of_everything_add_up_to_the_balance(kernel: Kernel) -> None:
    wallet, other = spent_and_given_back(kernel)
    assert history(kernel, wallet) == [
        ("expire", -5_500), ("pay", -500), ("claw_back", -12_000), ("refund", 1_000), ("refund", 15_000), ("pay", -60_000),
        ("disburse", 30_000), ("disburse", 50_000),
    ]  # fmt: skip
    assert history(kernel, other) == [("expire", -7_000), ("disburse", 7_000)]
    for each in (wallet, other):
        assert sum(amount for _kind, amount in history(kernel, each)) == balance(kernel, each)


@pytest.mark.parametrize("step", [1, 2, 3, 7])
def test_pages_of_any_size_show_the_same(kernel: Kernel, step: int) -> None:
    wallet, _other = spent_and_given_back(kernel)
    assert history(kernel, wallet, step=step) == history(kernel, wallet)


def test_each_movement_tells_with_whom(kernel: Kernel) -> None:
    wallet, _other = spent_and_given_back(kernel)
    kernel.connection.execute(
        "INSERT INTO merchants_merchantcategory (code, name, name_en, mcc) VALUES ('x', 'x', 'x', '5812')"
        " ON CONFLICT DO NOTHING"
    )
    rows = kernel.rows(
        "SELECT kind, business_date, at FROM wallets.movements(%s, %s, %s, NULL, 10)", CITY, CURRENCY, wallet
    )
    assert rows[-1] == ("disburse", NOON.date(), NOON)
    assert [at for _kind, _day, at in rows] == sorted((at for _kind, _day, at in rows), reverse=True)


def test_a_payment_stands_in_neither_index_of_wallets(kernel: Kernel) -> None:
    """Else it would be counted twice, and every payment would pay for two more index entries."""
    wallet, _other = spent_and_given_back(kernel)
    marked = kernel.rows(
        "SELECT count(*), bool_and(spent) FROM vouchers_transfer t JOIN vouchers_payment p ON p.id = t.journal_id"
    )
    assert marked == [(3, True)]
    assert kernel.rows("SELECT count(*) FROM vouchers_transfer WHERE spent AND debit_account_id <> %s", wallet) == [
        (0,)
    ]


def test_every_kind_of_journal_has_a_name_or_moves_no_wallet() -> None:
    for kind in JournalKind:
        if kind not in rules.ELSEWHERE:
            assert rules.movement(kind=kind, amount=1)
        else:
            with pytest.raises(KeyError):
                rules.movement(kind=kind, amount=1)


def test_the_wallet_of_another_app_is_unknown(kernel: Kernel) -> None:
    wallet, _other = spent_and_given_back(kernel)
    app, stranger = kernel.open_partner(), uuid7()
    kernel.call("ledger.link_wallet", CITY, wallet, app)
    assert history(kernel, wallet, partner=app)
    for question in (
        "SELECT * FROM wallets.movements(%s, %s, %s, NULL, 10)",
        "SELECT * FROM wallets.wallet(%s, %s, %s, now())",
        "SELECT * FROM wallets.lots(%s, %s, %s, now(), 10)",
    ):
        with pytest.raises(errors.WalletUnknown):
            kernel.rows(question, CITY, stranger, wallet)
        with pytest.raises(errors.WalletUnknown):
            kernel.rows(question, CITY, app, uuid7())
        with pytest.raises((errors.OutOfScope, psycopg.Error)):
            kernel.rows(question, "11110", app, wallet)


def test_lots_stand_in_the_order_in_which_payments_draw_them(kernel: Kernel) -> None:
    (wallet,) = kernel.make_world()
    shop, programme = kernel.open_shop(), kernel.open_programme(1_000_000)
    for amount, days, kind in (
        (100, 5, "purchase"),
        (200, 90, "grant"),
        (400, 2, "grant"),
        (800, 3, "incentive"),
        (1_600, 1, "grant"),
    ):
        kernel.disburse(programme, [(wallet, amount)], days=days, kind=kind)
    at = NOON + DAY
    lots = kernel.rows("SELECT remaining, expired FROM wallets.lots(%s, %s, %s, %s, 10)", CITY, CURRENCY, wallet, at)
    assert lots == [(400, False), (800, False), (200, False), (100, False), (1_600, True)]
    kernel.pay(wallet, shop, 1_401, at=at)
    assert kernel.lots(wallet) == [(100, 99), (200, 0), (400, 0), (800, 0), (1_600, 1_600)]
    told = kernel.rows(
        "SELECT balance, allowances, purchased, incentives, points, next_expiry, next_expiring"
        " FROM wallets.wallet(%s, %s, %s, %s)", CITY, CURRENCY, wallet, at,
    )  # fmt: skip
    assert told == [(1_699, 0, 99, 0, 0, NOON + 5 * DAY, 99)]
