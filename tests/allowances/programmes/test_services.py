"""Programmes from the catalogue's types, their budget and their cycles."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from django.db import IntegrityError, transaction

from allowances.catalogue.models import AllowanceType
from allowances.programmes import errors, services
from allowances.programmes.models import Programme, ProgrammeStatus
from allowances.programmes.rules import Budget
from allowances.programmes.selectors import budget_of, next_cycle_number
from tests import factories
from tests.factories import AT
from tests.factories.lists import authority
from vouchers.common.errors import NotPermitted
from vouchers.common.models import uuid7
from vouchers.ledger.errors import AmountNotPositive, JournalConflict
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    made = factories.make_city()
    with made.scope():
        yield made


def acting(city, *roles):
    official = factories.make_official(city, *roles)
    return {"official": official, "authority": authority(official)}


def create(city, **fields):
    kind = AllowanceType.objects.exclude(amount=None).exclude(validity_days=None).order_by("code").first()
    fields = {
        "type": kind, "department": "복지정책과", "legal_basis": "조례 제3조", "is_not_wage": True,
        "currency": city.currency, "at": AT,
    } | acting(city, Role.DRAFTER) | fields  # fmt: skip
    return services.create_programme(municipality=city.municipality, **fields)


def test_a_programme_starts_from_its_type(city):
    programme = create(city)
    kind = programme.type
    assert programme.name == kind.name
    assert (programme.amount, programme.amount_max) == (kind.amount, kind.amount)
    assert programme.validity_days == kind.validity_days
    assert (programme.age_min, programme.age_max) == (kind.age_min, kind.age_max)
    assert programme.residency_required == kind.residency_required
    assert programme.fiscal_year == AT.year
    assert budget_of(programme=programme) == Budget(allotted=0, reserved=0, paid=0)
    assert programme.history.get().history_user is not None


def test_own_values_overrule_the_type(city):
    programme = create(city, name="청년기본소득", amount=None, amount_max=250_000, validity_days=30)
    assert (programme.name, programme.amount, programme.amount_max) == ("청년기본소득", None, 250_000)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"is_not_wage": False}, errors.WagePaidByVoucher),
        ({"amount": 200, "amount_max": 100}, errors.ProgrammeAmountInvalid),
        ({"amount": 0}, errors.ProgrammeAmountInvalid),
        ({"amount": None, "amount_max": None}, errors.ProgrammeIncomplete),
        ({"validity_days": None}, errors.ProgrammeIncomplete),
        ({"validity_days": 0}, errors.ProgrammeValidityInvalid),
        ({"age_min": 40, "age_max": 39}, errors.ProgrammeAgesInvalid),
    ],
)
def test_contradictions_are_refused(city, fields, error):
    with pytest.raises(error), transaction.atomic():
        create(city, **fields)
    assert not Programme.objects.exists()


def test_a_name_is_used_once_a_year(city):
    create(city, name="출산장려금")
    with pytest.raises(errors.ProgrammeNameTaken), transaction.atomic():
        create(city, name="출산장려금")
    create(city, name="출산장려금", fiscal_year=AT.year + 1)


@pytest.mark.parametrize("role", [role for role in Role if role != Role.DRAFTER])
def test_only_drafters_make_programmes(city, role):
    with pytest.raises(NotPermitted):
        create(city, **acting(city, role))


def test_budget_is_what_was_allotted_less_reserved_and_paid(city):
    programme = create(city)
    budget_official = acting(city, Role.BUDGET)
    services.fund_programme(programme=programme, amount=1_000_000, at=AT, **budget_official)
    services.fund_programme(programme=programme, amount=500_000, at=AT, **budget_official)
    factories.grant(city, {factories.make_citizen(city): 300_000}, programme=programme)
    budget = budget_of(programme=programme)
    assert budget == Budget(allotted=1_500_000, reserved=0, paid=300_000)
    assert budget.available == 1_200_000
    assert budget.execution_rate == Fraction(1, 5)


def test_funding_twice_with_one_id_counts_once(city):
    programme, budget_official, journal = create(city), acting(city, Role.BUDGET), uuid7()
    for _ in range(2):
        services.fund_programme(programme=programme, amount=70_000, id=journal, at=AT, **budget_official)
    assert budget_of(programme=programme).allotted == 70_000
    with pytest.raises(JournalConflict), transaction.atomic():
        services.fund_programme(programme=programme, amount=70_001, id=journal, at=AT, **budget_official)
    notes = programme.history.filter(history_change_reason__startswith="예산 배정")
    assert [(note.history_user, note.history_change_reason) for note in notes] == [
        (budget_official["official"], "예산 배정 70,000원")
    ]


@pytest.mark.parametrize("amount", [0, -1])
def test_only_positive_amounts_are_allotted(city, amount):
    with pytest.raises(AmountNotPositive), transaction.atomic():
        services.fund_programme(programme=create(city), amount=amount, at=AT, **acting(city, Role.BUDGET))


def test_the_drafter_does_not_allot(city):
    with pytest.raises(NotPermitted):
        services.fund_programme(programme=create(city), amount=1, at=AT, **acting(city, Role.DRAFTER))


def test_cycles_are_numbered_in_order(city):
    programme, drafter = create(city), acting(city, Role.DRAFTER)
    day = date(2026, 11, 1)
    first = services.open_cycle(programme=programme, name="11월분", reference_date=day, at=AT, **drafter)
    second = services.open_cycle(programme=programme, name="12월분", reference_date=day, at=AT, **drafter)
    assert (first.number, second.number, next_cycle_number(programme=programme)) == (1, 2, 3)
    with pytest.raises(errors.CycleNumberTaken), transaction.atomic():
        services.open_cycle(programme=programme, name="또", reference_date=day, number=2, at=AT, **drafter)


def test_an_ended_programme_takes_no_cycle_and_no_money(city):
    programme, drafter = create(city), acting(city, Role.DRAFTER)
    services.close_programme(programme=programme, **drafter)
    assert Programme.objects.get().status == ProgrammeStatus.CLOSED
    with pytest.raises(errors.ProgrammeEnded):
        services.open_cycle(programme=programme, name="1월분", reference_date=AT.date(), at=AT, **drafter)
    with pytest.raises(errors.ProgrammeEnded), transaction.atomic():
        services.fund_programme(programme=programme, amount=1, at=AT, **acting(city, Role.BUDGET))


def test_no_programme_pays_more_than_any_sum_can_hold(city: factories.City) -> None:
    with city.scope(), pytest.raises(IntegrityError, match="programme_amount_max_in_range"), transaction.atomic():
        factories.make_programme(city, amount=None, amount_max=10**12 + 1)
