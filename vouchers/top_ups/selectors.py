"""What a partner may know of its top-ups and refunds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import CharField, Count, Min, OuterRef, QuerySet, Subquery, Sum, UUIDField
from django.db.models.functions import Cast, Coalesce

from vouchers.citizens.models import Citizen
from vouchers.common.scope import scope
from vouchers.partners import statements
from vouchers.partners.selectors import Caller
from vouchers.top_ups.models import AutoState, AutoTopUp, TopUp, TopUpRefund
from vouchers.top_ups.rules import Transfer
from vouchers.wallets.models import Wallet


class TopUpRow(NamedTuple):
    """A top-up as it stands. ``pays`` won make ``gets`` won; ``payers`` bear what lies between."""

    id: UUID
    state: str
    order_id: str
    wallet_id: UUID
    kind: str
    amount: int
    pays: int
    benefit: int
    gets: int
    payers: list[dict[str, Any]]
    refunded: int
    requested_at: datetime
    expires_at: datetime
    completed_at: datetime | None
    cancelled_at: datetime | None
    refund_id: UUID | None


class RefundRow(NamedTuple):
    """A refund, and what stayed in the wallet with the reason."""

    id: UUID
    wallet_id: UUID
    amount: int
    benefit: int
    requested_at: datetime
    paid_at: datetime | None
    kept: list[dict[str, Any]]


class RefundAccount(NamedTuple):
    """Where the bank pays: bank code, digits, holder."""

    bank: str
    number: str
    holder: str


COLUMNS: Final = ", ".join(f"top_up.{name}" for name in TopUpRow._fields)
REFUND_COLUMNS: Final = ", ".join(f"refund.{name}" for name in RefundRow._fields)

_TOP_UP = statements.scoped(
    columns=COLUMNS, function="top_ups.top_up(request.municipality, %(partner)s, %(top_up)s) AS top_up"
)
_OF_ORDER = statements.scoped(
    columns=COLUMNS, function="top_ups.top_ups_of_order(request.municipality, %(partner)s, %(order)s) AS top_up"
)
_REFUND = statements.scoped(
    columns=REFUND_COLUMNS,
    function="top_ups.refund(request.municipality, %(partner)s, %(refund)s, %(at)s) AS refund",
)


def top_up_row(columns: Sequence[Any]) -> TopUpRow:
    """From the columns of a statement, which gets JSON as text."""
    row = TopUpRow(*columns)
    return row._replace(payers=json.loads(str(row.payers)))


def refund_row(columns: Sequence[Any]) -> RefundRow:
    """From the columns of a statement, which gets JSON as text."""
    row = RefundRow(*columns)
    return row._replace(kept=json.loads(str(row.kept)))


def top_up(*, caller: Caller, top_up: UUID) -> TopUpRow | None:
    """The top-up, or None when this partner has nothing to do with it."""
    found = statements.rows(_TOP_UP, {**caller._asdict(), "top_up": top_up})
    return top_up_row(found[0]) if found else None


def top_ups_of_order(*, caller: Caller, order: str) -> list[TopUpRow]:
    """The top-ups that the partner asked for under an order, newest first, at most 100."""
    return [top_up_row(row) for row in statements.rows(_OF_ORDER, {**caller._asdict(), "order": order})]


def refund(*, caller: Caller, refund: UUID, at: datetime) -> RefundRow | None:
    """The partner's own refund, or None."""
    found = statements.rows(_REFUND, {**caller._asdict(), "refund": refund, "at": at})
    return refund_row(found[0]) if found else None


def own_wallet(*, caller: Caller, wallet: UUID) -> Wallet | None:
    """A wallet on which the partner may act. Call it in the scope."""
    found = Wallet.objects.filter(municipality=caller.municipality, pk=wallet).first()
    return None if found is None or found.partner_id not in {None, caller.partner} else found


def auto_of(*, caller: Caller, wallet: UUID) -> AutoTopUp | None:
    """The automatic rule of a wallet, unless it is stopped."""
    with scope(municipalities=[caller.municipality]):
        if own_wallet(caller=caller, wallet=wallet) is None:
            return None
        return AutoTopUp.objects.filter(wallet=wallet).exclude(state=AutoState.STOPPED).first()


def with_last_request(rules: QuerySet[AutoTopUp]) -> QuerySet[AutoTopUp]:
    """Each rule with ``last_id``, ``last_state`` and ``last_at`` of the latest top-up that it asked for."""
    asked = TopUp.objects.filter(municipality=OuterRef("municipality"), rule_id=OuterRef("pk")).order_by("-id")
    return rules.annotate(
        last_id=Subquery(asked.values("id")[:1]), last_state=Subquery(asked.values("state")[:1]),
        last_at=Subquery(asked.values("at")[:1]),
    )  # fmt: skip


def account_of(*, wallet: UUID) -> RefundAccount | None:
    """The account that the wallet's member has registered. Call it in the scope."""
    holders = Wallet.objects.filter(pk=wallet).values("citizen")
    citizen = Citizen.objects.filter(pk__in=holders).only("name", "account_bank", "account_number").first()
    if citizen is None or citizen.account_number is None or not citizen.account_bank:
        return None
    return RefundAccount(citizen.account_bank, citizen.account_number.reveal(), citizen.name)


class OpenPayout(NamedTuple):
    """A bank file whose payment nobody has confirmed yet; ``refund`` is one of its refunds, by which pages name it."""

    payout: UUID | None
    refund: UUID
    at: datetime
    refunds: int
    amount: int


class RefundQueue(NamedTuple):
    """What waits at a municipality: refunds in no file yet, and files without confirmation."""

    waiting: int
    amount: int
    payouts: list[OpenPayout]


def queue_of(*, municipality: str) -> RefundQueue:
    """Read from the index of what is unpaid. Call it in the scope."""
    unpaid = TopUpRefund.objects.filter(municipality=municipality, paid_at=None)
    waiting = unpaid.filter(payout_id=None).aggregate(count=Count("pk"), won=Coalesce(Sum("amount"), 0))
    files = (
        unpaid.exclude(payout_id=None)
        .order_by("payout_id")
        .values("payout_id")
        .annotate(
            one=Cast(Min(Cast("pk", CharField())), UUIDField()),
            made=Min("payout_at"),
            count=Count("pk"),
            won=Sum("amount"),
        )
    )
    rows = [OpenPayout(row["payout_id"], row["one"], row["made"], row["count"], row["won"]) for row in files]
    return RefundQueue(waiting["count"], waiting["won"], rows)


def lines_of_payout(*, municipality: str, payout: UUID) -> list[Transfer]:
    """What the bank is to pay, with plain account numbers: record who asked, and why, first."""
    refunds = TopUpRefund.objects.filter(municipality=municipality, payout_id=payout, paid_at=None).order_by("pk")
    return [
        Transfer(
            refund.account_bank, refund.account_number.reveal(), refund.amount, refund.account_holder,
            refund.account_holder, f"{refund.get_kind_display()} {str(refund.pk)[-12:]}",
        )
        for refund in refunds if refund.account_number is not None
    ]  # fmt: skip
