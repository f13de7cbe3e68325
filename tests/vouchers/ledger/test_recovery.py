"""Money that comes back: taken from its lot, swept when its time has run out, repaid at the bank. To the won."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from tests.vouchers.ledger.kernel import CITY, NOON, WITHOUT_LISTS, Kernel
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date, start_of_day
from vouchers.ledger import errors

DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
BUDGET = 1_000_000
GRANT = 100_000


@pytest.fixture
def wallet(kernel: Kernel) -> UUID:
    (wallet,) = kernel.make_world()
    return wallet


@pytest.fixture
def programme(kernel: Kernel, wallet: UUID) -> UUID:
    return kernel.open_programme(BUDGET)


@pytest.fixture
def source(kernel: Kernel, wallet: UUID, programme: UUID) -> UUID:
    """A grant of 100,000 won that is valid for thirty days from NOON on."""
    source = uuid7()
    kernel.disburse(programme, [(wallet, GRANT)], sources=[source], days=30)
    return source


def left(kernel: Kernel) -> int:
    return int(kernel.rows("SELECT sum(remaining)::bigint FROM vouchers_lot")[0][0])


def account(kernel: Kernel, programme: UUID) -> tuple[int, int]:
    """(what the programme's account holds, what of it came back)."""
    ((holds, returned),) = kernel.rows(
        "SELECT credits - debits, returned FROM vouchers_balance JOIN vouchers_account ON id = account_id"
        " WHERE owner_id = %s", programme,
    )  # fmt: skip
    return holds, returned


def assert_audited(kernel: Kernel) -> None:
    differences = {rule.name: kernel.rows(rule.sql)[0][1] for rule in WITHOUT_LISTS}
    assert not any(differences.values()), differences


# Clawback


@pytest.mark.parametrize(("spent", "wanted", "taken"), [
    (0, GRANT, GRANT), (30_000, GRANT, 70_000), (30_000, 70_000, 70_000), (30_000, 69_999, 69_999), (99_999, GRANT, 1),
    (GRANT, GRANT, 0), (0, GRANT + 1, GRANT),
])  # fmt: skip
def test_a_clawback_takes_what_is_left(
    kernel: Kernel, wallet: UUID, programme: UUID, source: UUID, spent: int, wanted: int, taken: int
) -> None:
    if spent:
        kernel.pay(wallet, kernel.open_shop(), spent)
    assert kernel.claw_back(programme, [(wallet, source, wanted)]) == taken
    assert left(kernel) == GRANT - spent - taken
    assert account(kernel, programme) == (BUDGET - GRANT + taken, taken)
    assert_audited(kernel)


def test_a_clawback_leaves_other_lots_and_other_programmes_alone(
    kernel: Kernel, wallet: UUID, programme: UUID, source: UUID
) -> None:
    other = kernel.open_programme(BUDGET)
    kernel.disburse(programme, [(wallet, 5_000)])
    kernel.disburse(other, [(wallet, 7_000)])
    assert kernel.claw_back(other, [(wallet, source, GRANT)]) == 0
    assert kernel.claw_back(programme, [(wallet, source, GRANT)]) == GRANT
    assert kernel.lots(wallet) == [(5_000, 5_000), (7_000, 7_000), (GRANT, 0)]


def test_held_money_is_not_taken(kernel: Kernel, wallet: UUID, programme: UUID, source: UUID) -> None:
    kernel.connection.execute("UPDATE vouchers_lot SET held = 40000")
    assert kernel.claw_back(programme, [(wallet, source, GRANT)]) == 60_000
    assert kernel.claw_back(programme, [(wallet, source, GRANT)]) == 0
    assert kernel.expire(NOON + 30 * DAY) == (0, 0)


def test_the_same_clawback_again_takes_nothing_even_when_money_has_come_back(
    kernel: Kernel, wallet: UUID, programme: UUID, source: UUID
) -> None:
    shop, payment, event = kernel.open_shop(), kernel.id_at(NOON), kernel.id_at(NOON)
    kernel.pay(wallet, shop, GRANT, id=payment)
    assert kernel.claw_back(programme, [(wallet, source, GRANT)], id=event) == 0
    kernel.refund(payment, 50_000)
    assert kernel.claw_back(programme, [(wallet, source, GRANT)], id=event) == 0
    assert left(kernel) == 50_000
    with pytest.raises(errors.JournalConflict):
        kernel.claw_back(programme, [(wallet, source, GRANT - 1)], id=event)
    assert_audited(kernel)


@pytest.mark.parametrize("amounts", [[], [0], [-1], [GRANT, 0], [None]])
def test_a_clawback_is_of_positive_amounts(
    kernel: Kernel, wallet: UUID, programme: UUID, source: UUID, amounts: list[int]
) -> None:
    with pytest.raises(errors.AmountNotPositive):
        kernel.claw_back(programme, [(wallet, source, amount) for amount in amounts])


def test_a_frozen_or_closed_wallet_is_taken_from(kernel: Kernel, wallet: UUID, programme: UUID, source: UUID) -> None:
    for status, amount in (("frozen", 30_000), ("closed", 20_000)):
        kernel.connection.execute("UPDATE vouchers_wallet SET status = %s", [status])
        assert kernel.claw_back(programme, [(wallet, source, amount)]) == amount


def test_expired_money_that_is_not_swept_yet_is_clawed_back(
    kernel: Kernel, wallet: UUID, programme: UUID, source: UUID
) -> None:
    assert kernel.claw_back(programme, [(wallet, source, 60_000)], at=NOON + 31 * DAY) == 60_000
    assert kernel.expire(NOON + 31 * DAY) == (1, 40_000)
    assert kernel.claw_back(programme, [(wallet, source, 60_000)], at=NOON + 31 * DAY) == 0


# Repayment


def test_a_repayment_goes_from_the_bank_to_the_programme_once(kernel: Kernel, programme: UUID) -> None:
    event = kernel.id_at(NOON)
    for _ in range(2):
        kernel.repay(programme, 12_345, id=event)
        assert account(kernel, programme) == (BUDGET + 12_345, 12_345)
    with pytest.raises(errors.JournalConflict):
        kernel.repay(programme, 12_346, id=event)
    for wrong in (0, -1, None):
        with pytest.raises(errors.AmountNotPositive):
            kernel.repay(programme, wrong)
    assert_audited(kernel)


# Expiry


@pytest.mark.parametrize(("moment", "swept"), [(-MOMENT, 0), (0 * MOMENT, GRANT), (MOMENT, GRANT)])
def test_money_is_swept_from_the_moment_it_expires(
    kernel: Kernel, programme: UUID, source: UUID, moment: timedelta, swept: int
) -> None:
    assert kernel.expire(NOON + 30 * DAY + moment)[1] == swept
    assert left(kernel) == GRANT - swept
    assert account(kernel, programme) == (BUDGET - GRANT + swept, swept)


def test_the_last_moment_before_is_honoured_and_the_moment_itself_is_not(
    kernel: Kernel, wallet: UUID, programme: UUID, source: UUID
) -> None:
    shop, expiry = kernel.open_shop(), NOON + 30 * DAY
    kernel.pay(wallet, shop, 10_000, at=expiry - MOMENT)
    with pytest.raises(errors.InsufficientFunds):
        kernel.pay(wallet, shop, 10_000, at=expiry)
    assert kernel.expire(expiry) == (1, 90_000)


def test_a_sweep_never_looks_ahead_of_its_own_time(kernel: Kernel, source: UUID) -> None:
    assert kernel.expire(NOON + 60 * DAY, at=NOON + DAY) == (0, 0)
    assert kernel.expire(NOON + 30 * DAY) == (1, GRANT)


def test_a_sweep_takes_each_lot_once_in_bounded_steps_and_goes_on_where_it_stopped(kernel: Kernel) -> None:
    wallets = kernel.make_world(citizens=7)
    one, other = kernel.open_programme(BUDGET), kernel.open_programme(BUDGET)
    kernel.disburse(one, [(wallet, 1_000) for wallet in wallets], days=1)
    kernel.disburse(other, [(wallet, 10_000) for wallet in wallets], days=1)
    kernel.disburse(one, [(wallets[0], 100_000)], days=5)
    until = NOON + 2 * DAY

    def step() -> tuple[int, int, int]:
        return kernel.rows("SELECT * FROM ledger.expire(%s, %s, 4, %s)", CITY, until, until)[0]  # type: ignore[return-value]

    first = step()
    assert first[0] == first[2] == 4
    steps = [first, *(step() for _ in range(4))]
    assert [taken for taken, _, _ in steps] == [4, 4, 4, 2, 0]
    assert sum(won for _, won, _ in steps) == 7 * 11_000
    assert (account(kernel, one)[1], account(kernel, other)[1]) == (7_000, 70_000)
    reported = kernel.rows(
        "SELECT programme_id, sum(lots)::integer, sum(amount)::bigint FROM vouchers_expiryreturn GROUP BY 1"
    )
    assert {owner: (lots, won) for owner, lots, won in reported} == {one: (7, 7_000), other: (7, 70_000)}
    assert left(kernel) == 100_000
    assert_audited(kernel)


def test_purchased_money_and_what_no_fund_paid_stays_when_it_expires(
    kernel: Kernel, wallet: UUID, programme: UUID
) -> None:
    for kind in ("purchase", "incentive", "point"):
        kernel.disburse(programme, [(wallet, 1_000)], days=1, kind=kind)
    assert kernel.expire(NOON + 2 * DAY) == (0, 0)
    assert left(kernel) == 3_000


def test_a_refund_of_expired_money_goes_back_to_its_lot_and_the_next_sweep_returns_it(
    kernel: Kernel, wallet: UUID, programme: UUID, source: UUID
) -> None:
    shop, payment, expiry = kernel.open_shop(), kernel.id_at(NOON), NOON + 30 * DAY
    kernel.pay(wallet, shop, 25_000, id=payment)
    assert kernel.expire(expiry) == (1, 75_000)
    kernel.refund(payment, 10_000, at=expiry + DAY)
    assert left(kernel) == 10_000
    with pytest.raises(errors.InsufficientFunds):
        kernel.pay(wallet, shop, 1, at=expiry + DAY)
    assert kernel.expire(expiry + 2 * DAY) == (1, 10_000)
    assert kernel.expire(expiry + 2 * DAY) == (0, 0)
    assert kernel.rows("SELECT expired FROM vouchers_lot") == [(85_000,)]
    assert kernel.rows("SELECT count(*) FROM vouchers_lateexpiry") == [(0,)]
    assert_audited(kernel)


# Refunds when its time has run out, where the programme gives them a grace period


EXPIRY = NOON + 30 * DAY
GRACE = 7


@pytest.fixture
def lenient(kernel: Kernel, wallet: UUID, programme: UUID) -> UUID:
    """A grant of 100,000 won for thirty days; what comes back after them can be spent for seven days more."""
    source = uuid7()
    kernel.disburse(programme, [(wallet, GRANT)], sources=[source], days=30, grace=GRACE)
    return source


def end_of_grace(refunded: datetime) -> datetime:
    return start_of_day(business_date(refunded) + (GRACE + 1) * DAY)


def lot(kernel: Kernel) -> tuple[int, int, datetime]:
    """(remaining, expired, end)"""
    ((remaining, expired, end),) = kernel.rows("SELECT remaining, expired, expires_at FROM vouchers_lot")
    return remaining, expired, end


def test_what_comes_back_late_can_be_spent_for_the_programmes_days_and_then_returns_to_it(
    kernel: Kernel, wallet: UUID, programme: UUID, lenient: UUID
) -> None:
    shop, payment = kernel.open_shop(), kernel.id_at(NOON)
    kernel.pay(wallet, shop, 25_000, id=payment)
    assert kernel.expire(EXPIRY) == (1, 75_000)
    back = EXPIRY + DAY
    assert kernel.refund(payment, 10_000, at=back) == 10_000
    end = end_of_grace(back)  # day 31 + 7, to its end in Seoul
    assert lot(kernel) == (10_000, 75_000, end)
    assert kernel.expire(end - MOMENT) == (0, 0)
    kernel.pay(wallet, shop, 4_000, at=end - MOMENT)
    with pytest.raises(errors.InsufficientFunds):
        kernel.pay(wallet, shop, 1, at=end)
    assert kernel.expire(end) == (1, 6_000)
    assert lot(kernel) == (0, 81_000, end)
    assert account(kernel, programme) == (BUDGET - GRANT + 81_000, 81_000)
    assert_audited(kernel)


def test_what_was_left_and_not_swept_yet_returns_at_once_and_only_the_refund_lives_on(
    kernel: Kernel, wallet: UUID, programme: UUID, lenient: UUID
) -> None:
    payment = kernel.id_at(NOON)
    kernel.pay(wallet, kernel.open_shop(), 25_000, id=payment)
    event = kernel.id_at(EXPIRY)
    for _ in range(2):
        assert kernel.refund(payment, 10_000, at=EXPIRY, id=event) == 10_000
        assert lot(kernel) == (10_000, 75_000, end_of_grace(EXPIRY))
        assert account(kernel, programme) == (BUDGET - GRANT + 75_000, 75_000)
    assert kernel.rows("SELECT lots, amount::bigint FROM vouchers_expiryreturn") == [(1, 75_000)]
    assert kernel.expire(EXPIRY + DAY) == (0, 0)
    assert_audited(kernel)


def test_cancelled_in_parts_before_and_after_expiry(
    kernel: Kernel, wallet: UUID, programme: UUID, lenient: UUID
) -> None:
    shop, payment = kernel.open_shop(), kernel.id_at(NOON)
    kernel.pay(wallet, shop, 80_000, id=payment)
    kernel.refund(payment, 30_000, at=EXPIRY - MOMENT)
    assert lot(kernel) == (50_000, 0, EXPIRY)  # 20,000 never spent, 30,000 back in time
    assert kernel.expire(EXPIRY) == (1, 50_000)
    first = EXPIRY + DAY
    kernel.refund(payment, 15_000, at=first)
    assert lot(kernel) == (15_000, 50_000, end_of_grace(first))
    second = first + 2 * DAY  # in the grace period: it goes on from here
    kernel.refund(payment, 5_000, at=second)
    assert lot(kernel) == (20_000, 50_000, end_of_grace(second))
    assert kernel.claw_back(programme, [(wallet, lenient, 8_000)], at=second) == 8_000
    assert kernel.expire(end_of_grace(second)) == (1, 12_000)
    third = end_of_grace(second) + 3 * DAY  # after it: another one
    kernel.refund(payment, None, at=third)
    assert lot(kernel) == (30_000, 62_000, end_of_grace(third))
    assert kernel.expire(end_of_grace(third)) == (1, 30_000)
    assert lot(kernel) == (0, 92_000, end_of_grace(third))
    with pytest.raises(errors.RefundExceedsPayment):
        kernel.refund(payment, 1, at=third)
    assert account(kernel, programme) == (BUDGET, 100_000)  # 92,000 of time, 8,000 clawed back
    assert_audited(kernel)


def test_of_two_lots_each_obeys_its_own_programme(kernel: Kernel, wallet: UUID, programme: UUID, lenient: UUID) -> None:
    strict = kernel.open_programme(BUDGET)
    kernel.disburse(strict, [(wallet, 50_000)], days=31)
    shop, payment = kernel.open_shop(), kernel.id_at(NOON)
    kernel.pay(wallet, shop, 120_000, id=payment)  # 100,000 and, of the other, 20,000
    late = EXPIRY + 2 * DAY
    assert kernel.expire(late) == (1, 30_000)
    kernel.refund(payment, 60_000, at=late)  # last drawn first: 20,000 and 40,000
    assert kernel.rows("SELECT granted::bigint, remaining, lapsed_at FROM vouchers_lot ORDER BY 1") == [
        (50_000, 20_000, None), (GRANT, 40_000, EXPIRY),
    ]  # fmt: skip
    assert kernel.expire(late) == (1, 20_000)
    kernel.pay(wallet, shop, 40_000, at=late)
    assert (account(kernel, programme)[1], account(kernel, strict)[1]) == (0, 50_000)
    assert_audited(kernel)


def test_paying_and_cancelling_in_turns_keeps_no_money_alive(
    kernel: Kernel, wallet: UUID, programme: UUID, lenient: UUID
) -> None:
    shop, payment, again = kernel.open_shop(), kernel.id_at(NOON), kernel.id_at(EXPIRY + DAY)
    kernel.pay(wallet, shop, GRANT, id=payment)
    kernel.refund(payment, 40_000, at=EXPIRY)
    end = end_of_grace(EXPIRY)
    kernel.pay(wallet, shop, 30_000, at=EXPIRY + DAY, id=again)
    kernel.refund(again, 10_000, at=end - MOMENT)  # in time: back, and no day longer
    assert lot(kernel) == (20_000, 0, end)
    kernel.refund(again, None, at=end)  # too late: with the rest to the programme
    assert lot(kernel) == (40_000, 0, end)
    with pytest.raises(errors.InsufficientFunds):
        kernel.pay(wallet, shop, 1, at=end)
    assert kernel.expire(end) == (1, 40_000)
    assert_audited(kernel)


def test_a_sweep_that_waited_for_a_refund_leaves_what_it_brought(
    kernel: Kernel, wallet: UUID, programme: UUID, lenient: UUID
) -> None:
    """The sweep chooses lots before it has their wallets: one that has got a grace period in between is not due."""
    payment = kernel.id_at(NOON)
    kernel.pay(wallet, kernel.open_shop(), 25_000, id=payment)
    kernel.refund(payment, 10_000, at=EXPIRY)
    (chosen,) = kernel.rows("SELECT array_agg(id) FROM vouchers_lot")[0]
    assert kernel.rows(
        "SELECT * FROM ledger.return_expired(%s, %s, %s, %s, %s, %s)",
        CITY, chosen, [wallet], EXPIRY, business_date(EXPIRY), EXPIRY,
    ) == [(0, 0)]  # fmt: skip
    assert left(kernel) == 10_000


def test_the_audit_finds_what_was_spent_between_the_expiry_and_the_first_refund(
    kernel: Kernel, wallet: UUID, programme: UUID, lenient: UUID
) -> None:
    shop, payment = kernel.open_shop(), kernel.id_at(NOON)
    kernel.pay(wallet, shop, 25_000, id=payment)
    kernel.refund(payment, 10_000, at=EXPIRY + DAY)
    kernel.pay(wallet, shop, 3_000, at=EXPIRY + DAY)
    (rule,) = [rule for rule in WITHOUT_LISTS if rule.name == "nothing_spent_after_expiry"]
    assert kernel.rows(rule.sql) == [(28_000, 0)]
    kernel.pay(wallet, shop, 2_000, at=EXPIRY + DAY - timedelta(hours=1))
    assert kernel.rows(rule.sql) == [(30_000, 2_000)]


def test_another_city_is_out_of_reach(kernel: Kernel, wallet: UUID, programme: UUID, source: UUID) -> None:
    with pytest.raises(errors.OutOfScope):
        kernel.call("ledger.expire", "28110", NOON, 1, NOON)
    with pytest.raises(errors.OutOfScope):
        kernel.call("ledger.claw_back", "28110", uuid7(), uuid7(), programme, [wallet], [source], [1], NOON)
