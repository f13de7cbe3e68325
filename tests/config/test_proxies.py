"""Who asks, behind proxies: believed from those that the installation names, and from nobody else."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from config import environment
from config.middleware import ClientAddressMiddleware, client_address

INNER, OUTER = ip_network("10.0.3.0/28"), ip_network("2001:db8::/48")


@pytest.mark.parametrize(
    ("peer", "forwarded", "asks"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # says it is a proxy
        ("10.0.3.2", "198.51.100.1", "198.51.100.1"),
        ("10.0.3.2", "192.0.2.66, 198.51.100.1", "198.51.100.1"),  # what the client made up stands in front
        ("10.0.3.2", "198.51.100.1, 2001:db8::7, 10.0.3.3", "198.51.100.1"),  # two more proxies
        ("::ffff:10.0.3.2", "::ffff:198.51.100.1", "198.51.100.1"),
        ("10.0.3.2", "198.51.100.1, unknown, 10.0.3.3", "10.0.3.3"),
        ("10.0.3.2", "", "10.0.3.2"),
        ("10.0.3.2", "10.0.3.9", "10.0.3.9"),  # asked from the proxy's own network
        ("", "198.51.100.1", ""),
    ],
)
def test_who_asks(peer: str, forwarded: str, asks: str) -> None:
    assert client_address(peer=peer, forwarded=forwarded, trusted=(INNER, OUTER)) == asks


def test_nobody_is_believed_where_no_proxy_is_named(settings: Any) -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        return HttpResponse(request.META["REMOTE_ADDR"])

    request = RequestFactory().get("/", REMOTE_ADDR="10.0.3.2", headers={"X-Forwarded-For": "198.51.100.1"})
    assert ClientAddressMiddleware(answer)(request).content == b"10.0.3.2"
    settings.TRUSTED_PROXIES = (INNER,)
    assert ClientAddressMiddleware(answer)(request).content == b"198.51.100.1"


def test_a_network_that_is_none_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JANGTEO_PROXIES", "10.0.3.0/28, 2001:db8::/48")
    assert environment.networks("JANGTEO_PROXIES") == (INNER, OUTER)
    monkeypatch.setenv("JANGTEO_PROXIES", "10.0.3.4/28")
    with pytest.raises(SystemExit, match=r"JANGTEO_PROXIES: 10\.0\.3\.4/28"):
        environment.networks("JANGTEO_PROXIES")
