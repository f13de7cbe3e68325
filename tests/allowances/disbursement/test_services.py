"""Paying an approved list: exactly once, and only what was signed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connections, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from allowances.approvals import errors as approval_errors
from allowances.approvals.services import domain_errors
from allowances.batches.models import Batch, BatchState
from allowances.disbursement import services
from allowances.disbursement.rules import Progress
from allowances.disbursement.selectors import progress
from allowances.programmes.rules import Budget
from allowances.programmes.selectors import budget_of
from tests.factories import AT
from tests.factories.lists import approved, make_list, make_office, paying, submitted
from vouchers.common.errors import NotPermitted, StateConflict
from vouchers.common.seoul import business_date, start_of_day
from vouchers.ledger.models import Lot
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    made = make_office()
    with made.city.scope():
        yield made


def run(office, batch, **options):
    services.run(municipality=office.city.code, batch_id=batch.pk, at=AT, **options)
    return Batch.objects.get(pk=batch.pk)


def test_the_payer_starts_and_the_job_pays(office):
    batch = approved(office, make_list(office, rows=7), chunk_rows=3)
    services.start(batch=batch, digest=batch.digest, at=AT, **office.acting(Role.PAYER))
    assert Batch.objects.get().state == BatchState.PAYING
    job = ProcrastinateJob.objects.get(task_name=services.RUN)
    assert (job.lock, job.args["batch_id"]) == (f"batch:{batch.pk}", str(batch.pk))

    batch = run(office, batch)
    assert (batch.state, batch.paid_at, batch.failure) == (BatchState.PAID, AT, None)
    assert list(Lot.objects.values_list("granted", "remaining")) == [(100_000, 100_000)] * 7
    assert Lot.objects.values("wallet_id").distinct().count() == 7
    # paid today and valid for 90 days after it, to the end of the last
    assert Lot.objects.first().expires_at == start_of_day(business_date(AT) + timedelta(days=91))
    assert budget_of(programme=office.programme) == Budget(allotted=1_000_000_000, reserved=0, paid=700_000)
    assert progress(batch) == Progress(
        chunks=3, chunks_posted=3, rows=7, rows_posted=7, amount=700_000, amount_posted=700_000
    )
    assert progress(batch).percent == 100


def test_a_payment_that_stopped_goes_on_where_it_was(office):
    batch = paying(office, make_list(office, rows=7), chunk_rows=3)
    asked = iter([False, True])
    batch = run(office, batch, should_stop=lambda: next(asked))
    assert (batch.state, progress(batch).chunks_posted) == (BatchState.PAYING, 1)
    assert 0 < progress(batch).percent < 100
    batch = run(office, batch)
    assert (batch.state, Lot.objects.count()) == (BatchState.PAID, 7)


def test_running_again_pays_nothing_again(office):
    batch = run(office, paying(office, make_list(office)))
    assert run(office, batch).state == BatchState.PAID
    assert Lot.objects.count() == 3


@pytest.mark.parametrize("reached", ["submitted", "approved"])
def test_nothing_is_paid_before_the_payer_signed(office, reached):
    batch = {"submitted": submitted, "approved": approved}[reached](office, make_list(office))
    assert run(office, batch).state == reached
    assert not Lot.objects.exists()


def test_only_a_payer_starts(office):
    batch = approved(office, make_list(office))
    with pytest.raises(approval_errors.NotYourTurn):
        services.start(batch=batch, digest=batch.digest, at=AT, **office.acting(Role.BUDGET))
    with pytest.raises(approval_errors.AlreadySigned):
        services.start(batch=batch, digest=batch.digest, at=AT, **office.acting(Role.APPROVER))
    with pytest.raises(approval_errors.DigestChanged):
        services.start(batch=batch, digest="0" * 64, at=AT, **office.acting(Role.PAYER))


def test_starting_twice_is_refused(office):
    batch = paying(office, make_list(office))
    with pytest.raises(StateConflict):
        services.start(batch=batch, digest=batch.digest, at=AT, **office.acting(Role.PAYER))
    assert ProcrastinateJob.objects.filter(task_name=services.RUN).count() == 1


def test_a_list_is_not_paid_by_saying_so(office):
    batch = paying(office, make_list(office))
    batch.state = BatchState.PAID
    with pytest.raises(StateConflict), transaction.atomic(), domain_errors():
        batch.save()


def test_the_application_cannot_write_chunks(office):
    batch = paying(office, make_list(office))
    for statement in ("DELETE FROM allowances_disbursementchunk", "UPDATE allowances_disbursementchunk SET amount = 1"):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            connections["default"].cursor().execute(statement)
    assert progress(batch) == Progress()


def test_a_payer_resumes_what_failed(office):
    batch = paying(office, make_list(office))
    ProcrastinateJob.objects.filter(task_name=services.RUN).update(status="failed")
    Batch.objects.filter(pk=batch.pk).update(failure={"code": "digest_mismatch", "params": {}})
    with pytest.raises(NotPermitted):
        services.resume(batch=batch, at=AT, **office.acting(Role.APPROVER))
    services.resume(batch=batch, at=AT, **office.acting(Role.PAYER))
    assert Batch.objects.get().failure is None
    assert ProcrastinateJob.objects.filter(task_name=services.RUN, status="todo").count() == 1
