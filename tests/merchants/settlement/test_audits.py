"""The invariants of fees and adjustments can fail: what somebody with the database's keys might change is found."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connections, transaction

from tests import factories
from tests.factories import AT, City
from tests.factories.payouts import close, settle
from tests.factories.settlement import adjust, charge
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.ledger.audit import audit
from vouchers.ledger.services import call
from vouchers.payments.models import Payment

NAMES = {"fees_follow_rates", "adjustments_follow_transfers"}
TODAY = business_date(AT)
FEES, ADJUSTMENTS = {"fees_follow_rates"}, {"adjustments_follow_transfers"}
TAMPERING = {
    "a fee is told smaller": ("UPDATE merchants_settlementfee SET charged = charged - 1 WHERE charged > 0", FEES),
    "a fee is given back in words only": ("UPDATE merchants_settlementfee SET returned = returned + 1", FEES),
    "a rate is told larger": ("UPDATE merchants_settlementfee SET basis_points = basis_points + 1 WHERE charged > 0", FEES),
    "a day's fee is hidden": ("DELETE FROM merchants_settlementfee WHERE returned > 0", FEES),
    "a line forgets its fee": (
        "UPDATE merchants_settlementline SET payable = payable + fee, fee = 0 WHERE fee > 0", FEES | {"settlement_is_posted"},
    ),
    "a close forgets its fees": ("UPDATE merchants_dayclose SET fee = 0 WHERE fee > 0", FEES | {"bank_covers_all"}),
    "a fee belongs to no close": ("UPDATE merchants_dayclose SET fee_journal_id = NULL WHERE fee > 0", FEES),
    "an adjustment is called a fee": (
        ("UPDATE vouchers_journal SET kind = 'fee' WHERE kind = 'adjust' AND reference IN"
         " (SELECT id FROM merchants_adjustment WHERE merchant_id IS NOT NULL)"), FEES | ADJUSTMENTS,
    ),
    "an adjustment is made larger": (
        "UPDATE merchants_adjustment SET amount = amount - 1 WHERE merchant_id IS NOT NULL", ADJUSTMENTS | {"bank_covers_all"},
    ),
    "an adjustment is hidden": (
        "DELETE FROM merchants_adjustment WHERE merchant_id IS NOT NULL", ADJUSTMENTS | {"bank_covers_all"},
    ),
    "money of the city's own is hidden": ("DELETE FROM merchants_adjustment WHERE merchant_id IS NULL", ADJUSTMENTS),
    "an adjustment is of another day": (
        "UPDATE merchants_adjustment SET business_date = business_date + 1 WHERE merchant_id IS NOT NULL", ADJUSTMENTS,
    ),
    "a line forgets its adjustment": (
        "UPDATE merchants_settlementline SET payable = payable - adjusted, adjusted = 0 WHERE adjusted <> 0",
        ADJUSTMENTS | {"settlement_is_posted"},
    ),
    "a close forgets its adjustments": ("UPDATE merchants_dayclose SET adjusted = 0 WHERE adjusted <> 0", ADJUSTMENTS),
    "the operating account loses money": (
        "UPDATE vouchers_balance b SET debits = debits + 1 FROM vouchers_account a WHERE a.id = b.account_id AND a.kind = 'operating'",
        {"balances_follow_transfers", "bank_covers_all"},
    ),
}  # fmt: skip


@pytest.fixture
def city(committed_db: str) -> City:
    """A shop was charged for its sales, got a part back on the next day, and paid for a mistake; the city put money there."""
    city = factories.make_city()
    with city.scope():
        charge(city, "1.00", valid_from=TODAY)
        shop = factories.make_merchant(city)
        settle(city, shop, 30_000, at=AT)
        adjust(city, 5_000)
        adjust(city, -700, shop)
        close(city, TODAY, at=AT + timedelta(days=1))
        payment = Payment.objects.get()
        later = AT + timedelta(days=1)
        call("payments.cancel", city.code, payment.partner_id, str(uuid7()), b"\0" * 32, payment.pk, 10_000, later)
        close(city, TODAY + timedelta(days=1), at=AT + timedelta(days=2))
    return city


def test_honest_fees_and_adjustments_have_no_difference(city: City) -> None:
    found = {finding.invariant.name: (finding.figure, finding.difference) for finding in audit(using="owner")}
    assert {name: found[name] for name in NAMES} == {
        "fees_follow_rates": (300, 0), "adjustments_follow_transfers": (5_700, 0),
    }  # fmt: skip
    assert not [name for name, (_figure, difference) in found.items() if difference]


def test_each_tampering_is_found(city: City) -> None:
    found = {}
    for what, (statement, _expected) in TAMPERING.items():
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(statement)
            assert cursor.rowcount > 0, what
            found[what] = {finding.invariant.name for finding in audit(using="owner") if finding.difference}
            transaction.set_rollback(True, using="owner")
    assert {what: sorted(names) for what, names in found.items()} == {
        what: sorted(expected) for what, (_statement, expected) in TAMPERING.items()
    }
