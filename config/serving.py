"""The processes of a running installation, started together and ended together.

Each program leads a process group of its own: Ctrl-C reaches only the parent, which stops them in order, and a group
can be ended as a whole. If the parent dies without a word, the kernel tells the programs (PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

from django.conf import settings

THREADS = 8
"""Threads of one web process, and the connections it may hold: one each. More only wait for each other."""
STOP_SECONDS = 20
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


@dataclass(frozen=True)
class Program:
    """A command and what it needs in its environment besides ours."""

    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


def default_processes() -> int:
    """Two at least, so that one long answer does not keep everybody waiting."""
    return max(2, min(8, os.cpu_count() or 2))


def web_server(*, host: str, port: int, processes: int, threads: int = THREADS) -> Program:
    """Granian. Files under /static/ never reach Python; each thread has a database connection for itself."""
    options = {
        "--interface": "wsgi",
        "--host": host,
        "--port": str(port),
        "--workers": str(processes),
        "--blocking-threads": str(threads),
        # Answers that wait for the database must not wait for a listener's turn.
        "--backpressure": str(threads * 16),
        "--http": "1",
        "--static-path-route": "/static",
        "--static-path-mount": str(settings.STATIC_ROOT),
        "--static-path-expires": "3600",
        "--workers-kill-timeout": str(STOP_SECONDS // 2),
        "--log-level": "warning",
    }
    command = [sys.executable, "-m", "granian", *(word for pair in options.items() for word in pair)]
    pool = os.environ.get("JANGTEO_DATABASE_POOL", str(threads))
    return Program(
        [*command, "--no-ws", "--respawn-failed-workers", "config.wsgi:application"],
        {"JANGTEO_DATABASE_POOL": pool},
    )


def worker() -> Program:
    """The background jobs."""
    return Program([sys.executable, "manage.py", "worker"])


def run_together(programs: Mapping[str, Program]) -> str | None:
    """Run until SIGINT or SIGTERM (None), or until one of them ends by itself: then its name. Nothing is left running."""
    stopped = threading.Event()
    with _on_signal(stopped):
        running = {name: _start(program) for name, program in programs.items()}
        try:
            watchers = [
                threading.Thread(target=_watch, args=(process, stopped), daemon=True) for process in running.values()
            ]
            for watcher in watchers:
                watcher.start()
            stopped.wait()
            ended = [name for name, process in running.items() if process.poll() is not None]
        finally:
            _stop(running.values())
    return ended[0] if ended else None


@contextmanager
def _on_signal(stopped: threading.Event) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _start(program: Program) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        program.command,
        cwd=settings.BASE_DIR,
        env=os.environ | dict(program.environment),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_end_with_parent,  # noqa: PLW1509 - no thread has been started yet
    )


def _end_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _watch(process: subprocess.Popen[bytes], ended: threading.Event) -> None:
    process.wait()
    ended.set()


def _stop(processes: Collection[subprocess.Popen[bytes]]) -> None:
    """Ask the programs to finish; end with force the groups that do not, and what a killed leader has left behind."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
