"""What partners are told of, and how delivery follows the Standard Webhooks specification."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from django.db import models
from django.utils.translation import gettext_lazy as _


class EventType(models.TextChoices):
    """What an endpoint may subscribe to. The database knows the same names: webhooks.event_type."""

    PAYMENT_PAID = "payment.paid", _("결제 완료")
    PAYMENT_CANCELLED = "payment.cancelled", _("결제 취소")
    CASHBACK_CREDITED = "cashback.credited", _("캐시백 지급")
    TOP_UP_REQUESTED = "top_up.requested", _("충전 요청")
    TOP_UP_COMPLETED = "top_up.completed", _("충전 완료")
    TOP_UP_CANCELLED = "top_up.cancelled", _("충전 취소")
    REFUND_COMPLETED = "refund.completed", _("환불 완료")
    GIFT_RECEIVED = "gift.received", _("선물 받음")
    POINTS_CREDITED = "points.credited", _("포인트 지급")
    WALLET_MOVED = "wallet.moved", _("지갑이 다른 앱으로 이동")


PING: Final = "webhook.ping"
"""The message that an endpoint must answer before it becomes active. Nobody subscribes to it."""

# The message: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what every secret begins with
SECRET_BYTES: Final = 32


def secret_of(key: bytes) -> str:
    """How a signing key is handed over."""
    return SECRET_PREFIX + base64.b64encode(key).decode()


def payload(*, kind: str, at: datetime, data: Any) -> bytes:
    """The body, the same at every attempt."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return json.dumps(
        {"type": kind, "timestamp": moment, "data": data}, ensure_ascii=False, separators=(",", ":"), sort_keys=False
    ).encode()


def headers(*, message: str, at: datetime, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """What the receiver checks the body by: a signature for each live secret, of id, time and body."""
    moment = str(int(at.timestamp()))
    signed = f"{message}.{moment}.".encode() + body
    signatures = (
        hmac.digest(base64.b64decode(secret.removeprefix(SECRET_PREFIX)), signed, "sha256") for secret in secrets
    )
    return {
        "webhook-id": message,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(signature).decode()}" for signature in signatures),
    }


RETRIES: Final = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""The schedule that the specification recommends: the first attempt at once, then after each failure so much later."""
JITTER: Final = 0.1
TIMEOUT: Final = 15.0
"""Seconds for everything from the look-up of the name to the status line, as the specification recommends."""


def next_attempt(*, attempts: int, at: datetime, jitter: float) -> datetime | None:
    """When to try again after the ``attempts``-th attempt failed at ``at``; None when that was the last one.

    ``jitter`` is a random number from 0 to 1: what failed together is not tried again at one moment.
    """
    if attempts > len(RETRIES):
        return None
    return at + RETRIES[attempts - 1] * (1 + JITTER * jitter)


# Where a message may go. An address is chosen by a partner, so it must not reach what only this server can.

LONGEST_URL: Final = 500
PORTS: Final = frozenset({443, 8443})
_VISIBLE: Final = re.compile(r"[!-~]+\Z")
_NOT_PUBLIC: Final = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8", "100.64.0.0/10", "168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15",
        "240.0.0.0/4", "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23",
        "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip
"""Beyond what `ipaddress` knows as not global: a cloud's own service on a public address, and IPv6 addresses that carry
an IPv4 address (mapped, NAT64, 6to4, Teredo), behind which a private one may stand."""


class Target(NamedTuple):
    """Where a URL leads."""

    scheme: str
    host: str
    port: int
    path: str


class UrlRefused(ValueError):
    """A URL to which nothing is sent; the text is a stable code for the reason."""


def target_of(url: str, *, loopback: bool) -> Target:
    """What the URL names. Raises UrlRefused. ``loopback``: this machine may be told too, without TLS, for development.

    An address in place of a name is looked at here, a name once more when it has been looked up (`is_allowed`).
    """
    if len(url) > LONGEST_URL or not _VISIBLE.match(url) or "\\" in url:
        raise UrlRefused("malformed")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UrlRefused("malformed") from error
    host = (parts.hostname or "").rstrip(".")
    if not host or parts.fragment or "@" in parts.netloc:
        raise UrlRefused("malformed")
    here = loopback and _is_loopback(host)
    if parts.scheme != "https" and not (here and parts.scheme == "http"):
        raise UrlRefused("scheme")
    port = port if port is not None else (443 if parts.scheme == "https" else 80)
    if port not in PORTS and not here:
        raise UrlRefused("port")
    literal = _literal(host)
    if literal is not None and not is_allowed(literal, loopback=loopback):
        raise UrlRefused("address")
    if literal is None and not here and ("." not in host or host.rpartition(".")[2].isdigit()):
        raise UrlRefused("address")
    return Target(parts.scheme, host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))


def is_allowed(address: str, *, loopback: bool) -> bool:
    """Whether a connection to this address may be made."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if loopback and ip.is_loopback:
        return True
    if not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_loopback or ip.is_link_local:
        return False
    return not any(ip in network for network in _NOT_PUBLIC if network.version == ip.version)


def _literal(host: str) -> str | None:
    try:
        return str(ip_address(host))
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    literal = _literal(host)
    return host == "localhost" or (literal is not None and ip_address(literal).is_loopback)
