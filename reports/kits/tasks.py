"""Kits of a whole 읍면동, or of all, in the background."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import JobAborted

from merchants.qr_kit.services import keys_from
from reports.documents.files import paper_store
from reports.kits import services
from vouchers.common.jobs import TRY_AGAIN


@app.task(name=services.MAKE_KITS, retry=TRY_AGAIN, pass_context=True)
def make(context: JobContext, municipality: str, job_id: str) -> None:
    """Part after part; a worker that is told to stop leaves the rest to the next one."""
    keys, store = keys_from(settings.QR_KEYS), paper_store()
    while services.make_next(
        municipality=municipality, job_id=UUID(job_id), keys=keys, store=store, at=timezone.now()
    ):  # fmt: skip
        if context.should_abort():
            raise JobAborted
