"""Every worked example through the real way of a list: upload, reading, matching, amounts, checks."""

from __future__ import annotations

import itertools
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from allowances.batches import services as batches
from allowances.batches.models import Batch, BatchProblem, BatchRow, BatchState, Entitlement
from allowances.batches.problems import reason_of
from allowances.catalogue.models import AllowanceType
from allowances.eligibility.facts import FACTS, FactType, needed_by
from allowances.programmes import services
from allowances.programmes.models import Cycle, Programme
from allowances.programmes.sentences import terms_in_words
from tests import factories
from tests.allowances.programmes.worked import Example, P, births, moves, others
from tests.factories import AT, City
from tests.factories.lists import authority, read_list
from vouchers.citizens.models import Citizen, CitizenCategory, Household, HouseholdMember, ResidencePeriod
from vouchers.citizens.rules import Relation
from vouchers.common.models import uuid7
from vouchers.municipalities.models import Dong
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.privacy.fields import key_ring
from vouchers.privacy.files import FileStore

pytestmark = pytest.mark.django_db

_NAMES = itertools.cycle(range(300))
EXAMPLES = (*births.EXAMPLES, *moves.EXAMPLES, *others.EXAMPLES)


@pytest.fixture
def city() -> Any:
    made = factories.make_city()
    with made.scope():
        yield made


def test_at_least_thirty_named_programmes_each_with_people_who_pass_and_fail() -> None:
    assert len({example.name for example in EXAMPLES}) >= 30
    for example in EXAMPLES:
        assert any(person.won for person in example.people), example.name
        assert any(person.codes for person in example.people) or example.name.startswith(("울진", "칠순")), example.name


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_who_gets_what(city: City, tmp_path: Path, example: Example) -> None:
    programme = make(city, example)
    cycle = Cycle.objects.get(programme=programme, name="시험 회차")
    with city.scope():
        citizens = [enter(city, person, programme) for person in example.people]
        batch = upload(city, cycle, example, citizens, FileStore(directory=tmp_path, ring=key_ring()))
    assert batch.state == BatchState.VALIDATED, batch.failure
    found: dict[int, set[str]] = {}
    with city.scope():
        for problem in BatchProblem.objects.filter(batch_id=batch.pk, is_warning=False):
            found.setdefault(problem.row_number, set()).add(problem.code)
            for language in ("ko", "en"):
                with translation.override(language):
                    assert reason_of(problem.code, problem.field, problem.params)
        won = dict(BatchRow.objects.filter(batch_id=batch.pk).values_list("row_number", "amount"))
    told = [(person.who, tuple(sorted(found.get(row, set()))), None if row in found else won[row])
            for row, person in enumerate(example.people, start=2)]  # fmt: skip
    assert told == [(person.who, tuple(sorted(person.codes)), person.won) for person in example.people]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_terms_are_told_in_words(city: City, example: Example, language: str) -> None:
    programme = make(city, example)
    with translation.override(language):
        words = terms_in_words(Cycle.objects.get(programme=programme).terms)
        lines = [*words.conditions, *words.amounts, *words.others]
    assert lines
    assert not any("%(" in line for line in lines)


def make(city: City, example: Example) -> Programme:
    """The programme, its terms and a round, by the services that officials use."""
    drafter: Official = factories.make_official(city, Role.DRAFTER)
    who = {"official": drafter, "authority": authority(drafter)}
    terms = {"validity_days": None, "conditions": [], "amounts": [], "tranches": []} | example.terms
    if until := terms.get("valid_until"):
        terms["valid_until"] = date.fromisoformat(until)
    programme = factories.make_programme(city, type=AllowanceType.objects.get(code=example.type), name=example.name)
    services.set_terms(programme=programme, valid_from=date(2026, 1, 1), **terms, **who)
    services.open_cycle(
        programme=programme, name="시험 회차", reference_date=date.fromisoformat(example.day), tranche=example.tranche, at=AT, **who
    )  # fmt: skip
    return programme


def enter(city: City, person: P, programme: Programme) -> Citizen:
    """The person as the record knows them, and what they were paid before."""
    own = {"municipality": city.municipality}
    dong, _made = Dong.objects.get_or_create(name=person.dong, defaults={"code": str(uuid7().int)[:10]}, **own)
    since = date.fromisoformat(person.since) if person.since else None
    name = "김" + "".join(chr(0xAC00 + 28 * next(_NAMES)) for _ in range(2))
    citizen = factories.make_citizen(
        city,
        name=name,
        birth_date=date.fromisoformat(person.birth),
        resident_since=since,
        status=person.status,
        dong=dong,
    )
    for category in person.registered:
        CitizenCategory.objects.create(citizen=citizen, category=category, **own)
    for start, end in person.lived:
        ResidencePeriod.objects.create(
            citizen=citizen, since=date.fromisoformat(start), until=date.fromisoformat(end), **own
        )
    if person.home:
        _make_home(citizen, person.home, own)
    for day, won, tranche in person.paid:
        _pay_before(citizen, programme, date.fromisoformat(day), won, tranche)
    return citizen


def _make_home(citizen: Citizen, home: tuple[tuple[str, str], ...], own: dict[str, Any]) -> None:
    household = Household.objects.create(number=str(uuid7()), **own)
    HouseholdMember.objects.create(
        household=household,
        citizen=citizen,
        name=citizen.name,
        birth_date=citizen.birth_date,
        relation=Relation.HEAD,
        **own,
    )
    for relation, day in home:
        if day:
            HouseholdMember.objects.create(
                household=household, name="가족", birth_date=date.fromisoformat(day), relation=relation, **own
            )


def _pay_before(citizen: Citizen, programme: Programme, day: date, won: int, tranche: int | None) -> None:
    """In a round of the programme, or of its forerunner where the day lies in another year."""
    earlier = programme
    if day.year != programme.fiscal_year:
        earlier, _made = Programme.objects.get_or_create(
            municipality_id=programme.municipality_id, series_id=programme.series_id, fiscal_year=day.year,
            defaults={
                "name": programme.name, "type": programme.type, "currency": programme.currency, "department": "복지과",
                "legal_basis": "조례", "is_not_wage": True,
            },
        )  # fmt: skip
    cycle = factories.make_cycle(earlier, reference_date=day)
    Entitlement.objects.create(
        id=uuid7(), municipality_id=programme.municipality_id, cycle_id=cycle.pk, citizen_id=citizen.pk, batch_id=uuid7(),
        row_number=2, amount=won, tranche=tranche, series_id=programme.series_id if tranche else None,
    )  # fmt: skip


def upload(city: City, cycle: Cycle, example: Example, citizens: list[Citizen], store: FileStore) -> Batch:
    """The list as an official would write it: Korean headers, one column for every fact that the terms ask for."""
    names = sorted(needed_by(cycle.conditions))
    own = any(person.amount is not None for person in example.people)
    header = ["성명", "생년월일", "휴대전화", *(FACTS[name].aliases[0] for name in names), *(["지급액"] if own else [])]
    lines = [",".join(header)]
    for person, citizen in zip(example.people, citizens, strict=True):
        cells = [citizen.name, citizen.birth_date.isoformat(), citizen.phone]
        cells += [_cell(name, person.facts.get(name)) for name in names]
        lines.append(",".join(cells + ([str(person.amount)] if own else [])))
    drafter = factories.make_official(city, Role.DRAFTER)
    batch = batches.upload(
        cycle=cycle, file=SimpleUploadedFile("명단.csv", "\n".join(lines).encode()), file_name="명단.csv", official=drafter,
        authority=authority(drafter), store=store, limit=10_000_000, at=AT,
    )  # fmt: skip
    return read_list(batch, store)


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if FACTS[name].type == FactType.BOOLEAN:
        return "예" if value else "아니오"
    return str(FACTS[name].choice_labels[value]) if FACTS[name].type == FactType.CHOICE else str(value)
