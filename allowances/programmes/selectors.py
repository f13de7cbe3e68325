"""Reading programmes: what a type proposes, and what is left of the budget."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max

from allowances.budgets.selectors import programme_budgets
from allowances.catalogue.models import AllowanceType
from allowances.programmes.models import Programme
from allowances.programmes.rules import Budget
from vouchers.common.seoul import business_date


def proposal_from(*, type: AllowanceType, at: datetime) -> dict[str, Any]:
    """The fields a new programme of this type starts with; None where the type leaves them open."""
    return {
        "name": type.name,
        "fiscal_year": business_date(at).year,
        "amount": type.amount,
        "amount_max": type.amount,
        "age_min": type.age_min,
        "age_max": type.age_max,
        "residency_required": type.residency_required,
        "validity_days": type.validity_days,
    }


def budgets_of(*, programmes: Iterable[Programme]) -> dict[UUID, Budget]:
    """The budgets of many programmes as the ledger has them, in one statement; zero before an account is opened."""
    return programme_budgets(programmes=[programme.pk for programme in programmes])


def budget_of(*, programme: Programme) -> Budget:
    """The programme's budget as the ledger has it."""
    return budgets_of(programmes=[programme])[programme.pk]


def next_cycle_number(*, programme: Programme) -> int:
    """One more than the highest number there is."""
    highest: int | None = programme.cycles.aggregate(highest=Max("number"))["highest"]
    return (highest or 0) + 1
