"""The job that completes a submission."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from procrastinate.contrib.django import app

from allowances.approvals import services
from vouchers.common.jobs import TRY_AGAIN


@app.task(name=services.COMPLETE_SUBMISSION, retry=TRY_AGAIN)
def complete_submission(municipality: str, batch_id: str) -> None:
    """Entitle, reserve and open the approval line of one list."""
    services.complete_submission(municipality=municipality, batch_id=UUID(batch_id), at=timezone.now())
