"""What the kernel refuses, what it repeats, and where it puts money: one call at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from tests.vouchers.ledger.kernel import CHEAP_FOOD, CITY, CURRENCY, NOON, NOT_BARS, Kernel
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.ledger import errors

TODAY = business_date(NOON)
DAY = timedelta(days=1)


@dataclass
class Setting:
    """One citizen with 60,000 won for 90 days and 40,000 won for 30 days, and one shop."""

    wallet: UUID
    shop: UUID
    programme: UUID


@pytest.fixture
def setting(kernel: Kernel) -> Setting:
    (wallet,) = kernel.make_world()
    made = Setting(wallet, kernel.open_shop(), kernel.open_programme(1_000_000))
    kernel.disburse(made.programme, [(wallet, 60_000)], days=90)
    kernel.disburse(made.programme, [(wallet, 40_000)], days=30)
    return made


def test_a_payment_draws_what_expires_first(kernel: Kernel, setting: Setting) -> None:
    kernel.pay(setting.wallet, setting.shop, 50_000)
    assert kernel.lots(setting.wallet) == [(40_000, 0), (60_000, 50_000)]


def test_purchased_money_goes_last(kernel: Kernel, setting: Setting) -> None:
    kernel.disburse(setting.programme, [(setting.wallet, 50_000)], days=1, kind="purchase")
    kernel.pay(setting.wallet, setting.shop, 100_001)
    assert kernel.lots(setting.wallet) == [(40_000, 0), (50_000, 49_999), (60_000, 0)]


@pytest.mark.parametrize(
    ("rule", "category", "sales", "admitted"),
    [
        (CHEAP_FOOD, "restaurant", 300_000_000, True),
        (CHEAP_FOOD, "restaurant", 300_000_001, False),
        (CHEAP_FOOD, "bakery", 1, False),
        (NOT_BARS, "bakery", 10**12, True),
        (NOT_BARS, "bar", 1, False),
    ],
)
def test_a_lot_goes_only_where_its_rule_admits(
    kernel: Kernel, setting: Setting, rule: UUID, category: str, sales: int, admitted: bool
) -> None:
    kernel.disburse(setting.programme, [(setting.wallet, 7_000)], days=1, rule=rule)
    kernel.pay(setting.wallet, setting.shop, 7_000, category=category, sales=sales)
    assert kernel.lots(setting.wallet)[0] == (7_000, 0 if admitted else 7_000)


def test_what_has_expired_is_not_money(kernel: Kernel, setting: Setting) -> None:
    for moment, available in ((timedelta(days=30), 60_000), (timedelta(days=90), 0)):
        with pytest.raises(errors.InsufficientFunds) as refused:
            kernel.pay(setting.wallet, setting.shop, 60_001, at=NOON + moment)
        assert refused.value.params == {"available": available}
    kernel.pay(setting.wallet, setting.shop, 100_000, at=NOON + timedelta(days=30, microseconds=-1))


@pytest.mark.parametrize("amount", [50_000, 50_001])
def test_a_second_payment_of_the_same_id_is_refused(kernel: Kernel, setting: Setting, amount: int) -> None:
    payment = kernel.id_at(NOON)
    assert kernel.pay(setting.wallet, setting.shop, 50_000, id=payment) == TODAY
    with pytest.raises(errors.JournalConflict):
        kernel.pay(setting.wallet, setting.shop, amount, id=payment)
    assert kernel.lots(setting.wallet) == [(40_000, 0), (60_000, 50_000)]


@pytest.mark.parametrize("amount", [0, -1, None])
def test_an_amount_must_be_positive(kernel: Kernel, setting: Setting, amount: int | None) -> None:
    with pytest.raises(errors.AmountNotPositive):
        kernel.pay(setting.wallet, setting.shop, amount)


def test_who_may_not_pay(kernel: Kernel, setting: Setting) -> None:
    with pytest.raises(errors.PaymentLimitExceeded) as refused:
        kernel.pay(setting.wallet, setting.shop, 1_001, limit=1_000)
    assert refused.value.params == {"limit": 1_000}
    with pytest.raises(errors.WalletUnknown):
        kernel.pay(uuid7(), setting.shop, 1)
    with pytest.raises(errors.MerchantNotActive):
        kernel.pay(setting.wallet, uuid7(), 1)
    kernel.connection.execute("UPDATE vouchers_wallet SET status = 'frozen'")
    with pytest.raises(errors.WalletNotActive):
        kernel.pay(setting.wallet, setting.shop, 1)


def test_a_wallet_belongs_to_the_app_it_joined_through(kernel: Kernel, setting: Setting) -> None:
    """Others' partners do not know it; a wallet without an app is everybody's."""
    apps = [kernel.open_partner(), kernel.open_partner()]
    kernel.pay(setting.wallet, setting.shop, 1_000, partner=apps[0])
    assert kernel.call("ledger.link_wallet", CITY, setting.wallet, apps[0]) is None
    kernel.pay(setting.wallet, setting.shop, 1_000, partner=apps[0])
    with pytest.raises(errors.WalletUnknown):
        kernel.pay(setting.wallet, setting.shop, 1_000, partner=apps[1])
    assert kernel.call("ledger.link_wallet", CITY, setting.wallet, apps[1]) == apps[0]
    with pytest.raises(errors.WalletUnknown):
        kernel.pay(setting.wallet, setting.shop, 1_000, partner=apps[0])
    with pytest.raises(errors.PartnerUnknown):
        kernel.call("ledger.link_wallet", CITY, setting.wallet, uuid7())
    with pytest.raises(errors.WalletUnknown):
        kernel.call("ledger.link_wallet", CITY, uuid7(), apps[0])


def test_a_closed_day_sends_money_to_the_next_one_and_takes_nothing_older(kernel: Kernel, setting: Setting) -> None:
    kernel.fence(TODAY)
    payment = kernel.id_at(NOON)
    assert kernel.pay(setting.wallet, setting.shop, 1_000, id=payment) == TODAY + DAY
    kernel.fence(TODAY + DAY)
    # The id would lie where the close of that day does not look for it.
    with pytest.raises(errors.TimeOutOfRange):
        kernel.pay(setting.wallet, setting.shop, 1_000)
    with pytest.raises(errors.TimeOutOfRange):
        kernel.refund(payment, 1_000)


@pytest.mark.parametrize("sent", [NOON, NOON + 12 * timedelta(hours=1)], ids=["from before", "from after"])
def test_a_refund_between_fence_and_close_is_kept_back_and_counts_once(
    kernel: Kernel, setting: Setting, sent: datetime
) -> None:
    """Its business day is the next one, though the day of the payment is not closed yet. It may even have been sent
    before the fence was set."""
    payment = kernel.id_at(NOON)
    kernel.pay(setting.wallet, setting.shop, 50_000, id=payment)
    kernel.refund(payment, 4_000)
    kernel.fence(TODAY)
    kernel.refund(payment, 7_000, at=sent)
    kernel.call("settlement.close_day", CITY, CURRENCY, TODAY, sent)
    kernel.close_day(TODAY + DAY, at=NOON + 2 * DAY)
    lines = (
        "SELECT carried_in, paid, refunded, payable, carried_out FROM merchants_settlementline ORDER BY business_date"
    )
    assert kernel.rows(lines) == [(0, 50_000, 4_000, 39_000, 7_000), (7_000, 0, 7_000, 0, 0)]


def test_a_refund_between_fence_and_close_of_more_than_the_day_brought_is_owed(
    kernel: Kernel, setting: Setting
) -> None:
    """What a shop gave back of an earlier day's payment can exceed what this day brought."""
    payment = kernel.id_at(NOON)
    kernel.pay(setting.wallet, setting.shop, 50_000, id=payment)
    kernel.close_day(TODAY, at=NOON + DAY)
    kernel.pay(setting.wallet, setting.shop, 10_000, at=NOON + DAY)
    kernel.fence(TODAY + DAY)
    kernel.refund(payment, 30_000, at=NOON + 2 * DAY)
    kernel.call("settlement.close_day", CITY, CURRENCY, TODAY + DAY, NOON + 2 * DAY)
    kernel.close_day(TODAY + 2 * DAY, at=NOON + 3 * DAY)
    lines = (
        "SELECT carried_in, paid, refunded, payable, carried_out FROM merchants_settlementline ORDER BY business_date"
    )
    assert kernel.rows(lines) == [
        (0, 50_000, 0, 50_000, 0), (0, 10_000, 0, 0, 10_000), (10_000, 0, 30_000, 0, -20_000)
    ]  # fmt: skip


def test_an_id_must_lie_near_its_time(kernel: Kernel, setting: Setting) -> None:
    with pytest.raises(errors.TimeOutOfRange):
        kernel.pay(setting.wallet, setting.shop, 1_000, id=kernel.id_at(NOON + 5 * DAY))


def test_partial_refunds_go_back_last_drawn_first_and_never_beyond(kernel: Kernel, setting: Setting) -> None:
    payment = kernel.id_at(NOON)
    kernel.pay(setting.wallet, setting.shop, 50_000, id=payment)  # 40,000 for 30 days, 10,000 for 90 days
    for amount, left in ((4_000, (0, 54_000)), (10_000, (4_000, 60_000)), (35_999, (39_999, 60_000))):
        assert kernel.refund(payment, amount) == amount
        assert tuple(remaining for _, remaining in kernel.lots(setting.wallet)) == left
    with pytest.raises(errors.RefundExceedsPayment) as refused:
        kernel.refund(payment, 2)
    assert refused.value.params == {"refundable": 1}
    assert kernel.refund(payment, None) == 1
    with pytest.raises(errors.RefundExceedsPayment):
        kernel.refund(payment, None)


def test_a_repeated_refund_gives_back_once(kernel: Kernel, setting: Setting) -> None:
    payment, refund = kernel.id_at(NOON), kernel.id_at(NOON)
    kernel.pay(setting.wallet, setting.shop, 50_000, id=payment)
    assert [kernel.refund(payment, 20_000, id=refund) for _ in range(2)] == [20_000, 20_000]
    assert sum(remaining for _, remaining in kernel.lots(setting.wallet)) == 70_000
    with pytest.raises(errors.JournalConflict):
        kernel.refund(payment, 20_001, id=refund)


def test_a_list_is_paid_out_of_what_was_reserved_for_it_only(kernel: Kernel, setting: Setting) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="balance_sums_not_negative"):
        kernel.disburse(setting.programme, [(setting.wallet, 900_001)])


def test_an_entitlement_is_paid_once(kernel: Kernel, setting: Setting) -> None:
    source = [uuid7()]
    kernel.disburse(setting.programme, [(setting.wallet, 1)], sources=source)
    with pytest.raises(psycopg.errors.UniqueViolation, match="lot_source_once"):
        kernel.disburse(setting.programme, [(setting.wallet, 1)], sources=source)


def test_budget_cannot_be_reserved_twice(kernel: Kernel, setting: Setting) -> None:
    with pytest.raises(errors.BudgetExceeded) as refused:
        kernel.call("ledger.reserve", CITY, CURRENCY, setting.programme, 1)
    assert refused.value.params == {"available": 0, "needed": 1}


def test_a_month_without_partition_is_a_clear_refusal(kernel: Kernel, setting: Setting) -> None:
    long_ago = datetime(2019, 5, 1, tzinfo=UTC)
    with pytest.raises(errors.MonthNotPrepared):
        kernel.pay(setting.wallet, setting.shop, 1_000, at=long_ago)


def test_partitions_are_made_once_and_hold_what_is_posted(kernel: Kernel) -> None:
    first, last = datetime(2019, 5, 31, tzinfo=UTC).date(), datetime(2019, 6, 1, tzinfo=UTC).date()
    tables = kernel.rows(
        "SELECT count(*) FROM pg_partitioned_table WHERE partrelid::regclass::text LIKE 'vouchers_%%'"
    )[0][0]
    made = [kernel.call("ledger.ensure_partitions", first, last) for _ in range(2)]
    assert made == [2 * tables, 0]  # every table that is kept by month, for each of both months
    for month in ("2019_05", "2019_06"):
        names = {
            row[0]
            for row in kernel.rows("SELECT relname FROM pg_class WHERE relname LIKE %s AND relkind = 'r'", f"%{month}")
        }
        assert {"vouchers_journal_" + month, "vouchers_transfer_" + month, "vouchers_payment_" + month} <= names


@pytest.mark.parametrize("scope", ["", "28110", "4128", "41281,4128"])
def test_money_moves_only_in_scope(kernel: Kernel, setting: Setting, scope: str) -> None:
    kernel.connection.execute("SELECT set_config('app.municipalities', %s, true)", [scope])
    with pytest.raises(errors.OutOfScope):
        kernel.pay(setting.wallet, setting.shop, 1)
    with pytest.raises(errors.OutOfScope):
        kernel.call("ledger.reserve", CITY, CURRENCY, setting.programme, 1)


def test_money_moves_only_where_each_statement_sees_the_latest(kernel: Kernel) -> None:
    kernel.connection.rollback()
    kernel.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    with pytest.raises(errors.IsolationNotReadCommitted):
        kernel.pay(uuid7(), uuid7(), 1)


@pytest.mark.parametrize("table", ["vouchers_journal", "vouchers_transfer"])
@pytest.mark.parametrize("part", ["", f"_{TODAY:%Y_%m}"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET business_date = business_date", "DELETE FROM {}", "TRUNCATE {}"])
def test_not_even_the_owner_changes_what_is_posted(kernel: Kernel, table: str, part: str, statement: str) -> None:
    with pytest.raises(errors.LedgerIsImmutable):
        kernel.rows(statement.format(table + part))


@pytest.mark.parametrize("part", ["", f"_{TODAY:%Y_%m}"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET amount = amount", "UPDATE {} SET at = at, refunded = 0", "DELETE FROM {}", "TRUNCATE {}"],
)
def test_not_even_the_owner_changes_a_payment(kernel: Kernel, part: str, statement: str) -> None:
    with pytest.raises(errors.LedgerIsImmutable):
        kernel.rows(statement.format("vouchers_payment" + part))


def test_only_what_was_given_back_of_a_payment_can_ever_change(kernel: Kernel) -> None:
    """A column that is added later is immutable too, unless somebody decides otherwise here."""
    query = """
        SELECT attribute.attname FROM pg_attribute attribute
        JOIN pg_trigger guard ON guard.tgrelid = attribute.attrelid AND guard.tgname = 'payment_is_immutable'
        WHERE attribute.attrelid = %s::regclass AND attribute.attnum > 0 AND NOT attribute.attnum = ANY (guard.tgattr)
    """
    for table in ("vouchers_payment", f"vouchers_payment_{TODAY:%Y_%m}"):
        assert kernel.rows(query, table) == [("refunded",), ("discount_returned",)]


@pytest.mark.parametrize("part", ["", f"_{TODAY:%Y_%m}"])
@pytest.mark.parametrize("refunded", [-1, 50_001])
def test_never_more_is_given_back_than_was_paid(kernel: Kernel, setting: Setting, part: str, refunded: int) -> None:
    """Not even by the owner."""
    kernel.pay(setting.wallet, setting.shop, 50_000)
    with pytest.raises(psycopg.errors.CheckViolation, match="given back"):
        kernel.connection.execute(f"UPDATE vouchers_payment{part} SET refunded = %s", [refunded])


def test_events_are_journals_and_payments(kernel: Kernel, setting: Setting) -> None:
    """A payment is its own journal; no event stands in both."""
    payment, refund = kernel.id_at(NOON), kernel.id_at(NOON)
    kernel.pay(setting.wallet, setting.shop, 50_000, id=payment)
    kernel.refund(payment, 20_000, id=refund)
    events = kernel.rows(
        "SELECT kind, reference, business_date FROM vouchers_event WHERE id = ANY (%s)", [payment, refund]
    )
    assert sorted(events) == [("pay", None, TODAY), ("refund", payment, TODAY)]
    assert kernel.rows("SELECT count(*) FROM vouchers_journal WHERE kind = 'pay'") == [(0,)]
    kernel.fence(TODAY + DAY)
    with pytest.raises(errors.JournalConflict):
        kernel.refund(payment, 1, id=payment)


def test_spending_touches_no_index(kernel: Kernel) -> None:
    """An update of an indexed column would not be heap-only."""
    query = "SELECT indexdef FROM pg_indexes WHERE tablename = 'vouchers_lot' AND indexdef ~ '(remaining|held)'"
    assert kernel.rows(query) == []
