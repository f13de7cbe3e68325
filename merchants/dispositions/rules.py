"""How often, how much, and what the law leaves open. Plain values in, plain values out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from merchants.registry.rules import months_after

HIGHEST_STEP: Final = 3
"""From the third time on the fine stays the same."""


def step_of(*, found_on: date, earlier: Iterable[date], counted_months: int) -> int:
    """Which time this is: one more than the violations decided on days that still count."""
    return 1 + sum(day <= found_on <= months_after(day, counted_months) for day in earlier)


def fine_of(*, step: int, fines: tuple[int | None, int | None, int | None]) -> int | None:
    """The fine of that time in won; None for a violation without one."""
    return fines[min(step, HIGHEST_STEP) - 1]


STATUSES: Final[dict[str, frozenset[str]]] = {
    "suspend": frozenset({"active"}),
    "cancel": frozenset({"active", "suspended"}),
    "close": frozenset({"applied", "active", "suspended"}),
}
"""Measures that change the shop, and the statuses from which they can."""


def measures_for(*, measures: Iterable[str], status: str) -> list[str]:
    """What may be decided: of the measures that the rule names, those that the shop's status allows."""
    return [measure for measure in measures if measure not in STATUSES or status in STATUSES[measure]]
