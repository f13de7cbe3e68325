"""The job that pays a list."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import JobAborted

from allowances.disbursement import services
from vouchers.common.jobs import TRY_AGAIN

THREADS = 2
"""Chunks posted side by side: the server needs a core for each, and a list is paid in half the time."""


@app.task(name=services.RUN, retry=TRY_AGAIN, pass_context=True)
def run(context: JobContext, municipality: str, batch_id: str) -> None:
    """Post the chunks of one list. A worker that is told to stop leaves the rest to the next one."""
    services.run(
        municipality=municipality, batch_id=UUID(batch_id), at=timezone.now(), should_stop=context.should_abort,
        threads=THREADS,
    )  # fmt: skip
    if context.should_abort():
        raise JobAborted
