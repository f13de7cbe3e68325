"""가맹점 등록·취소 현황: what was applied to shops, on the day from which it counts."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db.models import Count

from merchants.registry import services
from merchants.registry.models import ChangeKind, Merchant, MerchantStatus
from reports.statistics import shops
from reports.statistics.definitions import Asked, month_after
from reports.statistics.rules import Content
from tests import factories
from tests.factories import City
from tests.factories.shops import acting, make_standard, request
from tests.reports.statistics.world import LAST, THIS, on
from vouchers.common.seoul import business_date
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    """Two shops from before, two of last month; one was suspended and taken up again, one cancelled, one closed."""
    made = factories.make_city()
    with made.scope():
        make_standard(made)
        old = [factories.make_merchant(made), factories.make_merchant(made, category_id="cafe")]
        new = [factories.make_merchant(made, registered_on=business_date(on(3))) for _ in range(2)]
        factories.make_merchant(made, status=MerchantStatus.APPLIED)
        change(made, old[0], ChangeKind.SUSPEND, on(5))
        change(made, old[0], ChangeKind.RESUME, on(9))
        change(made, old[1], ChangeKind.CANCEL, on(10))
        change(made, new[0], ChangeKind.CLOSE, on(11))
    return made


def change(city: City, shop: Merchant, kind: ChangeKind, at: datetime) -> None:
    """Entered, approved and applied on that day."""
    officer, approver = (
        factories.make_official(city, Role.MERCHANT_OFFICER),
        factories.make_official(city, Role.APPROVER),
    )
    shop.refresh_from_db()
    asked = request(shop, kind, officer, day=business_date(at), **acting(officer, at))
    services.approve(change=asked, **acting(approver, at))


def content_of(city: City, first=LAST, last=LAST) -> Content:
    with city.scope():
        return shops.REPORT.content(Asked(municipality=city.code, first=first, last=last))


def test_a_month_counts_what_happened_in_it(city):
    months, categories, dongs = content_of(city).tables
    # 등록, 등록정지, 정지 해제, 등록취소, 폐업, 기말
    assert months.total[1:] == (2, 1, 1, 1, 1, 2)
    assert categories.total[1:] == dongs.total[1:] == months.total[1:]
    assert len(categories.rows) == 2


def test_what_is_left_is_what_the_registry_has(city):
    with city.scope():
        states = dict(Merchant.objects.values_list("status").annotate(Count("id")))
    assert content_of(city).control.value == states["active"] + states.get("suspended", 0)


def test_a_shop_counts_until_the_day_it_ended_and_not_before_it_came(city):
    months = content_of(city, first=month_after(LAST, -1), last=THIS).tables[0]
    assert [row.values[-1] for row in months.rows] == [2, 2, 2]
    assert [row.values[1] for row in months.rows] == [0, 2, 0]
    assert months.total[-1] == 2


def test_another_city_sees_none_of_it(city):
    other = factories.make_city(code="41570", name="김포시")
    with other.scope():
        assert shops.REPORT.content(Asked(municipality=city.code, first=LAST, last=LAST)).is_empty
