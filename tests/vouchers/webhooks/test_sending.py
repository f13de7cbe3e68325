"""A message goes where it may go, takes no longer than it may, and no answer does harm."""

from __future__ import annotations

import datetime
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.vouchers.webhooks.receiving import receiver
from vouchers.webhooks.sending import Answer, Message, Sender

HEADERS = {"webhook-id": "m"}


@pytest.fixture(scope="module")
def sender() -> Iterator[Sender]:
    with Sender(loopback=True, timeout=1.0) as made:
        yield made


def send(sender: Sender, url: str, body: bytes = b"{}") -> Answer:
    return sender.send(Message(url, HEADERS, body)).result(timeout=10)


def test_a_message_arrives_as_it_is(sender: Sender) -> None:
    with receiver(204) as to:
        answer = send(sender, to.url, '{"a":"행복"}'.encode())
    assert answer.status == 204
    assert answer.is_success
    got = to.received[0]
    assert (got.path, got.body) == ("/hooks?from=city", '{"a":"행복"}'.encode())
    assert got.headers["content-type"] == "application/json"
    assert got.headers["webhook-id"] == "m"
    assert got.headers["host"] == f"127.0.0.1:{to.port}"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_and_is_no_success(sender: Sender, status: int) -> None:
    with receiver() as other:

        def away(handler: Any) -> None:
            handler.send_response(status)
            handler.send_header("location", other.url)
            handler.send_header("content-length", "0")
            handler.end_headers()

        with receiver(away) as to:
            answer = send(sender, to.url)
    assert answer.status == status
    assert not answer.is_success
    assert other.received == []


def test_one_who_does_not_answer_is_left_in_time(sender: Sender) -> None:
    go = threading.Event()
    with receiver(lambda _handler: go.wait(10) and None) as to:
        begun = time.monotonic()
        answer = send(sender, to.url)
        assert time.monotonic() - begun < 2
        go.set()
    assert answer[::2] == (None, "timeout")
    assert 900 <= answer.ms < 2_000


def test_one_who_answers_in_drops_is_left_in_time(sender: Sender) -> None:
    def slowly(handler: Any) -> None:
        for letter in b"HTTP/1.1 200 OK\r\n" * 20:
            handler.wfile.write(bytes([letter]))
            time.sleep(0.05)

    with receiver(slowly) as to:
        answer = send(sender, to.url)
    assert answer[::2] == (None, "timeout")


def test_an_endless_answer_is_cut_and_its_status_counts(sender: Sender) -> None:
    sent = []

    def endlessly(handler: Any) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(20_000):
            handler.wfile.write(b"x" * 4096)
            sent.append(4096)

    with receiver(endlessly) as to:
        answer = send(sender, to.url)
        assert answer.is_success
    assert sum(sent) < 80_000_000


@pytest.mark.parametrize("said", [b"nonsense\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 300_000])
def test_what_is_no_answer_is_a_failure(sender: Sender, said: bytes) -> None:
    def talk(handler: Any) -> None:
        handler.wfile.write(said)
        handler.close_connection = True

    with receiver(talk) as to:
        answer = send(sender, to.url)
    assert answer.status is None
    assert answer.error in {"protocol", "connection"}


def test_nobody_there(sender: Sender) -> None:
    with receiver() as to:
        gone = to.url
    assert send(sender, gone)[::2] == (None, "connection")


def test_many_slow_ones_do_not_hold_a_quick_one(sender: Sender) -> None:
    go = threading.Event()
    with receiver(lambda _handler: go.wait(10) and None) as slow, receiver() as quick:
        waiting = [sender.send(Message(slow.url, HEADERS, b"{}")) for _ in range(40)]
        answer = send(sender, quick.url)
        assert answer.is_success
        assert answer.ms < 800
        assert {future.result(10).error for future in waiting} == {"timeout"}
        go.set()


def test_without_leave_this_machine_is_out_of_reach() -> None:
    with receiver() as to, Sender(loopback=False, timeout=1.0) as strict:
        assert send(strict, to.url)[::2] == (None, "refused")
        assert send(strict, f"https://localhost:{to.port}/").error == "refused"
    assert to.received == []


class Names:
    """A name server that answers differently each time, as an attacker's does."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, _host: str, _port: int) -> list[str]:
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["::1"], ["10.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], ["169.254.169.254"]],
)
def test_a_name_that_leads_inwards_is_refused(addresses: list[str]) -> None:
    with Sender(loopback=False, timeout=1.0, look_up=Names(addresses)) as strict:
        assert send(strict, "https://partner.example/")[::2] == (None, "refused")


def test_a_name_is_looked_up_once_and_what_was_looked_at_is_what_is_called() -> None:
    # rebinding: whoever looked it up a second time to connect would be led to 10.0.0.1
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    with receiver() as to, Sender(loopback=True, timeout=1.0, look_up=names) as made:
        assert send(made, f"http://localhost:{to.port}/").is_success
    assert names.asked == 1


def test_the_next_connection_looks_again() -> None:
    def and_close(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("connection", "close")
        handler.end_headers()

    names = Names(["127.0.0.1"], ["10.0.0.1"])
    with receiver(and_close) as to, Sender(loopback=True, timeout=1.0, look_up=names) as made:
        assert send(made, f"http://localhost:{to.port}/").is_success
        assert send(made, f"http://localhost:{to.port}/")[::2] == (None, "refused")
    assert len(to.received) == 1


def test_a_name_that_nobody_has() -> None:
    with Sender(loopback=False, timeout=5.0) as strict:
        assert send(strict, "https://partner.invalid/")[::2] == (None, "name")


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as proxy, receiver() as to:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        with Sender(loopback=True, timeout=1.0) as made:
            assert send(made, to.url).is_success
    assert (len(proxy.received), len(to.received)) == (0, 1)


def _certificate(path: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "partner")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ) + made.public_bytes(serialization.Encoding.PEM)
    )  # fmt: skip
    return path


def test_the_certificate_must_be_of_the_name(tmp_path: Path, sender: Sender) -> None:
    certificate = _certificate(tmp_path / "partner.pem", "localhost")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    trust = ssl.create_default_context(cafile=certificate)
    with receiver(wrap=lambda raw: serving.wrap_socket(raw, server_side=True)) as to:
        with Sender(loopback=True, timeout=2.0, trust=trust) as trusting:
            assert send(trusting, f"https://localhost:{to.port}/").is_success
            assert send(trusting, to.url)[::2] == (None, "tls")  # 127.0.0.1 is not in it
        assert send(sender, f"https://localhost:{to.port}/")[::2] == (None, "tls")  # nobody vouches for it
    assert len(to.received) == 1
