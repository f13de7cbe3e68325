"""Which columns a list of a round has to have, and which further ones are read."""

from __future__ import annotations

from typing import Any

from allowances.batches import clawbacks
from allowances.batches.models import BatchKind
from allowances.batches.reading.fields import REQUIRED, Requirements
from allowances.eligibility.facts import FACTS, Fact, needed_by
from allowances.eligibility.rules import effective, takes_own_amounts
from allowances.programmes.models import Cycle


def required_columns(*, cycle: Cycle, conditions: dict[str, Any], kind: str = BatchKind.PAYMENT) -> Requirements:
    """No amount where the rules tell it (of a top-up they do not) or where money is taken back, no telephone where the
    resident number identifies.

    Raises RulesInvalid.
    """
    needed: Requirements = REQUIRED
    if cycle.programme.resident_number_basis:
        needed = (("name",), ("resident_number",), ("amount",))
    own_amounts = kind == BatchKind.TOP_UP or (
        kind != BatchKind.CLAWBACK
        and takes_own_amounts(effective(conditions["terms"], tranche=conditions["tranche"]).components)
    )
    return [group for group in needed if own_amounts or "amount" not in group]


def further_columns(*, conditions: dict[str, Any], kind: str = BatchKind.PAYMENT) -> list[Fact]:
    """What the programme's conditions ask for; of a clawback why and, under names of its own, how much."""
    if kind == BatchKind.CLAWBACK:
        return [clawbacks.REASON, clawbacks.AMOUNT]
    needed = needed_by(conditions)
    return [fact for name, fact in FACTS.items() if name in needed]
