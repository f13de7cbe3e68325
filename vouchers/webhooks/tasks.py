"""Jobs that send what partners are told, and forget what is old."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app

from vouchers.common import jobs
from vouchers.common.jobs import TRY_AGAIN
from vouchers.webhooks import selectors, services
from vouchers.webhooks.sending import Sender

DELIVER = "vouchers.webhooks.deliver"
PRUNE = "vouchers.webhooks.prune"


@app.task(name=DELIVER, retry=TRY_AGAIN, pass_context=True)
def deliver(context: JobContext) -> None:
    """Send what is due. What a worker leaves when it is told to stop, or dies with, the next one sends."""
    with Sender(loopback=settings.WEBHOOKS_TO_LOOPBACK) as sender:
        services.deliver(sender=sender, clock=timezone.now, should_stop=context.should_abort)


@jobs.watch(DELIVER)
def due() -> list[jobs.Due]:
    """One run at a time, for all municipalities."""
    return [jobs.Due(lock="all")] if selectors.municipalities_due(at=timezone.now()) else []


@app.periodic(cron="50 17 * * *")
@app.task(name="vouchers.webhooks.prune_all", pass_context=False)
def prune_all(timestamp: int) -> None:  # noqa: ARG001 - every periodic job gets it
    """Each night, queue for each municipality the removal of what is older than its policy keeps."""
    for municipality in selectors.municipalities():
        jobs.defer(PRUNE, lock=municipality, municipality=municipality)


@app.task(name=PRUNE, retry=TRY_AGAIN)
def prune(municipality: str) -> None:
    """Remove old events. Goes on where it was stopped."""
    services.prune(municipality=municipality, at=timezone.now())
