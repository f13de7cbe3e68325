"""The daily reconciliation's ledger side: closed days are summed up, a while after they are closed."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import OperationalError
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from vouchers.common import jobs
from vouchers.ledger.services import municipalities
from vouchers.reconciliation import alarms as _alarms  # noqa: F401  (the daily mail tells them)
from vouchers.reconciliation import services
from vouchers.reconciliation.errors import TransactionsStillRunning

SUM = "vouchers.reconciliation.sum"


@app.periodic(cron="20 * * * *")
@app.task(name="vouchers.reconciliation.sum_all", pass_context=False)
def sum_all(timestamp: int) -> None:  # noqa: ARG001 - every periodic job gets it
    """Queue each municipality, ten minutes after the close; each hour for what was missed then."""
    for municipality in municipalities():
        jobs.defer(SUM, lock=f"reconciliation:{municipality}", municipality=municipality)


@app.task(
    name=SUM,
    retry=RetryStrategy(max_attempts=10, wait=60, retry_exceptions=[OperationalError, TransactionsStillRunning]),
)
def sum_closed_days(municipality: str) -> None:
    """Sum up every closed day of one municipality, compare it with what the bank says, and match what came to be known."""
    services.sum_closed_days(municipality=municipality)
    services.match_open(municipality=municipality, at=datetime.now(UTC))
