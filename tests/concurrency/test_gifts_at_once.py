"""Gifts at the same second: no won twice, no deadlock, limits that hold."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from tests.concurrency.at_once import at_once
from tests.vouchers.ledger.kernel import CITY, CURRENCY, NOON, WITHOUT_LISTS, Kernel, connect
from tests.vouchers.ledger.test_top_ups import OF_TOP_UPS
from vouchers.common.errors import DomainError
from vouchers.common.models import uuid7

ROUNDS = 8


@pytest.fixture
def kernel(committed_db: str):
    with connect(committed_db) as connection:
        yield Kernel(connection)


def buy(kernel: Kernel, wallet: UUID, amount: int) -> None:
    kernel.rows(
        "SELECT ledger.top_up(%s, %s, %s, %s, %s, %s, '{}', '{}', NULL, NULL, NULL, NULL, %s)",
        CITY, kernel.id_at(NOON), CURRENCY, wallet, uuid7(), amount, NOON,
    )  # fmt: skip


def set_limits(kernel: Kernel, **limits: Any) -> None:
    fields = {"id": uuid7(), "municipality_id": CITY, "currency_id": CURRENCY, "valid_from": "2020-01-01", "legal_basis": "조례",
              "buyer": "individual", "minimum": 1, "unit": 1, "holding_counts_grants": False, "takes_benefit": True,
              "validity_months": 60, "expiry_minutes": 30, "withdrawal_days": 7, "refund_ratio": 60} | limits  # fmt: skip
    kernel.connection.execute(
        f"INSERT INTO vouchers_purchaselimit ({', '.join(fields)}) VALUES ({', '.join(['%s'] * len(fields))})",
        list(fields.values()),
    )


def giving(giver: UUID, receiver: UUID, amount: int, key: str | None = None):
    def act(k: Kernel) -> Any:
        return k.rows(
            "SELECT gift_id, replayed FROM gifts.give(%s, %s, %s, %s, %s, %s, NULL, NULL, %s, '', %s)", CITY, CURRENCY,
            key or str(uuid7()), b"\0" * 32, giver, receiver, amount, NOON,
        )[0]  # fmt: skip

    return act


def left(kernel: Kernel, wallet: UUID) -> int:
    return sum(remaining for _granted, remaining in kernel.lots(wallet))


def outcome(result: Any) -> str:
    return result.code if isinstance(result, DomainError) else "given"


def holds(kernel: Kernel) -> None:
    for rule in [rule for rule in WITHOUT_LISTS if rule.name not in OF_TOP_UPS]:
        assert kernel.rows(rule.sql)[0][1] == 0, rule.name


def test_the_same_money_is_given_once(kernel: Kernel, committed_db: str) -> None:
    giver, *receivers = kernel.make_world(citizens=5)
    set_limits(kernel)
    buy(kernel, giver, 1_000)
    found = Counter(map(outcome, at_once(committed_db, [giving(giver, one, 600) for one in receivers])))
    assert found == {"given": 1, "gift_exceeds_balance": 3}
    assert left(kernel, giver) == 400
    holds(kernel)


def test_two_who_give_to_each_other_do_not_wait_for_ever(kernel: Kernel, committed_db: str) -> None:
    one, other = kernel.make_world(citizens=2)
    set_limits(kernel)
    for wallet in (one, other):
        buy(kernel, wallet, 10_000)
    for _ in range(ROUNDS):
        jobs = [giving(one, other, 100), giving(other, one, 70)] * 4
        assert Counter(map(outcome, at_once(committed_db, jobs))) == {"given": 8}
    assert left(kernel, one) == 10_000 - ROUNDS * 4 * 30
    assert left(kernel, other) == 10_000 + ROUNDS * 4 * 30
    assert kernel.rows("SELECT count(*) FROM vouchers_gift") == [(ROUNDS * 8,)]
    holds(kernel)


def test_a_gift_and_a_payment_of_the_same_money(kernel: Kernel, committed_db: str) -> None:
    giver, receiver = kernel.make_world(citizens=2)
    shop = kernel.open_shop()
    set_limits(kernel)
    buy(kernel, giver, 1_000)
    found = Counter(
        map(outcome, at_once(committed_db, [giving(giver, receiver, 700), lambda k: k.pay(giver, shop, 700)] * 3))
    )
    assert found["given"] == 1  # of the six
    assert left(kernel, giver) == 300
    holds(kernel)


def test_the_limit_of_the_day_holds_for_gifts_at_once(kernel: Kernel, committed_db: str) -> None:
    giver, *receivers = kernel.make_world(citizens=7)
    set_limits(kernel, gift_per_day=2_000)
    buy(kernel, giver, 100_000)
    found = Counter(map(outcome, at_once(committed_db, [giving(giver, one, 1_000) for one in receivers])))
    assert found == {"given": 2, "gift_limit_exceeded": 4}


def test_what_the_receiver_may_hold_holds_for_givers_at_once(kernel: Kernel, committed_db: str) -> None:
    receiver, *givers = kernel.make_world(citizens=7)
    set_limits(kernel, holding=3_000)
    for giver in givers:
        buy(kernel, giver, 1_000)
    found = Counter(map(outcome, at_once(committed_db, [giving(giver, receiver, 1_000) for giver in givers])))
    assert found == {"given": 3, "receiver_holds_too_much": 3}


def test_one_request_sent_many_times_at_once_is_one_gift(kernel: Kernel, committed_db: str) -> None:
    giver, receiver = kernel.make_world(citizens=2)
    set_limits(kernel)
    buy(kernel, giver, 10_000)
    results = at_once(committed_db, [giving(giver, receiver, 1_000, key="same")] * 6)
    made = {result[0] for result in results if not isinstance(result, DomainError)}
    assert len(made) == 1
    assert {outcome(result) for result in results} <= {"given", "request_in_progress"}
    assert left(kernel, receiver) == 1_000
