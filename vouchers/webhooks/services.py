"""Keep endpoints, and tell them what happened: claim, send without a transaction, record."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from vouchers.common.database import domain_errors
from vouchers.common.scope import scope
from vouchers.webhooks import rules, selectors
from vouchers.webhooks.models import WebhookSecret
from vouchers.webhooks.sending import Answer, Message, Sender

IN_FLIGHT: Final = 100
"""Messages on their way at a time from one worker."""
PER_ENDPOINT: Final = 4
"""Of them to one endpoint, from all workers together: a slow one holds at most so many places."""
LEASE_SECONDS: Final = 60
"""After which a message is sent again, because the worker that had claimed it has died."""
SHIFT: Final = timedelta(minutes=1)
"""After which a run leaves what is still due to the next one, so that a worker that is to stop can."""


class Claimed(NamedTuple):
    """A message to be sent now."""

    municipality: str
    event: UUID
    endpoint: UUID
    url: str
    attempts: int
    type: str
    data: object
    at: datetime
    claimed_at: datetime


class Outcome(NamedTuple):
    """What came of one."""

    claimed: Claimed
    answer: Answer
    at: datetime
    next_at: datetime | None


def deliver(
    *, sender: Sender, clock: Callable[[], datetime], should_stop: Callable[[], bool] = lambda: False,
    jitter: Callable[[], float] = random.random,
) -> int:  # fmt: skip
    """Send what is due, and what becomes due meanwhile, until nothing is; returns how many attempts were made.

    ``clock`` is asked for the moment of each step, because sending takes time. No transaction is open while a message
    is on its way. Whoever dies in between has sent for nothing: after LEASE_SECONDS the message goes out again.
    """
    sent, begun = 0, clock()
    flying: dict[Future[Answer], Claimed] = {}
    while True:
        now = clock()
        if len(flying) < IN_FLIGHT and now < begun + SHIFT and not should_stop():
            for claimed, message in _claim(at=now, limit=IN_FLIGHT - len(flying)):
                flying[sender.send(message)] = claimed
        if not flying:
            return sent
        done, _waiting = wait(flying, timeout=0.5, return_when=FIRST_COMPLETED)
        answered = [(flying.pop(future), future.result()) for future in done]
        _record([_outcome(claimed, answer, clock(), jitter()) for claimed, answer in answered])
        sent += len(answered)


def _claim(*, at: datetime, limit: int) -> list[tuple[Claimed, Message]]:
    codes = selectors.municipalities_due(at=at)
    if not codes:
        return []
    with scope(municipalities=codes), connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM webhooks.claim(%s, %s, %s, make_interval(secs => %s))",
            [at, limit, PER_ENDPOINT, LEASE_SECONDS],
        )
        claimed = [_claimed(row, at) for row in cursor.fetchall()]
        secrets = _secrets({one.endpoint for one in claimed}, at)
    return [(one, _message(one, secrets[one.endpoint])) for one in claimed]


def _claimed(row: Sequence[Any], at: datetime) -> Claimed:
    municipality, event, endpoint, url, attempts, kind, data, happened = row
    return Claimed(municipality, event, endpoint, url, attempts, kind, json.loads(data), happened, at)


def _secrets(endpoints: set[UUID], at: datetime) -> dict[UUID, list[str]]:
    """The newest first, as the specification asks."""
    found = defaultdict(list)
    for row in WebhookSecret.objects.filter(endpoint__in=endpoints).order_by("-id"):
        if row.secret is not None and (row.expires_at is None or row.expires_at > at):
            found[row.endpoint_id].append(row.secret.reveal())
    return found


def _message(claimed: Claimed, secrets: list[str]) -> Message:
    body = rules.payload(kind=claimed.type, at=claimed.at, data=claimed.data)
    headers = rules.headers(message=str(claimed.event), at=claimed.claimed_at, body=body, secrets=secrets)
    return Message(claimed.url, headers, body)


def _outcome(claimed: Claimed, answer: Answer, at: datetime, jitter: float) -> Outcome:
    next_at = rules.next_attempt(attempts=claimed.attempts + 1, at=at, jitter=jitter)
    return Outcome(claimed, answer, at, next_at)


def _record(outcomes: Sequence[Outcome]) -> None:
    if not outcomes:
        return
    rows = [
        (one.claimed.municipality, one.claimed.event, one.claimed.endpoint, one.claimed.claimed_at, one.at,
         one.answer.status, one.answer.ms, one.answer.error, one.next_at)
        for one in outcomes
    ]  # fmt: skip
    with scope(municipalities={one.claimed.municipality for one in outcomes}), connection.cursor() as cursor:
        cursor.execute(
            "SELECT webhooks.record(%s, %s, %s, %s, %s, %s::integer[], %s, %s, %s::timestamptz[])",
            [list(column) for column in zip(*rows, strict=True)],
        )


def prune(*, municipality: str, at: datetime, chunk: int = 10_000) -> int:
    """Remove events that are older than the policy keeps them; returns how many. Goes on where it was stopped."""
    removed = 0
    while True:
        with scope(municipalities=[municipality]), domain_errors(), connection.cursor() as cursor:
            cursor.execute("SELECT webhooks.prune(%s, %s, %s)", [municipality, at, chunk])
            count = cursor.fetchone()[0]
        removed += count
        if count < chunk:
            return removed
