"""Joining through an app, as a partner's developer meets it."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from allowances.disbursement.services import run
from tests import factories
from tests.api.conftest import Market, partner_of
from tests.api.routes.members import somebody
from tests.factories import AT
from tests.factories.holding import Stranger, close_wallet, make_holding_list
from tests.factories.webhooks import make_endpoint
from vouchers.citizens.models import Citizen, CitizenStatus
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.currencies.models import Currency, CurrencyPolicy
from vouchers.partners.models import Partner
from vouchers.partners.services import issue_key
from vouchers.wallets.models import Wallet, WalletLink
from vouchers.webhooks.models import WebhookEvent

CI = "q" * 86 + "=="
OTHER_CI = "Q" * 86 + "=="


def join(
    market: Market, person: dict[str, Any], *, token: str | None = None, key: str | None = None, **more: Any
) -> Any:
    """Post a member; a new idempotency key unless one is given."""
    return market.request("POST", "/api/v1/members", person | more, token=token, idempotency_key=key or str(uuid7()))


def another_app(market: Market) -> tuple[Partner, str]:
    """Another partner of the city and its token."""
    with market.city.scope():
        partner = factories.make_partner(market.city)
        return partner, issue_key(partner=partner, at=AT).token


def ci_of(**changes: str) -> str:
    """A CI that nobody else has."""
    return f"{factories.next_number():086d}=="


def refusal(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["code"]


def test_a_new_person_gets_a_wallet_of_this_app(market: Market):
    person = somebody(market)
    reply = join(
        market, person, name="김 새 롬", phone=f"{person['phone'][:3]}-{person['phone'][3:7]}-{person['phone'][7:]}"
    )
    assert reply.status_code == 201
    told = reply.json()
    assert (told["outcome"], told["credited_amount"], told["credited"]) == ("opened", 0, [])
    assert reply["Location"] == f"/api/v1/wallets/{told['wallet']['id']}"
    with market.city.scope():
        wallet = Wallet.objects.select_related("citizen").get(pk=told["wallet"]["id"])
        assert (wallet.partner_id, wallet.citizen.name, wallet.citizen.phone) == (
            market.partner.pk,
            "김새롬",
            person["phone"],
        )
        assert wallet.currency_id == market.city.currency.pk
    assert told["wallet"]["status"] == "active"
    again = join(market, person)
    assert (again.json()["outcome"], again.json()["wallet"]["id"]) == ("kept", told["wallet"]["id"])


def test_the_same_request_is_answered_once(market: Market):
    person, key = somebody(market), str(uuid7())
    first, second = join(market, person, key=key), join(market, person, key=key)
    assert (first.json(), second.headers["Idempotency-Replayed"]) == (second.json(), "true")
    with market.city.scope():
        assert WalletLink.objects.filter(wallet=first.json()["wallet"]["id"]).count() == 1
    assert refusal(join(market, somebody(market), key=key)) == (422, "idempotency_key_reused")


def test_what_a_list_kept_for_the_person_is_credited_and_told(market: Market):
    stranger = Stranger(name="김미래", phone=f"010{factories.next_number():08d}")
    with market.city.scope():
        batch = make_holding_list(market.city, [stranger], amount=70_000)
        run(municipality=market.city.code, batch_id=batch.pk, at=AT)
    person = {"name": stranger.name, "birth_date": stranger.birth_date.isoformat(), "phone": stranger.phone}
    key = str(uuid7())
    told = join(market, person, key=key).json()
    with market.city.scope():
        programme = batch.cycle.programme.name
    assert told["credited_amount"] == 70_000
    assert [(lot["programme"], lot["amount"]) for lot in told["credited"]] == [(programme, 70_000)]
    assert join(market, person, key=key).json() == told
    assert join(market, person).json()["credited"] == []


def test_the_same_ci_is_the_same_person_whatever_else_has_changed(market: Market):
    person, ci = somebody(market), ci_of()
    wallet = join(market, person, ci=ci).json()["wallet"]["id"]
    renamed = person | {"name": "김개명", "phone": f"010{factories.next_number():08d}"}
    told = join(market, renamed, ci=ci).json()
    assert (told["outcome"], told["wallet"]["id"]) == ("kept", wallet)
    with market.city.scope():
        citizen = Wallet.objects.get(pk=wallet).citizen
        assert (citizen.name, citizen.phone) == ("김개명", renamed["phone"])
        assert citizen.history.count() == 2
        assert ci.encode() not in bytes(citizen.ci_index), "the CI itself is stored nowhere"
        assert Citizen.objects.filter(ci_index=ci).get() == citizen


def test_capitals_of_a_ci_count(market: Market):
    first, second = join(market, somebody(market), ci=CI), join(market, somebody(market), ci=OTHER_CI)
    assert (first.json()["outcome"], second.json()["outcome"]) == ("opened", "opened")


def test_records_that_contradict_the_verification_are_left_to_the_office(market: Market):
    one, ci = somebody(market), ci_of()
    join(market, one, ci=ci)
    assert refusal(join(market, one, ci=ci_of())) == (409, "identity_conflict")
    assert refusal(join(market, one, ci=ci, birth_date="1991-03-04")) == (409, "identity_conflict")
    other = somebody(market)
    join(market, other)
    assert refusal(join(market, other, ci=ci)) == (409, "identity_conflict")


def test_a_wallet_moves_to_another_app_by_its_ci_and_the_old_app_is_told(market: Market):
    partner, token = another_app(market)
    person, ci = somebody(market), ci_of()
    wallet = join(market, person, ci=ci).json()["wallet"]["id"]
    with market.city.scope():
        make_endpoint(market.city, market.partner, "wallet.moved")
    told = join(market, person, token=token, ci=ci).json()
    assert (told["outcome"], told["wallet"]["id"]) == ("moved", wallet)
    with market.city.scope():
        assert Wallet.objects.get(pk=wallet).partner_id == partner.pk
        link = WalletLink.objects.get(pk=told["id"])
        assert (link.previous_id, link.partner_id) == (market.partner.pk, partner.pk)
        event = WebhookEvent.objects.filter(type="wallet.moved").order_by("-id").first()
        assert (event.partner_id, event.data["wallet_id"], set(event.data)) == (
            market.partner.pk, wallet, {"wallet_id", "moved_at"},
        )  # fmt: skip
    assert refusal(market.pay(wallet_id=wallet)) == (404, "wallet_unknown")


@pytest.mark.parametrize("known", [True, False], ids=["a CI on record", "no CI on record"])
def test_name_and_phone_alone_take_no_wallet_from_another_app(market: Market, known: bool):
    _partner, token = another_app(market)
    person, ci = somebody(market), ci_of()
    wallet = join(market, person, **({"ci": ci} if known else {})).json()["wallet"]["id"]
    assert refusal(join(market, person, token=token)) == (409, "wallet_of_another_app")
    if not known:
        assert refusal(join(market, person, token=token, ci=ci)) == (409, "wallet_of_another_app")
    with market.city.scope():
        assert Wallet.objects.get(pk=wallet).partner_id == market.partner.pk
        assert known or Wallet.objects.get(pk=wallet).citizen.ci_index is None, "a refusal leaves no CI behind"


def test_a_wallet_without_an_app_is_linked(market: Market):
    with market.city.scope():
        citizen = factories.make_citizen(market.city)
    person = {"name": "시민", "birth_date": citizen.birth_date.isoformat(), "phone": citizen.phone}
    with market.city.scope():
        Citizen.objects.filter(pk=citizen.pk).update(name="시민")
    told = join(market, person).json()
    assert told["outcome"] == "kept"
    with market.city.scope():
        assert factories.wallet_of(citizen).partner_id == market.partner.pk


def _known(market: Market, **fields: Any) -> tuple[Citizen, dict[str, str]]:
    person = somebody(market)
    with market.city.scope():
        citizen = factories.make_citizen(market.city, **(person | fields))
    return citizen, person


def test_who_has_died_does_not_join(market: Market):
    for wallet in (True, False):
        _citizen, person = _known(market, status=CitizenStatus.DECEASED, wallet=wallet)
        assert refusal(join(market, person)) == (422, "citizen_deceased")


def test_who_has_moved_away_keeps_a_wallet_but_gets_none(market: Market):
    _citizen, person = _known(market, status=CitizenStatus.MOVED_OUT)
    assert join(market, person).json()["outcome"] == "kept"
    _citizen, person = _known(market, status=CitizenStatus.MOVED_OUT, wallet=False)
    assert refusal(join(market, person)) == (422, "citizen_moved_out")


@pytest.mark.parametrize("status", ["frozen", "closed"])
def test_a_wallet_that_may_not_pay_is_not_linked(market: Market, status: str):
    citizen, person = _known(market)
    with market.city.scope():
        close_wallet(citizen, status)
    assert refusal(join(market, person)) == (422, "wallet_not_active")


def test_below_the_age_of_consent_a_guardian_must_agree(market: Market):
    """14 years by law; the day of the birthday counts, and the age is dated data of the currency."""
    today = business_date(timezone.now())
    fourteen = today.replace(year=today.year - 14)
    child = somebody(market) | {"birth_date": (fourteen + timedelta(days=1)).isoformat()}
    refused = join(market, child)
    assert refusal(refused) == (422, "guardian_consent_missing")
    assert refused.json()["params"] == {"age": 14}
    told = join(market, child, guardian_consent=True).json()
    with market.city.scope():
        assert WalletLink.objects.get(pk=told["id"]).guardian_consent
    assert join(market, somebody(market) | {"birth_date": fourteen.isoformat()}).status_code == 201
    with market.city.scope():
        policy = CurrencyPolicy.objects.create(
            municipality=market.city.municipality, currency=market.city.currency, valid_from=today, consent_age=15,
            payment_limit=500_000, legal_basis="조례",
        )  # fmt: skip
    try:
        refused = join(market, somebody(market) | {"birth_date": fourteen.isoformat()})
        assert refused.json()["params"] == {"age": 15}
    finally:
        with market.city.scope():
            policy.delete()


def test_the_currency_must_be_named_where_there_are_several(market: Market):
    with market.city.scope():
        second = Currency.objects.create(municipality=market.city.municipality, name="둘째", name_en="Second")
    try:
        assert refusal(join(market, somebody(market))) == (422, "currency_required")
        assert refusal(join(market, somebody(market), currency_id=str(second.pk))) == (404, "currency_unknown"), (
            "no policy"
        )
        assert join(market, somebody(market), currency_id=str(market.city.currency.pk)).status_code == 201
        assert refusal(join(market, somebody(market), currency_id=str(uuid7()))) == (404, "currency_unknown")
    finally:
        with market.city.scope():
            second.is_active = False
            second.save()


def test_the_dong_of_this_city_is_kept(market: Market, elsewhere: Market):
    code = market.city.dong.code
    told = join(market, somebody(market), dong_code=code).json()
    with market.city.scope():
        assert Wallet.objects.get(pk=told["wallet"]["id"]).citizen.dong.code == code
    assert refusal(join(market, somebody(market), dong_code=elsewhere.city.dong.code)) == (422, "dong_unknown")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"name": "김*롬"}, "/name"), ({"name": "\x00"}, "/name"), ({"name": " "}, "/name"), ({"name": "김1"}, "/name"),
        ({"birth_date": "1899-12-31"}, "/birth_date"), ({"birth_date": "2999-01-01"}, "/birth_date"),
        ({"birth_date": "1990-02-30"}, "/birth_date"), ({"phone": "010-12-34-5"}, "/phone"), ({"phone": "---------"}, "/phone"),
        ({"ci": "short"}, "/ci"), ({"ci": CI + "\n"}, "/ci"), ({"dong_code": "12345"}, "/dong_code"),
        ({"guardian_consent": "yes"}, "/guardian_consent"), ({"resident_number": "1"}, "/resident_number"),
    ],
)  # fmt: skip
def test_what_no_person_has_is_named_without_its_value(market: Market, wrong: dict[str, Any], pointer: str):
    reply = join(market, somebody(market) | wrong)
    assert (reply.status_code, [error["pointer"] for error in reply.json()["errors"]]) == (422, [pointer])
    assert "김1" not in reply.text
    assert "김*롬" not in reply.text


def test_nothing_of_the_person_reaches_the_logs(market: Market, caplog: pytest.LogCaptureFixture):
    person = somebody(market)
    with caplog.at_level(logging.DEBUG):
        join(market, person, ci=ci_of())
        join(market, person, ci=ci_of())
    said = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("django.db"))
    assert person["phone"] not in said
    assert person["name"] not in said


def test_another_city_knows_nobody(market: Market, elsewhere: Market):
    person, ci = somebody(market), ci_of()
    here = join(market, person, ci=ci).json()["wallet"]["id"]
    there = join(elsewhere, person, ci=ci).json()
    assert (there["outcome"], there["wallet"]["id"] != here) == ("opened", True)
    assert partner_of(market)
