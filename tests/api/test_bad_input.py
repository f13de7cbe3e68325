"""Whatever arrives, the answer is a problem document with a 4xx status, and nothing is paid."""

from __future__ import annotations

import json

import pytest
from django.test import RequestFactory

from merchants.qr_kit.rules import StaticQR, encode
from tests.api.conftest import KEYS, Market
from tests.factories import AT
from vouchers.common.models import uuid7
from vouchers.common.problems import CredentialsInvalid
from vouchers.ledger.models import Transfer
from vouchers.partners.api.credentials import Credentials
from vouchers.partners.models import PartnerKey
from vouchers.partners.services import issue_key, revoke_key

PATH = "/api/v1/payments"
AMOUNTS = [0, -1, 1.5, 1.0, "1e9", "1000", 10**18, 10**40, True, None, [], {}, "", "\x00"]


def refused(reply, status: int, code: str) -> dict:
    """The problem document of a refusal, whose members agree with the response."""
    assert reply["Content-Type"] == "application/problem+json"
    problem = reply.json()
    assert (reply.status_code, problem["code"]) == (status, code)
    assert problem["status"] == status
    assert problem["type"] == f"urn:jangteo:problem:{code}"
    assert problem["title"]
    assert problem["detail"]
    return problem


@pytest.fixture(autouse=True)
def no_money_moves(market: Market):
    with market.city.scope():
        before = Transfer.objects.count()
    yield
    with market.city.scope():
        assert Transfer.objects.count() == before


@pytest.mark.parametrize("amount", AMOUNTS, ids=repr)
def test_an_amount_is_a_positive_whole_number(market: Market, amount):
    problem = refused(market.pay(amount=amount), 422, "fields_invalid")
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [("/amount", "invalid")]
    assert "정수" in problem["errors"][0]["detail"]


@pytest.mark.parametrize("raw", [
    b"", b"{", b"[", b"{}{}", b"\xff\xfe", b'\xef\xbb\xbf{"amount": 1}', b"NaN", b'{"amount": NaN}', b'{"amount": 01}',
    b'{"order_id": "\xff"}', b'{"order_id": "\\ud800"}', b"[" * 15_000, b'{"a":' * 3000,
], ids=lambda raw: repr(raw[:20]))  # fmt: skip
def test_a_body_is_one_json_document(market: Market, raw):
    reply = market.request("POST", PATH, raw, idempotency_key="k")
    refused(reply, 400, "json_invalid")


def test_a_member_may_not_come_twice(market: Market):
    raw = json.dumps(market.body())[:-1] + ', "amount": 1}'
    refused(market.request("POST", PATH, raw.encode(), idempotency_key="k"), 400, "json_invalid")


@pytest.mark.parametrize("raw", [b"null", b"[]", b'"text"', b"1", b"true"])
def test_a_body_is_an_object(market: Market, raw):
    problem = refused(market.request("POST", PATH, raw, idempotency_key="k"), 422, "fields_invalid")
    assert problem["errors"][0]["pointer"] == ""


def test_every_wrong_member_is_named(market: Market):
    problem = refused(
        market.request("POST", PATH, {"wallet_id": "me", "amount": 0, "ammount": 1}, idempotency_key="k"),
        422, "fields_invalid",
    )  # fmt: skip
    assert {(error["pointer"], error["code"]) for error in problem["errors"]} == {
        ("/ammount", "unknown"), ("/qr", "required"), ("/order_id", "required"), ("/wallet_id", "invalid"),
        ("/amount", "invalid"),
    }  # fmt: skip


@pytest.mark.parametrize("changes", [
    {"wallet_id": 1}, {"wallet_id": "x" * 36}, {"wallet_id": "\x00"}, {"order_id": ""}, {"order_id": "가"},
    {"order_id": "a\n"}, {"order_id": "a" * 65}, {"order_id": "\x00"}, {"qr": ""}, {"qr": 5}, {"qr": "0" * 513},
], ids=repr)  # fmt: skip
def test_members_have_their_form(market: Market, changes):
    refused(market.pay(**changes), 422, "fields_invalid")


def test_a_string_of_a_megabyte(market: Market):
    refused(market.pay(order_id="a" * 1_000_000), 413, "body_too_large")


@pytest.mark.parametrize(("key", "code"), [
    ("", "idempotency_key_missing"), ("a b", "idempotency_key_invalid"), ("a" * 256, "idempotency_key_invalid"),
    ("é", "idempotency_key_invalid"),
])  # fmt: skip
def test_the_idempotency_key(market: Market, key, code):
    refused(market.request("POST", PATH, market.body(), idempotency_key=key), 400, code)


def test_the_idempotency_key_is_required(market: Market):
    refused(market.request("POST", PATH, market.body()), 400, "idempotency_key_missing")


@pytest.mark.parametrize("token", ["", ".", "x", "a.b", "a" * 500, "jt0000000000000000.secret", "é.é"])
def test_a_wrong_key(market: Market, token):
    reply = market.request("POST", PATH, market.body(), token=token, idempotency_key="k")
    refused(reply, 401, "credentials_invalid")
    assert reply["WWW-Authenticate"].startswith("Bearer")


def test_a_right_key_with_another_secret(market: Market):
    token = market.token.partition(".")[0] + ".secret"
    refused(market.request("GET", PATH + "?order_id=a", token=token), 401, "credentials_invalid")


def test_codes_that_cannot_be_paid_with(market: Market):
    forged = encode(
        StaticQR(municipality="41280", merchant_code="M000000001", terminal="T001", name="FAKE", city="GOYANG"),
        keys=dict.fromkeys(KEYS, b"not the municipality's key"),
    )
    unknown = encode(
        StaticQR(municipality="41280", merchant_code="M999999999", terminal="T001", name="NOBODY", city="GOYANG"),
        keys=KEYS,
    )
    refused(market.pay(qr="hello"), 422, "qr_scheme_unknown")
    refused(market.pay(qr="안녕하세요"), 422, "qr_not_ascii")
    refused(market.pay(qr=market.qr[:-1] + "~"), 422, "qr_checksum_wrong")
    refused(market.pay(qr=forged), 422, "qr_forged")
    refused(market.pay(qr=unknown), 404, "merchant_unknown")
    refused(market.pay(wallet_id=str(uuid7())), 404, "wallet_unknown")


def test_media_types(market: Market):
    headers = {"authorization": f"Bearer {market.token}", "idempotency-key": "k"}
    wrong = market.client.post(PATH, "amount=1", content_type="application/x-www-form-urlencoded", headers=headers)
    refused(wrong, 415, "media_type_unsupported")
    refused(market.request("GET", PATH + "?order_id=a", accept="text/csv"), 406, "not_acceptable")


def test_methods_and_addresses(market: Market):
    reply = market.request("DELETE", PATH)
    refused(reply, 405, "method_not_allowed")
    assert set(reply["Allow"].split(", ")) == {"GET", "HEAD", "POST"}
    for path in ("/api/v1/", "/api/v1/payments/1", "/api/v2/payments", "/api/", "/api/v1/payments/x/cancellations"):
        refused(market.request("GET", path), 404, "not_found")


def test_texts_follow_the_language(market: Market):
    korean = market.request("GET", PATH, accept_language="ko")
    english = market.request("GET", PATH, accept_language="en-GB,en;q=0.9")
    assert (korean["Content-Language"], english["Content-Language"]) == ("ko", "en")
    assert "항목" in korean.json()["detail"]
    assert english.json()["detail"].isascii()


def test_a_revoked_key_is_forgotten(market: Market):
    now = [0.0]
    with market.city.scope():
        issued = issue_key(partner=market.partner, at=AT)
    request = RequestFactory().get("/", headers={"authorization": f"Bearer {issued.token}"})
    credentials = Credentials(clock=lambda: now[0])
    assert credentials.of(request).caller.partner == market.partner.pk
    with market.city.scope():
        revoke_key(key=PartnerKey.objects.get(pk=issued.key.pk), at=AT)
    assert credentials.of(request).caller.partner == market.partner.pk
    now[0] = 30.0
    with pytest.raises(CredentialsInvalid):
        credentials.of(request)
