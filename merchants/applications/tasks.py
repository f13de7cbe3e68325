"""Files of applications that nobody decided on are forgotten, for they name people and accounts."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils import timezone
from procrastinate.contrib.django import app

from merchants.applications import services
from vouchers.common.jobs import TRY_AGAIN, defer
from vouchers.common.scope import scope
from vouchers.ledger.services import municipalities

TASK = "merchants.applications.forget"
KEPT: Final = timedelta(days=7)


@app.periodic(cron="40 18 * * *")
@app.task(name="merchants.applications.forget_all", pass_context=False)
def forget_all(timestamp: int) -> None:  # noqa: ARG001 - every periodic job gets it
    """Queue one job for each municipality, at night in Seoul."""
    for municipality in municipalities():
        defer(TASK, lock=f"applications:{municipality}", municipality=municipality)


@app.task(name=TASK, retry=TRY_AGAIN)
def forget(municipality: str) -> None:
    """Forget what was not decided within a week."""
    at = timezone.now()
    with scope(municipalities=[municipality]):
        services.forget(municipality=municipality, before=at - KEPT, at=at)
