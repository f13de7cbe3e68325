"""Online orders: prepared by a channel, confirmed by the citizen's app, cancelled by the channel."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from psycopg.types.numeric import Int8

from vouchers.partners import statements
from vouchers.partners.selectors import Caller
from vouchers.partners.services import Write
from vouchers.payments import errors


class Order(NamedTuple):
    """An online order as it stands now. ``cancelled`` is in terms of the price; ``fee`` is the channel's, in won."""

    id: UUID
    channel: str
    order_id: str
    merchant_code: str
    merchant_name: str
    amount: int
    items_total: int
    wallet_id: UUID | None
    created_at: datetime
    expires_at: datetime
    payment_id: UUID | None
    paid_at: datetime | None
    fee: int
    discount: int
    cancelled: int


class Done(NamedTuple):
    """An order, and whether this very request had been answered before."""

    order: Order
    replayed: bool


_COLUMNS: Final = ", ".join(f"told.{name}" for name in Order._fields)
_PREPARE = statements.scoped(
    columns="prepared_id, replayed",
    function="payments.prepare_order(request.municipality, %(partner)s, %(key)s, %(fingerprint)s, %(channel)s, %(shop)s,"
    " %(order)s, %(amount)s, %(items)s, %(wallet)s::uuid, %(at)s)",
)
_CONFIRM = statements.scoped(
    columns="confirmed_id, replayed",
    function="payments.confirm_order(request.municipality, %(partner)s, %(key)s, %(fingerprint)s, %(order)s, %(wallet)s,"
    " %(amount)s, %(at)s)",
)
_ORDER = statements.scoped(
    columns=_COLUMNS, function="payments.online_order(request.municipality, %(partner)s, %(order)s) AS told"
)
_OF_CHANNEL = statements.scoped(
    columns=_COLUMNS, function="payments.order_of_channel(request.municipality, %(partner)s, %(order)s) AS told"
)


def prepare(
    *, write: Write, channel: str, shop: str, order: str, amount: int, items_total: int, wallet: UUID | None, at: datetime
) -> Done:  # fmt: skip
    """An order that waits for its payer, for the minutes of the payment terms. No money is held.

    Raises ChannelUnknown, MerchantUnknown, MerchantNotActive, OrderAmountExceedsItems, OrderPrepared or
    PaymentTermsMissing.
    """
    made, replayed = statements.rows(_PREPARE, write.parameters() | {
        "channel": channel, "shop": shop, "order": order, "amount": Int8(amount), "items": Int8(items_total),
        "wallet": wallet, "at": at,
    })[0]  # fmt: skip
    return Done(find(caller=write.caller, order=made), replayed)


def confirm(*, write: Write, order: UUID, wallet: UUID, amount: int, at: datetime) -> Done:
    """Pay an order from a wallet of this partner's app, of exactly the amount that the citizen was shown.

    Raises OrderUnknown, OrderPaid, OrderExpired, OrderAmountDiffers, or what shop, wallet and ledger refuse.
    """
    made, replayed = statements.rows(_CONFIRM, write.parameters() | {
        "order": order, "wallet": wallet, "amount": Int8(amount), "at": at,
    })[0]  # fmt: skip
    return Done(find(caller=write.caller, order=made), replayed)


def find(*, caller: Caller, order: UUID) -> Order:
    """An order of this channel, or one that a wallet of this app paid. Raises OrderUnknown."""
    for row in statements.rows(
        _ORDER, {"partner": caller.partner, "municipality": caller.municipality, "order": order}
    ):
        return Order(*row)
    raise errors.OrderUnknown


def of_channel(*, caller: Caller, order: str) -> list[Order]:
    """The orders of that number in this partner's channels."""
    asked = {"partner": caller.partner, "municipality": caller.municipality, "order": order}
    return [Order(*row) for row in statements.rows(_OF_CHANNEL, asked)]
