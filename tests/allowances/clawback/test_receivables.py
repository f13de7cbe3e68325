"""What people owe after a clawback: paid back, paid in parts, set off, written off; never a won too much."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from allowances.batches.models import Batch
from allowances.clawback import errors, services
from allowances.clawback.models import EntryKind, PaymentMethod, Receivable, ReceivableEntry
from allowances.clawback.rules import Due, make_up, overdue, split_evenly
from allowances.clawback.selectors import latest_plan, open_receivables, overdue_of
from tests.factories import AT
from tests.factories.clawbacks import Desk, Till, owed, paid_list, person
from tests.factories.lists import Office
from vouchers.common.errors import NotPermitted
from vouchers.common.models import uuid7
from vouchers.ledger.audit import audit
from vouchers.ledger.errors import AmountNotPositive, JournalConflict
from vouchers.ledger.models import Balance, Journal, JournalKind, Lot
from vouchers.ledger.services import call
from vouchers.officials.rules import Role

AMOUNT, SPENT = 100_000, 60_000
TODAY = AT.date()


@pytest.fixture
def payment(office: Office, till: Till) -> UUID:
    """60,000 of somebody's 100,000 won, spent."""
    return till.pay(person(paid_list(office, rows=1), 2).wallet_id, SPENT)


@pytest.fixture
def debt(office: Office, desk: Desk, payment: UUID) -> Receivable:
    """The 60,000 won that could not be taken back."""
    (receivable,) = owed(desk.carry_out(desk.by_rows(Batch.objects.select_related("cycle").get(), (2, None))))
    return receivable


def repay(office: Office, debt: Receivable, amount: int, **fields: Any) -> int:
    return services.record_payment(
        receivable=debt, amount=amount, at=AT,
        **{"id": call("ledger.id_at", AT)[0], "paid_on": TODAY, "method": PaymentMethod.TRANSFER,
           "document_number": "지역경제과-12"} | office.acting(Role.PAYER) | fields,
    )  # fmt: skip


def write_off(office: Office, debt: Receivable, amount: int, **fields: Any) -> int:
    return services.write_off(
        receivable=debt, amount=amount, at=AT,
        **{"id": uuid7(), "reason": "행방불명", "document_number": "세정과-3"} | office.acting(Role.APPROVER) | fields,
    )  # fmt: skip


def state(debt: Receivable) -> tuple[int, int, int, int]:
    now = Receivable.objects.get(pk=debt.pk)
    return now.repaid, now.set_off, now.written_off, now.outstanding


def assert_audited() -> None:
    differences = {found.invariant.name: found.difference for found in audit() if found.difference}
    assert not differences


# Paying back


def test_payments_lower_what_is_owed_and_reach_the_programme(office: Office, debt: Receivable) -> None:
    before = sum(Balance.objects.values_list("returned", flat=True))
    assert repay(office, debt, 20_000) == 40_000
    assert repay(office, debt, 40_000) == 0
    assert state(debt) == (SPENT, 0, 0, 0)
    assert sum(Balance.objects.values_list("returned", flat=True)) == before + SPENT
    assert Journal.objects.filter(kind=JournalKind.REPAY).count() == 2
    entries = ReceivableEntry.objects.filter(receivable=debt.pk).order_by("amount")
    assert [(entry.amount, entry.document_number, entry.official) for entry in entries] == [
        (20_000, "지역경제과-12", office.officials[Role.PAYER]), (40_000, "지역경제과-12", office.officials[Role.PAYER]),
    ]  # fmt: skip
    assert not open_receivables().exists()
    assert_audited()


def test_never_more_than_is_owed(office: Office, debt: Receivable) -> None:
    repay(office, debt, 59_999)
    for act in (repay, write_off):
        with pytest.raises(errors.MoreThanOutstanding) as refused, transaction.atomic():
            act(office, debt, 2)
        assert refused.value.params == {"outstanding": 1}
    assert state(debt) == (59_999, 0, 0, 1)


def test_the_same_payment_twice_is_one(office: Office, debt: Receivable) -> None:
    once = call("ledger.id_at", AT)[0]
    assert repay(office, debt, 50_000, id=once) == 10_000
    assert repay(office, debt, 50_000, id=once) == 10_000
    with pytest.raises(JournalConflict), transaction.atomic():
        repay(office, debt, 10_000, id=once)
    assert state(debt) == (50_000, 0, 0, 10_000)


@pytest.mark.parametrize("amount", [0, -1])
def test_amounts_are_positive(office: Office, debt: Receivable, amount: int) -> None:
    for act in (repay, write_off):
        with pytest.raises(AmountNotPositive), transaction.atomic():
            act(office, debt, amount)


def test_payers_record_approvers_write_off_and_nobody_ahead_of_time(office: Office, debt: Receivable) -> None:
    with pytest.raises(NotPermitted):
        repay(office, debt, 1, **office.acting(Role.DRAFTER))
    with pytest.raises(NotPermitted):
        write_off(office, debt, 1, **office.acting(Role.PAYER))
    with pytest.raises(errors.PaidInFuture):
        repay(office, debt, 1, paid_on=TODAY + timedelta(days=2))
    with pytest.raises(errors.ReasonMissing):
        write_off(office, debt, 1, reason="  ")


def test_what_is_written_off_moves_no_money(office: Office, debt: Receivable) -> None:
    before = Journal.objects.count()
    assert write_off(office, debt, 50_000) == 10_000
    assert write_off(office, debt, 10_000) == 0
    assert (state(debt), Journal.objects.count()) == ((0, 0, SPENT, 0), before)
    entry = ReceivableEntry.objects.filter(kind=EntryKind.WRITTEN_OFF).first()
    assert entry is not None
    assert (entry.reason, entry.document_number) == ("행방불명", "세정과-3")
    assert_audited()


# Set off


def test_a_cancelled_payment_is_set_off_before_it_can_be_spent(
    office: Office, till: Till, payment: UUID, debt: Receivable
) -> None:
    till.cancel(payment, 25_000)
    assert state(debt) == (0, 25_000, 0, 35_000)
    assert sum(Lot.objects.values_list("remaining", flat=True)) == 0
    entry = ReceivableEntry.objects.get()
    assert (entry.kind, entry.amount, entry.official) == (EntryKind.SET_OFF, 25_000, None)
    assert_audited()


def test_what_exceeds_the_debt_stays_the_citizens(office: Office, till: Till, payment: UUID, debt: Receivable) -> None:
    repay(office, debt, 50_000)
    till.cancel(payment)
    assert state(debt) == (50_000, 10_000, 0, 0)
    assert sum(Lot.objects.values_list("remaining", flat=True)) == 50_000
    assert_audited()


def test_the_same_cancellation_again_sets_off_once(office: Office, till: Till, payment: UUID, debt: Receivable) -> None:
    for _ in range(2):
        call("payments.cancel", office.city.code, till.partner.pk, "same", b"\1" * 32, payment, 25_000, AT)
    assert state(debt) == (0, 25_000, 0, 35_000)


def test_a_refund_of_other_money_is_not_touched(office: Office, desk: Desk, till: Till) -> None:
    first, other = paid_list(office, rows=1), paid_list(office, rows=1, people="나")
    till.pay(person(first, 2).wallet_id, AMOUNT)
    unrelated = till.pay(person(other, 2).wallet_id, 10_000)
    (debt,) = owed(desk.carry_out(desk.by_rows(first, (2, None))))
    till.cancel(unrelated)
    assert state(debt) == (0, 0, 0, AMOUNT)
    assert Lot.objects.get(source_id=person(other, 2).pk).remaining == AMOUNT


# Instalments


def test_a_plan_makes_up_what_is_owed_and_a_new_one_takes_its_place(office: Office, debt: Receivable) -> None:
    repay(office, debt, 10_000)
    days = [TODAY + timedelta(days=30 * month) for month in (1, 2, 3)]
    plan = split_evenly(outstanding=50_000, dates=days)
    payer = office.acting(Role.PAYER)
    services.plan_instalments(receivable=debt, plan=plan, document_number="", at=AT, **payer)
    assert [(part.number, part.amount) for part in latest_plan(debt)] == [(1, 16_000), (2, 16_000), (3, 18_000)]
    repay(office, debt, 20_000)
    now = Receivable.objects.get(pk=debt.pk)
    assert [
        overdue_of(now, plan=latest_plan(now), today=day + timedelta(days=1)) for day in days
    ] == [0, 12_000, 30_000]  # fmt: skip
    services.plan_instalments(
        receivable=debt, plan=[Due(days[2], 30_000)], document_number="지역경제과-20", at=AT, **payer
    )
    assert [(part.plan, part.amount, part.repaid_before) for part in latest_plan(debt)] == [(2, 30_000, 70_000)]
    now = Receivable.objects.get(pk=debt.pk)
    assert overdue_of(now, plan=latest_plan(now), today=days[2]) == 0


def test_a_plan_that_does_not_add_up_is_refused(office: Office, debt: Receivable) -> None:
    tomorrow = TODAY + timedelta(days=1)
    for wrong in ([], [Due(tomorrow, SPENT - 1)], [Due(TODAY - timedelta(days=1), SPENT)]):
        with pytest.raises(errors.InstalmentsDiffer):
            services.plan_instalments(
                receivable=debt, plan=wrong, document_number="", at=AT, **office.acting(Role.PAYER)
            )


DAY = date(2026, 11, 30)


@pytest.mark.parametrize(("plan", "makes_up"), [
    ([Due(DAY, 100)], True), ([Due(DAY, 60), Due(DAY + timedelta(days=1), 40)], True), ([], False),
    ([Due(DAY, 99)], False), ([Due(DAY, 101)], False), ([Due(DAY, 100), Due(DAY + timedelta(days=1), 0)], False),
    ([Due(DAY, 60), Due(DAY, 40)], False), ([Due(DAY, 60), Due(DAY - timedelta(days=1), 40)], False),
    ([Due(DAY - timedelta(days=1), 100)], False), ([Due(DAY, 110), Due(DAY + timedelta(days=1), -10)], False),
])  # fmt: skip
def test_plans(plan: list[Due], makes_up: bool) -> None:
    assert make_up(plan, outstanding=100, today=DAY) is makes_up


@pytest.mark.parametrize(("outstanding", "parts", "amounts"), [
    (50_000, 3, [16_000, 16_000, 18_000]), (60_000, 2, [30_000, 30_000]), (2_500, 3, [1_000, 1_000, 500]),
    (900, 3, [900]), (1, 1, [1]), (0, 2, []), (100, 0, []),
])  # fmt: skip
def test_even_parts(outstanding: int, parts: int, amounts: list[int]) -> None:
    split = split_evenly(outstanding=outstanding, dates=[DAY + timedelta(days=day) for day in range(parts)])
    assert [due.amount for due in split] == amounts


@pytest.mark.parametrize(("today", "received", "outstanding", "late"), [
    (DAY, 0, 100, 0), (DAY + timedelta(days=1), 0, 100, 60), (DAY + timedelta(days=1), 60, 40, 0),
    (DAY + timedelta(days=1), 59, 41, 1), (DAY + timedelta(days=40), 0, 100, 100), (DAY + timedelta(days=40), 100, 0, 0),
    (DAY + timedelta(days=40), 0, 30, 30),
])  # fmt: skip
def test_what_is_overdue(today: date, received: int, outstanding: int, late: int) -> None:
    plan = [Due(DAY, 60), Due(DAY + timedelta(days=30), 40)]
    assert overdue(plan, received=received, due_on=DAY, outstanding=outstanding, today=today) == late


def test_without_a_plan_all_is_overdue_after_the_term() -> None:
    assert overdue([], received=0, due_on=DAY, outstanding=7, today=DAY) == 0
    assert overdue([], received=0, due_on=DAY, outstanding=7, today=DAY + timedelta(days=1)) == 7
