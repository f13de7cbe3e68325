"""Paying an approved list: the payer's signature starts it, and a job posts it chunk by chunk.

Each chunk is a transaction of its own and knows whether it has been posted. So the job may be killed at any point and
started again, and two workers on one list only take turns.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Event
from typing import Final
from uuid import UUID

from django.db import connection

from allowances.approvals.services import failure_of, locked, sign_as_payer
from allowances.batches.models import Batch, BatchState
from allowances.disbursement import errors as _errors  # noqa: F401  (registers the refusals of the SQL functions)
from allowances.disbursement.selectors import unposted
from vouchers.common import jobs
from vouchers.common.errors import DomainError, NotPermitted
from vouchers.common.scope import scope
from vouchers.ledger import services as ledger
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority

RUN: Final = "allowances.disbursement.run"

logger = logging.getLogger(__name__)


def _never() -> bool:
    return False


def start(
    *, batch: Batch, official: Official, authority: Authority, digest: str, at: datetime, comment: str = "",
    on_behalf_of: UUID | None = None,
) -> Batch:  # fmt: skip
    """Sign as the payer, the last of the line, and queue the payment. ``digest`` is the one the official saw;
    ``on_behalf_of`` the absent payer in whose place a deputy signs (대결).

    Raises StateConflict and its kinds NotYourTurn, AlreadySigned, ActingHasEnded, DigestChanged, BatchBusy.
    """
    with locked(batch, BatchState.APPROVED) as held:
        sign_as_payer(
            held,
            official=official,
            authority=authority,
            digest=digest,
            at=at,
            comment=comment,
            on_behalf_of=on_behalf_of,
        )
        held.state = BatchState.PAYING
        held.save(update_fields=["state"])
        _defer_run(held)
    return held


def resume(*, batch: Batch, official: Official, authority: Authority, at: datetime) -> Batch:
    """Queue the payment again that stopped with a failure or whose job was given up. Raises NotPermitted."""
    if not authority.has_role(Role.PAYER, batch.municipality_id):
        raise NotPermitted
    with locked(batch, BatchState.PAYING) as held:
        held.failure = None
        held.save(update_fields=["failure"])
        _defer_run(held)
    logger.warning("payment of list %s taken up again by %s at %s", batch.pk, official.pk, at.isoformat())
    return held


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
        numbers = deque(unposted(batch))

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
