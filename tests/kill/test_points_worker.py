"""A worker killed between two steps of a payout of points: the next one goes on, and everybody is credited once."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta

import pytest

from tests import factories
from tests.factories import AT
from tests.factories.points import PointDesk, make_point_desk
from tests.kill.test_worker import until, worker
from vouchers.common.seoul import business_date, start_of_day
from vouchers.ledger.models import Journal, JournalKind, Lot, LotKind
from vouchers.points import selectors
from vouchers.points.models import PointRun, RunState
from vouchers.points.rules import periods_before

pytestmark = [pytest.mark.kill, pytest.mark.usefixtures("committed_db")]

PEOPLE, CHUNKS = 120, 60


@pytest.fixture
def desk() -> PointDesk:
    return make_point_desk()


def posted(desk: PointDesk, run: PointRun) -> int:
    with desk.city.scope():
        return selectors.progress(run).posted


def test_everybody_is_credited_once(desk: PointDesk) -> None:
    first, end = periods_before("month", business_date(AT), 2)[1]
    now = datetime.now(UTC)
    with desk.city.scope():
        desk.fund(1_000_000)
        citizens = [factories.make_citizen(desk.city) for _ in range(PEOPLE)]
        done_at = start_of_day(first) + timedelta(hours=9)
        desk.told(*(desk.item(citizen, "campaign", done_at) for citizen in citizens))
        run = desk.confirm(desk.compute("탄소지움", first, end, at=now), at=now, chunk_rows=PEOPLE // CHUNKS)
    for at_least in (2, 20):
        with worker() as process:
            until(lambda at_least=at_least: posted(desk, run) >= at_least, process)
            process.send_signal(signal.SIGKILL)
            process.wait()
    with worker() as process:
        until(lambda: posted(desk, run) == CHUNKS and _state(desk, run) == RunState.PAID, process)
    with desk.city.scope():
        lots = Lot.objects.filter(kind=LotKind.POINT)
        assert set(lots.values_list("granted", flat=True)) == {40}
        assert lots.count() == lots.values("wallet_id").distinct().count() == PEOPLE
        assert Journal.objects.filter(kind=JournalKind.POINTS).count() == CHUNKS
        assert selectors.money_of(desk.programmes["탄소지움"]) == (1_000_000 - 40 * PEOPLE, 0)


def _state(desk: PointDesk, run: PointRun) -> str:
    with desk.city.scope():
        return PointRun.objects.get(pk=run.pk).state
