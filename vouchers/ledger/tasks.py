"""The ledger's own jobs: partitions ahead of time, and the audit of every municipality, each hour."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.ledger import services
from vouchers.ledger.audit import audit
from vouchers.ledger.errors import LedgerDiffers

AHEAD = timedelta(days=400)
"""How far partitions are made ahead: if this job never ran again, payments would go on for a year."""
AUDIT_TASK = "vouchers.ledger.audit_municipality"

_log = logging.getLogger(__name__)


@app.periodic(cron="40 3 * * *")
@app.task(name="vouchers.ledger.prepare_months", pass_context=False)
def prepare_months(timestamp: int) -> None:
    """Make the monthly partitions of the coming year."""
    today = business_date(datetime.fromtimestamp(timestamp, UTC))
    services.ensure_partitions(first=today, last=today + AHEAD)


@app.periodic(cron="30 * * * *")
@app.task(name="vouchers.ledger.audit", pass_context=False)
def audit_all(timestamp: int) -> None:  # noqa: ARG001 - every periodic job gets it
    """Queue the audit of each municipality, unless the one of an hour ago still waits."""
    for municipality in services.municipalities():
        job = app.configure_task(AUDIT_TASK, queueing_lock=f"{AUDIT_TASK}:{municipality}")
        try:
            with transaction.atomic():
                job.defer(municipality=municipality)
        except AlreadyEnqueued:
            continue


@app.task(name=AUDIT_TASK)
def audit_municipality(municipality: str) -> None:
    """Check every invariant; a difference fails the job, so it stands among the failed ones until somebody looks."""
    with scope(municipalities=[municipality]):
        differences = {found.invariant.name: found.difference for found in audit() if found.difference}
    if differences:
        _log.critical("ledger of %s differs: %s", municipality, differences)
        raise LedgerDiffers(municipality=municipality, invariants=", ".join(sorted(differences)))
