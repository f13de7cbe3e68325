"""Deferring background jobs: in the transaction that makes them necessary, and never two for the same thing.

Services name a job by its task's name, because tasks stand above services.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import InterfaceError, OperationalError, transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued, JobAborted

TRY_AGAIN: Final = RetryStrategy(
    max_attempts=8, exponential_wait=2, retry_exceptions=[OperationalError, InterfaceError, JobAborted]
)
"""For what passes: a lost connection, a lock waited for in vain, a worker told to stop. 2, 4, 8 … 256 seconds apart."""


def defer(task: str, *, lock: str, schedule_at: datetime | None = None, **arguments: Any) -> bool:
    """Queue a job, by ``schedule_at`` for a later time; returns False when the same job waits already.

    Jobs with the same ``lock`` run one after the other. The job exists when the present transaction commits.
    """
    job = app.configure_task(
        task, allow_unknown=False, lock=lock, queueing_lock=f"{task}:{lock}", schedule_at=schedule_at
    )
    try:
        with transaction.atomic():
            job.defer(**arguments)
    except AlreadyEnqueued:
        return False
    return True
