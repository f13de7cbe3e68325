"""Reading programmes: what a type proposes, and what is left of the budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, Q

from allowances.budgets.selectors import programme_budgets
from allowances.catalogue.models import AllowanceType, ExclusionPeriod, ExclusiveGroup
from allowances.programmes.models import Cycle, LocalExclusiveGroup, Programme, ProgrammeTerms
from allowances.programmes.rules import Budget, months_before
from vouchers.common.seoul import business_date


def proposal_from(*, type: AllowanceType, at: datetime) -> dict[str, Any]:
    """The values a new programme of this type starts with; None where the type leaves them open."""
    return {
        "name": type.name,
        "fiscal_year": business_date(at).year,
        "amount": type.amount,
        "amount_max": type.amount,
        "age_min": type.age_min,
        "age_max": type.age_max,
        "residency_required": type.residency_required,
        "residency_days": 0,
        "payout_cycle": type.cycle,
        "validity_days": type.validity_days,
    }


def budgets_of(*, programmes: Iterable[Programme]) -> dict[UUID, Budget]:
    """The budgets of many programmes as the ledger has them, in one statement; zero before an account is opened."""
    return programme_budgets(programmes=[programme.pk for programme in programmes])


def current_terms(*, programme: Programme, day: date) -> ProgrammeTerms | None:
    """The version in force on a day; before the first one, the first. None while there is none."""
    versions = ProgrammeTerms.objects.filter(programme=programme)
    in_force = versions.filter(valid_from__lte=day).order_by("-valid_from", "-id").first()
    return in_force or versions.order_by("valid_from", "-id").first()


def payment_rounds(*, cycle: Cycle, spec: Mapping[str, Any]) -> list[UUID]:
    """The cycles that a condition on earlier payments looks at (its scope, types and period), this one included."""
    if spec.get("period") == "cycle":
        return [cycle.pk]
    found = Cycle.objects.filter(municipality=cycle.municipality_id)
    if spec.get("scope") == "types":
        found = found.filter(programme__type__code__in=spec.get("types") or [])
    else:
        found = found.filter(programme__series_id=cycle.programme.series_id)
    if spec.get("period") == "fiscal_year":
        found = found.filter(programme__fiscal_year=cycle.programme.fiscal_year)
    if spec.get("period") == "months":
        first = months_before(cycle.reference_date, spec["months"])
        found = found.filter(reference_date__gt=first, reference_date__lte=cycle.reference_date)
    return list(found.values_list("pk", flat=True))


@dataclass(frozen=True, kw_only=True)
class ExcludedRound:
    """A cycle of another programme whose recipients get nothing in this one, and the group that says so."""

    cycle: UUID
    group: str
    basis: str
    programme: str
    cycle_name: str


def excluded_rounds(*, cycle: Cycle) -> list[ExcludedRound]:
    """The rounds of other programmes that exclude this one, by the groups in force on its reference date."""
    return [rounds for group in _groups_of(cycle) for rounds in _rounds_of(group, cycle)]


def excludes_others(*, cycle: Cycle) -> bool:
    """Whether the round's type stands in a group in force on its reference date, even if no other round does yet."""
    return bool(_groups_of(cycle))


def _groups_of(cycle: Cycle) -> list[ExclusiveGroup | LocalExclusiveGroup]:
    code, day = cycle.programme.type.code, cycle.reference_date
    in_force = Q(valid_from__lte=day) & (Q(valid_until__isnull=True) | Q(valid_until__gte=day))
    return [
        *ExclusiveGroup.objects.filter(in_force, type_codes__contains=[code]),
        *LocalExclusiveGroup.objects.filter(in_force, type_codes__contains=[code], municipality=cycle.municipality_id),
    ]


def _rounds_of(group: ExclusiveGroup | LocalExclusiveGroup, cycle: Cycle) -> list[ExcludedRound]:
    others = (
        Cycle.objects.filter(municipality=cycle.municipality_id, programme__type__code__in=group.type_codes)
        .exclude(programme__series_id=cycle.programme.series_id)
        .select_related("programme")
    )
    if group.period == ExclusionPeriod.FISCAL_YEAR:
        others = others.filter(programme__fiscal_year=cycle.programme.fiscal_year)
    if group.period == ExclusionPeriod.MONTH:
        day = cycle.reference_date
        others = others.filter(reference_date__year=day.year, reference_date__month=day.month)
    return [
        ExcludedRound(
            cycle=other.pk, group=group.name, basis=group.legal_basis, programme=other.programme.name,
            cycle_name=other.name,
        )
        for other in others
    ]  # fmt: skip


def budget_of(*, programme: Programme) -> Budget:
    """The programme's budget as the ledger has it."""
    return budgets_of(programmes=[programme])[programme.pk]


def next_cycle_number(*, programme: Programme) -> int:
    """One more than the highest number there is."""
    highest: int | None = programme.cycles.aggregate(highest=Max("number"))["highest"]
    return (highest or 0) + 1
