"""kill -9 of the database below a running web server: callers are told to come back, and soon they are served again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from threading import Event
from typing import Any

import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from config.database import embedded
from config.database.setup import prepare
from tests.api.conftest import Market, make_market, signature
from tests.api.test_over_http import Server, left_in
from tests.conftest import TODAY, Databases
from vouchers.common.models import uuid7
from vouchers.payments.models import Payment

pytestmark = pytest.mark.kill

ANSWERED_WITHIN = 30
"""Seconds after which a caller would call it a hang."""


@dataclass
class OwnServer:
    """A database server that may be killed, and its databases."""

    cluster: embedded.Cluster
    databases: Databases


@dataclass
class Place:
    """A web server, a database server of its own below it, and a market."""

    cluster: embedded.Cluster
    server: Server
    market: Market

    def pay(self, key: str) -> tuple[int, HTTPMessage, dict[str, Any]]:
        """Status, headers and document of the answer to a payment of 1,000 won."""
        return self.ask("POST", "/api/v1/payments", json.dumps(self.market.body()), {"Idempotency-Key": key})

    def look(self) -> tuple[int, HTTPMessage, dict[str, Any]]:
        """The same, for a question that changes nothing."""
        return self.ask("GET", f"/api/v1/payments/{uuid7()}")

    def ask(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, HTTPMessage, dict[str, Any]]:
        """The same, for any request."""
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=ANSWERED_WITHIN)
        sent = {"Authorization": f"Bearer {self.market.token}", "Content-Type": "application/json"} | (headers or {})
        if "Idempotency-Key" in sent:
            uri, raw = f"http://127.0.0.1:{self.server.port}{path}", (body or "").encode()
            sent |= signature(self.market.token, method, uri, raw, sent["Idempotency-Key"])
        connection.request(method, path, body, sent)
        reply = connection.getresponse()
        document = json.loads(reply.read())
        connection.close()
        return reply.status, reply.headers, document


@pytest.fixture(scope="module")
def own_server(databases: Databases, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[OwnServer]:
    """A database server to kill, with a template of its own: migrated once, because that takes longer than the tests."""
    shared = connections["default"].settings_dict["NAME"]
    with embedded.temporary() as cluster, django_db_blocker.unblock():
        own = OwnServer(cluster, Databases(cluster.url()))
        try:
            own.databases.template = embedded.DATABASE
            own.databases.point_at(embedded.DATABASE)
            prepare(today=TODAY)
            connections.close_all()  # nobody may be connected to what is cloned
            yield own
        finally:
            connections.close_all()
            databases.point_at(shared)


@pytest.fixture
def place(own_server: OwnServer) -> Iterator[Place]:
    own_server.databases.point_at(own_server.databases.clone())
    server = Server("--no-worker")
    try:
        yield Place(own_server.cluster, server, make_market("41280", "고양시", money=100_000))
    finally:
        connections.close_all()
        assert server.stop() == 0


def served(place: Place, key: str) -> tuple[int, HTTPMessage, dict[str, Any]]:
    """The answer to a payment that is sent again as long as it is told to come back, a few times."""
    answers = (place.pay(key) for _ in range(5))
    return next(answer for answer in answers if answer[0] != 503)


def test_without_a_database_callers_are_told_to_come_back(place: Place) -> None:
    assert place.pay("before")[0] == 201
    connections.close_all()
    place.cluster.kill()
    keys = [str(uuid7()) for _ in range(20)]
    with ThreadPoolExecutor(len(keys)) as pool:
        answers = [*pool.map(place.pay, keys), place.look(), place.pay("before")]
    for status, headers, document in answers:
        assert (status, document["status"], document["code"]) == (503, 503, "unavailable")
        assert headers["Content-Type"] == "application/problem+json"
        assert int(headers["Retry-After"]) > 0

    place.cluster.start()
    assert served(place, "before")[1]["Idempotency-Replayed"] == "true"
    assert {served(place, key)[0] for key in keys} == {201}
    assert place.look()[0] == 404
    assert left_in(place.market) == 100_000 - 21 * 1_000


def test_a_database_that_was_only_restarted_is_not_noticed(place: Place) -> None:
    assert place.pay("before")[0] == 201
    connections.close_all()
    place.cluster.kill()
    place.cluster.start()
    keys = [str(uuid7()) for _ in range(20)]
    with ThreadPoolExecutor(len(keys)) as pool:
        assert {status for status, _headers, _document in pool.map(place.pay, keys)} == {201}


def test_payments_under_way_when_the_database_dies_are_made_once(place: Place) -> None:
    keys, some_paid = [str(uuid7()) for _ in range(100)], Event()

    def pay(key: str) -> int:
        status, _headers, _document = place.pay(key)
        if key == keys[20]:
            some_paid.set()
        return status

    with ThreadPoolExecutor(8) as pool:
        paying = [pool.submit(pay, key) for key in keys]
        assert some_paid.wait(ANSWERED_WITHIN)
        connections.close_all()
        place.cluster.kill()
        place.cluster.start()
        assert {payment.result() for payment in paying} <= {201, 503}
    assert {served(place, key)[0] for key in keys} == {201}
    with place.market.city.scope():
        assert Payment.objects.count() == len(keys)
    assert left_in(place.market) == 0
