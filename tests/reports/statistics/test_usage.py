"""업종·연령·성별·읍면동별 이용 현황: five ways of looking at one total, which is the ledger's."""

from __future__ import annotations

import pytest

from reports.dashboard.models import Dimension
from reports.statistics import usage
from reports.statistics.movements import Sum
from tests.reports.statistics.world import LAST, World, make_world, transferred

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
        found = [Sum(by, "pay", "corporation", 1, 100) for by in (Dimension.AGE, Dimension.SEX)]
        tables = {table.title: table for table in usage.tell(world.asked(), {LAST: found}).tables}
    assert tables["연령별"].rows[0].values[0] == tables["성별"].rows[0].values[0] == "법인"
