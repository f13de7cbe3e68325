"""Entries and allotments: what they move, what they refuse, and what the database refuses in spite of them."""

from __future__ import annotations

import pytest
from django.db import Error, connection, transaction

from allowances.budgets import errors, services
from allowances.budgets.models import BudgetAllotment, BudgetEntry, BudgetLine, EntryKind
from allowances.budgets.rules import LineBudget, Split
from allowances.budgets.selectors import line_budgets
from allowances.programmes.services import allot_budget
from tests import factories
from tests.factories import AT
from tests.factories.lists import authority
from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted
from vouchers.common.models import uuid7
from vouchers.ledger.audit import audit
from vouchers.ledger.errors import BudgetLineExceeded, JournalConflict
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    made = factories.make_city()
    with made.scope():
        yield made


@pytest.fixture
def budget(city):
    """The budget officer, and when."""
    official = factories.make_official(city, Role.BUDGET)
    return {"official": official, "authority": authority(official), "at": AT}


@pytest.fixture
def line(city, budget):
    made = BudgetLine(
        municipality=city.municipality, currency=city.currency, fiscal_year=AT.year, department="청년정책과", code="301-01",
        name="청년기본소득", national_percent=50, province_percent=20,
    )  # fmt: skip
    return services.save_line(line=made, official=budget["official"], authority=budget["authority"])


def record(line, kind, national=0, province=0, city=0, **options):
    options = {"reason": "2026년 예산"} | options
    split = Split(national=national, province=province, city=city)
    return services.record(line=line, kind=kind, split=split, **options)


def budget_of(line) -> LineBudget:
    return line_budgets(lines=[line])[line.pk]


def other_line(city, **fields):
    return factories.make_budget_line(city, **fields)


def differences() -> dict[str, int]:
    return {finding.invariant.name: finding.difference for finding in audit() if finding.difference}


def test_a_year_of_a_line_as_an_accountant_would_follow_it(city, line, budget):
    before = other_line(city, fiscal_year=AT.year - 1, amount=90)
    neighbour = other_line(city)
    record(line, EntryKind.ORIGINAL, 500, 200, 300, **budget)
    record(line, EntryKind.INCREASE, city=100, **budget)
    record(line, EntryKind.DECREASE, national=50, city=20, **budget)
    record(line, EntryKind.CARRIED_NAMED, city=90, counterpart=before, **budget)
    record(line, EntryKind.CONTINGENCY, city=10, **budget)
    record(line, EntryKind.TRANSFER_OUT, city=30, counterpart=neighbour, **budget)
    programme = factories.make_programme(city, budget=0, budget_line=line)
    allot_budget(programme=programme, amount=700, **budget)
    factories.grant(city, {factories.make_citizen(city): 400}, programme=programme)
    factories.make_signed_batch(city, {factories.make_citizen(city): 50}, programme=programme)
    allot_budget(programme=programme, amount=-150, **budget)
    record(line, EntryKind.RECOVERED, city=40, **budget)
    record(line, EntryKind.SUBSIDY_RETURNED, national=60, **budget)
    record(line, EntryKind.LAPSED, city=25, **budget)

    found = budget_of(line)
    assert found.original == Split(national=450, province=200, city=380)
    assert (found.carried.total, found.transferred.total, found.contingency.total) == (90, -30, 10)
    assert (found.allotted, found.reserved, found.paid, found.returned) == (550, 50, 400, 0)
    assert found.current.total == 1_100
    assert (found.spent, found.given_back, found.gone.total) == (360, 40, 85)
    assert found.left == 1_100 - 360 - 85
    assert found.unallotted == 1_100 + 40 - 85 - 550
    assert budget_of(neighbour).transferred == Split(city=30)
    assert (budget_of(before).gone.total, budget_of(before).unallotted) == (90, 0)
    with pytest.raises(BudgetLineExceeded) as refused, transaction.atomic():
        record(line, EntryKind.DECREASE, province=200, city=306, **budget)
    assert refused.value.params == {"available": 505, "needed": 506}
    assert differences() == {}


def test_who_enters_why_and_where_it_went_stays_with_the_entry(city, line, budget):
    record(line, EntryKind.ORIGINAL, city=100, document_number="예산과-12", **budget)
    neighbour = other_line(city)
    record(line, EntryKind.CHANGE_OUT, city=40, counterpart=neighbour, reason=" 집행 계획 변경 ", **budget)
    given, got = BudgetEntry.objects.filter(reason="집행 계획 변경").order_by("city")
    assert (given.line, given.kind, given.amount, given.counterpart) == (line, EntryKind.CHANGE_OUT, -40, neighbour)
    assert (got.line, got.kind, got.amount, got.counterpart) == (neighbour, EntryKind.CHANGE_IN, 40, line)
    assert given.journal_id == got.journal_id
    assert {given.official, got.official} == {budget["official"]}


def test_a_form_that_is_sent_twice_counts_once(line, budget):
    sent = uuid7()
    first, second = (record(line, EntryKind.ORIGINAL, city=100, id=sent, **budget) for _ in range(2))
    assert first.pk == second.pk
    assert budget_of(line).current.total == 100
    with pytest.raises(JournalConflict), transaction.atomic():
        record(line, EntryKind.ORIGINAL, city=101, id=sent, **budget)
    with pytest.raises(errors.EntryRepeated), transaction.atomic():
        record(line, EntryKind.INCREASE, city=100, id=sent, **budget)


@pytest.mark.parametrize("role", [role for role in Role if role != Role.BUDGET])
def test_only_the_budget_office_enters(city, line, role):
    official = factories.make_official(city, role)
    who = {"official": official, "authority": authority(official)}
    with pytest.raises(NotPermitted):
        record(line, EntryKind.ORIGINAL, city=1, at=AT, **who)
    with pytest.raises(NotPermitted):
        services.save_line(line=line, **who)


@pytest.mark.parametrize(
    ("kind", "parts", "options", "error"),
    [
        (EntryKind.ORIGINAL, (0, 0, 0), {}, errors.EntrySignWrong),
        (EntryKind.ORIGINAL, (-1, 0, 2), {}, errors.EntrySignWrong),
        (EntryKind.ORIGINAL, (0, 0, 1), {"reason": "  "}, errors.BudgetEntryReasonMissing),
        (EntryKind.TRANSFER_IN, (0, 0, 1), {}, errors.EntryKindWrong),
        (EntryKind.CARRIED_OUT, (0, 0, 1), {}, errors.EntryKindWrong),
        (EntryKind.TRANSFER_OUT, (0, 0, 1), {}, errors.CounterpartWrong),
        (EntryKind.TRANSFER_OUT, (0, 0, 1), {"counterpart": "itself"}, errors.CounterpartWrong),
        (EntryKind.TRANSFER_OUT, (0, 0, 1), {"counterpart": "last year"}, errors.CounterpartWrong),
        (EntryKind.CARRIED_NAMED, (0, 0, 1), {"counterpart": "this year"}, errors.CounterpartWrong),
        (EntryKind.INCREASE, (0, 0, 1), {"counterpart": "this year"}, errors.CounterpartWrong),
        (EntryKind.DECREASE, (11, 0, 0), {}, errors.BudgetPartExceeded),
        (EntryKind.DECREASE, (0, 0, 101), {}, BudgetLineExceeded),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(city, line, budget, kind, parts, options, error):
    record(line, EntryKind.ORIGINAL, 10, 0, 90, **budget)
    lines = {
        "itself": line, "this year": other_line(city), "last year": other_line(city, fiscal_year=AT.year - 1, amount=5)
    }  # fmt: skip
    if "counterpart" in options:
        options = {"counterpart": lines[options["counterpart"]]}
    entries = BudgetEntry.objects.count()
    with pytest.raises(error), transaction.atomic():
        record(line, kind, *parts, **options, **budget)
    assert (BudgetEntry.objects.count(), budget_of(line).unallotted) == (entries, 100)
    assert differences() == {}


def test_shares_and_codes_are_checked_by_the_database(city, line, budget):
    who = {"official": budget["official"], "authority": budget["authority"]}
    line.national_percent, line.province_percent = 80, 21
    with pytest.raises(errors.SharesExceedWhole), transaction.atomic():
        services.save_line(line=line, **who)
    line.refresh_from_db()
    same = BudgetLine(
        municipality=city.municipality, currency=city.currency, fiscal_year=line.fiscal_year, department="과", code=line.code,
        name="둘째",
    )  # fmt: skip
    with pytest.raises(errors.BudgetLineCodeTaken), transaction.atomic():
        services.save_line(line=same, **who)
    assert line.history.get().history_user == budget["official"]


# Past the services


def test_no_entry_and_no_allotment_without_its_movement(city, line, budget):
    record(line, EntryKind.ORIGINAL, city=100, **budget)
    programme = factories.make_programme(city, budget=0, budget_line=line)
    posted = BudgetEntry.objects.get().journal_id
    who = {"municipality": city.municipality, "official": budget["official"], "at": AT, "reason": "-"}
    forged = [
        BudgetEntry(line=line, kind=EntryKind.INCREASE, city=100, journal_id=uuid7(), **who),
        BudgetEntry(line=other_line(city), kind=EntryKind.INCREASE, city=100, journal_id=posted, **who),
        BudgetEntry(line=other_line(city), kind=EntryKind.LAPSED, city=-100, journal_id=posted, **who),
        BudgetAllotment(line=line, programme=programme, amount=-100, journal_id=posted, **who),
        BudgetAllotment(line=line, programme=programme, amount=100, journal_id=uuid7(), **who),
    ]
    for row in forged:
        with pytest.raises(errors.BudgetEntryNotPosted), transaction.atomic(), domain_errors():
            row.save(force_insert=True)


def test_a_programme_takes_money_from_its_own_line_alone(city, line, budget):
    programme, other = factories.make_programme(city, budget=50), other_line(city, amount=100)
    with pytest.raises(errors.BudgetLineDiffers), transaction.atomic():
        services.allot(line=other, programme=programme.pk, amount=1, official=budget["official"], at=AT, id=uuid7())


TABLES = ["allowances_budgetentry", "allowances_budgetallotment"]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", ["UPDATE {} SET reason = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_application_changes_nothing_that_was_entered(city, table, statement):
    with pytest.raises(Error) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))
    assert getattr(refused.value.__cause__, "sqlstate", "") == "42501"
