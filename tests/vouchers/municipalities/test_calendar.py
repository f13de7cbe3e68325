"""Working days, over the real holidays of 2026 and those of one municipality."""

from __future__ import annotations

import csv
from datetime import date, timedelta

import pytest

from tests import factories
from vouchers.municipalities.models import Holiday
from vouchers.municipalities.rules import is_business_day, next_business_day
from vouchers.municipalities.selectors import business_day_after
from vouchers.municipalities.services import HOLIDAYS, load_holidays

with HOLIDAYS.open(encoding="utf-8", newline="") as _file:
    NATIONAL = frozenset(date.fromisoformat(row["day"]) for row in csv.DictReader(_file))


@pytest.mark.parametrize(
    ("day", "following"),
    [
        ((2026, 1, 1), (2026, 1, 2)),
        ((2025, 12, 31), (2026, 1, 2)),
        ((2026, 2, 13), (2026, 2, 19)),  # Friday before 설날, Monday to Wednesday
        ((2026, 2, 18), (2026, 2, 19)),
        ((2026, 2, 27), (2026, 3, 3)),  # 삼일절 is a Sunday: its substitute is Monday
        ((2026, 4, 30), (2026, 5, 4)),  # 노동절 is a Friday
        ((2026, 5, 22), (2026, 5, 26)),  # 부처님오신날 is a Sunday
        ((2026, 6, 2), (2026, 6, 4)),  # the local elections
        ((2026, 7, 16), (2026, 7, 20)),  # 제헌절 is a Friday
        ((2026, 8, 14), (2026, 8, 18)),  # 광복절 is a Saturday
        ((2026, 9, 23), (2026, 9, 28)),  # 추석, Thursday to Saturday
        ((2026, 10, 2), (2026, 10, 6)),  # 개천절 is a Saturday
        ((2026, 10, 8), (2026, 10, 12)),  # 한글날 is a Friday
        ((2026, 11, 20), (2026, 11, 23)),
        ((2026, 11, 24), (2026, 11, 25)),
        ((2026, 12, 24), (2026, 12, 28)),
        ((2027, 4, 30), (2027, 5, 4)),  # 노동절, 제헌절 and 성탄절 are Saturdays
        ((2027, 7, 16), (2027, 7, 20)),
        ((2027, 12, 24), (2027, 12, 28)),
    ],
)
def test_the_next_working_day(day, following):
    assert next_business_day(date(*day), NATIONAL) == date(*following)


def test_each_day_of_the_year_leads_to_the_nearest_working_day():
    first = date(2026, 1, 1)
    working = [first + timedelta(days=n) for n in range(400) if is_business_day(first + timedelta(days=n), NATIONAL)]
    for day in (first + timedelta(days=number) for number in range(365)):
        assert next_business_day(day, NATIONAL) == min(later for later in working if later > day)
    assert sum(day.year == 2026 for day in working) == 261 - 16


@pytest.mark.django_db
def test_a_municipalitys_own_holidays_count_and_loading_adds_what_is_missing():
    city, other = factories.make_city(), factories.make_city(code="41480", name="파주시")
    with city.scope():
        Holiday.objects.create(municipality=city.municipality, day=date(2026, 11, 23), name="임시공휴일")
        Holiday.objects.create(municipality=city.municipality, day=date(2026, 12, 25), name="크리스마스")
        assert load_holidays(municipality=city.municipality) == len(NATIONAL) - 1
        assert load_holidays(municipality=city.municipality) == 0
        assert Holiday.objects.get(day=date(2026, 12, 25)).name == "크리스마스"
        assert business_day_after(municipality=city.code, day=date(2026, 11, 20)) == date(2026, 11, 24)
    with other.scope():
        assert business_day_after(municipality=other.code, day=date(2026, 11, 20)) == date(2026, 11, 23)
