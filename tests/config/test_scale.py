"""The province of ``seed_large``, two thousand times smaller: whatever holds in a city's ledger holds there."""

from __future__ import annotations

from datetime import timedelta

import psycopg
from django.db import connections
from django.utils import timezone

from config.scale.seed import BIG, Size, seed
from reports.dashboard.models import Dimension
from vouchers.common.seoul import business_date
from vouchers.ledger.audit import audit

SIZE = Size(citizens=1_100, shops=21, payments=5_000, days=10, cities=3)
PAID = 133_099_900
"""What the payments of seed 1 come to."""


def test_the_seeded_ledger_is_whole_and_the_same_each_time(committed_db: str) -> None:
    at = timezone.now()
    codes = seed(
        lambda: psycopg.connect(committed_db, autocommit=True), SIZE, number=1, at=at, say=lambda _what: None
    )  # fmt: skip
    assert codes[0] == BIG
    assert len(codes) == SIZE.cities
    findings = {found.invariant.name: found for found in audit(using="owner")}
    assert {name: found.difference for name, found in findings.items() if found.difference} == {}
    assert findings["payments_follow_transfers"].figure == PAID
    assert findings["payout_batches_stay_frozen"].figure > 0
    today = business_date(at)
    with connections["owner"].cursor() as cursor:

        def one(query: str, *values: object) -> object:
            cursor.execute(query, values)
            return cursor.fetchone()[0]

        for table, count in (("citizen", SIZE.citizens), ("wallet", SIZE.citizens), ("payment", SIZE.payments)):
            assert one(f"SELECT count(*) FROM vouchers_{table}") == count
        assert one("SELECT count(*) FROM merchants_merchant") == SIZE.shops
        assert one("SELECT count(*) FROM merchants_dayclose") == SIZE.cities * (SIZE.days - 1)
        assert one("SELECT min(business_date) FROM vouchers_payment") == today - timedelta(days=SIZE.days - 1)
        assert one("SELECT max(at) FROM vouchers_payment") <= at
        assert one("SELECT count(*) FROM vouchers_dayreview WHERE unexplained <> 0") == 0
        assert (
            one("SELECT sum(amount) FROM reports_daysum WHERE dimension = %s AND event = 'pay'", Dimension.DAY) == PAID
        )
