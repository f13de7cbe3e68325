"""A payment looked at before it is made, and the payments that a shop's app sees."""

from __future__ import annotations

from tests.api.conftest import Market
from tests.api.test_codes import refusal, sale
from vouchers.payments.models import Outbox, Payment


def preview(market: Market, **changes):
    body = {"wallet_id": str(market.wallet), "qr": market.qr, "amount": 1_000} | changes
    return market.request("POST", "/api/v1/payment-previews", body)


def test_a_preview_tells_what_the_payment_then_does_and_leaves_nothing_behind(market: Market):
    wallet = market.wallet_with(5_000)
    with market.city.scope():
        before = (Payment.objects.count(), Outbox.objects.count())
    seen = preview(market, wallet_id=wallet, amount=4_000)
    assert seen.status_code == 200
    with market.city.scope():
        assert (Payment.objects.count(), Outbox.objects.count()) == before
    paid = market.pay(wallet_id=wallet, amount=4_000).json()
    now = market.request("GET", f"/api/v1/payments/{paid['id']}").json()
    told = {name: now[name] for name in ("merchant", "amount", "discount", "paid_amount", "drawn")}
    assert seen.json() == told | {"cashback": {"amount": 0, "funds": []}}


def test_a_preview_is_refused_as_the_payment_would_be(market: Market, elsewhere: Market):
    wallet = market.wallet_with(500)
    assert refusal(preview(market, wallet_id=wallet, amount=501)) == (422, "insufficient_funds")
    assert refusal(preview(market, amount=500_001)) == (422, "payment_limit_exceeded")
    assert refusal(preview(market, qr=elsewhere.qr)) == (422, "qr_elsewhere")
    assert refusal(preview(market, wallet_id=str(elsewhere.wallet))) == (404, "wallet_unknown")


def test_a_preview_does_not_spend_a_code_for_one_sale(market: Market):
    code = sale(market).json()["qr"]
    assert preview(market, qr=code, amount=15_000).status_code == 200
    assert market.pay(qr=code, amount=15_000).status_code == 201
    assert refusal(preview(market, qr=code, amount=15_000)) == (422, "qr_used")


def test_a_shop_sees_its_payments_page_by_page_and_nothing_of_the_payer(market: Market):
    made = [market.pay(amount=100 + number).json()["id"] for number in range(5)]
    path, found = f"/api/v1/shops/{market.merchant.code}/payments?limit=2", []
    cursor = ""
    while cursor is not None and len(found) < 5:
        page = market.request("GET", path + cursor).json()
        found += page["payments"]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert [payment["id"] for payment in found][:5] == made[::-1]
    assert not {"wallet_id", "drawn"} & found[0].keys()
