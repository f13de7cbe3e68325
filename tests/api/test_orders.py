"""Online orders: prepared by a channel, confirmed by the citizen's app, cancelled by the channel."""

from __future__ import annotations

from datetime import date

import pytest

from tests.api.conftest import Market, partner_of
from tests.api.routes.payments import asking
from tests.api.test_codes import later, refusal, together
from vouchers.common.models import uuid7
from vouchers.payments.models import ChannelFee, OnlineChannel, OnlineOrder, Payment


@pytest.fixture(scope="module")
def channel(market: Market) -> str:
    """A delivery app: 1.5 % for shops up to 300 million won, 2 % above; next year more."""
    with market.city.scope():
        made = OnlineChannel.objects.create(
            municipality=market.city.municipality,
            code="delivery",
            name="배달앱",
            kind="delivery",
            partner=market.partner,
        )
        for day, up_to, rate in ((date(2020, 1, 1), 300_000_000, "1.5"), (date(2020, 1, 1), None, "2"),
                                 (date(2099, 1, 1), None, "9")):  # fmt: skip
            ChannelFee.objects.create(
                municipality=market.city.municipality, channel=made, valid_from=day, sales_up_to=up_to, rate=rate
            )
    return made.code


def prepare(market: Market, channel: str, key: str | None = None, **changes):
    body = asking(market, channel, amount=9_990, items_total=12_000) | changes
    return market.request("POST", "/api/v1/orders", body, idempotency_key=key or str(uuid7()))


def confirm(
    market: Market, order: str, amount: int = 9_990, key: str | None = None, token: str | None = None, **changes
):
    body = {"wallet_id": str(market.wallet), "amount": amount} | changes
    path = f"/api/v1/orders/{order}/confirmation"
    return market.request("POST", path, body, token=token, idempotency_key=key or str(uuid7()))


def cancel(market: Market, order: str, token: str | None = None, **body):
    path = f"/api/v1/orders/{order}/cancellations"
    return market.request("POST", path, body or None, token=token, idempotency_key=str(uuid7()))


def test_an_order_is_prepared_confirmed_and_cancelled_in_parts(market: Market, channel: str):
    made = prepare(market, channel)
    assert (made.status_code, made.json()["state"], made.json()["fee"]) == (201, "prepared", 0)
    order, key = made.json()["id"], str(uuid7())
    paid = confirm(market, order, key=key)
    assert (paid.status_code, paid.json()["state"], paid.json()["fee"]) == (201, "paid", 149)  # 149.85 rounded down
    assert confirm(market, order, key=key).json() == paid.json()
    assert refusal(confirm(market, order)) == (409, "order_paid")
    payment = market.request("GET", f"/api/v1/payments/{paid.json()['payment_id']}").json()
    assert (payment["channel"], payment["amount"]) == ("online", 9_990)
    part = cancel(market, order, amount=990)
    assert (part.json()["amount"], part.json()["order"]["state"]) == (990, "partly_cancelled")
    assert cancel(market, order).json()["order"]["state"] == "cancelled"
    assert refusal(cancel(market, order)) == (422, "refund_exceeds_payment")


def test_a_lost_answer_is_found_by_the_order_number(market: Market, channel: str):
    made = prepare(market, channel).json()
    assert market.request("GET", f"/api/v1/orders?order_id={made['order_id']}").json() == {"orders": [made]}
    assert market.request("GET", "/api/v1/orders?order_id=NOBODY").json() == {"orders": []}


def test_an_order_number_is_prepared_once(market: Market, channel: str):
    number, key = uuid7().hex, str(uuid7())
    first, again = prepare(market, channel, key, order_id=number), prepare(market, channel, key, order_id=number)
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert refusal(prepare(market, channel, order_id=number)) == (409, "order_prepared")


@pytest.mark.parametrize("amount", [9_989, 9_991, 1])
def test_another_amount_than_the_order_is_refused(market: Market, channel: str, amount: int):
    order = prepare(market, channel).json()["id"]
    assert refusal(confirm(market, order, amount)) == (422, "order_amount_differs")
    assert confirm(market, order).status_code == 201


def test_what_is_wrong_with_an_order(market: Market, elsewhere: Market, channel: str):
    assert refusal(prepare(market, "nobody")) == (404, "channel_unknown")
    assert refusal(prepare(market, channel, merchant_code="M999999999")) == (404, "merchant_unknown")
    too_much = prepare(market, channel, amount=12_001)
    assert (refusal(too_much), too_much.json()["params"]) == ((422, "order_amount_exceeds_items"), {"items": 12_000})
    rival = partner_of(market)
    body = asking(market, channel)
    reply = market.request("POST", "/api/v1/orders", body, token=rival, idempotency_key=str(uuid7()))
    assert refusal(reply) == (404, "channel_unknown")
    order = prepare(market, channel).json()["id"]
    assert refusal(cancel(market, order)) == (409, "order_not_paid")
    assert refusal(confirm(elsewhere, order)) == (404, "order_unknown")


def test_an_order_ends_after_its_minutes(market: Market, channel: str):
    made = prepare(market, channel).json()
    later("UPDATE vouchers_onlineorder SET expires_at = now() WHERE id = %s", made["id"])
    assert refusal(confirm(market, made["id"])) == (422, "order_expired")
    found = market.request("GET", f"/api/v1/orders?order_id={made['order_id']}").json()["orders"]
    assert found[0]["state"] == "expired"


def test_an_order_for_one_wallet_is_unknown_to_others(market: Market, channel: str):
    order = prepare(market, channel, wallet_id=market.wallet_with(20_000)).json()["id"]
    assert refusal(confirm(market, order)) == (404, "order_unknown")


def test_a_citizens_app_pays_and_only_the_channel_cancels(market: Market, channel: str):
    app = partner_of(market)
    order = prepare(market, channel).json()["id"]
    assert confirm(market, order, token=app).status_code == 201
    assert refusal(cancel(market, order, token=app)) == (404, "payment_unknown")
    assert cancel(market, order).status_code == 201


def test_a_refused_confirmation_leaves_the_order_open(market: Market, channel: str):
    order = prepare(market, channel).json()["id"]
    assert refusal(confirm(market, order, wallet_id=market.wallet_with(9_989))) == (422, "insufficient_funds")
    assert confirm(market, order).status_code == 201


def test_confirmations_at_once_pay_once(market: Market, channel: str):
    order = prepare(market, channel).json()["id"]
    wallets = [market.wallet_with(10_000) for _ in range(4)]
    replies = together(4, lambda number: confirm(market, order, wallet_id=wallets[number]))
    assert sorted(reply.status_code for reply in replies) == [201, 404, 404, 404]  # it is another citizen's order now
    with market.city.scope():
        assert Payment.objects.filter(wallet_id__in=wallets).count() == 1
        assert OnlineOrder.objects.get(pk=order).payment_id is not None
