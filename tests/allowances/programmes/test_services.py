"""Programmes from the catalogue's types, their budget and their cycles."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from django.db import IntegrityError, transaction
from django.utils.translation import override

from allowances.budgets.errors import BudgetLineDiffers, BudgetLineInUse, BudgetLineMissing
from allowances.catalogue.models import AllowanceType
from allowances.eligibility.rules import fixed_amount
from allowances.programmes import errors, services
from allowances.programmes.models import Programme, ProgrammeStatus
from allowances.programmes.rules import Budget
from allowances.programmes.selectors import budget_of, budgets_of, next_cycle_number
from tests import factories
from tests.factories import AT
from tests.factories.lists import authority
from vouchers.common.errors import NotPermitted
from vouchers.common.models import uuid7
from vouchers.ledger.errors import AmountNotPositive, BudgetExceeded, BudgetLineExceeded, JournalConflict
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
    terms = programme.terms.get()
    assert (fixed_amount(terms.amounts), terms.amount_max) == (kind.amount, kind.amount)
    assert terms.conditions == [[{"kind": "age", "min": kind.age_min, "max": kind.age_max}]]
    assert (terms.validity_days, terms.payout_cycle) == (kind.validity_days, kind.cycle)
    assert terms.residents_only == kind.residency_required
    assert terms.set_by is not None
    assert programme.series_id == programme.pk
    assert programme.fiscal_year == AT.year
    assert budget_of(programme=programme) == Budget(allotted=0, reserved=0, paid=0)
    assert programme.history.get().history_user is not None


def test_own_values_overrule_the_type(city):
    programme = create(city, name="청년기본소득", amount=None, amount_max=250_000, validity_days=30)
    terms = programme.terms.get()
    assert (programme.name, terms.amounts, terms.amount_max) == ("청년기본소득", [{"tiers": [{"own": True}]}], 250_000)


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


def on_a_line(city, *, amount=2_000_000, **fields):
    """A programme without money, on a line that has some."""
    return create(city, budget_line=factories.make_budget_line(city, amount=amount), **fields)


def test_budget_is_what_was_allotted_less_reserved_and_paid(city):
    programme = on_a_line(city)
    budget_official = acting(city, Role.BUDGET)
    services.allot_budget(programme=programme, amount=1_000_000, at=AT, **budget_official)
    services.allot_budget(programme=programme, amount=500_000, at=AT, **budget_official)
    factories.grant(city, {factories.make_citizen(city): 300_000}, programme=programme)
    budget = budget_of(programme=programme)
    assert budget == Budget(allotted=1_500_000, reserved=0, paid=300_000)
    assert budget.available == 1_200_000
    assert budget.execution_rate == Fraction(1, 5)


def test_what_is_neither_paid_nor_reserved_goes_back_to_the_line(city):
    programme, budget_official = on_a_line(city), acting(city, Role.BUDGET)
    services.allot_budget(programme=programme, amount=1_500_000, at=AT, **budget_official)
    factories.grant(city, {factories.make_citizen(city): 300_000}, programme=programme)
    factories.make_signed_batch(city, {factories.make_citizen(city): 200_000}, programme=programme)
    with pytest.raises(BudgetExceeded) as refused, transaction.atomic():
        services.allot_budget(programme=programme, amount=-1_000_001, at=AT, **budget_official)
    assert refused.value.params == {"available": 1_000_000, "needed": 1_000_001}
    with override("ko"):
        assert "집행 가능액은 1,000,000원이고 필요한 금액은 1,000,001원" in str(refused.value)
    services.allot_budget(programme=programme, amount=-1_000_000, at=AT, **budget_official)
    assert budget_of(programme=programme) == Budget(allotted=500_000, reserved=200_000, paid=300_000)


def test_a_line_gives_no_more_than_it_has(city):
    programme, budget_official = on_a_line(city, amount=1_000_000), acting(city, Role.BUDGET)
    services.allot_budget(programme=programme, amount=600_000, at=AT, **budget_official)
    with pytest.raises(BudgetLineExceeded) as refused, transaction.atomic():
        services.allot_budget(programme=programme, amount=400_001, at=AT, **budget_official)
    assert refused.value.params == {"available": 400_000, "needed": 400_001}
    assert budget_of(programme=programme).allotted == 600_000


def test_allotting_twice_with_one_id_counts_once(city):
    programme, budget_official, journal = on_a_line(city), acting(city, Role.BUDGET), uuid7()
    for _ in range(2):
        services.allot_budget(programme=programme, amount=70_000, id=journal, at=AT, **budget_official)
    assert budget_of(programme=programme).allotted == 70_000
    with pytest.raises(JournalConflict), transaction.atomic():
        services.allot_budget(programme=programme, amount=70_001, id=journal, at=AT, **budget_official)
    (allotment,) = programme.allotments.all()
    assert (allotment.amount, allotment.official, allotment.journal_id) == (
        70_000,
        budget_official["official"],
        journal,
    )


def test_nothing_is_not_allotted(city):
    with pytest.raises(AmountNotPositive), transaction.atomic():
        services.allot_budget(programme=on_a_line(city), amount=0, at=AT, **acting(city, Role.BUDGET))


def test_the_drafter_does_not_allot(city):
    with pytest.raises(NotPermitted):
        services.allot_budget(programme=on_a_line(city), amount=1, at=AT, **acting(city, Role.DRAFTER))


def test_a_programme_without_a_line_gets_no_money(city):
    with pytest.raises(BudgetLineMissing):
        services.allot_budget(programme=create(city), amount=1, at=AT, **acting(city, Role.BUDGET))


def test_a_line_of_another_year_or_currency_is_not_the_programmes(city):
    with pytest.raises(BudgetLineDiffers):
        create(city, budget_line=factories.make_budget_line(city, fiscal_year=AT.year - 1))


def test_a_programme_that_got_money_stays_with_its_line(city):
    programme, drafter = on_a_line(city), acting(city, Role.DRAFTER)
    programme.budget_line = factories.make_budget_line(city, amount=50_000)
    services.save_programme(programme=programme, **drafter)
    services.allot_budget(programme=programme, amount=50_000, at=AT, **acting(city, Role.BUDGET))
    for other in (factories.make_budget_line(city), None):
        programme.budget_line = other
        with pytest.raises(BudgetLineInUse), transaction.atomic():
            services.save_programme(programme=programme, **drafter)


def test_the_budgets_of_a_page_of_programmes_take_one_statement(city, django_assert_num_queries):
    programmes = [factories.make_programme(city, budget=amount) for amount in (1_000, 2_000, 3_000)] + [create(city)]
    with django_assert_num_queries(1):
        found = budgets_of(programmes=programmes)
    assert [found[programme.pk].allotted for programme in programmes] == [1_000, 2_000, 3_000, 0]


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
        services.allot_budget(programme=programme, amount=1, at=AT, **acting(city, Role.BUDGET))


def test_no_programme_pays_more_than_any_sum_can_hold(city: factories.City) -> None:
    with city.scope(), pytest.raises(IntegrityError, match="programme_amount_max_in_range"), transaction.atomic():
        factories.make_programme(city, amount=None, amount_max=10**12 + 1)
