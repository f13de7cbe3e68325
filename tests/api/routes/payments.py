"""결제."""

from __future__ import annotations

from tests.api.conftest import Market
from tests.api.routes import Route
from vouchers.partners.rules import Scope


def paid(market: Market) -> str:
    """A payment of 100 won."""
    return market.pay(amount=100).json()["id"]


ROUTES = {
    ("payments", "POST"): Route(
        Scope.PAYMENTS_WRITE, "/api/v1/payments", own=201, others=422, rival=201,
        body=lambda market: market.body(amount=100),
    ),
    ("payments", "GET"): Route(
        Scope.PAYMENTS_READ, "/api/v1/payments?order_id=ORDER-1", own=200, others=200
    ),
    ("payment", "GET"): Route(
        Scope.PAYMENTS_READ, lambda market: f"/api/v1/payments/{paid(market)}", own=200, others=404
    ),
    ("cancellations", "POST"): Route(
        Scope.PAYMENTS_WRITE, lambda market: f"/api/v1/payments/{paid(market)}/cancellations", own=201, others=404
    ),
}  # fmt: skip
