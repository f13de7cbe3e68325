"""Servers on this machine that receive messages, as partners' servers do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Received:
    """One POST."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class Receiver:
    """What has come so far, and what is answered: a status, or whatever the function does with the handler."""

    answer: int | Callable[[BaseHTTPRequestHandler], None] = 200
    received: list[Received] = field(default_factory=list)
    port: int = 0
    scheme: str = "http"
    host: str = "127.0.0.1"

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self.scheme}://{self.host}:{self.port}/hooks?from=city"


@contextmanager
def receiver(
    answer: int | Callable[[Any], None] = 200, *, wrap: Callable[[Any], Any] | None = None
) -> Iterator[Receiver]:
    """A real HTTP server; ``wrap`` puts TLS around its socket."""
    made = Receiver(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.received.append(Received(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            if callable(made.answer):
                made.answer(self)
                return
            self.send_response(made.answer)
            self.send_header("content-length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            made.received.append(Received(self.path, {}, b""))

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            pass  # the other side went away, as some tests want

    server = Server(("127.0.0.1", 0), Handler)
    if wrap:
        server.socket = wrap(server.socket)
        made.scheme = "https"
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
