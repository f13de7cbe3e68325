"""Reading the ledger for people."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from vouchers.ledger.models import Account, AccountKind, BusinessEvent, Lot, Transfer


@dataclass(frozen=True)
class Movement:
    """``amount`` won from one account to another."""

    line: int
    debit: str
    credit: str
    amount: int


def movements_of(event: BusinessEvent, *, limit: int, account: UUID | None = None) -> list[Movement]:
    """The first ``limit`` movements of an event, or of one account in it, with the kinds of their accounts."""
    found = Transfer.objects.filter(municipality=event.municipality_id, journal_id=event.pk)
    if account is not None:
        found = found.filter(Q(debit_account_id=account) | Q(credit_account_id=account))
    rows = list(found.order_by("line")[:limit])
    keys = {row.debit_account_id for row in rows} | {row.credit_account_id for row in rows}
    kinds = dict(Account.objects.filter(municipality=event.municipality_id, pk__in=keys).values_list("pk", "kind"))
    return [
        Movement(row.line, _name(kinds.get(row.debit_account_id)), _name(kinds.get(row.credit_account_id)), row.amount)
        for row in rows
    ]


def _name(kind: str | None) -> str:
    return str(AccountKind(kind).label) if kind else "-"


def lots_of(*, municipality: str, wallet: UUID, limit: int = 100) -> list[Lot]:
    """The money in a wallet, newest first."""
    return list(Lot.objects.filter(municipality=municipality, wallet_id=wallet).order_by("-created_at")[:limit])
