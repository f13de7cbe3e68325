"""Every way in which somebody could be paid twice, each through the real services, with the won they end up with.

The lists are files that are uploaded, read, checked, submitted, signed by three officials and paid. After each case the
audit of the ledger finds no difference.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections, transaction

from allowances.approvals import services as approvals
from allowances.approvals.errors import AlreadySigned
from allowances.batches import services as batches
from allowances.batches.errors import FileAlreadyUploaded
from allowances.batches.models import Batch, BatchKind, BatchProblem, BatchState
from allowances.catalogue.models import AllowanceType, ExclusionPeriod
from allowances.disbursement import services as disbursement
from allowances.programmes.models import Cycle, LocalExclusiveGroup, Programme
from allowances.programmes.selectors import budget_of
from tests import factories
from tests.factories import AT
from tests.factories.clawbacks import Desk
from tests.factories.lists import Office, approved, make_office, paying, read_list, submitted
from vouchers.citizens.models import Citizen
from vouchers.common.errors import DomainError, StateConflict
from vouchers.ledger import services as ledger
from vouchers.ledger.audit import audit
from vouchers.officials.rules import Role
from vouchers.privacy.fields import key_ring
from vouchers.privacy.files import FileStore

AMOUNT = 100_000
KIM, LEE = ("김하나", "1985-01-01", "01011110001"), ("이두리", "1986-02-02", "01011110002")
MANY = [(f"박{name}{name}", "1985-01-01", f"0102222000{number}") for number, name in enumerate("가나다라마바")]
ONCE = [[{"kind": "received", "scope": "own", "period": "lifetime", "times": 1}]]
_files = itertools.count(1)

Person = tuple[str, str, str]


class World:
    """An office whose lists come from files, and what its people got."""

    def __init__(self, office: Office, folder: Path) -> None:
        self.office, self.folder = office, folder
        self.store = FileStore(directory=folder, ring=key_ring())

    def member(self, person: Person) -> Citizen:
        """The person, with a wallet."""
        name, birth_date, phone = person
        return factories.make_citizen(
            self.office.city, name=name, birth_date=date.fromisoformat(birth_date), phone=phone
        )  # fmt: skip

    def cycle(self, programme: Programme | None = None, **fields: Any) -> Cycle:
        return factories.make_cycle(programme or self.office.programme, **fields)

    def uploaded(self, cycle: Cycle, *people: Person, note: str | None = None, amount: int = AMOUNT) -> Batch:
        """A list of these people, as its file was read and checked; each file differs unless it has the same note."""
        note = note or f"파일 {next(_files)}"
        rows = "".join(f"{name},{birth_date},{phone},{amount},{note}\n" for name, birth_date, phone in people)
        content = f"성명,생년월일,휴대전화,지급액,비고\n{rows}".encode()
        batch = batches.upload(
            cycle=cycle, file=SimpleUploadedFile("명단.csv", content), file_name="명단.csv", store=self.store,
            limit=1_000_000, at=AT, **self.office.acting(Role.DRAFTER),
        )  # fmt: skip
        return read_list(batch, self.store)

    def paid(self, batch: Batch, **options: Any) -> Batch:
        """The checked list, signed by everybody, and paid as the job does it."""
        return self.run(paying(self.office, batch, **options))

    def run(self, batch: Batch, **options: Any) -> Batch:
        disbursement.run(municipality=self.office.city.code, batch_id=batch.pk, at=AT, **options)
        return Batch.objects.get(pk=batch.pk)


def won() -> dict[str, int]:
    """What came into each person's wallets."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.name, sum(l.granted)::bigint FROM vouchers_lot l JOIN vouchers_wallet w ON w.id = l.wallet_id"
            " JOIN vouchers_citizen c ON c.id = w.citizen_id GROUP BY c.name"
        )
        return dict(cursor.fetchall())


def problems(batch: Batch) -> dict[int, set[str]]:
    """The errors of each row."""
    found: dict[int, set[str]] = {}
    for row, code in BatchProblem.objects.filter(batch_id=batch.pk, is_warning=False).values_list("row_number", "code"):
        found.setdefault(row, set()).add(code)
    return found


def refused(batch: Batch) -> str | None:
    """Why the list could not be submitted."""
    batch.refresh_from_db()
    assert batch.state == BatchState.VALIDATED
    return batch.failure["code"] if batch.failure else None


@pytest.fixture
def world(db: None, tmp_path: Path) -> Iterator[World]:
    office = make_office(amount=AMOUNT)
    with office.city.scope():
        yield World(office, tmp_path)
        assert {found.invariant.name: found.difference for found in audit() if found.difference} == {}


def programme_of(world: World, **fields: Any) -> Programme:
    return factories.make_programme(world.office.city, amount=AMOUNT, amount_max=3 * AMOUNT, **fields)


# One cycle


def test_the_same_person_twice_in_a_file(world):
    world.member(KIM), world.member(LEE)
    batch = world.uploaded(world.office.cycle, KIM, LEE, KIM)
    assert problems(batch) == {4: {"duplicate_in_file"}}
    world.paid(batch)
    assert won() == {"김하나": AMOUNT, "이두리": AMOUNT}


def test_a_stranger_twice_in_a_file(world):
    cycle = world.cycle(programme_of(world, claim_days=30))
    batch = world.uploaded(cycle, KIM, KIM)
    assert problems(batch) == {3: {"duplicate_in_file"}}
    world.paid(batch)
    world.member(KIM)
    assert won() == {"김하나": AMOUNT}


def test_in_a_second_list_after_the_first_one_was_submitted(world):
    world.member(KIM), world.member(LEE)
    first = submitted(world.office, world.uploaded(world.office.cycle, KIM))
    second = world.uploaded(world.office.cycle, KIM, LEE)
    assert problems(second) == {2: {"duplicate_in_cycle"}}
    world.paid(second)
    for role in (Role.REVIEWER, Role.APPROVER):
        first = approvals.sign(batch=first, digest=first.digest, at=AT, **world.office.acting(role))
    world.run(disbursement.start(batch=first, digest=first.digest, at=AT, **world.office.acting(Role.PAYER)))
    assert won() == {"김하나": AMOUNT, "이두리": AMOUNT}


def test_in_two_lists_that_were_both_checked_before_either_was_submitted(world):
    world.member(KIM), world.member(LEE)
    first, second = world.uploaded(world.office.cycle, KIM), world.uploaded(world.office.cycle, KIM, LEE)
    world.paid(first)
    submitted(world.office, second)
    assert refused(second) == "already_entitled"
    assert won() == {"김하나": AMOUNT}


def test_in_a_second_list_after_the_first_one_was_taken_back(world):
    world.member(KIM), world.member(LEE)
    first = submitted(world.office, world.uploaded(world.office.cycle, KIM))
    first = approvals.withdraw(batch=first, reason="오류 확인", at=AT, **world.office.acting(Role.DRAFTER))
    world.paid(world.uploaded(world.office.cycle, KIM, LEE))
    submitted(world.office, first)
    first.refresh_from_db()
    assert first.failure["code"] == "already_entitled"
    assert won() == {"김하나": AMOUNT, "이두리": AMOUNT}


def test_the_same_file_twice(world):
    world.member(KIM)
    world.paid(world.uploaded(world.office.cycle, KIM, note="같은 파일"))
    with pytest.raises(FileAlreadyUploaded), transaction.atomic():
        world.uploaded(world.office.cycle, KIM, note="같은 파일")
    assert won() == {"김하나": AMOUNT}


def test_another_file_with_the_same_people(world):
    """Saved anew, or with another column: not the same bytes, but the same people."""
    world.member(KIM), world.member(LEE)
    world.paid(world.uploaded(world.office.cycle, KIM, note="처음"))
    same = world.uploaded(world.office.cycle, KIM, note="다시")
    assert (same.state, same.failure["code"]) == (BatchState.REFUSED, "content_already_uploaded")
    more = world.uploaded(world.office.cycle, LEE, KIM)
    assert problems(more) == {3: {"duplicate_in_cycle"}}
    world.paid(more)
    turned = world.uploaded(world.office.cycle, KIM, LEE)
    assert (turned.state, turned.failure["code"]) == (BatchState.REFUSED, "content_already_uploaded")
    assert won() == {"김하나": AMOUNT, "이두리": AMOUNT}


# Several cycles


def test_the_next_cycle_of_a_monthly_programme_pays_again(world):
    world.member(KIM)
    for _ in range(2):
        world.paid(world.uploaded(world.cycle(), KIM))
    assert won() == {"김하나": 2 * AMOUNT}


def test_two_cycles_of_a_programme_that_pays_once_in_a_lifetime(world):
    world.member(KIM), world.member(LEE)
    programme = programme_of(world, conditions=ONCE)
    world.paid(world.uploaded(world.cycle(programme), KIM))
    second = world.uploaded(world.cycle(programme), KIM, LEE)
    assert problems(second) == {2: {"received_before"}}
    world.paid(second)
    assert won() == {"김하나": AMOUNT, "이두리": AMOUNT}


def test_two_cycles_checked_before_either_was_submitted_of_a_programme_that_pays_once(world):
    world.member(KIM)
    programme = programme_of(world, conditions=ONCE)
    lists = [world.uploaded(world.cycle(programme), KIM) for _ in range(2)]
    assert [problems(batch) for batch in lists] == [{}, {}]
    world.paid(lists[0])
    submitted(world.office, lists[1])
    assert refused(lists[1]) == "no_longer_entitled"
    assert won() == {"김하나": AMOUNT}


def test_the_next_years_programme_of_a_series_that_pays_once(world):
    world.member(KIM)
    before = programme_of(world, conditions=ONCE)
    world.paid(world.uploaded(world.cycle(before), KIM))
    after = programme_of(world, conditions=ONCE, fiscal_year=AT.year + 1, series_id=before.series_id)
    assert problems(world.uploaded(world.cycle(after), KIM)) == {2: {"received_before"}}
    assert won() == {"김하나": AMOUNT}


def test_two_programmes_of_types_that_exclude_each_other(world):
    world.member(KIM), world.member(LEE)
    types = list(AllowanceType.objects.order_by("code")[1:3])
    LocalExclusiveGroup.objects.create(
        municipality=world.office.city.municipality, name="청년 수당", legal_basis="조례 제7조", valid_from=date(2020, 1, 1),
        type_codes=[kind.code for kind in types], period=ExclusionPeriod.FISCAL_YEAR,
    )  # fmt: skip
    cycles = [world.cycle(programme_of(world, type=kind)) for kind in types]
    checked_early = world.uploaded(cycles[1], KIM)
    world.paid(world.uploaded(cycles[0], KIM))
    submitted(world.office, checked_early)
    assert refused(checked_early) == "no_longer_entitled"
    later = world.uploaded(cycles[1], KIM, LEE)
    assert problems(later) == {2: {"excluded_by_group"}}
    world.paid(later)
    assert won() == {"김하나": AMOUNT, "이두리": AMOUNT}


def tranches(world: World) -> Programme:
    """50,000 won at once and 250,000 more six months later."""
    return programme_of(
        world,
        tranches=[
            {"label": "1차", "amounts": [{"tiers": [{"won": 50_000}]}]},
            {"label": "2차", "months": 6, "amounts": [{"tiers": [{"won": 250_000}]}]},
        ],
    )  # fmt: skip


def test_a_tranche_twice_and_the_next_one_too_early(world):
    world.member(KIM)
    programme = tranches(world)
    today = AT.date()
    first, again = (world.cycle(programme, tranche=1, reference_date=today) for _ in range(2))
    checked_early = world.uploaded(again, KIM, amount=50_000)
    world.paid(world.uploaded(first, KIM, amount=50_000))
    submitted(world.office, checked_early)
    assert refused(checked_early) in {"no_longer_entitled", "tranche_already_paid"}
    assert "tranche_paid_before" in problems(world.uploaded(again, LEE, KIM, amount=50_000))[3]
    early = world.cycle(programme, tranche=2, reference_date=today + timedelta(days=30))
    assert "tranche_too_early" in problems(world.uploaded(early, KIM, amount=250_000))[2]
    due = world.cycle(programme, tranche=2, reference_date=today + timedelta(days=200))
    world.paid(world.uploaded(due, KIM, amount=250_000))
    assert "tranche_paid_before" in problems(
        world.uploaded(world.cycle(programme, tranche=2, reference_date=today + timedelta(days=400)), KIM, amount=250_000)
    )[2]  # fmt: skip
    assert won() == {"김하나": 300_000}


# People who join


def test_a_stranger_who_joins_and_is_named_again(world):
    cycle = world.cycle(programme_of(world, claim_days=30))
    world.paid(world.uploaded(cycle, KIM))
    assert won() == {}
    world.member(KIM)
    assert won() == {"김하나": AMOUNT}
    assert problems(world.uploaded(cycle, LEE, KIM)) == {3: {"duplicate_in_cycle"}}


def test_a_stranger_in_two_lists_who_joins_afterwards(world):
    cycle = world.cycle(programme_of(world, claim_days=30))
    first, second = world.uploaded(cycle, KIM), world.uploaded(cycle, KIM, LEE)
    world.paid(first)
    submitted(world.office, second)
    assert refused(second) == "already_entitled"
    world.member(KIM)
    assert won() == {"김하나": AMOUNT}


def test_a_stranger_of_one_list_who_joins_and_is_a_member_in_another_before_either_is_paid(world):
    programme = programme_of(world, claim_days=30)
    cycle = world.cycle(programme)
    as_stranger = approved(world.office, world.uploaded(cycle, KIM))
    world.member(KIM)
    as_member = world.uploaded(cycle, KIM, LEE)
    with suppress(DomainError):
        world.paid(as_member)
    pay = lambda: disbursement.start(  # noqa: E731
        batch=as_stranger, digest=as_stranger.digest, at=AT, **world.office.acting(Role.PAYER)
    )
    world.run(pay())
    assert won() == {"김하나": AMOUNT}


# More for those who were paid


def following(
    world: World, parent: Batch, kind: BatchKind, *people: tuple[Person, int], note: str | None = None
) -> Batch:
    """A list that follows a paid one, as its file was read and checked."""
    note = note or f"파일 {next(_files)}"
    rows = "".join(f"{name},{born},{phone},{amount},{note}\n" for (name, born, phone), amount in people)
    file = SimpleUploadedFile("추가.csv", f"성명,생년월일,휴대전화,지급액,비고\n{rows}".encode())
    batch = disbursement.follow(
        parent=parent, kind=kind, file=file, file_name="추가.csv", store=world.store, limit=1_000_000, at=AT,
        **world.office.acting(Role.DRAFTER),
    )  # fmt: skip
    return read_list(batch, world.store)


def test_a_top_up_of_somebody_who_is_not_in_the_list_it_follows(world):
    world.member(KIM), world.member(LEE)
    parent = world.paid(world.uploaded(world.office.cycle, KIM))
    more = following(world, parent, BatchKind.TOP_UP, (KIM, 30_000), (LEE, 30_000))
    assert problems(more) == {3: {"not_in_parent"}}
    world.paid(more)
    assert won() == {"김하나": AMOUNT + 30_000}


def test_the_same_top_up_twice(world):
    world.member(KIM)
    parent = world.paid(world.uploaded(world.office.cycle, KIM))
    world.paid(following(world, parent, BatchKind.TOP_UP, (KIM, 30_000), note="처음"))
    with pytest.raises(FileAlreadyUploaded), transaction.atomic():
        following(world, parent, BatchKind.TOP_UP, (KIM, 30_000), note="처음")
    assert won() == {"김하나": AMOUNT + 30_000}


def test_who_was_paid_is_named_in_the_list_of_those_who_were_left_out(world):
    world.member(KIM), world.member(LEE)
    parent = world.paid(world.uploaded(world.office.cycle, KIM))
    rest = following(world, parent, BatchKind.PAYMENT, (LEE, AMOUNT), (KIM, AMOUNT))
    assert problems(rest) == {3: {"duplicate_in_cycle"}}
    world.paid(rest)
    assert won() == {"김하나": AMOUNT, "이두리": AMOUNT}


# After a clawback


def clawed_back(world: World, batch: Batch, row: int, amount: int | None = None) -> None:
    """The row's money, or part of it, taken back by a list of its own with its own approval."""
    desk = Desk(world.office, world.folder)
    desk.carry_out(desk.by_rows(batch, (row, amount)))


def left() -> dict[str, int]:
    """What is in each person's wallets."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.name, sum(l.remaining)::bigint FROM vouchers_lot l JOIN vouchers_wallet w ON w.id = l.wallet_id"
            " JOIN vouchers_citizen c ON c.id = w.citizen_id GROUP BY c.name"
        )
        return dict(cursor.fetchall())


def test_in_the_same_cycle_after_a_clawback(world):
    """Whose money was taken back has been paid in this cycle all the same; a new claim is a new decision."""
    world.member(KIM), world.member(LEE)
    clawed_back(world, world.paid(world.uploaded(world.office.cycle, KIM)), 2)
    again = world.uploaded(world.office.cycle, LEE, KIM)
    assert problems(again) == {3: {"duplicate_in_cycle"}}
    world.paid(again)
    assert left() == {"김하나": 0, "이두리": AMOUNT}


def test_in_the_next_cycle_after_a_clawback(world):
    world.member(KIM)
    clawed_back(world, world.paid(world.uploaded(world.office.cycle, KIM)), 2)
    world.paid(world.uploaded(world.cycle(), KIM))
    assert (won(), left()) == ({"김하나": 2 * AMOUNT}, {"김하나": AMOUNT})
    budget = budget_of(programme=world.office.programme)
    assert (budget.paid, budget.returned, budget.spent) == (2 * AMOUNT, AMOUNT, AMOUNT)


def test_once_in_a_lifetime_after_a_partial_clawback(world):
    world.member(KIM)
    programme = programme_of(world, conditions=ONCE)
    clawed_back(world, world.paid(world.uploaded(world.cycle(programme), KIM)), 2, 30_000)
    assert problems(world.uploaded(world.cycle(programme), KIM)) == {2: {"received_before"}}
    assert left() == {"김하나": AMOUNT - 30_000}


def test_what_expired_is_not_paid_again_in_the_same_cycle(world):
    world.member(KIM), world.member(LEE)
    cycle = world.cycle(programme_of(world, validity_days=1))
    world.paid(world.uploaded(cycle, KIM))
    later = AT + timedelta(days=3)
    ledger.call("ledger.expire", world.office.city.code, later, 100, later)
    assert left() == {"김하나": 0}
    assert budget_of(programme=cycle.programme).spent == 0
    assert problems(world.uploaded(cycle, LEE, KIM)) == {3: {"duplicate_in_cycle"}}


# The same step twice


def test_submitting_signing_and_paying_twice(world):
    world.member(KIM)
    office, batch = world.office, world.uploaded(world.office.cycle, KIM)
    batch = submitted(office, batch)
    assert (
        approvals.complete_submission(municipality=office.city.code, batch_id=batch.pk, at=AT) == BatchState.SUBMITTED
    )
    with pytest.raises(StateConflict):
        approvals.submit(batch=batch, exclude_bad_rows=False, at=AT, **office.acting(Role.DRAFTER))
    for role in (Role.REVIEWER, Role.APPROVER):
        batch = approvals.sign(batch=batch, digest=batch.digest, at=AT, **office.acting(role))
        with pytest.raises((AlreadySigned, StateConflict)), transaction.atomic():
            approvals.sign(batch=batch, digest=batch.digest, at=AT, **office.acting(role))
    batch = disbursement.start(batch=batch, digest=batch.digest, at=AT, **office.acting(Role.PAYER))
    with pytest.raises(StateConflict), transaction.atomic():
        disbursement.start(batch=batch, digest=batch.digest, at=AT, **office.acting(Role.PAYER))
    for _ in range(3):
        assert world.run(batch).state == BatchState.PAID
    assert won() == {"김하나": AMOUNT}
    assert budget_of(programme=office.programme).paid == AMOUNT


def test_a_payment_that_stops_between_two_chunks_and_goes_on(world):
    people = MANY[:5]
    for person in people:
        world.member(person)
    batch = paying(world.office, world.uploaded(world.office.cycle, *people), chunk_rows=1)
    stops = iter([False, False, True])
    assert world.run(batch, should_stop=lambda: next(stops)).state == BatchState.PAYING
    assert sum(won().values()) == 2 * AMOUNT
    assert world.run(batch).state == BatchState.PAID
    assert won() == {name: AMOUNT for name, _birth_date, _phone in people}


# At the same second


@pytest.fixture
def committed(committed_db: str, tmp_path: Path) -> Iterator[World]:
    """The same with real commits, for threads."""
    made = World(make_office(amount=AMOUNT), tmp_path)
    yield made
    assert {found.invariant.name: found.difference for found in audit(using="owner") if found.difference} == {}


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What comes of the acts, each on a thread and a connection of its own."""
    gate = Barrier(len(acts))

    def perform(act: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(perform, acts))


def completing(world: World, batch: Batch) -> Callable[[], BatchState]:
    return lambda: approvals.complete_submission(municipality=world.office.city.code, batch_id=batch.pk, at=AT)


def submitting(world: World, batch: Batch) -> Batch:
    return approvals.submit(batch=batch, exclude_bad_rows=True, at=AT, **world.office.acting(Role.DRAFTER))


def test_a_worker_that_dies_in_the_middle_of_a_chunk(committed, monkeypatch):
    """The chunk before is paid and stays so, the one in hand is not, and the next worker pays what is left."""
    people = MANY[:6]
    with committed.office.city.scope():
        for person in people:
            committed.member(person)
        batch = paying(committed.office, committed.uploaded(committed.office.cycle, *people), chunk_rows=2)

    class Died(Exception):
        """After the chunk was posted, before its transaction ended."""

    posted: list[int] = []
    call = disbursement.ledger.call

    def dying(function: str, *parameters: Any) -> Any:
        answer = call(function, *parameters)
        if function == "disbursement.post_chunk":
            posted.append(parameters[2])
            if len(posted) == 2:
                raise Died
        return answer

    monkeypatch.setattr(disbursement.ledger, "call", dying)
    run = lambda: disbursement.run(municipality=committed.office.city.code, batch_id=batch.pk, at=AT)  # noqa: E731
    with pytest.raises(Died):
        run()
    monkeypatch.undo()
    with committed.office.city.scope():
        paid_before = won()
    assert len(posted) == 2
    assert 0 < len(paid_before) < len(people)
    assert run() == BatchState.PAID
    with committed.office.city.scope():
        assert won() == {name: AMOUNT for name, _birth_date, _phone in people}


def test_two_workers_pay_one_list(committed):
    people = MANY[:6]
    with committed.office.city.scope():
        for person in people:
            committed.member(person)
        batch = committed.uploaded(committed.office.cycle, *people)
        batch = paying(committed.office, batch, chunk_rows=1)
    work = lambda: disbursement.run(  # noqa: E731
        municipality=committed.office.city.code, batch_id=batch.pk, at=AT, threads=2
    )
    assert set(at_once(work, work, work)) <= {BatchState.PAID, BatchState.PAYING}
    work()
    with committed.office.city.scope():
        assert won() == {name: AMOUNT for name, _birth_date, _phone in people}


@pytest.mark.parametrize("once", ["cycle", "lifetime", "group", "tranche"])
def test_two_lists_submitted_at_the_same_second(committed, once):
    with committed.office.city.scope():
        committed.member(KIM), committed.member(LEE)
        amount = AMOUNT
        if once == "cycle":
            cycles = [committed.office.cycle] * 2
        elif once == "lifetime":
            programme = programme_of(committed, conditions=ONCE)
            cycles = [committed.cycle(programme) for _ in range(2)]
        elif once == "tranche":
            programme, amount = tranches(committed), 50_000
            cycles = [committed.cycle(programme, tranche=1) for _ in range(2)]
        else:
            types = list(AllowanceType.objects.order_by("code")[1:3])
            LocalExclusiveGroup.objects.create(
                municipality=committed.office.city.municipality, name="청년 수당", legal_basis="조례 제7조",
                valid_from=date(2020, 1, 1), type_codes=[kind.code for kind in types], period=ExclusionPeriod.LIFETIME,
            )  # fmt: skip
            cycles = [committed.cycle(programme_of(committed, type=kind)) for kind in types]
        people = [(KIM,), (KIM, LEE)]
        lists = [
            submitting(committed, committed.uploaded(cycle, *named, amount=amount))
            for cycle, named in zip(cycles, people, strict=True)
        ]
    outcome = at_once(*(completing(committed, batch) for batch in lists))
    assert sorted(outcome) == sorted([BatchState.SUBMITTED, BatchState.VALIDATED])
    with committed.office.city.scope():
        winner = Batch.objects.get(state=BatchState.SUBMITTED)
        for role in (Role.REVIEWER, Role.APPROVER):
            winner = approvals.sign(batch=winner, digest=winner.digest, at=AT, **committed.office.acting(role))
        disbursement.start(batch=winner, digest=winner.digest, at=AT, **committed.office.acting(Role.PAYER))
    disbursement.run(municipality=committed.office.city.code, batch_id=winner.pk, at=AT)
    with committed.office.city.scope():
        assert won()["김하나"] == amount
