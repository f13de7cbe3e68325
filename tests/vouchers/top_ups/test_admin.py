"""What officials see of purchases, and how a payer pays refunds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.factories import AT
from tests.factories.top_ups import buy, make_discount, write_of
from vouchers.common.scope import set_local
from vouchers.officials.rules import Role
from vouchers.privacy.models import AccessRecord
from vouchers.top_ups import services
from vouchers.top_ups.models import TopUp, TopUpRefund
from vouchers.top_ups.selectors import RefundAccount

pytestmark = pytest.mark.django_db

LIST = reverse("admin:vouchers_topuprefund_changelist")


@pytest.fixture
def city():
    city = factories.make_city()
    with city.scope():
        factories.make_purchase_limit(city)
        make_discount(city)
        yield city


def client_of(city, role):
    official = factories.make_official(city, role)
    client = Client()
    set_local(official=str(official.pk))
    client.force_login(official)
    return client


@pytest.fixture
def refund(city):
    partner, citizen = factories.make_partner(city), factories.make_citizen(city, name="홍길동")
    bought = buy(partner, factories.wallet_of(citizen).pk, 100_000)
    services.cancel(
        write=write_of(partner), top_up=bought.id, account=RefundAccount("088", "110123456789", "=홍길동"),
        at=AT + timedelta(hours=1),
    )  # fmt: skip
    return TopUpRefund.objects.get()


def test_a_top_up_shows_its_payers_and_movements_and_no_name(city, refund):
    client = client_of(city, Role.APPROVER)
    page = client.get(reverse("admin:vouchers_topup_change", args=[TopUp.objects.get().pk])).content.decode()
    assert "10,000원" in page
    assert "충전 재원" in page
    assert "충전 취소" in page
    assert "홍길동" not in page
    listed = client.get(reverse("admin:vouchers_topup_changelist")).content.decode()
    assert "90,000원" in listed
    assert "홍길동" not in listed


def test_a_payer_makes_the_file_downloads_it_with_a_reason_and_confirms(city, refund):
    client = client_of(city, Role.PAYER)
    before = client.get(LIST).content.decode()
    assert "110123456789" not in before
    assert "지급을 기다리는 환불이 1건, 90,000원입니다." in before
    client.post(reverse("admin:refund_begin"))
    address = reverse("admin:refund_file", args=[refund.pk])
    assert client.post(address, {"reason": ""}).status_code == 302
    file = client.post(address, {"reason": "11월 환불 이체"})
    assert file["Content-Type"] == "text/csv; charset=cp949"
    lines = file.content.decode("cp949").splitlines()
    assert lines[0] == "은행코드,계좌번호,이체금액,받는분통장표시,내통장메모"
    assert lines[1].startswith("088,110123456789,90000,'=홍길동,청약철회 ")
    assert AccessRecord.objects.get(action="download").count == 1
    client.post(reverse("admin:refund_finish", args=[refund.pk]))
    refund.refresh_from_db()
    assert refund.paid_at is not None
    assert "지급 완료" in client.get(LIST).content.decode()
    assert client.post(address, {"reason": "다시 내려받기"}).status_code == 302  # nothing is left to pay


def test_what_the_bank_could_not_pay_waits_for_the_next_file(city, refund):
    client = client_of(city, Role.PAYER)
    client.post(reverse("admin:refund_begin"))
    page = reverse("admin:vouchers_topuprefund_change", args=[refund.pk])
    assert "이체 파일에서 빼기" in client.get(page).content.decode()
    client.post(reverse("admin:refund_return", args=[refund.pk]))
    assert "지급 대기" in client.get(page).content.decode()
    refund.refresh_from_db()
    assert refund.payout_id is None


def test_who_may_not_pay_sees_no_button(city, refund):
    client = client_of(city, Role.APPROVER)
    assert "이체 파일 만들기" not in client.get(LIST).content.decode()
    assert client.post(reverse("admin:refund_begin")).status_code == 403


@pytest.mark.parametrize("stage", ["waiting", "sent", "paid"])
def test_the_list_can_be_narrowed(city, refund, stage):
    client = client_of(city, Role.PAYER)
    page = client.get(LIST, {"stage": stage}).content.decode()
    assert (str(refund.pk) in page) == (stage == "waiting")


RULES = reverse("admin:vouchers_autotopup_changelist")


@pytest.fixture
def rule(city):
    wallet = factories.wallet_of(factories.make_citizen(city, name="홍길동", phone="01012345678"))
    rule = services.set_auto(
        write=write_of(factories.make_partner(city)), wallet=wallet.pk, amount=20_000, threshold=10_000,
        day_of_month=None, at=AT,
    )  # fmt: skip
    for hours in range(4):
        services.run_rules(municipality=city.code, at=AT + timedelta(hours=hours))
    return rule


def test_a_rule_is_found_by_its_member_and_says_why_it_paused(city, rule):
    client = client_of(city, Role.AUDITOR)
    citizen = rule.wallet.citizen
    for asked in ("홍길", "5678", str(rule.wallet_id), str(citizen.pk)):
        page = client.get(RULES, {"q": asked}).content.decode()
        assert "잔액 10,000원 미만" in page, asked
    assert "연속 3회 실패" in page
    assert "입금 기한까지 입금되지 않음" in page
    assert "일시 정지" in page
    assert "홍길동" not in page
    for asked in ("김", "1234", str(rule.pk)):
        assert "10,000원 미만" not in client.get(RULES, {"q": asked}).content.decode()
    assert "10,000원 미만" not in client.get(RULES, {"state__exact": "active"}).content.decode()


def test_the_pages_of_member_and_wallet_lead_to_its_rules(city, rule):
    client = client_of(city, Role.AUDITOR)
    for name, row in (("citizen", rule.wallet.citizen), ("wallet", rule.wallet)):
        page = client.get(reverse(f"admin:vouchers_{name}_change", args=[row.pk])).content.decode()
        address = f"{RULES}?q={row.pk}&amp;municipality={city.code}"
        assert address in page
        assert str(rule.pk) in client.get(address.replace("&amp;", "&")).content.decode()


def test_an_administrator_stops_a_rule_and_the_page_tells_who_and_why(city, rule):
    client = client_of(city, Role.ADMINISTRATOR)
    page, stop = (
        reverse(f"admin:{name}", args=[rule.pk]) for name in ("vouchers_autotopup_change", "auto_top_up_stop")
    )
    assert stop in client.get(page).content.decode()
    assert "사유를 5자 이상" in client.post(stop, {"reason": "요청"}, follow=True).content.decode()
    told = client.post(stop, {"reason": "회원이 전화로 요청"}, follow=True).content.decode()
    assert "자동충전을 해지했습니다." in told
    assert "담당 공무원이 해지: 회원이 전화로 요청" in told
    assert stop not in told
    assert "이미 해지된 자동충전입니다." in client.post(stop, {"reason": "다시 한 번"}, follow=True).content.decode()
    assert stop not in client_of(city, Role.AUDITOR).get(page).content.decode()


def test_the_list_of_rules_takes_few_queries(city, rule, django_assert_max_num_queries):
    client = client_of(city, Role.AUDITOR)
    with django_assert_max_num_queries(20):
        client.get(RULES)
