"""The world that API tests ask about: two cities, each with a partner, a shop and a citizen who has money."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from merchants.qr_kit.services import issue, keys_from
from tests import factories
from tests.conftest import Databases
from tests.factories import AT, City
from vouchers.common.models import uuid7
from vouchers.partners import selectors, signing
from vouchers.partners.api.views import credentials, limiter
from vouchers.partners.models import Partner
from vouchers.partners.rules import Scope
from vouchers.partners.services import issue_key

KEYS = keys_from(settings.QR_KEYS)
MONEY = 10_000_000


_SECRETS: dict[str, str] = {}


def signature(token: str, method: str, uri: str, body: bytes, key: str) -> dict[str, str]:
    """The headers that sign a request of whoever has this token; none for a token that is no live key's."""
    if token not in _SECRETS:
        found = selectors.credential(key_id=token.partition(".")[0])
        if found is None or found.algorithm != signing.HMAC_SHA256:
            return {}
        _SECRETS[token] = found.signing_key.decode()
    headers = signing.signed_headers(
        token=token, secret=_SECRETS[token], method=method, uri=uri, body=body, idempotency_key=key,
        nonce=uuid7().hex, created=int(time.time()),
    )  # fmt: skip
    return {name.lower(): headers[name] for name in ("Content-Digest", "Signature-Input", "Signature")}


@dataclass
class Market:
    """A city as a partner's developer sees it."""

    city: City
    partner: Partner
    token: str
    wallet: UUID
    merchant: Any
    qr: str
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def request(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, signed: bool = True, **headers: str
    ) -> Any:  # fmt: skip
        """Send a request as the partner; ``body`` is sent as it is when it is bytes.

        What carries an Idempotency-Key is signed with the key of its token, unless ``signed`` is False.
        """
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        token = self.token if token is None else token
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if signed and "idempotency-key" in named:
            named = signature(token, method, f"http://testserver{path}", raw, named["idempotency-key"]) | named
        return self.client.generic(
            method, path, raw, content_type="application/json" if raw else "",
            headers={"authorization": f"Bearer {token}"} | named,
        )  # fmt: skip

    def body(self, **changes: Any) -> dict[str, Any]:
        """A payment request that is accepted as it is."""
        return {"wallet_id": str(self.wallet), "qr": self.qr, "amount": 1000, "order_id": "ORDER-1"} | changes

    def wallet_with(self, amount: int) -> str:
        """Another citizen's wallet, holding ``amount`` won."""
        with self.city.scope():
            citizen = factories.make_citizen(self.city)
            factories.grant(self.city, {citizen: amount})
            return str(factories.wallet_of(citizen).pk)

    def pay(self, key: str | None = None, **changes: Any) -> Any:
        """Pay; a new idempotency key unless one is given."""
        return self.request("POST", "/api/v1/payments", self.body(**changes), idempotency_key=key or str(uuid7()))

    def cancel(self, payment: str, key: str | None = None, **body: Any) -> Any:
        """Cancel a payment; everything when no amount is given."""
        path = f"/api/v1/payments/{payment}/cancellations"
        return self.request("POST", path, body or None, idempotency_key=key or str(uuid7()))


def make_market(code: str, name: str, *, money: int = MONEY) -> Market:
    """A city with a partner and its key, a shop with its code, and a citizen with ``money`` won."""
    city = factories.make_city(code=code, name=name, payment_limit=500_000)
    with city.scope():
        merchant, citizen = factories.make_merchant(city), factories.make_citizen(city)
        factories.grant(city, {citizen: money})
        partner = factories.make_partner(city)
        token = issue_key(partner=partner, at=AT).token
        qr = issue(merchant=merchant, keys=KEYS).payload
        wallet = factories.wallet_of(citizen).pk
    signature(token, "POST", "", b"", "")  # keeps the secret at hand for when there is no database to ask
    return Market(city, partner, token, wallet, merchant, qr)


def partner_of(market: Market, *scopes: Scope) -> str:
    """The token of another partner of the market's city, with these scopes; with all, unless some are given."""
    with market.city.scope():
        partner = factories.make_partner(market.city, **({"scopes": list(scopes)} if scopes else {}))
        return issue_key(partner=partner, at=AT).token


@pytest.fixture(scope="module")
def module_db(
    databases: Databases, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:  # fmt: skip
    """A database for one file of tests, with real commits: a refusal must not end the transaction of the test."""
    shared = connections["default"].settings_dict["NAME"]
    name = databases.clone()
    with django_db_blocker.unblock():
        databases.point_at(name)
        credentials.forget()
        limiter.forget()
        yield
        connections.close_all()
        databases.point_at(shared)
    databases.drop(name)


@pytest.fixture(scope="module")
def market(module_db: None) -> Market:
    """고양시, where the tests act."""
    return make_market("41280", "고양시")


@pytest.fixture(scope="module")
def elsewhere(module_db: None) -> Market:
    """성남시, which must stay out of sight."""
    return make_market("41130", "성남시")
