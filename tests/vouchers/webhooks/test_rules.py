"""Where a message may go, when it is tried again, and how it is signed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from vouchers.webhooks.rules import (
    RETRIES,
    Target,
    UrlRefused,
    headers,
    is_allowed,
    next_attempt,
    payload,
    secret_of,
    target_of,
)

NOW = datetime.now(UTC)
NEW, OLD = secret_of(b"n" * 32), secret_of(b"o" * 32)

REFUSED = {
    "http://partner.example/hooks": "scheme",
    "ftp://partner.example/": "scheme",
    "file:///etc/passwd": "malformed",
    "gopher://partner.example/": "scheme",
    "https://partner.example:22/": "port",
    "https://partner.example:6379/": "port",
    "https://partner.example:0/": "port",
    "https://partner.example:99999/": "malformed",
    "https://user:secret@partner.example/": "malformed",
    "https://partner.example@10.0.0.1/": "malformed",
    "https://@partner.example/": "malformed",
    "https://partner.example/#part": "malformed",
    "https://partner.example\\@10.0.0.1/": "malformed",
    "https://partner.example/\r\nX: 1": "malformed",
    "https://partner .example/": "malformed",
    "https://": "malformed",
    "https:///hooks": "malformed",
    "partner.example/hooks": "malformed",
    "https://[::1": "malformed",
    "https://장터.example/": "malformed",
    "https://partner.example/" + "x" * 500: "malformed",
    "https://localhost/": "address",
    "https://localhost./": "address",
    "https://intranet/": "address",
    "https://127.0.0.1/": "address",
    "https://127.1/": "address",
    "https://2130706433/": "address",
    "https://0x7f000001/": "address",
    "https://0177.0.0.1/": "address",
    "https://[::1]/": "address",
    "https://[::ffff:127.0.0.1]/": "address",
    "https://[::ffff:8.8.8.8]/": "address",
    "https://[::127.0.0.1]/": "address",
    "https://[fe80::1]/": "address",
    "https://[fd00:ec2::254]/": "address",
    "https://[64:ff9b::7f00:1]/": "address",
    "https://[2002:7f00:1::]/": "address",
    "https://[ff02::1]/": "address",
    "https://0.0.0.0/": "address",
    "https://10.0.0.1/": "address",
    "https://172.16.0.1/": "address",
    "https://192.168.0.1/": "address",
    "https://100.64.0.1/": "address",
    "https://169.254.169.254/latest/meta-data/": "address",
    "https://168.63.129.16/": "address",
    "https://198.18.0.1/": "address",
    "https://224.0.0.1/": "address",
    "https://240.0.0.1/": "address",
    "https://255.255.255.255/": "address",
}


@pytest.mark.parametrize(("url", "reason"), REFUSED.items())
def test_urls_that_are_refused(url: str, reason: str) -> None:
    with pytest.raises(UrlRefused, match=f"^{reason}$"):
        target_of(url, loopback=False)


@pytest.mark.parametrize(
    ("url", "target"),
    {
        "https://partner.example": Target("https", "partner.example", 443, "/"),
        "https://Partner.Example.:8443/a/b?c=d": Target("https", "partner.example", 8443, "/a/b?c=d"),
        "https://8.8.8.8/": Target("https", "8.8.8.8", 443, "/"),
        "https://[2606:4700::1111]/": Target("https", "2606:4700::1111", 443, "/"),
        "https://xn--jj0b18g.example/": Target("https", "xn--jj0b18g.example", 443, "/"),
    }.items(),
)
def test_urls_that_are_accepted(url: str, target: Target) -> None:
    assert target_of(url, loopback=False) == target


def test_this_machine_may_be_told_while_developing_and_nothing_else_without_tls() -> None:
    for url in ("http://127.0.0.1:8001/hooks", "http://localhost:9/", "http://[::1]:9/", "https://127.0.0.1:9/"):
        target_of(url, loopback=True)
    for url in ("http://partner.example/", "http://10.0.0.1/", "https://10.0.0.1/", "https://partner.example:9/"):
        with pytest.raises(UrlRefused):
            target_of(url, loopback=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "169.254.169.254", "::ffff:10.0.0.1", "nonsense"])
def test_addresses_that_a_name_must_not_have(address: str) -> None:
    assert not is_allowed(address, loopback=False)


@given(st.ip_addresses(network="10.0.0.0/8") | st.ip_addresses(network="fc00::/7") | st.ip_addresses(network="::/32"))
def test_no_private_address_is_allowed(address: object) -> None:
    assert not is_allowed(str(address), loopback=False)


def test_the_schedule_is_that_of_the_specification() -> None:
    waits = [next_attempt(attempts=made, at=NOW, jitter=0) for made in range(1, 11)]
    hours = [timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)]
    expected = [timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), *hours]
    assert [moment - NOW for moment in waits[:-1] if moment] == expected == list(RETRIES)
    assert waits[-1] is None


@given(st.integers(1, 9), st.floats(0, 1))
def test_jitter_delays_by_a_tenth_at_most(attempts: int, jitter: float) -> None:
    moment = next_attempt(attempts=attempts, at=NOW, jitter=jitter)
    assert moment is not None
    wait = RETRIES[attempts - 1]
    assert wait <= moment - NOW <= wait * 1.1 + timedelta(microseconds=1)


def test_the_outside_library_verifies_what_we_sign() -> None:
    now = datetime.now(UTC)  # the library asks the clock, and the session may have begun long ago
    body = payload(kind="payment.paid", at=now, data={"amount": 15_000, "shop": "행복분식"})
    sent = headers(message="019aa9a4", at=now, body=body, secrets=[NEW])
    told = Webhook(NEW).verify(body, sent)
    assert told == {"type": "payment.paid", "timestamp": now.isoformat().replace("+00:00", "Z"),
                    "data": {"amount": 15_000, "shop": "행복분식"}}  # fmt: skip
    assert sent["webhook-signature"] == Webhook(NEW).sign("019aa9a4", now, body.decode())


def test_while_a_secret_is_changed_both_verify() -> None:
    now = datetime.now(UTC)  # the library asks the clock, and the session may have begun long ago
    body = payload(kind="payment.paid", at=now, data={})
    sent = headers(message="m", at=now, body=body, secrets=[NEW, OLD])
    for secret in (NEW, OLD):
        Webhook(secret).verify(body, sent)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret_of(b"x" * 32)).verify(body, sent)


@pytest.mark.parametrize("change", ["webhook-id", "webhook-timestamp", "body"])
def test_whatever_is_changed_on_the_way_no_longer_verifies(change: str) -> None:
    now = datetime.now(UTC)  # with an old one the library would refuse for another reason
    body = payload(kind="payment.paid", at=now, data={"amount": 1})
    sent = headers(message="m", at=now, body=body, secrets=[NEW])
    if change == "body":
        body = body.replace(b"1", b"9", 1)
    else:
        sent[change] = str(int(sent["webhook-timestamp"]) + 1)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(body, sent)
