"""On-demand exchange (수시 환전): settle a shop before the day is closed, and let it exchange more for some time."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction

from merchants.registry.models import Merchant
from merchants.settlement import errors
from merchants.settlement.models import Decision, ExchangeUplift, SecondPerson
from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted
from vouchers.ledger.services import call
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority


class Exchangeable(NamedTuple):
    """What a shop could exchange in one currency. ``per_month`` None: the currency knows no on-demand exchange.

    ``pending`` below zero: the shop gave back more than it earned since.
    """

    currency_id: UUID
    currency: str
    pending: int
    per_month: int | None
    exchanged: int
    is_held: bool

    @property
    def left(self) -> int:
        """What the month's limit leaves."""
        return max(0, (self.per_month or 0) - self.exchanged)

    @property
    def available(self) -> int:
        """What an exchange of all would move."""
        return 0 if self.is_held else max(0, min(self.pending, self.left))


def exchangeable(*, municipality: str, merchant: UUID, at: datetime) -> list[Exchangeable]:
    """What a shop could exchange now, currency by currency."""
    with domain_errors(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM settlement.exchangeable(%s, %s, %s)", [municipality, merchant, at])
        return [Exchangeable(*row) for row in cursor.fetchall()]


def exchange(
    *, id: UUID, merchant: Merchant, currency: UUID, amount: int | None, official: Official, authority: Authority,
    at: datetime,
) -> int:  # fmt: skip
    """Settle ``amount`` won of a shop's open days at once (None: all that may be); returns the won. Idempotent by ``id``.

    Raises NotPermitted, MerchantNotActive, PayoutHeld, ExchangeNotOffered, ExchangeExceedsPending or
    ExchangeLimitExceeded; then nothing moves.
    """
    _require(official, authority, "settlement.exchange", merchant.municipality_id)
    moved: int = call(
        "settlement.exchange", merchant.municipality_id, id, currency, merchant.pk, amount, official.pk, None, at
    )[0]
    return moved


def request_uplift(*, uplift: ExchangeUplift, official: Official, authority: Authority, at: datetime) -> None:
    """Ask for a higher limit of one shop from one day to another. It counts once somebody else has approved it.

    Raises NotPermitted.
    """
    _require(official, authority, "settlement.edit", uplift.merchant.municipality_id)
    uplift.municipality_id = uplift.merchant.municipality_id
    uplift.requested_by, uplift.requested_at = official, at
    uplift.save(force_insert=True)


@transaction.atomic
def decide_uplift(
    *, uplift: ExchangeUplift, approve: bool, official: Official, authority: Authority, at: datetime
) -> None:
    """Approve or reject what another official asked for. Raises NotPermitted, OwnRequest or AlreadyDecided."""
    _require(official, authority, "settlement.approve", uplift.municipality_id)
    settle_request(ExchangeUplift, uplift.pk, approve=approve, official=official, at=at)


def settle_request(
    model: type[SecondPerson], key: UUID, *, approve: bool, official: Official, at: datetime
) -> SecondPerson:
    """Under its lock, write the second person's decision into a request. Raises OwnRequest or AlreadyDecided."""
    row = model._default_manager.select_for_update(of=("self",)).get(pk=key)
    if row.state != Decision.REQUESTED:
        raise errors.AlreadyDecided
    if row.requested_by_id == official.pk:
        raise errors.OwnRequest
    row.state = Decision.APPROVED if approve else Decision.REJECTED
    row.decided_by, row.decided_at = official, at
    row.save(update_fields=["state", "decided_by", "decided_at"])
    return row


def _require(official: Official, authority: Authority, permission: str, municipality: str) -> None:
    if authority.official_id != official.pk or not authority.may(permission, municipality):
        raise NotPermitted
