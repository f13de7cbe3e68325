"""What a shop's app applies for, and what it reads of it until the shop is registered."""

from __future__ import annotations

from datetime import date

import pytest

from merchants.registry.models import ChangeKind, Merchant
from merchants.registry.services import approve
from tests import factories
from tests.api.conftest import Market
from tests.api.routes.applications import applied, new_shop
from tests.api.test_codes import refusal, together
from tests.factories.shops import acting, make_standard, request
from vouchers.common.models import uuid7
from vouchers.ledger.models import Account
from vouchers.officials.rules import Role

PATH = "/api/v1/shop-applications"


def apply(market: Market, body: dict, *, key: str | None = None):
    return market.request("POST", PATH, body, idempotency_key=key or str(uuid7()))


def test_an_application_waits_for_an_official_and_tells_when_it_is_registered(market: Market):
    body = new_shop(
        dong="주교동",
        phone="031-123-4567",
        account_bank="004",
        account_number="110-123-456789",
        account_holder="김장터",
    )
    key = str(uuid7())
    made = apply(market, body, key=key)
    assert (made.status_code, made.json()["state"], made.json()["merchant_code"]) == (201, "received", None)
    assert made.json()["missing_papers"] == ["business", "bankbook"]
    again = apply(market, body, key=key)
    assert (again.json(), again["Idempotency-Replayed"]) == (made.json(), "true")
    assert refusal(apply(market, body | {"name": "다른 이름"}, key=key)) == (422, "idempotency_key_reused")
    assert refusal(apply(market, body)) == (409, "merchant_applied_already")
    with market.city.scope():
        shop = Merchant.objects.get(pk=made.json()["id"])
        assert (shop.status, shop.name_ascii, shop.dong, shop.phone, shop.applied_through) == (
            "applied", "HAENG BOK BUN SIK", market.city.dong, "0311234567", market.partner,
        )  # fmt: skip
        assert Account.objects.filter(owner_id=shop.pk).count() == 2
        officer, approver = (
            factories.make_official(market.city, role) for role in (Role.MERCHANT_OFFICER, Role.APPROVER)
        )
        change = request(shop, ChangeKind.REGISTER, officer)
    read = market.request("GET", made["Location"])
    assert read.json()["state"] == "under_review"
    with market.city.scope():
        approve(change=change, **acting(approver))
    told = market.request("GET", made["Location"]).json()
    assert (told["state"], told["merchant_code"], told["missing_papers"]) == ("registered", shop.code, [])


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"business_number": "1234567890"}, "/business_number"),
        ({"category": "없음"}, "/category"),
        ({"dong": "없음동"}, "/dong"),
        ({"name": "=1+1"}, "/name"),
        ({"phone": "12"}, "/phone"),
        ({"account_bank": "004"}, "/account_bank"),
    ],
)
def test_what_cannot_be_read_is_told_by_its_member(market: Market, changes: dict, pointer: str):
    reply = apply(market, new_shop(**changes))
    assert [error["pointer"] for error in reply.json()["errors"]] == [pointer]


def test_the_standard_of_the_day_refuses(elsewhere: Market):
    with elsewhere.city.scope():
        make_standard(elsewhere.city, valid_from=date(2020, 1, 1))
    assert refusal(apply(elsewhere, new_shop(ksic_code="91241"))) == (422, "merchant_registration_refused")


def test_another_partner_does_not_see_it_and_two_at_once_make_one(market: Market, elsewhere: Market):
    path = applied(market)
    assert refusal(elsewhere.request("GET", path)) == (404, "application_unknown")
    body = new_shop()
    replies = together(3, lambda _number: apply(market, body))
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409]
