"""What a shop's app exchanges, what it reads of it, and what it is refused."""

from __future__ import annotations

from django.utils.dateparse import parse_datetime

from tests.api.conftest import Market
from tests.api.routes.settlement import exchange_body, own_shop
from tests.api.test_codes import refusal, together
from vouchers.common.models import uuid7
from vouchers.ledger.audit import audit


def exchange(market: Market, shop: str, *, key: str | None = None, **body: object):
    return market.request(
        "POST", f"{shop}/exchanges", exchange_body(market, **body), idempotency_key=key or str(uuid7())
    )


def test_an_app_exchanges_for_its_shop_once_for_each_key_and_reads_what_is_left(market: Market):
    shop, key = own_shop(market), str(uuid7())
    made = exchange(market, shop, key=key, amount=300)
    assert (made.status_code, made.json()["amount"]) == (201, 300)
    assert parse_datetime(made.json()["exchanged_at"])
    again = exchange(market, shop, key=key, amount=300)
    assert (again.json(), again["Idempotency-Replayed"]) == (made.json(), "true")
    assert market.request("GET", made["Location"]).json() == made.json()
    (left,) = market.request("GET", f"{shop}/exchangeable").json()["currencies"]
    assert {name: left[name] for name in left.keys() - {"currency_id", "currency_name"}} == {
        "pending_amount": 700, "monthly_limit": 800, "exchanged_this_month": 300, "available_amount": 500, "on_hold": False,
    }  # fmt: skip
    assert refusal(exchange(market, shop, key=key, amount=301)) == (422, "idempotency_key_reused")
    assert refusal(exchange(market, shop, amount=701)) == (422, "exchange_exceeds_pending")
    assert refusal(exchange(market, shop, amount=501)) == (422, "exchange_limit_exceeded")
    assert exchange(market, shop).json()["amount"] == 500
    assert refusal(exchange(market, shop)) == (422, "exchange_limit_exceeded")
    assert not [finding for finding in audit(using="owner") if finding.difference]


def test_a_shop_of_no_app_and_an_unknown_currency_are_unknown(market: Market):
    assert refusal(exchange(market, f"/api/v1/shops/{market.merchant.code}")) == (404, "merchant_unknown")
    assert refusal(exchange(market, own_shop(market), currency_id=str(uuid7()))) == (404, "currency_unknown")


def test_two_requests_at_once_draw_on_one_limit(market: Market):
    shop = own_shop(market)
    replies = together(4, lambda _number: exchange(market, shop, amount=400))
    assert sorted(reply.status_code for reply in replies) == [201, 201, 422, 422]
