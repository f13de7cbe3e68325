"""Gifts in the kernel: which money, in which order, into which lots; and what is refused."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from tests.vouchers.ledger.conftest import kernel  # noqa: F401  (the fixture)
from tests.vouchers.ledger.kernel import CITY, CURRENCY, NOON, NOT_BARS, WITHOUT_LISTS, Kernel
from tests.vouchers.ledger.test_top_ups import OF_TOP_UPS
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.gifts import errors as gifts
from vouchers.ledger import errors

DAY = timedelta(days=1)
TODAY = business_date(NOON)


@pytest.fixture
def pair(kernel: Kernel) -> tuple[UUID, UUID]:  # noqa: F811
    giver, receiver = kernel.make_world(citizens=2)
    return giver, receiver


def buy(kernel: Kernel, wallet: UUID, amount: int, *, days: int | None = 90, rule: UUID | None = None) -> UUID:  # noqa: F811
    return kernel.rows(
        "SELECT purchase_lot FROM ledger.top_up(%s, %s, %s, %s, %s, %s, '{}', '{}', %s, NULL, %s, NULL, %s)",
        CITY, kernel.id_at(NOON), CURRENCY, wallet, uuid7(), amount, rule, None if days is None else NOON + days * DAY, NOON,
    )[0][0]  # fmt: skip


def give(kernel, giver, receiver, amount, *, kinds=("purchase",), at=NOON, id=None, partner=CURRENCY):  # noqa: F811
    return kernel.call("ledger.gift", CITY, id or kernel.id_at(at), giver, receiver, amount, list(kinds), partner, at)


def lots(kernel: Kernel, wallet: UUID) -> list[tuple]:  # noqa: F811
    return kernel.rows(
        "SELECT kind, source_id, granted, remaining, expires_at, usage_rule_id FROM vouchers_lot WHERE wallet_id = %s"
        " ORDER BY expires_at, source_id", wallet,
    )  # fmt: skip


def holds(kernel: Kernel) -> None:  # noqa: F811
    kept = [rule for rule in WITHOUT_LISTS if rule.name not in OF_TOP_UPS]
    assert {rule.name: kernel.rows(rule.sql)[0][1] for rule in kept if kernel.rows(rule.sql)[0][1]} == {}


def test_what_expires_soonest_goes_first_and_keeps_its_terms(kernel: Kernel, pair):  # noqa: F811
    giver, receiver = pair
    never = buy(kernel, giver, 1_000, days=None)
    late = buy(kernel, giver, 1_000, days=60)
    soon = buy(kernel, giver, 1_000, days=30, rule=NOT_BARS)
    assert give(kernel, giver, receiver, 2_300) == TODAY
    assert lots(kernel, receiver) == [
        ("purchase", soon, 1_000, 1_000, NOON + 30 * DAY, NOT_BARS),
        ("purchase", late, 1_000, 1_000, NOON + 60 * DAY, None),
        ("purchase", never, 300, 300, None, None),
    ]
    assert [row[3] for row in lots(kernel, giver)] == [0, 0, 700]
    holds(kernel)


def test_a_second_gift_from_the_same_lot_makes_the_same_lot_grow(kernel: Kernel, pair):  # noqa: F811
    giver, receiver = pair
    lot = buy(kernel, giver, 1_000)
    give(kernel, giver, receiver, 200)
    shop = kernel.open_shop()
    kernel.pay(receiver, shop, 150)
    give(kernel, giver, receiver, 300)
    assert [row[1:4] for row in lots(kernel, receiver)] == [(lot, 500, 350)]
    holds(kernel)


def test_a_gift_goes_on_and_comes_back(kernel: Kernel, pair):  # noqa: F811
    giver, receiver = pair
    lot = buy(kernel, giver, 1_000)
    give(kernel, giver, receiver, 600)
    give(kernel, receiver, giver, 500)
    (received,) = kernel.rows("SELECT id FROM vouchers_lot WHERE source_id = %s", lot)
    assert sorted(row[1:4] for row in lots(kernel, giver) if row[1] == received[0]) == [(received[0], 500, 500)]
    holds(kernel)


def test_policy_money_incentives_and_points_stay(kernel: Kernel, pair):  # noqa: F811
    giver, receiver = pair
    programme = kernel.open_programme(100_000)
    for kind in ("grant", "incentive", "point"):
        kernel.disburse(programme, [(giver, 1_000)], kind=kind)
    buy(kernel, giver, 500)
    with pytest.raises(gifts.GiftExceedsBalance) as refused:
        give(kernel, giver, receiver, 501)
    assert refused.value.params == {"available": 500}
    assert lots(kernel, receiver) == []


def test_expired_and_held_money_is_not_given(kernel: Kernel, pair):  # noqa: F811
    giver, receiver = pair
    buy(kernel, giver, 1_000, days=1)
    held = buy(kernel, giver, 1_000, days=5)
    kernel.connection.execute("UPDATE vouchers_lot SET held = 400 WHERE id = %s", [held])
    with pytest.raises(gifts.GiftExceedsBalance) as refused:
        give(kernel, giver, receiver, 601, at=NOON + DAY)
    assert refused.value.params == {"available": 600}
    give(kernel, giver, receiver, 600, at=NOON + DAY)
    assert [row[3] for row in lots(kernel, giver)] == [1_000, 400]


def test_the_same_event_twice_is_one_gift_and_another_one_is_refused(kernel: Kernel, pair):  # noqa: F811
    giver, receiver = pair
    buy(kernel, giver, 1_000)
    event = kernel.id_at(NOON)
    assert give(kernel, giver, receiver, 400, id=event) == give(kernel, giver, receiver, 400, id=event)
    with pytest.raises(errors.JournalConflict):
        give(kernel, giver, receiver, 401, id=event)
    assert [row[3] for row in lots(kernel, receiver)] == [400]


def test_what_is_refused(kernel: Kernel, pair):  # noqa: F811
    giver, receiver = pair
    buy(kernel, giver, 1_000)
    app = kernel.open_partner()
    for amount in (None, 0, -1):
        with pytest.raises(errors.AmountNotPositive):
            give(kernel, giver, receiver, amount)
    with pytest.raises(gifts.GiftToOneself):
        give(kernel, giver, giver, 1)
    with pytest.raises(errors.WalletUnknown):
        give(kernel, uuid7(), receiver, 1)
    with pytest.raises(gifts.ReceiverUnknown):
        give(kernel, giver, uuid7(), 1)
    kernel.call("ledger.link_wallet", CITY, giver, app)
    with pytest.raises(errors.WalletUnknown):
        give(kernel, giver, receiver, 1)
    give(kernel, giver, receiver, 1, partner=app)
    kernel.connection.execute("UPDATE vouchers_wallet SET status = 'frozen' WHERE id = %s", [receiver])
    with pytest.raises(gifts.ReceiverUnknown):
        give(kernel, giver, receiver, 1, partner=app)
    kernel.connection.execute("UPDATE vouchers_wallet SET status = 'frozen' WHERE id = %s", [giver])
    with pytest.raises(errors.WalletNotActive):
        give(kernel, giver, receiver, 1, partner=app)
    kernel.connection.execute("UPDATE vouchers_wallet SET status = 'active'")
    kernel.fence(TODAY + DAY)
    with pytest.raises(errors.TimeOutOfRange):
        give(kernel, giver, receiver, 1, partner=app)
    assert [row[3] for row in lots(kernel, receiver)] == [1]


def test_history_of_both_wallets_tells_the_gift(kernel: Kernel, pair):  # noqa: F811
    giver, receiver = pair
    buy(kernel, giver, 500, days=3)
    buy(kernel, giver, 500, days=4)
    give(kernel, giver, receiver, 700, at=NOON + timedelta(minutes=1))
    question = "SELECT kind, amount, person FROM wallets.movements(%s, %s, %s, NULL, 10)"
    assert kernel.rows(question, CITY, CURRENCY, giver)[0] == ("gift", -700, "시민2")
    assert kernel.rows(question, CITY, CURRENCY, receiver) == [("gift", 700, "시민1")]
