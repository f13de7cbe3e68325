"""Many applications at once: submitted by one official, approved by another, and each that something stands against left."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from merchants.registry import registrations, services
from merchants.registry.errors import TooManyAtOnce
from merchants.registry.models import ChangeKind, ChangeState, Merchant, MerchantChange, MerchantStatus
from tests import factories
from tests.factories import City
from tests.factories.shops import TODAY, acting, make_application, make_standard, request
from vouchers.common.models import uuid7
from vouchers.common.scope import set_local
from vouchers.officials.models import Official
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db
DAY = TODAY.resolution


@pytest.fixture
def city():
    made = factories.make_city()
    with made.scope():
        make_standard(made)
        yield made


@pytest.fixture
def officer(city: City) -> Official:
    return factories.make_official(city, Role.MERCHANT_OFFICER)


@pytest.fixture
def approver(city: City) -> Official:
    return factories.make_official(city, Role.APPROVER)


def applications(city: City, count: int, **fields: Any) -> list[Merchant]:
    """Applications of shops in different places."""
    return [make_application(city, **({"address": f"행주로 {number}"} | fields)) for number in range(count)]


def submitted(shops: list[Merchant], officer: Official, **fields: Any) -> registrations.Done:
    said = {"effective_from": TODAY, "reason": "서류 검토 완료", "document": ""} | fields
    return registrations.submit(shops=[shop.pk for shop in shops], **said, **acting(officer))


def waiting(shops: list[Merchant]) -> list[UUID]:
    return list(MerchantChange.objects.filter(merchant__in=shops, state="waiting").values_list("pk", flat=True))


def approved(shops: list[Merchant], approver: Official) -> registrations.Done:
    return registrations.approve(changes=waiting(shops), note="일괄", **acting(approver))


def reasons(done: registrations.Done) -> dict[str, str]:
    return {one.shop.name: " ".join(map(str, one.refused)) for one in done.left}


def test_applications_become_shops_when_another_person_approves_them_together(city, officer, approver) -> None:
    shops = applications(city, 3, entered_by=officer)
    assert submitted(shops, officer) == (3, [])
    assert approved(shops, approver) == (3, [])
    for shop in Merchant.objects.filter(pk__in=[shop.pk for shop in shops]):
        assert (shop.status, shop.registered_on) == (MerchantStatus.ACTIVE, TODAY)
        assert (shop.history.latest("history_id").status, shop.history.latest("history_id").history_user) == (
            MerchantStatus.ACTIVE,
            approver,
        )
        change = shop.changes.get()
        assert (change.entered_by, change.decided_by, change.note) == (officer, approver, "일괄")


def test_what_begins_later_is_approved_and_waits_for_its_day(city, officer, approver) -> None:
    shops = applications(city, 2)
    submitted(shops, officer, effective_from=TODAY + DAY)
    assert approved(shops, approver).taken == 2
    assert set(MerchantChange.objects.filter(merchant__in=shops).values_list("state", "applied_at")) == {
        (ChangeState.APPROVED, None)
    }
    assert Merchant.objects.filter(pk__in=[shop.pk for shop in shops], status=MerchantStatus.APPLIED).count() == 2


def test_what_may_not_be_registered_is_left_with_its_reason(city, officer, approver) -> None:
    gone = factories.make_merchant(city, business_number="1248100998")
    cancelled = request(gone, ChangeKind.CANCEL, officer)
    services.approve(change=cancelled, **acting(approver))
    factories.make_merchant(city, name="한밭 국수", address="덕양로 1")
    barred, refused, twice, good = (
        make_application(city, name="돌아온 가게", business_number="1248100998", address="덕양로 2"),
        make_application(city, name="복권방", ksic_code="91241", address="덕양로 3"),
        make_application(city, name="한밭국수", address="덕양로1"),
        make_application(city, name="좋은 가게", ksic_code="47830", address="덕양로 4"),
    )
    done = submitted([barred, refused, twice, good], officer)
    assert done.taken == 1
    told = reasons(done)
    assert "다시 등록할 수 없습니다" in told["돌아온 가게"]
    assert told["복권방"] == "업종코드 91241: 등록 제한 업종입니다."
    assert "한밭 국수" in told["한밭국수"]
    (seen,) = registrations.to_approve(
        changes=waiting([good]), official=approver, authority=acting(approver)["authority"]
    )
    assert [str(said) for said in seen.noted] == [
        "업종코드 47830: 등록 전에 확인할 업종입니다.", "첨부하지 않은 서류: 사업자등록증, 통장사본",
    ]  # fmt: skip


def test_everything_is_measured_again_when_it_is_approved(city, officer, approver) -> None:
    small, large = applications(city, 2)
    Merchant.objects.filter(pk=large.pk).update(annual_sales=2_000_000_000)
    submitted([small, large], officer)
    make_standard(city, valid_from=TODAY - DAY, annual_sales_cap=1_000_000_000)
    done = approved([small, large], approver)
    assert (done.taken, [one.shop for one in done.left]) == (1, [large])
    assert MerchantChange.objects.get(merchant=large).state == ChangeState.WAITING


def test_nobody_approves_what_they_entered_or_submitted(city, approver) -> None:
    both = factories.make_official(city, Role.MERCHANT_OFFICER, Role.APPROVER)
    mine, submitted_by_me, good = applications(city, 3)
    Merchant.objects.filter(pk=mine.pk).update(entered_by=both)
    officer = factories.make_official(city, Role.MERCHANT_OFFICER)
    submitted([mine, good], officer)
    submitted([submitted_by_me], both)
    done = approved([mine, submitted_by_me, good], both)
    assert (done.taken, {one.shop for one in done.left}) == (1, {mine, submitted_by_me})
    assert approved([mine, submitted_by_me], approver).taken == 2


def test_only_waiting_registrations_are_approved_together(city, officer, approver) -> None:
    suspension = request(factories.make_merchant(city), ChangeKind.SUSPEND, officer)
    (shop,) = applications(city, 1)
    submitted([shop], officer)
    (registration,) = waiting([shop])
    assert approved([shop], approver).taken == 1
    done = registrations.approve(changes=[suspension.pk, registration], **acting(approver))
    assert (done.taken, len(done.left)) == (0, 2)


def test_only_applications_are_submitted_and_each_once(city, officer) -> None:
    (shop,) = applications(city, 1)
    assert submitted([shop, factories.make_merchant(city)], officer).taken == 1
    done = submitted([shop], officer)
    assert (done.taken, [str(said) for said in done.left[0].refused]) == (0, ["이미 결재를 올렸습니다."])


def test_without_the_right_nothing_is_taken(city, officer, approver) -> None:
    shops = applications(city, 1)
    assert submitted(shops, approver).taken == 0
    submitted(shops, officer)
    assert approved(shops, officer).taken == 0


def test_another_city_has_its_own_shops_and_bars(city, officer) -> None:
    other = factories.make_city(code="41570", name="김포시")
    with other.scope():
        (theirs,) = applications(other, 1)
    assert submitted([theirs], officer) == (0, [])


def test_more_than_a_page_shows_is_refused(city, officer, approver) -> None:
    keys = [uuid7() for _ in range(registrations.MOST_AT_ONCE + 1)]
    with pytest.raises(TooManyAtOnce):
        registrations.approve(changes=keys, **acting(approver))
    with pytest.raises(TooManyAtOnce):
        registrations.submit(shops=keys, effective_from=TODAY, reason="", document="", **acting(officer))


def test_the_number_of_statements_does_not_grow_with_the_number_of_shops(city, officer, approver) -> None:
    counts = []
    for count in (2, 12):
        shops = applications(city, count, business_number=f"{count:010d}")
        with CaptureQueriesContext(connection) as seen:
            assert submitted(shops, officer).taken == count
            assert approved(shops, approver).taken == count
        counts.append(len(seen))
    assert counts[0] == counts[1]


def client_of(official: Official) -> Client:
    client = Client()
    set_local(official=str(official.pk))
    client.force_login(official)
    return client


def test_an_official_chooses_in_the_list_sees_what_will_happen_and_does_it(city, officer, approver) -> None:
    good, bad = applications(city, 2)
    Merchant.objects.filter(pk=bad.pk).update(ksic_code="91241")
    listed, chosen = reverse("admin:merchants_merchant_changelist"), [str(good.pk), str(bad.pk)]
    desk = client_of(officer)
    shown = desk.post(listed, {"action": "submit_together", "_selected_action": chosen}).text
    assert "1건 결재 올리기" in shown
    assert "업종코드 91241: 등록 제한 업종입니다." in shown
    assert f'value="{bad.pk}"' not in shown
    submit = reverse("admin:merchants_submit")
    assert desk.post(submit, {"key": str(good.pk), "effective_from": f"{TODAY}"}).status_code == 422
    said = {"key": str(good.pk), "effective_from": f"{TODAY}", "reason": "검토 완료"}
    assert "등록 신청 1건의 결재를 올렸습니다." in desk.post(submit, said, follow=True).text
    boss, (change,) = client_of(approver), waiting([good])
    changes = reverse("admin:merchants_merchantchange_changelist")
    shown = boss.post(changes, {"action": "approve_together", "_selected_action": [str(change)]}).text
    assert "1건 승인" in shown
    told = boss.post(reverse("admin:merchant_changes_approve"), {"key": str(change)}, follow=True).text
    assert "등록 신청 1건을 승인했습니다." in told
    again = boss.post(reverse("admin:merchant_changes_approve"), {"key": str(change)}, follow=True).text
    assert "그사이 달라져 처리하지 않은 신청이 1건 있습니다." in again
    assert boss.post(reverse("admin:merchant_changes_approve"), {"key": "x"}).status_code == 404
    with city.scope():
        assert Merchant.objects.get(pk=good.pk).status == MerchantStatus.ACTIVE


def test_the_action_is_offered_to_who_may(city, officer, approver) -> None:
    changes = reverse("admin:merchants_merchantchange_changelist")
    request(factories.make_merchant(city), ChangeKind.SUSPEND, officer)
    assert "approve_together" in client_of(approver).get(changes).text
    assert "approve_together" not in client_of(officer).get(changes).text
