"""The kernel's functions, called from Python. Each call is one business event; amounts are whole won.

Call them inside a scope. What the kernel refuses is raised as a domain error of this room.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from vouchers.common.database import domain_errors
from vouchers.ledger import errors as _errors  # noqa: F401  (registers the kernel's codes)
from vouchers.ledger.models import AccountKind


class ExpiryStep(NamedTuple):
    """What a step returned to programmes and funds: lots and won; and how many lots it looked at (its limit: there may be more)."""

    lots: int
    amount: int
    looked_at: int


def call(function: str, *parameters: Any) -> tuple[Any, ...]:
    """One row of a database function, or the domain error behind its refusal."""
    marks = ", ".join(["%s"] * len(parameters))
    with domain_errors(), connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {function}({marks})", parameters)
        row: tuple[Any, ...] = cursor.fetchone()
        return row


def open_account(*, municipality: str, currency: UUID, kind: AccountKind, owner: UUID | None) -> UUID:
    """Open an owner's account once; a second call returns the same id."""
    account: UUID = call("ledger.open_account", municipality, currency, str(kind), owner)[0]
    return account


def open_wallets(*, municipality: str, currency: UUID, citizens: Sequence[UUID], partner: UUID | None = None) -> int:
    """Open the wallets these citizens lack, in one statement; returns how many were new.

    They belong to the app of ``partner``; None: to no app, and every partner of the municipality may act on them.
    """
    opened: int = call("ledger.open_wallets", municipality, currency, list(citizens), partner)[0]
    return opened


def open_corporate_wallet(
    *, municipality: str, currency: UUID, corporation: UUID, partner: UUID | None = None
) -> tuple[UUID, bool]:
    """The corporation's wallet in this currency, and whether this very call opened it, for the app of ``partner``.

    Raises WalletUnknown for a corporation or a currency of another municipality, and PartnerUnknown.
    """
    wallet, opened = call("ledger.open_corporate_wallet", municipality, currency, corporation, partner)
    return wallet, opened


def link_wallet(*, municipality: str, wallet: UUID, partner: UUID) -> UUID | None:
    """The wallet belongs to this partner's app from now on; returns the partner that it belonged to.

    Raises WalletUnknown or PartnerUnknown.
    """
    before: UUID | None = call("ledger.link_wallet", municipality, wallet, partner)[0]
    return before


def fund(*, id: UUID, municipality: str, currency: UUID, line: UUID, amount: int, at: datetime) -> None:
    """Post money that reached the operating account for a budget line, or with a negative amount left it again.

    Idempotent by ``id``. Raises BudgetLineExceeded.
    """
    call("ledger.fund", municipality, id, currency, line, amount, at)


def divert(
    *, id: UUID, municipality: str, currency: UUID, from_line: UUID, to_line: UUID, amount: int, at: datetime
) -> None:
    """Move money between two budget lines. Idempotent by ``id``. Raises BudgetLineExceeded."""
    call("ledger.divert", municipality, id, currency, from_line, to_line, amount, at)


def allot(
    *, id: UUID, municipality: str, currency: UUID, line: UUID, programme: UUID, amount: int, at: datetime
) -> None:
    """Give a line's money to a programme (재배정), or with a negative amount take back what it has free.

    Idempotent by ``id``. Raises BudgetLineExceeded, or BudgetExceeded when the programme has less free.
    """
    call("ledger.allot", municipality, id, currency, line, programme, amount, at)


def reserve(*, municipality: str, currency: UUID, programme: UUID, amount: int) -> None:
    """Set budget aside for a whole list, or give it back with a negative amount. Raises BudgetExceeded."""
    call("ledger.reserve", municipality, currency, programme, amount)


def expire(*, municipality: str, until: datetime, limit: int, at: datetime) -> ExpiryStep:
    """One step of a sweep over the money that expired at ``until`` or before; ``limit`` lots at most, twice over.

    ``until`` lies so long before now that no payment of an earlier time can still be on its way.
    """
    return ExpiryStep(*call("ledger.expire", municipality, until, limit, at))


def ensure_partitions(*, first: date, last: date) -> int:
    """Create the monthly partitions that are missing from ``first``'s month to ``last``'s; returns how many."""
    made: int = call("ledger.ensure_partitions", first, last)[0]
    return made


def municipalities() -> list[str]:
    """Codes of all municipalities, for jobs that start one job each. Needs no scope and shows nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger.municipalities() AS code ORDER BY code")
        return [code for (code,) in cursor.fetchall()]
