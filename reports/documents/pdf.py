"""Paper: HTML to PDF by WeasyPrint, with the Korean font embedded and nothing fetched from anywhere but our own files.

WeasyPrint takes a second or more to import, so the first paper of a process loads it (`layout`), not the process's start.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from multiprocessing.connection import wait
from threading import Thread
from typing import Any

_AHEAD = 4


class PaperFailed(RuntimeError):
    """A paper names a resource that it may not use or that does not exist; none is printed without it."""


@dataclass(frozen=True, kw_only=True)
class Enclosed:
    """A file inside a paper: its name, its bytes, what it is, and when it was made."""

    name: str
    content: bytes
    description: str
    at: datetime


def render(
    html: str, *, archive: bool = False, tagged: bool = True, enclosed: Sequence[Enclosed] = ()
) -> bytes:  # fmt: skip
    """The PDF of a whole HTML document, styled by ``document.css``; the same HTML gives the same bytes.

    ``archive``: as PDF/A-3a, tagged for screen readers and to be read for ever, which may enclose files; not ``tagged``, as
    PDF/A-3b. Raises PaperFailed.
    """
    made: bytes = _layout().render(html, archive=archive, tagged=tagged, enclosed=enclosed)
    return made


def attempt_many(
    papers: Iterable[str], *, archive: bool = False, processes: int = 2
) -> Iterator[bytes | BaseException]:  # fmt: skip
    """For each of ``papers``, in their order, its PDF or the error that kept it from being made.

    Papers are taken a few ahead, so neither all of them nor all of the PDFs are in memory. The processes are spawned
    rather than forked, because a worker or web server has threads, and they end with the iteration. Raises
    BrokenProcessPool when one of them is killed.
    """
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawning, initializer=_prepare_process) as pool:
        waiting: deque[Future[bytes]] = deque()
        try:
            for paper in papers:
                waiting.append(pool.submit(render, paper, archive=archive))
                if len(waiting) >= processes * _AHEAD:
                    yield _outcome(waiting.popleft())
            while waiting:
                yield _outcome(waiting.popleft())
        finally:
            pool.shutdown(cancel_futures=True)


def _outcome(future: Future[bytes]) -> bytes | BaseException:
    error = future.exception()
    if isinstance(error, BrokenExecutor):
        raise error
    return error or future.result()


def _layout() -> Any:
    return import_module("reports.documents.layout")


def _prepare_process() -> None:
    """Layout makes many small objects that end with the document: collecting less often saves a tenth of the time."""
    Thread(target=_end_with_parent, daemon=True).start()
    _layout().prepared()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _end_with_parent() -> None:
    """A worker that is killed cannot end its processes, which would wait for papers for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
