"""Top-ups and refunds as the developers of a citizens' app and of a funding bank meet them."""

from __future__ import annotations

from tests.api.conftest import Market
from tests.api.routes.top_ups import ACCOUNT, asked, deposit, spent, wanted
from vouchers.common.models import uuid7


def test_ask_pay_and_read(market: Market):
    made = market.request("POST", "/api/v1/top-ups", wanted(market) | {"order_id": "T-A"}, idempotency_key=str(uuid7()))
    top_up = made.json()
    assert (made.status_code, made["Location"]) == (201, f"/api/v1/top-ups/{top_up['id']}")
    assert (top_up["state"], top_up["pays"], top_up["gets"], top_up["payers"]) == ("requested", 10_000, 10_000, [])
    done = deposit(market, top_up["id"])
    assert done.status_code == 201
    assert done.json()["state"] == "completed"
    assert market.request("GET", made["Location"]).json() == done.json()
    assert market.request("GET", "/api/v1/top-ups?order_id=T-A").json() == {"top_ups": [done.json()]}
    assert market.request("GET", "/api/v1/top-ups?order_id=NONE").json() == {"top_ups": []}
    assert market.pay(wallet_id=top_up["wallet_id"], amount=10_000).status_code == 201


def test_a_lost_reply_is_asked_for_again(market: Market):
    key, body = str(uuid7()), wanted(market)
    first = market.request("POST", "/api/v1/top-ups", body, idempotency_key=key)
    again = market.request("POST", "/api/v1/top-ups", body, idempotency_key=key)
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    reference = str(uuid7())
    one = deposit(market, first.json()["id"], reference=reference)
    two = deposit(market, first.json()["id"], reference=reference)
    assert (two.json(), two["Idempotency-Replayed"]) == (one.json(), "true")


def test_refusals_have_stable_codes(market: Market):
    top_up = asked(market)
    wrong = deposit(market, top_up, amount=9_999)
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["params"]) == (
        422,
        "deposit_differs",
        {"amount": 10_000},
    )
    reference = str(uuid7())
    assert deposit(market, top_up, reference=reference).status_code == 201
    twice = deposit(market, asked(market), reference=reference)
    assert (twice.status_code, twice.json()["code"]) == (409, "deposit_reference_used")
    over = market.request(
        "POST", "/api/v1/top-ups", wanted(market) | {"amount": 500_001}, idempotency_key=str(uuid7())
    )  # fmt: skip
    assert (over.status_code, over.json()["code"]) == (422, "purchase_limit_month")
    assert over.json()["params"] == {"limit": 500_000, "available": 500_000}


def test_taking_a_top_up_back(market: Market):
    top_up = asked(market)
    deposit(market, top_up)
    path = f"/api/v1/top-ups/{top_up}/cancellation"
    without = market.request("POST", path, idempotency_key=str(uuid7()))
    assert (without.status_code, without.json()["code"]) == (422, "refund_account_missing")
    done = market.request("POST", path, ACCOUNT, idempotency_key=str(uuid7()))
    assert (done.status_code, done.json()["state"], done.json()["refunded"]) == (201, "cancelled", 10_000)
    assert done.json()["refund_id"]


def test_the_balance_is_refunded_with_reasons_for_what_stays(market: Market):
    wallet = spent(market)
    body = {"wallet_id": wallet, "amount": 20_000, "order_id": "T-2"}
    second = market.request("POST", "/api/v1/top-ups", body, idempotency_key=str(uuid7())).json()
    deposit(market, second["id"], amount=20_000)
    key = str(uuid7())
    replies = [
        market.request("POST", f"/api/v1/wallets/{wallet}/refunds", ACCOUNT, idempotency_key=key) for _ in range(2)
    ]
    refund = replies[0].json()
    assert (refund["amount"], refund["benefit_returned"], refund["state"]) == (3_000, 0, "waiting")
    assert refund["kept"] == [
        {"top_up_id": second["id"], "amount": 20_000, "reason": "not_used_enough", "needed": 12_000}
    ]
    assert replies[1].json() == refund


def test_an_account_is_checked(market: Market):
    body = {"account": {"bank": "88", "number": "1", "holder": ""}}
    reply = market.request("POST", f"/api/v1/wallets/{uuid7()}/refunds", body, idempotency_key=str(uuid7()))
    assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (422, "/account")


def test_another_city_sees_no_top_up_in_a_list(market: Market, elsewhere: Market):
    asked(market)
    assert market.request("GET", "/api/v1/top-ups?order_id=TOP-1", token=elsewhere.token).json() == {"top_ups": []}
