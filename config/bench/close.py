"""The close of a day of a million payments, against one bare GROUP BY over them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from config.bench.measure import Result, seconds
from config.bench.server import Server
from config.bench.world import Scale, World, make_payments
from merchants.settlement.services import close_through
from vouchers.common.seoul import business_date, start_of_day

_BARE = """
SELECT merchant_id, count(*), sum(amount) FROM vouchers_payment
WHERE municipality_id = %s AND business_date = %s GROUP BY merchant_id
"""


def measure(server: Server, world: World, scale: Scale) -> Sequence[Result]:
    """The whole service: fence, wait, lines, settling journal, commits. GROUP BY before and after it."""
    now = timezone.now()
    day = business_date(now) - timedelta(days=1)
    with server.owner() as owner:
        make_payments(owner, world, count=scale.payments, day=day, begin=start_of_day(day))
        server.settle_down()

        def bare() -> float:
            return seconds(lambda: owner.execute(_BARE, [world.code, day]).fetchall())

        before = [bare() for _ in range(3)]
        closing = seconds(lambda: close_through(municipality=world.code, day=day, at=now))
        after = [bare() for _ in range(3)]
    return [
        Result(
            name=f"day close, {scale.payments:,} payments, {scale.shops:,} shops", value=closing, unit="s",
            against="bare GROUP BY, s", against_value=min(before + after), reach=15, at_least=False,
        )
    ]  # fmt: skip
