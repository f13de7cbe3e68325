"""모의 판정: what one person would get of a programme and why, by the same SQL that judges lists."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext

from allowances.eligibility.compiler import Setting, compile_rules
from allowances.eligibility.judging import Judgement
from allowances.eligibility.kinds import sentence_of
from allowances.eligibility.problems import PROBLEMS, shown
from allowances.eligibility.rules import Effective, effective, takes_own_amounts
from allowances.programmes.models import Cycle, ProgrammeTerms
from allowances.programmes.selectors import excluded_rounds, payment_rounds
from vouchers.citizens.models import Citizen, CitizenStatus
from vouchers.common.korean import document_date
from vouchers.common.models import uuid7

_PERSON: Final = """
WITH tried AS (
    SELECT %(municipality)s::varchar AS municipality_id, %(batch)s::uuid AS batch_id, 2 AS row_number,
           %(name)s::text AS name, %(birth_date)s::date AS birth_date, %(phone)s::text AS phone, %(dong)s::text AS dong,
           %(amount)s::bigint AS amount, %(facts)s::jsonb AS facts, %(citizen)s::uuid AS citizen_id,
           NULL::bytea AS resident_number_index
)
"""
_EXCLUDED: Final = """
    SELECT DISTINCT e.cycle_id FROM allowances_entitlement e
    WHERE e.municipality_id = %s AND e.citizen_id = %s AND e.cycle_id = ANY (%s) AND NOT e.void
"""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who is tried: a member, or somebody of whom only these facts are known. ``amount``: what a list would say."""

    citizen: Citizen | None = None
    birth_date: date | None = None
    dong: str = ""
    amount: int | None = None
    facts: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One condition: ``met`` is None where it cannot be judged; ``reason`` says why it is not met."""

    sentence: str
    met: bool | None
    reason: str = ""
    alternatives: tuple[Line, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What somebody would get: ``won`` is None for nothing."""

    won: int | None
    in_cash: bool
    lines: list[Line]
    amount_problem: str


def try_person(*, terms: ProgrammeTerms, reference_date: date, tranche: int | None, person: Person) -> Verdict:
    """Judge one person by a version of the terms on a day. Raises RulesInvalid for a tranche there is not."""
    cycle = Cycle(
        pk=uuid7(), municipality_id=terms.municipality_id, programme=terms.programme, reference_date=reference_date, tranche=tranche
    )  # fmt: skip
    rules = effective(terms.snapshot(), tranche=tranche)
    judgement = _judgement(terms, cycle, rules)
    told = _ask(judgement, cycle, person)
    lines = [
        *_standing(terms, person, reference_date),
        *_conditions(judgement, told["groups"]),
        *_exclusions(cycle, person),
    ]
    won, problem = told["won"], ""
    if not won or won <= 0:
        won, problem = None, str(PROBLEMS["amount_undetermined"].reason)
    elif won > terms.amount_max:
        problem, won = str(PROBLEMS["amount_over_limit"].reason) % {"expected": f"{terms.amount_max:,}"}, None
    entitled = won is not None and all(line.met for line in lines)
    in_cash = terms.cash_choice and person.facts.get("payment_method") == "cash"
    return Verdict(won=won if entitled else None, in_cash=in_cash, lines=lines, amount_problem=problem)


def _judgement(terms: ProgrammeTerms, cycle: Cycle, rules: Effective) -> Judgement:
    setting = Setting(
        municipality=terms.municipality_id, reference_date=cycle.reference_date, batch=cycle.pk,
        series=UUID(str(terms.programme.series_id)), rows="tried", with_strangers=False,
        cycles=lambda spec: payment_rounds(cycle=cycle, spec=spec),
    )  # fmt: skip
    return Judgement(
        compiled=compile_rules(groups=rules.groups, components=rules.components, setting=setting), rows="tried",
        amount_max=terms.amount_max, residents_only=terms.residents_only, with_strangers=False,
        own_amounts=takes_own_amounts(rules.components),
    )  # fmt: skip


def _ask(judgement: Judgement, cycle: Cycle, person: Person) -> dict[str, Any]:
    citizen = person.citizen
    values: dict[str, Any] = {
        "municipality": cycle.municipality_id, "batch": cycle.pk, "citizen": citizen.pk if citizen else None,
        "name": citizen.name if citizen else None, "phone": citizen.phone if citizen else None,
        "birth_date": citizen.birth_date if citizen else person.birth_date,
        "dong": str(citizen.dong) if citizen and citizen.dong else person.dong or None, "amount": person.amount,
        "facts": json.dumps(dict(person.facts)),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_PERSON + judgement.explain(), {**judgement.values, **values})
        told: dict[str, Any] = json.loads(cursor.fetchone()[0])
    return told


def _standing(terms: ProgrammeTerms, person: Person, day: date) -> list[Line]:
    citizen = person.citizen
    if citizen is None:
        return []
    alive = citizen.status != CitizenStatus.DECEASED
    lines = [] if alive else [Line(sentence=gettext("생존"), met=False, reason=gettext("사망한 시민입니다."))]
    if terms.residents_only:
        here = citizen.status != CitizenStatus.MOVED_OUT and (
            citizen.resident_since is None or citizen.resident_since <= day
        )
        moved_in = document_date(citizen.resident_since) if citizen.resident_since else "-"
        reason = "" if here else gettext("상태: %(status)s, 전입일: %(day)s") % {
            "status": citizen.get_status_display(), "day": moved_in,
        }  # fmt: skip
        lines.append(Line(sentence=gettext("자격 기준일에 관내 거주"), met=here, reason=reason))
    return lines


def _conditions(judgement: Judgement, told: list[list[dict[str, Any]]]) -> list[Line]:
    lines = []
    for group, answers in zip(judgement.compiled.groups, told, strict=True):
        each = tuple(
            Line(
                sentence=sentence_of(condition.spec), met=answer["met"], reason=_reason(condition.unknown_code, answer)
            )
            for condition, answer in zip(group, answers, strict=True)
        )
        lines.append(each[0] if len(each) == 1 else _any(each))
    return lines


def _any(each: tuple[Line, ...]) -> Line:
    met = True if any(line.met for line in each) else None if any(line.met is None for line in each) else False
    return Line(sentence=gettext("다음 가운데 하나"), met=met, alternatives=each)


def _reason(unknown_code: str, answer: dict[str, Any]) -> str:
    if answer["met"]:
        return ""
    code, params = (answer["code"], answer["params"]) if answer["met"] is False else (unknown_code, answer["unknown"])
    return str(PROBLEMS[code].reason) % shown(params)


def _exclusions(cycle: Cycle, person: Person) -> list[Line]:
    rounds = {str(found.cycle): found for found in excluded_rounds(cycle=cycle)} if person.citizen else {}
    if not rounds or person.citizen is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_EXCLUDED, [cycle.municipality_id, person.citizen.pk, [UUID(key) for key in rounds]])
        hits = [rounds[str(row[0])] for row in cursor.fetchall()]
    text = str(PROBLEMS["excluded_by_group"].reason)
    return [
        Line(
            sentence=gettext("중복 지급 제한"), met=False,
            reason=text % {"group": hit.group, "programme": hit.programme, "cycle": hit.cycle_name, "basis": hit.basis},
        )
        for hit in hits
    ] or [Line(sentence=gettext("중복 지급 제한"), met=True)]  # fmt: skip
