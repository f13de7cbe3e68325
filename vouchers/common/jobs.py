"""Deferring background jobs: in the transaction that makes them necessary, and never two for the same thing.

Services name a job by its task's name, because tasks stand above services.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple

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


class Due(NamedTuple):
    """A job that is wanted now: its ``lock`` as for `defer`, and its arguments."""

    lock: str
    arguments: Mapping[str, Any] = MappingProxyType({})


Look = Callable[[], Iterable[Due]]

WATCHES: Final[dict[str, Look]] = {}
"""Task → what finds out whether it is wanted."""


def watch(task: str) -> Callable[[Look], Look]:
    """For work that cannot wait for the next minute and whose cause must not pay for queueing a job.

    Every worker calls the function each second and defers what it asks for; it must be cheap when there is nothing.
    """

    def register(look: Look) -> Look:
        WATCHES[task] = look
        return look

    return register


def defer_what_is_due() -> int:
    """Ask each watch once; returns how many jobs were queued."""
    wanted = [(task, one) for task, look in WATCHES.items() for one in look()]
    return sum(defer(task, lock=one.lock, **one.arguments) for task, one in wanted)
