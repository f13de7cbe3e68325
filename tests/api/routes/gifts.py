"""선물."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from tests import factories
from tests.api.conftest import Market
from tests.api.routes import Route
from tests.factories.gifts import buy
from vouchers.currencies.models import PurchaseLimit
from vouchers.partners.rules import Scope


def gift_body(market: Market, **changes: object) -> dict[str, object]:
    """A gift of 100 won of bought money to a new member; the currency offers gifts."""
    with market.city.scope():
        if not PurchaseLimit.objects.filter(currency=market.city.currency).exists():
            factories.make_purchase_limit(market.city, valid_from=date(2020, 1, 1))
    giver = UUID(market.wallet_with(1))
    buy(market.city, giver, 1_000)
    return {"wallet_id": str(giver), "receiver_wallet_id": market.wallet_with(1), "amount": 100} | changes


def given(market: Market) -> str:
    """The id of such a gift."""
    body = gift_body(market)
    return market.request("POST", "/api/v1/gifts", body, idempotency_key=str(body["wallet_id"])).json()["id"]


ROUTES = {
    ("gifts", "POST"): Route(Scope.GIFTS_WRITE, "/api/v1/gifts", own=201, others=404, rival=201, body=gift_body),
    ("gift", "GET"): Route(
        Scope.GIFTS_WRITE, lambda market: f"/api/v1/gifts/{given(market)}", own=200, others=404, rival=200
    ),
}  # fmt: skip
