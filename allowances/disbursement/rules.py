"""How far a payment is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Chunks, rows and won of a list, and how many of them are posted. All zero before the list is cut into chunks."""

    chunks: int = 0
    chunks_posted: int = 0
    rows: int = 0
    rows_posted: int = 0
    amount: int = 0
    amount_posted: int = 0

    @property
    def percent(self) -> int:
        """Of the rows, rounded down: 100 only when every row is posted."""
        return self.rows_posted * 100 // self.rows if self.rows else 0


@dataclass(frozen=True, kw_only=True)
class Share:
    """A number of rows and their won."""

    rows: int = 0
    amount: int = 0

    def __add__(self, other: Share) -> Share:
        return Share(rows=self.rows + other.rows, amount=self.amount + other.amount)

    def __sub__(self, other: Share) -> Share:
        return Share(rows=self.rows - other.rows, amount=self.amount - other.amount)


NOTHING = Share()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Where every row of a list stands; together they are the list.

    ``paid`` went into wallets with the list, ``claimed`` later; ``held`` waits for people to join, ``failed`` for wallets
    to open again; ``stopped`` are the dead and those who moved, ``returned`` went back after being held, ``cancelled`` was
    given up with the rest, ``open`` is still to be posted.
    """

    total: Share = field(default=NOTHING)
    paid: Share = field(default=NOTHING)
    cash: Share = field(default=NOTHING)
    claimed: Share = field(default=NOTHING)
    held: Share = field(default=NOTHING)
    failed: Share = field(default=NOTHING)
    stopped: Share = field(default=NOTHING)
    returned: Share = field(default=NOTHING)
    cancelled: Share = field(default=NOTHING)
    open: Share = field(default=NOTHING)

    @property
    def is_whole(self) -> bool:
        """Everybody was paid, in a wallet or in cash."""
        return self.total == self.paid + self.cash


OUTCOMES: Final = ("held", "failed", "claimed", "stopped", "returned", "cancelled")
"""The parts of an Outcome whose rows were not paid with their list, and are listed one by one."""


def kind_of_unpaid(*, reason: str, state: str, was_held: bool) -> str:
    """The part of an Outcome that a row belongs to that was not paid with its list."""
    if state == "held":
        return "failed" if reason in {"wallet_closed", "wallet_frozen"} else "held"
    if state == "credited":
        return "claimed"
    if was_held:
        return "returned"
    return "cancelled" if reason == "cancelled" else "stopped"
