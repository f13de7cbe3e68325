"""Load on the payment API: as many payments as 16 connections can make, or a given number of them a second.

The client is a process of its own, so it shares no interpreter with anything it measures, and speaks HTTP/1.1 over plain
sockets, because a comfortable client would take the processor from the server beside it.
"""

from __future__ import annotations

import json
import os
import random
import selectors
import socket
import subprocess
import sys
import time
import uuid
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path

from vouchers.partners.signing import signed_headers

PROJECT = Path(__file__).resolve().parents[2]
CONNECTIONS = 16
_AMOUNT = 100
_START_SECONDS = 60


@dataclass(frozen=True)
class Load:
    """What a run did: payments a second, and how long the median and the slowest hundredth of them took."""

    payments: int
    refused: int
    seconds: float
    tps: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Target:
    """Where to pay, as whom, and with what; wallets and codes are taken at random."""

    port: int
    token: str
    signing_secret: str
    wallets: Sequence[str]
    codes: Sequence[str]


def bench_http(*, target: Target, seconds: float, connections: int = CONNECTIONS, rate: float | None = None) -> Load:
    """Pay for some seconds over keep-alive connections.

    Without ``rate`` each connection pays again as soon as it has its answer. With it, so many payments a second fall
    due, and the time of each counts from when it fell due: a server that falls behind cannot hide that.
    """
    order = {"target": asdict(target), "seconds": seconds, "connections": connections, "rate": rate}
    done = subprocess.run(
        [sys.executable, "-m", "config.bench.http"],
        input=json.dumps(order),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Load(**json.loads(done.stdout))


@contextmanager
def serving(*, processes: int | None = None, threads: int | None = None) -> Iterator[int]:
    """The web server as `manage.py serve` runs it, on a free port, without the worker. Yields the port."""
    port = free_port()
    command = [sys.executable, str(PROJECT / "manage.py"), "serve", "--no-worker", "--port", str(port)]
    if processes:
        command += ["--processes", str(processes)]
    if threads:
        command += ["--threads", str(threads)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | {"JANGTEO_HOSTS": "127.0.0.1"})
    try:
        wait_until_served(port, server)
        yield port
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    """A port that nobody listens at just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_served(port: int, server: subprocess.Popen[bytes]) -> None:
    """Return once the server answers; raises TimeoutError, or ChildProcessError when it ended instead."""
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            raise ChildProcessError(f"the web server ended with status {server.returncode}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                if connection.recv(64).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            pass
        time.sleep(0.05)
    raise TimeoutError("the web server does not answer")


class _Client:
    """One connection: at most one request under way."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.socket = socket.create_connection(("127.0.0.1", target.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self._received = b""

    def send(self, due: float) -> None:
        """Ask for one payment that fell due then."""
        self.due = due
        key = uuid.uuid4().hex
        body = (
            f'{{"wallet_id":"{random.choice(self.target.wallets)}","qr":"{random.choice(self.target.codes)}",'  # noqa: S311
            f'"amount":{_AMOUNT},"order_id":"{key}"}}'
        )
        headers = signed_headers(
            token=self.target.token, secret=self.target.signing_secret, method="POST", body=body.encode(),
            uri=f"http://127.0.0.1:{self.target.port}/api/v1/payments", idempotency_key=key, nonce=key,
            created=int(time.time()),
        )  # fmt: skip
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.socket.sendall(
            f"POST /api/v1/payments HTTP/1.1\r\nHost: 127.0.0.1:{self.target.port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"{lines}\r\n{body}".encode()
        )

    def answer(self) -> int | None:
        """The status, once the whole answer is there."""
        self._received += self.socket.recv(65536)
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return None
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return None
        self._received = b""
        return int(head[9:12])


def _run(target: Target, *, seconds: float, connections: int, rate: float | None) -> Load:
    idle = deque(_Client(target) for _ in range(connections))
    selector = selectors.DefaultSelector()
    for connected in idle:
        selector.register(connected.socket, selectors.EVENT_READ, connected)
    took: list[float] = []
    refused, busy = 0, 0
    begin = time.perf_counter()
    due, last = begin, begin + seconds
    while busy or due < last:
        now = time.perf_counter()
        while idle and due < last and (rate is None or due <= now):
            if rate is None:
                due = now
                if now >= last:
                    break
            idle.popleft().send(due)
            busy += 1
            due = now if rate is None else due + 1 / rate
        if rate is None and now >= last:
            due = last
        wait = max(0.0, due - now) if rate is not None and idle and due < last else None if busy else 0.0
        for key, _events in selector.select(wait):
            client: _Client = key.data
            status = client.answer()
            if status is None:
                continue
            busy -= 1
            idle.append(client)
            took.append(time.perf_counter() - client.due)
            refused += status != HTTPStatus.CREATED
    elapsed = time.perf_counter() - begin
    took.sort()
    return Load(
        payments=len(took) - refused,
        refused=refused,
        seconds=round(elapsed, 3),
        tps=round((len(took) - refused) / elapsed, 1),
        p50_ms=round(took[len(took) // 2] * 1000, 2),
        p99_ms=round(took[int(len(took) * 0.99)] * 1000, 2),
    )


def main() -> None:
    """Read one order, run it, print what came of it."""
    order = json.load(sys.stdin)
    target = Target(**order.pop("target"))
    json.dump(asdict(_run(target, **order)), sys.stdout)


if __name__ == "__main__":
    main()
