"""Every route of the API × every kind of credential, and what it gets. A route that is missing in tests/api/routes fails."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from config import api_urls
from tests.api.conftest import Market, partner_of
from tests.api.routes import Route, table
from vouchers.common.models import uuid7
from vouchers.partners.rules import Scope

TABLE = table()


def _without(route: Route) -> int:
    return route.own if route.scope is None else 401


def _rival(route: Route) -> int:
    return route.others if route.rival is None else route.rival


CREDENTIALS: dict[str, Callable[[Market, Market, Route], tuple[str, int]]] = {
    "no key": lambda market, elsewhere, route: ("", _without(route)),
    "a wrong key": lambda market, elsewhere, route: ("jt0000000000000000.x", _without(route)),
    "another city's key": lambda market, elsewhere, route: (elsewhere.token, route.others),
    "another partner's key": lambda market, elsewhere, route: (partner_of(market), _rival(route)),
    "a key with this scope alone": lambda market, elsewhere, route: (
        partner_of(market, *filter(None, [route.scope])), _rival(route)
    ),
    "a key with every scope but this": lambda market, elsewhere, route: (
        partner_of(market, *(scope for scope in Scope if scope != route.scope)), 403 if route.scope else route.own
    ),
    "the partner's key": lambda market, elsewhere, route: (market.token, route.own),
}  # fmt: skip
"""The token that is sent, and the status that follows."""


def _flat(patterns):
    for pattern in patterns:
        yield from _flat(pattern.url_patterns) if hasattr(pattern, "url_patterns") else [pattern]


def test_the_table_is_complete():
    routes = {
        (pattern.name, method.upper())
        for pattern in _flat(api_urls.urlpatterns)
        for method in ("get", "post", "put", "patch", "delete")
        if hasattr(pattern.callback.cls, method)
    } | {("api-unknown", "GET")}
    assert routes == TABLE.keys()


@pytest.mark.parametrize("credential", CREDENTIALS)
@pytest.mark.parametrize(("name", "method"), TABLE)
def test_who_gets_what(market: Market, elsewhere: Market, name, method, credential):
    route = TABLE[name, method]
    token, status = CREDENTIALS[credential](market, elsewhere, route)
    body = route.body(market) if route.body else None
    reply = market.request(method, route.address(market), body, token=token, idempotency_key=str(uuid7()))
    assert reply.status_code == status, reply.text
    if status == 403:
        assert (reply.json()["code"], reply.json()["params"]["scope"]) == ("scope_missing", str(route.scope))


@pytest.mark.parametrize(("name", "method"), [key for key, route in TABLE.items() if key[1] != "GET" and route.signed])
def test_a_write_is_signed(market: Market, name, method):
    route = TABLE[name, method]
    body = route.body(market) if route.body else None
    reply = market.request(method, route.address(market), body, signed=False, idempotency_key=str(uuid7()))
    assert (reply.status_code, reply.json()["code"]) == (401, "signature_missing")


def test_another_city_sees_no_payment_in_a_list(market: Market, elsewhere: Market):
    market.pay(amount=100)
    found = market.request("GET", "/api/v1/payments?order_id=ORDER-1", token=elsewhere.token)
    assert found.json() == {"payments": []}
