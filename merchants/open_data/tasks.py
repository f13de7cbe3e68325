"""Publishing by night, as jobs: what is asked for at day is answered from what was made then."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from merchants.open_data import services, statistics
from vouchers.common import jobs
from vouchers.common.jobs import TRY_AGAIN
from vouchers.ledger.services import municipalities

MAKE_MONTHS = "merchants.open_data.make_months"


@app.periodic(cron="30 17 * * *")
@app.task(name="merchants.open_data.publish_all", pass_context=False)
def publish_all(timestamp: int) -> None:  # noqa: ARG001 - every periodic job gets it
    """At 02:30 in Seoul, queue a release and the months that ended for each municipality, and forget who asked."""
    services.forget_addresses(at=timezone.now())
    for municipality in municipalities():
        services.defer_publish(municipality=municipality)
        jobs.defer(MAKE_MONTHS, lock=f"usage:{municipality}", municipality=municipality)


@app.task(name=services.PUBLISH, retry=TRY_AGAIN)
def publish(municipality: str) -> None:
    """Write the shops of one municipality down as they are registered now."""
    services.publish(municipality=municipality, at=timezone.now())


@app.task(name=MAKE_MONTHS, retry=TRY_AGAIN)
def make_months(municipality: str) -> None:
    """Sum up the months of one municipality that are closed and have no statistics yet."""
    statistics.make_months(municipality=municipality, at=timezone.now())
