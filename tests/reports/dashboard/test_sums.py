"""The dashboard's sums: worked out by hand, exact after cancellations and at midnight, and never another city's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from reports.dashboard.models import DaySum, SummedDay
from reports.dashboard.rules import period_of
from reports.dashboard.selectors import Asked, breakdown, municipalities_due, summed_at, totals
from tests import factories
from tests.factories import City
from tests.reports.dashboard.history import LAST_WEEK, NOON, TODAY, YESTERDAY, close, make_history, on, sum_up
from vouchers.common.models import uuid7
from vouchers.ledger.audit import INVARIANTS
from vouchers.ledger.services import call
from vouchers.payments.models import Payment

pytestmark = pytest.mark.django_db
RULE = next(rule for rule in INVARIANTS if rule.name == "day_sums_follow_ledger")


@pytest.fixture
def city() -> Any:
    made = make_history()
    with made.scope():
        yield made


def rows(dimension: str, day: Any = TODAY) -> dict[tuple[str, str], tuple[int, int, int]]:
    found = DaySum.objects.filter(dimension=dimension, business_date=day)
    return {(row.event, row.value): (row.movements, row.amount, row.holding) for row in found}


def difference() -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(RULE.sql)
        return cursor.fetchone()


def test_a_day_by_ten_minutes_category_dong_and_age(city: City) -> None:
    sum_up(city)
    assert rows("day") == {("pay", ""): (2, 10_000, -10_000), ("refund", ""): (1, 4_000, 4_000)}
    assert rows("slot") == {
        ("pay", "00:00"): (1, 3_000, -3_000), ("pay", "09:00"): (1, 7_000, -7_000), ("refund", "11:00"): (1, 4_000, 4_000),
    }  # fmt: skip
    assert rows("slot", YESTERDAY) == {("pay", "23:50"): (1, 20_000, -20_000)}
    assert rows("category") == {
        ("pay", "restaurant"): (1, 3_000, -3_000), ("pay", "convenience"): (1, 7_000, -7_000),
        ("refund", "restaurant"): (1, 4_000, 4_000),
    }  # fmt: skip
    assert rows("dong") == {
        ("pay", str(city.dong.pk)): (1, 3_000, -3_000), ("pay", ""): (1, 7_000, -7_000),
        ("refund", str(city.dong.pk)): (1, 4_000, 4_000),
    }  # fmt: skip
    # twenty next month is still nineteen
    assert rows("age") == {
        ("pay", "40"): (1, 3_000, -3_000), ("pay", "10"): (1, 7_000, -7_000), ("refund", "40"): (1, 4_000, 4_000),
    }  # fmt: skip
    assert rows("day", TODAY - timedelta(days=8)) == {("disburse", ""): (2, 100_000, 100_000)}


def test_summing_up_again_changes_nothing_and_follows_what_comes(city: City) -> None:
    sum_up(city)
    before = list(DaySum.objects.order_by("dimension", "business_date", "event", "value").values_list())
    assert sum_up(city) == [YESTERDAY, TODAY]
    assert list(DaySum.objects.order_by("dimension", "business_date", "event", "value").values_list()) == before
    shop = Payment.objects.order_by("id").first().merchant
    shop.category_id = "cafe"
    shop.save()
    sum_up(city)
    assert ("pay", "restaurant") not in rows("category")
    assert rows("category")["pay", "cafe"] == (1, 3_000, -3_000)


def test_a_closed_day_is_summed_up_once_and_what_is_given_back_later_counts_later(city: City) -> None:
    sum_up(city)
    assert not SummedDay.objects.filter(is_final=True).exists()
    assert difference() == (0, 0)
    close(city)
    sum_up(city)
    assert SummedDay.objects.get(business_date=YESTERDAY).is_final
    assert not SummedDay.objects.get(business_date=TODAY).is_final
    assert difference() == (35_000, 0)
    # 11,000 of last week and 20,000 of yesterday with the 4,000 that was carried, less 4,000 given back
    assert rows("day")["settle", ""][1] == 31_000
    late = Payment.objects.get(business_date=YESTERDAY)
    call("payments.cancel", city.code, late.partner_id, str(uuid7()), b"\0" * 32, late.pk, 1_000, NOON)
    assert call("dashboard.sum_day", city.code, YESTERDAY, NOON)[0] is False
    sum_up(city)
    assert rows("day", YESTERDAY) == {("pay", ""): (1, 20_000, -20_000)}
    assert rows("day")["refund", ""] == (2, 5_000, 5_000)
    assert difference() == (35_000, 0)


def test_what_its_own_day_was_closed_for_stands_in_the_first_minutes_of_the_next(city: City) -> None:
    close(city)
    shop, wallet = (
        Payment.objects.filter(business_date=TODAY).earliest("at").merchant,
        Payment.objects.earliest("at").wallet_id,
    )
    partner, key = factories.make_partner(city).pk, str(uuid7())
    at = on(YESTERDAY, 23, 59, 30)
    call("payments.pay", city.code, partner, key, b"\0" * 32, wallet, shop.code, "T001", 600, key, at)
    sum_up(city)
    assert rows("slot")["pay", "00:00"] == (2, 3_600, -3_600)


def test_figures_and_what_they_are_compared_with(city: City) -> None:
    for closed in (False, True):
        if closed:
            close(city)
        sum_up(city)
        asked = Asked(municipalities=(city.code,))
        period = period_of(name="today", today=TODAY, summed_at=summed_at(municipalities=[city.code], day=TODAY))
        assert (period.same.until, period.before[0].first) == ("12:00", LAST_WEEK)
        now, _same, week, month, year = (
            each[city.code] for each in totals(asked=asked, spans=[period.now, period.same, *period.before])
        )
        assert (now.used, now.payments, now.holding, now.issued) == (6_000, 2, 59_000, 0)
        assert now.settled == (31_000 if closed else 0)
        # 5,000 in the afternoon of last week is not compared with a morning
        assert (week.used, week.payments, week.holding, week.is_known) == (10_000, 1, 90_000, True)
        assert (month.is_known, year.is_known) == (False, False)
        (all_days,) = totals(asked=asked, spans=[period.now._replace(first=TODAY - timedelta(days=8))])
        assert all_days[city.code].used == sum(Payment.objects.values_list("amount", flat=True)) - 4_000
        assert (all_days[city.code].allowances, all_days[city.code].recipients) == (100_000, 2)


def test_the_breakdown_nets_what_was_given_back(city: City) -> None:
    sum_up(city)
    period = period_of(name="today", today=TODAY, summed_at=NOON)
    found = breakdown(
        asked=Asked(municipalities=(city.code,)), now=period.now, then=period.before[0]._replace(until="")
    )
    assert found.hours == {0: (3_000, 1), 9: (7_000, 1), 11: (-4_000, 0)}
    assert found.then == {9: 10_000, 15: 5_000}
    assert sorted(found.categories) == [("음식점", -1_000, 1), ("편의점·슈퍼", 7_000, 1)]
    assert sorted(found.dongs) == [("", 7_000, 1), ("주교동", -1_000, 1)]
    assert found.ages == {"40": (-1_000, 1), "10": (7_000, 1)}


def test_another_city_and_another_currency_stay_out(city: City) -> None:
    other = factories.make_city(code="41480", name="파주시")
    with other.scope():
        citizen, shop = factories.make_citizen(other), factories.make_merchant(other)
        factories.grant(other, {citizen: 500_000}, at=on(TODAY, 1))
        partner, key = factories.make_partner(other).pk, str(uuid7())
        wallet = factories.wallet_of(citizen).pk
        call(
            "payments.pay", other.code, partner, key, b"\0" * 32, wallet, shop.code, "T001", 400_000, key, on(TODAY, 2)
        )
        sum_up(other)
    sum_up(city)
    period = period_of(name="today", today=TODAY, summed_at=NOON)
    both = Asked(municipalities=(city.code, other.code))
    (seen,) = totals(asked=both, spans=[period.now])
    assert set(seen) == {city.code}
    assert seen[city.code].used == 6_000
    (nothing,) = totals(asked=Asked(municipalities=(city.code,), currency=other.currency.pk), spans=[period.now])
    assert (nothing[city.code].used, nothing[city.code].holding) == (0, 0)


def test_a_ledger_that_moved_is_due_and_one_that_stands_still_is_not(city: City) -> None:
    assert municipalities_due(at=NOON) == [city.code]
    sum_up(city, at=NOON + timedelta(hours=1))
    assert municipalities_due(at=NOON + timedelta(hours=2)) == []
    assert municipalities_due(at=NOON + timedelta(days=1)) == [city.code]
    close(city)
    assert municipalities_due(at=NOON + timedelta(hours=2)) == [city.code]
