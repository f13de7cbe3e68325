"""Caps for a whole programme, computed by hand: weekly 2,900 for grown-ups and 2,020 for youths over all kinds of activity.

2026-11-02 is a Monday. An education of n hours earns 5 n, local food 0.3 % of its price, a ride its fare.
"""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from python_calamine import CalamineWorkbook

from tests import factories
from tests.factories.points import PointDesk
from tests.vouchers.points.test_payout import BEFORE_END, BEFORE_FIRST, LAST_END, LAST_FIRST, PAY_AT, morning
from vouchers.citizens.models import Citizen
from vouchers.common.seoul import start_of_day
from vouchers.points import selectors, services, workbook
from vouchers.points.models import Activity, PointCap, PointCut, PointLimits, PointProgramme
from vouchers.points.rules import Cap, payable_from

ADULT, YOUTH = date(1985, 1, 1), date(2010, 1, 1)
MONDAY = BEFORE_FIRST + timedelta(days=-BEFORE_FIRST.weekday() % 7)
"""The first of the month before last."""
WEEKLY = (("week", 14, 18, 2_020), ("week", 19, None, 2_900))


def limit(desk: PointDesk, valid_from: str, *caps: tuple[str, int, int | None, int]) -> PointLimits:
    own = {"municipality": desk.city.municipality}
    made = PointLimits.objects.create(
        programme=PointProgramme.objects.get(name="탄소지움"), valid_from=date.fromisoformat(valid_from), source="조례",
        **own,
    )  # fmt: skip
    for period, first, last, won in caps:
        PointCap.objects.create(limits=made, period=period, age_from=first, age_until=last, points=won, **own)
    return made


def did(desk: PointDesk, citizen: Citizen, *told: str) -> list[UUID]:
    """'11-02 07:30 bus_ride 1450': day, time, kind, won or hours."""
    made = []
    for text in told:
        day, time, kind, worth = text.split()
        said = {"quantity": worth} if kind == "education" else {"amount": int(worth)}
        made.append(desk.did(citizen, kind, f"2026-{day} {time}", **said))
    return made


def points(desk: PointDesk, citizen: Citizen, first: str = "2026-11-01", end: str = "2026-12-01") -> list[int]:
    return [row.points for row in desk.earned(citizen, first, end)]


RIDE, RIDE_2, FOOD = "11-02 07:30 bus_ride 1450", "11-03 07:30 bus_ride 1450", "11-04 18:00 local_food 100000"

WEEKS = [
    (ADULT, [RIDE, FOOD], [1_450, 300], "1,750 are below 2,900"),
    (ADULT, [RIDE, RIDE_2, FOOD], [1_450, 1_450, 0], "the rides take all of it"),
    (ADULT, ["11-02 18:00 local_food 100000", RIDE, RIDE_2], [1_450, 300, 1_150], "in the order of what happened"),
    (ADULT, [RIDE, "11-02 12:00 local_food 400000", RIDE_2], [1_450, 1_200, 250], "1,450 + 1,200 + the 250 that are left"),
    (YOUTH, ["11-02 07:30 bus_ride 1010", "11-03 18:00 education 100", "11-04 07:30 bus_ride 1010"], [1_010, 500, 510],
     "a youth's 2,020"),
    (ADULT, [RIDE, RIDE_2, FOOD, "11-08 23:59 local_food 100000", "11-09 00:00 local_food 100000"],
     [1_450, 1_450, 0, 0, 300], "a new week begins on Monday"),
    (date(2007, 11, 4), ["11-02 07:30 bus_ride 1450", "11-03 10:00 local_food 300000", FOOD], [1_450, 570, 300],
     "18 until Tuesday: 1,450 + 570 to the youth's 2,020; 19 from Wednesday: 300 more of the grown-up's 2,900"),
    (date(2015, 1, 1), [FOOD, "11-05 10:00 local_food 1000000"], [300, 3_000], "11 years: no band holds a cap for them"),
]  # fmt: skip


@pytest.mark.parametrize(("born", "told", "won", "why"), WEEKS, ids=[row[3] for row in WEEKS])
def test_a_week_of_a_whole_programme(desk: PointDesk, born: date, told: list[str], won: list[int], why: str) -> None:
    limit(desk, "2026-01-01", *WEEKLY)
    citizen = factories.make_citizen(desk.city, birth_date=born)
    did(desk, citizen, *told)
    assert points(desk, citizen) == won, why


def test_the_kinds_cap_comes_before_the_programmes_and_shorter_before_longer(desk: PointDesk) -> None:
    """A day of 1,400, a week of 2,900 and a month of 3,000 over all; the rides' own week of 2,900 stands.

    11-02: 1,450 − 50 (day) = 1,400. 11-03: 1,450 − 50 (day) = 1,400, 2,800 in the week. 11-04: 1,450; day −50 = 1,400; the
    rides' week leaves 100; the programme's week leaves 100 of them: 2,900. 11-04 food 300: its day is full (1,400 − 1,400):
    nothing. 11-10 (next week): 1,450 − 50 (day) = 1,400, and the month leaves 100.
    """
    limit(desk, "2026-01-01", ("day", 0, None, 1_400), ("week", 0, None, 2_900), ("month", 0, None, 3_000))
    citizen = factories.make_citizen(desk.city, birth_date=ADULT)
    did(desk, citizen, RIDE, RIDE_2, "11-04 07:30 bus_ride 1450", FOOD, "11-10 07:30 bus_ride 1450")
    found = desk.earned(citizen, "2026-11-01", "2026-12-01")
    assert [(row.raw, row.points, row.why, [(str(cap), won) for cap, won in row.cuts]) for row in found] == [
        (1_450, 1_400, "over_cap", [("programme_day", 50)]),
        (1_450, 1_400, "over_cap", [("programme_day", 50)]),
        (1_450, 100, "over_cap", [("programme_day", 50), ("kind_week", 1_300)]),
        (300, 0, "over_cap", [("programme_day", 300)]),
        (1_450, 100, "over_cap", [("programme_day", 50), ("programme_month", 1_300)]),
    ]
    assert all(row.raw - sum(won for _cap, won in row.cuts) == row.points for row in found)


def test_a_years_cap_over_all_kinds(desk: PointDesk) -> None:
    limit(desk, "2026-01-01", ("year", 0, None, 2_000))
    citizen = factories.make_citizen(desk.city, birth_date=ADULT)
    did(desk, citizen, "03-02 10:00 local_food 500000", "11-02 10:00 education 50", RIDE_2, FOOD)
    assert points(desk, citizen, "2026-01-01", "2027-01-01") == [1_500, 250, 250, 0]
    desk.did(citizen, "local_food", "2027-01-04 10:00", amount=100_000)
    assert points(desk, citizen, "2027-01-01", "2028-01-01") == [300]


def test_a_week_that_crosses_the_year_has_one_cap(desk: PointDesk) -> None:
    """2026-12-28 is a Monday: what the old year's days took of the week is gone for the new year's, whichever is asked for."""
    limit(desk, "2026-01-01", ("week", 0, None, 1_000))
    citizen = factories.make_citizen(desk.city, birth_date=ADULT)
    did(desk, citizen, "12-30 10:00 local_food 300000")
    desk.did(citizen, "local_food", "2027-01-01 10:00", amount=300_000)
    assert points(desk, citizen, "2026-12-01", "2027-01-01") == [900]
    assert points(desk, citizen, "2027-01-01", "2027-02-01") == [100]


def test_later_limits_replace_earlier_ones_and_empty_ones_lift_them(desk: PointDesk) -> None:
    limit(desk, "2026-01-01", ("week", 0, None, 1_000))
    limit(desk, "2026-11-09", ("week", 0, None, 2_000))
    limit(desk, "2026-11-16")
    citizen = factories.make_citizen(desk.city, birth_date=ADULT)
    did(desk, citizen, *(f"11-{day} 10:00 local_food 1000000" for day in ("02", "09", "16")))
    assert points(desk, citizen) == [1_000, 2_000, 3_000]


def test_programmes_and_people_do_not_share_a_cap(desk: PointDesk) -> None:
    limit(desk, "2026-01-01", ("month", 0, None, 300))
    one, other = (factories.make_citizen(desk.city, birth_date=ADULT) for _ in range(2))
    did(desk, one, FOOD)
    did(desk, other, FOOD)
    desk.did(one, "vote", "2026-11-05 10:00")
    assert points(desk, one) == [300, 300]
    assert points(desk, other) == [300]


def test_the_example_limits_of_participation(desk: PointDesk) -> None:
    """투표 1,500 + 설문 2,000 + 시설 200 a month by their own caps, and 3,000 for all of them."""
    citizen = factories.make_citizen(desk.city, birth_date=ADULT)
    for hour in range(5):
        desk.did(citizen, "vote", f"2026-11-02 {hour + 8:02d}:00")
    for hour in range(4):
        desk.did(citizen, "survey", f"2026-11-03 {hour + 8:02d}:00")
    desk.did(citizen, "facility", "2026-11-04 08:00")
    assert points(desk, citizen) == [300] * 5 + [500] * 3 + [0, 0]


def test_what_is_paid_several_times_shares_the_cap_of_the_year_in_which_it_is_paid(desk: PointDesk) -> None:
    """Two cars, 50,000 a year each for five years, and a cap of 70,000 a year for whatever falls into it."""
    energy = desk.programmes["소양에너지페이"]
    limits = PointLimits.objects.create(
        municipality=desk.city.municipality, programme=energy, valid_from=date(2024, 1, 1), source="조례"
    )
    PointCap.objects.create(municipality=desk.city.municipality, limits=limits, period="year", points=70_000)
    citizen = factories.make_citizen(desk.city)
    desk.did(citizen, "electric_car", "2024-03-01 10:00")
    desk.did(citizen, "electric_car", "2025-02-01 10:00")
    assert sum(points(desk, citizen, "2024-01-01", "2025-01-01")) == 50_000
    assert sum(points(desk, citizen, "2025-01-01", "2026-01-01")) == 70_000
    assert sum(points(desk, citizen, "2029-01-01", "2030-01-01")) == 50_000


def test_a_run_says_which_activities_were_cut_by_which_cap(desk: PointDesk) -> None:
    """A week of 2,900: 580 hours are 2,900, and a purchase after them earns nothing; a campaign counts once a month."""
    limit(desk, "2020-01-01", ("week", 0, None, 2_900))
    one, other = (factories.make_citizen(desk.city, birth_date=ADULT) for _ in range(2))
    desk.did(one, "education", morning(MONDAY), quantity="580")
    food = desk.did(one, "local_food", morning(MONDAY, 10), amount=100_000)
    desk.did(other, "campaign", morning(MONDAY))
    again = desk.did(other, "campaign", morning(MONDAY, 10))
    run = desk.compute("탄소지움", BEFORE_FIRST, BEFORE_END, at=PAY_AT)
    assert (run.members, run.amount) == (2, 2_940)
    assert selectors.cuts_of(run) == [(Cap.PROGRAMME_WEEK, 1, 1, 300), (Cap.KIND_MONTH, 1, 1, 40)]
    assert [cut.activity_id for cut in selectors.cut_activities(run, cap=Cap.PROGRAMME_WEEK)] == [food]
    assert [cut.activity_id for cut in selectors.cut_activities(run, cap=Cap.KIND_MONTH)] == [again]
    desk.compute("탄소지움", BEFORE_FIRST, BEFORE_END, at=PAY_AT)
    assert PointCut.objects.count() == 2
    sheet = CalamineWorkbook.from_filelike(workbook.cuts(run)).get_sheet_by_index(0).to_python()
    assert [(row[0], row[1], row[-1]) for row in sheet[1:]] == [
        ("활동의 1개월 한도", "시민실천 캠페인", 40), ("사업 통합 1주 한도", "로컬푸드 구매", 300)
    ]  # fmt: skip
    services.withdraw(activity=Activity.objects.get(pk=food), reason="착오", at=PAY_AT, **desk.acting(desk.drafter))
    run = desk.compute("탄소지움", BEFORE_FIRST, BEFORE_END, at=PAY_AT)
    assert [cut.cap for cut in selectors.cuts_of(run)] == [Cap.KIND_MONTH]


def test_what_arrives_late_takes_nothing_from_what_was_paid_but_its_place(desk: PointDesk) -> None:
    """Paid: 1,450 + 1,450. A purchase of the Monday before them arrives late: 300 for it, 300 less for the last of them.

    In sum the week stays at 2,900, so the next run pays nothing and takes nothing.
    """
    desk.fund(1_000_000)
    limit(desk, "2020-01-01", ("week", 0, None, 2_900))
    citizen = factories.make_citizen(desk.city, birth_date=ADULT)
    for hour in (10, 11):
        desk.did(citizen, "education", morning(MONDAY, hour), quantity="290")
    desk.pay(desk.confirm(desk.compute("탄소지움", BEFORE_FIRST, BEFORE_END, at=PAY_AT), at=PAY_AT), at=PAY_AT)
    desk.did(citizen, "local_food", morning(MONDAY), amount=100_000)
    assert points(desk, citizen, f"{BEFORE_FIRST}", f"{BEFORE_END}") == [300, 1_450, 1_150]
    at = start_of_day(payable_from(LAST_END, None)) + timedelta(hours=10)
    run = desk.compute("탄소지움", LAST_FIRST, LAST_END, at=at)
    payment = run.payments.get()
    assert (run.amount, payment.earned, payment.amount) == (0, 0, 0)
