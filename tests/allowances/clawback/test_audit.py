"""The audit of clawbacks finds nothing after an honest day, and the right thing after each dishonest one."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connections, transaction

from allowances.clawback import services
from allowances.disbursement import services as disbursement
from tests.factories import AT
from tests.factories.clawbacks import Desk, Till, owed, paid_list, person
from tests.factories.lists import Office, make_office, signed, submitted
from vouchers.common.models import uuid7
from vouchers.ledger.audit import audit
from vouchers.ledger.services import call
from vouchers.officials.rules import Role

TAMPERING = {
    "a claim is forgotten": ("UPDATE allowances_recovery SET claimed = claimed - 1", {"clawbacks_within_paid"}),
    "more is claimed than was paid": (
        "UPDATE allowances_recovery SET claimed = claimed + 1, paid = paid + 1", {"clawbacks_within_paid"},
    ),
    "a row says that more was taken": (
        "UPDATE allowances_clawbackitem SET taken = taken + 1 WHERE taken < amount",
        {"clawbacks_within_paid", "receivables_add_up"},
    ),
    "more is taken than a clawback says": (
        ("UPDATE vouchers_transfer t SET amount = t.amount + 1 FROM vouchers_journal j"
         " WHERE j.id = t.journal_id AND j.kind = 'claw_back'"), {
            "balances_follow_transfers", "clawbacks_within_paid", "lots_follow_transfers", "receivables_add_up",
            "returned_is_counted",
        },
    ),
    "a debt disappears": (
        "DELETE FROM allowances_receivable", {"receivables_add_up"},
    ),
    "a debt is made smaller": (
        "UPDATE allowances_receivable SET decided = decided - 1", {"receivables_add_up"},
    ),
    "a debt is said to be paid": (
        "UPDATE allowances_receivable SET repaid = repaid + 1", {"receivables_add_up"},
    ),
    "a payment is recorded that never arrived": (
        ("INSERT INTO allowances_receivableentry (municipality_id, id, receivable_id, kind, amount, paid_on, official_id, at)"
         " SELECT municipality_id, uuidv7(), receivable_id, kind, 1, paid_on, official_id, at"
         " FROM allowances_receivableentry WHERE kind = 'repaid'"), {"receivables_add_up"},
    ),
    "a set-off is made larger": (
        "UPDATE allowances_receivableentry SET amount = amount + 1 WHERE kind = 'set_off'",
        {"clawbacks_within_paid", "receivables_add_up"},
    ),
}  # fmt: skip


@pytest.fixture
def office(committed_db: str, tmp_path: Path) -> Office:
    """Three people clawed back, one of them a debtor who has paid, was set off and forgiven in part; and a list waits."""
    office = make_office(amount=100_000)
    with office.city.scope():
        desk, till, paid = Desk(office, tmp_path), Till(office), paid_list(office, rows=4)
        payment = till.pay(person(paid, 2).wallet_id, 60_000)
        (debt,) = owed(desk.carry_out(desk.by_rows(paid, (2, None), (3, 30_000), (4, 5_000))))
        services.record_payment(
            receivable=debt, id=call("ledger.id_at", AT)[0], amount=10_000, paid_on=AT.date(), method="cash",
            document_number="", at=AT, **office.acting(Role.PAYER),
        )  # fmt: skip
        services.write_off(
            receivable=debt,
            id=uuid7(),
            amount=5_000,
            reason="무재산",
            document_number="",
            at=AT,
            **office.acting(Role.APPROVER),
        )
        till.cancel(payment, 20_000)
        submitted(office, desk.by_rows(paid, (3, 1_000), (5, None)))
    return office


def test_an_honest_day_has_no_difference(office: Office) -> None:
    found = {finding.invariant.name: (finding.figure, finding.difference) for finding in audit(using="owner")}
    assert {name for name, (_, difference) in found.items() if difference} == set()
    assert found["clawbacks_within_paid"] == (40_000 + 30_000 + 5_000 + 20_000, 0)
    assert found["receivables_add_up"] == (60_000, 0)
    assert found["returned_is_counted"] == (95_000 + 10_000, 0)


def test_each_tampering_is_found_by_the_invariants_that_name_it(office: Office) -> None:
    found = {}
    for what, (statement, _) in TAMPERING.items():
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(statement)
            assert cursor.rowcount > 0, what
            found[what] = {finding.invariant.name for finding in audit(using="owner") if finding.difference}
            transaction.set_rollback(True, using="owner")
    assert found == {what: expected for what, (_, expected) in TAMPERING.items()}


@pytest.mark.parametrize(("statement", "code"), [
    ("UPDATE allowances_batchrow SET facts = '{\"clawback_reason\": \"다른 사유\"}' WHERE batch_id = %s", "digest_mismatch"),
    ("UPDATE allowances_clawbackitem SET amount = amount - 1 WHERE batch_id = %s", "clawback_claims_differ"),
    ("UPDATE allowances_batch SET parent_id = id WHERE id = %s", None),
])  # fmt: skip
def test_what_was_signed_is_taken_or_nothing(office: Office, tmp_path: Path, statement: str, code: str | None) -> None:
    with office.city.scope():
        batch = office.cycle.batches.get(state="submitted")
        batch = signed(office, batch, Role.REVIEWER, Role.APPROVER)
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement, [batch.pk])
        cursor.execute("SET session_replication_role = origin")
    with office.city.scope():
        disbursement.start(batch=batch, digest=batch.digest, at=AT, **office.acting(Role.PAYER))
    disbursement.run(municipality=office.city.code, batch_id=batch.pk, at=AT)
    with office.city.scope():
        failure = office.cycle.batches.get(pk=batch.pk).failure
        assert (failure and failure["code"]) == code
