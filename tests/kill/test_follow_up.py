"""A worker killed at any step of what follows payments: the next one goes on, and every payment earns once."""

from __future__ import annotations

import signal

import psycopg
import pytest

from tests import factories
from tests.factories import AT
from tests.factories.benefits import make_fund, make_policy
from tests.kill.test_worker import until, worker
from vouchers.common.models import uuid7
from vouchers.ledger.audit import audit
from vouchers.ledger.services import call

pytestmark = pytest.mark.kill

STEPS = {
    "before the events are taken": "SELECT FROM vouchers_outbox FOR UPDATE",
    "when a member's month grows": "SELECT FROM vouchers_membermonth FOR UPDATE",
    "when the month of the policy grows": "SELECT FROM vouchers_benefitmonth FOR UPDATE",
    "before money reaches a wallet": "SELECT FROM vouchers_wallet FOR UPDATE",
    "when a lot grows": "SELECT FROM vouchers_lot WHERE kind = 'incentive' FOR UPDATE",
    "at the fund's balance, the last": "SELECT FROM vouchers_balance FOR UPDATE",
}
"""What somebody else holds, so that the worker stands there."""
WAITING = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
SUMS = """
SELECT (SELECT count(*) FROM vouchers_outbox), (SELECT count(*) FROM vouchers_cashback),
       (SELECT count(DISTINCT payment_id) FROM vouchers_cashback),
       (SELECT coalesce(sum(amount), 0)::bigint FROM vouchers_cashback),
       (SELECT coalesce(sum(benefit), 0)::bigint FROM vouchers_membermonth),
       (SELECT coalesce(sum(granted), 0)::bigint FROM vouchers_lot WHERE kind = 'incentive'),
       (SELECT count(*) FROM vouchers_benefitdue)
"""


def test_every_payment_earns_once_wherever_workers_die(committed_db: str) -> None:
    city = factories.make_city()
    with city.scope():
        partner, shop = factories.make_partner(city), factories.make_merchant(city)
        citizens = [factories.make_citizen(city) for _ in range(3)]
        factories.grant(city, dict.fromkeys(citizens, 100_000))
        make_policy(city, make_fund(city))
        wallets = [factories.wallet_of(citizen).pk for citizen in citizens]
    paid = 0

    def pay() -> None:
        nonlocal paid
        with city.scope():
            for wallet in wallets:
                call(
                    "payments.pay", city.code, partner.pk, str(uuid7()), b"\0" * 32, wallet, shop.code, "T001", 1_000, "o", AT
                )  # fmt: skip
                paid += 1

    with psycopg.connect(committed_db, autocommit=True) as owner:
        pay()
        with city.scope():
            call("payments.follow_up", city.code, 1_000, AT)  # so that every row that a step may stand at is there
        for step in STEPS.values():
            pay()
            with psycopg.connect(committed_db) as holder, worker() as process:
                holder.execute(step)
                until(lambda: owner.execute(WAITING).rowcount > 0, process)
                process.send_signal(signal.SIGKILL)
                process.wait()
                waits, rows, *_rest = owner.execute(SUMS).fetchone() or ()
                assert (waits, rows) == (paid - len(wallets), len(wallets))  # nothing is done by halves
                owner.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
        with worker() as process:
            until(lambda: owner.execute(SUMS).fetchone()[0] == 0, process)
        assert owner.execute(SUMS).fetchone() == (0, paid, paid, 100 * paid, 100 * paid, 100 * paid, 0)
    with city.scope():
        assert {found.invariant.name for found in audit() if found.difference} == set()
