"""전국지역화폐가맹점표준데이터 byte for byte: as a file, as JSON and as XML, for everybody and cheaply."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from xml.etree import ElementTree as ET

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from merchants.open_data.models import OpenDataMinute, PublishedShop, ShopRelease
from merchants.open_data.selectors import blocks_of
from merchants.open_data.services import KEPT, forget_addresses, publish
from merchants.registry.models import MerchantStatus
from tests import factories
from tests.factories import AT, City
from tests.factories.open_data import make_terms
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.municipalities.models import Municipality
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db

API, FILE = "/openapi/tn_pubr_public_local_bill_api", "/openapi/tn_pubr_public_local_bill_svc.csv"
DAY = business_date(AT).isoformat()


@pytest.fixture
def city() -> City:
    """Three shops, of which one is suspended, in a city of a province."""
    made = factories.make_city()
    with scope(municipalities=["41000", made.code]):
        province = Municipality.objects.create(code="41000", name="경기도", name_en="Gyeonggi-do")
        Municipality.objects.filter(pk=made.code).update(province=province)
    with made.scope():
        make_terms(made)
        factories.make_merchant(
            made, code="M000000002", name="=Café☕", phone="0311234567", address="경기도 고양시 덕양구 고양시청로 10, 1층",
            lot_address="경기도 고양시 덕양구 주교동 600", main_products="커피+빵",
        )  # fmt: skip
        factories.make_merchant(
            made, code="M000000001", name="행복 분식", phone="01012345678"
        )  # not told: it is somebody's own
        factories.make_merchant(made, code="M000000003", status=MerchantStatus.SUSPENDED)
        publish(municipality=made.code, at=AT)
    return made


def rows_of(client: Client, **asked: str) -> dict:
    return client.get(API, {"type": "json", **asked}).json()["response"]


def test_the_file_is_the_standard_byte_for_byte(city, client):
    answer = client.get(FILE)
    assert answer["Content-Type"].startswith("text/csv; charset=cp949")
    assert answer["X-Altered-Rows"] == "1"
    assert b"".join(answer.streaming_content) == (
        "가맹점명,사용가능지역화폐,시도명,시군구명,소재지도로명주소,소재지지번주소,업종명,주요상품,전화번호,데이터기준일자,제공기관코드,제공기관명\r\n"
        f"행복 분식,고양시페이,경기도,고양시,경기도 고양시 덕양구 고양시청로 10,,음식점,,,{DAY},3940000,경기도 고양시\r\n"
        '＝Cafe?,고양시페이,경기도,고양시,"경기도 고양시 덕양구 고양시청로 10, 1층",경기도 고양시 덕양구 주교동 600,음식점,커피+빵,'
        f"031-123-4567,{DAY},3940000,경기도 고양시\r\n"
    ).encode("cp949")


def test_in_utf_8_every_character_stays(city, client):
    content = b"".join(client.get(FILE, {"encoding": "utf-8", "header": "name"}).streaming_content)
    lines = content.decode("utf-8-sig").split("\r\n")
    assert content.startswith(b"\xef\xbb\xbf")
    assert lines[0].startswith(
        "AFFILIATE_NM,LOCAL_BILL,CTPV_NM,SGG_NM,LCTN_ROAD_NM_ADDR,LCTN_LOTNO_ADDR,SECTOR_NM,MAIN_PRD"
    )
    assert lines[2].startswith("＝Café☕,")


def test_json_has_the_envelope_and_the_keys(city, client):
    found = rows_of(client, numOfRows="1", pageNo="2")
    assert found["header"] == {"resultCode": "00", "resultMsg": "NORMAL_SERVICE", "type": "json"}
    body = found["body"]
    assert (body["totalCount"], body["pageNo"], body["numOfRows"]) == (2, 2, 1)
    assert body["items"] == [
        {
            "affiliateNm": "=Café☕", "localBill": "고양시페이", "ctpvNm": "경기도", "sggNm": "고양시",
            "lctnRoadNmAddr": "경기도 고양시 덕양구 고양시청로 10, 1층", "lctnLotnoAddr": "경기도 고양시 덕양구 주교동 600",
            "sectorNm": "음식점", "mainPrd": "커피+빵", "telno": "031-123-4567", "crtrYmd": DAY, "insttCode": "3940000",
            "insttNm": "경기도 고양시",
        }
    ]  # fmt: skip


def test_xml_is_the_default_and_says_the_same(city, client):
    answer = client.get(API)
    root = ET.fromstring(answer.content)  # noqa: S314 - our own
    assert answer["Content-Type"] == "application/xml; charset=utf-8"
    assert root.findtext("header/resultCode") == "00"
    assert [item.findtext("affiliateNm") for item in root.iter("item")] == ["행복 분식", "=Café☕"]
    assert [(child.tag, child.text) for child in root.find("body")[1:]] == [
        ("numOfRows", "10"), ("pageNo", "1"), ("totalCount", "2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"CTPV_NM": "경기도"}, 3), ({"CTPV_NM": "강원도"}, 0), ({"SGG_NM": "고양시"}, 2), ({"SGG_NM": "김포시"}, 1),
        ({"LOCAL_BILL": "김포시페이"}, 1), ({"instt_code": "3940000"}, 2), ({"instt_code": "4090000"}, 1), ({}, 3),
    ],
)  # fmt: skip
def test_filters_choose_municipalities(city, client, asked, count):
    other = factories.make_city(code="41570", name="김포시")
    with scope(municipalities=["41000", other.code]):
        Municipality.objects.filter(pk=other.code).update(province="41000")
    with other.scope():
        make_terms(other, institution_code="4090000", institution_name="경기도 김포시")
        factories.make_merchant(other)
        publish(municipality=other.code, at=AT)
    body = rows_of(client, **asked)["body"]
    assert (body["totalCount"], len(body["items"])) == (count, count)
    assert rows_of(client, **asked)["header"]["resultCode"] == ("00" if count else "03")


@pytest.mark.parametrize(
    "asked", [{"pageNo": "0"}, {"pageNo": "１"}, {"numOfRows": "1001"}, {"numOfRows": "-1"}, {"type": "yaml"}, {"pageNo": "9" * 30}]
)  # fmt: skip
def test_nonsense_is_refused_in_the_envelope(city, client, asked):
    answer = client.get(API, asked)
    assert answer.status_code == 400
    assert ET.fromstring(answer.content).findtext("header/resultCode") == "10"  # noqa: S314 - our own


def test_an_address_asks_so_often_a_minute_and_no_more(city, client):
    with city.scope():
        make_terms(city, valid_from="2021-01-01", requests_per_minute=2)
    codes = [client.get(API, REMOTE_ADDR="203.0.113.9").status_code for _time in range(3)]
    assert codes[:2] == [200, 200]
    assert codes[2] == 429 or OpenDataMinute.objects.get().taken == 1  # a minute may have begun in between
    assert client.get(API, REMOTE_ADDR="203.0.113.10").status_code == 200
    assert b"203.0.113" not in b"".join(bytes(row.address_hash) for row in OpenDataMinute.objects.all())
    assert forget_addresses(at=AT + timedelta(days=2)) == 2


def test_behind_a_proxy_those_who_ask_are_told_apart(city, client, settings):
    settings.TRUSTED_PROXIES = (ip_network("10.0.3.2"),)
    with city.scope():
        make_terms(city, valid_from="2021-01-01", requests_per_minute=1)
    for asks in ("203.0.113.9", "203.0.113.10"):
        answer = client.get(API, REMOTE_ADDR="10.0.3.2", headers={"X-Forwarded-For": f"192.0.2.1, {asks}"})
        assert answer.status_code == 200


def test_a_page_costs_a_handful_of_queries_however_many_shops(city, client):
    with CaptureQueriesContext(connection) as seen:
        rows_of(client)
    asked = [query["sql"] for query in seen.captured_queries]
    assert len(asked) <= 12
    assert not any("COUNT(" in sql.upper() or "OFFSET" in sql.upper() for sql in asked)


def test_what_ended_or_was_never_opened_is_not_served(city, client):
    with city.scope():
        make_terms(city, valid_from=business_date(AT), is_open=False)
        assert publish(municipality=city.code, at=AT) is None
    found = rows_of(client)
    assert (found["header"]["resultCode"], found["body"]["totalCount"]) == ("03", 0)


def test_old_releases_go_and_a_reader_never_gets_half_a_file(city):
    with city.scope():
        first = ShopRelease.objects.get()
    lines = blocks_of(first)
    for _time in range(KEPT):
        publish(municipality=city.code, at=AT)
    with city.scope():
        assert ShopRelease.objects.count() == KEPT
        assert not PublishedShop.objects.filter(release=first.pk).exists()
    with pytest.raises(LookupError):
        next(lines)


def test_officials_see_what_is_public_and_make_it_anew(city, client):
    with city.scope():
        client.force_login(factories.make_official(city, Role.MERCHANT_OFFICER))
    shown = client.get(reverse("admin:open_data")).content.decode()
    assert "3940000" in shown
    assert "é☕" in shown  # what the file cannot say
    answer = client.post(reverse("admin:open_data_publish"), {"municipality": city.code}, follow=True)
    assert "공개본을 새로 만들고 있습니다" in answer.content.decode()
