"""Give money from one citizen's wallet to another's, by one call of a database function."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from psycopg.types.numeric import Int8

from vouchers.gifts import errors as _errors  # noqa: F401  (registers what gifts are refused for)
from vouchers.gifts.selectors import GiftRow, gift
from vouchers.partners import statements
from vouchers.partners.services import Write

_GIVE: Final = statements.scoped(
    columns="gift_id, replayed",
    function="gifts.give(request.municipality, %(partner)s, %(key)s, %(fingerprint)s, %(giver)s, %(wallet)s::uuid,"
    " %(name)s::text, %(phone)s::text, %(amount)s, %(message)s::text, %(at)s)",
)


class Receiver(NamedTuple):
    """Who shall get a gift: a wallet, or a person by name and phone."""

    wallet: UUID | None = None
    name: str | None = None
    phone: str | None = None


class Given(NamedTuple):
    """A gift, and whether this very request had made it before."""

    gift: GiftRow
    replayed: bool


def give(*, write: Write, giver: UUID, receiver: Receiver, amount: int, message: str, at: datetime) -> Given:
    """Give ``amount`` won. The receiver's app is told, if it asked to be.

    Raises WalletUnknown, WalletNotActive, what stands in this room's errors, or IdempotencyKeyReused; then nothing is
    recorded, and the same request may be sent again.
    """
    made, replayed = statements.rows(_GIVE, write.parameters() | receiver._asdict() | {
        "giver": giver, "amount": Int8(amount), "message": message, "at": at,
    })[0]  # fmt: skip
    return Given(gift(caller=write.caller, gift=made), replayed)
