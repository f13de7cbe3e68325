"""결제."""

from __future__ import annotations

from tests.api.conftest import Market
from tests.api.routes import Route
from vouchers.common.models import uuid7
from vouchers.partners.rules import Scope
from vouchers.payments.models import OnlineChannel


def paid(market: Market) -> str:
    """A payment of 100 won."""
    return market.pay(amount=100).json()["id"]


def _sale(market: Market) -> str:
    shop = f"/api/v1/shops/{market.merchant.code}/qr-codes"
    body = {"amount": 100, "order_id": str(uuid7())[-12:]}
    return market.request("POST", shop, body, idempotency_key=str(uuid7()))["Location"]


def _scanned(market: Market) -> dict[str, object]:
    path = f"/api/v1/wallets/{market.wallet}/payment-tokens"
    code = market.request("POST", path, idempotency_key=str(uuid7())).json()["digits"]
    return {"code": code, "merchant_code": market.merchant.code, "amount": 100, "order_id": "POS-1"}


def _shop_payment(market: Market) -> str:
    """A payment at a code that the partner's own shop app showed."""
    path = f"/api/v1/shops/{market.merchant.code}/qr-codes"
    said = {"amount": 100, "order_id": str(uuid7())[-12:]}
    code = market.request("POST", path, said, idempotency_key=str(uuid7())).json()["qr"]
    return f"/api/v1/shops/{market.merchant.code}/payments/{market.pay(qr=code, amount=100).json()['id']}"


def _card(market: Market) -> dict[str, object]:
    body = {"wallet_id": str(market.wallet), "card_token": f"tok_{uuid7().hex}", "last4": "1234"}
    reply = market.request("POST", "/api/v1/cards", body, idempotency_key=str(uuid7()))
    return {"id": reply.json()["id"], "token": body["card_token"]}


def _asking_for_approval(market: Market) -> dict[str, object]:
    return {
        "trace_number": uuid7().hex, "card_token": _card(market)["token"], "merchant_code": market.merchant.code,
        "terminal_id": "CAT1", "amount": 100,
    }  # fmt: skip


def _approval(market: Market) -> dict[str, str]:
    body = _asking_for_approval(market)
    return market.request("POST", "/api/v1/card-authorisations", body, idempotency_key=str(uuid7())).json()


def channel(market: Market) -> str:
    """The code of a delivery app of the partner's, without a fee."""
    with market.city.scope():
        made, _new = OnlineChannel.objects.get_or_create(
            municipality=market.city.municipality, code="delivery",
            defaults={"name": "배달앱", "kind": "delivery", "partner_id": market.partner.pk},
        )  # fmt: skip
    return made.code


def asking(market: Market, code: str, **changes: object) -> dict[str, object]:
    """A request for an order that is accepted as it is."""
    return {
        "channel": code, "merchant_code": market.merchant.code, "order_id": uuid7().hex, "amount": 100, "items_total": 100,
    } | changes  # fmt: skip


def _order(market: Market, *, paid: bool = False) -> str:
    body = asking(market, channel(market))
    order = market.request("POST", "/api/v1/orders", body, idempotency_key=str(uuid7())).json()["id"]
    if paid:
        said = {"wallet_id": str(market.wallet), "amount": 100}
        market.request("POST", f"/api/v1/orders/{order}/confirmation", said, idempotency_key=str(uuid7()))
    return str(order)


ROUTES = {
    ("shop-payments", "GET"): Route(
        Scope.SHOPS_READ, lambda market: f"/api/v1/shops/{market.merchant.code}/payments", own=200, others=404, rival=200
    ),
    ("shop-payment", "GET"): Route(Scope.SHOPS_READ, _shop_payment, own=200, others=404, rival=200),
    ("shop-cancellations", "POST"): Route(
        Scope.SHOPS_WRITE, lambda market: f"{_shop_payment(market)}/cancellations", own=201, others=404, rival=422
    ),
    ("payment-previews", "POST"): Route(
        Scope.PAYMENTS_WRITE, "/api/v1/payment-previews", own=200, others=422, rival=200, signed=False,
        body=lambda market: {"wallet_id": str(market.wallet), "qr": market.qr, "amount": 100},
    ),
    ("orders", "POST"): Route(
        Scope.ORDERS_WRITE, "/api/v1/orders", own=201, others=404, body=lambda market: asking(market, channel(market))
    ),
    ("orders", "GET"): Route(Scope.ORDERS_WRITE, "/api/v1/orders?order_id=ORDER-1", own=200, others=200),
    ("order-confirmation", "POST"): Route(
        Scope.PAYMENTS_WRITE, lambda market: f"/api/v1/orders/{_order(market)}/confirmation", own=201, others=404, rival=201,
        body=lambda market: {"wallet_id": str(market.wallet), "amount": 100},
    ),
    ("order-cancellations", "POST"): Route(
        Scope.ORDERS_WRITE, lambda market: f"/api/v1/orders/{_order(market, paid=True)}/cancellations", own=201, others=404
    ),
    ("cards", "POST"): Route(
        Scope.CARDS_WRITE, "/api/v1/cards", own=201, others=404, rival=201,
        body=lambda market: {"wallet_id": str(market.wallet), "card_token": f"tok_{uuid7().hex}", "last4": "1234"},
    ),
    ("card-end", "POST"): Route(
        Scope.CARDS_WRITE, lambda market: f"/api/v1/cards/{_card(market)['id']}/termination", own=201, others=404
    ),
    ("card-authorisations", "POST"): Route(
        Scope.CARDS_WRITE, "/api/v1/card-authorisations", own=201, others=404, body=_asking_for_approval
    ),
    ("card-authorisations", "GET"): Route(
        Scope.CARDS_WRITE, lambda market: f"/api/v1/card-authorisations?trace_number={_approval(market)['trace_number']}",
        own=200, others=404,
    ),
    ("card-cancellations", "POST"): Route(
        Scope.CARDS_WRITE, lambda market: f"/api/v1/card-authorisations/{_approval(market)['id']}/cancellations", own=201,
        others=404,
    ),
    ("card-reversals", "POST"): Route(
        Scope.CARDS_WRITE, "/api/v1/card-reversals", own=201, others=201,
        body=lambda market: {"trace_number": _approval(market)["trace_number"]},
    ),
    ("sale-codes", "POST"): Route(
        Scope.SHOPS_WRITE, lambda market: f"/api/v1/shops/{market.merchant.code}/qr-codes", own=201, others=404, rival=201,
        body=lambda market: {"amount": 100, "order_id": "POS-1"},
    ),
    ("sale-code", "GET"): Route(Scope.SHOPS_READ, _sale, own=200, others=404),
    ("payment-tokens", "POST"): Route(
        Scope.PAYMENTS_WRITE, lambda market: f"/api/v1/wallets/{market.wallet}/payment-tokens", own=201, others=404,
        rival=201,
    ),
    ("scanned-payments", "POST"): Route(
        Scope.SHOPS_WRITE, "/api/v1/cpm-payments", own=201, others=404, rival=201, body=_scanned
    ),
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
