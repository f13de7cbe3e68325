"""Officials who press at the same second: one acts, and the others are told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
import pytest
from django.db import connections

from allowances.approvals import errors, services
from allowances.approvals.models import ApprovalStep, DocumentNumber, StepDecision
from allowances.batches.models import Batch, BatchState, Entitlement
from allowances.disbursement.services import start
from allowances.programmes.selectors import budget_of
from tests import factories
from tests.factories import AT
from tests.factories.lists import Office, approved, authority, make_list, make_office, signed, submitted
from vouchers.common.database import domain_errors
from vouchers.common.errors import DomainError, StateConflict
from vouchers.common.seoul import business_date
from vouchers.officials.models import Absence
from vouchers.officials.rules import Role
from vouchers.officials.services import end_absence

pytestmark = pytest.mark.usefixtures("committed_db")


def at_once(office: Office, *acts: Callable[[], object]) -> list[str]:
    """What comes of the acts, each in a thread and transaction of its own: "done", or the code of the refusal."""
    gate = Barrier(len(acts))

    def perform(act: Callable[[], object]) -> str:
        try:
            with office.city.scope():
                gate.wait()
                act()
        except DomainError as refusal:
            assert isinstance(refusal, StateConflict)
            return refusal.code
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(len(acts)) as threads:
        return sorted(threads.map(perform, acts))


def sign_by(batch: Batch, official) -> Callable[[], object]:
    return lambda: services.sign(
        batch=batch, official=official, authority=authority(official), digest=batch.digest, at=AT
    )


def test_of_two_approvers_one_signs():
    office = make_office()
    with office.city.scope():
        batch = signed(office, submitted(office, make_list(office)), Role.REVIEWER)
        approvers = [office.officials[Role.APPROVER], factories.make_official(office.city, Role.APPROVER)]
    assert at_once(office, *(sign_by(batch, approver) for approver in approvers)) == ["done", "state_conflict"]
    with office.city.scope():
        assert ApprovalStep.objects.filter(role=Role.APPROVER, decision=StepDecision.SIGNED).count() == 1
        assert Batch.objects.get().state == BatchState.APPROVED


def test_of_two_reviewers_in_a_row_both_sign_and_neither_twice():
    office = make_office()
    with office.city.scope():
        factories.lists.make_line(office.city, Role.REVIEWER, Role.REVIEWER, Role.APPROVER, amount_up_to=10**9)
        batch = submitted(office, make_list(office))
        reviewers = [office.officials[Role.REVIEWER], factories.make_official(office.city, Role.REVIEWER)]
    outcomes = at_once(office, *(sign_by(batch, reviewer) for reviewer in [*reviewers, *reviewers]))
    assert outcomes == ["already_signed", "already_signed", "done", "done"]


def test_signing_and_taking_back_exclude_each_other():
    office = make_office()
    with office.city.scope():
        batch = submitted(office, make_list(office))
        reviewer, drafter = office.officials[Role.REVIEWER], office.acting(Role.DRAFTER)
    outcomes = at_once(
        office, sign_by(batch, reviewer), lambda: services.withdraw(batch=batch, reason="착오", at=AT, **drafter)
    )
    assert outcomes in (["done", "others_have_signed"], ["done", "state_conflict"])


def test_a_payment_is_started_once_by_many_clicks():
    office = make_office()
    with office.city.scope():
        batch = approved(office, make_list(office))
        payer = office.acting(Role.PAYER)
    outcomes = at_once(office, *[lambda: start(batch=batch, digest=batch.digest, at=AT, **payer)] * 5)
    assert outcomes == ["done"] + ["state_conflict"] * 4


def test_lists_racing_for_one_budget_never_reserve_more_than_there_is():
    office = make_office(budget=700_000)
    with office.city.scope():
        lists = [make_list(office, rows=3, people=name) for name in "가나다라"]
        for batch in lists:
            services.submit(batch=batch, exclude_bad_rows=False, at=AT, **office.acting(Role.DRAFTER))
    complete = services.complete_submission
    at_once(
        office, *(lambda pk=batch.pk: complete(municipality=office.city.code, batch_id=pk, at=AT) for batch in lists)
    )
    with office.city.scope():
        assert sorted(Batch.objects.values_list("state", flat=True)) == ["submitted"] * 2 + ["validated"] * 2
        assert budget_of(programme=office.programme).reserved == 600_000
        assert Entitlement.objects.count() == 6


def test_lists_racing_for_one_person_entitle_them_once():
    office = make_office()
    with office.city.scope():
        lists = [make_list(office, rows=3) for _ in range(3)]
        for batch in lists:
            services.submit(batch=batch, exclude_bad_rows=False, at=AT, **office.acting(Role.DRAFTER))
    complete = services.complete_submission
    at_once(
        office, *(lambda pk=batch.pk: complete(municipality=office.city.code, batch_id=pk, at=AT) for batch in lists)
    )
    with office.city.scope():
        assert sorted(Batch.objects.values_list("state", flat=True)) == ["submitted", "validated", "validated"]
        assert budget_of(programme=office.programme).reserved == 300_000


def test_who_waits_too_long_for_a_list_is_told(committed_db, monkeypatch):
    monkeypatch.setattr(services, "LOCK_TIMEOUT", "50ms")
    office = make_office()
    with office.city.scope():
        batch = submitted(office, make_list(office))
    with psycopg.connect(committed_db) as holder:
        holder.execute("SELECT FROM allowances_batch FOR UPDATE")
        with office.city.scope(), pytest.raises(errors.BatchBusy):
            sign_by(batch, office.officials[Role.REVIEWER])()


def test_the_absent_official_and_the_deputy_sign_once_between_them():
    office = make_office()
    with office.city.scope():
        batch = submitted(office, make_list(office))
        reviewer, deputy = office.officials[Role.REVIEWER], factories.make_official(office.city)
        away(office, reviewer, deputy)
        acting = authority(deputy)
    outcomes = at_once(
        office, sign_by(batch, reviewer),
        lambda: services.sign(batch=batch, official=deputy, authority=acting, digest=batch.digest, at=AT,
                              on_behalf_of=reviewer.pk),
    )  # fmt: skip
    assert outcomes in (["absent_has_signed", "done"], ["already_signed", "done"])
    with office.city.scope():
        assert ApprovalStep.objects.filter(role=Role.REVIEWER, decision=StepDecision.SIGNED).count() == 1


def test_a_deputy_signs_before_an_absence_ends_or_not_at_all():
    office = make_office()
    with office.city.scope():
        batch = submitted(office, make_list(office))
        reviewer, deputy = office.officials[Role.REVIEWER], factories.make_official(office.city)
        absence, acting, own = away(office, reviewer, deputy), authority(deputy), authority(reviewer)
    outcomes = at_once(
        office,
        lambda: services.sign(batch=batch, official=deputy, authority=acting, digest=batch.digest, at=AT,
                              on_behalf_of=reviewer.pk),
        lambda: end_absence(absence=absence, by=reviewer, authority=own, day=business_date(AT)),
    )  # fmt: skip
    assert outcomes in (["done", "done"], ["acting_has_ended", "done"])
    with office.city.scope():
        signed_by = ApprovalStep.objects.filter(role=Role.REVIEWER, on_behalf_of=reviewer).count()
        assert signed_by == (outcomes == ["done", "done"])


def test_lists_that_are_approved_at_once_get_numbers_of_their_own():
    office = make_office()
    with office.city.scope():
        lists = [signed(office, submitted(office, make_list(office, people=name)), Role.REVIEWER) for name in "가나다"]
        approvers = [
            office.officials[Role.APPROVER],
            *(factories.make_official(office.city, Role.APPROVER) for _ in "ab"),
        ]
    assert at_once(office, *map(sign_by, lists, approvers)) == ["done"] * 3
    with office.city.scope():
        assert sorted(DocumentNumber.objects.values_list("number", flat=True)) == [1, 2, 3]


def test_two_halves_of_a_chain_of_deputies_do_not_slip_in_side_by_side():
    office = make_office()
    with office.city.scope():
        a, b, c = (factories.make_official(office.city, Role.REVIEWER) for _ in range(3))
    outcomes = at_once(office, lambda: away(office, a, b), lambda: away(office, b, c))
    assert outcomes in (["absent_is_deputy", "done"], ["deputy_is_absent", "done"])


def away(office, official, deputy):
    today = business_date(AT)
    with domain_errors():
        return Absence.objects.create(
            municipality=office.city.municipality, official=official, deputy=deputy, reason="휴가", valid_from=today,
            valid_until=today,
        )  # fmt: skip
