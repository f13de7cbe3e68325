"""Paying an approved list: the payer's signature starts it, now or at a set time, and a job posts it chunk by chunk.

Each chunk is a transaction of its own and knows whether it has been posted. So the job may be killed at any point and
started again, and two workers on one list only take turns. Whoever pauses or cancels comes in between two chunks. What
cannot be paid into a wallet is held for its person (``sql/0002_claims.sql``).
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event
from typing import Final
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from allowances.approvals.errors import BatchBusy, DigestChanged, ReasonMissing
from allowances.approvals.selectors import next_step
from allowances.approvals.services import failure_of, locked, sign_as_payer
from allowances.batches.errors import ProgrammeClosed
from allowances.batches.models import Batch, BatchAction, BatchEvent, BatchKind, BatchState
from allowances.batches.services import take_in
from allowances.disbursement.errors import NotToBeFollowed, PaymentTimeInvalid, RestChanged
from allowances.disbursement.selectors import held_lists, unposted_amount
from allowances.disbursement.selectors import unposted as unposted_chunks
from allowances.programmes.models import Cycle, ProgrammeStatus
from vouchers.common import jobs
from vouchers.common.database import domain_errors
from vouchers.common.errors import DomainError, NotPermitted, StateConflict
from vouchers.common.scope import scope
from vouchers.ledger import services as ledger
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority
from vouchers.privacy.files import FileStore

RUN: Final = "allowances.disbursement.run"
BEGIN: Final = "allowances.disbursement.begin"
FARTHEST: Final = timedelta(days=180)
"""How far ahead a payment may be appointed."""
LONGEST_CHUNK: Final = "10s"
LAST_ROW: Final = 2_147_483_647

logger = logging.getLogger(__name__)


def _never() -> bool:
    return False


def start(
    *, batch: Batch, official: Official, authority: Authority, digest: str, at: datetime, comment: str = "",
    on_behalf_of: UUID | None = None, pay_at: datetime | None = None,
) -> Batch:  # fmt: skip
    """Sign as the payer, the last of the line, and queue the payment; with ``pay_at`` for that time (지급 예약).
    ``digest`` is the one the official saw.

    A list whose payer has signed before (its appointment was taken back) needs no further signature, but a payer.
    Raises StateConflict and its kinds NotYourTurn, AlreadySigned, DigestChanged, BatchBusy; NotPermitted; PaymentTimeInvalid.
    """
    _require_time(pay_at, at)
    with locked(batch, BatchState.APPROVED) as held:
        if next_step(held) is not None:
            sign_as_payer(
                held, official=official, authority=authority, digest=digest, at=at, comment=comment,
                on_behalf_of=on_behalf_of,
            )  # fmt: skip
        elif held.digest != digest:
            raise DigestChanged
        else:
            _require_payer(authority, held)
        if pay_at is None:
            _begin(held)
        else:
            _appoint(held, pay_at, official, at)
    return held


def _require_time(pay_at: datetime | None, at: datetime) -> None:
    if pay_at is not None and not at < pay_at <= at + FARTHEST:
        raise PaymentTimeInvalid(days=FARTHEST.days)


def _require_payer(authority: Authority, batch: Batch) -> None:
    if not authority.has_role(Role.PAYER, batch.municipality_id):
        raise NotPermitted


def _begin(batch: Batch) -> None:
    batch.state, batch.failure = BatchState.PAYING, None
    batch.save(update_fields=["state", "failure"])
    _defer_run(batch)


def _log(batch: Batch, action: BatchAction, official: Official, at: datetime, reason: str = "") -> None:
    BatchEvent.objects.create(
        municipality_id=batch.municipality_id, batch=batch, action=action, official=official, at=at,
        reason=reason.strip()[:500],
    )  # fmt: skip


# At a set time -----------------------------------------------------------------------------------------------------


def _appoint(batch: Batch, pay_at: datetime, official: Official, at: datetime) -> None:
    batch.state, batch.pay_at = BatchState.SCHEDULED, pay_at
    batch.save(update_fields=["state", "pay_at"])
    _log(batch, BatchAction.SCHEDULE, official, at, pay_at.isoformat())
    jobs.defer(
        BEGIN, lock=f"batch:{batch.pk}:{pay_at.isoformat()}", schedule_at=pay_at, municipality=batch.municipality_id,
        batch_id=str(batch.pk), pay_at=pay_at.isoformat(),
    )  # fmt: skip


def reschedule(*, batch: Batch, official: Official, authority: Authority, pay_at: datetime, at: datetime) -> Batch:
    """Pay a scheduled list at another time. Raises NotPermitted, StateConflict once it has begun, PaymentTimeInvalid."""
    _require_payer(authority, batch)
    _require_time(pay_at, at)
    with locked(batch, BatchState.SCHEDULED) as held:
        _appoint(held, pay_at, official, at)
    return held


def unschedule(*, batch: Batch, official: Official, authority: Authority, reason: str, at: datetime) -> Batch:
    """Take the appointment back: the list is approved as before, and a payer may start it. Raises NotPermitted,
    StateConflict once it has begun, ReasonMissing."""
    _require_payer(authority, batch)
    _require_reason(reason)
    with locked(batch, BatchState.SCHEDULED) as held:
        held.state, held.pay_at = BatchState.APPROVED, None
        held.save(update_fields=["state", "pay_at"])
        _log(held, BatchAction.UNSCHEDULE, official, at, reason)
    return held


def begin(*, municipality: str, batch_id: UUID, pay_at: datetime) -> BatchState:
    """The appointed time has come: start the payment, if the list is still appointed for it. Returns its state."""
    with scope(municipalities=[municipality]):
        batch = Batch.objects.select_for_update(of=("self",), no_key=True).get(pk=batch_id)
        if batch.state == BatchState.SCHEDULED and batch.pay_at == pay_at:
            _begin(batch)
        return BatchState(batch.state)


def begin_overdue(*, municipality: str, at: datetime) -> int:
    """Start what should have begun by ``at`` and has not, because its job was lost; returns how many lists."""
    with scope(municipalities=[municipality]):
        overdue = list(Batch.objects.filter(state=BatchState.SCHEDULED, pay_at__lte=at).values_list("pk", "pay_at"))
    for batch_id, pay_at in overdue:
        assert pay_at is not None  # the filter
        begin(municipality=municipality, batch_id=batch_id, pay_at=pay_at)
    return len(overdue)


# Stopping and going on ---------------------------------------------------------------------------------------------


def pause(*, batch: Batch, official: Official, authority: Authority, reason: str, at: datetime) -> Batch:
    """Stop a payment between two chunks; when this returns, nothing more of it is posted.

    Raises NotPermitted, ReasonMissing, StateConflict, and BatchBusy when a chunk takes longer than ten seconds.
    """
    _require_payer(authority, batch)
    _require_reason(reason)
    with locked(batch, BatchState.PAYING) as held:
        held.state = BatchState.PAUSED
        held.save(update_fields=["state"])
        _hold_still(held)
        _log(held, BatchAction.PAUSE, official, at, reason)
    return held


def resume(*, batch: Batch, official: Official, authority: Authority, at: datetime) -> Batch:
    """Go on with a payment that was paused, stopped with a failure, or whose job was given up. Raises NotPermitted."""
    _require_payer(authority, batch)
    with locked(batch, BatchState.PAYING, BatchState.PAUSED) as held:
        _log(held, BatchAction.RESUME, official, at)
        _begin(held)
    logger.warning("payment of list %s taken up again by %s at %s", batch.pk, official.pk, at.isoformat())
    return held


def cancel_rest(
    *, batch: Batch, official: Official, authority: Authority, reason: str, unposted: int, at: datetime
) -> int:  # fmt: skip
    """Give up what a paused or failed payment has not posted; the list is closed, its budget free again. ``unposted`` is
    the won that the official saw and confirmed. Returns the won released.

    Raises NotPermitted, ReasonMissing, StateConflict, and RestChanged when it is not what is left.
    """
    _require_payer(authority, batch)
    _require_reason(reason)
    with locked(batch, BatchState.PAUSED, BatchState.PAYING) as held:
        if held.state == BatchState.PAYING and not held.failure:
            raise StateConflict
        _hold_still(held)
        if unposted_amount(held) != unposted:
            raise RestChanged
        released: int = ledger.call("disbursement.cancel_rest", held.municipality_id, held.pk, at)[0]
        held.state, held.paid_at, held.failure = BatchState.PAID, at, None
        held.save(update_fields=["state", "paid_at", "failure"])
        _log(held, BatchAction.CANCEL, official, at, reason)
    return released


def _hold_still(batch: Batch) -> None:
    """Wait for the chunks that are being posted. Raises BatchBusy after ten seconds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LONGEST_CHUNK])
    try:
        ledger.call("disbursement.hold_still", batch.pk)
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise BatchBusy from error
        raise


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing


# What could not be paid --------------------------------------------------------------------------------------------


def retry_unpaid(*, batch: Batch, official: Official, authority: Authority, at: datetime) -> int:
    """Look for the people of a list's held rows as they are recorded now, and credit who can be credited: wallets that
    are open again, records that were corrected. Returns how many. Raises NotPermitted."""
    _require_payer(authority, batch)
    with transaction.atomic(), domain_errors():
        credited: int = ledger.call(
            "disbursement.credit_list", batch.municipality_id, batch.pk, 0, LAST_ROW, at
        )[0]  # fmt: skip
        if credited:
            _log(batch, BatchAction.RETRY, official, at, f"{credited:,}")
    return credited


def give_up_failed(*, batch: Batch, official: Official, authority: Authority, reason: str, at: datetime) -> int:
    """Return to the programme what could not be paid because wallets are closed or frozen; returns how many rows.

    Raises NotPermitted, ReasonMissing.
    """
    _require_payer(authority, batch)
    _require_reason(reason)
    with transaction.atomic(), domain_errors():
        rows: int = ledger.call("disbursement.give_up", batch.municipality_id, batch.pk, at)[0]
        if rows:
            _log(batch, BatchAction.GIVE_UP, official, at, reason)
    return rows


def release_expired(*, municipality: str, at: datetime) -> int:
    """Return what nobody has claimed by its deadline, step by step, each a transaction; returns how many rows."""
    total = 0
    while True:
        with scope(municipalities=[municipality]):
            rows: int = ledger.call("disbursement.release_expired", municipality, at)[0]
        if not rows:
            return total
        total += rows


def match_held(*, municipality: str, at: datetime) -> int:
    """Look once more for everybody whose money is held, list by list; returns how many were credited."""
    with scope(municipalities=[municipality]):
        lists = held_lists(municipality)
    total = 0
    for batch_id in lists:
        with scope(municipalities=[municipality]):
            total += ledger.call("disbursement.credit_list", municipality, batch_id, 0, LAST_ROW, at)[0]
    return total


# Lists that follow ------------------------------------------------------------------------------------------------


def follow(
    *, parent: Batch, kind: BatchKind, file: UploadedFile, file_name: str, official: Official, authority: Authority,
    store: FileStore, limit: int, at: datetime,
) -> Batch:  # fmt: skip
    """Upload a list that follows a paid one: ``payment`` for people who were left out, ``top_up`` to give its people more.
    It is checked and approved on its own; the parent stays as it was approved.

    Raises NotPermitted, NotToBeFollowed, ProgrammeClosed, FileTooLarge and FileAlreadyUploaded.
    """
    if not authority.has_role(Role.DRAFTER, parent.municipality_id):
        raise NotPermitted
    if parent.state != BatchState.PAID or BatchKind.CLAWBACK in (parent.kind, kind):
        raise NotToBeFollowed
    cycle = Cycle.objects.select_related("programme").get(pk=parent.cycle_id)
    if cycle.programme.status != ProgrammeStatus.OPEN:
        raise ProgrammeClosed
    return take_in(
        cycle=cycle, chunks=file.chunks(), file_name=file_name, official=official, store=store, limit=limit, at=at,
        kind=kind, parent=parent,
    )  # fmt: skip


# Posting -----------------------------------------------------------------------------------------------------------


def _defer_run(batch: Batch) -> None:
    jobs.defer(RUN, lock=f"batch:{batch.pk}", municipality=batch.municipality_id, batch_id=str(batch.pk))


def run(
    *, municipality: str, batch_id: UUID, at: datetime, should_stop: Callable[[], bool] = _never, threads: int = 1
) -> BatchState:
    """Post what is not posted yet of a list in state ``paying``; returns the state it leaves.

    The whole digest is made anew first, and every chunk's once more as it is posted. A difference, or any other refusal,
    pays nothing further and stays with the list as ``failure``. ``should_stop`` is asked before each chunk. More than one
    of ``threads`` post chunks side by side, each on a connection of its own.
    """
    try:
        return _post(municipality, batch_id, at, should_stop, threads)
    except DomainError as refusal:
        return _record_failure(municipality, batch_id, refusal)


def _post(
    municipality: str, batch_id: UUID, at: datetime, should_stop: Callable[[], bool], threads: int
) -> BatchState:  # fmt: skip
    with scope(municipalities=[municipality]):
        batch = Batch.objects.get(pk=batch_id)
        if batch.state != BatchState.PAYING:
            return BatchState(batch.state)
        ledger.call("disbursement.plan", municipality, batch_id)
        numbers = deque(unposted_chunks(batch))

    def post(number: int) -> None:
        with scope(municipalities=[municipality]):
            ledger.call("disbursement.post_chunk", municipality, batch_id, number, at)

    _exhaust(numbers, post, should_stop, threads)
    return BatchState.PAYING if numbers else _finish(municipality, batch, at)


def _exhaust(
    numbers: deque[int], post: Callable[[int], None], should_stop: Callable[[], bool], threads: int
) -> None:  # fmt: skip
    """Post the numbers until none is left, in this thread or in several others; the first error stops them all."""
    failed = Event()

    def work() -> None:
        while not failed.is_set() and not should_stop():
            try:
                number = numbers.popleft()
            except IndexError:
                return
            post(number)

    def work_on_own_connection() -> None:
        try:
            work()
        except BaseException:
            failed.set()
            raise
        finally:
            connection.close()

    if threads == 1:
        work()
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work_on_own_connection) for _ in range(threads)]:
            done.result()


def _finish(municipality: str, batch: Batch, at: datetime) -> BatchState:
    with scope(municipalities=[municipality]), locked(batch, BatchState.PAYING, BatchState.PAID) as held:
        if held.state == BatchState.PAYING:
            held.state, held.paid_at, held.failure = BatchState.PAID, at, None
            held.save(update_fields=["state", "paid_at", "failure"])
    return BatchState.PAID


def _record_failure(municipality: str, batch_id: UUID, refusal: DomainError) -> BatchState:
    with scope(municipalities=[municipality]):
        Batch.objects.filter(pk=batch_id, state=BatchState.PAYING).update(failure=failure_of(refusal))
        logger.error("payment of list %s stopped: %s", batch_id, refusal.code)
        return BatchState(Batch.objects.values_list("state", flat=True).get(pk=batch_id))
