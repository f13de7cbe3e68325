"""Take and cancel payments, and hand out the keys with which partners ask for it.

Money moves by one call of a database function, in whose transaction the idempotency key is recorded too: either both
are there or neither.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.db import transaction
from psycopg.types.numeric import Int8

from merchants.qr_kit.rules import StaticQR
from vouchers.payments import errors, selectors, statements
from vouchers.payments.models import Partner, PartnerKey
from vouchers.payments.selectors import COLUMNS, Caller, PaymentRow

LIVE_KEYS: Final = 2

_PAY = statements.scoped(
    columns="payment_id, replayed, merchant_name, business_date",
    function="payments.pay(request.municipality, %(partner)s, %(key)s, %(fingerprint)s, %(wallet)s, %(merchant)s,"
    " %(terminal)s, %(amount)s, %(order)s, %(at)s)",
)
_CANCEL = statements.scoped(
    columns=f"done.replayed, payment.cancellation_id, payment.cancelled_now, payment.cancelled_on,"
    f" payment.cancelled_at, {COLUMNS}",
    function=(
        "payments.cancel(request.municipality, %(partner)s, %(key)s, %(fingerprint)s, %(payment)s,"
        " %(amount)s::bigint, %(at)s) AS done,"
        " LATERAL payments.cancellation(request.municipality, %(partner)s, done.refund_id) AS payment"
    ),
)


class Write(NamedTuple):
    """A write request: who asks, under which idempotency key, and the SHA-256 of method, path and body."""

    caller: Caller
    key: str
    fingerprint: bytes


class Paid(NamedTuple):
    """A payment, and whether this very request had made it before."""

    payment: PaymentRow
    replayed: bool


class Cancelled(NamedTuple):
    """A cancellation of ``amount`` won, and its payment as it stands now."""

    id: UUID
    amount: int
    business_date: date
    cancelled_at: datetime
    payment: PaymentRow
    replayed: bool


class IssuedKey(NamedTuple):
    """A new key with what the partner sends, ``<key_id>.<secret>``. The secret cannot be shown again."""

    key: PartnerKey
    token: str


def pay(*, write: Write, wallet: UUID, shop: StaticQR, amount: int, order: str, at: datetime) -> Paid:
    """Pay at the shop whose genuine QR code was scanned. ``amount`` in won.

    Raises QRElsewhere, QRAmountDiffers, IdempotencyKeyReused, or what shop, wallet and ledger refuse; then nothing is
    recorded, and the same request may be sent again.
    """
    if shop.municipality != write.caller.municipality:
        raise errors.QRElsewhere
    if shop.amount not in {None, amount}:
        raise errors.QRAmountDiffers(amount=shop.amount)
    made, replayed, name, day = statements.rows(_PAY, _said(write) | {
        "wallet": wallet, "merchant": shop.merchant_code, "terminal": shop.terminal, "amount": Int8(amount),
        "order": order, "at": at,
    })[0]  # fmt: skip
    earlier = selectors.payment(caller=write.caller, payment=made) if replayed else None
    new = PaymentRow(made, order, wallet, shop.merchant_code, name, amount, 0, day, at)
    return Paid(earlier or new, replayed)


def cancel(*, write: Write, payment: UUID, amount: int | None, at: datetime) -> Cancelled:
    """Give ``amount`` won of a payment back, or all that is left of it (None).

    Raises PaymentUnknown, RefundExceedsPayment or IdempotencyKeyReused; then nothing is recorded.
    """
    replayed, refund, cancelled, business_date, cancelled_at, *row = statements.rows(_CANCEL, _said(write) | {
        "payment": payment, "amount": None if amount is None else Int8(amount), "at": at,
    })[0]  # fmt: skip
    return Cancelled(refund, cancelled, business_date, cancelled_at, PaymentRow(*row), replayed)


def issue_key(*, partner: Partner, at: datetime) -> IssuedKey:
    """A new key for a partner; raises TooManyLiveKeys. ``at`` becomes its time of issue."""
    with transaction.atomic():
        Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
        if PartnerKey.objects.filter(partner=partner, revoked_at=None).count() >= LIVE_KEYS:
            raise errors.TooManyLiveKeys
        secret = secrets.token_urlsafe(32)
        key = PartnerKey.objects.create(
            municipality_id=partner.municipality_id, partner=partner, created_at=at,
            key_id=f"jt{secrets.token_hex(8)}", secret_hash=hash_of(secret),
        )  # fmt: skip
    return IssuedKey(key, f"{key.key_id}.{secret}")


def revoke_key(*, key: PartnerKey, at: datetime) -> None:
    """End a key. Web servers that know it forget it within 30 seconds. A second call changes nothing."""
    PartnerKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at)


def hash_of(secret: str) -> bytes:
    """What is kept of a secret. It has 256 random bits, so it needs no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


def _said(write: Write) -> dict[str, object]:
    return {**write.caller._asdict(), "key": write.key, "fingerprint": write.fingerprint}
