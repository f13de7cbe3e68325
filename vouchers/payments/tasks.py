"""What follows payments, as jobs: cashback and notices, every two seconds wherever something waits; and forgetting, each night."""

from __future__ import annotations

import logging
import time

from django.db import DatabaseError, connection
from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app

from vouchers.common import jobs
from vouchers.common.errors import DomainError
from vouchers.common.jobs import TRY_AGAIN
from vouchers.common.scope import scope
from vouchers.ledger.services import municipalities
from vouchers.payments import services

ROUND, PAUSE = 58.0, 2.0
"""Seconds that one job goes on before the next minute's takes over, and between two looks when nothing waits."""
STEP = 2_000
"""Events of one transaction: while their money is posted, the wallets concerned wait, a quarter of a second at most. Each step
looks at all that waits, so small ones cost more: with 500, an eighth of the speed was measured."""

PRUNE = "vouchers.payments.prune"

_log = logging.getLogger(__name__)


@app.periodic(cron="* * * * *")
@app.task(name="vouchers.payments.follow_up", pass_context=True, queueing_lock="vouchers.payments.follow_up")
def follow_up(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - every periodic job gets it
    """Take step after step for a minute. One job a minute, so that no pile of finished ones grows; where two run for a
    moment, a municipality's steps still come one after the other."""
    end = time.monotonic() + ROUND
    while time.monotonic() < end and not context.should_abort():
        busy = [follow_up_once(municipality=code) for code in municipalities()]  # each gets its step
        if not any(busy):
            time.sleep(PAUSE)


def follow_up_once(*, municipality: str) -> bool:
    """One step for a municipality; whether there may be more at once.

    A step that fails leaves everything as it was and is tried again by the next round; it holds up no other municipality.
    """
    try:
        with scope(municipalities=[municipality]):
            if not services.has_follow_up(municipality=municipality):
                return False
            return services.follow_up(municipality=municipality, limit=STEP, at=timezone.now()) >= STEP
    except (DatabaseError, DomainError):
        _log.exception("what follows the payments of %s failed and is tried again", municipality)
        if not connection.is_usable():
            connection.close()
        return False


@app.periodic(cron="20 18 * * *")
@app.task(name="vouchers.payments.prune_all", pass_context=False)
def prune_all(timestamp: int) -> None:  # noqa: ARG001 - every periodic job gets it
    """Each night, queue for each municipality the removal of what its terms keep no longer."""
    for municipality in municipalities():
        jobs.defer(PRUNE, lock=municipality, municipality=municipality)


@app.task(name=PRUNE, retry=TRY_AGAIN)
def prune(municipality: str) -> None:
    """Remove codes and orders by which nobody paid, and requests answered long ago."""
    services.prune(municipality=municipality, at=timezone.now())
