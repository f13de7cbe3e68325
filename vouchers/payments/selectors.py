"""What a partner may know of its payments."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Final, NamedTuple, Self
from uuid import UUID

from django.db import connection
from psycopg.types.numeric import Int4, Int8

from vouchers.common.money import money
from vouchers.ledger import services as ledger
from vouchers.ledger.models import Lot, Transfer
from vouchers.partners import statements
from vouchers.partners.selectors import Caller
from vouchers.payments.models import Payment


class Drawn(NamedTuple):
    """What a payment took from one lot: its kind, the programme it comes from, and how much of it."""

    kind: str
    programme: UUID | None
    amount: int

    @classmethod
    def read(cls, told: str) -> list[Self]:
        """Everything that a payment drew, in its order, from how the database tells it."""
        return [
            cls(kind, UUID(programme) if programme else None, int(amount))
            for kind, programme, amount in (line.split("|") for line in told.split())
        ]


class PaymentRow(NamedTuple):
    """A payment as it stands now.

    ``amount`` is the price that was asked, ``discount`` what the shop took off it by itself (혜택+), and ``cancelled``
    how much of the price was cancelled. ``drawn`` is for `Drawn.read`.
    """

    id: UUID
    order_id: str
    wallet_id: UUID
    merchant_code: str
    merchant_name: str
    channel: str
    amount: int
    discount: int
    cancelled: int
    drawn: str
    business_date: date
    paid_at: datetime


COLUMNS: Final = ", ".join(f"payment.{name}" for name in PaymentRow._fields)

_PAYMENT = statements.scoped(
    columns=COLUMNS,
    function="payments.payment(request.municipality, %(partner)s, %(payment)s) AS payment",
)
_IN_FULL = statements.scoped(
    columns=f"{COLUMNS.replace('payment.', '(found.payment).')}, found.programmes, found.cashback",
    function="payments.payment_in_full(request.municipality, %(partner)s, %(payment)s) AS found",
)
_OF_ORDER = statements.scoped(
    columns=COLUMNS,
    function="payments.payments_of_order(request.municipality, %(partner)s, %(order)s) AS payment",
)


def payment(*, caller: Caller, payment: UUID) -> PaymentRow | None:
    """The partner's own payment, or None."""
    found = statements.rows(_PAYMENT, {**caller._asdict(), "payment": payment})
    return PaymentRow(*found[0]) if found else None


class Share(NamedTuple):
    """What the funds of one payer (국비, 시·도비, …) bear of a cashback."""

    payer: str
    amount: int


class Cashback(NamedTuple):
    """A payment's cashback, less what was reversed; ``state`` is pending, credited or none."""

    state: str
    amount: int
    funds: list[Share]

    @classmethod
    def read(cls, told: str) -> Self:
        """From how the database tells it. What is only expected has no state of its own: pending."""
        found = json.loads(told)
        shares = [Share(part["payer"], part["amount"]) for part in found["funds"]]
        return cls(found.get("state", "pending"), found["amount"], shares)


class PaymentInFull(NamedTuple):
    """A payment with the name of each drawn part's programme (None: it came from none), and its cashback."""

    payment: PaymentRow
    programmes: list[str | None]
    cashback: Cashback


def payment_in_full(*, caller: Caller, payment: UUID) -> PaymentInFull | None:
    """The partner's own payment with everything about it, or None."""
    for *row, programmes, cashback in statements.rows(_IN_FULL, {**caller._asdict(), "payment": payment}):
        return PaymentInFull(PaymentRow(*row), programmes, Cashback.read(cashback))
    return None


def cashback_of(payment: Payment) -> Cashback:
    """For an official: the cashback of a payment."""
    return Cashback.read(ledger.call("payments.cashback", payment.municipality_id, payment.pk)[0])


def payments_of_order(*, caller: Caller, order: str) -> list[PaymentRow]:
    """The partner's payments for an order, newest first, at most 100. An order may be paid again after a cancellation."""
    return [PaymentRow(*row) for row in statements.rows(_OF_ORDER, {**caller._asdict(), "order": order})]


class SaleRow(NamedTuple):
    """A code for one sale as it stands now, with what has to stand in it."""

    id: UUID
    merchant_code: str
    merchant_name: str
    name_ascii: str
    city: str
    mcc: str
    order_id: str
    amount: int
    created_at: datetime
    expires_at: datetime
    retired_at: datetime | None
    used_at: datetime | None
    payment_id: UUID | None


_SALE = statements.scoped(
    columns=", ".join(f"sale.{name}" for name in SaleRow._fields),
    function="payments.sale_qr(request.municipality, %(partner)s, %(sale)s) AS sale",
)


def sale(*, caller: Caller, sale: UUID) -> SaleRow | None:
    """A code for one sale that this partner made, or None."""
    found = statements.rows(_SALE, {"partner": caller.partner, "municipality": caller.municipality, "sale": sale})
    return SaleRow(*found[0]) if found else None


_PREVIEW = statements.scoped(
    columns="merchant_name, discount, drawn, programmes, cashback",
    function="payments.preview(request.municipality, %(partner)s, %(wallet)s, %(merchant)s, %(terminal)s::text,"
    " %(amount)s::bigint, %(at)s, %(sale)s::uuid)",
)
_OF_SHOP = statements.scoped(
    columns=COLUMNS,
    function="payments.payments_of_shop(request.municipality, %(partner)s, %(shop)s, %(before)s::uuid,"
    " %(limit)s::integer) AS payment",
)

_ONE_OF_SHOP = statements.scoped(
    columns=COLUMNS,
    function="payments.payment(request.municipality, %(partner)s, %(payment)s, %(shop)s) AS payment",
)


class Preview(NamedTuple):
    """What a payment would do: the shop's name, its discount, what would be drawn (for `Drawn.read`), each part's
    programme, and the cashback to be expected (for `Cashback.read`)."""

    merchant_name: str
    discount: int
    drawn: str
    programmes: list[str | None]
    cashback: str


def preview(
    *, caller: Caller, wallet: UUID, merchant: str, terminal: str | None, sale: UUID | None, amount: int, at: datetime
) -> Preview:
    """What paying would do at this moment; raises what paying would raise."""
    asked = {"partner": caller.partner, "municipality": caller.municipality, "wallet": wallet, "merchant": merchant,
             "terminal": terminal, "sale": sale, "amount": Int8(amount), "at": at}  # fmt: skip
    return Preview(*statements.rows(_PREVIEW, asked)[0])


def payments_of_shop(*, caller: Caller, shop: str, before: UUID | None, limit: int) -> list[PaymentRow]:
    """Payments at a shop of this partner's app, newest first. Raises MerchantUnknown."""
    asked = {"partner": caller.partner, "municipality": caller.municipality, "shop": shop, "before": before,
             "limit": Int4(limit)}  # fmt: skip
    return [PaymentRow(*row) for row in statements.rows(_OF_SHOP, asked)]


def payment_of_shop(*, caller: Caller, shop: str, payment: UUID) -> PaymentRow | None:
    """One payment at a shop of this partner's app, or None. Raises MerchantUnknown."""
    asked = {"partner": caller.partner, "municipality": caller.municipality, "shop": shop, "payment": payment}
    found = statements.rows(_ONE_OF_SHOP, asked)
    return PaymentRow(*found[0]) if found else None


def drawn_by(payment: Payment) -> list[tuple[str, str]]:
    """For an official: what a payment drew, lot by lot, as kind and amount."""
    lines = Transfer.objects.filter(municipality=payment.municipality_id, journal_id=payment.pk).order_by("line")[:100]
    amounts = [(line.debit_lot_id, line.amount) for line in lines]
    lots = Lot.objects.filter(municipality=payment.municipality_id, pk__in=[lot for lot, _amount in amounts]).in_bulk()
    return [(str(lots[lot].get_kind_display()), money(amount)) for lot, amount in amounts if lot in lots]


def municipalities_to_follow_up() -> list[str]:
    """Where payments wait to be followed up, or credits for money that is there now. Needs no scope."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT payments.municipalities_to_follow_up()")
        return [code for (code,) in cursor.fetchall()]
