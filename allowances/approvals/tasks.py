"""The job that completes a submission, and the daily mail about what waits."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone
from procrastinate.contrib.django import app

from allowances.approvals import digest, services
from vouchers.common import jobs
from vouchers.common.jobs import TRY_AGAIN
from vouchers.ledger.services import municipalities

SEND_DIGESTS = "allowances.approvals.send_digests"


@app.task(name=services.COMPLETE_SUBMISSION, retry=TRY_AGAIN)
def complete_submission(municipality: str, batch_id: str) -> None:
    """Entitle, reserve and open the approval line of one list."""
    services.complete_submission(municipality=municipality, batch_id=UUID(batch_id), at=timezone.now())


@app.periodic(cron="30 23 * * 0-4")
@app.task(name="allowances.approvals.queue_digests", pass_context=False)
def queue_digests(timestamp: int) -> None:  # noqa: ARG001 - every periodic job gets it
    """At 08:30 in Seoul from Monday to Friday, queue the daily mails of each municipality."""
    for municipality in municipalities():
        jobs.defer(SEND_DIGESTS, lock=f"digest:{municipality}", municipality=municipality)


@app.task(name=SEND_DIGESTS, retry=TRY_AGAIN)
def send_digests(municipality: str) -> None:
    """Write to the officials of one municipality for whom something waits, once a day each."""
    digest.send_digests(municipality=municipality, at=timezone.now(), send=_send, site=settings.SITE_URL)


def _send(subject: str, text: str, address: str) -> None:
    send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [address])
