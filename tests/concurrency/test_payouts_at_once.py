"""Officials, the bank's files, the close and holds at the same second, and steps cut off in the middle: each won is paid once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import Error, connections

from merchants.payouts import errors, services
from merchants.payouts.models import BatchState, Payout, PayoutBatch, PayoutResult, PayoutResultLine, PayoutState
from merchants.settlement.models import PayoutHold
from tests import factories
from tests.concurrency.test_top_ups_at_once import at_once, kinds
from tests.factories import AT
from tests.factories.payouts import PayoutDesk, close, make_payout_desk, settle, status_report
from vouchers.ledger.audit import audit
from vouchers.ledger.services import call
from vouchers.officials.rules import Role

LATER = AT + timedelta(days=1)
Step = Callable[[], Any]


@pytest.fixture
def desk(committed_db: str) -> Iterator[PayoutDesk]:
    """Committed for real. Afterwards the audit finds no difference."""
    city = factories.make_city()
    with city.scope():
        desk = make_payout_desk(city)
    yield desk
    with city.scope():
        assert {found.invariant.name for found in audit() if found.difference} == set()


def scoped(desk: PayoutDesk, step: Step) -> Step:
    """As a request of its own does it."""

    def run() -> Any:
        with desk.city.scope():
            return step()

    return run


def together(desk: PayoutDesk, *steps: Step) -> list[Any]:
    """What came of each."""
    return at_once([scoped(desk, step) for step in steps])


def owed(desk: PayoutDesk) -> int:
    """Won that shops have settled."""
    return sum(desk.left("merchant_settled", shop) for shop in desk.shops)


def test_a_batch_is_approved_and_sent_once(desk: PayoutDesk) -> None:
    with desk.city.scope():
        batch = desk.make()
        other = factories.make_official(desk.city, Role.PAYER)
        digest = bytes(batch.digest).hex()
    results = together(desk, *(
        lambda official=official: services.approve(batch=batch, digest=digest, **desk.acting(official))
        for official in (desk.checker, other, desk.checker, other)
    ))  # fmt: skip
    assert kinds(results) == {errors.BatchMovedOn: 3}
    with desk.city.scope():
        approved = PayoutBatch.objects.get(pk=batch.pk)
    results = together(desk, *(
        lambda form=form: services.send(batch=approved, form=form, **desk.acting(desk.maker))
        for form in (services.PAIN001, "kb", services.PAIN001, "hana")
    ))  # fmt: skip
    assert kinds(results) == {errors.BatchMovedOn: 3}


def test_what_is_settled_goes_into_one_batch(desk: PayoutDesk) -> None:
    results = together(desk, *(desk.make for _ in range(4)))
    assert kinds(results) == {errors.NothingToPayOut: 3}
    with desk.city.scope():
        assert (PayoutBatch.objects.get().amount, owed(desk)) == (60_000, 0)


def test_a_batch_is_sent_or_cancelled(desk: PayoutDesk) -> None:
    with desk.city.scope():
        batch = desk.approve(desk.make())
    results = together(
        desk,
        lambda: services.send(batch=batch, form=services.PAIN001, **desk.acting(desk.maker)),
        lambda: services.cancel(batch=batch, reason="이체일 변경", **desk.acting(desk.checker)),
        lambda: services.cancel(batch=batch, reason="한 번 더", **desk.acting(desk.maker)),
    )
    assert kinds(results) == {errors.BatchMovedOn: 2}
    with desk.city.scope():
        sent = PayoutBatch.objects.get().state == BatchState.SENT
        assert (desk.left("payout_transit"), owed(desk)) == ((60_000, 0) if sent else (0, 60_000))


def test_the_same_file_of_the_bank_counts_once(desk: PayoutDesk) -> None:
    with desk.city.scope():
        batch, _file = desk.sent()
        first, second, third = (row.pk.hex for row in desk.payouts(batch))
    same = status_report(first, "RJCT", "AC04")
    results = together(desk, *(lambda: desk.take_in(same) for _ in range(4)))
    assert kinds(results) == {errors.ResultKnown: 3}
    # Two files that say the same, and two that contradict each other.
    results = together(
        desk,
        lambda: desk.take_in(status_report(second, "ACSC")),
        lambda: desk.take_in(status_report(second, "ACSC") + b"\n"),
        lambda: desk.take_in(status_report(third, "ACSC")),
        lambda: desk.take_in(status_report(third, "RJCT", "AM04")),
    )
    assert kinds(results) == {}
    with desk.city.scope():
        effects = Counter(PayoutResultLine.objects.values_list("payout__line", "effect"))
        assert effects == {
            (1, "applied"): 1, (2, "applied"): 1, (2, "repeated"): 1, (3, "applied"): 1, (3, "conflict"): 1,
        }  # fmt: skip
        assert desk.left("payout_transit") == 0
        last = Payout.objects.get(batch=batch, line=3).state
        assert owed(desk) == (30_000 if last == PayoutState.PAID else 40_000)
        assert PayoutBatch.objects.get(pk=batch.pk).state == BatchState.DONE


def test_taking_closing_and_holding_at_the_same_second(desk: PayoutDesk) -> None:
    """A shop that is held is in the batch with all that it has, or not at all."""
    city, held = desk.city, desk.shops[0]
    with city.scope():
        for shop in desk.shops:
            settle(city, shop, 5_000, at=AT)
        official = {"municipality": city.municipality, "reason": "부정 사용 의심", "official": desk.maker}
    results = together(
        desk,
        lambda: desk.make(at=LATER),
        lambda: close(city, AT.date(), at=LATER),
        lambda: PayoutHold.objects.create(merchant=held, valid_from=AT.date(), **official),
        lambda: desk.make(at=LATER),
    )
    assert set(kinds(results)) <= {errors.NothingToPayOut}
    with city.scope():
        listed = Counter({shop.pk: 0 for shop in desk.shops})
        for merchant, amount in Payout.objects.values_list("merchant", "amount"):
            listed[merchant] += amount
        for shop, settled in zip(desk.shops, (30_000, 20_000, 10_000), strict=True):
            assert listed[shop.pk] + desk.left("merchant_settled", shop) == settled + 5_000
            assert listed[shop.pk] in ({0, settled, settled + 5_000} if shop == held else {settled, settled + 5_000})
        assert desk.left("payout_transit") == listed.total()


STEPS = ("make", "approve", "send", "record", "cancel")


def prepared(desk: PayoutDesk, step: str) -> Step:
    """What stands before a step, and the step."""
    if step == "make":
        return desk.make
    batch = desk.make()
    if step == "approve":
        return lambda: desk.approve(batch)
    batch = desk.approve(batch)
    if step == "send":
        return lambda: services.send(batch=batch, form=services.PAIN001, **desk.acting(desk.maker))
    if step == "cancel":
        return lambda: services.cancel(batch=batch, reason="이체일 변경", **desk.acting(desk.maker))
    services.send(batch=batch, form=services.PAIN001, **desk.acting(desk.maker))
    file = status_report(desk.payouts(batch)[0].pk.hex, "ACSC")
    return lambda: desk.take_in(file)


def facts(desk: PayoutDesk) -> list[Any]:
    """All that a step may change."""
    with desk.city.scope():
        return [
            sorted(PayoutBatch.objects.values_list("pk", "state")), sorted(Payout.objects.values_list("pk", "state")),
            sorted(PayoutResult.objects.values_list("pk")), desk.left("payout_transit"), desk.left("bank"), owed(desk),
        ]  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_is_cut_off_has_not_begun(desk: PayoutDesk, committed_db: str, step: str) -> None:
    """The server's process dies before the last row is written, or the client's before the commit; then it is done, once."""
    with desk.city.scope():
        act = prepared(desk, step)
    before = facts(desk)
    cut: list[Error] = []

    def run() -> None:
        try:
            with desk.city.scope():
                act()
        except Error as error:
            cut.append(error)
        finally:
            connections.close_all()

    connections.close_all()
    with psycopg.connect(committed_db) as holder:
        holder.execute("LOCK TABLE merchants_payoutbatch IN SHARE MODE")  # which every step writes last
        thread = threading.Thread(target=run)
        thread.start()
        with psycopg.connect(committed_db, autocommit=True) as owner:
            waiting = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            while not (found := owner.execute(waiting).fetchall()):
                assert thread.is_alive(), cut
                owner.execute("SELECT pg_sleep(0.01)")
            owner.execute("SELECT pg_terminate_backend(%s)", found[0])
        thread.join(60)
    assert len(cut) == 1
    assert facts(desk) == before
    with suppress(_Lost), desk.city.scope():
        act()
        raise _Lost
    assert facts(desk) == before
    with desk.city.scope():
        act()
    after = facts(desk)
    assert after != before
    # Its answer was lost: done once more it is refused, or finds nothing to do.
    assert len(kinds(together(desk, act))) == 1
    assert facts(desk) == after


class _Lost(Exception):
    """The connection goes just before the commit."""


def test_the_kernel_refuses_a_batch_of_a_day_that_is_being_closed(desk: PayoutDesk) -> None:
    """While another transaction closes a day, no batch is made of it."""
    city = desk.city
    with city.scope():
        settle(city, desk.shops[0], 5_000, at=AT)
        call("ledger.fence", city.code, AT.date())
    results = together(
        desk,
        lambda: call("settlement.close_day", city.code, city.currency.pk, AT.date(), LATER) and None,
        lambda: call(
            "payouts.make_batch", city.code, city.currency.pk, AT.date(), LATER.date(), 1, [], desk.maker.pk, LATER
        ) and None,
    )  # fmt: skip
    with city.scope():
        refused = kinds(results) == {errors.PayoutDayOpen: 1}
        assert refused or kinds(results) == {}
        assert desk.left("payout_transit") == (0 if refused else 65_000)
