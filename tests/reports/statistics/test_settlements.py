"""가맹점 정산내역서: the settlement lines of closed days, by 읍면동 and shop by shop, with the same total."""

from __future__ import annotations

import pytest
from django.db.models import Sum

from merchants.settlement.models import DayClose
from reports.statistics import settlements
from reports.statistics.rules import Table
from tests.reports.statistics.world import World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def table_of(world: World, **chosen: str) -> Table:
    with world.city.scope():
        (table,) = settlements.REPORT.content(world.asked(**chosen)).tables
    return table


def test_districts_and_shops_have_the_total_of_the_day_closes(world):
    # 정산 건수, 결제 건수, 결제액, 결제 취소액, 수시 환전액, 수수료, 조정액, 이월 증감, 정산금액
    districts, shops = table_of(world), table_of(world, unit="shop")
    assert {row.values[0]: row.values[2:] for row in districts.rows} == {
        "주교동": (2, 45_000, 0, 0, 0, 0, 0, 45_000), "원신동": (1, 20_000, 8_000, 0, 0, 0, 0, 12_000),
    }  # fmt: skip
    assert [row.values[5:] for row in shops.rows] == [row.values[2:] for row in districts.rows]
    assert districts.total[1:] == shops.total[4:]
    with world.city.scope():
        closed = DayClose.objects.aggregate(Sum("paid"), Sum("refunded"), Sum("exchanged"), Sum("payable"))
    assert closed == {
        "paid__sum": 65_000, "refunded__sum": 8_000, "exchanged__sum": 0, "payable__sum": districts.total[-1],
    }  # fmt: skip


def test_one_district_has_its_shops_alone(world):
    chosen = {"unit": "shop", "dong": str(world.shops[1].dong_id)}
    (row,) = table_of(world, **chosen).rows
    assert row.values[0] == world.shops[1].code
    assert row.values[2][3] == row.values[2][6] == "-"
