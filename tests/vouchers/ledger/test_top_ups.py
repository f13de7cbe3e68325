"""Bought money in the kernel: in, used, cancelled, refunded, paid out; and what must be refused."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.vouchers.ledger.kernel import CITY, CURRENCY, NOON, WITHOUT_LISTS, Kernel
from vouchers.common.models import uuid7
from vouchers.ledger import errors

OF_TOP_UPS = {"top_ups_follow_transfers"}
"""What needs the room of top-ups, whose rows explain these movements."""


def open_fund(kernel: Kernel, amount: int) -> UUID:
    """A fund with money, as far as the ledger knows it."""
    fund = uuid7()
    kernel.call("ledger.open_account", CITY, CURRENCY, "benefit", fund)
    kernel.call("ledger.endow", CITY, kernel.id_at(NOON), CURRENCY, fund, amount, NOON)
    return fund


def top_up(kernel: Kernel, wallet: UUID, paid: int, *benefits: tuple[UUID, int], id: UUID | None = None, source=None):
    """Returns the lots of the money and of the benefit."""
    ((_day, purchase, incentive),) = kernel.rows(
        "SELECT * FROM ledger.top_up(%s, %s, %s, %s, %s, %s, %s::uuid[], %s::bigint[], NULL, NULL, NULL, NULL, %s)",
        CITY, id or kernel.id_at(NOON), CURRENCY, wallet, source or uuid7(), paid,
        [fund for fund, _ in benefits], [amount for _, amount in benefits], NOON,
    )  # fmt: skip
    return purchase, incentive


def cancel(kernel: Kernel, wallet: UUID, lots, funds, amounts, id: UUID | None = None):
    return kernel.call(
        "ledger.cancel_top_up", CITY, id or kernel.id_at(NOON), CURRENCY, uuid7(), wallet, lots, funds, amounts, NOON
    )


def left(kernel: Kernel, kind: str, owner: UUID | None = None) -> int:
    return kernel.rows(
        "SELECT credits - debits FROM vouchers_balance balance JOIN vouchers_account account ON account.id = account_id"
        " WHERE kind = %s AND owner_id IS NOT DISTINCT FROM %s", kind, owner,
    )[0][0]  # fmt: skip


def holds(kernel: Kernel) -> None:
    """Every invariant of the kernel itself."""
    for rule in WITHOUT_LISTS:
        if rule.name not in OF_TOP_UPS:
            assert kernel.rows(rule.sql)[0][1] == 0, rule.name


@pytest.fixture
def wallet(kernel: Kernel) -> UUID:
    return kernel.make_world()[0]


def test_a_top_up_makes_one_lot_of_money_and_one_of_all_benefits(kernel: Kernel, wallet: UUID):
    state, city = open_fund(kernel, 10_000), open_fund(kernel, 10_000)
    purchase, incentive = top_up(kernel, wallet, 45_000, (state, 3_000), (city, 2_000))
    rows = kernel.rows("SELECT id, kind, granted, remaining FROM vouchers_lot ORDER BY granted")
    assert rows == [(incentive, "incentive", 5_000, 5_000), (purchase, "purchase", 45_000, 45_000)]
    assert (left(kernel, "benefit", state), left(kernel, "benefit", city)) == (7_000, 8_000)
    holds(kernel)


def test_the_same_event_twice_is_one_top_up_and_another_one_is_refused(kernel: Kernel, wallet: UUID):
    event, source, fund = kernel.id_at(NOON), uuid7(), open_fund(kernel, 10_000)
    first = top_up(kernel, wallet, 9_000, (fund, 1_000), id=event, source=source)
    assert top_up(kernel, wallet, 9_000, (fund, 1_000), id=event, source=source) == first
    with pytest.raises(errors.JournalConflict):
        top_up(kernel, wallet, 9_001, (fund, 1_000), id=event, source=source)
    assert left(kernel, "benefit", fund) == 9_000


def test_a_fund_never_gives_what_it_has_not(kernel: Kernel, wallet: UUID):
    fund = open_fund(kernel, 4_999)
    with pytest.raises(errors.BenefitFundShort) as refused:
        top_up(kernel, wallet, 45_000, (fund, 5_000))
    assert refused.value.params == {"available": 4_999, "needed": 5_000}
    assert kernel.lots(wallet) == []


@pytest.mark.parametrize("paid", [0, -1, None])
def test_nothing_is_no_top_up(kernel: Kernel, wallet: UUID, paid):
    with pytest.raises(errors.AmountNotPositive):
        top_up(kernel, wallet, paid)


def test_benefits_of_nothing_are_refused(kernel: Kernel, wallet: UUID):
    with pytest.raises(errors.AmountNotPositive):
        top_up(kernel, wallet, 1_000, (open_fund(kernel, 1_000), 0))


def test_a_frozen_wallet_takes_no_money(kernel: Kernel, wallet: UUID):
    kernel.connection.execute("UPDATE vouchers_wallet SET status = 'frozen'")
    with pytest.raises(errors.WalletNotActive):
        top_up(kernel, wallet, 1_000)


def test_money_out_and_seen_at_the_bank(kernel: Kernel, wallet: UUID):
    fund = open_fund(kernel, 5_000)
    before = left(kernel, "bank")
    purchase, incentive = top_up(kernel, wallet, 45_000, (fund, 5_000))
    cancel(kernel, wallet, [purchase, incentive], [None, fund], [45_000, 5_000])
    assert (left(kernel, "refund_payable"), left(kernel, "benefit", fund)) == (45_000, 5_000)
    holds(kernel)
    kernel.call("ledger.receive", CITY, kernel.id_at(NOON), CURRENCY, uuid7(), 45_000, NOON)
    assert left(kernel, "bank") == before - 45_000  # an asset stands in debit
    kernel.call("ledger.cash_paid", CITY, kernel.id_at(NOON), CURRENCY, uuid7(), 45_000, NOON)
    assert (left(kernel, "bank"), left(kernel, "refund_payable")) == (before, 0)
    holds(kernel)
    with pytest.raises(errors.RefundPayableShort):
        kernel.call("ledger.cash_paid", CITY, kernel.id_at(NOON), CURRENCY, uuid7(), 1, NOON)


def receive(kernel: Kernel, amount: int, *, id: UUID | None = None, source: UUID = CURRENCY) -> None:
    kernel.call("ledger.receive", CITY, id or kernel.id_at(NOON), CURRENCY, source, amount, NOON)


def test_no_more_is_received_than_is_in_transit(kernel: Kernel, wallet: UUID):
    top_up(kernel, wallet, 30_000)
    top_up(kernel, wallet, 20_000)
    with pytest.raises(errors.DepositShort, match=r"50,000원.*50,001원") as refused:
        receive(kernel, 50_001)
    assert refused.value.params == {"available": 50_000, "needed": 50_001}
    id = kernel.id_at(NOON)
    receive(kernel, 50_000, id=id)
    receive(kernel, 50_000, id=id)  # the same event again
    with pytest.raises(errors.DepositShort):
        receive(kernel, 1)
    holds(kernel)


def test_what_was_received_on_a_summed_up_day_is_in_transit_no_more(kernel: Kernel, wallet: UUID):
    top_up(kernel, wallet, 30_000)
    receive(kernel, 10_000)
    day = NOON.date()
    kernel.call("ledger.fence", CITY, day)
    while kernel.call("reconciliation.next_day", CITY) <= day:
        kernel.call("reconciliation.sum_day", CITY, kernel.call("reconciliation.next_day", CITY))
    with pytest.raises(errors.DepositShort) as refused:
        receive(kernel, 20_001)
    assert refused.value.params == {"available": 20_000, "needed": 20_001}
    receive(kernel, 15_000)  # counts for the day after
    with pytest.raises(errors.DepositShort) as refused:
        receive(kernel, 5_001)
    assert refused.value.params == {"available": 5_000, "needed": 5_001}
    receive(kernel, 5_000)


def test_what_was_used_is_not_cancelled(kernel: Kernel, wallet: UUID):
    purchase, _none = top_up(kernel, wallet, 10_000)
    kernel.pay(wallet, kernel.open_shop(), 1)
    for amount in (10_000, 9_999):
        with pytest.raises(errors.LotNotRefundable):
            cancel(kernel, wallet, [purchase], [None], [amount])


def test_the_citizen_never_gets_a_benefit(kernel: Kernel, wallet: UUID):
    fund = open_fund(kernel, 1_000)
    purchase, incentive = top_up(kernel, wallet, 9_000, (fund, 1_000))
    with pytest.raises(errors.LotNotRefundable):
        cancel(kernel, wallet, [purchase, incentive], [fund, None], [9_000, 1_000])


def test_granted_money_is_never_paid_out(kernel: Kernel, wallet: UUID):
    kernel.disburse(kernel.open_programme(5_000), [(wallet, 5_000)])
    ((lot,),) = kernel.rows("SELECT id FROM vouchers_lot")
    with pytest.raises(errors.LotNotRefundable):
        kernel.call(
            "ledger.cash_out", CITY, kernel.id_at(NOON), CURRENCY, wallet, [lot], [None], [5_000], NOON
        )  # fmt: skip


def test_part_of_a_lot_is_paid_out_and_the_rest_of_its_benefit_returns(kernel: Kernel, wallet: UUID):
    fund = open_fund(kernel, 5_000)
    purchase, _incentive = top_up(kernel, wallet, 45_000, (fund, 5_000))
    kernel.pay(wallet, kernel.open_shop(), 30_000)
    event = kernel.id_at(NOON)
    for _ in range(2):
        kernel.call(
            "ledger.cash_out", CITY, event, CURRENCY, wallet, [purchase, purchase], [None, fund], [18_000, 2_000], NOON
        )
    assert (left(kernel, "refund_payable"), left(kernel, "benefit", fund)) == (18_000, 2_000)
    assert kernel.lots(wallet) == [(5_000, 0), (45_000, 0)]
    holds(kernel)
