"""Every route of the API × every kind of credential, and what it gets. A route that is missing here fails the test."""

from __future__ import annotations

import pytest

from config import api_urls
from tests.api.conftest import Market
from vouchers.common.models import uuid7

NOBODY, WRONG, OTHERS, OWN = "no key", "a wrong key", "another city's key", "the partner's key"
TABLE = {
    ("healthz", "GET"): {NOBODY: 200, WRONG: 200, OTHERS: 200, OWN: 200},
    ("payments", "POST"): {NOBODY: 401, WRONG: 401, OTHERS: 422, OWN: 201},
    ("payments", "GET"): {NOBODY: 401, WRONG: 401, OTHERS: 200, OWN: 200},
    ("payment", "GET"): {NOBODY: 401, WRONG: 401, OTHERS: 404, OWN: 200},
    ("cancellations", "POST"): {NOBODY: 401, WRONG: 401, OTHERS: 404, OWN: 201},
    ("api-schema", "GET"): {NOBODY: 200, WRONG: 200, OTHERS: 200, OWN: 200},
    ("api-docs", "GET"): {NOBODY: 200, WRONG: 200, OTHERS: 200, OWN: 200},
    ("api-unknown", "GET"): {NOBODY: 404, WRONG: 404, OTHERS: 404, OWN: 404},
}


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


@pytest.mark.parametrize("credential", [NOBODY, WRONG, OTHERS, OWN])
@pytest.mark.parametrize(("name", "method"), TABLE)
def test_who_gets_what(market: Market, elsewhere: Market, name, method, credential):
    payment = market.pay(amount=100).json()["id"]
    path = {
        "healthz": "/healthz", "payments": "/api/v1/payments", "payment": f"/api/v1/payments/{payment}",
        "cancellations": f"/api/v1/payments/{payment}/cancellations", "api-schema": "/api/schema/",
        "api-docs": "/api/docs/", "api-unknown": "/api/v1/nothing",
    }[name]  # fmt: skip
    token = {NOBODY: "", WRONG: "jt0000000000000000.x", OTHERS: elsewhere.token, OWN: market.token}[credential]
    body = market.body(amount=100) if (name, method) == ("payments", "POST") else None
    query = "?order_id=ORDER-1" if (name, method) == ("payments", "GET") else ""
    reply = market.request(method, path + query, body, token=token, idempotency_key=str(uuid7()))
    assert reply.status_code == TABLE[name, method][credential]
    if credential == OTHERS and query:
        assert reply.json() == {"payments": []}
