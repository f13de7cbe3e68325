"""Gifts, as a partner's developer meets them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests import factories
from tests.api.conftest import Market
from tests.api.routes.gifts import gift_body
from tests.factories import AT
from tests.factories.gifts import buy
from tests.factories.webhooks import make_endpoint
from tests.vouchers.ledger.test_top_ups import OF_TOP_UPS
from vouchers.citizens.models import Citizen, CitizenStatus
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.currencies.models import PurchaseLimit
from vouchers.ledger.audit import audit
from vouchers.ledger.services import link_wallet
from vouchers.partners.services import issue_key
from vouchers.wallets.models import Wallet
from vouchers.webhooks.models import WebhookEvent


def give(market: Market, body: dict[str, Any], *, key: str | None = None, token: str | None = None) -> Any:
    return market.request("POST", "/api/v1/gifts", body, idempotency_key=key or str(uuid7()), token=token)


def refusal(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["code"]


def balance(market: Market, wallet: Any) -> int:
    return market.request("GET", f"/api/v1/wallets/{wallet}").json()["balance"]


def holder(market: Market, wallet: Any) -> Citizen:
    with market.city.scope():
        return Wallet.objects.select_related("citizen").get(pk=wallet).citizen


def set_rules(market: Market, **rules: Any) -> PurchaseLimit:
    """Rules of today; remove them again."""
    with market.city.scope():
        return factories.make_purchase_limit(market.city, valid_from=business_date(AT), **rules)


@pytest.fixture
def rules(market: Market):
    made: list[PurchaseLimit] = []
    yield lambda **fields: made.append(set_rules(market, **fields))
    with market.city.scope():
        for one in made:
            one.delete()


def test_a_gift_by_wallet(market: Market):
    body = gift_body(market, message="생일 축하해요 🎂")
    reply = give(market, body)
    assert reply.status_code == 201
    told = reply.json()
    assert (told["amount"], told["message"]) == (100, "생일 축하해요 🎂")
    assert told["giver"]["wallet_id"] == body["wallet_id"]
    assert told["giver"]["name"][1:].startswith("*"), "the names are masked"
    assert (balance(market, body["wallet_id"]), balance(market, body["receiver_wallet_id"])) == (901, 101)
    assert market.request("GET", reply["Location"]).json() == told
    lots = market.request("GET", f"/api/v1/wallets/{body['receiver_wallet_id']}").json()["lots"]
    assert [(lot["amount"], lot["source"]) for lot in lots if lot["source"]["gifted"]] == [
        (100, {"kind": "purchase", "name": "구매금", "gifted": True})
    ]
    history = market.request("GET", f"/api/v1/wallets/{body['receiver_wallet_id']}/transactions").json()["transactions"]
    assert (history[0]["type"], history[0]["amount"], history[0]["counterpart"]) == (
        "gift_received",
        100,
        told["giver"]["name"],
    )
    history = market.request("GET", f"/api/v1/wallets/{body['wallet_id']}/transactions").json()["transactions"]
    assert (history[0]["type"], history[0]["amount"]) == ("gift_sent", -100)
    assert {finding.invariant.name for finding in audit(using="owner") if finding.difference} - OF_TOP_UPS == set()


def test_a_gift_by_name_and_phone(market: Market):
    body = gift_body(market)
    receiver = holder(market, body.pop("receiver_wallet_id"))
    with market.city.scope():
        Citizen.objects.filter(pk=receiver.pk).update(name="김받음")
    wanted = body | {"receiver_name": "김 받 음", "receiver_phone": f"+82 {receiver.phone[1:]}"}
    told = give(market, wanted)
    assert told.status_code == 201, told.text
    assert told.json()["receiver"]["name"] == "김*음"


def test_the_same_request_is_one_gift(market: Market):
    body, key = gift_body(market), str(uuid7())
    first, second = give(market, body, key=key), give(market, body, key=key)
    assert (second.status_code, second.json(), second["Idempotency-Replayed"]) == (201, first.json(), "true")
    assert balance(market, body["wallet_id"]) == 901
    assert refusal(give(market, body | {"amount": 99}, key=key)) == (422, "idempotency_key_reused")


def test_why_nobody_is_found_is_not_told(market: Market, elsewhere: Market):
    """Unknown, deceased, frozen, without a wallet, of another city, or several: one answer, word for word."""
    body = gift_body(market)
    del body["receiver_wallet_id"]
    with market.city.scope():
        people = [factories.make_citizen(market.city, name="같은이", phone="01077778888") for _ in range(1)]
        people.append(
            factories.make_citizen(
                market.city, name="같은이", phone="01077778888", birth_date=AT.date() - timedelta(days=9_000)
            )
        )
        dead = factories.make_citizen(market.city, name="김사망", status=CitizenStatus.DECEASED)
        frozen = factories.make_citizen(market.city, name="김동결")
        Wallet.objects.filter(citizen=frozen).update(status="frozen")
        without = factories.make_citizen(market.city, name="김없음", wallet=False)
        wallets = [factories.wallet_of(dead).pk, factories.wallet_of(frozen).pk]
    names = [(one.name, one.phone) for one in (people[0], dead, frozen, without)] + [("김모름", "01000000000")]
    answers = [give(market, body | {"receiver_name": name, "receiver_phone": phone}) for name, phone in names]
    answers += [give(market, body | {"receiver_wallet_id": str(one)}) for one in [*wallets, elsewhere.wallet, uuid7()]]
    assert {refusal(answer) for answer in answers} == {(422, "receiver_unknown")}
    assert len({answer.content for answer in answers}) == 1


def test_one_cannot_give_to_oneself_nor_from_anothers_app(market: Market):
    body = gift_body(market)
    assert refusal(give(market, body | {"receiver_wallet_id": body["wallet_id"]})) == (422, "gift_to_oneself")
    with market.city.scope():
        app = factories.make_partner(market.city)
        link_wallet(municipality=market.city.code, wallet=UUID(body["wallet_id"]), partner=app.pk)
    assert refusal(give(market, body)) == (404, "wallet_unknown")
    assert refusal(give(market, body | {"wallet_id": str(uuid7())})) == (404, "wallet_unknown")


def test_the_receivers_app_is_told_and_sees_the_gift_but_not_the_givers_wallet(market: Market):
    body = gift_body(market)
    with market.city.scope():
        apps = [factories.make_partner(market.city) for _ in range(3)]
        tokens = [issue_key(partner=app, at=AT).token for app in apps]
        link_wallet(municipality=market.city.code, wallet=UUID(body["wallet_id"]), partner=apps[0].pk)
        link_wallet(municipality=market.city.code, wallet=UUID(body["receiver_wallet_id"]), partner=apps[1].pk)
        make_endpoint(market.city, apps[1], "gift.received")
    told = give(market, body, token=tokens[0]).json()
    assert (told["giver"]["wallet_id"], told["receiver"]["wallet_id"]) == (body["wallet_id"], None)
    with market.city.scope():
        event = WebhookEvent.objects.get(type="gift.received", partner_id=apps[1].pk)
    assert event.data["gift_id"] == told["id"]
    assert (event.data["wallet_id"], event.data["amount"]) == (body["receiver_wallet_id"], 100)
    seen = market.request("GET", f"/api/v1/gifts/{told['id']}", token=tokens[1]).json()
    assert (seen["giver"]["wallet_id"], seen["receiver"]["wallet_id"]) == (None, body["receiver_wallet_id"])
    stranger = market.request("GET", f"/api/v1/gifts/{told['id']}", token=tokens[2])
    assert refusal(stranger) == (404, "gift_unknown")


def test_limits_at_the_edge(market: Market, rules):
    body = gift_body(market)
    rules(gift_once=500, gift_per_day=700, gift_per_month=700)
    refused = give(market, body | {"amount": 501})
    assert refusal(refused) == (422, "gift_limit_exceeded")
    assert refused.json()["params"] == {"period": "once", "available": 500}
    assert give(market, body | {"amount": 500}).status_code == 201
    refused = give(market, body | {"amount": 201})
    assert refused.json()["params"] == {"period": "day", "available": 200}
    assert give(market, body | {"amount": 200}).status_code == 201
    assert give(market, body | {"amount": 1}).json()["params"] == {"period": "day", "available": 0}


def test_the_limit_of_the_month_counts_the_days_before(market: Market, rules):
    body = gift_body(market)
    rules(gift_per_month=300)
    assert give(market, body | {"amount": 300}).status_code == 201
    assert give(market, body | {"amount": 1}).json()["params"] == {"period": "month", "available": 0}


def test_what_the_receiver_may_hold_counts_no_policy_money_unless_the_rules_say_so(market: Market, rules):
    body = gift_body(market)  # the receiver holds 1 won of an allowance
    rules(holding=400)
    assert give(market, body | {"amount": 400}).status_code == 201
    refused = give(market, body | {"amount": 1})
    assert refusal(refused) == (422, "receiver_holds_too_much")
    assert "400" not in refused.text, "what somebody else holds is not told"


def test_policy_money_counts_where_the_rules_say_so(market: Market, rules):
    body = gift_body(market)
    rules(holding=400, holding_counts_grants=True)
    assert refusal(give(market, body | {"amount": 400})) == (422, "receiver_holds_too_much")
    assert give(market, body | {"amount": 399}).status_code == 201


def test_policy_money_cannot_be_given(market: Market):
    body = gift_body(market)
    refused = give(market, body | {"amount": 1_001})
    assert (refusal(refused), refused.json()["params"]) == ((422, "gift_exceeds_balance"), {"available": 1_000})


def test_expired_money_cannot_be_given(market: Market):
    body = gift_body(market)
    buy(market.city, UUID(body["wallet_id"]), 5_000, at=AT - timedelta(days=1), days=0)
    assert give(market, body | {"amount": 1_001}).json()["params"] == {"available": 1_000}


def test_a_currency_without_rules_or_with_none_for_gifts_offers_none(market: Market, elsewhere: Market, rules):
    body = gift_body(market)
    rules(gift_purchased=False)
    assert refusal(give(market, body)) == (422, "gifts_not_offered")
    there = {"wallet_id": str(elsewhere.wallet), "receiver_wallet_id": elsewhere.wallet_with(1), "amount": 1}
    assert refusal(give(elsewhere, there, token=elsewhere.token)) == (422, "gifts_not_offered")


@pytest.mark.parametrize(
    ("change", "pointers"),
    [
        ({"message": "가" * 41}, ["/message"]), ({"message": "줄\n바꿈"}, ["/message"]), ({"message": "\u202e뒤집기"}, ["/message"]),
        ({"message": "\u0000"}, ["/message"]), ({"amount": 0}, ["/amount"]), ({"amount": 1.5}, ["/amount"]),
        ({"receiver_name": "김받음"}, ["/receiver_name"]), ({"receiver_phone": "01012345678"}, ["/receiver_phone"]),
        ({"receiver_wallet_id": "x"}, ["/receiver_wallet_id"]),
    ],
)  # fmt: skip
def test_wrong_members_are_named(market: Market, change: dict[str, Any], pointers: list[str]):
    reply = give(market, gift_body(market) | change)
    assert (reply.status_code, [error["pointer"] for error in reply.json()["errors"]]) == (422, pointers)


@pytest.mark.parametrize(
    ("given", "pointers"),
    [
        ({}, ["/receiver_name", "/receiver_phone"]), ({"receiver_name": "김받음"}, ["/receiver_phone"]),
        ({"receiver_name": "김*음", "receiver_phone": "01012345678"}, ["/receiver_name"]),
        ({"receiver_name": "김받음", "receiver_phone": "---------"}, ["/receiver_phone"]),
    ],
)  # fmt: skip
def test_the_receiver_must_be_named_in_one_way(market: Market, given: dict[str, Any], pointers: list[str]):
    body = gift_body(market)
    del body["receiver_wallet_id"]
    reply = give(market, body | given)
    assert (reply.status_code, [error["pointer"] for error in reply.json()["errors"]]) == (422, pointers)
