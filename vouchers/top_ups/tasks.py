"""Automatic top-ups: every five minutes, each municipality's rules whose time has come."""

from __future__ import annotations

from datetime import UTC, datetime

from procrastinate.contrib.django import app

from vouchers.common.jobs import TRY_AGAIN, defer
from vouchers.common.scope import scope
from vouchers.ledger.services import municipalities
from vouchers.top_ups import services

TASK = "vouchers.top_ups.request_due"
STEP = 200


@app.periodic(cron="*/5 * * * *")
@app.task(name="vouchers.top_ups.request_all_due", pass_context=False)
def request_all_due(timestamp: int) -> None:  # noqa: ARG001 - every periodic job gets it
    """Queue one job for each municipality."""
    for municipality in municipalities():
        defer(TASK, lock=f"auto-top-up:{municipality}", municipality=municipality)


@app.task(name=TASK, retry=TRY_AGAIN)
def request_due(municipality: str) -> None:
    """Ask for what the rules want, a transaction for each step, so wallets are not locked for long."""
    seen = STEP
    while seen == STEP:
        with scope(municipalities=[municipality]):
            seen = services.run_rules(municipality=municipality, at=datetime.now(UTC), limit=STEP)
