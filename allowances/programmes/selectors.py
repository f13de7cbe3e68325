"""Reading programmes: what a type proposes, and what is left of the budget."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Max

from allowances.catalogue.models import AllowanceType
from allowances.programmes.models import Programme
from allowances.programmes.rules import Budget
from vouchers.common.seoul import business_date
from vouchers.ledger.models import Account, AccountKind, Balance


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


def budget_of(*, programme: Programme) -> Budget:
    """The programme's budget as the ledger has it; zero before its account is opened."""
    account = Account.objects.filter(
        kind=AccountKind.PROGRAMME, currency_id=programme.currency_id, owner_id=programme.pk
    )
    balance = Balance.objects.filter(pk__in=account.values("pk")).first()
    if balance is None:
        return Budget(allotted=0, reserved=0, paid=0)
    return Budget(allotted=balance.credits, reserved=balance.reserved, paid=balance.debits)


def next_cycle_number(*, programme: Programme) -> int:
    """One more than the highest number there is."""
    highest: int | None = programme.cycles.aggregate(highest=Max("number"))["highest"]
    return (highest or 0) + 1
