"""The worker: takes jobs off the queue, outlives restarts of the database, and picks up what dead workers left.

A worker that is killed leaves its jobs ``doing``. Each worker shows that it lives by a heartbeat; every worker returns
the jobs of those whose heartbeat has stopped to the queue, at its start and every few seconds from then on.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections, connection, connections, transaction
from procrastinate import App
from procrastinate.contrib.django import DjangoApp, app
from procrastinate.exceptions import ConnectorException

from vouchers.common import jobs

MOST_ATTEMPTS: Final = 12
"""Times a job is taken up again before it is given up: one that kills its worker each time must not do so for ever."""

_RETURN_LOST_JOBS: Final = """
    WITH lost AS MATERIALIZED (
        SELECT job.id,
               job.attempts >= %(most)s OR EXISTS (
                   SELECT FROM procrastinate_jobs waiting
                   WHERE waiting.status = 'todo' AND waiting.queueing_lock = job.queueing_lock) AS is_over
        FROM procrastinate_jobs job LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
        WHERE job.status = 'doing'
          AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => %(lost_after)s))
        FOR UPDATE OF job SKIP LOCKED
    ), ended AS (
        SELECT procrastinate_finish_job_v1(id, 'failed', false) FROM lost WHERE is_over
    ), returned AS (
        SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) FROM lost WHERE NOT is_over
    )
    SELECT (SELECT count(*) FROM returned), (SELECT count(*) FROM ended)
"""
"""One statement, so that two workers never return the same job: a job whose twin waits already is ended instead."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class WorkerOptions:
    """``lost_after``: seconds without heartbeat after which a worker counts as dead. ``grace``: seconds that running
    jobs get to end once the worker is told to stop; after that they are asked to leave at their next step."""

    concurrency: int = 4
    lost_after: float = 10.0
    grace: float = 5.0


def return_lost_jobs(*, lost_after: float) -> int:
    """Put the jobs of dead workers back on the queue; returns how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_RETURN_LOST_JOBS, {"most": MOST_ATTEMPTS, "lost_after": lost_after})
        returned, ended = cursor.fetchone()
    if returned or ended:
        logger.warning("jobs of dead workers: %s returned to the queue, %s ended", returned, ended)
    return int(returned)


def worker_app() -> App:
    """An app with the same tasks on connections of its own.

    The tasks stay bound to Django's connection, so that a job which queues another does so in its own transaction.
    """
    made = DjangoApp(connector=app.connector.get_worker_connector())  # type: ignore[attr-defined]
    made.tasks = app.tasks
    made.periodic_registry = app.periodic_registry
    return made


async def work(options: WorkerOptions) -> None:
    """Work until SIGINT or SIGTERM; a lost database is waited for."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    app.perform_import_paths()
    wait = 1.0
    while not stop.is_set():
        begun = loop.time()
        try:
            await _work_until(stop, options)
        except (ConnectorException, DatabaseError) as error:
            logger.warning("the database is out of reach, trying again: %s", error.__cause__ or error)
        wait = min(wait * 2, 30.0) if loop.time() - begun < 60 else 1.0
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), timeout=wait)


async def _work_until(stop: asyncio.Event, options: WorkerOptions) -> None:
    """Run one worker until it ends by itself (the database went away) or is told to stop."""
    await sync_to_async(connections.close_all)()
    async with worker_app().open_async() as opened:
        worker = asyncio.create_task(
            opened.run_worker_async(
                concurrency=options.concurrency, install_signal_handlers=False, shutdown_graceful_timeout=options.grace,
                update_heartbeat_interval=options.lost_after / 5, stalled_worker_timeout=options.lost_after,
                fetch_job_polling_interval=options.lost_after / 2, abort_job_polling_interval=1.0,
                delete_jobs="successful",  # failed ones stay until somebody has looked
            )
        )  # fmt: skip
        helpers = [
            asyncio.create_task(stop.wait()), asyncio.create_task(_return_lost_jobs_regularly(options)),
            asyncio.create_task(_look_each_second()),
        ]  # fmt: skip
        try:
            await asyncio.wait([worker, *helpers], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (worker, *helpers):
                task.cancel()
            results = await asyncio.gather(worker, *helpers, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def _return_lost_jobs_regularly(options: WorkerOptions) -> None:
    while True:
        await sync_to_async(_return_lost_jobs)(options.lost_after)
        await asyncio.sleep(options.lost_after / 4)


def _return_lost_jobs(lost_after: float) -> None:
    close_old_connections()
    return_lost_jobs(lost_after=lost_after)


async def _look_each_second() -> None:
    while True:
        await sync_to_async(_defer_what_is_due)()
        await asyncio.sleep(1.0)


def _defer_what_is_due() -> None:
    close_old_connections()
    jobs.defer_what_is_due()
