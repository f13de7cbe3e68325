"""Changes of shops that count from a day: applied as soon as that day has begun in Seoul."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from merchants.registry import services
from vouchers.common.jobs import TRY_AGAIN, defer
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.ledger.services import municipalities

TASK = "merchants.registry.apply_due"


@app.periodic(cron="1 * * * *")
@app.task(name="merchants.registry.apply_all_due", pass_context=False)
def apply_all_due(timestamp: int) -> None:  # noqa: ARG001 - every periodic job gets it
    """Queue one job for each municipality: at 00:01 in Seoul, and each hour for what was missed then."""
    for municipality in municipalities():
        defer(TASK, lock=f"merchants:{municipality}", municipality=municipality)


@app.task(name=TASK, retry=TRY_AGAIN)
def apply_due(municipality: str) -> None:
    """Begin and end what begins and ends today: suspensions, closings, registrations."""
    at = timezone.now()
    with scope(municipalities=[municipality]):
        services.apply_due(municipality=municipality, day=business_date(at), at=at)
