"""Every kind of condition on the real database: who meets it, who does not, and of whom nobody can tell."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import translation

from allowances.batches.checking import Rules
from allowances.batches.models import Batch, BatchRow, BatchState
from allowances.batches.problems import PROBLEMS, reason_of
from allowances.eligibility.kinds import KINDS, sentence_of
from allowances.eligibility.rules import check_groups
from tests import factories
from tests.factories import AT, City
from vouchers.citizens.models import CitizenCategory, Household, HouseholdMember, ResidencePeriod
from vouchers.citizens.rules import Category, Relation
from vouchers.common.models import uuid7
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 20)


@pytest.fixture
def city() -> Any:
    made = factories.make_city()
    with made.scope():
        yield made


def judge(city: City, spec: dict[str, Any], *people: tuple[Any, dict[str, Any]]) -> list[str]:
    """The codes of the problems that a list of these (citizen, facts) gets for one condition, in row order; "" for none."""
    check_groups([[spec]], where="시험")
    programme = factories.make_programme(city, conditions=[[spec]])
    cycle = factories.make_cycle(programme, reference_date=DAY)
    batch = make_batch(city, cycle, people)
    rules = Rules(cycle=cycle, batch_id=batch.pk, conditions=cycle.conditions)
    with connection.cursor() as cursor:
        cursor.execute(rules.judgement.problems(), rules.parameters)
        found = {row[0]: row for row in cursor.fetchall()}
    for _row, field, code, _value, params in found.values():
        for language in ("ko", "en"):
            with translation.override(language):
                assert "%(" not in reason_of(code, field, json.loads(params))
        assert code in PROBLEMS
    return [found[number][2] if number in found else "" for number in range(2, len(people) + 2)]


def make_batch(city: City, cycle: Any, people: Any) -> Batch:
    batch = Batch.objects.create(
        municipality=city.municipality, cycle=cycle, uploaded_by=factories.make_official(city, Role.DRAFTER),
        uploaded_at=AT, file_name="명단.csv", file_key=str(uuid7()), file_size=1, file_sha256=uuid7().hex * 2,
        state=BatchState.READING,
    )  # fmt: skip
    BatchRow.objects.bulk_create(
        BatchRow(
            municipality=city.municipality, batch_id=batch.pk, row_number=number, name=citizen.name,
            birth_date=citizen.birth_date, phone=citizen.phone, dong="주교동", amount=100_000, citizen_id=citizen.pk,
            facts=facts,
        )
        for number, (citizen, facts) in enumerate(people, start=2)
    )  # fmt: skip
    return batch


def born(city: City, day: date, **fields: Any) -> Any:
    return factories.make_citizen(city, birth_date=day, wallet=False, **fields)


def since(city: City, day: date | None, **fields: Any) -> Any:
    return factories.make_citizen(city, resident_since=day, wallet=False, **fields)


def test_age_is_reached_on_the_birthday_and_kept_until_the_day_before_the_next(city: City) -> None:
    people = [date(2007, 11, 20), date(2007, 11, 21), date(1986, 11, 21), date(1986, 11, 20)]
    spec = {"kind": "age", "min": 19, "max": 39}
    assert judge(city, spec, *((born(city, day), {}) for day in people)) == ["", "too_young", "", "too_old"]


def test_who_was_born_on_a_leap_day_is_a_year_older_on_the_first_of_march(city: City) -> None:
    person = born(city, date(2004, 2, 29))
    spec = {"kind": "age", "min": 21, "on": "applied_on"}
    facts = ({"applied_on": "2025-02-28"}, {"applied_on": "2025-03-01"}, {})
    assert judge(city, spec, *((person, fact) for fact in facts)) == ["too_young", "", "birth_unknown"]


def test_age_of_a_child_in_months(city: City) -> None:
    spec = {"kind": "age", "of": "child", "unit": "months", "min": 12, "max": 47}
    days = ("2025-11-20", "2025-11-21", "2022-11-21", "2022-11-20")
    parent = born(city, date(1990, 1, 1))
    told = [(parent, {"child_birth_date": day}) for day in days]
    assert judge(city, spec, *told, (parent, {})) == ["", "too_young", "", "too_old", "birth_unknown"]


def test_born_between_two_days(city: City) -> None:
    spec = {"kind": "born", "since": "1955-01-01", "until": "1955-12-31"}
    people = [date(1954, 12, 31), date(1955, 1, 1), date(1955, 12, 31), date(1956, 1, 1)]
    found = judge(city, spec, *((born(city, day), {}) for day in people))
    assert found == ["born_outside", "", "", "born_outside"]


def test_residence_without_a_break(city: City) -> None:
    spec = {"kind": "resident_for", "length": 3, "unit": "years"}
    people = [since(city, date(2023, 11, 20)), since(city, date(2023, 11, 21)), since(city, None)]
    told = (since(city, None), {"moved_in_on": "2020-01-01"})
    found = judge(city, spec, *((one, {}) for one in people), told)
    assert found == ["", "residence_too_short", "residence_unknown", ""]


def test_residence_in_all_counts_earlier_periods(city: City) -> None:
    spec = {"kind": "resided_in_total", "length": 10, "unit": "years"}
    back, new = since(city, date(2024, 11, 20)), since(city, date(2024, 11, 20))
    ResidencePeriod.objects.create(
        municipality=city.municipality, citizen=back, since=date(2010, 1, 1), until=date(2018, 1, 3)
    )
    assert judge(city, spec, (back, {}), (new, {})) == ["", "residence_total_too_short"]


def test_residence_since_a_day(city: City) -> None:
    spec = {"kind": "resident_since", "day": "2026-01-01"}
    found = judge(city, spec, (since(city, date(2026, 1, 1)), {}), (since(city, date(2026, 1, 2)), {}))
    assert found == ["", "resident_too_late"]


def test_still_resident_months_after_moving_in(city: City) -> None:
    spec = {"kind": "still_resident", "length": 6, "unit": "months", "event": "moved_in_on"}
    left = since(city, date(2026, 1, 1), status="moved_out")
    found = judge(city, spec, (since(city, date(2026, 5, 20)), {}), (since(city, date(2026, 5, 21)), {}), (left, {}))
    assert found == ["", "not_still_resident", "not_still_resident"]


def test_who_comes_back_too_soon_is_told_apart_from_who_never_lived_here(city: City) -> None:
    spec = {"kind": "lived_elsewhere", "length": 5, "unit": "years"}
    back, long_ago, new = (since(city, date(2026, 3, 1)) for _ in range(3))
    for citizen, until in ((back, date(2021, 3, 2)), (long_ago, date(2021, 3, 1))):
        ResidencePeriod.objects.create(
            municipality=city.municipality, citizen=citizen, since=date(2000, 1, 1), until=until
        )
    told = (since(city, date(2026, 3, 1)), {"left_on": "2025-01-01"})
    unknown = (since(city, None), {})
    found = judge(city, spec, (back, {}), (long_ago, {}), (new, {}), told, unknown)
    assert found == ["lived_here_before", "", "", "lived_here_before", "residence_unknown"]


def test_dong_by_the_record_then_by_the_list(city: City) -> None:
    spec = {"kind": "dong", "dongs": ["주교동"]}
    found = judge(city, spec, (factories.make_citizen(city), {}), (factories.make_citizen(city, dong=None), {}))
    assert found == ["", ""]
    assert judge(city, spec | {"not": True}, (factories.make_citizen(city), {})) == ["condition_excludes"]
    assert judge(city, {"kind": "dong", "dongs": ["원신동"]}, (factories.make_citizen(city), {})) == ["dong_outside"]


def household(city: City, head: Any, *others: tuple[str, date]) -> None:
    home = Household.objects.create(municipality=city.municipality, number=str(uuid7()))
    HouseholdMember.objects.create(
        municipality=city.municipality, household=home, citizen=head, name=head.name, birth_date=head.birth_date,
        relation=Relation.HEAD,
    )  # fmt: skip
    for relation, day in others:
        HouseholdMember.objects.create(
            municipality=city.municipality, household=home, name="가족", birth_date=day, relation=relation
        )


def test_households_by_the_record_and_by_the_list(city: City) -> None:
    family, single, nobody = (factories.make_citizen(city, wallet=False) for _ in range(3))
    household(
        city,
        family,
        (Relation.CHILD, date(2010, 1, 1)),
        (Relation.CHILD, date(2000, 1, 1)),
        (Relation.PARENT, date(1940, 1, 1)),
    )
    household(city, single)
    people = ((family, {}), (single, {}), (nobody, {}))
    assert judge(city, {"kind": "household_size", "min": 2}, *people) == [
        "",
        "household_size_differs",
        "household_unknown",
    ]
    assert judge(city, {"kind": "household_size", "min": 2}, (nobody, {"household_size": 3})) == [""]
    assert judge(city, {"kind": "children", "min": 1, "age_max": 17}, *people) == [
        "",
        "children_differ",
        "household_unknown",
    ]
    assert judge(city, {"kind": "children", "min": 2, "age_max": 17}, (family, {})) == ["children_differ"]
    assert judge(city, {"kind": "household_member", "age_min": 85, "at_least": 1}, *people) == [
        "", "household_member_missing", "household_unknown",
    ]  # fmt: skip
    assert judge(city, {"kind": "head_of_household"}, *people) == ["", "", "household_unknown"]
    assert judge(city, {"kind": "head_of_household"}, (family, {"head_of_household": False})) == [
        "not_head_of_household"
    ]


def test_one_payment_for_a_household(city: City) -> None:
    head, other = factories.make_citizen(city), factories.make_citizen(city)
    household(city, head)
    HouseholdMember.objects.create(
        municipality=city.municipality, household=head.membership.household, citizen=other, name=other.name,
        birth_date=other.birth_date, relation=Relation.SPOUSE,
    )  # fmt: skip
    spec = {"kind": "per_household", "times": 1}
    assert judge(city, spec, (head, {}), (other, {})) == ["", "household_full"]
    farm = {"kind": "per_household", "by": "farm_number", "times": 1}
    facts = ({"farm_number": "1"}, {"farm_number": "2"}, {"farm_number": "1"}, {})
    people = [(factories.make_citizen(city), fact) for fact in facts]
    assert judge(city, farm, *people) == ["", "", "household_full", "household_unknown"]


def test_categories_by_the_record_on_the_day_or_by_the_list(city: City) -> None:
    spec = {"kind": "category", "categories": ["disability", "veteran"]}
    now, over, told, none = (factories.make_citizen(city, wallet=False) for _ in range(4))
    for citizen, until in ((now, None), (over, date(2026, 11, 19))):
        CitizenCategory.objects.create(
            municipality=city.municipality, citizen=citizen, category=Category.DISABILITY, valid_until=until
        )
    people = ((now, {}), (over, {}), (told, {"is_veteran": True}), (none, {"is_veteran": False}))
    assert judge(city, spec, *people) == ["", "category_missing", "", "category_missing"]
    assert judge(city, spec | {"not": True}, *people) == ["condition_excludes", "", "condition_excludes", ""]


def test_applied_in_time(city: City) -> None:
    person = born(city, date(2020, 7, 10))
    spec = {"kind": "applied_within", "event": "event_date", "length": 90, "unit": "days"}
    dates = ("2026-01-01", "2026-04-01", "2026-04-02", "2025-12-31")
    told = [(person, {"event_date": "2026-01-01", "applied_on": day}) for day in dates]
    assert judge(city, spec, *told, (person, {"event_date": "2026-01-01"})) == [
        "", "", "applied_too_late", "applied_too_early", "fact_missing",
    ]  # fmt: skip
    birthday = {"kind": "applied_within", "event": "birthday", "length": 120, "unit": "days"}
    assert judge(city, birthday, (person, {"applied_on": "2026-11-07"}), (person, {"applied_on": "2026-11-08"})) == [
        "", "applied_too_late",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "facts", "expected"),
    [
        ({"fact": "birth_order", "is": ">=", "value": 3}, [{"birth_order": 3}, {"birth_order": 2}, {}],
         ["", "fact_differs", "fact_missing"]),
        ({"fact": "grade", "is": "in", "value": ["심한", "중증"]}, [{"grade": "중증"}, {"grade": "경증"}], ["", "fact_differs"]),
        ({"fact": "kilowatts", "is": ">", "value": "2.5"}, [{"kilowatts": 2.51}, {"kilowatts": 2.5}], ["", "fact_differs"]),
        ({"fact": "event_date", "is": "<=", "value": "2026-01-01"}, [{"event_date": "2026-01-01"}, {"event_date": "2026-01-02"}],
         ["", "fact_differs"]),
        ({"fact": "first_marriage", "is": "=", "value": True}, [{"first_marriage": True}, {"first_marriage": False}, {}],
         ["", "fact_differs", "fact_missing"]),
    ],
)  # fmt: skip
def test_what_the_list_says_is_compared(city: City, spec: Any, facts: Any, expected: list[str]) -> None:
    person = factories.make_citizen(city)
    assert judge(city, {"kind": "fact", **spec}, *((person, fact) for fact in facts)) == expected


def test_every_kind_has_a_test_here_and_a_sentence() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    elsewhere = {"received", "received_in_all"}
    assert [name for name in KINDS if f'"kind": "{name}"' not in source and name not in elsewhere] == []
    assert sentence_of({"kind": "age", "min": 19, "max": 39}) == "자격 기준일에 만 19세 이상 39세 이하"
    assert sentence_of({"kind": "head_of_household", "not": True}) == "세대주 — 해당하면 제외"
