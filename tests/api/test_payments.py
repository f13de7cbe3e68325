"""The API as a partner's developer meets it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import connections

from allowances.programmes.models import Programme
from merchants.qr_kit.services import issue
from merchants.registry.models import MerchantBenefit
from tests import factories
from tests.api.conftest import KEYS, Market
from tests.factories import AT
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.currencies.models import CurrencyPolicy
from vouchers.ledger.audit import audit
from vouchers.ledger.services import link_wallet
from vouchers.partners.services import issue_key

TODAY = business_date(AT)
AROUND_NOW = {"valid_from": TODAY - timedelta(days=1), "valid_until": TODAY + timedelta(days=1)}
"""The server goes by the clock, which may have come to another day."""


def test_a_payment_can_be_made_read_and_found_by_its_order(market: Market):
    made = market.pay(order_id="ORDER-A", amount=12_000)
    assert made.status_code == 201
    payment = made.json()
    assert made["Location"] == f"/api/v1/payments/{payment['id']}"
    assert "Idempotency-Replayed" not in made
    assert payment == {
        "id": payment["id"], "state": "paid", "order_id": "ORDER-A", "wallet_id": str(market.wallet),
        "merchant": {"code": market.merchant.code, "name": market.merchant.name}, "channel": "static_qr",
        "amount": 12_000, "discount": 0, "paid_amount": 12_000, "drawn": payment["drawn"], "cancelled_amount": 0, "business_date": payment["business_date"], "paid_at": payment["paid_at"],
    }  # fmt: skip
    assert [(drawn["kind"], drawn["amount"]) for drawn in payment["drawn"]] == [("allowance", 12_000)]
    with market.city.scope():
        programmes = {str(programme.pk): programme.name for programme in Programme.objects.all()}
    named = [drawn | {"name": programmes[drawn["programme_id"]]} for drawn in payment["drawn"]]
    none = {"state": "none", "amount": 0, "funds": []}
    assert market.request("GET", made["Location"]).json() == payment | {"drawn": named, "cashback": none}
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


def test_a_shops_own_discount_is_taken_off_the_price_and_split_to_the_won_by_cancellations(market: Market):
    with market.city.scope():
        shop = factories.make_merchant(market.city)
        qr = issue(merchant=shop, keys=KEYS).payload
        MerchantBenefit.objects.create(
            municipality=market.city.municipality, merchant=shop, rate=3, **AROUND_NOW,
            document="지역경제과-1",
        )  # fmt: skip
    paid = market.pay(qr=qr, amount=9_999).json()
    assert (paid["amount"], paid["discount"], paid["paid_amount"]) == (9_999, 299, 9_700)
    assert sum(drawn["amount"] for drawn in paid["drawn"]) == 9_700
    borne = []
    for part in (1_234, 2, 5_555, 3_207):  # 299 × (8,765 · 8,763 · 3,208 · 1) / 9,999, rounded down: 262 · 262 · 95 · 0
        cancelled = market.cancel(paid["id"], amount=part).json()
        assert cancelled["amount"] == part
        borne.append(cancelled["discount"])
    assert borne == [37, 0, 167, 95]
    last = market.cancel(paid["id"]).json()
    assert (last["amount"], last["discount"], last["payment"]["state"]) == (1, 0, "cancelled")
    differences = {finding.invariant.name: finding.difference for finding in audit(using="owner")}
    assert differences["discounts_split_exactly"] == differences["payments_follow_transfers"] == 0
    assert differences["refunds_follow_transfers"] == differences["lots_follow_transfers"] == 0


def test_a_won_that_only_the_discount_bears_cannot_be_cancelled_alone(market: Market):
    with market.city.scope():
        shop = factories.make_merchant(market.city)
        qr = issue(merchant=shop, keys=KEYS).payload
        MerchantBenefit.objects.create(
            municipality=market.city.municipality, merchant=shop, rate=5, **AROUND_NOW,
            document="지역경제과-2",
        )  # fmt: skip
    paid = market.pay(qr=qr, amount=100).json()
    refused = market.cancel(paid["id"], amount=1)  # of 99 won the shop bears 4 instead of 5
    assert (refused.status_code, refused.json()["code"]) == (422, "refund_below_discount")
    assert market.cancel(paid["id"], amount=2).json()["discount"] == 1


def test_bought_money_is_refused_above_the_sales_cap_and_an_allowance_goes_by_its_own_rule(market: Market):
    with market.city.scope():
        big = factories.make_merchant(market.city, annual_sales=3_000_000_001)
        CurrencyPolicy.objects.create(
            municipality=market.city.municipality, currency=market.city.currency, valid_from=TODAY, payment_limit=500_000,
            purchase_sales_cap=3_000_000_000, legal_basis="조례 제9조",
        )  # fmt: skip
        qr = issue(merchant=big, keys=KEYS).payload
    wallet = market.wallet_with(1_000)
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE vouchers_lot SET kind = 'purchase' WHERE wallet_id = %s", [wallet])
    refused = market.pay(wallet_id=wallet, qr=qr)
    assert refused.json()["code"] == "insufficient_funds"
    assert market.pay(wallet_id=wallet).status_code == 201
    assert market.pay(qr=qr).status_code == 201  # the market's citizen holds an allowance
