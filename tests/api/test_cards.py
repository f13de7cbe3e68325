"""Check cards: 승인, 승인취소 and 망취소 in every order of arrival."""

from __future__ import annotations

import itertools

import pytest

from tests.api.conftest import Market
from tests.api.test_codes import refusal, together
from vouchers.common.models import uuid7
from vouchers.payments.models import CardApproval, Payment, PaymentCard


@pytest.fixture
def card(market: Market) -> str:
    """The token of a card whose wallet holds 10,000 won."""
    return register(market, market.wallet_with(10_000))


def register(market: Market, wallet: str) -> str:
    token = f"tok_{uuid7().hex}"
    body = {"wallet_id": wallet, "card_token": token, "last4": "1234"}
    assert market.request("POST", "/api/v1/cards", body, idempotency_key=str(uuid7())).status_code == 201
    return token


def authorise(market: Market, card: str, trace: str, key: str | None = None, **changes):
    body = {
        "trace_number": trace, "card_token": card, "merchant_code": market.merchant.code, "terminal_id": "CAT0012345",
        "amount": 4_000,
    } | changes  # fmt: skip
    return market.request("POST", "/api/v1/card-authorisations", body, idempotency_key=key or str(uuid7()))


def cancel(market: Market, approval: str, key: str | None = None, **body):
    path = f"/api/v1/card-authorisations/{approval}/cancellations"
    return market.request("POST", path, body or None, idempotency_key=key or str(uuid7()))


def reverse(market: Market, trace: str, key: str | None = None):
    body = {"trace_number": trace}
    return market.request("POST", "/api/v1/card-reversals", body, idempotency_key=key or str(uuid7()))


def find(market: Market, trace: str):
    return market.request("GET", f"/api/v1/card-authorisations?trace_number={trace}")


def balance(market: Market, card: str) -> int:
    """What the card can still pay, by asking for too much."""
    return authorise(market, card, uuid7().hex, amount=499_999).json()["params"]["available"]


def test_an_approval_is_made_once_and_found_again(market: Market, card: str):
    key, trace = str(uuid7()), uuid7().hex
    made = authorise(market, card, trace, key)
    assert made.status_code == 201
    found = made.json()
    assert (found["response_code"], found["state"], found["card_last4"], found["amount"]) == (
        "00",
        "approved",
        "1234",
        4_000,
    )
    assert len(found["approval_number"]) == 8
    assert found["approval_number"].isdecimal()
    again = authorise(market, card, trace, key)
    assert (again.json(), again["Idempotency-Replayed"]) == (found, "true")
    assert find(market, trace).json() == found
    other = authorise(market, card, trace)
    assert (refusal(other), other.json()["params"]["response_code"]) == ((409, "trace_number_used"), "94")
    assert balance(market, card) == 6_000


def test_of_the_token_only_a_keyed_hash_is_kept(market: Market, card: str):
    with market.city.scope():
        kept = [bytes(token) for token in PaymentCard.objects.values_list("token_hash", flat=True)]
    assert kept
    assert not any(card.encode() in token for token in kept)


@pytest.mark.parametrize("number", ["4111111111111111", "4111-1111-1111-1111", "6210000000000000001"])
def test_a_card_number_is_no_token(market: Market, number: str):
    body = {"wallet_id": market.wallet_with(1000), "card_token": number, "last4": number[-4:]}
    refused = market.request("POST", "/api/v1/cards", body, idempotency_key=str(uuid7()))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/card_token")


def test_a_card_is_registered_once_and_ends(market: Market):
    wallet, token = market.wallet_with(1_000), f"tok_{uuid7().hex}"
    body = {"wallet_id": wallet, "card_token": token, "last4": "9876"}
    made = market.request("POST", "/api/v1/cards", body, idempotency_key=str(uuid7()))
    assert refusal(market.request("POST", "/api/v1/cards", body, idempotency_key=str(uuid7()))) == (
        409,
        "card_registered",
    )
    ended = market.request("POST", f"/api/v1/cards/{made.json()['id']}/termination", idempotency_key=str(uuid7()))
    assert ended.json()["state"] == "ended"
    refused = authorise(market, token, uuid7().hex, amount=100)
    assert (refusal(refused), refused.json()["params"]["response_code"]) == ((422, "card_ended"), "54")


def test_refusals_tell_both_codes_and_leave_the_trace_number_free(market: Market, card: str):
    trace = uuid7().hex
    refused = authorise(market, card, trace, amount=10_001)
    assert (refusal(refused), refused.json()["params"]) == (
        (422, "insufficient_funds"), {"available": 10_000, "response_code": "51"}
    )  # fmt: skip
    assert refusal(authorise(market, "tok_nobody_has_it", uuid7().hex)) == (404, "card_unknown")
    assert authorise(market, card, trace, amount=10_000).status_code == 201


def test_cancelling_in_parts_by_the_original(market: Market, card: str):
    approval = authorise(market, card, uuid7().hex).json()["id"]
    key = str(uuid7())
    part = cancel(market, approval, key, amount=1_500)
    assert (part.json()["amount"], part.json()["authorisation"]["state"]) == (1_500, "partly_cancelled")
    assert cancel(market, approval, key, amount=1_500).json() == part.json()
    assert cancel(market, approval).json()["authorisation"]["state"] == "cancelled"
    assert refusal(cancel(market, approval)) == (422, "refund_exceeds_payment")
    assert balance(market, card) == 10_000


def test_a_payment_by_qr_is_no_approval(market: Market):
    assert refusal(cancel(market, market.pay().json()["id"])) == (404, "approval_unknown")


@pytest.mark.parametrize(
    "order", list(itertools.permutations(["approve", "cancel a part", "reverse", "reverse again"]))
)
def test_every_order_of_arrival_ends_with_the_money_back_or_never_gone(market: Market, card: str, order):
    """A step that comes before its time is refused or leaves a mark; at the end nothing is missing."""
    trace, approval = uuid7().hex, None
    for step in order:
        if step == "approve":
            reply = authorise(market, card, trace)
            approval = reply.json().get("id") if reply.status_code == 201 else None
            assert reply.status_code in {201, 409}
        elif step == "cancel a part" and approval:
            assert cancel(market, approval, amount=1_000).status_code in {201, 422}
        elif step.startswith("reverse"):
            assert reverse(market, trace).status_code == 201
    assert balance(market, card) == 10_000
    with market.city.scope():
        assert CardApproval.objects.get(trace_number=trace).reversed_at is not None


def test_a_reversal_before_its_original_keeps_it_out(market: Market, card: str):
    trace = uuid7().hex
    assert reverse(market, trace).json() == {
        "response_code": "00", "state": "marked", "trace_number": trace, "authorisation": None
    }  # fmt: skip
    late = authorise(market, card, trace)
    assert (refusal(late), late.json()["params"]["response_code"]) == ((409, "approval_reversed"), "21")
    assert refusal(find(market, trace)) == (404, "approval_unknown")


def test_a_reversal_after_a_partial_cancellation_gives_back_the_rest(market: Market, card: str):
    trace, key = uuid7().hex, str(uuid7())
    cancel(market, authorise(market, card, trace).json()["id"], amount=1_000)
    first = reverse(market, trace, key)
    assert (first.json()["state"], first.json()["authorisation"]["cancelled_amount"]) == ("reversed", 4_000)
    assert reverse(market, trace, key)["Idempotency-Replayed"] == "true"
    assert reverse(market, trace).json() == first.json()
    assert balance(market, card) == 10_000


@pytest.mark.parametrize("round_", range(5))
def test_an_approval_and_its_reversal_at_once(market: Market, card: str, round_):
    trace = uuid7().hex
    acts = [lambda: authorise(market, card, trace), lambda: reverse(market, trace), lambda: reverse(market, trace)]
    approved, *reversed_ = together(3, lambda number: acts[number]())
    assert approved.status_code in {201, 409}
    assert [reply.status_code for reply in reversed_] == [201, 201]
    assert balance(market, card) == 10_000


def test_the_same_trace_number_at_once_is_approved_once(market: Market, card: str):
    trace = uuid7().hex
    replies = together(4, lambda _number: authorise(market, card, trace, amount=1_000))
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409, 409]
    assert balance(market, card) == 9_000
    with market.city.scope():
        assert Payment.objects.filter(order_id=trace).count() == 1


def test_another_processor_sees_no_approval(market: Market, elsewhere: Market, card: str):
    trace = uuid7().hex
    authorise(market, card, trace)
    assert refusal(find(elsewhere, trace)) == (404, "approval_unknown")
    assert reverse(elsewhere, trace).json()["state"] == "marked"
    assert find(market, trace).json()["state"] == "approved"
