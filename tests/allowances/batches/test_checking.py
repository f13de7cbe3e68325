"""What earlier payments, other programmes and a quota decide, at the check and once more at the submission."""

from __future__ import annotations

from datetime import date
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection, connections

from allowances.approvals import services as approvals
from allowances.batches.checking import Rules
from allowances.batches.models import Batch, BatchProblem, BatchState, Entitlement
from allowances.batches.problems import PROBLEMS, reason_of
from allowances.batches.selectors import failure_of
from allowances.catalogue.models import AllowanceType
from allowances.programmes.models import LocalExclusiveGroup, Programme
from tests import factories
from tests.allowances.eligibility.test_conditions import make_batch
from tests.factories import AT, City, make_cycle, make_programme, make_terms
from tests.factories.lists import Office, make_list, make_office, submitted
from vouchers.common.models import uuid7
from vouchers.officials.rules import Role

ONCE = {"kind": "received", "scope": "own", "period": "lifetime", "times": 1}


@pytest.fixture
def office(db: None) -> Any:
    made = make_office()
    with made.city.scope():
        yield made


def entitle(city: City, programme: Programme, citizen: Any, day: date, **fields: Any) -> None:
    cycle = make_cycle(programme, name="지난 회차", reference_date=day)
    Entitlement.objects.create(
        id=uuid7(), municipality=city.municipality, cycle_id=cycle.pk, citizen_id=citizen.pk, batch_id=uuid7(),
        row_number=2, amount=100_000, **fields,
    )  # fmt: skip


def found(city: City, programme: Programme, *citizens: Any, day: date = date(2026, 11, 20)) -> list[tuple[str, str]]:
    """(code, reason) of what the checks write down for a list of these people."""
    cycle = make_cycle(programme, reference_date=day)
    batch = make_batch(city, cycle, [(citizen, {}) for citizen in citizens])
    rules = Rules(cycle=cycle, batch_id=batch.pk, conditions=cycle.conditions)
    with connection.cursor() as cursor:
        for statement in rules.checks():
            cursor.execute(statement, rules.parameters)
    rows = BatchProblem.objects.filter(batch_id=batch.pk).order_by("row_number")
    return [(row.code, reason_of(row.code, row.field, row.params)) for row in rows]


def of_type(city: City, code: str, **fields: Any) -> Programme:
    return make_programme(city, type=AllowanceType.objects.get(code=code), **fields)


# 중복 지급 제한


def test_types_of_a_national_group_exclude_each_other_in_the_same_month(office: Office) -> None:
    city = office.city
    veteran, new = factories.make_citizen(city), factories.make_citizen(city)
    entitle(city, of_type(city, "VET-004", name="6·25 참전수당"), veteran, date(2026, 11, 3))
    ((code, reason),) = found(city, of_type(city, "VET-001"), veteran, new)
    assert code == "excluded_by_group"
    assert PROBLEMS[code].overridable
    assert "6·25 참전수당" in reason
    assert "지난 회차" in reason
    assert "참전명예수당" in reason
    assert found(city, of_type(city, "VET-001"), veteran, day=date(2026, 12, 1)) == []


def test_a_municipality_has_groups_of_its_own_for_as_long_as_they_are_in_force(office: Office) -> None:
    city, citizen = office.city, factories.make_citizen(office.city)
    entitle(city, of_type(city, "ELD-001"), citizen, date(2026, 2, 1))
    LocalExclusiveGroup.objects.create(
        municipality=city.municipality, name="목욕비", legal_basis="시험 조례 제3조", type_codes=["ELD-001", "ELD-002"],
        period="fiscal_year", valid_from=date(2026, 1, 1), valid_until=date(2026, 11, 30),
    )  # fmt: skip
    assert [code for code, _reason in found(city, of_type(city, "ELD-002"), citizen)] == ["excluded_by_group"]
    assert found(city, of_type(city, "ELD-002"), citizen, day=date(2026, 12, 1)) == []
    assert found(city, of_type(city, "ELD-002", fiscal_year=2027), citizen) == []
    assert found(city, of_type(city, "ELD-003"), citizen) == []


def test_the_same_programme_of_another_year_excludes_nobody_and_what_was_voided_neither(office: Office) -> None:
    city, citizen, other = office.city, factories.make_citizen(office.city), factories.make_citizen(office.city)
    last = of_type(city, "AGR-001", fiscal_year=2026)
    entitle(city, last, citizen, date(2026, 3, 1))
    again = of_type(city, "AGR-001", series_id=last.series_id)
    assert found(city, again, citizen) == []
    assert [code for code, _reason in found(city, of_type(city, "AGR-001"), citizen)] == ["excluded_by_group"]
    entitle(city, last, other, date(2026, 3, 1), void=True)
    assert found(city, of_type(city, "AGR-001"), other) == []


def test_the_same_limit_counts_through_the_years_and_in_a_year(office: Office) -> None:
    city, citizen = office.city, factories.make_citizen(office.city)
    last = make_programme(city, fiscal_year=2025)
    entitle(city, last, citizen, date(2025, 3, 1))
    lifetime = make_programme(city, series_id=last.series_id, conditions=[[ONCE]])
    yearly = make_programme(city, series_id=last.series_id, conditions=[[ONCE | {"period": "fiscal_year"}]])
    months = make_programme(city, series_id=last.series_id, conditions=[[ONCE | {"period": "months", "months": 24}]])
    other = make_programme(city, conditions=[[ONCE]])
    assert [[code for code, _ in found(city, made, citizen)] for made in (lifetime, yearly, months, other)] == [
        ["received_before"], [], ["received_before"], [],
    ]  # fmt: skip


# What changed since the check


def test_the_second_list_for_the_last_places_is_refused_with_the_figures(office: Office) -> None:
    make_terms(office.programme, quota=5, quota_period="programme")
    first = make_list(office, rows=3, people="가")
    second = make_list(office, rows=3, people="나", cycle=make_cycle(office.programme))
    assert submitted(office, first).state == BatchState.SUBMITTED
    refused = submitted(office, second)
    assert (refused.state, refused.failure["code"]) == (BatchState.VALIDATED, "quota_exceeded")
    assert refused.failure["params"] == {"quota": "5", "taken": "3", "wanted": "3", "left": "2"}
    assert "2명이 남았습니다" in str(failure_of(refused))
    assert not Entitlement.objects.filter(batch_id=second.pk).exists()


def test_a_person_whom_another_list_claimed_meanwhile_is_not_paid_twice(office: Office) -> None:
    make_terms(office.programme, conditions=[[ONCE]])
    first = make_list(office, rows=3)
    second = make_list(office, rows=3, cycle=make_cycle(office.programme))
    submitted(office, first)
    refused = submitted(office, second)
    assert (refused.state, refused.failure["code"]) == (BatchState.VALIDATED, "no_longer_entitled")
    assert refused.failure["params"]["rows"] == "3"


@pytest.mark.parametrize(
    "terms", [{"quota": 3, "quota_period": "programme"}, {"conditions": [[ONCE]]}], ids=["quota", "once"]
)
def test_of_two_lists_submitted_in_the_same_second_one_is_refused(committed_db: str, terms: dict[str, Any]) -> None:
    office = make_office()
    with office.city.scope():
        make_terms(office.programme, **terms)
        batches = [make_list(office, rows=3, cycle=make_cycle(office.programme), people=name) for name in
                   (("가", "나") if "quota" in terms else ("가", "가"))]  # fmt: skip
        for batch in batches:
            approvals.submit(batch=batch, exclude_bad_rows=True, at=AT, **office.acting(Role.DRAFTER))
    start = Barrier(2)

    def complete(batch: Batch) -> None:
        start.wait()
        try:
            approvals.complete_submission(municipality=office.city.code, batch_id=batch.pk, at=AT)
        finally:
            connections.close_all()

    threads = [Thread(target=complete, args=(batch,)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with office.city.scope():
        states = sorted(Batch.objects.filter(pk__in=[batch.pk for batch in batches]).values_list("state", flat=True))
        assert states == [BatchState.SUBMITTED, BatchState.VALIDATED]
        assert Entitlement.objects.count() == 3


def test_a_tranche_is_paid_once_in_a_lifetime_whatever_the_checks_say(office: Office) -> None:
    tranches = [{"label": "1차", "amounts": [{"tiers": [{"won": 100_000}]}]}]
    make_terms(office.programme, tranches=tranches)
    lists = [make_list(office, rows=2, cycle=make_cycle(office.programme, tranche=1)) for _ in range(2)]
    assert submitted(office, lists[0]).state == BatchState.SUBMITTED
    series = {(row.series_id, row.tranche) for row in Entitlement.objects.filter(batch_id=lists[0].pk)}
    assert series == {(office.programme.series_id, 1)}
    refused = submitted(office, lists[1])
    assert refused.state == BatchState.VALIDATED
    assert refused.failure["code"] in {"tranche_already_paid", "no_longer_entitled"}
