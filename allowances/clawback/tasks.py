"""The daily sweep of expired money: one job that starts one for each municipality."""

from __future__ import annotations

from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import JobAborted

from allowances.clawback import expiring
from vouchers.common.jobs import TRY_AGAIN
from vouchers.ledger.services import municipalities


@app.periodic(cron="30 15 * * *")
@app.task(name="allowances.clawback.sweep_all", pass_context=False)
def sweep_all(timestamp: int) -> None:  # noqa: ARG001 - every periodic job gets it
    """At half past midnight in Seoul, queue a sweep for each municipality."""
    for municipality in municipalities():
        expiring.defer_sweep(municipality=municipality)


@app.task(name=expiring.SWEEP, retry=TRY_AGAIN, pass_context=True)
def sweep(context: JobContext, municipality: str) -> None:
    """Return what has expired to its programmes. A worker that is told to stop leaves the rest to the next one."""
    expiring.sweep(municipality=municipality, at=timezone.now(), should_stop=context.should_abort)
    if context.should_abort():
        raise JobAborted
