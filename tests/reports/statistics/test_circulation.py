"""발행·판매·환전 현황: the report, its screen and its workbook say what the ledger's transfers say, to the won."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from reports.statistics import circulation
from reports.statistics.definitions import month_after
from tests import factories
from tests.reports.statistics.world import LAST, THIS, World, make_world, on, transferred
from vouchers.common.seoul import business_date
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def officer(world, client) -> Client:
    with world.city.scope():
        client.force_login(factories.make_official(world.city, Role.SETTLEMENT_OFFICER))
    return client


def total_of(world: World, **chosen: str) -> tuple:
    with world.city.scope():
        (table,) = circulation.REPORT.content(world.asked(**chosen)).tables
    return table.total[1:-1]


def test_a_month_is_what_an_accountant_would_add_up(world):
    # 정책수당, 판매, 인센티브, 포인트, 발행액, 판매 취소·환불, 결제 건수, 결제액, 결제 취소액, 환전액
    assert total_of(world) == (157_000, 40_000, 4_000, 0, 201_000, 10_000, 3, 65_000, 8_000, 57_000)


def test_every_figure_is_the_ledgers_to_the_won(world):
    with world.city.scope():
        grants = transferred(world.city, "disburse", credit="wallet") + transferred(
            world.city, "claim", credit="wallet"
        )
        sold = transferred(world.city, "top_up", credit="wallet", lot="purchase")
        incentives = transferred(world.city, "top_up", debit="benefit", credit="wallet")
        expected = (
            grants, sold, incentives, transferred(world.city, "points", credit="wallet"), grants + sold + incentives,
            transferred(world.city, "top_up_cancel", credit="refund_payable"), 3,
            transferred(world.city, "pay", debit="wallet", credit="merchant_pending"),
            transferred(world.city, "refund", debit="merchant_pending", credit="wallet"),
            transferred(world.city, "settle", debit="merchant_pending", credit="merchant_settled"),
        )  # fmt: skip
    assert total_of(world) == expected


def test_days_add_up_to_their_month(world):
    assert total_of(world, unit="day") == total_of(world, unit="month")
    with world.city.scope():
        (table,) = circulation.REPORT.content(world.asked(unit="day")).tables
    assert [row.values[0] for row in table.rows][:2] == [business_date(on(2)), business_date(on(3))]


def test_another_currency_and_another_city_have_none_of_it(world):
    other = factories.make_city(code="41570", name="김포시")
    assert total_of(world, currency=str(other.currency.pk)) == (0,) * 10
    with other.scope():
        assert circulation.REPORT.content(world.asked()).is_empty
    assert total_of(world, currency=str(world.city.currency.pk)) == total_of(world)


def test_the_screen_and_the_workbook_say_the_same(world, officer):
    asked = {"first": f"{LAST:%Y-%m}", "last": f"{LAST:%Y-%m}", "unit": "month"}
    shown = officer.get(reverse("admin:report_circulation"), asked).content.decode()
    assert "201,000원" in shown
    assert "142.5%" in shown  # 57,000 of 40,000
    file = officer.get(reverse("admin:report_circulation"), asked | {"as": "xlsx"})
    rows = CalamineWorkbook.from_filelike(BytesIO(file.content)).get_sheet_by_index(0).to_python()
    assert tuple(rows[-1][1:-1]) == total_of(world)
    assert rows[-1][-1] == 57_000 / 40_000
    assert rows[-2][0] == LAST  # a real date


def test_it_begins_with_this_month_and_says_what_to_do_when_nothing_happened(world, officer):
    shown = officer.get(reverse("admin:report_circulation"), {"first": "2020-01", "last": "2020-01"})
    assert "기간을 넓혀" in shown.content.decode()
    assert officer.get(reverse("admin:report_circulation")).context["asked"].first == THIS


def test_a_period_is_turned_round_or_cut_with_a_word_and_nonsense_is_not_found(world, officer):
    address = reverse("admin:report_circulation")
    turned = officer.get(address, {"first": f"{THIS:%Y-%m}", "last": f"{LAST:%Y-%m}"})
    assert (turned.context["asked"].first, turned.context["asked"].last) == (LAST, THIS)
    cut = officer.get(address, {"first": "2001-01", "last": f"{THIS:%Y-%m}"})
    assert len(cut.context["asked"].months) == 12
    assert "12개월까지" in cut.content.decode()
    wrong = [{"first": text} for text in ("2026-13", "x", "0001-01", "2026-01-01")]
    for said in [*wrong, {"municipality": "11110"}, {"unit": "hour"}, {"currency": "x"}]:
        assert officer.get(address, said).status_code == 404, said


def test_the_months_of_a_year_stand_one_after_the_other(world):
    with world.city.scope():
        (table,) = circulation.REPORT.content(world.asked(first=month_after(LAST, -11))).tables
    assert [row.values[0] for row in table.rows] == [month_after(LAST, number) for number in range(-11, 1)]
    assert all(isinstance(row.values[0], date) for row in table.rows)
