"""Check cards: register, approve (승인), reverse (망취소). Cancelling an approval is cancelling its payment."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from psycopg.types.numeric import Int8

from vouchers.partners import statements
from vouchers.partners.selectors import Caller
from vouchers.partners.services import Write
from vouchers.payments import errors
from vouchers.payments.selectors import COLUMNS, PaymentRow
from vouchers.privacy.fields import key_ring


def _write(function: str, result: str, *parameters: str) -> str:
    said = ", ".join(["%(partner)s", "%(key)s", "%(fingerprint)s", *parameters, "%(at)s"])
    return statements.scoped(columns=f"{result}, replayed", function=f"{function}(request.municipality, {said})")


_REGISTER = _write("payments.register_card", "card_id", "%(wallet)s", "%(hash)s", "%(last4)s")
_END = _write("payments.end_card", "card_id", "%(card)s")
_AUTHORISE = _write(
    "payments.authorise", "approval_id", "%(trace)s", "%(hash)s", "%(shop)s", "%(terminal)s", "%(amount)s"
)  # fmt: skip
_REVERSE = _write("payments.reverse", "reversal_id", "%(trace)s")
_CARD = statements.scoped(
    columns="id, wallet_id, last4, created_at, ended_at",
    function="payments.card(request.municipality, %(partner)s, %(card)s)",
)
_APPROVAL = statements.scoped(
    columns="made.trace_number, made.number, made.last4, made.terminal, made.reversed_at, "
    + COLUMNS.replace("payment.", "(made.payment)."),
    function="payments.approval(request.municipality, %(partner)s, %(trace)s) AS made",
)
_TRACE = statements.scoped(
    columns="trace", function="payments.trace_of(request.municipality, %(partner)s, %(approval)s) AS trace"
)

RESPONSE_CODES: Final = {
    "card_unknown": "14", "card_ended": "54", "insufficient_funds": "51", "payment_limit_exceeded": "61",
    "wallet_not_active": "62", "merchant_unknown": "03", "merchant_not_active": "03", "trace_number_used": "94",
    "approval_reversed": "21", "approval_unknown": "25", "refund_exceeds_payment": "13", "refund_below_discount": "13",
}  # fmt: skip
"""What VANs expect beside our stable codes: response codes of ISO 8583. Whatever is not listed is 05, approved is 00."""


class Card(NamedTuple):
    """A processor's card that pays from a wallet."""

    id: UUID
    wallet_id: UUID
    last4: str
    created_at: datetime
    ended_at: datetime | None


class Approval(NamedTuple):
    """What stands under a trace number. Without ``payment`` it is the mark of a reversal that came first."""

    trace_number: str
    number: str | None
    last4: str | None
    terminal: str | None
    reversed_at: datetime | None
    payment: PaymentRow | None


class Done(NamedTuple):
    """The id of what a request made, and whether this very request had made it before."""

    id: UUID
    replayed: bool


def register(*, write: Write, wallet: UUID, token: str, last4: str, at: datetime) -> Done:
    """A card pays from this wallet. Raises WalletUnknown or CardRegistered."""
    parameters = {"wallet": wallet, "hash": _hash_of(token), "last4": last4, "at": at}
    return Done(*statements.rows(_REGISTER, write.parameters() | parameters)[0])


def end(*, write: Write, card: UUID, at: datetime) -> Done:
    """The card pays no more. Raises CardUnknown."""
    return Done(*statements.rows(_END, write.parameters() | {"card": card, "at": at})[0])


def authorise(
    *, write: Write, token: str, trace: str, shop: str, terminal: str, amount: int, at: datetime
) -> Done:  # fmt: skip
    """Approve a payment by card.

    Raises CardUnknown, CardEnded, TraceNumberUsed, ApprovalReversed when its reversal has come before it, or what shop,
    wallet and ledger refuse; then nothing is recorded.
    """
    parameters = {"hash": _hash_of(token), "trace": trace, "shop": shop, "terminal": terminal, "amount": Int8(amount)}
    return Done(*statements.rows(_AUTHORISE, write.parameters() | parameters | {"at": at})[0])


def reverse(*, write: Write, trace: str, at: datetime) -> Done:
    """Give back what is left of the approval of this trace number, or leave a mark that keeps it out."""
    return Done(*statements.rows(_REVERSE, write.parameters() | {"trace": trace, "at": at})[0])


def card(*, caller: Caller, card: UUID) -> Card:
    """A card of this processor's. Raises CardUnknown."""
    for row in statements.rows(_CARD, _asking(caller) | {"card": card}):
        return Card(*row)
    raise errors.CardUnknown


def approval(*, caller: Caller, trace: str) -> Approval:
    """What stands under a trace number of this processor's. Raises ApprovalUnknown."""
    for trace_number, number, last4, terminal, reversed_at, *payment in statements.rows(
        _APPROVAL, _asking(caller) | {"trace": trace}
    ):
        paid = PaymentRow(*payment) if payment[0] is not None else None
        return Approval(trace_number, number, last4, terminal, reversed_at, paid)
    raise errors.ApprovalUnknown


def trace_of(*, caller: Caller, approval: UUID) -> str:
    """The trace number of an approval of this processor's. Raises ApprovalUnknown."""
    for (trace,) in statements.rows(_TRACE, _asking(caller) | {"approval": approval}):
        return str(trace)
    raise errors.ApprovalUnknown


def _asking(caller: Caller) -> dict[str, object]:
    return {"partner": caller.partner, "municipality": caller.municipality}


def _hash_of(token: str) -> bytes:
    return key_ring().blind_index(token, purpose="card token")
