"""Two officials at one list in the same second: who comes second is told, and nothing is half done."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections

from allowances.approvals import services as approvals
from allowances.batches import mending
from allowances.batches.models import Acceptance, AcceptedProblem, Batch, BatchState, RowCorrection
from allowances.batches.tally import count_kinds
from tests.factories import AT
from tests.factories.lists import Office, make_list, make_office
from vouchers.common.errors import DomainError
from vouchers.officials.rules import Role


@pytest.fixture
def office(committed_db: str) -> Office:
    return make_office()


def together(office: Office, *acts: Callable[[], Any]) -> list[str]:
    """What came of each: its code where it was refused."""
    gate = Barrier(len(acts))

    def work(act: Callable[[], Any]) -> str:
        gate.wait()
        try:
            with office.city.scope():
                act()
                return "done"
        except DomainError as refusal:
            return refusal.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(work, acts))


def warned(office: Office) -> Batch:
    """A list of three rows of which the second bears another name than its member."""
    batch = make_list(office, rows=3)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE allowances_batch SET state = 'reading' WHERE id = %s", [batch.pk])
        cursor.execute(
            "INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code, is_warning)"
            " VALUES (%s, %s, 3, 'name', 'name_differs', true)",
            [office.city.code, batch.pk],
        )
    batch.problem_kinds = count_kinds(municipality=office.city.code, batch_id=batch.pk)
    for state in (BatchState.READING, BatchState.VALIDATING, BatchState.VALIDATED):
        batch.state = state
        batch.save()
    return batch


def test_a_warning_is_accepted_once(office: Office) -> None:
    with office.city.scope():
        batch = warned(office)
    who = office.acting(Role.DRAFTER) | {"at": AT, "reason": "개명 확인서", "code": "name_differs", "field": "name"}
    accept = lambda: mending.accept(batch=batch, **who)  # noqa: E731
    assert together(office, accept, accept) == ["done", "nothing_to_accept"]
    with office.city.scope():
        assert (Acceptance.objects.count(), AcceptedProblem.objects.count()) == (1, 1)
        assert [kind["open"] for kind in Batch.objects.get(pk=batch.pk).problem_kinds] == [0]


def test_a_list_is_either_submitted_or_mended(office: Office) -> None:
    with office.city.scope():
        batch = make_list(office, rows=3)
    who = office.acting(Role.DRAFTER) | {"at": AT}
    came = together(
        office,
        lambda: approvals.submit(batch=batch, exclude_bad_rows=False, **who),
        lambda: mending.leave_out(batch=batch, row_number=3, reason="본인이 취소함", **who),
    )
    assert came == ["done", "state_conflict"]
    with office.city.scope():
        left_out = RowCorrection.objects.count()
        assert Batch.objects.get(pk=batch.pk).state == (BatchState.READING if left_out else BatchState.SUBMITTING)
