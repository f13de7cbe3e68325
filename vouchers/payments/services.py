"""Take and cancel payments.

Money moves by one call of a database function, in whose transaction the idempotency key is recorded too: either both
are there or neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from psycopg.types.numeric import Int8

from merchants.qr_kit.rules import SaleQR, StaticQR
from vouchers.common.models import uuid7
from vouchers.common.scope import scope
from vouchers.ledger import services as ledger
from vouchers.ledger.errors import PaymentUnknown
from vouchers.partners import statements
from vouchers.partners.selectors import Caller
from vouchers.partners.services import Write
from vouchers.payments import errors, rules, selectors
from vouchers.payments.selectors import COLUMNS, PaymentRow, Preview, SaleRow
from vouchers.privacy.fields import key_ring

_CHANNELS: Final = {StaticQR: "static_qr", SaleQR: "dynamic_qr"}

_PAY = statements.scoped(
    columns="payment_id, replayed, merchant_name, business_date, discount, drawn",
    function="payments.pay(request.municipality, %(partner)s, %(key)s, %(fingerprint)s, %(wallet)s, %(merchant)s,"
    " %(terminal)s::text, %(amount)s, %(order)s, %(at)s, %(sale)s::uuid)",
)
_NEW_SALE = statements.scoped(
    columns="sale_id, replayed",
    function="payments.new_sale_qr(request.municipality, %(partner)s, %(key)s, %(fingerprint)s, %(shop)s, %(amount)s,"
    " %(order)s, %(at)s)",
)
_NEW_TOKEN = statements.scoped(
    columns="token_id, replayed, refresh_at, expires_at",
    function="payments.new_token(request.municipality, %(partner)s, %(key)s, %(fingerprint)s, %(wallet)s, %(token)s,"
    " %(hash)s, %(at)s)",
)
_PAY_BY_TOKEN = statements.scoped(
    columns="payment_id, replayed",
    function="payments.pay_by_token(request.municipality, %(partner)s, %(key)s, %(fingerprint)s, %(hash)s, %(shop)s,"
    " %(amount)s, %(order)s, %(at)s)",
)
_CANCELLED: Final = (
    "done.replayed, made.cancellation_id, made.cancelled_now, made.discount_now, made.cancelled_on,"
    f" made.cancelled_at, {COLUMNS.replace('payment.', '(made.payment).')}"
)
_CANCEL = statements.scoped(
    columns=_CANCELLED,
    function=(
        "payments.cancel(request.municipality, %(partner)s, %(key)s, %(fingerprint)s, %(payment)s,"
        " %(amount)s::bigint, %(at)s) AS done,"
        " LATERAL payments.cancellation(request.municipality, %(partner)s, done.refund_id) AS made"
    ),
)

_CANCEL_AT_SHOP = statements.scoped(
    columns=_CANCELLED,
    function=(
        "payments.cancel_at_shop(request.municipality, %(partner)s, %(key)s, %(fingerprint)s, %(shop)s, %(payment)s,"
        " %(amount)s::bigint, %(at)s) AS done,"
        " LATERAL payments.cancellation(request.municipality, %(partner)s, done.refund_id, %(shop)s) AS made"
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


class Sale(NamedTuple):
    """A code for one sale, and whether this very request had made it before."""

    sale: SaleRow
    replayed: bool


class Token(NamedTuple):
    """A citizen's code: its digits, when the app should ask for the next, and when it ends."""

    digits: str
    refresh_at: datetime
    expires_at: datetime
    replayed: bool


def pay(*, write: Write, wallet: UUID, shop: StaticQR | SaleQR, amount: int, order: str, at: datetime) -> Paid:
    """Pay at the shop whose genuine QR code was scanned. ``amount`` in won.

    Raises QRElsewhere, QRAmountDiffers, QRExpired, QRUsed, IdempotencyKeyReused, or what shop, wallet and ledger refuse; then nothing is
    recorded, and the same request may be sent again.
    """
    _check_code(write.caller, shop, amount)
    made, replayed, name, day, discount, drawn = statements.rows(_PAY, write.parameters() | {
        "wallet": wallet, "merchant": shop.merchant_code, "terminal": getattr(shop, "terminal", None),
        "amount": Int8(amount), "order": order, "at": at, "sale": getattr(shop, "id", None),
    })[0]  # fmt: skip
    earlier = selectors.payment(caller=write.caller, payment=made) if replayed else None
    new = PaymentRow(
        made, order, wallet, shop.merchant_code, name, _CHANNELS[type(shop)], amount, discount, 0, drawn, day, at
    )  # fmt: skip
    return Paid(earlier or new, replayed)


def preview(*, caller: Caller, wallet: UUID, shop: StaticQR | SaleQR, amount: int, at: datetime) -> Preview:
    """What `pay` would do at this moment; raises what it would raise."""
    _check_code(caller, shop, amount)
    return selectors.preview(
        caller=caller,
        wallet=wallet,
        merchant=shop.merchant_code,
        terminal=getattr(shop, "terminal", None),
        sale=getattr(shop, "id", None),
        amount=amount,
        at=at,
    )


def _check_code(caller: Caller, shop: StaticQR | SaleQR, amount: int) -> None:
    if shop.municipality != caller.municipality:
        raise errors.QRElsewhere
    if shop.amount not in {None, amount}:
        raise errors.QRAmountDiffers(amount=shop.amount)


def new_sale(*, write: Write, shop: str, amount: int, order: str, at: datetime) -> Sale:
    """A code for one sale at a shop of this partner's app. Unspent codes for the same ``order`` are retired.

    Raises MerchantUnknown, MerchantNotActive, PaymentTermsMissing or IdempotencyKeyReused.
    """
    made, replayed = statements.rows(_NEW_SALE, write.parameters() | {
        "shop": shop, "amount": Int8(amount), "order": order, "at": at,
    })[0]  # fmt: skip
    found = selectors.sale(caller=write.caller, sale=made)
    if found is None:
        raise errors.SaleUnknown
    return Sale(found, replayed)


def new_token(*, write: Write, wallet: UUID, key: bytes, at: datetime) -> Token:
    """A code with which the holder of a wallet is scanned once; the one before ends. ``key`` makes its digits.

    Raises WalletUnknown, WalletNotActive, PaymentTermsMissing or IdempotencyKeyReused.
    """
    token = uuid7()
    made, replayed, refresh_at, expires_at = statements.rows(_NEW_TOKEN, write.parameters() | {
        "wallet": wallet, "token": token, "hash": _hash_of(rules.digits_of(token, key=key)), "at": at,
    })[0]  # fmt: skip
    return Token(rules.digits_of(made, key=key), refresh_at, expires_at, replayed)


def pay_by_token(*, write: Write, code: str, shop: str, amount: int, order: str, at: datetime) -> Paid:
    """Take a payment at a shop of this partner's app from whoever showed ``code``, as it was scanned.

    Raises TokenUnknown, TokenExpired, TokenUsed, IdempotencyKeyReused, or what shop, wallet and ledger refuse; then
    nothing is recorded, and the code is as good as before.
    """
    digits = rules.digits_in(code)
    if digits is None:
        raise errors.TokenUnknown
    made, replayed = statements.rows(_PAY_BY_TOKEN, write.parameters() | {
        "hash": _hash_of(digits), "shop": shop, "amount": Int8(amount), "order": order, "at": at,
    })[0]  # fmt: skip
    return Paid(_found(write.caller, made), replayed)


def _hash_of(digits: str) -> bytes:
    return key_ring().blind_index(digits, purpose="payment token")


def _found(caller: Caller, payment: UUID) -> PaymentRow:
    found = selectors.payment(caller=caller, payment=payment)
    if found is None:
        raise PaymentUnknown
    return found


def cancel(*, write: Write, payment: UUID, amount: int | None, at: datetime) -> Cancelled:
    """Cancel ``amount`` won of a payment's price, or all that is left of it (None).

    Raises PaymentUnknown, RefundExceedsPayment, RefundBelowDiscount or IdempotencyKeyReused; then nothing is recorded.
    """
    return _cancelled(_CANCEL, write.parameters() | {
        "payment": payment, "amount": None if amount is None else Int8(amount), "at": at,
    })  # fmt: skip


def cancel_at_shop(*, write: Write, shop: str, payment: UUID, amount: int | None, at: datetime) -> Cancelled:
    """The shop's app cancels ``amount`` won of a sale of its own, or all that is left of it (None).

    Raises MerchantUnknown, PaymentUnknown, SaleNotOfThisApp, RefundExceedsPayment, RefundBelowDiscount or
    IdempotencyKeyReused; then nothing is recorded.
    """
    return _cancelled(_CANCEL_AT_SHOP, write.parameters() | {
        "shop": shop, "payment": payment, "amount": None if amount is None else Int8(amount), "at": at,
    })  # fmt: skip


def _cancelled(statement: str, parameters: Mapping[str, Any]) -> Cancelled:
    replayed, refund, cancelled, discount, business_date, cancelled_at, *row = statements.rows(statement, parameters)[0]
    return Cancelled(refund, cancelled, discount, business_date, cancelled_at, PaymentRow(*row), replayed)


def follow_up(*, municipality: str, limit: int, at: datetime) -> int:
    """Reckon and credit the cashback of the ``limit`` earliest payments and cancellations that wait, and tell the apps.

    Returns how many there were; 0 also while another call is at work on the same municipality.
    """
    done: int = ledger.call("payments.follow_up", municipality, limit, at)[0]
    return done


def prune(*, municipality: str, at: datetime, chunk: int = 10_000) -> None:
    """Remove codes and orders by which nobody paid, and answered requests, that are older than the terms keep them.

    Each chunk is a transaction of its own, so it goes on where it was stopped.
    """
    removed = chunk
    while removed >= chunk:
        with scope(municipalities=[municipality]):
            removed = ledger.call("payments.prune", municipality, at, chunk)[0]
