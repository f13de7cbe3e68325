"""What a shop's app sees of its shop's payments, and what of them it may cancel."""

from __future__ import annotations

import pytest

from merchants.qr_kit.services import issue
from tests import factories
from tests.api.conftest import KEYS, Market, partner_of
from tests.api.test_codes import refusal, together, token
from tests.factories import AT
from vouchers.common.models import uuid7
from vouchers.ledger.audit import audit
from vouchers.partners.rules import Scope
from vouchers.partners.services import issue_key


class Shop:
    """A shop and the token of an app with the scopes of a shop's app, whose the shop is when ``own``."""

    def __init__(self, market: Market, *, own: bool) -> None:
        self.market = market
        with market.city.scope():
            app = factories.make_partner(market.city, scopes=[Scope.SHOPS_READ, Scope.SHOPS_WRITE])
            self.token = issue_key(partner=app, at=AT).token
            self.merchant = factories.make_merchant(market.city, **({"partner": app} if own else {}))
            self.fixed = issue(merchant=self.merchant, keys=KEYS).payload
        self.path = f"/api/v1/shops/{self.merchant.code}"

    def post(self, path: str, body: dict | None = None, *, key: str | None = None, token: str | None = None):
        return self.market.request("POST", path, body, token=token or self.token, idempotency_key=key or str(uuid7()))

    def sale(self, amount: int, *, by: str | None = None) -> str:
        """A payment, through the citizen's app, at a code that an app showed."""
        said = {"amount": amount, "order_id": uuid7().hex[-12:]}
        code = self.post(f"{self.path}/qr-codes", said, token=by).json()["qr"]
        return self.market.pay(qr=code, amount=amount).json()["id"]

    def scanned(self, amount: int, *, by: str | None = None) -> str:
        """A payment by the citizen's code, which an app scanned."""
        said = {"code": token(self.market).json()["digits"], "merchant_code": self.merchant.code, "amount": amount,
                "order_id": "POS-1"}  # fmt: skip
        return self.post("/api/v1/cpm-payments", said, token=by).json()["id"]

    def cancel(self, payment: str, *, key: str | None = None, **body: int):
        return self.post(f"{self.path}/payments/{payment}/cancellations", body or None, key=key)


@pytest.fixture(params=["its own shop", "a shop of no app"])
def shop(request, market: Market) -> Shop:
    return Shop(market, own=request.param == "its own shop")


@pytest.mark.parametrize("way", [Shop.sale, Shop.scanned])
def test_a_shops_app_cancels_its_sales_part_by_part_and_reads_them(market: Market, shop: Shop, way):
    payment, key = way(shop, 3_000), str(uuid7())
    part = shop.cancel(payment, key=key, amount=1_000)
    assert part.status_code == 201
    assert (part.json()["amount"], part.json()["payment"]["state"]) == (1_000, "partly_cancelled")
    now = market.request("GET", part["Location"], token=shop.token)
    assert now.json() == part.json()["payment"]
    assert (now.json()["cancelled_amount"], {"wallet_id", "drawn"} & now.json().keys()) == (1_000, set())
    again = shop.cancel(payment, key=key, amount=1_000)
    assert (again.json(), again["Idempotency-Replayed"]) == (part.json(), "true")
    assert refusal(shop.cancel(payment, amount=2_001)) == (422, "refund_exceeds_payment")
    assert shop.cancel(payment).json()["payment"]["state"] == "cancelled"
    assert not [finding for finding in audit(using="owner") if finding.difference]


def test_what_the_app_did_not_take_it_may_read_but_not_cancel(market: Market, shop: Shop):
    payment = market.pay(qr=shop.fixed).json()["id"]
    assert refusal(shop.cancel(payment)) == (422, "sale_not_of_this_app")
    assert market.request("GET", f"{shop.path}/payments/{payment}", token=shop.token).json()["state"] == "paid"


def test_in_a_shop_of_no_app_each_app_cancels_what_it_took(market: Market):
    shop, other = Shop(market, own=False), partner_of(market)
    for payment in (shop.sale(500, by=other), shop.scanned(500, by=other)):
        assert refusal(shop.cancel(payment)) == (422, "sale_not_of_this_app")


def test_a_payment_of_another_shop_is_unknown_and_another_apps_shop_too(market: Market):
    shop, neighbour = Shop(market, own=True), Shop(market, own=True)
    payment = neighbour.sale(500)
    assert refusal(shop.cancel(payment)) == (404, "payment_unknown")
    assert refusal(market.request("GET", f"{shop.path}/payments/{payment}", token=shop.token)) == (
        404,
        "payment_unknown",
    )
    path = f"{neighbour.path}/payments/{payment}"
    assert refusal(market.request("GET", path, token=shop.token)) == (404, "merchant_unknown")
    assert refusal(shop.post(f"{path}/cancellations")) == (404, "merchant_unknown")


def test_shop_and_citizens_app_that_cancel_at_once_give_back_once(market: Market):
    shop = Shop(market, own=True)
    payment = shop.sale(900)
    replies = together(4, lambda number: shop.cancel(payment) if number % 2 else market.cancel(payment))
    assert sorted(reply.status_code for reply in replies) == [201, 422, 422, 422]
