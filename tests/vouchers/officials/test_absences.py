"""Absences: who may sign in whose place, and on which days nobody may."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests import factories
from tests.factories import AT
from vouchers.common.errors import NotPermitted
from vouchers.common.seoul import business_date
from vouchers.officials import errors, services
from vouchers.officials.models import Absence, Official, RoleAssignment
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority, absences_of, authority_of, deputyships_of

pytestmark = pytest.mark.django_db
TODAY = business_date(AT)


def days(offset: int) -> date:
    return TODAY + timedelta(days=offset)


@pytest.fixture
def city():
    made = factories.make_city()
    with made.scope():
        yield made


def plan(official: Official, deputy: Official, first: int = 0, last: int = 2, *, by: Official | None = None) -> Absence:
    by = by or official
    return services.plan_absence(
        official=official, deputy=deputy, valid_from=days(first), valid_until=days(last), reason="휴가", by=by,
        authority=authority(by), day=TODAY,
    )  # fmt: skip


def authority(official: Official, offset: int = 0) -> Authority:
    return authority_of(official_id=official.pk, day=days(offset))


def acts_for(deputy: Official, offset: int = 0) -> dict[Any, dict[str, frozenset[str]]]:
    return {held.official_id: held.roles for held in authority(deputy, offset).acting}


# Whom a deputy acts for, and when


@pytest.mark.parametrize(("offset", "acts"), [(-1, False), (0, True), (2, True), (3, False)])
def test_a_deputy_acts_from_the_first_day_through_the_last(city, offset, acts):
    away = factories.make_official(city, Role.APPROVER, position="과장")
    deputy = factories.make_official(city)
    plan(away, deputy)
    assert acts_for(deputy, offset) == ({away.pk: {city.code: frozenset({"approver"})}} if acts else {})
    assert authority(deputy, offset).municipalities == ({city.code} if acts else set())


def test_acting_is_signing_and_seeing_what_is_signed_and_nothing_else(city):
    away = factories.make_official(city, Role.PAYER, Role.BUDGET, position="과장")
    deputy = factories.make_official(city, position="주무관")
    plan(away, deputy)
    held = authority(deputy)
    assert held.acting[0].position == "과장"
    assert not held.has_role(Role.PAYER, city.code)
    assert held.may("allowances.view", city.code)
    assert not any(held.may(name, city.code) for name in ("citizens.view", "programmes.fund", "batches.pay"))
    assert not held.may("allowances.view", "41480")


def test_only_signing_roles_are_acted(city):
    away = factories.make_official(city, Role.DRAFTER, Role.REVIEWER, Role.SETTLEMENT_OFFICER)
    deputy = factories.make_official(city)
    plan(away, deputy)
    assert acts_for(deputy) == {away.pk: {city.code: frozenset({"reviewer"})}}


def test_a_role_that_excludes_the_acted_one_ends_the_acting(city):
    away, deputy = factories.make_official(city, Role.APPROVER, Role.REVIEWER), factories.make_official(city)
    plan(away, deputy)
    RoleAssignment.objects.create(
        municipality=city.municipality, official=deputy, role=Role.DRAFTER, valid_from=TODAY, reason="겸직"
    )
    assert acts_for(deputy) == {away.pk: {city.code: frozenset({"reviewer"})}}


def test_who_has_left_neither_acts_nor_is_acted_for(city):
    away, deputy = factories.make_official(city, Role.APPROVER), factories.make_official(city)
    plan(away, deputy)
    Official.objects.filter(pk=away.pk).update(is_active=False)
    assert acts_for(deputy) == {}
    Official.objects.update(is_active=True)
    Official.objects.filter(pk=deputy.pk).update(is_active=False)
    assert acts_for(deputy) == {}


def test_a_deputy_has_no_deputy(city):
    """B acts for A. C, who acts for B on other days, never acts for A."""
    a, b, c = (factories.make_official(city, Role.REVIEWER) for _ in range(3))
    plan(a, b, 0, 5)
    with pytest.raises(errors.AbsentIsDeputy):
        plan(b, c, 5, 9)
    plan(b, c, 6, 9)
    assert acts_for(c, 6) == {b.pk: {city.code: frozenset({"reviewer"})}}


# What is refused


def test_who_is_away_is_nobodys_deputy(city):
    a, b, c = (factories.make_official(city, Role.REVIEWER) for _ in range(3))
    plan(b, c, 0, 5)
    with pytest.raises(errors.DeputyIsAbsent):
        plan(a, b, 5, 9)
    plan(a, b, 6, 9)


def test_one_absence_at_a_time(city):
    a, b, c = (factories.make_official(city, Role.REVIEWER) for _ in range(3))
    plan(a, b, 0, 5)
    with pytest.raises(errors.AbsenceOverlaps):
        plan(a, c, 5, 6)


@pytest.mark.parametrize(
    ("away", "held", "refused"),
    [
        (Role.APPROVER, Role.DRAFTER, True), (Role.PAYER, Role.APPROVER, True), (Role.APPROVER, Role.ADMINISTRATOR, True),
        (Role.REVIEWER, Role.DRAFTER, False), (Role.BUDGET, Role.REVIEWER, False), (Role.DRAFTER, Role.APPROVER, False),
    ],
)  # fmt: skip
def test_roles_that_exclude_each_other_make_no_deputy(city, away, held, refused):
    official, deputy = factories.make_official(city, away), factories.make_official(city, held)
    if refused:
        with pytest.raises(errors.DeputyIncompatible):
            plan(official, deputy)
    else:
        plan(official, deputy)


def test_nobody_acts_as_approver_and_as_payer_on_one_day(city):
    approver, payer, deputy = (
        factories.make_official(city, Role.APPROVER), factories.make_official(city, Role.PAYER),
        factories.make_official(city),
    )  # fmt: skip
    plan(approver, deputy, 0, 2)
    with pytest.raises(errors.DeputyIncompatible):
        plan(payer, deputy, 2, 3)
    plan(payer, deputy, 3, 4)


def test_a_deputy_works_at_the_same_place_and_still_does(city):
    away, gone = factories.make_official(city, Role.APPROVER), factories.make_official(city, is_active=False)
    with pytest.raises(errors.DeputyElsewhere):
        plan(away, gone)


def test_days_gone_by_are_not_planned(city):
    away, deputy = factories.make_official(city, Role.APPROVER), factories.make_official(city)
    with pytest.raises(errors.AbsenceIsOver):
        plan(away, deputy, -3, -1)


def test_one_plans_ones_own_absence_and_the_administrator_everybodys(city):
    away, deputy = factories.make_official(city, Role.APPROVER), factories.make_official(city)
    with pytest.raises(NotPermitted):
        plan(away, deputy, by=deputy)
    plan(away, deputy, by=factories.make_official(city, Role.ADMINISTRATOR))


# The end of it


@pytest.mark.parametrize("first", [-2, 0, 1])
def test_who_is_back_ends_the_acting_at_once(city, first):
    away, deputy = factories.make_official(city, Role.APPROVER), factories.make_official(city)
    absence = Absence.objects.create(
        municipality=city.municipality, official=away, deputy=deputy, valid_from=days(first), valid_until=days(3),
        reason="휴가",
    )  # fmt: skip
    assert list(absences_of(official=away, day=TODAY)) == list(deputyships_of(official_id=deputy.pk, day=TODAY))
    services.end_absence(absence=absence, by=away, authority=authority(away), day=TODAY)
    assert acts_for(deputy) == acts_for(deputy, 1) == {}
    assert not absences_of(official=away, day=TODAY).exists()
    with pytest.raises(errors.AbsenceIsOver):
        services.end_absence(absence=absence, by=away, authority=authority(away), day=TODAY)


def test_an_absence_ends_also_when_its_deputy_has_left(city):
    away, deputy = factories.make_official(city, Role.APPROVER), factories.make_official(city)
    absence = plan(away, deputy, 0, 3)
    Official.objects.filter(pk=deputy.pk).update(is_active=False)
    services.end_absence(absence=absence, by=away, authority=authority(away), day=TODAY)


def test_the_deputy_does_not_end_the_absence(city):
    away, deputy = factories.make_official(city, Role.APPROVER), factories.make_official(city)
    absence = plan(away, deputy)
    with pytest.raises(NotPermitted):
        services.end_absence(absence=absence, by=deputy, authority=authority(deputy), day=TODAY)
