"""Payouts held back (지급보류): an officer keeps what a shop is owed, with a reason, until a day or until it is released."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from merchants.settlement import errors
from merchants.settlement.models import PayoutHold
from vouchers.common.errors import NotPermitted
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority


def in_force(*, day: date) -> QuerySet[PayoutHold]:
    """The holds that keep money back on that day."""
    return PayoutHold.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=day), valid_from__lte=day, released_at__isnull=True
    )


def hold_back(*, hold: PayoutHold, official: Official, authority: Authority) -> None:
    """Hold back what the shop is owed. Raises NotPermitted."""
    _require(official, authority, hold.merchant.municipality_id)
    hold.municipality_id = hold.merchant.municipality_id
    hold.official = official
    hold.save(force_insert=True)


@transaction.atomic
def release(*, hold: PayoutHold, reason: str, official: Official, authority: Authority, at: datetime) -> None:
    """Let the shop be paid again. Raises NotPermitted or HoldReleased."""
    _require(official, authority, hold.municipality_id)
    row = PayoutHold.objects.select_for_update(of=("self",)).get(pk=hold.pk)
    if row.released_at is not None:
        raise errors.HoldReleased
    row.released_at, row.released_by, row.release_reason = at, official, reason
    row.save(update_fields=["released_at", "released_by", "release_reason"])


def _require(official: Official, authority: Authority, municipality: str) -> None:
    if authority.official_id != official.pk or not authority.may("settlement.edit", municipality):
        raise NotPermitted
