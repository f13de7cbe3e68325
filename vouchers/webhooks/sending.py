"""Sending messages to addresses that partners chose: many at a time, none for longer than its time, and none inwards.

A name is looked up once, every address found must be public, and the connection goes to the address that was looked at,
so a name that changes its address in between (DNS rebinding) gains nothing. Certificates are checked against the name.
Proxies of the environment are not used, redirects are not followed, and of an answer only its status is kept.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, NamedTuple

import httpcore

from vouchers.webhooks.rules import TIMEOUT, UrlRefused, is_allowed, target_of

CONNECTIONS: Final = 128
LOOK_UPS: Final = 32
LARGEST_ANSWER: Final = 16 * 1024
"""Bytes that are read, and thrown away, so that the connection can serve again; a longer answer ends the connection."""
MOST_ADDRESSES: Final = 4
LookUp = Callable[[str, int], Awaitable[list[str]]]
USER_AGENT: Final = "Jangteo-Webhooks/1"
_KEPT_SECONDS: Final = 2.0


class Message(NamedTuple):
    """A POST."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Answer(NamedTuple):
    """``status`` None: there was no answer, and ``error`` says why."""

    status: int | None
    ms: int
    error: str = ""

    @property
    def is_success(self) -> bool:
        """2xx and nothing else."""
        return self.status is not None and 200 <= self.status < 300


_ERRORS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (TimeoutError, "timeout"),
    (httpcore.TimeoutException, "timeout"),
    (UrlRefused, "refused"),
    (ssl.SSLError, "tls"),
    (socket.gaierror, "name"),
    (httpcore.ConnectError, "connection"),
    (httpcore.NetworkError, "connection"),
    (httpcore.ProtocolError, "protocol"),
    (OSError, "connection"),
)


async def look_up(host: str, port: int) -> list[str]:
    """The addresses of a name, from the system's resolver."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(address[0]) for *_rest, address in found))[:MOST_ADDRESSES]


class CheckedBackend(httpcore.AnyIOBackend):
    """Connects to public addresses alone."""

    def __init__(self, *, loopback: bool, look_up: LookUp) -> None:
        self._loopback, self._look_up = loopback, look_up

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:  # fmt: skip
        """Look the name up once, and connect to what was found."""
        addresses = await self._look_up(host, port)
        if not all(is_allowed(address, loopback=self._loopback) for address in addresses):
            raise UrlRefused("address")
        for address in addresses[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await super().connect_tcp(address, port, timeout, local_address, socket_options)
        return await super().connect_tcp(addresses[-1], port, timeout, local_address, socket_options)


class Sender:
    """Sends in a thread of its own; used as a context manager. ``loopback``: see `rules.target_of`."""

    def __init__(
        self, *, loopback: bool, timeout: float = TIMEOUT, trust: ssl.SSLContext | None = None,
        look_up: LookUp = look_up,
    ) -> None:  # fmt: skip
        self._loopback, self._timeout, self._look_up = loopback, timeout, look_up
        self._trust = trust or ssl.create_default_context()
        self._look_ups = ThreadPoolExecutor(LOOK_UPS, thread_name_prefix="webhook-names")
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(self._look_ups)
        self._thread = threading.Thread(target=self._loop.run_forever, name="webhooks", daemon=True)

    def __enter__(self) -> Sender:
        self._thread.start()
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=self._trust, max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS,
            keepalive_expiry=_KEPT_SECONDS, network_backend=CheckedBackend(loopback=self._loopback, look_up=self._look_up),
        )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._look_ups.shutdown(wait=False, cancel_futures=True)

    def send(self, message: Message) -> Future[Answer]:
        """Begin to send; the future never raises."""
        return asyncio.run_coroutine_threadsafe(self._send(message), self._loop)

    async def _send(self, message: Message) -> Answer:
        begun = time.perf_counter()
        status, error = None, ""
        try:
            async with asyncio.timeout(self._timeout):
                status = await self._status(message)
        except Exception as failure:  # noqa: BLE001 - whatever it was, this attempt has failed and others go on
            error = _named(failure)
        return Answer(status, round((time.perf_counter() - begun) * 1000), error)

    async def _status(self, message: Message) -> int:
        to = target_of(message.url, loopback=self._loopback)
        url = httpcore.URL(scheme=to.scheme, host=to.host, port=to.port, target=to.path)
        headers: list[tuple[bytes | str, bytes | str]] = [
            ("content-type", "application/json"), ("user-agent", USER_AGENT), *message.headers.items()
        ]  # fmt: skip
        async with self._pool.stream("POST", url, headers=headers, content=message.body) as response:
            with suppress(Exception):
                await self._read_a_little(response)
            return response.status

    async def _read_a_little(self, response: httpcore.Response) -> None:
        # the status is known: what follows may not change it, and may not take long
        size = 0
        async with asyncio.timeout(self._timeout / 5):
            async for part in response.aiter_stream():
                size += len(part)
                if size > LARGEST_ANSWER:
                    return

    async def _close(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._pool.aclose()


def _named(failure: BaseException) -> str:
    """A stable code. The reason behind httpcore's errors is their cause."""
    chain: list[BaseException] = []
    current: BaseException | None = failure
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    for kind, name in _ERRORS:
        if any(isinstance(one, kind) for one in chain):
            return name
    return "unexpected"
