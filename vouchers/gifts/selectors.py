"""What a partner may know of gifts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from vouchers.gifts.errors import GiftUnknown
from vouchers.partners import statements
from vouchers.partners.selectors import Caller
from vouchers.privacy.rules import mask_name


class GiftRow(NamedTuple):
    """A gift; names are masked, and a wallet of another app is None."""

    id: UUID
    amount: int
    message: str
    giver_wallet: UUID | None
    giver_name: str
    receiver_wallet: UUID | None
    receiver_name: str
    business_date: date
    at: datetime


_GIFT: Final = statements.scoped(
    columns=", ".join(f"gift.{name}" for name in GiftRow._fields),
    function="gifts.gift(request.municipality, %(partner)s, %(gift)s) AS gift",
)


def gift(*, caller: Caller, gift: UUID) -> GiftRow:
    """A gift from or to a wallet of the partner's app. Raises GiftUnknown."""
    found = statements.rows(_GIFT, {"partner": caller.partner, "municipality": caller.municipality, "gift": gift})
    if not found:
        raise GiftUnknown
    row = GiftRow(*found[0])
    return row._replace(giver_name=mask_name(row.giver_name), receiver_name=mask_name(row.receiver_name))
