"""Run things at once, on real connections, and collect what came of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from tests.vouchers.ledger.kernel import Kernel, connect
from vouchers.common.errors import DomainError

Job = Callable[[Kernel], Any]


def at_once(url: str, jobs: Iterable[Job]) -> list[Any]:
    """Start all jobs together, each on a connection of its own; returns their results or domain errors, in order."""
    jobs = list(jobs)
    barrier = Barrier(len(jobs))

    def work(job: Job) -> Any:
        with connect(url) as connection:
            barrier.wait()
            try:
                return job(Kernel(connection))
            except DomainError as error:
                return error

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(work, jobs))
