"""The same activities from several threads at the same second count once, and a payout is posted once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier

from django.db import connections

from tests import factories
from tests.factories import AT
from tests.factories.points import PointDesk, make_point_desk
from vouchers.common.errors import StateConflict
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date, start_of_day
from vouchers.ledger.audit import audit
from vouchers.ledger.errors import BenefitFundShort
from vouchers.ledger.models import Lot, LotKind
from vouchers.points import selectors, services
from vouchers.points.models import Activity, PointRun, RunState
from vouchers.points.rules import periods_before
from vouchers.points.services import Item, Outcome

THREADS = 6


def _delivered(desk: PointDesk, items: list[Item], barrier: Barrier) -> list[Outcome]:
    try:
        barrier.wait()
        with scope(municipalities=[desk.city.code]):
            return services.take_in(municipality=desk.city.code, partner=desk.partner.pk, items=items, at=AT)
    finally:
        connections.close_all()


def test_the_same_activities_count_once(committed_db: str) -> None:
    desk, barrier = make_point_desk(), Barrier(THREADS)
    with desk.city.scope():
        citizen = factories.make_citizen(desk.city)
        items = [desk.item(citizen, "local_food", AT - timedelta(minutes=n), amount=1_000) for n in range(1, 31)]
    with ThreadPoolExecutor(THREADS) as pool:
        orders = [items if thread % 2 else items[::-1] for thread in range(THREADS)]
        found = list(pool.map(lambda order: _delivered(desk, order, barrier), orders))
    ids = [{outcome.activity_id for outcome in outcomes} for outcomes in found]
    assert all(outcome.outcome == "accepted" for outcomes in found for outcome in outcomes)
    assert all(known == ids[0] for known in ids)
    with desk.city.scope():
        assert Activity.objects.count() == len(items)


def test_one_thing_under_several_numbers_counts_once(committed_db: str) -> None:
    desk, barrier = make_point_desk(), Barrier(THREADS)
    with desk.city.scope():
        citizen = factories.make_citizen(desk.city)
        items = [desk.item(citizen, "local_food", AT - timedelta(minutes=1), amount=1_000) for _ in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda item: _delivered(desk, [item], barrier)[0], items))
    assert sorted(outcome.reason for outcome in found) == [""] + ["duplicate"] * (THREADS - 1)


def test_two_runs_confirmed_at_once_do_not_overdraw_their_fund(committed_db: str) -> None:
    """40 and 300 won are due of two programmes, and the fund holds 300: one of them is confirmed, whichever is first."""
    desk, barrier = make_point_desk(), Barrier(2)
    first, end = periods_before("month", business_date(AT), 2)[1]
    with desk.city.scope():
        desk.fund(300)
        citizen = factories.make_citizen(desk.city)
        done_at = start_of_day(first) + timedelta(hours=9)
        desk.told(*(desk.item(citizen, kind, done_at) for kind in ("campaign", "vote")))
        runs = [desk.compute(name, first, end) for name in ("탄소지움", "정책참여 포인트")]

    def confirm(run: PointRun) -> str:
        try:
            with desk.city.scope():
                barrier.wait()
                return desk.confirm(run).state
        except BenefitFundShort as refusal:
            return refusal.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        states = list(pool.map(confirm, runs))
    assert sorted(states) == ["benefit_fund_short", RunState.PAYING]
    with desk.city.scope():
        due = PointRun.objects.get(state=RunState.PAYING).amount
        assert selectors.money_of(desk.programmes["탄소지움"]) == (300 - due, due)
        assert not any(found.difference for found in audit())


def test_a_payout_that_is_cancelled_while_it_is_paid_pays_each_person_once_or_later(committed_db: str) -> None:
    desk, barrier = make_point_desk(), Barrier(2)
    first, end = periods_before("month", business_date(AT), 2)[1]
    with desk.city.scope():
        desk.fund(1_000)
        done_at = start_of_day(first) + timedelta(hours=9)
        desk.told(*(desk.item(factories.make_citizen(desk.city), "campaign", done_at) for _ in range(20)))
        run = desk.confirm(desk.compute("탄소지움", first, end), chunk_rows=1)

    def work() -> None:
        barrier.wait()
        services.pay(municipality=desk.city.code, run_id=run.pk, clock=lambda: AT)
        connections.close_all()

    def cancel() -> None:
        barrier.wait()
        with desk.city.scope(), suppress(StateConflict):
            services.cancel(run=run, authority=desk.acting(desk.payer)["authority"], at=AT)
        connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda act: act(), (work, cancel)))
    with desk.city.scope():
        paid = Lot.objects.filter(kind=LotKind.POINT).count()
        run = PointRun.objects.get()
        assert run.amount == (800 if run.state == RunState.DRAFT else paid * 40)
        assert selectors.money_of(desk.programmes["탄소지움"]) == (1_000 - paid * 40, 0)
        assert not any(found.difference for found in audit())


def test_several_workers_post_a_payout_once(committed_db: str) -> None:
    desk, barrier = make_point_desk(), Barrier(THREADS)
    first, end = periods_before("month", business_date(AT), 2)[1]
    with desk.city.scope():
        desk.fund(1_000_000)
        citizens = [factories.make_citizen(desk.city) for _ in range(20)]
        done_at = start_of_day(first) + timedelta(hours=9)
        desk.told(*(desk.item(citizen, "campaign", done_at) for citizen in citizens))
        run = desk.confirm(desk.compute("탄소지움", first, end), chunk_rows=3)

    def work(_number: int) -> None:
        try:
            barrier.wait()
            services.pay(municipality=desk.city.code, run_id=run.pk, clock=lambda: AT)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    with desk.city.scope():
        assert sorted(Lot.objects.filter(kind=LotKind.POINT).values_list("granted", flat=True)) == [40] * 20
