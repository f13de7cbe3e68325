"""A payment at a set time, paused, taken up again, cut short; what could not be paid, tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from allowances.approvals.errors import DigestChanged, ReasonMissing
from allowances.batches.models import Batch, BatchEvent, BatchState
from allowances.disbursement import errors, services
from allowances.disbursement.rules import Outcome, Share
from allowances.disbursement.selectors import outcome, progress
from allowances.programmes.selectors import budget_of
from tests import factories
from tests.factories import AT
from tests.factories.holding import AMOUNT, Stranger, close_wallet, make_holding_list, unpaid
from tests.factories.lists import approved, make_list, make_office, paying
from vouchers.common.errors import NotPermitted, StateConflict
from vouchers.ledger.audit import audit
from vouchers.ledger.models import Lot
from vouchers.ledger.services import call
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def office():
    made = make_office(amount=AMOUNT)
    with made.city.scope():
        yield made


def payer(office):
    return office.acting(Role.PAYER)


def run(office, batch, **options):
    services.run(municipality=office.city.code, batch_id=batch.pk, at=AT, **options)
    return Batch.objects.get(pk=batch.pk)


def half_paid(office, rows=4):
    """A payment of which one chunk of two has been posted."""
    batch = paying(office, make_list(office, rows=rows), chunk_rows=3)
    asked = iter([False, True])
    batch = run(office, batch, should_stop=lambda: next(asked))
    assert progress(batch).chunks_posted == 1
    return batch


def actions(batch):
    return list(BatchEvent.objects.filter(batch=batch).order_by("pk").values_list("action", flat=True))


# At a set time


def test_a_list_is_paid_at_its_time_and_not_before(office):
    batch = approved(office, make_list(office))
    services.start(batch=batch, digest=batch.digest, at=AT, pay_at=AT + HOUR, **payer(office))
    batch.refresh_from_db()
    assert (batch.state, batch.pay_at) == (BatchState.SCHEDULED, AT + HOUR)
    job = ProcrastinateJob.objects.get(task_name=services.BEGIN)
    assert job.scheduled_at == AT + HOUR
    assert run(office, batch).state == BatchState.SCHEDULED
    assert services.begin_overdue(municipality=office.city.code, at=AT + HOUR - timedelta(seconds=1)) == 0

    services.begin(municipality=office.city.code, batch_id=batch.pk, pay_at=AT + HOUR)
    assert run(office, batch).state == BatchState.PAID
    assert Lot.objects.count() == 3
    assert actions(batch) == ["schedule"]


def test_an_appointment_whose_job_was_lost_is_kept_all_the_same(office):
    batch = approved(office, make_list(office))
    services.start(batch=batch, digest=batch.digest, at=AT, pay_at=AT + HOUR, **payer(office))
    assert services.begin_overdue(municipality=office.city.code, at=AT + HOUR) == 1
    assert Batch.objects.get(pk=batch.pk).state == BatchState.PAYING
    assert services.begin_overdue(municipality=office.city.code, at=AT + HOUR) == 0


def test_an_appointment_is_changed_and_its_old_job_does_nothing(office):
    batch = approved(office, make_list(office))
    services.start(batch=batch, digest=batch.digest, at=AT, pay_at=AT + HOUR, **payer(office))
    services.reschedule(batch=batch, pay_at=AT + 3 * HOUR, at=AT, **payer(office))
    assert services.begin(municipality=office.city.code, batch_id=batch.pk, pay_at=AT + HOUR) == BatchState.SCHEDULED
    assert services.begin(municipality=office.city.code, batch_id=batch.pk, pay_at=AT + 3 * HOUR) == BatchState.PAYING
    assert ProcrastinateJob.objects.filter(task_name=services.BEGIN).count() == 2


def test_an_appointment_is_taken_back_and_the_list_started_by_a_payer_without_a_second_signature(office):
    batch = approved(office, make_list(office))
    services.start(batch=batch, digest=batch.digest, at=AT, pay_at=AT + HOUR, **payer(office))
    with pytest.raises(ReasonMissing):
        services.unschedule(batch=batch, reason=" ", at=AT, **payer(office))
    services.unschedule(batch=batch, reason="예산 확인", at=AT, **payer(office))
    assert Batch.objects.get(pk=batch.pk).state == BatchState.APPROVED
    assert services.begin(municipality=office.city.code, batch_id=batch.pk, pay_at=AT + HOUR) == BatchState.APPROVED
    with pytest.raises(NotPermitted):
        services.start(batch=batch, digest=batch.digest, at=AT, **office.acting(Role.APPROVER))
    with pytest.raises(DigestChanged):
        services.start(batch=batch, digest="0" * 64, at=AT, **payer(office))
    services.start(batch=batch, digest=batch.digest, at=AT, **payer(office))
    assert run(office, batch).state == BatchState.PAID


@pytest.mark.parametrize("pay_at", [AT, AT - HOUR, AT + timedelta(days=181)])
def test_a_time_that_cannot_be_kept_is_refused_before_anybody_signs(office, pay_at):
    batch = approved(office, make_list(office))
    with pytest.raises(errors.PaymentTimeInvalid):
        services.start(batch=batch, digest=batch.digest, at=AT, pay_at=pay_at, **payer(office))
    assert Batch.objects.get(pk=batch.pk).state == BatchState.APPROVED


# Paused, taken up, cut short


def test_a_pause_stops_the_payment_and_a_payer_takes_it_up(office):
    batch = half_paid(office)
    with pytest.raises(NotPermitted):
        services.pause(batch=batch, reason="확인", at=AT, **office.acting(Role.APPROVER))
    services.pause(batch=batch, reason="민원 확인", at=AT, **payer(office))
    batch = run(office, batch)
    assert (batch.state, batch.failure, progress(batch).chunks_posted) == (BatchState.PAUSED, None, 1)
    with pytest.raises(StateConflict):
        services.pause(batch=batch, reason="다시", at=AT, **payer(office))
    services.resume(batch=batch, at=AT, **payer(office))
    batch = run(office, batch)
    assert (batch.state, Lot.objects.count()) == (BatchState.PAID, 4)
    assert actions(batch) == ["pause", "resume"]


def test_the_rest_is_given_up_only_as_it_was_shown(office):
    batch = half_paid(office)
    left = 4 * AMOUNT - progress(batch).amount_posted
    with pytest.raises(StateConflict):
        services.cancel_rest(batch=batch, reason="중단", unposted=left, at=AT, **payer(office))  # not paused
    services.pause(batch=batch, reason="민원 확인", at=AT, **payer(office))
    with pytest.raises(errors.RestChanged):
        services.cancel_rest(batch=batch, reason="중단", unposted=left + 1, at=AT, **payer(office))
    with pytest.raises(ReasonMissing):
        services.cancel_rest(batch=batch, reason="", unposted=left, at=AT, **payer(office))
    assert services.cancel_rest(batch=batch, reason="사업 중단", unposted=left, at=AT, **payer(office)) == left
    batch.refresh_from_db()
    assert (batch.state, batch.paid_at) == (BatchState.PAID, AT)
    assert budget_of(programme=office.programme).reserved == 0
    now = outcome(batch)
    assert (now.paid.amount, now.cancelled.amount, now.open.rows) == (4 * AMOUNT - left, left, 0)
    with pytest.raises(StateConflict):
        services.resume(batch=batch, at=AT, **payer(office))


def test_a_payment_that_was_paused_before_it_began_is_given_up_whole(office):
    batch = paying(office, make_list(office))
    services.pause(batch=batch, reason="민원 확인", at=AT, **payer(office))
    assert services.cancel_rest(batch=batch, reason="취소", unposted=3 * AMOUNT, at=AT, **payer(office)) == 3 * AMOUNT
    assert outcome(batch).cancelled == Share(rows=3, amount=3 * AMOUNT)


# The figures of the page


def test_the_parts_of_a_list_are_the_list(office):
    city = office.city
    people = [factories.make_citizen(city) for _ in range(6)]
    batch = make_holding_list(
        city,
        [*people, Stranger(), Stranger(phone="01099990002"), Stranger(phone="01099990003")],
        chunk_rows=9,
        cash=[3],
    )  # rows 2 to 8, then 9 and 10
    close_wallet(people[2])
    call("disbursement.stop", city.code, [people[3].pk, None], [None, "김미래|1990-03-04|01099990003"], [None, None],
         ["deceased", "moved_out"], AT)  # fmt: skip
    asked = iter([False, True])
    batch = run(office, batch, should_stop=lambda: next(asked))
    Stranger().joins(city)
    one = Share(rows=1, amount=AMOUNT)
    now = outcome(batch)
    assert now == Outcome(
        total=Share(rows=9, amount=9 * AMOUNT), paid=Share(rows=3, amount=3 * AMOUNT), cash=one, claimed=one, failed=one,
        stopped=Share(rows=2, amount=2 * AMOUNT), open=one,
    )  # fmt: skip
    batch = run(office, batch)
    assert outcome(batch).held == one
    assert sum((part.amount for name, part in vars(outcome(batch)).items() if name != "total")) == 9 * AMOUNT
    assert not outcome(batch).is_whole
    assert {found.invariant.name: found.difference for found in audit() if found.difference} == {}


# Again


def test_a_payer_tries_again_and_gives_the_rest_back(office):
    citizens = [factories.make_citizen(office.city) for _ in range(2)]
    batch = make_holding_list(office.city, citizens)
    for citizen in citizens:
        close_wallet(citizen, "frozen")
    batch = run(office, batch)
    close_wallet(citizens[0], "active")
    with pytest.raises(NotPermitted):
        services.retry_unpaid(batch=batch, at=AT, **office.acting(Role.APPROVER))
    assert services.retry_unpaid(batch=batch, at=AT, **payer(office)) == 1
    assert services.retry_unpaid(batch=batch, at=AT, **payer(office)) == 0
    assert services.give_up_failed(batch=batch, reason="해지 확인", at=AT, **payer(office)) == 1
    assert [state for _, state, _ in unpaid(batch).values()] == ["credited", "returned"]
    assert actions(batch) == ["retry", "give_up"]


def test_the_nightly_search_finds_whose_record_was_corrected(office):
    batch = run(office, make_holding_list(office.city, [Stranger()]))
    citizen = factories.make_citizen(
        office.city, name="김미레", birth_date=Stranger().birth_date, phone=Stranger().phone
    )
    assert services.match_held(municipality=office.city.code, at=AT) == 0
    citizen.name = Stranger().name
    citizen.save()
    assert services.match_held(municipality=office.city.code, at=AT) == 1
    assert unpaid(batch)[2][1] == "credited"


def test_the_sweep_goes_on_until_nothing_is_left(office):
    lists = [run(office, make_holding_list(office.city, [Stranger()])) for _ in range(3)]
    assert services.release_expired(municipality=office.city.code, at=AT + timedelta(days=60)) == 3
    assert services.release_expired(municipality=office.city.code, at=AT + timedelta(days=60)) == 0
    assert {unpaid(batch)[2][1:] for batch in lists} == {("returned", "deadline")}


def test_the_sweep_credits_who_joined_in_time_even_if_it_comes_late(office):
    """Nobody looked while the record was wrong; the wallet was there before the deadline."""
    batch = run(office, make_holding_list(office.city, [Stranger()]))
    citizen = factories.make_citizen(
        office.city, name="김미레", birth_date=Stranger().birth_date, phone=Stranger().phone
    )
    citizen.name = Stranger().name
    citizen.save()
    assert services.release_expired(municipality=office.city.code, at=AT + timedelta(days=60)) == 1
    assert unpaid(batch)[2][1:] == ("credited", "claimed")
