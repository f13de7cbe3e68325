"""Reports that were asked for are made here."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.utils import timezone
from procrastinate.contrib.django import app

from reports.statistics import services
from vouchers.common.jobs import TRY_AGAIN


@app.task(name=services.MAKE, retry=TRY_AGAIN)
def make(municipality: str, report_id: str) -> None:
    """Read the months of one report and keep its paper and workbook."""
    services.make(
        municipality=municipality, report_id=UUID(report_id), site=settings.SITE_URL, at=timezone.now()
    )  # fmt: skip
