"""Real web server, real sockets: many at once, and a server that dies in the middle."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from config.bench.http import PROJECT, free_port, wait_until_served
from tests.api.conftest import Market, make_market, signature
from vouchers.common.models import uuid7
from vouchers.ledger.models import Lot
from vouchers.payments.models import Payment


class Server:
    """``manage.py serve`` on a port of its own."""

    def __init__(self, *options: str) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, str(PROJECT / "manage.py"), "serve", *options, "--port", str(self.port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until_served(self.port, self.process)

    def family(self) -> list[psutil.Process]:
        """The process and everything it started."""
        parent = psutil.Process(self.process.pid)
        return [*parent.children(recursive=True), parent]

    def stop(self) -> int:
        """End it as Ctrl-C does, and return its exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def kill(self) -> None:
        """End every process of it at once, as the kernel does when memory runs out."""
        family = self.family()
        for process in family:
            process.kill()
        psutil.wait_procs(family)
        self.process.wait()

    def pay(self, market: Market, key: str, **changes) -> tuple[int, dict, bool]:
        """Status, answer and whether it was replayed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        path, body = "/api/v1/payments", json.dumps(market.body(**changes)).encode()
        headers = {
            "Authorization": f"Bearer {market.token}", "Idempotency-Key": key, "Content-Type": "application/json",
        } | signature(market.token, "POST", f"http://127.0.0.1:{self.port}{path}", body, key)  # fmt: skip
        connection.request("POST", path, body, headers)
        reply = connection.getresponse()
        answer = json.loads(reply.read())
        connection.close()
        return reply.status, answer, reply.headers.get("Idempotency-Replayed") == "true"


@pytest.fixture(scope="module")
def running(module_db: None) -> Iterator[Server]:
    """One for the tests that neither stop nor kill it: starting takes longer than they do."""
    started = Server("--no-worker")
    yield started
    assert started.stop() == 0


@pytest.fixture
def server(committed_db: str) -> Iterator[Server]:
    started = Server("--no-worker")
    yield started
    if started.process.poll() is None:
        assert started.stop() == 0


@pytest.fixture
def market(server: Server) -> Market:
    return make_market("41280", "고양시", money=100_000)


def test_the_same_payment_fifty_times_at_once(running: Server):
    market = make_market("41280", "고양시", money=100_000)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: running.pay(market, "one-key", amount=30_000), range(50)))
    made = [answer["id"] for status, answer, replayed in answers if status == 201 and not replayed]
    assert len(made) == 1
    assert {status for status, _answer, _replayed in answers} <= {201, 409}
    assert {answer["id"] for status, answer, _replayed in answers if status == 201} == set(made)
    assert {answer["code"] for status, answer, _replayed in answers if status == 409} <= {"request_in_progress"}
    status, answer, replayed = running.pay(market, "one-key", amount=30_000)
    assert (status, answer["id"], replayed) == (201, made[0], True)
    assert left_in(market) == 70_000


def test_fifty_payments_race_for_one_balance(running: Server):
    market = make_market("41130", "성남시", money=100_000)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda n: running.pay(market, f"key-{n}", amount=3_000), range(50)))
    assert Counter(status for status, _answer, _replayed in answers) == {201: 33, 422: 17}
    assert {answer["code"] for status, answer, _replayed in answers if status == 422} == {"insufficient_funds"}
    assert left_in(market) == 1_000


@pytest.mark.kill
def test_a_killed_server_has_paid_each_payment_once_or_not_at_all(server: Server, market: Market):
    keys = [str(uuid7()) for _ in range(200)]
    some_paid = threading.Event()

    def pay_until_it_dies(key: str) -> None:
        try:
            status, _answer, _replayed = server.pay(market, key, amount=100)
        except (OSError, http.client.HTTPException):
            return
        assert status == 201
        if key == keys[20]:
            some_paid.set()

    with ThreadPoolExecutor(8) as pool:
        paying = [pool.submit(pay_until_it_dies, key) for key in keys]
        assert some_paid.wait(60)
        server.kill()
        for payment in paying:
            payment.result()
    again = Server("--no-worker")
    try:
        answers = [again.pay(market, key, amount=100) for key in keys]
    finally:
        assert again.stop() == 0
    assert {status for status, _answer, _replayed in answers} == {201}
    assert {True, False} == {replayed for _status, _answer, replayed in answers}
    assert len({answer["id"] for _status, answer, _replayed in answers}) == 200
    with market.city.scope():
        assert Payment.objects.count() == 200
    assert left_in(market) == 100_000 - 200 * 100


def test_stopping_leaves_nothing_running(server: Server):
    family = server.family()
    assert len(family) > 2
    assert server.stop() == 0
    assert not any(process.is_running() for process in family)


@pytest.mark.kill
def test_killing_only_the_parent_leaves_nothing_running(committed_db: str):
    server = Server()  # with the worker
    family = server.family()
    assert any("worker" in process.cmdline() for process in family)
    server.process.kill()
    server.process.wait()
    _gone, left = psutil.wait_procs(family, timeout=60)
    assert left == []


def test_a_taken_port_is_said_clearly(running: Server):
    second = subprocess.run(
        [sys.executable, str(PROJECT / "manage.py"), "serve", "--no-worker", "--port", str(running.port)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert second.returncode == 1
    assert f"cannot listen at 127.0.0.1:{running.port}" in second.stderr
    assert "Traceback" not in second.stderr


def test_static_files_are_served(running: Server):
    connection = http.client.HTTPConnection("127.0.0.1", running.port)
    connection.request("GET", "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css")
    reply = connection.getresponse()
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/css")
    assert reply.read()
    connection.close()


def left_in(market: Market) -> int:
    """What the wallet still holds."""
    with market.city.scope():
        return sum(Lot.objects.filter(wallet_id=market.wallet).values_list("remaining", flat=True))
