"""The dashboard's sums, as jobs: each minute, wherever something has moved since."""

from __future__ import annotations

from datetime import UTC, datetime

from procrastinate.contrib.django import app

from reports.dashboard import selectors, services
from vouchers.common import jobs
from vouchers.common.jobs import TRY_AGAIN

SUM = "reports.dashboard.sum"


@app.periodic(cron="* * * * *")
@app.task(name="reports.dashboard.sum_all", pass_context=False)
def sum_all(timestamp: int) -> None:
    """Queue each municipality whose ledger has moved, unless the job of a minute ago still waits or works."""
    for municipality in selectors.municipalities_due(at=datetime.fromtimestamp(timestamp, UTC)):
        jobs.defer(SUM, lock=f"dashboard:{municipality}", municipality=municipality)


@app.task(name=SUM, retry=TRY_AGAIN)
def sum_up(municipality: str) -> None:
    """Sum up the days of one municipality."""
    services.sum_up(municipality=municipality, at=datetime.now(UTC))
