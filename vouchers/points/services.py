"""Take activities in, compute what they earn, and have it paid once somebody else has confirmed it.

Each activity counts once, whoever sends it how often. A payout is computed as often as the official likes, frozen by its
confirmation, and posted chunk by chunk by a job that may be killed at any point and started again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from vouchers.common import jobs
from vouchers.common.database import domain_errors
from vouchers.common.errors import DomainError, NotPermitted
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date, start_of_day
from vouchers.ledger.services import call
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority
from vouchers.partners.services import Once, Write, once
from vouchers.points import errors
from vouchers.points.models import Activity, PointProgramme, PointRun, RunState
from vouchers.points.rules import expiry_day, payable_from

RUN: Final = "vouchers.points.run"
CHUNK_ROWS: Final = 5_000

logger = logging.getLogger(__name__)


class Item(NamedTuple):
    """An activity as it was told: ``person`` is a wallet's number, or ``name|birth date|telephone``."""

    external_id: str
    kind: str
    person: str
    occurred_at: datetime
    amount: int | None = None
    quantity: str | None = None
    documents: Sequence[str] = ()
    row_number: int | None = None


class Outcome(NamedTuple):
    """What became of one item: accepted, rejected or refused, and why."""

    line: int
    activity_id: UUID | None
    outcome: str
    reason: str


class Delivered(NamedTuple):
    """A delivery's outcomes in the order of its items, and whether this very request had been answered before."""

    id: UUID
    outcomes: list[Outcome]
    replayed: bool


# Taking in ---------------------------------------------------------------------------------------------------------


def deliver(*, write: Write, items: Sequence[Item], at: datetime) -> Delivered:
    """Take in what a partner sends by API. Each item stands for itself; the same request changes nothing again.

    A repeated request is answered as things stand now. Raises IdempotencyKeyReused.
    """
    municipality, partner = write.caller.municipality, write.caller.partner
    outcomes: list[Outcome] = []

    def act(_id: UUID) -> None:
        outcomes.extend(take_in(municipality=municipality, partner=partner, items=items, at=at))

    done: Once = once(write=write, at=at, act=act)
    if done.replayed:
        with scope(municipalities=[municipality]):
            outcomes = take_in(municipality=municipality, partner=partner, items=items, at=at)
    return Delivered(done.id, outcomes, done.replayed)


def take_in(
    *, municipality: str, partner: UUID, items: Sequence[Item], at: datetime, upload: UUID | None = None
) -> list[Outcome]:
    """Take activities in, each once; returns what became of each. What was accepted before stays as it was."""
    told = json.dumps([item._asdict() for item in items], default=str, ensure_ascii=False)
    with domain_errors(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT line, activity_id, outcome, reason FROM points.take_in(%s, %s, %s, %s::jsonb, %s) ORDER BY line",
            [municipality, partner, upload, told, at],
        )
        return [Outcome(*row) for row in cursor.fetchall()]


def look_again(*, activity: Activity, authority: Authority) -> str:
    """Examine a rejected activity once more; returns why it stays rejected, or "". Raises NotPermitted, StateConflict."""
    _require(authority, "points.edit", activity.municipality_id)
    with transaction.atomic(), domain_errors():
        reason: str = call("points.look_again", activity.municipality_id, activity.pk)[0]
    return reason


def withdraw(*, activity: Activity, reason: str, official: Official, authority: Authority, at: datetime) -> None:
    """Count an activity no more; what it has been paid is taken off the person's next points.

    Raises NotPermitted, ReasonMissing, StateConflict.
    """
    _require(authority, "points.edit", activity.municipality_id)
    if not reason.strip():
        raise errors.ReasonMissing
    with transaction.atomic(), domain_errors():
        call("points.withdraw", activity.municipality_id, activity.pk, official.pk, reason.strip()[:200], at)


def _require(authority: Authority, permission: str, municipality: str) -> None:
    if not authority.may(permission, municipality):
        raise NotPermitted


# Computing and paying ----------------------------------------------------------------------------------------------


def compute(
    *, programme: PointProgramme, first: date, end: date, official: Official, authority: Authority, at: datetime
) -> PointRun:  # fmt: skip
    """Compute what a programme pays for a period, or compute it anew while nobody has confirmed it.

    Raises NotPermitted, PeriodNotOver, RunConfirmed, and RunOpen while another period's payout is not finished.
    """
    _require(authority, "points.edit", programme.municipality_id)
    payable = payable_from(end, programme.payout_month)
    if business_date(at) < payable:
        raise errors.PeriodNotOver(day=payable)
    with transaction.atomic(), domain_errors():
        made = call("points.compute", programme.municipality_id, programme.pk, first, end, official.pk, at)[0]
        return PointRun.objects.get(pk=made)


def confirm(
    *, run: PointRun, amount: int, official: Official, authority: Authority, at: datetime, chunk_rows: int = CHUNK_ROWS
) -> PointRun:  # fmt: skip
    """Confirm a run as it was shown, with ``amount`` won, reserve that money of its fund, and queue the payment.

    Raises NotPermitted, OwnRun for whoever computed it (as does the database), RunConfirmed, RunChanged, NothingToPay,
    FundMissing, and BenefitFundShort when the fund has not so much left.
    """
    _require(authority, "points.pay", run.municipality_id)
    if run.author_id == official.pk:
        raise errors.OwnRun
    if not run.payments.exists():
        raise errors.NothingToPay
    expires_at = start_of_day(expiry_day(business_date(at), run.programme.validity_months))
    with transaction.atomic(), domain_errors():
        call("points.confirm", run.municipality_id, run.pk, official.pk, amount, expires_at, chunk_rows, at)
        _queue(run)
        return PointRun.objects.get(pk=run.pk)


def resume(*, run: PointRun, authority: Authority) -> None:
    """Go on with a payout that stands still. Raises NotPermitted, StateConflict when it is not being paid."""
    _require(authority, "points.pay", run.municipality_id)
    with transaction.atomic():
        held = PointRun.objects.get(pk=run.pk)
        if held.state != RunState.PAYING:
            raise errors.RunConfirmed
        call("points.fail", run.municipality_id, run.pk, "")
        _queue(run)


def cancel(*, run: PointRun, authority: Authority, at: datetime) -> PointRun:
    """Pay no more of a confirmed run and let its fund go of the rest: a draft again when nobody has been paid.

    Otherwise it ends with those who were paid; the others keep their points for a later run. Raises NotPermitted,
    RunNotPaying.
    """
    _require(authority, "points.pay", run.municipality_id)
    with transaction.atomic(), domain_errors():
        call("points.cancel", run.municipality_id, run.pk, at)
        return PointRun.objects.get(pk=run.pk)


def _queue(run: PointRun) -> None:
    jobs.defer(RUN, lock=str(run.pk), municipality=run.municipality_id, run_id=str(run.pk))


def _never() -> bool:
    return False


def pay(
    *, municipality: str, run_id: UUID, clock: Callable[[], datetime], should_stop: Callable[[], bool] = _never
) -> None:  # fmt: skip
    """Post what is left of a confirmed run, a chunk a transaction. What a rule refuses is kept for the officials.

    ``clock`` tells the moment of each chunk. Does nothing for a run that is paid.
    """
    try:
        while not should_stop():
            with scope(municipalities=[municipality]), domain_errors():
                posted = call("points.post_chunk", municipality, run_id, clock())[0]
            if posted is None:
                break
        with scope(municipalities=[municipality]):
            call("points.finish", municipality, run_id, clock())
    except DomainError as error:
        logger.warning("payout of points %s stands still: %s", run_id, error.code)
        with scope(municipalities=[municipality]):
            call("points.fail", municipality, run_id, error.code)
