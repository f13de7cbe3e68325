"""The audit of the dashboard's sums: nothing after honest days, and every dishonest figure of a closed day."""

from __future__ import annotations

from django.db import connections, transaction

from tests.reports.dashboard.history import close, make_history, sum_up
from vouchers.ledger.audit import INVARIANTS

RULE = next(rule for rule in INVARIANTS if rule.name == "day_sums_follow_ledger")
TAMPERING = [
    "UPDATE reports_daysum SET amount = amount + 1 WHERE dimension = 'day' AND event = 'pay'",
    "UPDATE reports_daysum SET amount = amount + 1 WHERE dimension = 'age' AND event = 'pay'",
    "UPDATE reports_daysum SET holding = holding + 1 WHERE dimension IN ('day', 'slot') AND event = 'disburse'",
    "DELETE FROM reports_daysum WHERE event = 'pay'",
    "DELETE FROM reports_daysum WHERE dimension = 'dong'",
    "DELETE FROM reports_daysum WHERE dimension = 'flow' AND event = 'disburse'",
    "UPDATE reports_daysum SET amount = amount + 1 WHERE dimension = 'account' AND event = 'disburse'",
    "UPDATE reports_daysum SET dimension = 'discount', amount = 1 WHERE dimension = 'channel' AND event = 'pay'",
]


def test_each_tampering_with_a_closed_day_is_found(committed_db: str) -> None:
    city = make_history()
    with city.scope():
        close(city)
        sum_up(city)
    for statement in TAMPERING:
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute(RULE.sql)
            assert cursor.fetchone() == (35_000, 0)
            cursor.execute(statement)
            cursor.execute(RULE.sql)
            assert cursor.fetchone()[1] > 0, statement
            transaction.set_rollback(True, using="owner")
