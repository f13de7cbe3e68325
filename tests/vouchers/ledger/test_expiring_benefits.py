"""Benefits whose time runs out go back to the funds that paid them, to the won; bought money stays."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from tests.vouchers.ledger.kernel import CITY, NOON, WITHOUT_LISTS, Kernel
from vouchers.common.models import uuid7

DAY = timedelta(days=1)
EXPIRY = NOON + 30 * DAY
CITY_APP = uuid7()


@pytest.fixture
def wallet(kernel: Kernel) -> UUID:
    return kernel.make_world()[0]


def held_by(kernel: Kernel, *owners: UUID) -> list[tuple[int, int]]:
    """(what each fund has, what of it came back)."""
    found = {
        owner: (left, returned)
        for owner, left, returned in kernel.rows(
            "SELECT a.owner_id, b.credits - b.debits, b.returned FROM vouchers_balance b"
            " JOIN vouchers_account a ON a.id = b.account_id WHERE a.kind = 'benefit'"
        )
    }
    return [found[owner] for owner in owners]


def assert_audited(kernel: Kernel) -> None:
    found = {rule.name: kernel.rows(rule.sql)[0][1] for rule in WITHOUT_LISTS}
    assert {name: difference for name, difference in found.items() if difference} == {}


def test_each_fund_gets_its_share_rounded_down_and_the_largest_the_rest(kernel: Kernel, wallet: UUID) -> None:
    national, province, city = (kernel.open_fund(1_000) for _ in range(3))
    month = uuid7()
    kernel.credit(
        [(national, wallet, month, 50), (province, wallet, month, 30), (city, wallet, month, 20)], expires=EXPIRY
    )
    kernel.pay(wallet, kernel.open_shop(), 33)
    assert kernel.expire(EXPIRY) == (1, 67)
    # 67 × 50, 30 and 20 of 100: 33, 20 and 13; the one that is left goes to the largest
    assert held_by(kernel, national, province, city) == [(984, 34), (990, 20), (993, 13)]
    assert kernel.expire(EXPIRY + DAY) == (0, 0)
    assert_audited(kernel)


def test_what_a_fund_got_back_before_is_not_its_any_more(kernel: Kernel, wallet: UUID) -> None:
    national, city = kernel.open_fund(1_000), kernel.open_fund(1_000)
    month = uuid7()
    kernel.credit([(national, wallet, month, 50), (city, wallet, month, 50)], expires=EXPIRY)
    assert kernel.take_back([(national, wallet, month, 50)]) == [50]
    assert kernel.expire(EXPIRY) == (1, 50)
    assert held_by(kernel, national, city) == [(1_000, 0), (1_000, 50)]
    assert_audited(kernel)


def test_the_incentive_of_a_top_up_expires_and_the_money_that_was_paid_stays(kernel: Kernel, wallet: UUID) -> None:
    fund = kernel.open_fund(1_000)
    kernel.top_up(wallet, uuid7(), 10_000, [(fund, 700)], expires=EXPIRY, benefit_expires=EXPIRY)
    assert kernel.expire(EXPIRY) == (1, 700)
    assert kernel.lots(wallet) == [(700, 0), (10_000, 10_000)]
    assert held_by(kernel, fund) == [(1_000, 700)]
    assert kernel.rows("SELECT programme_id, fund_id, lots, amount::bigint FROM vouchers_expiryreturn") == [
        (None, fund, 1, 700)
    ]
    assert_audited(kernel)


def test_points_come_back_too(kernel: Kernel, wallet: UUID) -> None:
    fund = kernel.open_fund(1_000)
    kernel.credit([(fund, wallet, uuid7(), 300)], expires=EXPIRY, kind="point", journal="points")
    assert kernel.expire(EXPIRY) == (1, 300)
    assert held_by(kernel, fund) == [(1_000, 300)]
    assert_audited(kernel)


def test_a_refund_into_an_expired_benefit_goes_back_to_the_fund_with_the_next_sweep(
    kernel: Kernel, wallet: UUID
) -> None:
    fund, shop, payment = kernel.open_fund(1_000), kernel.open_shop(), kernel.id_at(NOON)
    kernel.credit([(fund, wallet, uuid7(), 300)], expires=EXPIRY)
    kernel.pay(wallet, shop, 100, id=payment)
    assert kernel.expire(EXPIRY) == (1, 200)
    kernel.refund(payment, None, at=EXPIRY + DAY)
    assert kernel.expire(EXPIRY + 2 * DAY) == (1, 100)
    assert held_by(kernel, fund) == [(1_000, 300)]
    assert_audited(kernel)


def test_a_credit_that_comes_after_the_sweep_is_not_forgotten(kernel: Kernel, wallet: UUID) -> None:
    fund, month = kernel.open_fund(1_000), uuid7()
    kernel.credit([(fund, wallet, month, 300)], expires=EXPIRY)
    assert kernel.expire(EXPIRY + DAY) == (1, 300)
    kernel.credit([(fund, wallet, month, 5)], at=EXPIRY + 2 * DAY)
    assert kernel.rows("SELECT count(*) FROM vouchers_lateexpiry") == [(1,)]
    assert kernel.expire(EXPIRY + 3 * DAY) == (1, 5)
    assert held_by(kernel, fund) == [(1_000, 305)]
    assert_audited(kernel)


def test_a_step_reports_a_lot_of_several_funds_once(kernel: Kernel, wallet: UUID) -> None:
    funds, programme = [kernel.open_fund(1_000) for _ in range(2)], kernel.open_programme(10_000)
    kernel.disburse(programme, [(wallet, 500)], days=30)
    kernel.credit([(fund, wallet, uuid7(), 10) for fund in funds] + [(funds[0], wallet, uuid7(), 3)], expires=EXPIRY)
    month = uuid7()
    kernel.credit([(fund, wallet, month, 10) for fund in funds], expires=EXPIRY)
    found = kernel.rows("SELECT * FROM ledger.expire(%s, %s, 100, %s)", CITY, EXPIRY, EXPIRY)
    assert found == [(5, 543, 5)]
    assert_audited(kernel)


def test_a_benefit_that_was_given_away_expires_to_the_fund_that_paid_it(kernel: Kernel) -> None:
    giver, receiver = kernel.make_world(citizens=2)
    fund = kernel.open_fund(1_000)
    kernel.credit([(fund, giver, uuid7(), 300)], expires=EXPIRY)
    kernel.call("ledger.gift", CITY, kernel.id_at(NOON), giver, receiver, 100, ["incentive"], CITY_APP, NOON)
    assert kernel.expire(EXPIRY) == (2, 300)
    assert held_by(kernel, fund) == [(1_000, 300)]
    assert_audited(kernel)
