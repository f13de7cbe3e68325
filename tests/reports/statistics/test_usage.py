"""업종·연령·성별·읍면동별 이용 현황: five ways of looking at one total, which is the ledger's."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reports.statistics import usage
from reports.statistics.definitions import month_after
from tests import factories
from tests.reports.statistics.world import LAST, THIS, World, make_world, transferred
from vouchers.ledger.services import call
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def lines_of(world: World) -> dict[str, dict[str, tuple]]:
    with world.city.scope():
        content = usage.REPORT.content(world.asked())
    return {table.title: {row.values[0]: row.values[1:5] for row in table.rows} for table in content.tables}


def test_everybody_stands_in_their_group(world):
    found = lines_of(world)
    assert found["연령별"] == {
        "20대": (1, 40_000, 0, 40_000), "40대": (1, 5_000, 0, 5_000), "70대 이상": (1, 20_000, 8_000, 12_000),
    }  # fmt: skip
    assert {name: line[0] for name, line in found["성별"].items()} == {"남성": 1, "여성": 1, "미확인": 1}
    assert {name: line[-1] for name, line in found["이용자 읍면동별"].items()} == {
        "주교동": 40_000, "원신동": 12_000, "미확인": 5_000,
    }  # fmt: skip
    assert {name: line[-1] for name, line in found["가맹점 읍면동별"].items()} == {"주교동": 45_000, "원신동": 12_000}
    assert sorted(line[-1] for line in found["업종별"].values()) == [12_000, 45_000]


def test_every_table_has_the_ledgers_total(world):
    with world.city.scope():
        content = usage.REPORT.content(world.asked())
        paid = transferred(world.city, "pay", debit="wallet", credit="merchant_pending")
        back = transferred(world.city, "refund", debit="merchant_pending", credit="wallet")
    assert content.control.value == paid - back == 57_000
    assert {table.total[1:5] for table in content.tables} == {(3, paid, back, paid - back)}


def test_a_corporation_is_no_person(world):
    with world.city.scope():
        partner = factories.make_partner(world.city)
        wallet = factories.corporate_wallet(world.city, partner)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM vouchers_wallet WHERE id = %s AND citizen_id IS NULL", [wallet])
            assert cursor.fetchone()
        found = [usage.Used("age", "firm", 1, 100, 0), usage.Used("sex", "firm", 1, 100, 0)]
        tables = {table.title: table for table in usage.tell(world.asked(), {LAST: found}).tables}
    assert tables["연령별"].rows[0].values[0] == tables["성별"].rows[0].values[0] == "법인"


def test_a_month_reads_the_partitions_around_it_alone(world):
    with world.city.scope(), CaptureQueriesContext(connection) as seen:
        call("ledger.ensure_partitions", month_after(THIS, -5), month_after(THIS, 1))
        usage.REPORT.read(world.asked(), LAST)
        (asked,) = [query["sql"] for query in seen.captured_queries if "GROUPING SETS" in query["sql"]]
        paid = re.search(r"SELECT wallet_id, merchant_id, count.*?GROUP BY 1, 2", asked, re.DOTALL)[0]
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (COSTS OFF) " + paid)
            plan = "\n".join(line for (line,) in cursor.fetchall())
    read = set(re.findall(r"vouchers_payment_(\d{4}_\d{2})", plan))
    assert read == {f"{month_after(LAST, number):%Y_%m}" for number in (-1, 0, 1)}


def test_a_long_period_is_issued_and_not_waited_for(world, client):
    with world.city.scope():
        client.force_login(factories.make_official(world.city, Role.SETTLEMENT_OFFICER))
    first = month_after(THIS, -3)
    shown = client.get(reverse("admin:report_usage"), {"first": f"{first:%Y-%m}", "last": f"{THIS:%Y-%m}"})
    assert "3개월까지" in shown.content.decode()
    assert shown.context["content"] is None
