"""Sell vouchers and take them back.

Each request is one call of a database function, in whose transaction its idempotency key is recorded too.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet
from psycopg.types.numeric import Int8

from vouchers.common.errors import NotPermitted
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date, start_of_day
from vouchers.ledger.errors import WalletUnknown
from vouchers.ledger.services import call
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority
from vouchers.partners import statements
from vouchers.partners.services import Write, once
from vouchers.top_ups import errors, selectors
from vouchers.top_ups.models import AutoEnd, AutoKind, AutoState, AutoTopUp, TopUpRefund
from vouchers.top_ups.rules import next_day
from vouchers.top_ups.selectors import COLUMNS, REFUND_COLUMNS, RefundAccount, RefundRow, TopUpRow
from vouchers.wallets.models import Wallet

_MONEY = "%(partner)s, %(key)s, %(fingerprint)s"
_SHOWN = " AS done, LATERAL top_ups.top_up(request.municipality, %(partner)s, done.top_up_id) AS top_up"
_REQUEST = statements.scoped(
    columns=f"done.replayed, {COLUMNS}",
    function=f"top_ups.request(request.municipality, {_MONEY}, %(wallet)s, %(amount)s, %(order)s, %(at)s)" + _SHOWN,
)
_DEPOSIT = statements.scoped(
    columns=f"done.replayed, {COLUMNS}",
    function=f"top_ups.deposit(request.municipality, {_MONEY}, %(top_up)s, %(amount)s, %(reference)s, %(at)s)" + _SHOWN,
)
_ACCOUNT = "%(bank)s, %(account)s::bytea, %(holder)s, %(at)s"
_CANCEL = statements.scoped(
    columns=f"done.replayed, {COLUMNS}",
    function=f"top_ups.cancel(request.municipality, {_MONEY}, %(top_up)s, {_ACCOUNT})" + _SHOWN,
)
_REFUND = statements.scoped(
    columns=f"done.replayed, {REFUND_COLUMNS}",
    function=(
        f"top_ups.refund_balance(request.municipality, {_MONEY}, %(wallet)s, {_ACCOUNT}) AS done,"
        " LATERAL top_ups.refund(request.municipality, %(partner)s, done.refund_id, %(at)s) AS refund"
    ),
)


class Done(NamedTuple):
    """A top-up as it stands now, and whether this very request had been answered before."""

    top_up: TopUpRow
    replayed: bool


class Refunded(NamedTuple):
    """A refund, and whether this very request had been answered before."""

    refund: RefundRow
    replayed: bool


class Payout(NamedTuple):
    """A bank file: how many refunds stand in it."""

    id: UUID
    refunds: int


def request(*, write: Write, wallet: UUID, amount: int, order: str, at: datetime) -> Done:
    """Ask for a top-up: the answer says what is to be paid until when, and what arrives.

    Raises PurchaseNotOpen, BelowMinimum, NotInUnits, DayLimit, MonthLimit, YearLimit, HoldingLimit, or what the wallet
    refuses; then nothing is recorded.
    """
    return _done(_REQUEST, write, wallet=wallet, amount=Int8(amount), order=order, at=at)


def deposit(*, write: Write, top_up: UUID, amount: int, reference: str, at: datetime) -> Done:
    """Confirm that the bank has got the money of a request. Whatever is raised, it gives the money back."""
    return _done(_DEPOSIT, write, top_up=top_up, amount=Int8(amount), reference=reference, at=at)


def cancel(*, write: Write, top_up: UUID, account: RefundAccount | None, at: datetime) -> Done:
    """Take a request back, or a completed top-up of which nothing was used.

    ``account``: where the bank pays; None: the account that the wallet's member has registered.
    """
    if account is None and (found := selectors.top_up(caller=write.caller, top_up=top_up)):
        account = _registered(write, found.wallet_id)
    return _done(_CANCEL, write, top_up=top_up, at=at, **_sealed(account))


def refund_balance(*, write: Write, wallet: UUID, account: RefundAccount | None, at: datetime) -> Refunded:
    """Refund what is left of the top-ups of which enough was used. Raises RefundTooEarly or NothingToRefund."""
    parameters = {"wallet": wallet, "at": at} | _sealed(account or _registered(write, wallet))
    replayed, *row = statements.rows(_REFUND, write.parameters() | parameters)[0]
    return Refunded(selectors.refund_row(row), replayed)


def set_auto(
    *, write: Write, wallet: UUID, amount: int, threshold: int | None, day_of_month: int | None, at: datetime
) -> AutoTopUp:
    """Top a wallet up by a rule from now on: below ``threshold`` won, or on ``day_of_month``. It replaces the one before.

    Raises WalletUnknown, also for a wallet of another partner's app.
    """

    def act(made: UUID) -> None:
        held = _own_wallet(write, wallet)
        _stop(AutoTopUp.objects.filter(wallet=held), how=AutoEnd.REPLACED, at=at)
        today = business_date(at)
        first = None if day_of_month is None else next_day(day_of_month, today)
        AutoTopUp.objects.create(
            id=made, municipality_id=held.municipality_id, wallet=held, partner_id=write.caller.partner, amount=amount,
            kind=AutoKind.BELOW if first is None else AutoKind.MONTHLY, threshold=threshold, day_of_month=day_of_month,
            next_on=first, due_at=at if first is None else max(at, start_of_day(first)),
        )  # fmt: skip

    done = once(write=write, at=at, act=act)
    with scope(municipalities=[write.caller.municipality]):
        return AutoTopUp.objects.get(pk=done.id)


def stop_auto(*, write: Write, wallet: UUID, at: datetime) -> AutoTopUp:
    """End the wallet's rule; a request that is open stays until its deadline. Raises AutoTopUpUnknown."""

    def act(_made: UUID) -> None:
        held = _own_wallet(write, wallet)
        if not _stop(AutoTopUp.objects.filter(wallet=held), how=AutoEnd.MEMBER, at=at):
            raise errors.AutoTopUpUnknown

    once(write=write, at=at, act=act)
    with scope(municipalities=[write.caller.municipality]):
        rule = AutoTopUp.objects.filter(wallet=_own_wallet(write, wallet)).order_by("-id").first()
        if rule is None:
            raise errors.AutoTopUpUnknown
        return rule


def stop_auto_for_member(
    *, rule: AutoTopUp, reason: str, official: Official, authority: Authority, at: datetime
) -> None:  # fmt: skip
    """End a member's rule at the office; a request that is open stays until its deadline, and the member may set a new one.

    Raises NotPermitted, and AutoTopUpStopped when somebody was faster.
    """
    if authority.official_id != official.pk or not authority.may("citizens.edit", rule.municipality_id):
        raise NotPermitted
    ended = _stop(
        AutoTopUp.objects.filter(pk=rule.pk), how=AutoEnd.OFFICIAL, stopped_by=official, stop_reason=reason, at=at
    )
    if not ended:
        raise errors.AutoTopUpStopped


def _stop(rules: QuerySet[AutoTopUp], *, how: AutoEnd, at: datetime, **who: object) -> int:
    """End those that are not ended yet, waiting for the job where it asks for one at this moment."""
    running = rules.exclude(state=AutoState.STOPPED)
    return running.update(state=AutoState.STOPPED, stopped_at=at, stopped_how=how, **who)


def run_rules(*, municipality: str, at: datetime, limit: int = 200) -> int:
    """Ask for what automatic rules want now, ``limit`` rules at most; returns how many were looked at. Needs a scope."""
    seen: int = call("top_ups.run_rules", municipality, at, limit)[0]
    return seen


def _own_wallet(write: Write, wallet: UUID) -> Wallet:
    found = selectors.own_wallet(caller=write.caller, wallet=wallet)
    if found is None:
        raise WalletUnknown
    return found


def begin_payout(*, municipality: str, authority: Authority, at: datetime) -> Payout:
    """Put every refund that waits into a bank file. Raises NoRefundWaits."""
    _require(authority, municipality)
    return Payout(*call("top_ups.begin_payout", municipality, at))


def finish_payout(
    *, municipality: str, payout: UUID, official: Official, authority: Authority, at: datetime
) -> tuple[int, int]:
    """The bank has paid the file; returns how many refunds and how many won. Raises NoRefundWaits."""
    _require(authority, municipality)
    refunds, amount = call("top_ups.finish_payout", municipality, payout, official.pk, at)
    return refunds, amount


def take_from_payout(*, refund: TopUpRefund, authority: Authority) -> None:
    """The bank did not pay this one; it waits for the next file. Raises RefundNotInFile."""
    municipality = str(refund.municipality.pk)
    _require(authority, municipality)
    call("top_ups.take_from_payout", municipality, refund.pk)


def _require(authority: Authority, municipality: str) -> None:
    if not authority.may("topups.refund", municipality):
        raise NotPermitted


def _done(statement: str, write: Write, **parameters: object) -> Done:
    replayed, *row = statements.rows(statement, write.parameters() | parameters)[0]
    return Done(selectors.top_up_row(row), replayed)


def _registered(write: Write, wallet: UUID) -> RefundAccount | None:
    with scope(municipalities=[write.caller.municipality]):
        return selectors.account_of(wallet=wallet)


def _sealed(account: RefundAccount | None) -> dict[str, object]:
    if account is None:
        return {"bank": "", "account": None, "holder": ""}
    field = TopUpRefund._meta.get_field("account_number")
    return {"bank": account.bank, "account": field.seal(account.number), "holder": account.holder}
