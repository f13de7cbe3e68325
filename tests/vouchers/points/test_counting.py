"""What each example programme pays, computed by hand: every number here was worked out on paper, not by the product.

2026-11-02 is a Monday. The bus costs a grown-up 1,450 won, a youth 1,010 won.
"""

from __future__ import annotations

from datetime import date

import pytest

from tests import factories
from tests.factories.points import PointDesk, seoul
from vouchers.municipalities.models import Holiday
from vouchers.points.models import PointCap, PointRule

ADULT = date(1985, 1, 1)

# (birth date, rides as "day time fare" …, won in November 2026, why)
RIDES = [
    (ADULT, ["11-02 07:30 1450"], 1_450, "one ride on a Monday gives its fare back"),
    (ADULT, ["11-02 07:30 1450", "11-02 18:00 1450"], 1_450, "the second ride of the day counts for nothing"),
    (ADULT, ["11-02 18:00 1450", "11-02 07:30 1000"], 1_000, "the first is the earliest, whatever came in first"),
    (ADULT, ["11-02 23:59 1450", "11-03 00:00 1450"], 2_900, "midnight in Seoul parts two days"),
    (ADULT, ["11-02 07:30 1450", "11-03 07:30 1450", "11-04 07:30 1450"], 2_900, "2,900 in a week, the third is above it"),
    (ADULT, ["11-02 07:30 1200", "11-03 07:30 1200", "11-04 07:30 1200"], 2_900, "1,200 + 1,200 + the 500 that are left"),
    (ADULT, ["11-06 07:30 1450", "11-05 07:30 1450", "11-09 07:30 1450"], 4_350, "a new week begins on Monday"),
    (ADULT, ["11-07 07:30 1450", "11-08 07:30 1450"], 0, "Saturday and Sunday"),
    (date(2008, 11, 2), ["11-02 07:30 1010", "11-03 07:30 1010", "11-04 07:30 1010"], 2_020, "18 years: the youth's cap"),
    (date(2007, 11, 2), ["11-02 07:30 1450", "11-03 07:30 1450"], 2_900, "19 on the very day: the grown-up's cap"),
    (date(2007, 11, 3), ["11-02 07:30 1450", "11-03 07:30 1450"], 2_900, "18 on Monday, 19 on Tuesday: 1,450 + 1,450"),
    (date(2007, 11, 5), ["11-02 07:30 1450", "11-03 07:30 1450", "11-05 07:30 1450"], 2_900,
     "1,450 + 570 to the youth's 2,020, then 880 more to the grown-up's 2,900"),
    (date(2012, 11, 2), ["11-02 07:30 1010"], 1_010, "14 on the very day"),
]  # fmt: skip


@pytest.mark.parametrize(("born", "rides", "won", "why"), RIDES, ids=[row[3] for row in RIDES])
def test_bus_rides(desk: PointDesk, born: date, rides: list[str], won: int, why: str) -> None:
    citizen = factories.make_citizen(desk.city, birth_date=born)
    for ride in rides:
        day, time, fare = ride.split()
        desk.did(citizen, "bus_ride", f"2026-{day} {time}", amount=int(fare))
    assert desk.sum(citizen, "2026-11-01", "2026-12-01") == won, why


def test_a_public_holiday_is_no_working_day(desk: PointDesk) -> None:
    citizen = factories.make_citizen(desk.city)
    desk.did(citizen, "bus_ride", "2026-10-09 07:30", amount=1450)  # 한글날, a Friday
    desk.did(citizen, "bus_ride", "2026-10-08 07:30", amount=1450)
    assert [(row.points, row.why) for row in desk.earned(citizen, "2026-10-01", "2026-11-01")] == [
        (1_450, ""), (0, "day_off")
    ]  # fmt: skip


def test_a_holiday_declared_later_counts_from_then_on(desk: PointDesk) -> None:
    citizen = factories.make_citizen(desk.city)
    desk.did(citizen, "bus_ride", "2026-11-12 07:30", amount=1450)
    Holiday.objects.create(municipality=desk.city.municipality, day=date(2026, 11, 12), name="임시공휴일")
    assert desk.sum(citizen, "2026-11-01", "2026-12-01") == 0


def test_a_week_across_months_is_counted_in_the_month_of_its_monday(desk: PointDesk) -> None:
    citizen = factories.make_citizen(desk.city)
    for day in ("11-30", "12-01", "12-02", "12-07"):  # Monday to Wednesday, and the next Monday
        desk.did(citizen, "bus_ride", f"2026-{day} 07:30", amount=1450)
    assert desk.sum(citizen, "2026-11-01", "2026-12-01") == 2_900
    assert desk.sum(citizen, "2026-12-01", "2027-01-01") == 1_450


def test_where_a_rule_says_so_each_day_is_counted_in_its_own_month(desk: PointDesk) -> None:
    PointRule.objects.filter(kind__code="bus_ride").update(week_of="day")
    citizen = factories.make_citizen(desk.city)
    for day in ("11-30", "12-01", "12-02"):
        desk.did(citizen, "bus_ride", f"2026-{day} 07:30", amount=1450)
    assert desk.sum(citizen, "2026-11-01", "2026-12-01") == 1_450
    assert desk.sum(citizen, "2026-12-01", "2027-01-01") == 1_450  # the week's 2,900 hold across the months


def test_a_years_cap(desk: PointDesk) -> None:
    """The cap of a year, lowered to 4,000 so that two weeks reach it: 2,900 + 1,100."""
    PointCap.objects.filter(rule__kind__code="bus_ride", period="year", age_from=19).update(points=4_000)
    citizen = factories.make_citizen(desk.city)
    for day in ("11-02", "11-03", "11-09", "11-10", "12-07"):
        desk.did(citizen, "bus_ride", f"2026-{day} 07:30", amount=1450)
    assert [row.points for row in desk.earned(citizen, "2026-01-01", "2027-01-01")] == [1_450, 1_450, 1_100, 0, 0]
    desk.did(citizen, "bus_ride", "2027-01-04 07:30", amount=1450)
    assert desk.sum(citizen, "2027-01-01", "2028-01-01") == 1_450


# (kind, what was told, won)
OTHERS = [
    ("local_food", [{"amount": 10_000}], 30),
    ("local_food", [{"amount": 333}], 0),  # 0.999
    ("local_food", [{"amount": 334}], 1),  # 1.002
    ("local_food", [{"amount": 9_999}], 29),  # 29.997
    ("local_food", [{"amount": 999}, {"amount": 998}], 4),  # 2.997 + 2.994, each rounded down
    ("education", [{"quantity": "2"}], 10),
    ("education", [{"quantity": "1.5"}], 7),  # 7.5
    ("campaign", [{}], 40),
    ("campaign", [{}, {}], 40),  # 40 a month
    ("vote", [{}, {}, {}], 900),
    ("vote", [{}] * 6, 1_500),  # 1,800, and 1,500 a month
    ("facility", [{}, {}], 200),  # the first of the day
    ("volunteering", [{"quantity": "2.9"}], 2_000),  # whole hours
    ("volunteering", [{"quantity": "3"}, {"quantity": "3"}], 4_000),  # four hours a day
    ("walking", [{"quantity": "6999"}], 0),
    ("walking", [{"quantity": "7000"}], 100),
    ("walking", [{"quantity": "21000"}], 100),  # once a day
]  # fmt: skip


@pytest.mark.parametrize(("kind", "told", "won"), OTHERS)
def test_other_kinds(desk: PointDesk, kind: str, told: list[dict[str, object]], won: int) -> None:
    citizen = factories.make_citizen(desk.city)
    for hour, said in enumerate(told):
        desk.did(citizen, kind, f"2026-11-02 {hour + 8:02d}:00", **said)
    assert desk.sum(citizen, "2026-11-01", "2026-12-01") == won


ENERGY = [
    ("solar_power", "3", 60_000),
    ("solar_power", "2.75", 55_000),
    ("solar_heat", "6", 26_400),
    ("geothermal", "17.5", 210_000),
    ("electric_car", None, 50_000),
    ("electric_bicycle", None, 20_000),
]


@pytest.mark.parametrize(("kind", "quantity", "won"), ENERGY)
def test_energy_is_paid_for_five_years(desk: PointDesk, kind: str, quantity: str | None, won: int) -> None:
    citizen = factories.make_citizen(desk.city)
    papers = ["한국전기안전공사 사용전검사", "한국전력 상계거래"]
    desk.did(citizen, kind, "2024-02-29 10:00", quantity=quantity, documents=papers)
    for year in range(2024, 2029):
        assert desk.sum(citizen, f"{year}-01-01", f"{year + 1}-01-01") == won
    assert desk.sum(citizen, "2029-01-01", "2030-01-01") == 0
    assert desk.sum(citizen, "2023-01-01", "2024-01-01") == 0


def test_a_later_rule_holds_from_its_day_on(desk: PointDesk) -> None:
    old = PointRule.objects.get(kind__code="local_food")
    PointRule.objects.create(
        municipality=desk.city.municipality, kind=old.kind, valid_from=date(2026, 11, 10), measure="amount", rate=100,
        source="개정",
    )  # fmt: skip
    citizen = factories.make_citizen(desk.city)
    desk.did(citizen, "local_food", "2026-11-09 23:59", amount=10_000)
    desk.did(citizen, "local_food", "2026-11-10 00:00", amount=10_000)
    assert [row.points for row in desk.earned(citizen, "2026-11-01", "2026-12-01")] == [30, 100]


def test_people_do_not_share_a_cap(desk: PointDesk) -> None:
    one, other = factories.make_citizen(desk.city), factories.make_citizen(desk.city)
    for citizen in (one, other):
        desk.did(citizen, "campaign", "2026-11-02 10:00")
    assert [desk.sum(citizen, "2026-11-01", "2026-12-01") for citizen in (one, other)] == [40, 40]


def test_a_new_kind_needs_no_code(desk: PointDesk) -> None:
    """나무 심기: 3,000 won a tree, at most 30,000 a year."""
    from vouchers.points.models import ActivityKind  # noqa: PLC0415 - beside what it shows

    kind = ActivityKind.objects.create(
        municipality=desk.city.municipality,
        programme=desk.programmes["탄소지움"],
        code="tree",
        name="나무 심기",
        unit="그루",
    )
    rule = PointRule.objects.create(
        municipality=desk.city.municipality, kind=kind, valid_from=date(2026, 1, 1), measure="quantity", points=3_000,
        source="조례",
    )  # fmt: skip
    PointCap.objects.create(municipality=desk.city.municipality, rule=rule, period="year", points=30_000)
    citizen = factories.make_citizen(desk.city)
    desk.did(citizen, "tree", "2026-04-05 10:00", quantity="7")
    desk.did(citizen, "tree", "2026-10-05 10:00", quantity="7")
    assert [row.points for row in desk.earned(citizen, "2026-01-01", "2027-01-01")] == [21_000, 9_000]


def test_moments_are_those_of_seoul(desk: PointDesk) -> None:
    citizen = factories.make_citizen(desk.city)
    activity = desk.did(citizen, "bus_ride", seoul("2026-11-03 00:00"), amount=1450)
    assert [row.activity_id for row in desk.earned(citizen, "2026-11-01", "2026-12-01")] == [activity]
