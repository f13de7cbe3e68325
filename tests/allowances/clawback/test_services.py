"""Clawbacks from the paid list to the ledger: what may be taken back, what is taken, and what stays owed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from allowances.approvals import services as approvals
from allowances.batches.models import Batch, BatchKind, BatchProblem, BatchRow, BatchState, Entitlement
from allowances.clawback import errors
from allowances.clawback.models import ClawbackItem, Receivable, Recovery
from allowances.clawback.selectors import outcome_of, payments_after
from allowances.disbursement import services as disbursement
from allowances.programmes.models import ProgrammeStatus
from tests.factories import AT
from tests.factories.clawbacks import Desk, Till, owed, paid_list, person
from tests.factories.lists import Office, make_list, signed, submitted
from vouchers.citizens.models import Citizen
from vouchers.common.errors import NotPermitted
from vouchers.ledger import services as ledger
from vouchers.ledger.audit import audit
from vouchers.ledger.models import Balance, Journal, JournalKind, Lot
from vouchers.officials.rules import Role

AMOUNT = 100_000


def problems(batch: Batch) -> list[tuple[int, str, str]]:
    found = BatchProblem.objects.filter(batch_id=batch.pk, is_warning=False).order_by("row_number", "code")
    return list(found.values_list("row_number", "field", "code"))


def left(batch: Batch, row: int) -> int:
    return Lot.objects.get(source_id=person(batch, row).pk).remaining


def returned(office: Office) -> int:
    return sum(Balance.objects.values_list("returned", flat=True))


def assert_audited() -> None:
    differences = {found.invariant.name: found.difference for found in audit() if found.difference}
    assert not differences


def lines(batch: Batch, *rows: tuple[int, str, str]) -> list[str]:
    """A file with 환수액 and 환수 사유 for rows of a paid list."""
    people = {row.row_number: row for row in BatchRow.objects.filter(batch_id=batch.pk)}
    return ["연번,성명,생년월일,휴대전화,지급액,환수결정액,환수 사유"] + [
        f"{place},{people[row].name},{people[row].birth_date},{people[row].phone},100000,{amount},{reason}"
        for place, (row, amount, reason) in enumerate(rows, start=1)
    ]


# From the list to the ledger


def test_a_row_is_taken_back_in_full(office: Office, desk: Desk) -> None:
    paid = paid_list(office)
    draft = desk.by_rows(paid, (3, None))
    assert (draft.kind, draft.parent_id, draft.sequence) == (BatchKind.CLAWBACK, paid.pk, 1)
    assert (draft.state, draft.rows_total, draft.rows_bad, draft.amount_total) == (BatchState.VALIDATED, 1, 0, AMOUNT)
    done = desk.carry_out(draft)
    assert [left(paid, row) for row in (2, 3, 4)] == [AMOUNT, 0, AMOUNT]
    assert returned(office) == AMOUNT
    assert owed(done) == []
    outcome = outcome_of(done)
    assert (outcome.decided, outcome.taken, outcome.owed, outcome.debtors) == (AMOUNT, AMOUNT, 0, 0)
    assert_audited()


def test_what_was_spent_is_owed(office: Office, desk: Desk, till: Till) -> None:
    paid = paid_list(office)
    till.pay(person(paid, 3).wallet_id, 30_000)
    done = desk.carry_out(desk.by_rows(paid, (2, 40_000), (3, None), (4, 70_001)))
    assert [left(paid, row) for row in (2, 3, 4)] == [60_000, 0, 29_999]
    (debt,) = owed(done)
    assert (debt.decided, debt.from_lots, debt.outstanding, debt.row_number) == (AMOUNT, 70_000, 30_000, 3)
    assert debt.due_on == AT.date() + timedelta(days=30)
    assert returned(office) == 40_000 + 70_000 + 70_001
    assert_audited()


def test_a_clawback_whose_lots_are_all_spent_takes_nothing_and_is_owed_whole(
    office: Office, desk: Desk, till: Till
) -> None:
    paid = paid_list(office, rows=1)
    till.pay(person(paid, 2).wallet_id, AMOUNT)
    done = desk.carry_out(desk.by_rows(paid, (2, None)))
    assert [debt.outstanding for debt in owed(done)] == [AMOUNT]
    assert Journal.objects.filter(kind=JournalKind.CLAW_BACK).count() == 1
    assert_audited()


def test_a_file_may_leave_amounts_and_reasons_out(office: Office, desk: Desk) -> None:
    paid = paid_list(office)
    draft = desk.by_file(lines(paid, (2, "", "사망"), (3, "3만원", "")), parent=paid, reason="전출")
    rows = BatchRow.objects.filter(batch_id=draft.pk).order_by("row_number")
    assert [(row.amount, row.facts) for row in rows] == [
        (AMOUNT, {"clawback_reason": "사망"}), (30_000, {"clawback_reason": "전출"}),
    ]  # fmt: skip
    assert draft.amount_total == 130_000
    desk.carry_out(draft)
    assert [left(paid, row) for row in (2, 3, 4)] == [0, 70_000, AMOUNT]


def test_the_budget_is_not_reserved_and_a_programme_may_have_ended(office: Office, desk: Desk) -> None:
    paid = paid_list(office)
    office.programme.status = ProgrammeStatus.CLOSED
    office.programme.save()
    submitted_list = submitted(office, desk.by_rows(paid, (2, None)))
    assert submitted_list.state == BatchState.SUBMITTED
    assert set(Balance.objects.values_list("reserved", flat=True)) == {0}


def test_a_list_in_chunks_takes_each_row_once(office: Office, desk: Desk) -> None:
    paid = paid_list(office, rows=25)
    draft = desk.by_rows(paid, *((row, 1_000) for row in range(2, 27)))
    desk.carry_out(draft, chunk_rows=4)
    assert sorted(Lot.objects.values_list("remaining", flat=True)) == [99_000] * 25
    assert_audited()


def test_a_clawback_of_the_cycle_takes_from_all_its_lists_the_latest_first(office: Office, desk: Desk) -> None:
    first, later = paid_list(office, rows=1), paid_list(office, rows=1, people="나")
    draft = desk.by_file(lines(first, (2, "", "오지급")) + lines(later, (2, "50000", "오지급"))[1:], parent=None)
    assert (draft.parent_id, problems(draft), draft.amount_total) == (None, [], 150_000)
    desk.carry_out(draft)
    assert (left(first, 2), left(later, 2)) == (0, 50_000)
    assert_audited()


# What is refused


def test_what_cannot_be_taken_back_is_said_row_by_row(office: Office, desk: Desk) -> None:
    paid = paid_list(office)
    stranger = "9,모르는사람,1980-01-01,01099999999,100000,1000,전출"
    draft = desk.by_file(
        [*lines(paid, (2, "100001", "전출"), (3, "0", "전출"), (4, "", "")), stranger], parent=paid
    )  # fmt: skip
    assert problems(draft) == [
        (2, "amount", "clawback_exceeds"), (3, "amount", "amount_zero"),
        (4, "clawback_reason", "clawback_reason_missing"), (5, "row", "clawback_not_paid"),
    ]  # fmt: skip
    exceeds = BatchProblem.objects.get(batch_id=draft.pk, code="clawback_exceeds")
    assert exceeds.params == {"paid": AMOUNT, "expected": AMOUNT}


def test_a_person_twice_in_a_file_is_one_clawback(office: Office, desk: Desk) -> None:
    paid = paid_list(office)
    draft = desk.by_file(lines(paid, (2, "100", "전출"), (2, "200", "전출")), parent=paid)
    assert problems(draft) == [(3, "row", "duplicate_in_file")]


def test_another_list_of_the_cycle_is_not_touched(office: Office, desk: Desk) -> None:
    first, other = paid_list(office, rows=1), paid_list(office, rows=1, people="나")
    draft = desk.by_file(lines(other, (2, "", "전출")), parent=first)
    assert problems(draft) == [(2, "row", "clawback_not_paid")]


def test_who_has_another_telephone_by_now_is_found_by_the_paid_list(office: Office, desk: Desk) -> None:
    paid = paid_list(office)
    file = lines(paid, (2, "", "전출"))
    citizen = person(paid, 2).citizen_id
    Citizen.objects.filter(pk=citizen).update(phone="01077777777")
    draft = desk.by_file(file, parent=paid)
    assert problems(draft) == []
    assert BatchRow.objects.get(batch_id=draft.pk).citizen_id == citizen


def test_no_more_than_was_paid_over_several_clawbacks(office: Office, desk: Desk) -> None:
    paid = paid_list(office)
    desk.carry_out(desk.by_rows(paid, (2, 60_000)))
    second = desk.by_rows(paid, (2, 40_001))
    assert problems(second) == [(2, "amount", "clawback_exceeds")]
    assert BatchProblem.objects.get(batch_id=second.pk).params == {"paid": AMOUNT, "expected": 40_000}
    desk.carry_out(desk.by_rows(paid, (2, None)))
    assert left(paid, 2) == 0
    assert problems(desk.by_rows(paid, (2, None))) == [(2, "amount", "clawback_nothing_left")]
    assert_audited()


def test_a_list_in_approval_counts_and_a_withdrawn_one_does_not(office: Office, desk: Desk) -> None:
    paid = paid_list(office)
    one, other = desk.by_rows(paid, (2, 60_000)), desk.by_rows(paid, (2, 60_000), (3, None))
    waiting = submitted(office, one)
    refused = submitted(office, other)
    assert refused.state == BatchState.VALIDATED
    assert refused.failure["code"] == "clawback_exceeds_paid"
    assert refused.failure["params"] == {"count": 1, "row": 2, "needed": 60_000, "available": 40_000}
    assert not Entitlement.objects.filter(batch_id=other.pk).exists()
    assert Recovery.objects.get(source_id=person(paid, 2).pk).claimed == 60_000

    approvals.withdraw(batch=waiting, reason="착오", at=AT, **office.acting(Role.DRAFTER))
    assert Recovery.objects.get(source_id=person(paid, 2).pk).claimed == 0
    assert not ClawbackItem.objects.exists()
    assert submitted(office, Batch.objects.get(pk=other.pk)).state == BatchState.SUBMITTED
    assert_audited()


def test_who_was_not_paid_yet_cannot_be_clawed_back(office: Office, desk: Desk) -> None:
    waiting = submitted(office, make_list(office, rows=1))
    with pytest.raises(errors.NothingPaid):
        desk.by_rows(waiting, (2, None))


def test_drafters_alone_begin_and_say_why(office: Office, desk: Desk) -> None:
    paid = paid_list(office)
    for wrong in ({"reason": " "}, {"basis": ""}):
        with pytest.raises(errors.ReasonMissing):
            desk.by_rows(paid, (2, None), **wrong)
    with pytest.raises(errors.NobodyChosen):
        desk.by_rows(paid)
    with pytest.raises(errors.NothingPaid):
        desk.by_rows(paid, (99, None))
    with pytest.raises(errors.TooManyChosen):
        desk.by_rows(paid, *((row, None) for row in range(2, 300)))
    office.officials[Role.DRAFTER] = office.officials[Role.PAYER]
    with pytest.raises(NotPermitted):
        desk.by_rows(paid, (2, None))


# Money that comes back by itself


def test_expired_money_is_not_clawed_back_again(office: Office, desk: Desk, till: Till) -> None:
    paid = paid_list(office, rows=1)
    till.pay(person(paid, 2).wallet_id, 30_000)
    later = AT + timedelta(days=200)
    ledger.expire(municipality=office.city.code, until=later, limit=10, at=later)
    draft = desk.by_rows(paid, (2, None))
    assert draft.amount_total == 30_000
    done = desk.carry_out(draft)
    assert [(debt.decided, debt.from_lots, debt.outstanding) for debt in owed(done)] == [(30_000, 0, 30_000)]
    assert_audited()


def test_money_that_expires_while_the_list_is_signed_counts_as_taken(office: Office, desk: Desk, till: Till) -> None:
    paid = paid_list(office, rows=1)
    till.pay(person(paid, 2).wallet_id, 30_000)
    ready = submitted(office, desk.by_rows(paid, (2, None)))
    later = AT + timedelta(days=200)
    ledger.expire(municipality=office.city.code, until=later, limit=10, at=later)
    ready = signed(office, ready, Role.REVIEWER, Role.APPROVER)
    disbursement.start(batch=ready, digest=ready.digest, at=later, **office.acting(Role.PAYER))
    disbursement.run(municipality=office.city.code, batch_id=ready.pk, at=later)
    (debt,) = Receivable.objects.all()
    assert (debt.decided, debt.from_lots, debt.lapsed, debt.outstanding) == (AMOUNT, 0, 70_000, 30_000)
    assert_audited()


# The page's list


def test_payments_are_paged_by_row_with_what_is_free(office: Office, desk: Desk, till: Till) -> None:
    paid = paid_list(office, rows=5)
    till.pay(person(paid, 4).wallet_id, 30_000)
    desk.carry_out(desk.by_rows(paid, (4, 80_000)))
    page = payments_after(batch=paid, row=2, limit=2)
    assert [(payment.row_number, payment.paid, payment.remaining, payment.free) for payment in page] == [
        (3, AMOUNT, AMOUNT, AMOUNT), (4, AMOUNT, 0, 20_000),
    ]  # fmt: skip
