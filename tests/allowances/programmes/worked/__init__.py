"""Real programmes, configured only through data, each with people who get it and people who do not.

What a programme pays to whom is taken from the catalogue (allowances/catalogue/data, with its sources) and from korea.md,
sections 3 and 8. ``assumed`` says what no source tells: verify it before the programme is run for real.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class P:
    """Somebody in the list: ``won`` they get, or the ``codes`` of what is wrong. Dates are ISO texts.

    ``facts`` stand in the list's further columns; ``registered``, ``home``, ``lived`` and ``dong`` in the record. ``paid`` are
    earlier payments of the programme: (reference date, won, tranche).
    """

    who: str
    won: int | None = None
    codes: tuple[str, ...] = ()
    birth: str = "1985-01-01"
    since: str | None = "2015-01-01"
    dong: str = "주교동"
    status: str = "active"
    facts: dict[str, Any] = field(default_factory=dict)
    registered: tuple[str, ...] = ()
    home: tuple[tuple[str, str], ...] = ()
    lived: tuple[tuple[str, str], ...] = ()
    paid: tuple[tuple[str, int, int | None], ...] = ()
    amount: int | None = None
    in_cash: bool = False


@dataclass(frozen=True, kw_only=True)
class Example:
    """A programme of a type of the catalogue. ``day`` is the reference date of the round, ``tranche`` what it pays."""

    name: str
    type: str
    terms: dict[str, Any]
    people: tuple[P, ...]
    day: str = "2026-11-01"
    tranche: int | None = None
    assumed: str = ""
