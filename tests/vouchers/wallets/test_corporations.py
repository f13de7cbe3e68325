"""Corporations: their wallets, their own limits, and what never reaches them."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.factories import AT, City
from tests.factories.lists import authority
from tests.factories.top_ups import buy, make_discount, make_fund, make_terms, refused
from vouchers.citizens.models import Corporation
from vouchers.common.errors import NotPermitted
from vouchers.common.models import uuid7
from vouchers.common.scope import set_local
from vouchers.gifts.errors import GiftFromCorporation, ReceiverUnknown
from vouchers.incentives.models import BenefitKind
from vouchers.ledger import services as ledger
from vouchers.ledger.audit import audit
from vouchers.ledger.errors import PartnerUnknown, WalletUnknown
from vouchers.ledger.models import Account, Lot
from vouchers.officials.rules import Role
from vouchers.top_ups import errors
from vouchers.wallets.errors import CurrencyUnknown, WalletOfAnotherApp
from vouchers.wallets.models import Wallet, WalletLink
from vouchers.wallets.services import open_for_corporation

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    made = factories.make_city()
    with made.scope():
        yield made


def open_wallet(city: City, corporation: Corporation, partner, official=None, currency=None) -> Wallet:
    official = official or factories.make_official(city, Role.ADMINISTRATOR)
    return open_for_corporation(
        corporation=corporation, currency=currency or city.currency, partner=partner, official=official,
        authority=authority(official), at=AT,
    )  # fmt: skip


def test_a_wallet_is_opened_once_for_one_app(city: City):
    corporation, partner = factories.make_corporation(city, name="행복상사"), factories.make_partner(city)
    wallet = open_wallet(city, corporation, partner)
    assert (wallet.holder, wallet.citizen, wallet.partner) == ("행복상사", None, partner)
    assert Account.objects.filter(pk=wallet.pk, kind="wallet").count() == 1
    assert open_wallet(city, corporation, partner).pk == wallet.pk
    assert WalletLink.objects.filter(wallet=wallet).count() == 1
    with refused(WalletOfAnotherApp):
        open_wallet(city, corporation, factories.make_partner(city))
    with refused(NotPermitted):
        open_wallet(city, corporation, partner, factories.make_official(city, Role.REVIEWER))
    city.currency.is_active = False
    with refused(CurrencyUnknown):
        open_wallet(city, corporation, partner)


def test_what_is_another_citys_opens_nothing(city: City):
    other = factories.make_city(code="41480")
    with other.scope():
        theirs, app = factories.make_corporation(other), factories.make_partner(other)
    with city.scope():
        with refused(WalletUnknown):
            ledger.open_corporate_wallet(municipality=city.code, currency=city.currency.pk, corporation=theirs.pk)
        with refused(PartnerUnknown):
            ledger.open_corporate_wallet(
                municipality=city.code, currency=city.currency.pk, corporation=factories.make_corporation(city).pk,
                partner=app.pk,
            )  # fmt: skip


def test_a_wallet_has_exactly_one_holder(city: City):
    citizen, corporation = factories.make_citizen(city, wallet=False), factories.make_corporation(city)
    for holders in ({}, {"citizen": citizen, "corporation": corporation}):
        with pytest.raises(ValidationError):
            Wallet(municipality=city.municipality, currency=city.currency, **holders).validate_constraints()
    Wallet(municipality=city.municipality, currency=city.currency, corporation=corporation).validate_constraints()


def test_a_corporation_buys_under_its_own_limit_and_without_a_discount(city: City):
    partner = factories.make_partner(city)
    wallet = factories.corporate_wallet(city, partner)
    factories.make_purchase_limit(city, per_month=500_000)
    make_discount(city)
    with refused(errors.PurchaseNotOpen):
        buy(partner, wallet, 10_000)
    factories.make_purchase_limit(city, buyer="corporate", per_month=30_000_000, takes_benefit=False)
    bought = buy(partner, wallet, 20_000_000)
    assert (bought.pays, bought.benefit) == (20_000_000, 0)
    assert list(Lot.objects.filter(wallet_id=wallet).values_list("kind", "remaining")) == [("purchase", 20_000_000)]
    with refused(errors.MonthLimit):
        buy(partner, wallet, 10_000_001)
    assert [finding for finding in audit() if finding.difference] == []


@pytest.mark.parametrize(("for_corporations", "pays"), [(False, 100_000), (True, 90_000)])
def test_a_corporation_gets_a_discount_only_where_the_terms_give_it_one(city: City, for_corporations: bool, pays: int):
    partner = factories.make_partner(city)
    wallet = factories.corporate_wallet(city, partner)
    factories.make_purchase_limit(city, buyer="corporate", takes_benefit=True)
    make_terms(city, BenefitKind.DISCOUNT, (make_fund(city), 1_000), for_corporations=for_corporations)
    bought = buy(partner, wallet, 100_000)
    assert (bought.pays, bought.benefit) == (pays, 100_000 - pays)


def test_a_discount_for_persons_hides_no_incentive_for_corporations(city: City):
    partner = factories.make_partner(city)
    wallet = factories.corporate_wallet(city, partner)
    factories.make_purchase_limit(city, buyer="corporate", takes_benefit=True)
    make_terms(city, BenefitKind.DISCOUNT, (make_fund(city), 1_000))
    make_terms(city, BenefitKind.TOP_UP, (make_fund(city), 300), for_corporations=True)
    bought = buy(partner, wallet, 100_000)
    assert (bought.pays, bought.benefit) == (100_000, 3_000)


def give(city: City, partner, giver, receiver):
    return ledger.call(
        "gifts.give", city.code, partner.pk, str(uuid7()), b"\0" * 32, giver, receiver, None, None, 100, "", AT
    )


def test_no_gift_leaves_or_reaches_a_corporation(city: City):
    partner, citizen = factories.make_partner(city), factories.make_citizen(city)
    firm, person = factories.corporate_wallet(city, partner), factories.wallet_of(citizen).pk
    factories.make_purchase_limit(city)
    factories.make_purchase_limit(city, buyer="corporate")
    buy(partner, firm, 10_000)
    buy(partner, person, 10_000)
    with refused(GiftFromCorporation):
        give(city, partner, firm, person)
    with refused(ReceiverUnknown):
        give(city, partner, person, firm)


def client_of(city: City, role: Role) -> Client:
    official = factories.make_official(city, role)
    client = Client()
    set_local(official=str(official.pk))
    client.force_login(official)
    return client


def test_an_official_registers_a_corporation_and_opens_its_wallet(city: City):
    partner = factories.make_partner(city)
    client = client_of(city, Role.ADMINISTRATOR)
    form = {"name": "행복상사", "business_number": "124-81-00999", "representative": "김대표", "phone": "02-1234-5678"}
    add = reverse("admin:vouchers_corporation_add")
    assert "사업자등록번호" in client.post(add, form).content.decode()
    assert Corporation.objects.count() == 0
    assert client.post(add, form | {"business_number": "124-81-00998"}).status_code == 302
    with city.scope():
        corporation = Corporation.objects.get()
    assert (corporation.business_number, corporation.phone) == ("1248100998", "0212345678")
    assert "행복상사" in client.get(reverse("admin:vouchers_corporation_changelist") + "?q=행복").content.decode()
    address = reverse("admin:corporation_wallets", args=[corporation.pk])
    assert client_of(city, Role.REVIEWER).post(address).status_code == 403
    client = client_of(city, Role.ADMINISTRATOR)
    answer = client.post(address, {"currency": city.currency.pk, "partner": partner.pk}, follow=True)
    assert "법인 지갑을 열었습니다" in answer.content.decode()
    assert "행복상사" in answer.content.decode()
    listed = client.get(reverse("admin:vouchers_wallet_changelist") + "?holder=corporate").content.decode()
    assert "행복상사" in listed


def test_screens_name_the_corporation(city: City):
    partner, merchant = factories.make_partner(city), factories.make_merchant(city)
    wallet = factories.corporate_wallet(city, partner, name="행복상사")
    factories.make_purchase_limit(city, buyer="corporate")
    buy(partner, wallet, 10_000)
    ledger.call(
        "payments.pay", city.code, partner.pk, str(uuid7()), b"\0" * 32, wallet, merchant.code, "T001", 3_000, "1", AT
    )
    client = client_of(city, Role.AUDITOR)
    for name in ("payment", "topup", "wallet"):
        assert "행복상사" in client.get(reverse(f"admin:vouchers_{name}_changelist")).content.decode(), name
