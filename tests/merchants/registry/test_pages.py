"""What officials do with a shop at their screens, from the application to the approval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from merchants.registry.models import ChangeKind, Merchant, MerchantChange, MerchantStatus
from merchants.registry.selectors import duplicates
from tests import factories
from tests.factories import City
from tests.factories.shops import make_application, make_standard, request
from vouchers.common.scope import set_local
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.privacy.models import AccessRecord

pytestmark = pytest.mark.django_db
Login = Callable[[Official], Client]


@pytest.fixture
def city() -> City:
    made = factories.make_city()
    with made.scope():
        make_standard(made)
    return made


@pytest.fixture
def officer(city: City) -> Official:
    with city.scope():
        return factories.make_official(city, Role.MERCHANT_OFFICER)


@pytest.fixture
def approver(city: City) -> Official:
    with city.scope():
        return factories.make_official(city, Role.APPROVER)


def client_of(official: Official) -> Client:
    client = Client()
    set_local(official=str(official.pk))
    client.force_login(official)
    return client


def add(client: Client, city: City, **fields: Any) -> str:
    said = {
        "name": "새로운분식", "name_ascii": "NEW BUNSIK", "business_number": "124-81-00998", "representative": "김새로",
        "category": "restaurant", "ksic_code": "56111", "annual_sales": "100000000", "address": "고양시청로 10",
        "dong": str(city.dong.pk), "account_bank": "088", "account_holder": "김새로", "account_number": "110-123-456789",
        "benefits-TOTAL_FORMS": "0", "benefits-INITIAL_FORMS": "0",
    } | fields  # fmt: skip
    return client.post(reverse("admin:merchants_merchant_add"), said, follow=True).text


def test_an_application_is_entered_submitted_and_approved(city: City, officer: Official, approver: Official) -> None:
    client = client_of(officer)
    add(client, city)
    with city.scope():
        shop = Merchant.objects.get()
    assert (shop.status, shop.entered_by, shop.code) == (MerchantStatus.APPLIED, officer, "M000000001")
    page = client.get(reverse("admin:merchants_merchant_change", args=[shop.pk])).text
    assert "첨부하지 않은 서류: 사업자등록증, 통장사본" in page
    paper = SimpleUploadedFile("등록증.pdf", b"%PDF-1.7 paper")
    client.post(reverse("admin:merchant_paper_add", args=[shop.pk]), {"kind": "business", "file": paper})
    ask = reverse("admin:merchant_request", args=[shop.pk]) + "?kind=register"
    client.post(ask, {"effective_from": "2026-11-02", "reason": "신규 신청", "document": ""})
    with city.scope():
        change = MerchantChange.objects.get()
        kept = shop.papers.get()
    boss = client_of(approver)
    shown = boss.get(reverse("admin:merchants_merchantchange_change", args=[change.pk])).text
    assert "첨부하지 않은 서류: 통장사본" in shown
    read = boss.post(reverse("admin:merchant_paper", args=[kept.pk]))
    assert b"".join(read.streaming_content) == b"%PDF-1.7 paper"
    boss.post(reverse("admin:merchant_change_approve", args=[change.pk]), {"note": "확인"})
    with city.scope():
        shop.refresh_from_db()
        assert shop.status == MerchantStatus.ACTIVE
        assert AccessRecord.objects.get().official == approver


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"annual_sales": "3000000001"}, "연매출액이 등록 기준 3,000,000,000원을 넘습니다."),
     ({"ksic_code": "56211"}, "등록 제한 업종입니다."),
     ({"business_number": "124-81-00999"}, "사업자등록번호가 올바르지 않습니다.")],
)  # fmt: skip
def test_what_may_not_be_registered_is_refused_where_it_is_entered(
    city: City, officer: Official, fields: dict[str, str], reason: str
) -> None:
    assert reason in add(client_of(officer), city, **fields)
    with city.scope():
        assert not Merchant.objects.exists()


def test_what_has_to_be_checked_is_said_and_registered(city: City, officer: Official) -> None:
    assert "체인점입니다. 가맹 형태를 확인하십시오." in add(client_of(officer), city, is_chain="on")
    with city.scope():
        assert Merchant.objects.exists()


def test_the_form_of_a_registered_shop_has_no_field_for_what_needs_approval(city: City, officer: Official) -> None:
    with city.scope():
        shop = factories.make_merchant(city, account_number="110-123-456789")
    page = client_of(officer).get(reverse("admin:merchants_merchant_change", args=[shop.pk])).text
    assert "***-***-**6789" in page
    assert "110-123-456789" not in page
    for name in ("name", "representative", "business_number", "account_number", "account_holder", "status"):
        assert f'name="{name}"' not in page
    assert 'name="address"' in page


def test_an_application_that_waits_cannot_be_written(city: City, officer: Official) -> None:
    with city.scope():
        shop = make_application(city)
        request(shop, ChangeKind.REGISTER, officer)
    page = client_of(officer).get(reverse("admin:merchants_merchant_change", args=[shop.pk])).text
    assert 'name="representative"' not in page
    assert "결재를 기다리고 있습니다" in page


def test_a_change_without_reason_is_not_returned(city: City, officer: Official, approver: Official) -> None:
    with city.scope():
        change = request(factories.make_merchant(city), ChangeKind.CLOSE, officer)
    client = client_of(approver)
    address = reverse("admin:merchant_change_return", args=[change.pk])
    assert "반려 사유를 적으십시오." in client.post(address, {"note": " "}, follow=True).text
    client.post(address, {"note": "서류를 보완하십시오."})
    with city.scope():
        change.refresh_from_db()
    assert (change.state, change.note) == ("returned", "서류를 보완하십시오.")


def test_shops_that_may_be_registered_twice_stand_on_a_page(city: City, officer: Official) -> None:
    with city.scope():
        first = factories.make_merchant(city, name="한밭 국수", account_number="110-123-456789")
        factories.make_merchant(city, name="한밭국수", account_number="110 123 456789")
        factories.make_merchant(city, name="다른 가게", business_number=first.business_number)
        factories.make_merchant(city, name="한밭국수", status=MerchantStatus.CLOSED)
        found = [(str(one.what), [shop.name for shop in one.shops]) for one in duplicates(municipality=city.code)]
    assert found == [
        ("상호와 소재지가 같음", ["한밭 국수", "한밭국수"]), ("사업자등록번호가 같음", ["한밭 국수", "다른 가게"]),
        ("정산 계좌가 같음", ["한밭 국수", "한밭국수"]),
    ]  # fmt: skip
    page = client_of(officer).get(reverse("admin:merchant_duplicates")).text
    assert page.count("정산 계좌가 같음") == 1
    assert first.code in page


def test_an_application_that_waits_offers_no_field_to_change(city: City, officer: Official) -> None:
    with city.scope():
        shop = make_application(city)
        address = reverse("admin:merchants_merchant_change", args=[shop.pk])
        assert 'name="address"' in client_of(officer).get(address).content.decode()
        request(shop, ChangeKind.REGISTER, officer)
    page = client_of(officer).get(address).content.decode()
    assert [
        name for name in ("address", "phone", "ksic_code", "category", "is_chain") if f'name="{name}"' in page
    ] == []
    assert shop.address in page
