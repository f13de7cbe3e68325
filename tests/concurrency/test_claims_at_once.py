"""People who join while their list is paid or their time runs out; payers who pause, cancel and resume at the same second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier
from typing import Any

import psycopg
import pytest
from django.db import Error, connection, connections

from allowances.batches.models import Batch, BatchState
from allowances.disbursement import services
from allowances.disbursement.models import UnpaidEntitlement
from allowances.disbursement.selectors import progress, unposted_amount
from allowances.programmes.selectors import budget_of
from tests import factories
from tests.concurrency.test_lists_at_once import until_somebody_waits
from tests.factories import AT
from tests.factories.holding import AMOUNT, Stranger, make_holding_list, unpaid
from tests.factories.lists import Office, make_office
from vouchers.common.errors import DomainError, StateConflict
from vouchers.ledger.audit import audit
from vouchers.ledger.models import Lot
from vouchers.ledger.services import call, open_wallets
from vouchers.officials.rules import Role

PEOPLE = 12


@pytest.fixture
def office(committed_db: str) -> Office:
    return make_office(amount=AMOUNT)


def strangers(count: int = PEOPLE) -> list[Stranger]:
    return [Stranger(phone=f"010999900{number:02}") for number in range(count)]


def together(office: Office, acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Each act on a connection and in a transaction of its own, all at the same moment; a refusal is its result."""
    gate = Barrier(len(acts))

    def one(act: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            with office.city.scope():
                return act()
        except DomainError as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def opening(office: Office, citizen: Any) -> Callable[[], int]:
    return lambda: open_wallets(
        municipality=office.city.code, currency=office.city.currency.pk, citizens=[citizen.pk]
    )  # fmt: skip


def assert_books_balance(office: Office) -> None:
    with office.city.scope():
        assert {found.invariant.name: found.difference for found in audit() if found.difference} == {}


def test_who_joins_while_the_chunk_is_posted_is_never_missed(office: Office) -> None:
    """Each could see the state before the other's commit, and nobody would credit them."""
    people = strangers()
    with office.city.scope():
        batch = make_holding_list(office.city, people, chunk_rows=4)
        call("disbursement.plan", office.city.code, batch.pk)
        citizens = [person.joins(office.city, wallet=False) for person in people]
        numbers = [number for (number,) in _rows("SELECT number FROM allowances_disbursementchunk")]
    posting = [
        lambda number=number: call("disbursement.post_chunk", office.city.code, batch.pk, number, AT) for number in numbers
    ]  # fmt: skip
    together(office, [*posting, *(opening(office, citizen) for citizen in citizens)])
    with office.city.scope():
        assert {state for _, state, _ in unpaid(batch).values()} == {"credited"}
        assert Lot.objects.count() == Lot.objects.values("wallet_id").distinct().count() == PEOPLE
    assert_books_balance(office)


def test_two_wallets_for_one_held_row_are_credited_once(office: Office) -> None:
    """One is found by the number, the other by name, birth date and telephone."""
    number = "900304-1234568"
    with office.city.scope():
        batch = make_holding_list(office.city, [Stranger(resident_number=number)])
        services.run(municipality=office.city.code, batch_id=batch.pk, at=AT)
        both = [
            factories.make_citizen(office.city, wallet=False, resident_number=number),
            Stranger().joins(office.city, wallet=False),
        ]
    together(office, [opening(office, citizen) for citizen in both])
    with office.city.scope():
        assert unpaid(batch)[2][1] == "credited"
        assert Lot.objects.count() == 1
    assert_books_balance(office)


def test_joining_and_the_sweep_at_the_deadline_share_no_won(office: Office) -> None:
    people = strangers()
    with office.city.scope():
        batch = make_holding_list(office.city, people)
        services.run(municipality=office.city.code, batch_id=batch.pk, at=AT)
        citizens = [person.joins(office.city, wallet=False) for person in people]
        late = UnpaidEntitlement.objects.first().deadline + timedelta(minutes=10)
    sweeps = [lambda: call("disbursement.release_expired", office.city.code, late, 3)] * 4
    together(office, [*sweeps, *(opening(office, citizen) for citizen in citizens)])
    with office.city.scope():
        ends = [state for _, state, _ in unpaid(batch).values()]
        assert set(ends) <= {"credited", "returned"}
        assert len(ends) == PEOPLE
        assert Lot.objects.count() == ends.count("credited")
        assert budget_of(programme=batch.cycle.programme).reserved == 0
    assert_books_balance(office)


class Died(Exception):
    """The worker's end before its commit."""


@pytest.mark.parametrize("dies", [False, True], ids=["commits", "dies"])
def test_a_pause_waits_for_the_chunk_that_is_being_posted(office: Office, committed_db: str, dies: bool) -> None:
    with office.city.scope():
        batch = make_holding_list(office.city, [factories.make_citizen(office.city) for _ in range(4)], chunk_rows=3)
        call("disbursement.plan", office.city.code, batch.pk)
        first, second = [number for (number,) in _rows("SELECT number FROM allowances_disbursementchunk ORDER BY 1")]

    def pause() -> str:
        try:
            with office.city.scope():
                services.pause(batch=batch, reason="확인", at=AT, **office.acting(Role.PAYER))
                return Batch.objects.get(pk=batch.pk).state
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with suppress(Died), office.city.scope():
            call("disbursement.post_chunk", office.city.code, batch.pk, first, AT)
            paused = pool.submit(pause)
            until_somebody_waits(committed_db, paused)
            if dies:
                raise Died
        assert paused.result() == BatchState.PAUSED
    with office.city.scope():
        assert progress(batch).chunks_posted == (0 if dies else 1)
    with pytest.raises(StateConflict), office.city.scope():
        call("disbursement.post_chunk", office.city.code, batch.pk, second, AT)
    assert_books_balance(office)


def test_of_cancelling_and_resuming_one_happens(office: Office) -> None:
    with office.city.scope():
        batch = make_holding_list(office.city, [factories.make_citizen(office.city) for _ in range(4)])
        services.pause(batch=batch, reason="확인", at=AT, **office.acting(Role.PAYER))
        left = unposted_amount(batch)
        cancelling, resuming = (office.acting(Role.PAYER) for _ in range(2))
    results = together(office, [
        lambda: services.cancel_rest(batch=batch, reason="중단", unposted=left, at=AT, **cancelling),
        lambda: services.resume(batch=batch, at=AT, **resuming).state,
    ])  # fmt: skip
    assert sum(isinstance(result, StateConflict) for result in results) == 1
    services.run(municipality=office.city.code, batch_id=batch.pk, at=AT)
    with office.city.scope():
        assert Batch.objects.get(pk=batch.pk).state == BatchState.PAID
        assert Lot.objects.count() == (4 if isinstance(results[0], StateConflict) else 0)
        assert budget_of(programme=batch.cycle.programme).reserved == 0
    assert_books_balance(office)


def test_who_dies_while_the_chunk_is_posted_is_paid_or_stopped_and_never_both(office: Office) -> None:
    with office.city.scope():
        citizens = [factories.make_citizen(office.city) for _ in range(6)]
        batch = make_holding_list(office.city, citizens, chunk_rows=2)
        call("disbursement.plan", office.city.code, batch.pk)
        numbers = [number for (number,) in _rows("SELECT number FROM allowances_disbursementchunk")]
    keys = [citizen.pk for citizen in citizens]
    nobody = [None] * len(keys)
    posting = [
        lambda number=number: call("disbursement.post_chunk", office.city.code, batch.pk, number, AT) for number in numbers
    ]  # fmt: skip
    together(office, [
        *posting,
        lambda: call("disbursement.stop", office.city.code, keys, nobody, nobody, ["deceased"] * len(keys), AT),
    ])  # fmt: skip
    services.run(municipality=office.city.code, batch_id=batch.pk, at=AT)
    with office.city.scope():
        assert Lot.objects.count() + len(unpaid(batch)) == len(citizens)
    assert_books_balance(office)


def test_a_connection_that_dies_at_the_commit_leaves_no_half_chunk(office: Office, committed_db: str) -> None:
    people = strangers(3)
    with office.city.scope():
        batch = make_holding_list(office.city, [*people, factories.make_citizen(office.city)])
        call("disbursement.plan", office.city.code, batch.pk)
    with pytest.raises(Error):
        _post_and_lose_the_connection(office, batch, committed_db)
    connections.close_all()
    with office.city.scope():
        assert (Lot.objects.count(), unpaid(batch)) == (0, {})
    services.run(municipality=office.city.code, batch_id=batch.pk, at=AT)
    with office.city.scope():
        assert (Lot.objects.count(), len(unpaid(batch))) == (1, 3)
    assert_books_balance(office)


def _post_and_lose_the_connection(office: Office, batch: Batch, url: str) -> None:
    with office.city.scope():
        call("disbursement.post_chunk", office.city.code, batch.pk, 0, AT)
        with psycopg.connect(url, autocommit=True) as killer:
            killer.execute("SELECT pg_terminate_backend(%s)", _rows("SELECT pg_backend_pid()")[0])
        _rows("SELECT 1")


def _rows(query: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()
