"""Take and cancel payments.

Money moves by one call of a database function, in whose transaction the idempotency key is recorded too: either both
are there or neither.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.types.numeric import Int8

from merchants.qr_kit.rules import StaticQR
from vouchers.partners import statements
from vouchers.partners.services import Write
from vouchers.payments import errors, selectors
from vouchers.payments.selectors import COLUMNS, PaymentRow

_PAY = statements.scoped(
    columns="payment_id, replayed, merchant_name, business_date, discount, drawn",
    function="payments.pay(request.municipality, %(partner)s, %(key)s, %(fingerprint)s, %(wallet)s, %(merchant)s,"
    " %(terminal)s, %(amount)s, %(order)s, %(at)s)",
)
_CANCEL = statements.scoped(
    columns="done.replayed, made.cancellation_id, made.cancelled_now, made.discount_now, made.cancelled_on,"
    f" made.cancelled_at, {COLUMNS.replace('payment.', '(made.payment).')}",
    function=(
        "payments.cancel(request.municipality, %(partner)s, %(key)s, %(fingerprint)s, %(payment)s,"
        " %(amount)s::bigint, %(at)s) AS done,"
        " LATERAL payments.cancellation(request.municipality, %(partner)s, done.refund_id) AS made"
    ),
)


class Paid(NamedTuple):
    """A payment, and whether this very request had made it before."""

    payment: PaymentRow
    replayed: bool


class Cancelled(NamedTuple):
    """A cancellation of ``amount`` won of the price, ``discount`` of it borne by the shop, and its payment as it stands now."""

    id: UUID
    amount: int
    discount: int
    business_date: date
    cancelled_at: datetime
    payment: PaymentRow
    replayed: bool


def pay(*, write: Write, wallet: UUID, shop: StaticQR, amount: int, order: str, at: datetime) -> Paid:
    """Pay at the shop whose genuine QR code was scanned. ``amount`` in won.

    Raises QRElsewhere, QRAmountDiffers, IdempotencyKeyReused, or what shop, wallet and ledger refuse; then nothing is
    recorded, and the same request may be sent again.
    """
    if shop.municipality != write.caller.municipality:
        raise errors.QRElsewhere
    if shop.amount not in {None, amount}:
        raise errors.QRAmountDiffers(amount=shop.amount)
    made, replayed, name, day, discount, drawn = statements.rows(_PAY, write.parameters() | {
        "wallet": wallet, "merchant": shop.merchant_code, "terminal": shop.terminal, "amount": Int8(amount),
        "order": order, "at": at,
    })[0]  # fmt: skip
    earlier = selectors.payment(caller=write.caller, payment=made) if replayed else None
    new = PaymentRow(
        made, order, wallet, shop.merchant_code, name, "static_qr", amount, discount, 0, drawn, day, at
    )  # fmt: skip
    return Paid(earlier or new, replayed)


def cancel(*, write: Write, payment: UUID, amount: int | None, at: datetime) -> Cancelled:
    """Cancel ``amount`` won of a payment's price, or all that is left of it (None).

    Raises PaymentUnknown, RefundExceedsPayment, RefundBelowDiscount or IdempotencyKeyReused; then nothing is recorded.
    """
    replayed, refund, cancelled, discount, business_date, cancelled_at, *row = statements.rows(_CANCEL, write.parameters() | {
        "payment": payment, "amount": None if amount is None else Int8(amount), "at": at,
    })[0]  # fmt: skip
    return Cancelled(refund, cancelled, discount, business_date, cancelled_at, PaymentRow(*row), replayed)
