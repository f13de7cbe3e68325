"""A worker killed in the middle of its work: the next one goes on, and everybody is paid exactly once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import psycopg
import pytest
from django.db import connections
from procrastinate.contrib.django.models import ProcrastinateJob

from allowances.approvals import services as approvals
from allowances.batches.models import Batch, BatchRow, BatchState, Entitlement
from allowances.disbursement import services as disbursement
from allowances.disbursement.selectors import progress
from allowances.programmes.rules import Budget
from allowances.programmes.selectors import budget_of
from config.environment import BASE_DIR
from tests.factories.clawbacks import Desk, paid_list
from tests.factories.lists import Office, approved, make_list, make_office
from vouchers.common import jobs
from vouchers.ledger.audit import audit
from vouchers.ledger.models import Journal, JournalKind, Lot, Transfer
from vouchers.officials.rules import Role

pytestmark = [pytest.mark.kill, pytest.mark.usefixtures("committed_db")]

LONG = 20_000
SHORT = 4_000
CHUNKS = 100
AMOUNT = 10_000
BUDGET = 1_000_000_000
PATIENCE = 120.0


@contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a process of its own, on the test's database; killed at the end if it still runs."""
    command = [sys.executable, "manage.py", "worker", "--lost-after", "2", "--grace", "1"]
    with subprocess.Popen(command, cwd=BASE_DIR, env=dict(os.environ)) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def until(condition: Callable[[], bool], process: subprocess.Popen[bytes] | None = None) -> None:
    """Look again and again until it is so; the worker must not have ended meanwhile."""
    pause, deadline = threading.Event(), monotonic() + PATIENCE
    while not condition():
        assert process is None or process.poll() is None, "the worker has ended"
        assert monotonic() < deadline, "it never came to be"
        pause.wait(0.02)


def state_of(office: Office, batch: Batch) -> str:
    with office.city.scope():
        return Batch.objects.values_list("state", flat=True).get(pk=batch.pk)


def posted(office: Office, batch: Batch) -> int:
    with office.city.scope():
        return progress(batch).chunks_posted


def assert_everybody_paid_once(office: Office, batch: Batch) -> None:
    rows, paid = batch.rows_total, batch.amount_total
    with office.city.scope():
        assert Lot.objects.count() == Lot.objects.values("wallet_id").distinct().count() == rows
        assert Transfer.objects.filter(credit_lot_id__isnull=False).count() == rows
        done = progress(batch)
        assert (done.rows_posted, done.amount_posted) == (rows, paid)
        assert Journal.objects.filter(kind=JournalKind.DISBURSE).count() == done.chunks
        assert budget_of(programme=office.programme) == Budget(allotted=BUDGET, reserved=0, paid=paid)


@pytest.fixture
def office() -> Office:
    return make_office(budget=BUDGET, amount=AMOUNT)


@pytest.fixture
def payable(office: Office, request: pytest.FixtureRequest) -> Batch:
    """A list in small chunks, with its payment queued as by the payer just now."""
    rows = getattr(request, "param", SHORT)
    with office.city.scope():
        batch = approved(office, make_list(office, rows=rows), chunk_rows=rows // CHUNKS)
        return disbursement.start(batch=batch, digest=batch.digest, at=datetime.now(UTC), **office.acting(Role.PAYER))


@pytest.mark.parametrize("payable", [LONG], indirect=True)
def test_a_payment_survives_the_workers_death(office: Office, payable: Batch) -> None:
    for at_least in (3, 30):
        with worker() as process:
            until(lambda at_least=at_least: posted(office, payable) >= at_least, process)
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert state_of(office, payable) == BatchState.PAYING
        assert posted(office, payable) < CHUNKS
    with worker() as process:
        until(lambda: state_of(office, payable) == BatchState.PAID, process)
    assert_everybody_paid_once(office, payable)


def test_two_workers_pay_a_list_once(office: Office, payable: Batch) -> None:
    # as after a false alarm: one worker believes another dead, and both are at the same list
    arguments = {"municipality": office.city.code, "batch_id": str(payable.pk)}
    jobs.defer(disbursement.RUN, lock="another", **arguments)
    with worker() as one, worker() as two:
        until(lambda: state_of(office, payable) == BatchState.PAID, one)
        until(lambda: not ProcrastinateJob.objects.exists(), two)
    assert_everybody_paid_once(office, payable)


def test_a_worker_told_to_stop_leaves_the_rest_to_the_next(office: Office, payable: Batch) -> None:
    with worker() as process:
        until(lambda: posted(office, payable) >= 3, process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    assert not ProcrastinateJob.objects.filter(status="doing").exists()
    with worker() as process:
        until(lambda: state_of(office, payable) == BatchState.PAID, process)
    assert_everybody_paid_once(office, payable)


def test_a_worker_outlives_lost_connections(office: Office, payable: Batch, committed_db: str) -> None:
    with worker() as process:
        until(lambda: posted(office, payable) >= 3, process)
        with psycopg.connect(committed_db, autocommit=True) as owner:
            connections.close_all()
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        until(lambda: state_of(office, payable) == BatchState.PAID, process)
    assert_everybody_paid_once(office, payable)


def test_a_submission_survives_the_workers_death(office: Office, committed_db: str) -> None:
    with office.city.scope():
        batch = make_list(office, rows=SHORT)
        approvals.submit(
            batch=batch, exclude_bad_rows=False, at=datetime.now(UTC), **office.acting(Role.DRAFTER)
        )  # fmt: skip
    # The reservation is the submission's last step: whoever holds the budget's row holds the job just before its end.
    with psycopg.connect(committed_db) as holder, worker() as process:
        holder.execute("SELECT FROM vouchers_balance FOR UPDATE")
        with psycopg.connect(committed_db, autocommit=True) as observer:
            waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            until(lambda: observer.execute(waiting).rowcount > 0, process)
        process.send_signal(signal.SIGKILL)
        process.wait()
    with office.city.scope():
        assert (state_of(office, batch), Entitlement.objects.count()) == (BatchState.SUBMITTING, 0)
    with worker() as process:
        until(lambda: state_of(office, batch) == BatchState.SUBMITTED, process)
    with office.city.scope():
        assert Entitlement.objects.count() == SHORT
        assert budget_of(programme=office.programme).reserved == SHORT * AMOUNT


def test_a_job_that_kills_its_worker_each_time_is_given_up(office: Office, payable: Batch) -> None:
    job = ProcrastinateJob.objects.get(task_name=disbursement.RUN)
    with connections["default"].cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', attempts = 99 WHERE id = %s", [job.pk])
    with worker() as process:
        until(lambda: ProcrastinateJob.objects.get(pk=job.pk).status == "failed", process)
    assert posted(office, payable) == 0
    with office.city.scope():
        disbursement.resume(batch=payable, at=datetime.now(UTC), **office.acting(Role.PAYER))
    with worker() as process:
        until(lambda: state_of(office, payable) == BatchState.PAID, process)
    assert_everybody_paid_once(office, payable)


def test_a_clawback_survives_the_workers_death(office: Office, tmp_path: Path) -> None:
    with office.city.scope():
        paid = paid_list(office, rows=SHORT)
        people = BatchRow.objects.filter(batch_id=paid.pk).order_by("row_number")
        lines = [f"{row.name},{row.birth_date},{row.phone},4000,전출" for row in people]
        draft = Desk(office, tmp_path).by_file(["성명,생년월일,휴대전화,환수액,환수 사유", *lines], parent=paid)
        ready = approved(office, draft, chunk_rows=SHORT // CHUNKS)
        disbursement.start(batch=ready, digest=ready.digest, at=datetime.now(UTC), **office.acting(Role.PAYER))
    for at_least in (3, 30):
        with worker() as process:
            until(lambda at_least=at_least: posted(office, ready) >= at_least, process)
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert state_of(office, ready) == BatchState.PAYING
    with worker() as process:
        until(lambda: state_of(office, ready) == BatchState.PAID, process)
    with office.city.scope():
        assert set(Lot.objects.values_list("remaining", flat=True)) == {AMOUNT - 4_000}
        assert Transfer.objects.filter(debit_lot_id__isnull=False).count() == SHORT
        assert Journal.objects.filter(kind=JournalKind.CLAW_BACK).count() == progress(ready).chunks
        assert not any(found.difference for found in audit())
