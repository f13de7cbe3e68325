"""대결: deputies who sign for absent officials, and everything that stops them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from allowances.approvals import errors, services
from allowances.approvals.models import ApprovalLineStep, StepDecision
from allowances.approvals.selectors import boxes_of, next_step, steps_of, waiting_for, waiting_items
from allowances.batches.models import Batch, BatchState
from allowances.disbursement import services as disbursement
from allowances.disbursement.services import start
from tests import factories
from tests.factories import AT
from tests.factories.lists import approved, authority, make_line, make_list, make_office, signed, submitted
from vouchers.common.database import domain_errors
from vouchers.common.seoul import business_date
from vouchers.officials.models import Absence, Official, RoleAssignment
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db
TODAY = business_date(AT)


@pytest.fixture
def office():
    made = make_office()
    with made.city.scope():
        yield made


def away(office: Any, official: Official, deputy: Official, *, first: int = 0, last: int = 0) -> Absence:
    return Absence.objects.create(
        municipality=office.city.municipality, official=official, deputy=deputy, reason="휴가",
        valid_from=TODAY + timedelta(days=first), valid_until=TODAY + timedelta(days=last),
    )  # fmt: skip


def act(batch: Batch, deputy: Official, absent: Official | None, *, step: Any = services.sign, **extra: Any) -> Batch:
    return step(
        batch=batch, official=deputy, authority=authority(deputy), digest=batch.digest, at=AT,
        on_behalf_of=absent.pk if absent else None, **extra,
    )  # fmt: skip


def fresh(batch: Batch) -> Batch:
    return Batch.objects.get(pk=batch.pk)


def test_a_deputy_without_any_role_signs_in_the_absent_officials_place(office):
    deputy, approver = factories.make_official(office.city, name="나대신"), office.officials[Role.APPROVER]
    away(office, approver, deputy)
    batch = signed(office, submitted(office, make_list(office)), Role.REVIEWER)
    (waiting,) = waiting_items(authority=authority(deputy), limit=5)
    assert (waiting.step.role, waiting.acting_for) == (Role.APPROVER, approver)

    act(batch, deputy, approver)
    step = steps_of(batch).get(role=Role.APPROVER)
    assert (step.official, step.on_behalf_of, step.decision) == (deputy, approver, StepDecision.SIGNED)
    assert fresh(batch).state == BatchState.APPROVED
    box = boxes_of(list(steps_of(batch)))[-1]
    assert (box.name, box.absent, box.is_acting, box.signed_on) == ("나대신", approver.name, True, TODAY)
    assert not waiting_for(authority=authority(deputy)).exists()


def test_a_list_that_a_deputy_has_signed_is_paid(office):
    """The database's own check over drafter, approver and payer holds for acting signatures as for all others."""
    deputy, approver = factories.make_official(office.city), office.officials[Role.APPROVER]
    away(office, approver, deputy)
    batch = act(signed(office, submitted(office, make_list(office)), Role.REVIEWER), deputy, approver)
    start(batch=batch, digest=batch.digest, at=AT, **office.acting(Role.PAYER))
    assert disbursement.run(municipality=office.city.code, batch_id=batch.pk, at=AT) == BatchState.PAID


def test_a_deputy_pays_for_an_absent_payer(office):
    deputy, payer = factories.make_official(office.city), office.officials[Role.PAYER]
    away(office, payer, deputy)
    batch = approved(office, make_list(office))
    act(batch, deputy, payer, step=start)
    assert steps_of(batch).get(role=Role.PAYER).on_behalf_of == payer
    assert disbursement.run(municipality=office.city.code, batch_id=batch.pk, at=AT) == BatchState.PAID


def test_a_deputy_sends_back(office):
    deputy, reviewer = factories.make_official(office.city), office.officials[Role.REVIEWER]
    away(office, reviewer, deputy)
    batch = submitted(office, make_list(office))
    act(batch, deputy, reviewer, step=services.send_back, reason="금액 확인")
    step = steps_of(batch).get(role=Role.REVIEWER)
    assert (step.decision, step.on_behalf_of) == (StepDecision.RETURNED, reviewer)


@pytest.mark.parametrize(("first", "last"), [(-3, -1), (1, 2)])
def test_outside_the_dated_absence_nobody_acts(office, first, last):
    deputy, reviewer = factories.make_official(office.city), office.officials[Role.REVIEWER]
    away(office, reviewer, deputy, first=first, last=last)
    batch = submitted(office, make_list(office))
    assert not waiting_for(authority=authority(deputy)).exists()
    with pytest.raises(errors.ActingHasEnded):
        act(batch, deputy, reviewer)


def test_an_absence_that_ends_between_page_and_press_is_told(office):
    deputy, reviewer = factories.make_official(office.city), office.officials[Role.REVIEWER]
    absence = away(office, reviewer, deputy)
    batch = submitted(office, make_list(office))
    seen = authority(deputy)
    absence.is_cancelled = True
    absence.save()
    with pytest.raises(errors.ActingHasEnded):
        act(batch, deputy, reviewer)
    # and when the cancellation comes between the request's first look and its signature, the database refuses
    with pytest.raises(errors.ActingHasEnded):
        services.sign(
            batch=batch, official=deputy, authority=seen, digest=batch.digest, at=AT, on_behalf_of=reviewer.pk
        )
    assert next_step(fresh(batch)).role == Role.REVIEWER


def test_signing_as_a_deputy_is_said_not_guessed(office):
    deputy, reviewer = factories.make_official(office.city), office.officials[Role.REVIEWER]
    away(office, reviewer, deputy)
    with pytest.raises(errors.NotYourTurn):
        act(submitted(office, make_list(office)), deputy, None)


def test_the_absent_official_may_sign_themselves_and_then_nobody_for_them(office):
    deputy, reviewer = factories.make_official(office.city), office.officials[Role.REVIEWER]
    away(office, reviewer, deputy)
    batch = signed(office, submitted(office, make_list(office)), Role.REVIEWER)
    with pytest.raises(errors.AbsentHasSigned):
        act(batch, deputy, reviewer)


def test_who_has_signed_acts_for_nobody_on_the_same_list(office):
    reviewer, approver = office.officials[Role.REVIEWER], office.officials[Role.APPROVER]
    away(office, approver, reviewer)
    batch = signed(office, submitted(office, make_list(office)), Role.REVIEWER)
    assert not waiting_for(authority=authority(reviewer)).exists()
    with pytest.raises(errors.AlreadySigned):
        act(batch, reviewer, approver)


def test_who_uploaded_the_list_acts_for_nobody(office):
    drafter, reviewer = office.officials[Role.DRAFTER], office.officials[Role.REVIEWER]
    away(office, reviewer, drafter)
    batch = submitted(office, make_list(office))
    assert not waiting_for(authority=authority(drafter)).exists()
    with pytest.raises(errors.AlreadySigned):
        act(batch, drafter, reviewer)


def test_nobody_signs_for_who_has_signed(office):
    make_line(office.city, Role.REVIEWER, Role.REVIEWER, Role.APPROVER, amount_up_to=10**9)
    deputy, reviewer = factories.make_official(office.city), office.officials[Role.REVIEWER]
    batch = signed(office, submitted(office, make_list(office)), Role.REVIEWER)
    away(office, reviewer, deputy)
    assert not waiting_for(authority=authority(deputy)).exists()
    with pytest.raises(errors.AbsentHasSigned):
        act(batch, deputy, reviewer)


@pytest.mark.parametrize("who", ["deputy signs twice", "absent was signed for"])
def test_the_database_counts_deputy_and_absent_official_as_one_signature(office, who):
    make_line(office.city, Role.REVIEWER, Role.REVIEWER, Role.APPROVER, amount_up_to=10**9)
    deputy, reviewer = factories.make_official(office.city, Role.REVIEWER), office.officials[Role.REVIEWER]
    away(office, reviewer, deputy)
    batch = act(submitted(office, make_list(office)), deputy, reviewer)
    step = next_step(batch)
    step.official, step.decision, step.digest, step.decided_at = (
        deputy if who == "deputy signs twice" else reviewer, StepDecision.SIGNED, batch.digest, AT,
    )  # fmt: skip
    with pytest.raises(errors.AlreadySigned), transaction.atomic(), domain_errors():
        step.save()


def test_a_deputy_who_took_an_excluding_role_acts_no_more(office):
    deputy, approver = factories.make_official(office.city), office.officials[Role.APPROVER]
    away(office, approver, deputy)
    batch = signed(office, submitted(office, make_list(office)), Role.REVIEWER)
    seen = authority(deputy)
    RoleAssignment.objects.create(
        municipality=office.city.municipality, official=deputy, role=Role.DRAFTER, valid_from=TODAY, reason="겸직"
    )
    for held in (seen, authority(deputy)):
        with pytest.raises(errors.ActingHasEnded):
            services.sign(
                batch=batch, official=deputy, authority=held, digest=batch.digest, at=AT, on_behalf_of=approver.pk
            )


def test_a_changed_digest_is_refused_for_deputies_too(office):
    deputy, reviewer = factories.make_official(office.city), office.officials[Role.REVIEWER]
    away(office, reviewer, deputy)
    batch = submitted(office, make_list(office))
    batch.digest = "0" * 64
    with pytest.raises(errors.DigestChanged):
        act(batch, deputy, reviewer)


# Positions


def test_a_step_may_ask_for_the_position(office):
    ApprovalLineStep.objects.filter(role=Role.REVIEWER).update(by_position=True, title="팀장")
    batch = submitted(office, make_list(office))
    assert not waiting_for(authority=authority(office.officials[Role.REVIEWER])).exists()
    with pytest.raises(errors.NotYourPosition, match="팀장"):
        signed(office, batch, Role.REVIEWER)
    leader = factories.make_official(office.city, Role.REVIEWER, position="팀장")
    assert waiting_for(authority=authority(leader)).exists()


def test_a_deputy_stands_in_for_the_absent_officials_position(office):
    ApprovalLineStep.objects.filter(role=Role.REVIEWER).update(by_position=True, title="팀장")
    leader = factories.make_official(office.city, Role.REVIEWER, position="팀장")
    deputy = factories.make_official(office.city, position="주무관")
    away(office, leader, deputy)
    batch = submitted(office, make_list(office))
    (waiting,) = waiting_items(authority=authority(deputy), limit=5)
    assert waiting.acting_for == leader
    act(batch, deputy, leader)


# Delegated decisions, numbers


def test_a_delegated_decision_leaves_the_boxes_above_it_unused(office):
    line = make_line(office.city, Role.REVIEWER, Role.APPROVER, amount_up_to=10**9)
    line.titles_above = "국장, 부시장"
    line.save()
    line.steps.filter(role=Role.APPROVER).update(is_delegated=True, title="과장")
    batch = approved(office, make_list(office))
    boxes = boxes_of(list(steps_of(batch)))
    assert [(box.title, box.is_delegated, box.is_unused) for box in boxes] == [
        ("담당", False, False), ("검토자", False, False), ("과장", True, False), ("국장", False, True), ("부시장", False, True),
    ]  # fmt: skip
    line.delete()
    assert boxes_of(list(steps_of(batch))) == boxes  # what was decided does not change with the rules


def test_lists_are_numbered_by_department_and_year_when_their_line_is_complete(office):
    numbers = []
    for people in "가나다":
        batch = submitted(office, make_list(office, people=people))
        assert not batch.document_numbers.exists()
        signed(office, batch, Role.REVIEWER, Role.APPROVER)
        numbers.append(str(batch.document_numbers.get()))
    assert numbers == ["지역경제과-1", "지역경제과-2", "지역경제과-3"]
    elsewhere = factories.make_cycle(factories.make_programme(office.city, department="복지과"))
    other = make_list(office, people="라", cycle=elsewhere)
    approved(office, other)
    assert str(other.document_numbers.get()) == "복지과-1"


# Gaps


def test_a_gap_in_the_table_names_what_is_missing(office):
    make_line(office.city, Role.APPROVER, amount_up_to=10_000, valid_from=TODAY)
    with pytest.raises(errors.ApprovalLinesTooLow) as refused:
        services.submit(batch=make_list(office), exclude_bad_rows=False, at=AT, **office.acting(Role.DRAFTER))
    said = str(refused.value)
    assert all(word in said for word in ("10,000원까지", "300,000원", "지역경제과", office.programme.type.name))


def test_a_line_of_another_department_is_no_line(office):
    line = make_line(office.city, Role.APPROVER, valid_from=TODAY)
    line.department = "복지과"
    line.save()
    with pytest.raises(errors.NoApprovalLine, match="지역경제과") as refused:
        services.submit(batch=make_list(office), exclude_bad_rows=False, at=AT, **office.acting(Role.DRAFTER))
    assert refused.value.code == "no_approval_line"
