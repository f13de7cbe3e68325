"""Who calls the API, and what a partner may know of its payments."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from vouchers.payments import statements


class Caller(NamedTuple):
    """The partner behind a request, and the one municipality it acts for."""

    partner: UUID
    municipality: str


class Credential(NamedTuple):
    """A live key: whose it is, and the SHA-256 of its secret."""

    caller: Caller
    secret_hash: bytes


class PaymentRow(NamedTuple):
    """A payment as it stands now; ``cancelled`` won of its ``amount`` have been given back."""

    id: UUID
    order_id: str
    wallet_id: UUID
    merchant_code: str
    merchant_name: str
    amount: int
    cancelled: int
    business_date: date
    paid_at: datetime


COLUMNS: Final = ", ".join(f"payment.{name}" for name in PaymentRow._fields)

_CREDENTIAL = "SELECT partner_id, municipality_id, secret_hash FROM payments.partner_by_key(%(key_id)s)"
_PAYMENT = statements.scoped(
    columns=COLUMNS,
    function="payments.payment(request.municipality, %(partner)s, %(payment)s) AS payment",
)
_OF_ORDER = statements.scoped(
    columns=COLUMNS,
    function="payments.payments_of_order(request.municipality, %(partner)s, %(order)s) AS payment",
)


def credential(*, key_id: str) -> Credential | None:
    """The live key of this number; None when there is none, it was revoked, or its partner is not active."""
    for partner, municipality, secret_hash in statements.rows(_CREDENTIAL, {"key_id": key_id}):
        return Credential(Caller(partner, municipality), bytes(secret_hash))
    return None


def payment(*, caller: Caller, payment: UUID) -> PaymentRow | None:
    """The partner's own payment, or None."""
    found = statements.rows(_PAYMENT, {**caller._asdict(), "payment": payment})
    return PaymentRow(*found[0]) if found else None


def payments_of_order(*, caller: Caller, order: str) -> list[PaymentRow]:
    """The partner's payments for an order, newest first, at most 100. An order may be paid again after a cancellation."""
    return [PaymentRow(*row) for row in statements.rows(_OF_ORDER, {**caller._asdict(), "order": order})]
