"""What officials see of a wallet: everything that moved it, page by page, and nothing that their role may not see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import factories
from tests.factories import AT, City
from vouchers.common.models import uuid7
from vouchers.common.scope import set_local
from vouchers.ledger.services import call
from vouchers.officials.rules import Role
from vouchers.wallets import admin
from vouchers.wallets.models import Wallet
from vouchers.wallets.rules import TITLES, Movement

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    made = factories.make_city()
    with made.scope():
        yield made


def client_of(city: City, role: Role) -> Client:
    official = factories.make_official(city, role)
    set_local(official=str(official.pk))
    client = Client()
    client.force_login(official)
    return client


def test_every_movement_has_a_name() -> None:
    assert set(TITLES) == set(Movement.__args__)


def test_the_history_tells_what_moved_the_wallet_page_by_page(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin, "PER_PAGE", 2)
    citizen = factories.make_citizen(city, name="김장터")
    wallet, shop = factories.wallet_of(citizen), factories.make_merchant(city, name="행복분식")
    partner = factories.make_partner(city)
    factories.grant(city, {citizen: 50_000})
    for minute in (1, 2):
        call(
            "payments.pay", city.code, partner.pk, str(uuid7()), b"\0" * 32, wallet.pk, shop.code, "T001", 1_000 + minute,
            f"order-{minute}", AT + timedelta(minutes=minute),
        )  # fmt: skip
    client, address = client_of(city, Role.AUDITOR), reverse("admin:wallet_transactions", args=[wallet.pk])
    newest = client.get(address)
    text = newest.content.decode()
    assert (text.count("행복분식"), "김장터" in text) == (2, False)
    assert all(amount in text for amount in ("1,001원", "1,002원", "47,997원"))  # the last is the balance
    earlier = client.get(address, {"before": newest.context["next_before"]})
    assert [kind for _row, kind, _page in earlier.context["rows"]] == [TITLES["allowance"]]
    assert earlier.context["next_before"] is None
    assert client.get(address, {"before": "nothing"}).context["rows"][0][0].amount == -1_002


def test_a_citizens_only_wallet_is_one_click_away(city: City) -> None:
    citizen, nobody = factories.make_citizen(city), factories.make_citizen(city, wallet=False)
    client = client_of(city, Role.DRAFTER)
    (wallet,) = Wallet.objects.filter(citizen=citizen)
    answer = client.get(reverse("admin:citizen_wallets", args=[citizen.pk]))
    assert answer.url == reverse("admin:vouchers_wallet_change", args=[wallet.pk])
    assert "아직 지갑이 없습니다" in client.get(reverse("admin:citizen_wallets", args=[nobody.pk])).content.decode()
    assert reverse("admin:wallet_transactions", args=[wallet.pk]) not in client.get(answer.url).content.decode()


def test_the_list_of_one_city_is_read_in_the_order_of_its_key(city: City) -> None:
    """Row-level security alone names a list of cities: then all wallets would be read and sorted for the newest fifty."""
    citizen = factories.make_citizen(city, name="김장터")
    client = client_of(city, Role.AUDITOR)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(reverse("admin:vouchers_wallet_changelist")).status_code == 200
    (listed,) = [
        query["sql"]
        for query in seen
        if query["sql"].endswith('ORDER BY "vouchers_wallet"."id" DESC') and "citizen" in query["sql"]
    ]
    assert f'"vouchers_wallet"."municipality_id" = \'{city.code}\'' in listed
    assert "vouchers_currency" not in listed
    assert citizen.wallets.exists()
