"""The web server and the worker of the demo: ``manage.py serve`` as a child that ends with the demo, however it ends."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from django.conf import settings
from django.core.management.base import CommandError

from config.serving import _end_with_parent
from vouchers.partners.signing import signed_headers

HOST = "127.0.0.1"
_START_SECONDS = 60
_STOP_SECONDS = 40


@contextmanager
def serving(*, log: Path, stays: bool) -> Iterator[Server]:
    """A running server with its worker; stopped at the end. One that ``stays`` for people gets a port they know."""
    port = _free_port() if stays else _any_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--host", HOST, "--port", str(port)],
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the demo, which then stops the server in order
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - no thread has been started yet
        )
    server = Server(process, port, log)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()


class Server:
    """The child process and its address."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self._log = log

    @property
    def url(self) -> str:
        """Where the site is."""
        return f"http://{HOST}:{self.port}"

    def wait_until_ready(self) -> None:
        """Raises CommandError with the end of its log when it does not come up."""
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            with suppress(OSError), closing(http.client.HTTPConnection(HOST, self.port, timeout=5)) as connection:
                connection.request("GET", "/healthz")
                if connection.getresponse().status < 500:
                    return
            time.sleep(0.1)
        raise CommandError(f"The web server did not start; its log {self._log} ends:\n{self._log.read_text()[-2000:]}")

    def require_running(self) -> None:
        """Raises CommandError with the end of its log when it has ended by itself."""
        if self.process.poll() is not None:
            raise CommandError(f"The web server has ended; its log {self._log} ends:\n{self._log.read_text()[-2000:]}")

    def wait(self) -> None:
        """Until it ends."""
        self.process.wait()

    def stop(self) -> None:
        """Stop it and everything that it started."""
        self.process.terminate()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class PartnerKey(NamedTuple):
    """What a partner sends with each request, and what it signs its writes with."""

    token: str
    signing_secret: str


class Partner:
    """An app that pays over the API, on one connection that stays open."""

    def __init__(self, server: Server, key: PartnerKey) -> None:
        self._connection = http.client.HTTPConnection(HOST, server.port, timeout=30)
        self._url = server.url
        self._key = key

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Sign and send a write request under a new idempotency key; raises CommandError for any answer but 2xx."""
        raw = json.dumps(body).encode()
        headers = signed_headers(
            token=self._key.token, secret=self._key.signing_secret, method="POST", uri=self._url + path, body=raw,
            idempotency_key=str(uuid4()), nonce=uuid4().hex, created=int(time.time()),
        )  # fmt: skip
        self._connection.request("POST", path, raw, headers | {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
        if response.status >= 300:
            raise CommandError(f"POST {path}: {response.status} {answer}")
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _any_port() -> int:
    """Chosen by the system, so that two demos at the same moment do not meet."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _free_port(first: int = 8000) -> int:
    for port in range(first, first + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind((HOST, port))
                return port
    raise CommandError(f"No free port from {first} to {first + 99}.")
