"""Statements of a whole month, in the background."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import JobAborted

from reports.documents.files import paper_store
from reports.statements import services
from vouchers.common.jobs import TRY_AGAIN


@app.task(name=services.MAKE, retry=TRY_AGAIN, pass_context=True)
def make(context: JobContext, municipality: str, currency: str, month: str) -> None:
    """Shop after shop; a worker that is told to stop leaves the rest to the next one."""
    finished = services.make_all(
        municipality=municipality, currency=UUID(currency), month=date.fromisoformat(month), store=paper_store(),
        at=timezone.now(), stopping=context.should_abort,
    )  # fmt: skip
    if not finished:
        raise JobAborted
