"""What shops bear and sales agents get, in whole won, rounded down."""

from __future__ import annotations

from decimal import Decimal


def share(amount: int, rate: Decimal) -> int:
    """So many percent of an amount.

    >>> share(9_999, Decimal("0.50"))
    49
    """
    return amount * int(rate * 100) // 10_000


def agent_fee(*, rate: Decimal, per_case: int, amount: int, cases: int) -> int:
    """What an agent gets: of the amount, and for each case."""
    return share(amount, rate) + per_case * cases
