"""What requests may contain and answers do contain. The OpenAPI document is made from the same classes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from msgspec import UNSET, Meta, Struct, UnsetType

from merchants.qr_kit.rules import LONGEST_PAYLOAD
from vouchers.common.api import RequestBody
from vouchers.partners.api.bodies import ORDER_HINT, WON_HINT, OrderId, Won
from vouchers.payments.selectors import Drawn, PaymentRow
from vouchers.payments.services import Cancelled


class NewPayment(RequestBody, frozen=True):
    """A payment at a shop's fixed QR code."""

    wallet_id: UUID
    qr: Annotated[str, Meta(min_length=1, max_length=LONGEST_PAYLOAD)]
    amount: Won
    order_id: OrderId

    hints: ClassVar[Mapping[str, Any]] = {
        "wallet_id": _("UUID 형식의 지갑번호여야 합니다."),
        "qr": _("가맹점 QR 코드에서 읽은 문자열 1~512자여야 합니다."),
        "amount": WON_HINT,
        "order_id": ORDER_HINT,
    }


class NewCancellation(RequestBody, frozen=True):
    """Without ``amount``, all that is left of the payment is cancelled."""

    amount: Won | UnsetType = UNSET

    hints: ClassVar[Mapping[str, Any]] = {"amount": WON_HINT}


class Shop(Struct, frozen=True):
    """The shop, by the code that its QR carries."""

    code: str
    name: str


class DrawnMoney(Struct, frozen=True):
    """Money of one kind that was drawn: an allowance names its programme."""

    kind: Literal["grant", "purchase", "incentive", "point"]
    programme_id: UUID | None
    amount: int


class Payment(Struct, frozen=True):
    """A payment as it stands now. Amounts are in won, days are those of Seoul.

    ``amount`` is the price, of which the shop bears ``discount`` and the wallet paid ``paid_amount``, lot by lot as ``drawn``
    tells. ``cancelled_amount`` is in terms of the price.
    """

    id: UUID
    state: Literal["paid", "partly_cancelled", "cancelled"]
    order_id: str
    wallet_id: UUID
    merchant: Shop
    channel: Literal["static_qr", "dynamic_qr", "cpm", "card", "online"]
    amount: int
    discount: int
    paid_amount: int
    drawn: list[DrawnMoney]
    cancelled_amount: int
    business_date: date
    paid_at: datetime


class Payments(Struct, frozen=True):
    """Newest first."""

    payments: list[Payment]


class Cancellation(Struct, frozen=True):
    """A cancellation of ``amount`` won of the price, and its payment as it stands now.

    The wallet gets ``amount`` without ``discount``, the part that the shop bore.
    """

    id: UUID
    amount: int
    discount: int
    business_date: date
    cancelled_at: datetime
    payment: Payment


def payment_of(row: PaymentRow) -> Payment:
    """The answer for a payment."""
    return Payment(
        id=row.id,
        state=_state(row),
        order_id=row.order_id,
        wallet_id=row.wallet_id,
        merchant=Shop(row.merchant_code, row.merchant_name),
        channel=row.channel,  # type: ignore[arg-type]
        amount=row.amount,
        discount=row.discount,
        paid_amount=row.amount - row.discount,
        drawn=[DrawnMoney(*drawn) for drawn in Drawn.read(row.drawn)],  # type: ignore[arg-type]
        cancelled_amount=row.cancelled,
        business_date=row.business_date,
        paid_at=row.paid_at,
    )


def cancellation_of(done: Cancelled) -> Cancellation:
    """The answer for a cancellation."""
    return Cancellation(
        id=done.id,
        amount=done.amount,
        discount=done.discount,
        business_date=done.business_date,
        cancelled_at=done.cancelled_at,
        payment=payment_of(done.payment),
    )


def _state(row: PaymentRow) -> Literal["paid", "partly_cancelled", "cancelled"]:
    if row.cancelled == 0:
        return "paid"
    return "cancelled" if row.cancelled == row.amount else "partly_cancelled"
