"""The invariants of payouts can fail: what somebody with the database's keys might change is found."""

from __future__ import annotations

import pytest
from django.db import connections, transaction

from tests import factories
from tests.factories.payouts import PayoutDesk, make_payout_desk, status_report
from vouchers.ledger.audit import audit

NAMES = {"payouts_follow_transfers", "payout_batches_stay_frozen"}
BOTH = NAMES
TAMPERING = {
    "a payout is told larger": ("UPDATE merchants_payout SET amount = amount + 1 WHERE state = 'listed'", BOTH),
    "a payout is called paid": (
        "UPDATE merchants_payout SET state = 'paid', paid_at = now(), paid_journal_id = uuidv7() WHERE state = 'listed'",
        BOTH,
    ),
    "a paid one is called on its way": (
        "UPDATE merchants_payout SET state = 'listed', paid_at = NULL, paid_journal_id = NULL WHERE state = 'paid'",
        {"payouts_follow_transfers"},
    ),
    "one on its way is called cancelled": (
        ("UPDATE merchants_payout SET state = 'cancelled', returned_at = now(), returned_journal_id = uuidv7()"
         " WHERE state = 'listed'"), BOTH,
    ),
    "a paid one leans on another event": (
        "UPDATE merchants_payout SET paid_journal_id = journal_id WHERE state = 'paid'", {"payout_batches_stay_frozen"},
    ),
    "two shops trade their sums": (
        "UPDATE merchants_payout SET amount = 50000 - amount WHERE line < 3", BOTH,
    ),
    "a returned one was never taken": (
        "UPDATE merchants_payout SET currency_id = uuidv7() WHERE state = 'returned'", {"payouts_follow_transfers"},
    ),
    "a returned one is hidden": ("DELETE FROM merchants_payout WHERE state = 'returned'", BOTH),
    "a payout goes to another shop": (
        ("UPDATE merchants_payout SET merchant_id = (SELECT merchant_id FROM merchants_payout WHERE line = 1 LIMIT 1)"
         " WHERE state = 'listed'"), BOTH,
    ),
    "a payout goes to another account": (
        "UPDATE merchants_payout SET holder = '도둑' WHERE state = 'listed'", {"payout_batches_stay_frozen"},
    ),
    "a batch is told larger": (
        "UPDATE merchants_payoutbatch SET amount = amount + 1", {"payout_batches_stay_frozen"},
    ),
    "a batch is told longer": (
        "UPDATE merchants_payoutbatch SET payouts = payouts + 1", {"payout_batches_stay_frozen"},
    ),
    "a digest is made to fit something else": (
        "UPDATE merchants_payoutbatch SET digest = sha256('x')", {"payout_batches_stay_frozen"},
    ),
    "money in transit vanishes": (
        ("UPDATE vouchers_balance b SET debits = debits + 1 FROM vouchers_account a"
         " WHERE a.id = b.account_id AND a.kind = 'payout_transit'"),
        {"payouts_follow_transfers", "balances_follow_transfers", "bank_covers_all"},
    ),
}  # fmt: skip


@pytest.fixture
def desk(committed_db: str) -> PayoutDesk:
    """A batch of three: one paid, one returned, one on its way; and one batch that was never sent."""
    city = factories.make_city()
    with city.scope():
        desk = make_payout_desk(city)
        batch, _file = desk.sent()
        paid, returned, _listed = desk.payouts(batch)
        desk.take_in(status_report(paid.pk.hex, "ACSC"))
        desk.take_in(status_report(returned.pk.hex, "RJCT", "AC04"))
    return desk


def test_honest_payouts_have_no_difference(desk: PayoutDesk) -> None:
    found = {finding.invariant.name: (finding.figure, finding.difference) for finding in audit(using="owner")}
    assert {name: found[name] for name in NAMES} == dict.fromkeys(NAMES, (60000, 0))
    assert not [name for name, (_figure, difference) in found.items() if difference]


def test_each_tampering_is_found(desk: PayoutDesk) -> None:
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
