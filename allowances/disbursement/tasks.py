"""Jobs that pay lists, begin the appointed ones, and look after the money that is held."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import JobAborted

from allowances.disbursement import services
from vouchers.common import jobs
from vouchers.common.jobs import TRY_AGAIN
from vouchers.ledger.services import municipalities

RELEASE = "allowances.disbursement.release"
MATCH = "allowances.disbursement.match"
THREADS = 2
"""Chunks posted side by side: the server needs a core for each, and a list is paid in half the time."""


@app.task(name=services.RUN, retry=TRY_AGAIN, pass_context=True)
def run(context: JobContext, municipality: str, batch_id: str) -> None:
    """Post the chunks of one list. A worker that is told to stop leaves the rest to the next one."""
    services.run(
        municipality=municipality, batch_id=UUID(batch_id), at=timezone.now(), should_stop=context.should_abort,
        threads=THREADS,
    )  # fmt: skip
    if context.should_abort():
        raise JobAborted


@app.task(name=services.BEGIN, retry=TRY_AGAIN)
def begin(municipality: str, batch_id: str, pay_at: str) -> None:
    """Start the payment of a list at its appointed time."""
    services.begin(municipality=municipality, batch_id=UUID(batch_id), pay_at=datetime.fromisoformat(pay_at))


@app.periodic(cron="*/5 * * * *")
@app.task(name="allowances.disbursement.begin_overdue", pass_context=False)
def begin_overdue(timestamp: int) -> None:
    """Start what should have begun and has not, because its job was lost."""
    for municipality in municipalities():
        services.begin_overdue(municipality=municipality, at=datetime.fromtimestamp(timestamp, UTC))


@app.periodic(cron="20 * * * *")
@app.task(name="allowances.disbursement.release_all", pass_context=False)
def release_all(timestamp: int) -> None:  # noqa: ARG001 - every periodic job gets it
    """Queue, for each municipality, the return of what nobody claimed."""
    for municipality in municipalities():
        jobs.defer(RELEASE, lock=municipality, municipality=municipality)


@app.task(name=RELEASE, retry=TRY_AGAIN)
def release(municipality: str) -> None:
    """Return what nobody has claimed by its deadline. Goes on where it was stopped."""
    services.release_expired(municipality=municipality, at=timezone.now())


@app.periodic(cron="10 17 * * *")
@app.task(name="allowances.disbursement.match_all", pass_context=False)
def match_all(timestamp: int) -> None:  # noqa: ARG001 - every periodic job gets it
    """Each night, queue the search for people whose money is held and whose record was corrected."""
    for municipality in municipalities():
        jobs.defer(MATCH, lock=municipality, municipality=municipality)


@app.task(name=MATCH, retry=TRY_AGAIN)
def match(municipality: str) -> None:
    """Credit whoever can be found by now."""
    services.match_held(municipality=municipality, at=timezone.now())
