"""수시 환전."""

from __future__ import annotations

from datetime import date
from typing import Any

from merchants.qr_kit.services import issue
from merchants.settlement.models import ExchangeLimit
from tests import factories
from tests.api.conftest import KEYS, Market
from tests.api.routes import Route
from vouchers.common.models import uuid7
from vouchers.partners.rules import Scope


def own_shop(market: Market) -> str:
    """The address of a shop of the partner's app, which has sold for 1,000 won and may exchange 800 a month."""
    with market.city.scope():
        ExchangeLimit.objects.get_or_create(
            municipality=market.city.municipality, currency=market.city.currency, valid_from=date(2020, 1, 1),
            defaults={"per_month": 800, "legal_basis": "조례"},
        )  # fmt: skip
        shop = factories.make_merchant(market.city, partner=market.partner)
        qr = issue(merchant=shop, keys=KEYS).payload
    assert market.pay(qr=qr, amount=1_000).status_code == 201
    return f"/api/v1/shops/{shop.code}"


def exchange_body(market: Market, **changes: object) -> dict[str, Any]:
    """A request that is accepted as it is."""
    return {"currency_id": str(market.city.currency.pk)} | changes


def _exchanged(market: Market) -> str:
    reply = market.request("POST", f"{own_shop(market)}/exchanges", exchange_body(market), idempotency_key=str(uuid7()))
    return str(reply["Location"])


ROUTES = {
    ("exchangeable", "GET"): Route(
        Scope.SHOPS_READ, lambda market: f"{own_shop(market)}/exchangeable", own=200, others=404
    ),
    ("exchanges", "POST"): Route(
        Scope.EXCHANGES_WRITE, lambda market: f"{own_shop(market)}/exchanges", own=201, others=404, body=exchange_body
    ),
    ("exchange", "GET"): Route(Scope.SHOPS_READ, _exchanged, own=200, others=404),
}
