"""The audit of bought money, funds, refunds and daily sums: nothing after honest days, the right thing after dishonest ones."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connections, transaction

from tests import factories
from tests.conftest import Databases
from tests.factories import AT, City
from tests.factories.top_ups import buy, make_discount, write_of
from tests.vouchers.ledger.kernel import connect
from vouchers.common.seoul import business_date
from vouchers.ledger.audit import INVARIANTS, audit
from vouchers.ledger.models import LotReturn
from vouchers.ledger.services import call
from vouchers.top_ups import services as top_ups
from vouchers.top_ups.selectors import RefundAccount

NAMES = {
    "bought_money_was_reported", "benefits_stay_benefits", "funds_follow_benefits", "daily_sums_follow_transfers",
    "top_ups_follow_transfers",
}  # fmt: skip
_RECEIVE = "SELECT ledger.receive(%s, ledger.id_at(%s), %s, %s, 150000, %s)"
TAMPERING = {
    "more is received than was reported": (
        "UPDATE vouchers_transfer t SET amount = 200000 FROM vouchers_journal j WHERE t.journal_id = j.id AND j.kind = 'receive'",
        {"bought_money_was_reported", "daily_sums_follow_transfers", "balances_follow_transfers", "bank_covers_all"},
    ),
    "a purchase is made larger": (
        "UPDATE vouchers_lot SET granted = granted + 1, remaining = remaining + 1 WHERE kind = 'purchase' AND remaining > 0",
        {"bought_money_was_reported", "lots_follow_transfers", "bank_covers_all"},
    ),
    "what was bought is called an allowance": (
        "UPDATE vouchers_lot SET kind = 'grant' WHERE kind = 'purchase' AND remaining = 0",
        {"benefits_stay_benefits", "bought_money_was_reported", "entitlements_paid_once"},
    ),
    "a fund is filled": (
        "UPDATE vouchers_balance b SET credits = credits + 1 FROM vouchers_account a WHERE a.id = account_id AND a.kind = 'benefit'",
        {"funds_follow_benefits", "balances_follow_transfers", "bank_covers_all"},
    ),
    "a fund's money came from nowhere": (
        "UPDATE vouchers_journal SET kind = 'fund' WHERE kind = 'endow'", {"funds_follow_benefits", "funds_follow_entries"},
    ),
    "it is forgotten what a fund got back": ("DELETE FROM vouchers_lotreturn", {"funds_follow_benefits"}),
    "a day is written down larger": (
        "UPDATE vouchers_dailysum SET credits = credits + 1, balance = balance + 1 WHERE kind = 'wallet'",
        {"daily_sums_follow_transfers"},
    ),
    "a balance of a day is written down larger": (
        "UPDATE vouchers_dailysum SET balance = balance + 1 WHERE kind = 'wallet'", {"daily_sums_follow_transfers"},
    ),
    "a day is left out": ("DELETE FROM vouchers_dailysum WHERE kind = 'deposit'", {"daily_sums_follow_transfers"}),
    "a top-up is told smaller": ("UPDATE vouchers_topup SET paid = paid + 1", {"top_ups_follow_transfers"}),
}  # fmt: skip


@pytest.fixture
def city(committed_db: str, databases: Databases) -> City:
    """90,000 won that were bought at a discount of 10 %, and as much that was taken back, is owed, and is swept."""
    city, day = factories.make_city(), business_date(AT)
    with city.scope():
        factories.make_purchase_limit(city, per_month=10_000_000)
        make_discount(city, money=1_000_000)
        partner, wallet = factories.make_partner(city), factories.wallet_of(factories.make_citizen(city)).pk
        buy(partner, wallet, 100_000)
        second = buy(partner, wallet, 100_000, at=AT + timedelta(minutes=2))
        top_ups.cancel(
            write=write_of(partner), top_up=second.id, account=RefundAccount("088", "110123456789", "김장터"),
            at=AT + timedelta(hours=1),
        )  # fmt: skip
        assert LotReturn.objects.get().amount == 10_000
    with connect(committed_db) as owner:
        at = AT + timedelta(hours=2)
        owner.execute(_RECEIVE, (city.code, at, city.currency.pk, city.currency.pk, at))
    with city.scope():
        call("ledger.fence", city.code, day)
        call("reconciliation.sum_day", city.code, day)
    return city


def _differences() -> set[str]:
    return {finding.invariant.name for finding in audit(using="owner") if finding.difference}


def test_honest_days_have_no_difference_and_every_figure_says_something(city: City) -> None:
    found = {
        finding.invariant.name: (finding.figure, finding.difference)
        for finding in audit(using="owner")
        if finding.invariant.name in NAMES
    }
    moved = 1_000_000 + 2 * 100_000 + 100_000 + 150_000
    assert found == {
        "bought_money_was_reported": (180_000, 0), "benefits_stay_benefits": (90_000, 0),
        "funds_follow_benefits": (20_000, 0), "daily_sums_follow_transfers": (moved, 0),
        "top_ups_follow_transfers": (200_000, 0),
    }  # fmt: skip
    assert _differences() == set()


def test_each_tampering_is_found_by_the_invariants_that_name_it(city: City) -> None:
    found = {}
    for what, (statement, _expected) in TAMPERING.items():
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(statement)
            assert cursor.rowcount > 0, what
            found[what] = _differences()
            transaction.set_rollback(True, using="owner")
    assert found == {what: expected for what, (_statement, expected) in TAMPERING.items()}
    assert set.union(*found.values()) >= NAMES
    assert {invariant.name for invariant in INVARIANTS} >= NAMES
