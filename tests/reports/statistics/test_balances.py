"""미사용잔액 및 소멸 현황: what wallets held at the end of each period is what their lots and the daily sums say."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import Sum

from reports.statistics import balances
from reports.statistics.definitions import month_after
from reports.statistics.errors import ReportDiffersFromLedger
from reports.statistics.movements import in_wallets
from reports.statistics.rules import Content
from tests.reports.statistics.world import LAST, THIS, World, make_world, transferred
from vouchers.ledger.models import Lot

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def content_of(world: World, **chosen: str) -> Content:
    with world.city.scope():
        return balances.REPORT.content(world.asked(**chosen))


def test_a_month_is_what_an_accountant_would_add_up(world):
    balance, by_kind = content_of(world).tables
    # 기초, 발행, 취소 환원, 결제, 판매 취소, 소멸, 환수, 기말: of 7,000 that expired nothing had been spent but 7,000 of
    # the 20,000 that were paid soonest-expiry first, and 8,000 came back to the lots that had paid
    opening, issued, restored, paid, back, expired, taken, left = balance.total[1:]
    assert (opening, issued, restored, paid, back) == (0, 201_000, 8_000, 65_000, 10_000)
    assert left == opening + issued + restored - paid - back - expired - taken
    assert by_kind.total[1:3] == (201_000, expired)


def test_every_figure_is_the_ledgers_to_the_won(world):
    balance, _by_kind = content_of(world).tables
    with world.city.scope(), connection.cursor() as cursor:
        held = Lot.objects.aggregate(held=Sum("remaining"))["held"]
        cursor.execute(
            "SELECT sum(balance)::bigint FROM vouchers_dailysum WHERE kind = 'wallet' AND business_date = %s",
            [world.asked().last_day],
        )
        assert balance.total[-1] == held == cursor.fetchone()[0]
        assert balance.total[6] == transferred(world.city, "expire", debit="wallet")
        assert balance.total[5] == transferred(world.city, "top_up_cancel", debit="wallet", lot="purchase")
        assert balance.total[3] == transferred(world.city, "refund", credit="wallet")


def test_days_lead_from_the_first_balance_to_the_last(world):
    monthly, daily = content_of(world).tables[0], content_of(world, unit="day").tables[0]
    assert daily.total[1:] == monthly.total[1:]
    for before, after in zip(daily.rows, daily.rows[1:], strict=False):
        assert after.values[1] == before.values[-1]


def test_a_month_begins_with_what_the_last_one_left(world):
    left = content_of(world).tables[0].total[-1]
    with world.city.scope():
        (row,) = balances.REPORT.content(world.asked(first=THIS, last=THIS)).tables[0].rows
        assert row.values[1] == left
        ago = {"municipality": world.city.code, "currency": None}
        assert in_wallets(**ago, before=month_after(LAST, -5)) == 0
        assert in_wallets(**ago, before=THIS) == left


def test_a_report_that_differs_from_the_daily_sums_is_refused(world, monkeypatch):
    monkeypatch.setattr(balances, "summed_up", lambda **_asked: 1)
    with pytest.raises(ReportDiffersFromLedger):
        content_of(world)
