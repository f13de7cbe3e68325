"""The nightly close, as jobs: one that looks what is open, and one per municipality."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from django.db import OperationalError
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from merchants.settlement import services
from merchants.settlement.errors import PaymentsStillRunning
from merchants.settlement.selectors import municipalities_to_close
from vouchers.common.seoul import business_date


@app.periodic(cron="10 * * * *")
@app.task(name="merchants.settlement.close_ended_days", pass_context=False)
def close_ended_days(timestamp: int) -> None:
    """Queue the close of yesterday wherever it is open: at 00:10 in Seoul, and each hour for what was missed then."""
    yesterday = business_date(datetime.fromtimestamp(timestamp, UTC)) - timedelta(days=1)
    for municipality in municipalities_to_close(day=yesterday):
        services.defer_close(municipality=municipality, day=yesterday)


@app.task(
    name=services.CLOSE_TASK,
    retry=RetryStrategy(max_attempts=10, wait=60, retry_exceptions=[OperationalError, PaymentsStillRunning]),
)
def close(municipality: str, day: str) -> None:
    """Close one municipality's days through ``day`` (ISO date)."""
    services.close_through(municipality=municipality, day=date.fromisoformat(day), at=timezone.now())
