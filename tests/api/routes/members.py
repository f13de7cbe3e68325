"""회원·지갑."""

from __future__ import annotations

from tests.api.conftest import Market
from tests.api.routes import Route
from tests.factories import next_number
from vouchers.partners.rules import Scope


def somebody(market: Market) -> dict[str, str]:
    """A person whom no app knows yet."""
    return {"name": "김새롬", "birth_date": "1990-03-04", "phone": f"010{next_number():08d}"}


ROUTES = {
    ("members", "POST"): Route(
        Scope.MEMBERS_WRITE, "/api/v1/members", own=201, others=201, rival=201, body=somebody
    ),
    ("wallet", "GET"): Route(
        Scope.WALLETS_READ, lambda market: f"/api/v1/wallets/{market.wallet}", own=200, others=404, rival=200
    ),
    ("transactions", "GET"): Route(
        Scope.WALLETS_READ, lambda market: f"/api/v1/wallets/{market.wallet}/transactions", own=200, others=404,
        rival=200,
    ),
}  # fmt: skip
