"""The OpenAPI document: true to the server, complete, and readable without network."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import re

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

import config.api_urls  # noqa: F401  (the rooms describe their operations when they are imported)
from config.wsgi import application
from tests.api.conftest import Market, partner_of, signature
from vouchers.common.models import uuid7
from vouchers.partners.api.documents import PROBLEMS
from vouchers.partners.rules import Scope

OPERATIONS = sorted(PROBLEMS.keys() - {"health"})
ANY_QUERY_IS_RIGHT = {"listPayments", "createCardReversal"}
"""Searches that are valid with any text. What the generator leaves out for its wrong request, the credential, the test
puts in again, so that request is right after all; wrong ones are in test_bad_input."""


@pytest.fixture(scope="module")
def document(market: Market) -> dict:
    return market.request("GET", "/api/schema/").json()


@pytest.fixture(scope="module")
def api(market: Market):
    schema = schemathesis.openapi.from_wsgi("/api/schema/", signing(application))
    # A wrong request may be refused for its size before anything in it is looked at.
    schema.config.checks.negative_data_rejection.expected_statuses = [
        "400",
        "401",
        "404",
        "405",
        "411",
        "413",
        "415",
        "422",
    ]
    return schema


def signing(app):
    """The application behind something that signs whatever carries an Idempotency-Key: no generator can."""

    def signed(environ, start_response):
        key = environ.get("HTTP_IDEMPOTENCY_KEY")
        token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")[2]
        if key and token:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            query = environ.get("QUERY_STRING")
            uri = f"http://{environ['HTTP_HOST']}{environ['PATH_INFO']}" + (f"?{query}" if query else "")
            for name, value in signature(token, environ["REQUEST_METHOD"], uri, body, key).items():
                environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
        return app(environ, start_response)

    return signed


@pytest.fixture(scope="module")
def tokens(market: Market) -> dict[str, str]:
    """A partner for each scope, which has that one alone."""
    return {str(scope): partner_of(market, scope) for scope in Scope}


def scope_of(document: dict, operation) -> str:
    """The scope that an operation asks for, as the document tells it."""
    (requirement,) = document["paths"][operation.path][operation.method.lower()]["security"]
    (scope,) = requirement["partnerKey"]
    return scope


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("name", OPERATIONS)
def test_the_server_keeps_to_the_document(api, document, market: Market, tokens, name, mode):
    """All checks but one: no generator can guess a genuine QR code, or a wallet with money."""
    operation = api.find_operation_by_id(name)
    token = tokens[scope_of(document, operation)]
    excluded = [positive_data_acceptance] + [negative_data_rejection] * (name in ANY_QUERY_IS_RIGHT)

    @settings(
        max_examples=25, derandomize=True, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def keep(case):
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=excluded)

    keep()


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_scope_opens_its_operations_and_no_other(api, document, market: Market, tokens, name):
    """One request of the generator, sent with each scope: none fails, and only the right scope gets past."""
    operation = api.find_operation_by_id(name)
    needed = scope_of(document, operation)

    @settings(
        max_examples=1, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def ask(case):
        for scope, token in tokens.items():
            reply = case.call(headers={"Authorization": f"Bearer {token}"})
            assert reply.status_code < 500
            refused = reply.status_code == 403 and reply.json()["code"] == "scope_missing"
            assert refused == (scope != needed)

    ask()


def test_it_is_openapi_3_1_in_both_languages(document: dict, market: Market):
    assert document["openapi"] == "3.1.0"
    assert document["paths"]["/api/v1/payments"]["post"]["summary"] == "결제하기"
    english = market.request("GET", "/api/schema/?lang=en").json()
    assert not re.search("[가-힣]", json.dumps(without_samples(english), ensure_ascii=False))


def without_samples(value):
    """A document without its examples of requests and answers, in which citizens and shops have Korean names."""
    if isinstance(value, list):
        return [without_samples(member) for member in value]
    if not isinstance(value, dict):
        return value
    shown = {key: member for key, member in value.items() if key not in {"application/json", "examples", "pattern"}}
    if "application/problem+json" in value:
        shown["problems"] = list(value["application/problem+json"]["examples"].values())
    return {key: without_samples(member) for key, member in shown.items()}


def test_every_operation_tells_its_problems(document: dict):
    operations = {
        operation["operationId"]: operation for path in document["paths"].values() for operation in path.values()
    }
    assert operations.keys() == PROBLEMS.keys()
    for name, operation in operations.items():
        told = {
            code
            for status in operation["responses"].values()
            for code in status["content"].get("application/problem+json", {}).get("examples", {})
        }
        assert told == {kind.code for kind in PROBLEMS[name]}


def test_the_page_needs_no_network(market: Market):
    page = market.request("GET", "/api/docs/")
    assert page.status_code == 200
    assert "script-src 'self'" in page["Content-Security-Policy"]
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert addresses
    assert all(address.startswith("/") and not address.startswith("//") for address in addresses)
    assert "<script>" not in page.text
    assert market.request("GET", f"/api/docs/?script&x={uuid7()}").status_code == 200


def test_its_signature_can_be_worked_through(document: dict):
    """Whoever signs the example as the text says gets the very values that it shows."""
    told = document["components"]["securitySchemes"]["signature"]["description"]
    digest, params, signature = (
        re.search(pattern, told)[1]
        for pattern in (r"`Content-Digest: (.+)`", r"`Signature-Input: sig1=(.+)`", r"`Signature: sig1=:(.+):`")
    )
    signed, (body, secret) = (
        re.search(r"```\n(.+)\n```", told, re.DOTALL)[1],
        re.findall(r"본문이 `(.+)`이고 서명 비밀값이 `(.+)`인", told)[0],
    )
    assert digest == f"sha-256=:{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}:"
    assert signed.endswith(f'"@signature-params": {params}')
    assert f'"content-digest": {digest}' in signed
    assert signature == base64.b64encode(hmac.digest(secret.encode(), signed.encode(), "sha256")).decode()


def test_its_schemas_are_told_in_both_languages(document: dict, market: Market):
    english = market.request("GET", "/api/schema/?lang=en").json()["components"]["schemas"]
    for name, schema in document["components"]["schemas"].items():
        assert re.search("[가-힣]", schema["description"]), name
        assert english[name]["description"].strip(), name


def test_its_schemas_have_names_of_their_own_and_tell_what_is_a_time(document: dict):
    schemas = document["components"]["schemas"]
    assert [name for name in schemas if not name.isalpha()] == []
    moments = {
        f"{name}.{member}": described
        for name, schema in schemas.items()
        for member, described in schema.get("properties", {}).items()
        if member == "at" or member.endswith(("_at", "_since"))
    }
    assert moments
    assert [name for name, described in moments.items() if "date-time" not in json.dumps(described)] == []


@pytest.mark.parametrize(("method", "headers", "status"), [("POST", {}, 405), ("GET", {"Accept": "text/html"}, 406)])
def test_the_address_of_the_document_refuses_as_every_other(client, method, headers, status):
    reply = client.generic(method, "/api/schema/", headers=headers)
    assert (reply.status_code, reply["Content-Type"]) == (status, "application/problem+json")
    assert reply.json()["status"] == status
