"""What a programme's budget comes to, and the terms that a type's simple values make."""

from __future__ import annotations

import calendar
from datetime import date
from typing import Any

from allowances.budgets.rules import Budget

__all__ = ["Budget", "months_before", "simple_terms"]


def simple_terms(
    *, amount: int | None, amount_max: int | None, age_min: int | None = None, age_max: int | None = None,
    residency_required: bool = True, residency_days: int = 0, **others: Any,
) -> dict[str, Any]:  # fmt: skip
    """The terms of a programme that pays one amount, or what the list says, to an age and a length of residence.

    ``others`` are fields of the terms; rules among them come beside those made here, amounts instead of them.
    """
    conditions: list[list[dict[str, Any]]] = []
    if age_min is not None or age_max is not None:
        conditions.append([{"kind": "age", "min": age_min, "max": age_max}])
    if residency_required and residency_days:
        conditions.append([{"kind": "resident_for", "length": residency_days, "unit": "days"}])
    tier: dict[str, Any] = {"own": True} if amount is None else {"won": amount}
    amounts = [] if others.get("tranches") else [{"tiers": [tier]}]
    return {
        "amounts": amounts, **others, "conditions": conditions + (others.get("conditions") or []),
        "amount_max": amount_max, "residents_only": residency_required,
    }  # fmt: skip


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or that month's last day where it has no such day."""
    month = day.year * 12 + day.month - 1 - months
    year, index = divmod(month, 12)
    return date(year, index + 1, min(day.day, calendar.monthrange(year, index + 1)[1]))
