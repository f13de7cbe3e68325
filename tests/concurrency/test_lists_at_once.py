"""Lists that name the same person, and workers at the same chunk: who comes second is told, and nobody is paid twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from typing import Any

import psycopg
import pytest
from django.db import connections

from allowances.approvals import services as approvals
from allowances.batches.models import Batch, BatchState, Entitlement
from allowances.disbursement import services as disbursement
from allowances.disbursement.selectors import progress
from allowances.programmes.selectors import budget_of
from tests.factories import AT
from tests.factories.lists import Office, make_list, make_office, paying
from vouchers.ledger.models import Journal, JournalKind, Lot
from vouchers.ledger.services import call
from vouchers.officials.rules import Role

ROWS, AMOUNT = 4, 100_000


@pytest.fixture
def office(committed_db: str) -> Office:
    return make_office(amount=AMOUNT)


def apart(office: Office, act: Callable[[], Any]) -> Any:
    """Do it on this thread's own connection, in the city's scope."""
    try:
        with office.city.scope():
            return act()
    finally:
        connections.close_all()


def complete(office: Office, batch: Batch) -> BatchState:
    return approvals.complete_submission(municipality=office.city.code, batch_id=batch.pk, at=AT)


def submit(office: Office, batch: Batch) -> None:
    approvals.submit(batch=batch, exclude_bad_rows=False, at=AT, **office.acting(Role.DRAFTER))


# Two lists, one citizen


def test_of_two_lists_with_the_same_citizen_one_is_submitted_and_the_other_told_whom(office: Office) -> None:
    with office.city.scope():
        lists = [make_list(office, rows=1), make_list(office, rows=ROWS)]  # they share the person of row 2
        for batch in lists:
            submit(office, batch)
    gate = Barrier(2)

    def work(batch: Batch) -> BatchState:
        gate.wait()
        try:
            return complete(office, batch)  # as the job does it: in transactions of its own
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(work, lists)) == {BatchState.SUBMITTED, BatchState.VALIDATED}
    with office.city.scope():
        winner, loser = (Batch.objects.get(state=state) for state in (BatchState.SUBMITTED, BatchState.VALIDATED))
        assert (winner.failure, loser.failure["code"]) == (None, "already_entitled")
        assert loser.failure["params"]["count"] == 1
        (clash,) = loser.failure["params"]["rows"]
        assert (clash["row"], clash["other_batch"], clash["other_row"]) == (2, str(winner.pk), 2)
        assert set(Entitlement.objects.values_list("batch_id", flat=True)) == {winner.pk}
        assert budget_of(programme=office.programme).reserved == winner.amount_total

        approvals.withdraw(batch=winner, reason="중복 확인", at=AT, **office.acting(Role.DRAFTER))
        assert budget_of(programme=office.programme).reserved == 0
        submit(office, loser)
    assert complete(office, loser) == BatchState.SUBMITTED
    with office.city.scope():
        assert Batch.objects.get(pk=loser.pk).failure is None
        assert budget_of(programme=office.programme).reserved == loser.amount_total


# Two workers, one chunk


@pytest.fixture
def planned(office: Office) -> Batch:
    """A list in payment, cut into one chunk that nobody has posted."""
    with office.city.scope():
        batch = paying(office, make_list(office, rows=ROWS))
        call("disbursement.plan", office.city.code, batch.pk)
        return batch


def post(office: Office, batch: Batch) -> int:
    rows: int = call("disbursement.post_chunk", office.city.code, batch.pk, 0, AT)[0]
    return rows


def assert_paid_once(office: Office, batch: Batch) -> None:
    disbursement.run(municipality=office.city.code, batch_id=batch.pk, at=AT)
    with office.city.scope():
        assert Batch.objects.get().state == BatchState.PAID
        assert Journal.objects.filter(kind=JournalKind.DISBURSE).count() == 1
        assert sorted(Lot.objects.values_list("remaining", flat=True)) == [AMOUNT] * ROWS
        assert progress(batch).chunks_posted == 1
        assert budget_of(programme=office.programme).reserved == 0


def test_many_workers_post_a_chunk_once(office: Office, planned: Batch) -> None:
    gate = Barrier(8)

    def work(_number: int) -> int:
        gate.wait()
        return apart(office, lambda: post(office, planned))

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(work, range(8))) == [0] * 7 + [ROWS]
    assert_paid_once(office, planned)


class Died(Exception):
    """The first worker's end before its commit."""


@pytest.mark.parametrize(("fails", "second_posts"), [(False, 0), (True, ROWS)], ids=["done", "failed"])
def test_the_second_worker_waits_for_the_first_ones_end(
    office: Office, planned: Batch, committed_db: str, fails: bool, second_posts: int
) -> None:
    """It must not look at the chunk before it is certain what became of it."""
    with ThreadPoolExecutor(1) as pool:
        with suppress(Died), office.city.scope():
            assert post(office, planned) == ROWS
            second = pool.submit(apart, office, lambda: post(office, planned))
            until_somebody_waits(committed_db, second)
            if fails:
                raise Died
        assert second.result() == second_posts
    assert_paid_once(office, planned)


def until_somebody_waits(url: str, meanwhile: Future[Any]) -> None:
    """Until a connection to the database waits for another one's lock."""
    waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with psycopg.connect(url, autocommit=True) as observer:
        while not observer.execute(waiting).rowcount:
            assert not meanwhile.done()
