"""Officials who want the same money at the same second: somebody gets it, the others are told, nothing goes below zero."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils.translation import override

from allowances.approvals.services import complete_submission, submit
from allowances.batches.models import Batch, BatchState, Entitlement
from allowances.batches.selectors import failure_of
from allowances.budgets import services
from allowances.budgets.models import BudgetAllotment, BudgetEntry, BudgetLine, EntryKind
from allowances.budgets.rules import Split
from allowances.budgets.selectors import line_budgets
from allowances.programmes.selectors import budget_of
from allowances.programmes.services import allot_budget
from tests import factories
from tests.factories import AT
from tests.factories.lists import Office, make_list, make_office
from vouchers.common.database import domain_errors
from vouchers.common.errors import DomainError
from vouchers.common.models import uuid7
from vouchers.ledger.audit import audit
from vouchers.ledger.errors import LedgerIsImmutable
from vouchers.officials.rules import Role

AMOUNT, ROWS = 100_000, 3
ONE_LIST = AMOUNT * ROWS


@pytest.fixture
def office(committed_db: str) -> Iterator[Office]:
    """A programme whose budget holds one list, of a line that holds nothing more. Afterwards the audit finds nothing."""
    made = make_office(budget=ONE_LIST, amount=AMOUNT)
    yield made
    found = {finding.invariant.name: finding.difference for finding in audit(using="owner") if finding.difference}
    assert found == {}


def at_once(office: Office, *acts: Callable[[], Any]) -> list[str]:
    """What comes of the acts, each in a thread and a transaction of its own: "done", or the code of the refusal."""
    gate = Barrier(len(acts))

    def perform(act: Callable[[], Any]) -> str:
        try:
            with office.city.scope():
                gate.wait()
                act()
        except DomainError as refusal:
            return refusal.code
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(len(acts)) as threads:
        return sorted(threads.map(perform, acts))


def submitting(office: Office, *, people: str, rows: int = ROWS) -> Batch:
    """A list of its own people, submitted, whose job has not run."""
    batch = make_list(office, rows=rows, people=people)
    return submit(batch=batch, exclude_bad_rows=False, at=AT, **office.acting(Role.DRAFTER))


def completing(office: Office, batch: Batch) -> Callable[[], Any]:
    return lambda: complete_submission(municipality=office.city.code, batch_id=batch.pk, at=AT)


def line_of(office: Office) -> BudgetLine:
    assert office.programme.budget_line is not None
    return office.programme.budget_line


def unallotted(line: BudgetLine) -> int:
    return line_budgets(lines=[line])[line.pk].unallotted


def entering(office: Office, line: BudgetLine, kind: EntryKind, amount: int, **options: Any) -> Callable[[], Any]:
    who = office.acting(Role.BUDGET)
    return lambda: services.record(
        line=line, kind=kind, split=Split(city=amount), reason="변경", at=AT, **who, **options
    )  # fmt: skip


def test_of_two_lists_for_a_budget_that_holds_one_one_is_refused_with_the_figures(office: Office) -> None:
    with office.city.scope():
        lists = [submitting(office, people=name) for name in "가나"]
    assert at_once(office, *(completing(office, batch) for batch in lists)) == ["done", "done"]
    with office.city.scope():
        assert sorted(Batch.objects.values_list("state", flat=True)) == [BatchState.SUBMITTED, BatchState.VALIDATED]
        refused = Batch.objects.get(state=BatchState.VALIDATED)
        assert refused.failure == {"code": "budget_exceeded", "params": {"available": 0, "needed": ONE_LIST}}
        with override("ko"):
            told = str(failure_of(refused))
        assert told == "사업 예산이 부족합니다. 집행 가능액은 0원이고 필요한 금액은 300,000원입니다."
        assert budget_of(programme=office.programme).reserved == ONE_LIST
        assert Entitlement.objects.values("batch_id").distinct().count() == 1  # the refused list entitles nobody
        assert not refused.steps.filter(decision="waiting").exists()


def test_many_lists_for_a_budget_that_holds_some(office: Office) -> None:
    with office.city.scope():
        lists = [submitting(office, people=name, rows=1) for name in "가나다라마바"]
    at_once(office, *(completing(office, batch) for batch in lists))
    with office.city.scope():
        assert Counter(Batch.objects.values_list("state", flat=True)) == {"submitted": 3, "validated": 3}
        assert budget_of(programme=office.programme).available == 0


@pytest.mark.parametrize("attempt", range(3))
def test_taking_budget_back_while_a_list_is_submitted(office: Office, attempt: int) -> None:
    with office.city.scope():
        batch = submitting(office, people="가")
    take_back = lambda: allot_budget(programme=office.programme, amount=-1, at=AT, **office.acting(Role.BUDGET))  # noqa: E731
    outcome = at_once(office, completing(office, batch), take_back)
    with office.city.scope():
        batch, budget = Batch.objects.get(), budget_of(programme=office.programme)
        if batch.state == BatchState.SUBMITTED:
            assert outcome == ["budget_exceeded", "done"]
            assert (budget.allotted, budget.reserved) == (ONE_LIST, ONE_LIST)
        else:
            assert outcome == ["done", "done"]
            assert batch.failure == {
                "code": "budget_exceeded",
                "params": {"available": ONE_LIST - 1, "needed": ONE_LIST},
            }
            assert (budget.allotted, budget.reserved, unallotted(line_of(office))) == (ONE_LIST - 1, 0, 1)


def test_an_allotment_a_transfer_and_a_cut_for_money_that_is_there_once(office: Office) -> None:
    line = line_of(office)
    with office.city.scope():
        neighbour = factories.make_budget_line(office.city)
    with office.city.scope():
        entering(office, line, EntryKind.INCREASE, 100)()
    allot = lambda: allot_budget(programme=office.programme, amount=100, at=AT, **office.acting(Role.BUDGET))  # noqa: E731
    outcome = at_once(
        office, allot, entering(office, line, EntryKind.TRANSFER_OUT, 100, counterpart=neighbour),
        entering(office, line, EntryKind.DECREASE, 100),
    )  # fmt: skip
    assert outcome == ["budget_line_exceeded", "budget_line_exceeded", "done"]
    with office.city.scope():
        assert unallotted(line) == 0


def test_transfers_that_cross_each_other_wait_and_do_not_deadlock(office: Office) -> None:
    here = line_of(office)
    with office.city.scope():
        there = factories.make_budget_line(office.city, amount=1_000)
        entering(office, here, EntryKind.INCREASE, 1_000)()
        programme = factories.make_programme(office.city, budget=0, budget_line=there)
    acts = []
    for _ in range(4):
        acts += [
            entering(office, here, EntryKind.TRANSFER_OUT, 10, counterpart=there),
            entering(office, there, EntryKind.TRANSFER_OUT, 10, counterpart=here),
            entering(office, there, EntryKind.DECREASE, 1),
            lambda: allot_budget(programme=programme, amount=5, at=AT, **office.acting(Role.BUDGET)),
        ]
    assert at_once(office, *acts) == ["done"] * 16
    with office.city.scope():
        assert (unallotted(here), unallotted(there)) == (1_000, 1_000 - 4 - 20)


def test_a_form_sent_many_times_at_once_counts_once(office: Office) -> None:
    entry, allotment = uuid7(), uuid7()
    again = entering(office, line_of(office), EntryKind.INCREASE, 500, id=entry)
    assert at_once(office, *[again] * 6) == ["done"] * 6
    again = lambda: allot_budget(  # noqa: E731
        programme=office.programme, amount=200, id=allotment, at=AT, **office.acting(Role.BUDGET)
    )
    assert at_once(office, *[again] * 6) == ["done"] * 6
    with office.city.scope():
        assert BudgetEntry.objects.filter(journal_id=entry).count() == 1
        assert BudgetAllotment.objects.filter(journal_id=allotment).count() == 1
        assert (unallotted(line_of(office)), budget_of(programme=office.programme).allotted) == (300, ONE_LIST + 200)


def test_not_even_the_owner_changes_what_was_entered(office: Office) -> None:
    for table in ("allowances_budgetentry", "allowances_budgetallotment"):
        for statement in ("UPDATE {} SET reason = 'x'", "DELETE FROM {}", "TRUNCATE {}"):
            with (
                pytest.raises(LedgerIsImmutable),
                transaction.atomic(using="owner"),
                domain_errors(),
                connections["owner"].cursor() as cursor,
            ):
                cursor.execute(statement.format(table))
