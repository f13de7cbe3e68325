"""Arithmetic of receivables. Won."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise


@dataclass(frozen=True)
class Due:
    """One instalment: by ``on``, ``amount`` won."""

    on: date
    amount: int


def split_evenly(*, outstanding: int, dates: Sequence[date]) -> list[Due]:
    """Equal instalments in whole thousands of won, the last one with the rest; fewer where the amount is small."""
    if not dates:
        return []
    part = max(outstanding // len(dates) // 1_000 * 1_000, min(outstanding, 1_000))
    parts: list[Due] = []
    left = outstanding
    for number, on in enumerate(dates, start=1):
        amount = left if number == len(dates) else min(part, left)
        if amount:
            parts.append(Due(on, amount))
        left -= amount
    return parts


def make_up(plan: Sequence[Due], *, outstanding: int, today: date) -> bool:
    """Whether instalments are positive, on ascending days from today on, and make up what is outstanding."""
    days = [due.on for due in plan]
    return (
        bool(plan)
        and all(due.amount > 0 for due in plan)
        and sum(due.amount for due in plan) == outstanding
        and all(earlier < later for earlier, later in pairwise(days))
        and days[0] >= today
    )


def overdue(plan: Sequence[Due], *, received: int, due_on: date, outstanding: int, today: date) -> int:
    """What should have been paid by yesterday and was not. With a plan, by its instalments: ``received`` is what has come
    in since the plan was made. Without one, all that is outstanding once ``due_on`` has passed."""
    if not outstanding:
        return 0
    if not plan:
        return outstanding if due_on < today else 0
    fallen_due = sum(due.amount for due in plan if due.on < today)
    return min(outstanding, max(0, fallen_due - received))
