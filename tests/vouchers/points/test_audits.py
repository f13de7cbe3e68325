"""Each invariant of points can fail: what somebody with the database's keys might change is found."""

from __future__ import annotations

import pytest
from django.db import connections, transaction

from tests import factories
from tests.factories.points import PointDesk, make_point_desk
from tests.vouchers.points.test_payout import BEFORE_END, BEFORE_FIRST, CARBON, PAY_AT, morning
from vouchers.ledger.audit import audit
from vouchers.points import services

NAMES = {"points_paid_once", "points_follow_activities", "point_runs_follow_transfers", "reserved_for_open_runs"}
TAMPERING = {
    "a lot of points is granted larger": (
        "UPDATE vouchers_lot SET granted = granted + 1 WHERE kind = 'point'", {"points_paid_once"},
    ),
    "points are paid to somebody else": (
        ("UPDATE vouchers_pointpayment SET wallet_id = (SELECT max(id::text)::uuid FROM vouchers_wallet)"
         " WHERE state = 'paid' AND wallet_id <> (SELECT max(id::text)::uuid FROM vouchers_wallet)"),
        {"points_paid_once"},
    ),
    "a payment is told larger": (
        "UPDATE vouchers_pointpayment SET amount = amount + 1 WHERE state = 'paid'",
        {"points_paid_once", "points_follow_activities"},
    ),
    "somebody is paid who was not": (
        "UPDATE vouchers_pointpayment SET state = 'paid' WHERE state = 'due'",
        {"points_paid_once", "reserved_for_open_runs"},
    ),
    "an activity is paid twice": (
        ("INSERT INTO vouchers_pointearning SELECT (jsonb_populate_record(e, jsonb_build_object('run_id', open.id))).*"
         " FROM vouchers_pointearning e JOIN vouchers_pointrun run ON run.id = e.run_id AND run.state = 'paid',"
         " vouchers_pointrun open WHERE open.state = 'paying'"),
        {"points_follow_activities"},
    ),
    "an activity earned more": (
        "UPDATE vouchers_pointearning SET points = points + 1", {"points_follow_activities"},
    ),
    "a person earned more": (
        "UPDATE vouchers_pointpayment SET earned = earned + 1 WHERE state = 'paid'", {"points_follow_activities"},
    ),
    "a run is told larger": (
        "UPDATE vouchers_pointrun SET amount = amount + 1 WHERE state = 'paid'", {"point_runs_follow_transfers"},
    ),
    "a run is told for more people": (
        "UPDATE vouchers_pointrun SET members = members + 1 WHERE state = 'paid'", {"point_runs_follow_transfers"},
    ),
    "a run is said to be another fund's": (
        "UPDATE vouchers_pointrun SET fund_id = uuidv7() WHERE state = 'paid'", {"point_runs_follow_transfers"},
    ),
    "a chunk is forgotten": (
        "UPDATE vouchers_pointchunk SET journal_id = NULL WHERE posted_at IS NOT NULL",
        {"points_paid_once", "point_runs_follow_transfers"},
    ),
    "a reservation is let go": (
        "UPDATE vouchers_balance SET reserved = 0 WHERE reserved > 0", {"reserved_for_open_runs"},
    ),
}  # fmt: skip


@pytest.fixture
def desk(committed_db: str) -> PointDesk:
    """Two people were paid 40 and 70 won of 탄소지움; one more waits for 300 of another programme that is confirmed."""
    desk = make_point_desk()
    with desk.city.scope():
        desk.fund(1_000)
        one, other, third = (factories.make_citizen(desk.city) for _ in range(3))
        desk.did(one, "campaign", morning(BEFORE_FIRST))
        desk.did(other, "campaign", morning(BEFORE_FIRST))
        desk.did(other, "education", morning(BEFORE_FIRST, 10), quantity="6")
        desk.did(third, "vote", morning(BEFORE_FIRST))
        desk.pay(desk.confirm(desk.compute(CARBON, BEFORE_FIRST, BEFORE_END, at=PAY_AT), at=PAY_AT), at=PAY_AT)
        waiting = desk.compute("정책참여 포인트", BEFORE_FIRST, BEFORE_END, at=PAY_AT)
        desk.confirm(waiting, at=PAY_AT, chunk_rows=1)
        services.pay(municipality=desk.city.code, run_id=waiting.pk, clock=lambda: PAY_AT, should_stop=lambda: True)
    return desk


def _differences() -> set[str]:
    return {finding.invariant.name for finding in audit(using="owner") if finding.difference}


def test_honest_payouts_have_no_difference_and_every_figure_says_something(desk: PointDesk) -> None:
    found = {finding.invariant.name: (finding.figure, finding.difference) for finding in audit(using="owner")}
    assert {name: found[name] for name in NAMES} == {
        "points_paid_once": (110, 0), "points_follow_activities": (410, 0), "point_runs_follow_transfers": (110, 0),
        "reserved_for_open_runs": (300, 0),
    }  # fmt: skip
    assert _differences() == set()


def test_each_tampering_is_found_by_the_invariants_that_name_it(desk: PointDesk) -> None:
    found = {}
    for what, (statement, _expected) in TAMPERING.items():
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(statement)
            assert cursor.rowcount > 0, what
            found[what] = _differences()
            transaction.set_rollback(True, using="owner")
    assert found == {what: expected for what, (_statement, expected) in TAMPERING.items()}
    assert set.union(*found.values()) >= NAMES
