"""A worker killed while it pays a list in which not everybody can be paid: the next one goes on, and no won is lost."""

from __future__ import annotations

import pytest

from allowances.batches.models import Batch, BatchState
from allowances.disbursement import services
from allowances.disbursement.models import UnpaidEntitlement
from allowances.programmes.selectors import budget_of
from tests import factories
from tests.factories import AT
from tests.factories.holding import AMOUNT, Stranger, close_wallet, make_holding_list
from tests.factories.lists import make_office
from tests.kill.test_worker import posted, state_of, until, worker
from vouchers.ledger.audit import audit
from vouchers.ledger.models import Lot
from vouchers.officials.rules import Role

pytestmark = [pytest.mark.kill, pytest.mark.usefixtures("committed_db")]

CHUNKS, EACH = 60, 4


def test_a_killed_worker_loses_nobody_who_is_held() -> None:
    """Of each four rows one is a stranger, and one wallet in eight is closed."""
    office = make_office(amount=AMOUNT)
    with office.city.scope():
        people = [
            Stranger(phone=f"0109999{number:04}") if number % 4 == 0 else factories.make_citizen(office.city)
            for number in range(CHUNKS * EACH)
        ]
        batch = make_holding_list(office.city, people, chunk_rows=EACH)
        for person in people[1::8]:
            close_wallet(person)
        services.resume(batch=batch, at=AT, **office.acting(Role.PAYER))
    with worker() as process:
        until(lambda: posted(office, batch) > 0, process)
        process.kill()
        process.wait()
    with office.city.scope():
        assert Batch.objects.get(pk=batch.pk).state == BatchState.PAYING
    with worker() as process:
        until(lambda: state_of(office, batch) == BatchState.PAID, process)
    with office.city.scope():
        held = UnpaidEntitlement.objects.count()
        assert held == len(people[::4]) + len(people[1::8])
        assert Lot.objects.count() == len(people) - held
        assert budget_of(programme=batch.cycle.programme).reserved == 0
        assert {found.invariant.name: found.difference for found in audit() if found.difference} == {}
