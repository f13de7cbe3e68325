"""충전과 환불."""

from __future__ import annotations

from datetime import date

from django.db import connection
from django.utils import timezone

from tests import factories
from tests.api.conftest import Market
from tests.api.routes import Route
from vouchers.common.models import uuid7
from vouchers.currencies.models import PurchaseLimit
from vouchers.partners.rules import Scope

ACCOUNT = {"account": {"bank": "088", "number": "110123456789", "holder": "김장터"}}


def open_sale(market: Market) -> str:
    """Lets the market's people buy, and returns a fresh wallet of the market's own app."""
    with market.city.scope():
        if not PurchaseLimit.objects.filter(currency=market.city.currency).exists():
            factories.make_purchase_limit(market.city, valid_from=date(2020, 1, 1))
        wallet = factories.wallet_of(factories.make_citizen(market.city)).pk
        with connection.cursor() as cursor:
            cursor.execute("SELECT ledger.link_wallet(%s, %s, %s)", [market.city.code, wallet, market.partner.pk])
    return str(wallet)


def wanted(market: Market) -> dict:
    """A request for a top-up that is accepted as it is."""
    return {"wallet_id": open_sale(market), "amount": 10_000, "order_id": "TOP-1"}


def asked(market: Market) -> str:
    """A request that waits for its deposit."""
    reply = market.request("POST", "/api/v1/top-ups", wanted(market), idempotency_key=str(uuid7()))
    assert reply.status_code == 201, reply.text
    return reply.json()["id"]


def deposit(market: Market, top_up: str, *, amount: int = 10_000, reference: str | None = None):
    """Confirm a deposit."""
    body = {"amount": amount, "reference": reference or str(uuid7())}
    return market.request("POST", f"/api/v1/top-ups/{top_up}/deposit", body, idempotency_key=str(uuid7()))


def spent(market: Market) -> str:
    """The wallet of a top-up of which 7,000 of 10,000 won are used."""
    top_up = deposit(market, asked(market)).json()
    assert market.pay(wallet_id=top_up["wallet_id"], amount=7_000).status_code == 201
    return top_up["wallet_id"]


def reference() -> str:
    """A number that no other deposit has."""
    return f"{timezone.now():%Y%m%d}-{uuid7()}"


def ruled(market: Market) -> str:
    """A wallet with an automatic rule."""
    wallet = open_sale(market)
    body = {"amount": 10_000, "below": 5_000}
    path = f"/api/v1/wallets/{wallet}/auto-top-up"
    assert market.request("POST", path, body, idempotency_key=str(uuid7())).status_code == 201
    return path


ROUTES = {
    ("top-ups", "POST"): Route(
        Scope.TOP_UPS_WRITE, "/api/v1/top-ups", own=201, others=404, rival=404, body=wanted
    ),
    ("top-ups", "GET"): Route(Scope.WALLETS_READ, "/api/v1/top-ups?order_id=TOP-1", own=200, others=200),
    ("top-up", "GET"): Route(
        Scope.WALLETS_READ, lambda market: f"/api/v1/top-ups/{asked(market)}", own=200, others=404
    ),
    ("top-up-deposit", "POST"): Route(  # whichever bank a municipality has given the scope
        Scope.DEPOSITS_WRITE, lambda market: f"/api/v1/top-ups/{asked(market)}/deposit", own=201, others=404, rival=201,
        body=lambda market: {"amount": 10_000, "reference": reference()},
    ),
    ("top-up-cancellation", "POST"): Route(
        Scope.TOP_UPS_WRITE, lambda market: f"/api/v1/top-ups/{asked(market)}/cancellation", own=201, others=404
    ),
    ("wallet-refunds", "POST"): Route(
        Scope.TOP_UPS_WRITE, lambda market: f"/api/v1/wallets/{spent(market)}/refunds", own=201, others=404,
        body=lambda market: ACCOUNT,
    ),
    ("auto-top-up", "POST"): Route(
        Scope.TOP_UPS_WRITE, ruled, own=201, others=404, body=lambda market: {"amount": 20_000, "day_of_month": 31}
    ),
    ("auto-top-up", "GET"): Route(Scope.WALLETS_READ, ruled, own=200, others=404),
    ("auto-top-up-cancellation", "POST"): Route(
        Scope.TOP_UPS_WRITE, lambda market: f"{ruled(market)}/cancellation", own=201, others=404
    ),
}  # fmt: skip
