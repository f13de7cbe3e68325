"""What one official asks for, and another approves or rejects."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar
from uuid import UUID

from merchants.settlement import errors
from merchants.settlement.models import Decision, SecondPerson
from vouchers.common.errors import NotPermitted
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority

Row = TypeVar("Row", bound=SecondPerson)


def ask(row: SecondPerson, *, municipality: str, official: Official, authority: Authority, at: datetime) -> None:
    """Keep what an official asks for. It counts once somebody else has approved it. Raises NotPermitted."""
    require(official, authority, "settlement.edit", municipality)
    row.municipality_id = municipality
    row.requested_by, row.requested_at = official, at
    row.save(force_insert=True)


def decide(
    model: type[Row], key: UUID, *, approve: bool, official: Official, authority: Authority, at: datetime
) -> Row:
    """Under its lock, write the second person's decision into a request. Call it in a transaction.

    Raises NotPermitted, OwnRequest or AlreadyDecided.
    """
    row = model._default_manager.select_for_update(of=("self",)).get(pk=key)
    require(official, authority, "settlement.approve", row.municipality_id)
    if row.state != Decision.REQUESTED:
        raise errors.AlreadyDecided
    if row.requested_by_id == official.pk:
        raise errors.OwnRequest
    row.state = Decision.APPROVED if approve else Decision.REJECTED
    row.decided_by, row.decided_at = official, at
    row.save(update_fields=["state", "decided_by", "decided_at"])
    return row


def require(official: Official, authority: Authority, permission: str, municipality: str) -> None:
    """Raise NotPermitted unless it is this official's authority, and grants it there."""
    if authority.official_id != official.pk or not authority.may(permission, municipality):
        raise NotPermitted
