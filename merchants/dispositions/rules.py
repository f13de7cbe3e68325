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


def measures_for(*, cancels: bool, has_fine: bool, status: str) -> list[str]:
    """What may be decided: cancellation alone where the law leaves no choice, and what the shop's status allows."""
    if cancels:
        return ["cancel"]
    found = ["guidance", "order"]
    if has_fine:
        found.append("fine")
    if status == "active":
        found.append("suspend")
    if status in {"active", "suspended"}:
        found.append("cancel")
    return found
