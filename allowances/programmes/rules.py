"""What a programme's budget comes to."""

from __future__ import annotations

from allowances.budgets.rules import Budget

__all__ = ["Budget"]
