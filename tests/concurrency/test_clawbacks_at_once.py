"""Clawbacks that want the same money, and money that moves meanwhile: never more than was paid, never a won lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from allowances.approvals import services as approvals
from allowances.batches.models import Batch, BatchState
from allowances.clawback import services
from allowances.clawback.errors import MoreThanOutstanding
from allowances.clawback.models import Receivable, Recovery
from allowances.disbursement import services as disbursement
from tests.factories import AT
from tests.factories.clawbacks import Desk, Till, owed, paid_list, person
from tests.factories.lists import Office, approved, make_office
from vouchers.common.errors import DomainError
from vouchers.ledger.audit import audit
from vouchers.ledger.models import Lot
from vouchers.ledger.services import call
from vouchers.officials.rules import Role

AMOUNT = 100_000


@pytest.fixture
def office(committed_db: str) -> Office:
    return make_office(amount=AMOUNT)


def at_once(office: Office, acts: list[Callable[[], Any]]) -> list[Any]:
    """All of them together, each on a thread and connection of its own; results or domain errors, in order."""
    gate = Barrier(len(acts))

    def work(act: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            with office.city.scope():
                return act()
        except DomainError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(work, acts))


def assert_audited() -> None:
    assert not {found.invariant.name for found in audit(using="owner") if found.difference}


def test_two_clawbacks_of_the_same_payment_never_take_more_than_was_paid(office: Office, tmp_path: Path) -> None:
    with office.city.scope():
        desk, paid = Desk(office, tmp_path), paid_list(office, rows=2)
        lists = [desk.by_rows(paid, (2, 60_000), (3, 10_000)), desk.by_rows(paid, (3, 10_000), (2, 60_000))]
        for batch in lists:
            approvals.submit(batch=batch, exclude_bad_rows=False, at=AT, **office.acting(Role.DRAFTER))
    gate = Barrier(2)

    def complete(batch: Batch) -> BatchState:
        gate.wait()
        try:
            return approvals.complete_submission(municipality=office.city.code, batch_id=batch.pk, at=AT)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(complete, lists)) == {BatchState.SUBMITTED, BatchState.VALIDATED}
    with office.city.scope():
        loser = Batch.objects.get(state=BatchState.VALIDATED)
        assert loser.failure["code"] == "clawback_exceeds_paid"
        assert loser.failure["params"]["available"] == 40_000
        assert Recovery.objects.get(source_id=person(paid, 2).pk).claimed == 60_000
    assert_audited()


def test_a_payment_and_a_clawback_race_for_the_same_lot(office: Office, tmp_path: Path) -> None:
    with office.city.scope():
        desk, till, paid = Desk(office, tmp_path), Till(office), paid_list(office, rows=1)
        wallet, ready = person(paid, 2).wallet_id, approved(office, desk.by_rows(paid, (2, None)))
        disbursement.start(batch=ready, digest=ready.digest, at=AT, **office.acting(Role.PAYER))

    def carry_out() -> int:
        disbursement.run(municipality=office.city.code, batch_id=ready.pk, at=AT)
        return 0

    def spend() -> int:
        till.pay(wallet, 10_000)
        return 10_000

    results = at_once(office, [carry_out, *[spend] * 5])
    spent = sum(won for won in results if isinstance(won, int))
    with office.city.scope():
        debts = owed(ready)
        assert sum(debt.outstanding for debt in debts) == spent
        assert Lot.objects.get().remaining == 0
    assert_audited()


def test_ten_people_record_the_same_debts_payment(office: Office, tmp_path: Path) -> None:
    with office.city.scope():
        desk, till, paid = Desk(office, tmp_path), Till(office), paid_list(office, rows=1)
        payment = till.pay(person(paid, 2).wallet_id, AMOUNT)
        (debt,) = owed(desk.carry_out(desk.by_rows(paid, (2, None))))

    def repay() -> int:
        return services.record_payment(
            receivable=debt, id=call("ledger.id_at", AT)[0], amount=30_000, paid_on=AT.date(), method="transfer",
            document_number="", at=AT, **office.acting(Role.PAYER),
        )  # fmt: skip

    def cancel() -> int:
        till.cancel(payment, 25_000)
        return 0

    results = at_once(office, [*[repay] * 6, cancel, cancel])
    assert {type(result) for result in results if isinstance(result, DomainError)} <= {MoreThanOutstanding}
    with office.city.scope():
        now = Receivable.objects.get()
        left = sum(Lot.objects.values_list("remaining", flat=True))
        assert now.repaid + now.set_off + now.outstanding == AMOUNT
        assert now.set_off + left == 50_000  # what came back went to the debt first, the rest is the citizen's
        assert now.outstanding == 0 or left == 0
    assert_audited()
