"""The API as a partner's developer meets it."""

from __future__ import annotations

from uuid import UUID

from tests import factories
from tests.api.conftest import Market
from vouchers.common.models import uuid7
from vouchers.ledger.services import link_wallet
from vouchers.partners.services import issue_key


def test_a_payment_can_be_made_read_and_found_by_its_order(market: Market):
    made = market.pay(order_id="ORDER-A", amount=12_000)
    assert made.status_code == 201
    payment = made.json()
    assert made["Location"] == f"/api/v1/payments/{payment['id']}"
    assert "Idempotency-Replayed" not in made
    assert payment == {
        "id": payment["id"], "state": "paid", "order_id": "ORDER-A", "wallet_id": str(market.wallet),
        "merchant": {"code": market.merchant.code, "name": market.merchant.name}, "amount": 12_000,
        "cancelled_amount": 0, "business_date": payment["business_date"], "paid_at": payment["paid_at"],
    }  # fmt: skip
    assert market.request("GET", made["Location"]).json() == payment
    assert market.request("GET", "/api/v1/payments?order_id=ORDER-A").json() == {"payments": [payment]}
    assert market.request("GET", "/api/v1/payments?order_id=NOBODY").json() == {"payments": []}


def test_the_same_key_pays_once(market: Market):
    key = str(uuid7())
    first, again = market.pay(key, order_id="ORDER-B"), market.pay(key, order_id="ORDER-B")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert len(market.request("GET", "/api/v1/payments?order_id=ORDER-B").json()["payments"]) == 1


def test_the_same_key_with_another_body_is_refused(market: Market):
    key = str(uuid7())
    market.pay(key)
    refused = market.pay(key, amount=2000)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")


def test_a_refused_payment_leaves_its_key_free(market: Market):
    key = str(uuid7())
    refused = market.pay(key, amount=500_001)
    assert (refused.status_code, refused.json()["code"]) == (422, "payment_limit_exceeded")
    assert market.pay(key).status_code == 201


def test_cancelling_in_parts_and_then_the_rest(market: Market):
    payment = market.pay(amount=10_000).json()["id"]
    part = market.cancel(payment, amount=4_000)
    assert part.status_code == 201
    assert part.json()["amount"] == 4_000
    assert part.json()["payment"]["state"] == "partly_cancelled"
    rest = market.cancel(payment)
    assert rest.json()["amount"] == 6_000
    assert rest.json()["payment"]["state"] == "cancelled"
    assert rest.json()["payment"]["cancelled_amount"] == 10_000
    refused = market.cancel(payment)
    assert (refused.status_code, refused.json()["code"]) == (422, "refund_exceeds_payment")
    assert refused.json()["params"] == {"refundable": 0}


def test_the_same_key_cancels_once(market: Market):
    payment, key = market.pay(amount=10_000).json()["id"], str(uuid7())
    first, again = market.cancel(payment, key, amount=1_000), market.cancel(payment, key, amount=1_000)
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert again.json()["payment"]["cancelled_amount"] == 1_000


def test_a_key_belongs_to_one_address(market: Market):
    one, other, key = market.pay().json()["id"], market.pay().json()["id"], str(uuid7())
    assert market.cancel(one, key).status_code == 201
    refused = market.cancel(other, key)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")


def test_more_than_the_wallet_holds(market: Market):
    refused = market.pay(wallet_id=market.wallet_with(3_000), amount=3_001)
    assert (refused.status_code, refused.json()["code"]) == (422, "insufficient_funds")
    assert refused.json()["params"] == {"available": 3_000}


def test_a_wallet_of_another_app_does_not_exist(market: Market):
    with market.city.scope():
        other = factories.make_partner(market.city)
        citizen = factories.make_citizen(market.city)
        factories.grant(market.city, {citizen: 5_000})
        wallet = factories.wallet_of(citizen).pk
        link_wallet(municipality=market.city.code, wallet=wallet, partner=other.pk)
        token = issue_key(partner=other, at=factories.AT).token
    refused = market.pay(wallet_id=str(wallet))
    assert (refused.status_code, refused.json()["code"]) == (404, "wallet_unknown")
    body = market.body(wallet_id=str(wallet))
    assert market.request("POST", "/api/v1/payments", body, token=token, idempotency_key="own").status_code == 201


def test_another_tenants_things_do_not_exist(market: Market, elsewhere: Market):
    payment = elsewhere.pay().json()["id"]
    assert market.request("GET", f"/api/v1/payments/{payment}").status_code == 404
    assert market.cancel(payment).json()["code"] == "payment_unknown"
    assert market.pay(wallet_id=str(elsewhere.wallet)).json()["code"] == "wallet_unknown"
    assert market.pay(qr=elsewhere.qr).json()["code"] == "qr_elsewhere"
    assert elsewhere.request("GET", f"/api/v1/payments/{payment}").json()["state"] == "paid"
    assert UUID(payment).version == 7
