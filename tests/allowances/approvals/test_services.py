"""A list's way through its approval line, and every way in which it does not get through."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from allowances.approvals import errors, services
from allowances.approvals.models import ApprovalLine, ApprovalStep, StepDecision
from allowances.approvals.selectors import came_back_to, history_of, steps_of, waiting_for
from allowances.batches.models import Batch, BatchState, Entitlement
from allowances.disbursement.services import start
from allowances.programmes.errors import ProgrammeEnded
from allowances.programmes.models import Cycle, Programme, ProgrammeStatus
from allowances.programmes.selectors import budget_of
from tests import factories
from tests.factories import AT, make_terms
from tests.factories.lists import approved, authority, make_line, make_list, make_office, signed, submitted
from vouchers.common.errors import NotPermitted, StateConflict
from vouchers.ledger import services as ledger
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    made = make_office()
    with made.city.scope():
        yield made


def fresh(batch):
    return Batch.objects.get(pk=batch.pk)


def decisions(batch):
    return list(steps_of(batch).values_list("role", "decision"))


# Submitting


def test_submitting_entitles_reserves_and_opens_the_line(office):
    batch = make_list(office, rows=5, bad=2)
    services.submit(batch=batch, exclude_bad_rows=True, at=AT, **office.acting(Role.DRAFTER))
    assert fresh(batch).state == BatchState.SUBMITTING
    job = ProcrastinateJob.objects.get(task_name=services.COMPLETE_SUBMISSION)
    assert job.args == {"municipality": office.city.code, "batch_id": str(batch.pk)}

    services.complete_submission(municipality=office.city.code, batch_id=batch.pk, at=AT)
    batch = fresh(batch)
    assert (batch.state, batch.attempt, batch.failure) == (BatchState.SUBMITTED, 1, None)
    assert batch.terms == {
        "currency_id": str(office.city.currency.pk), "validity_days": 90, "valid_until": None, "validity_by_dong": {},
        "usage_rule_id": None, "claim_days": None, "refund_grace_days": None,
        "chunk_rows": services.CHUNK_ROWS, "conditions": office.cycle.conditions,
    }  # fmt: skip
    assert list(Entitlement.objects.order_by("row_number").values_list("row_number", "amount")) == [
        (2, 100_000), (3, 100_000), (4, 100_000),
    ]  # fmt: skip
    assert budget_of(programme=office.programme).reserved == 300_000
    assert decisions(batch) == [
        ("drafter", "signed"), ("reviewer", "waiting"), ("approver", "waiting"), ("payer", "waiting"),
    ]  # fmt: skip
    drafter = steps_of(batch)[0]
    assert (drafter.official, drafter.digest) == (office.officials[Role.DRAFTER], batch.digest)
    assert len(batch.digest) == 64


def test_completing_twice_changes_nothing(office):
    batch = submitted(office, make_list(office))
    before = budget_of(programme=office.programme)
    again = services.complete_submission(municipality=office.city.code, batch_id=batch.pk, at=AT)
    assert again == BatchState.SUBMITTED
    assert budget_of(programme=office.programme) == before
    assert (Entitlement.objects.count(), ApprovalStep.objects.count()) == (3, 4)


def test_the_digest_depends_on_the_rows_and_on_the_terms(office):
    first = submitted(office, make_list(office, rows=4))
    other = factories.make_cycle(office.programme)
    assert submitted(office, make_list(office, rows=4, cycle=other)).digest != first.digest
    with connection.cursor() as cursor:
        cursor.execute("SELECT digest, rows, amount FROM approvals.digest(%s, %s)", [office.city.code, first.pk])
        assert cursor.fetchone() == (first.digest, 4, 400_000)


@pytest.mark.parametrize(
    ("rows", "bad", "exclude", "error"),
    [(3, 1, False, errors.BadRowsRemain), (2, 2, True, errors.NobodyToPay)],
)
def test_a_list_is_never_half_submitted_by_accident(office, rows, bad, exclude, error):
    batch = make_list(office, rows=rows, bad=bad)
    with pytest.raises(error):
        services.submit(batch=batch, exclude_bad_rows=exclude, at=AT, **office.acting(Role.DRAFTER))
    assert fresh(batch).state == BatchState.VALIDATED


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.APPROVER, Role.PAYER, Role.BUDGET])
def test_only_drafters_submit(office, role):
    with pytest.raises(NotPermitted):
        services.submit(batch=make_list(office), exclude_bad_rows=False, at=AT, **office.acting(role))


def test_a_drafter_of_another_city_does_not_submit(office):
    elsewhere = Authority(office.officials[Role.DRAFTER].pk, {"41480": frozenset({Role.DRAFTER})})
    with pytest.raises(NotPermitted):
        services.submit(
            batch=make_list(office), official=office.officials[Role.DRAFTER], authority=elsewhere,
            exclude_bad_rows=False, at=AT,
        )  # fmt: skip


def test_the_line_is_that_of_the_amount(office):
    make_line(office.city, Role.APPROVER, amount_up_to=300_000, valid_from=date(2021, 1, 1))
    make_line(office.city, Role.REVIEWER, Role.BUDGET, Role.APPROVER, valid_from=date(2021, 1, 1))
    small = submitted(office, make_list(office, rows=3))
    large = submitted(office, make_list(office, rows=4, people="나"))
    assert [role for role, _ in decisions(small)] == ["drafter", "approver", "payer"]
    assert [role for role, _ in decisions(large)] == ["drafter", "reviewer", "budget", "approver", "payer"]


def test_without_a_line_nothing_is_submitted(office):
    ApprovalLine.objects.all().delete()
    with pytest.raises(errors.NoApprovalLine) as refused:
        services.submit(batch=make_list(office), exclude_bad_rows=False, at=AT, **office.acting(Role.DRAFTER))
    assert "300,000원" in str(refused.value)


def test_a_line_without_approver_is_refused(office):
    make_line(office.city, Role.REVIEWER, valid_from=date(2021, 1, 1))
    with pytest.raises(errors.ApprovalLineIncomplete):
        services.submit(batch=make_list(office), exclude_bad_rows=False, at=AT, **office.acting(Role.DRAFTER))


def test_an_ended_programme_takes_no_list(office):
    Programme.objects.update(status=ProgrammeStatus.CLOSED)
    with pytest.raises(ProgrammeEnded):
        services.submit(batch=make_list(office), exclude_bad_rows=False, at=AT, **office.acting(Role.DRAFTER))


def test_what_the_budget_does_not_cover_comes_back_whole(office):
    office.programme = factories.make_programme(office.city, budget=299_999)
    batch = submitted(office, make_list(office, cycle=factories.make_cycle(office.programme)))
    assert batch.state == BatchState.VALIDATED
    assert batch.failure == {"code": "budget_exceeded", "params": {"available": 299_999, "needed": 300_000}}
    assert (Entitlement.objects.count(), batch.digest) == (0, "")
    assert decisions(batch) == [("drafter", "void")]
    assert budget_of(programme=office.programme).reserved == 0


def test_two_lists_cannot_claim_one_person(office):
    first = submitted(office, make_list(office, rows=3))
    second = submitted(office, make_list(office, rows=5))  # three of the five are on the first list
    assert second.state == BatchState.VALIDATED
    assert second.failure["code"] == "already_entitled"
    assert second.failure["params"]["count"] == 3
    assert second.failure["params"]["rows"][0] == {
        "row": 2, "name": "가*", "other_batch": str(first.pk), "other_row": 2,
    }  # fmt: skip
    assert Entitlement.objects.count() == 3
    assert budget_of(programme=office.programme).reserved == 300_000
    assert list(came_back_to(authority=authority(office.officials[Role.DRAFTER]))) == [second]


def test_after_a_refusal_the_list_can_be_submitted_again(office):
    first = submitted(office, make_list(office, rows=3))
    second = submitted(office, make_list(office, rows=3, people="가"))
    services.withdraw(batch=first, reason="중복", at=AT, **office.acting(Role.DRAFTER))
    second = submitted(office, fresh(second))
    assert (second.state, second.attempt, second.failure) == (BatchState.SUBMITTED, 2, None)


# Signing


def test_the_line_signs_in_order(office):
    batch = submitted(office, make_list(office))
    batch = signed(office, batch, Role.REVIEWER)
    assert batch.state == BatchState.SUBMITTED
    batch = signed(office, batch, Role.APPROVER)
    assert fresh(batch).state == BatchState.APPROVED
    assert [step.official for step in steps_of(batch)[:3]] == [
        office.officials[role] for role in (Role.DRAFTER, Role.REVIEWER, Role.APPROVER)
    ]
    assert {step.digest for step in steps_of(batch)[:3]} == {batch.digest}


@pytest.mark.parametrize("role", [Role.APPROVER, Role.PAYER, Role.BUDGET])
def test_nobody_signs_out_of_turn(office, role):
    batch = submitted(office, make_list(office))
    with pytest.raises(errors.NotYourTurn, match="검토자"):
        signed(office, batch, role)


def test_the_drafter_signs_no_other_step(office):
    drafter = office.officials[Role.DRAFTER]
    batch = submitted(office, make_list(office))
    both = Authority(drafter.pk, {office.city.code: frozenset({Role.DRAFTER, Role.REVIEWER})})
    with pytest.raises(errors.AlreadySigned):
        services.sign(batch=batch, official=drafter, authority=both, digest=batch.digest, at=AT)


def test_the_database_refuses_a_second_signature_of_one_person(office):
    batch = signed(office, submitted(office, make_list(office)), Role.REVIEWER)
    step = steps_of(batch).get(role=Role.APPROVER)
    step.official = office.officials[Role.REVIEWER]
    with pytest.raises(errors.AlreadySigned), transaction.atomic(), services.domain_errors():
        step.save()


def test_only_what_was_seen_is_signed(office):
    batch = submitted(office, make_list(office))
    with pytest.raises(errors.DigestChanged):
        services.sign(batch=batch, digest="0" * 64, at=AT, **office.acting(Role.REVIEWER))


def test_a_signature_is_final(office):
    batch = signed(office, submitted(office, make_list(office)), Role.REVIEWER)
    step = steps_of(batch).get(role=Role.REVIEWER)
    step.comment = "나중에 고침"
    with pytest.raises(errors.SignatureIsFinal), transaction.atomic(), services.domain_errors():
        step.save()


def test_a_role_that_has_ended_signs_nothing(office):
    batch = submitted(office, make_list(office))
    with pytest.raises(errors.NotYourTurn):
        services.sign(
            batch=batch, official=office.officials[Role.REVIEWER], authority=Authority(), digest=batch.digest, at=AT
        )


# Coming back


def test_sending_back_frees_people_and_budget_and_keeps_the_history(office):
    batch = signed(office, submitted(office, make_list(office)), Role.REVIEWER)
    services.send_back(batch=batch, reason="근거 누락", digest=batch.digest, at=AT, **office.acting(Role.APPROVER))
    batch = fresh(batch)
    assert batch.state == BatchState.RETURNED
    assert decisions(batch) == [
        ("drafter", "signed"), ("reviewer", "signed"), ("approver", "returned"), ("payer", "void"),
    ]  # fmt: skip
    assert steps_of(batch).get(role=Role.APPROVER).comment == "근거 누락"
    assert not Entitlement.objects.exists()
    assert budget_of(programme=office.programme).reserved == 0
    assert list(came_back_to(authority=authority(office.officials[Role.DRAFTER]))) == [batch]

    again = submitted(office, batch)
    assert (again.state, again.attempt) == (BatchState.SUBMITTED, 2)
    assert history_of(again).count() == 8
    assert budget_of(programme=office.programme).reserved == 300_000


def test_the_payer_may_send_an_approved_list_back(office):
    batch = approved(office, make_list(office))
    services.send_back(batch=batch, reason="계좌 확인", digest=batch.digest, at=AT, **office.acting(Role.PAYER))
    assert fresh(batch).state == BatchState.RETURNED
    assert budget_of(programme=office.programme).reserved == 0


def test_whoever_sends_back_says_why(office):
    batch = submitted(office, make_list(office))
    with pytest.raises(errors.ReasonMissing):
        services.send_back(batch=batch, reason=" ", digest=batch.digest, at=AT, **office.acting(Role.REVIEWER))


def test_the_drafter_takes_a_list_back_while_nobody_has_signed(office):
    batch = submitted(office, make_list(office))
    services.withdraw(batch=batch, reason="금액 착오", at=AT, **office.acting(Role.DRAFTER))
    batch = fresh(batch)
    assert batch.state == BatchState.WITHDRAWN
    assert decisions(batch) == [
        ("drafter", "signed"), ("reviewer", "void"), ("approver", "void"), ("payer", "void"),
    ]  # fmt: skip
    assert steps_of(batch).get(role=Role.REVIEWER).comment == "금액 착오"
    assert budget_of(programme=office.programme).reserved == 0
    assert not Entitlement.objects.exists()


def test_a_list_that_others_have_signed_is_not_taken_back(office):
    batch = signed(office, submitted(office, make_list(office)), Role.REVIEWER)
    with pytest.raises(errors.OthersHaveSigned):
        services.withdraw(batch=batch, reason="금액 착오", at=AT, **office.acting(Role.DRAFTER))


def test_nobody_takes_back_the_list_of_another_drafter(office):
    batch = submitted(office, make_list(office))
    other = factories.make_official(office.city, Role.DRAFTER)
    with pytest.raises(NotPermitted):
        services.withdraw(batch=batch, reason="착오", official=other, authority=authority(other), at=AT)


@pytest.mark.parametrize("reached", ["validated", "approved", "paying"])
def test_signing_is_for_submitted_lists(office, reached):
    batch = make_list(office)
    if reached != "validated":
        batch = approved(office, batch)
    if reached == "paying":
        start(batch=batch, digest=batch.digest, at=AT, **office.acting(Role.PAYER))
    with pytest.raises(StateConflict):
        services.sign(batch=batch, digest=batch.digest, at=AT, **office.acting(Role.REVIEWER))


# What waits


def test_each_official_sees_what_waits_for_them(office):
    batch = submitted(office, make_list(office))
    in_turn = [Role.REVIEWER, Role.APPROVER, Role.PAYER]
    for position, role in enumerate(in_turn, start=1):
        for other in Role:
            if other in office.officials:
                waiting = waiting_for(authority=authority(office.officials[other]))
                assert [step.position for step in waiting] == ([position] if other == role else [])
        if role != Role.PAYER:
            signed(office, batch, role)
    step = waiting_for(authority=authority(office.officials[Role.PAYER])).get()
    assert (step.batch, step.decision) == (batch, StepDecision.WAITING)


def test_nothing_waits_for_who_signed_already_or_works_elsewhere(office):
    submitted(office, make_list(office))
    drafter = office.officials[Role.DRAFTER]
    for roles in ({office.city.code: frozenset({"reviewer", "drafter"})}, {"41480": frozenset({"reviewer"})}, {}):
        assert not waiting_for(authority=Authority(drafter.pk, roles)).exists()


# Who put the list together


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.APPROVER])
def test_the_uploader_does_not_judge_the_list_even_when_somebody_else_submits_it(office, role):
    uploader = factories.make_official(office.city, role)
    batch = make_list(office)
    Batch.objects.filter(pk=batch.pk).update(uploaded_by=uploader)
    batch = submitted(office, batch)
    if role == Role.APPROVER:
        batch = signed(office, batch, Role.REVIEWER)
    assert not waiting_for(authority=authority(uploader)).exists()
    acting = {"official": uploader, "authority": authority(uploader), "digest": batch.digest, "at": AT}
    with pytest.raises(errors.UploaderSigns), transaction.atomic():
        services.sign(batch=batch, **acting)
    with pytest.raises(errors.UploaderSigns), transaction.atomic():
        services.send_back(batch=batch, reason="확인 필요", **acting)


def test_the_uploader_does_not_pay_the_list(office):
    batch = make_list(office)
    Batch.objects.filter(pk=batch.pk).update(uploaded_by=office.officials[Role.PAYER])
    batch = approved(office, batch)
    with pytest.raises(errors.UploaderSigns), transaction.atomic():
        start(batch=batch, digest=batch.digest, at=AT, **office.acting(Role.PAYER))


def test_the_database_does_not_pay_what_the_uploader_signed(office):
    batch = approved(office, make_list(office))
    batch = start(batch=batch, digest=batch.digest, at=AT, **office.acting(Role.PAYER))
    Batch.objects.filter(pk=batch.pk).update(uploaded_by=office.officials[Role.REVIEWER])
    with pytest.raises(errors.ApprovalIncomplete), transaction.atomic():
        ledger.call("disbursement.plan", office.city.code, batch.pk)


# What the list was checked against


@pytest.mark.parametrize(
    "change", [{"amount": 50_000}, {"age_min": 19}, {"residency_required": True}, {"validity_days": 30}, {"quota": 5}]
)
def test_a_list_that_was_checked_against_other_conditions_is_not_submitted(office, change):
    batch = make_list(office)
    make_terms(office.programme, **change)
    with pytest.raises(errors.ConditionsChanged), transaction.atomic():
        services.submit(batch=batch, exclude_bad_rows=False, at=AT, **office.acting(Role.DRAFTER))


def test_conditions_that_change_before_the_job_runs_bring_the_list_back(office):
    batch = make_list(office)
    services.submit(batch=batch, exclude_bad_rows=False, at=AT, **office.acting(Role.DRAFTER))
    Cycle.objects.filter(pk=office.cycle.pk).update(reference_date=date(2001, 1, 1))
    services.complete_submission(municipality=office.city.code, batch_id=batch.pk, at=AT)
    batch = fresh(batch)
    assert (batch.state, batch.failure["code"]) == (BatchState.VALIDATED, "conditions_changed")
    assert budget_of(programme=office.programme).reserved == 0


def test_a_submitted_list_is_paid_as_it_was_signed_whatever_the_programme_says_now(office):
    batch = approved(office, make_list(office))
    make_terms(office.programme, amount=50_000)
    batch = start(batch=batch, digest=batch.digest, at=AT, **office.acting(Role.PAYER))
    assert ledger.call("disbursement.plan", office.city.code, batch.pk)[0] == 1
