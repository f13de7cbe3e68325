"""The job that pays a confirmed run of points."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import JobAborted

from vouchers.common.jobs import TRY_AGAIN
from vouchers.points import services


@app.task(name=services.RUN, retry=TRY_AGAIN, pass_context=True)
def run(context: JobContext, municipality: str, run_id: str) -> None:
    """Post the chunks of one run. A worker that is told to stop leaves the rest to the next one."""
    services.pay(municipality=municipality, run_id=UUID(run_id), clock=timezone.now, should_stop=context.should_abort)
    if context.should_abort():
        raise JobAborted
