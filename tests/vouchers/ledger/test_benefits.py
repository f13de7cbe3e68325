"""The kernel's benefits: funds are endowed, credit wallets once, never below zero, and get back what lots still hold."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.vouchers.ledger.kernel import CITY, CURRENCY, NOON, WITHOUT_LISTS, Kernel
from vouchers.common.models import uuid7
from vouchers.ledger.errors import (
    AccountUnknown,
    AmountNotPositive,
    BenefitFundShort,
    JournalConflict,
    TimeOutOfRange,
    WalletUnknown,
)


@pytest.fixture
def wallets(kernel: Kernel) -> list[UUID]:
    return kernel.make_world(citizens=3)


def fund(kernel: Kernel, amount: int) -> UUID:
    owner = uuid7()
    kernel.call("ledger.open_account", CITY, CURRENCY, "benefit", owner)
    if amount:
        kernel.call("ledger.endow", CITY, kernel.id_at(NOON), CURRENCY, owner, amount, NOON)
    return owner


def credit(kernel: Kernel, items: list[tuple[UUID, UUID, UUID, int]], *, id: UUID | None = None) -> int:
    funds, wallets, sources, amounts = (list(column) for column in zip(*items, strict=True))
    none: list[Any] = [None] * len(items)
    total: int = kernel.call(
        "ledger.credit_benefits", CITY, id or kernel.id_at(NOON), CURRENCY, "cashback", "incentive", funds, wallets, sources,
        amounts, [NOON + timedelta(days=30)] * len(items), none, NOON,
    )  # fmt: skip
    return total


def take_back(kernel: Kernel, items: list[tuple[UUID, UUID, UUID, int]], *, id: UUID | None = None) -> list[int]:
    funds, wallets, sources, amounts = (list(column) for column in zip(*items, strict=True))
    taken: list[int] = kernel.call(
        "ledger.take_back_benefits", CITY, id or kernel.id_at(NOON), CURRENCY, "cashback", funds, wallets, sources,
        amounts, NOON,
    )  # fmt: skip
    return taken


def balance(kernel: Kernel, owner: UUID) -> int:
    return int(kernel.rows(
        "SELECT b.credits - b.debits FROM vouchers_balance b JOIN vouchers_account a ON a.id = b.account_id"
        " WHERE a.owner_id = %s", owner,
    )[0][0])  # fmt: skip


def lots(kernel: Kernel, wallet: UUID) -> list[tuple[str, int, int]]:
    return kernel.rows("SELECT kind, granted, remaining FROM vouchers_lot WHERE wallet_id = %s ORDER BY id", wallet)


def assert_sound(kernel: Kernel) -> None:
    found = {rule.name: kernel.rows(rule.sql)[0][1] for rule in WITHOUT_LISTS}
    assert {name: difference for name, difference in found.items() if difference} == {}


def test_a_fund_gives_back_only_what_it_has_left(kernel: Kernel, wallets: list[UUID]) -> None:
    national = fund(kernel, 1_000)
    credit(kernel, [(national, wallets[0], uuid7(), 700)])
    with pytest.raises(BenefitFundShort) as refused:
        kernel.call("ledger.endow", CITY, kernel.id_at(NOON), CURRENCY, national, -301, NOON)
    assert refused.value.params == {"available": 300, "needed": 301}
    kernel.call("ledger.endow", CITY, kernel.id_at(NOON), CURRENCY, national, -300, NOON)
    assert balance(kernel, national) == 0
    assert_sound(kernel)


def test_several_funds_and_credits_grow_one_lot(kernel: Kernel, wallets: list[UUID]) -> None:
    national, city, month = fund(kernel, 1_000), fund(kernel, 1_000), uuid7()
    assert credit(kernel, [(national, wallets[0], month, 40), (city, wallets[0], month, 60)]) == 100
    assert credit(kernel, [(city, wallets[0], month, 5), (city, wallets[1], month, 7)]) == 12
    assert lots(kernel, wallets[0]) == [("incentive", 105, 105)]
    assert lots(kernel, wallets[1]) == [("incentive", 7, 7)]
    assert (balance(kernel, national), balance(kernel, city)) == (960, 928)
    assert_sound(kernel)


def test_the_same_credit_counts_once_and_another_one_under_its_id_is_refused(
    kernel: Kernel, wallets: list[UUID]
) -> None:
    national, month, id = fund(kernel, 1_000), uuid7(), kernel.id_at(NOON)
    items = [(national, wallets[0], month, 40)]
    assert credit(kernel, items, id=id) == credit(kernel, items, id=id) == 40
    with pytest.raises(JournalConflict):
        credit(kernel, [(national, wallets[0], month, 41)], id=id)
    assert lots(kernel, wallets[0]) == [("incentive", 40, 40)]


@pytest.mark.parametrize("away", [timedelta(days=-3), timedelta(days=3)])
def test_an_id_of_another_day_moves_no_benefit(kernel: Kernel, wallets: list[UUID], away: timedelta) -> None:
    national, month = fund(kernel, 1_000), uuid7()
    credit(kernel, [(national, wallets[0], month, 40)])
    with pytest.raises(TimeOutOfRange):
        credit(kernel, [(national, wallets[0], month, 40)], id=kernel.id_at(NOON + away))
    with pytest.raises(TimeOutOfRange):
        take_back(kernel, [(national, wallets[0], month, 40)], id=kernel.id_at(NOON + away))
    assert (lots(kernel, wallets[0]), balance(kernel, national)) == ([("incentive", 40, 40)], 960)
    assert_sound(kernel)


def test_a_credit_told_again_after_its_day_was_closed_is_the_same_one(kernel: Kernel, wallets: list[UUID]) -> None:
    national, month, id = fund(kernel, 1_000), uuid7(), kernel.id_at(NOON)
    items = [(national, wallets[0], month, 40)]
    credit(kernel, items, id=id)
    back = kernel.id_at(NOON)
    assert take_back(kernel, items, id=back) == [40]
    kernel.call("ledger.fence", CITY, NOON.date() + timedelta(days=5))
    assert (credit(kernel, items, id=id), take_back(kernel, items, id=back)) == (40, [40])
    with pytest.raises(TimeOutOfRange):
        credit(kernel, items)


def test_a_fund_that_does_not_suffice_refuses_the_whole(kernel: Kernel, wallets: list[UUID]) -> None:
    national, city, month = fund(kernel, 1_000), fund(kernel, 50), uuid7()
    with pytest.raises(BenefitFundShort) as refused:
        credit(
            kernel, [(national, wallets[0], month, 40), (city, wallets[0], month, 30), (city, wallets[1], month, 30)]
        )
    assert refused.value.params == {"available": 50, "needed": 60}
    assert lots(kernel, wallets[0]) == []
    assert balance(kernel, national) == 1_000


@pytest.mark.parametrize("amount", [0, -1, None])
def test_only_whole_positive_won_are_credited(kernel: Kernel, wallets: list[UUID], amount: int) -> None:
    with pytest.raises(AmountNotPositive):
        credit(kernel, [(fund(kernel, 10), wallets[0], uuid7(), amount)])


def test_unknown_wallets_and_funds_are_refused(kernel: Kernel, wallets: list[UUID]) -> None:
    national = fund(kernel, 10)
    with pytest.raises(WalletUnknown):
        credit(kernel, [(national, uuid7(), uuid7(), 1)])
    with pytest.raises(AccountUnknown):
        credit(kernel, [(uuid7(), wallets[0], uuid7(), 1)])
    with pytest.raises(AccountUnknown):
        take_back(kernel, [(uuid7(), wallets[0], uuid7(), 1)])


def test_taking_back_takes_what_is_left_in_order_and_says_how_much(kernel: Kernel, wallets: list[UUID]) -> None:
    national, city, month = fund(kernel, 1_000), fund(kernel, 1_000), uuid7()
    credit(kernel, [(national, wallets[0], month, 40), (city, wallets[0], month, 60), (city, wallets[1], month, 9)])
    kernel.pay(wallets[0], kernel.open_shop(), 50)
    items = [(national, wallets[0], month, 40), (city, wallets[0], month, 60), (city, wallets[1], month, 4)]
    id = kernel.id_at(NOON)
    assert take_back(kernel, items, id=id) == [40, 10, 4]
    assert take_back(kernel, items, id=id) == [40, 10, 4]
    assert [lots(kernel, wallet) for wallet in wallets[:2]] == [[("incentive", 100, 0)], [("incentive", 9, 5)]]
    assert (balance(kernel, national), balance(kernel, city)) == (1_000, 945)
    assert_sound(kernel)


def test_nothing_left_posts_nothing(kernel: Kernel, wallets: list[UUID]) -> None:
    national, month = fund(kernel, 100), uuid7()
    credit(kernel, [(national, wallets[0], month, 40)])
    kernel.pay(wallets[0], kernel.open_shop(), 40)
    assert take_back(kernel, [(national, wallets[0], month, 40), (national, wallets[1], month, 1)]) == [0, 0]
    assert_sound(kernel)
