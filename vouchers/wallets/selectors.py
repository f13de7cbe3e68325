"""What a partner may know of the wallets of its app."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from vouchers.common.scope import scope
from vouchers.partners.selectors import Caller
from vouchers.wallets.models import WalletLink

_CREDITED = """
SELECT lot.id, programme.name, lot.granted, lot.expires_at
FROM vouchers_lot lot LEFT JOIN allowances_programme programme ON programme.id = lot.programme_id
WHERE lot.municipality_id = %s AND lot.id = ANY (%s) ORDER BY lot.id
"""


class Credited(NamedTuple):
    """An allowance that had been kept for a citizen and was paid when they joined; ``amount`` in won."""

    lot: UUID
    programme: str | None
    amount: int
    expires_at: datetime | None


class Membership(NamedTuple):
    """How a citizen became, or stayed, a member of an app."""

    link: WalletLink
    credited: list[Credited]


def membership(*, caller: Caller, link: UUID) -> Membership:
    """A link that this partner made, as it was made."""
    with scope(municipalities=[caller.municipality]):
        made = WalletLink.objects.select_related("wallet__currency").get(pk=link, partner=caller.partner)
        with connection.cursor() as cursor:
            cursor.execute(_CREDITED, [caller.municipality, made.credited_lots])
            return Membership(made, [Credited(*row) for row in cursor.fetchall()])
