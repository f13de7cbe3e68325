"""Keep endpoints, and tell them what happened: claim, send without a transaction, record."""

from __future__ import annotations

import json
import random
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from vouchers.common.database import domain_errors
from vouchers.common.scope import scope
from vouchers.partners.models import Partner
from vouchers.partners.services import Write, once
from vouchers.webhooks import errors, rules, selectors
from vouchers.webhooks.models import EndpointState, WebhookEndpoint, WebhookSecret
from vouchers.webhooks.sending import Answer, Message, Sender

MOST_ENDPOINTS: Final = 10
"""Of one partner."""
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


def create_endpoint(
    *, write: Write, url: str, event_types: Iterable[str], loopback: bool, at: datetime
) -> tuple[UUID, bool]:  # fmt: skip
    """Register an address and send it the message that it must answer before it gets any other.

    Returns its id and whether this very request had made it before. Raises `rules.UrlRefused` or TooManyEndpoints.
    """
    rules.target_of(url, loopback=loopback)

    def act(made: UUID) -> None:
        Partner.objects.select_for_update(of=("self",)).get(pk=write.caller.partner)
        if selectors.endpoints(partner=write.caller.partner).count() >= MOST_ENDPOINTS:
            raise errors.TooManyEndpoints(limit=MOST_ENDPOINTS)
        endpoint = WebhookEndpoint.objects.create(
            pk=made, municipality_id=write.caller.municipality, partner_id=write.caller.partner, url=url,
            event_types=list(dict.fromkeys(event_types)), state_at=at,
        )  # fmt: skip
        _new_secret(endpoint, made)
        _ping(endpoint, at)

    return once(write=write, at=at, act=act)


def rotate_secret(*, write: Write, endpoint: UUID, keep: timedelta, at: datetime) -> tuple[UUID, bool]:
    """A new secret; messages carry a signature by the present one as well for ``keep``. Older ones end now.

    Returns the id of the new secret. Raises EndpointUnknown.
    """

    def act(made: UUID) -> None:
        found = _own(write, endpoint)
        live = WebhookSecret.objects.filter(endpoint=found)
        live.exclude(expires_at=None).delete()
        live.update(expires_at=at + keep)
        _new_secret(found, made)

    return once(write=write, at=at, act=act)


def verify_endpoint(*, write: Write, endpoint: UUID, at: datetime) -> tuple[UUID, bool]:
    """Send the message once more that an endpoint must answer: for one that has not, or that was disabled.

    An active one stays active. Raises EndpointUnknown.
    """

    def act(_made: UUID) -> None:
        _verify(_own(write, endpoint), at)

    return once(write=write, at=at, act=act)


def delete_endpoint(*, write: Write, endpoint: UUID, at: datetime) -> tuple[UUID, bool]:
    """Send nothing there any more. Raises EndpointUnknown."""

    def act(_made: UUID) -> None:
        found = _own(write, endpoint)
        _call("webhooks.delete_endpoint", found.municipality_id, found.pk, at)

    return once(write=write, at=at, act=act)


def replay_event(*, write: Write, event: UUID, at: datetime) -> tuple[UUID, bool]:
    """Send an event once more to every active endpoint that subscribed to it. Raises EventUnknown or NobodyToTell."""

    def act(_made: UUID) -> None:
        caller = write.caller
        if selectors.event(partner=caller.partner, event=event) is None:
            raise errors.EventUnknown
        if not _call("webhooks.replay", caller.municipality, caller.partner, event, None, at):
            raise errors.NobodyToTell

    return once(write=write, at=at, act=act)


def replay_missed(*, write: Write, endpoint: UUID, since: datetime, at: datetime) -> tuple[UUID, bool]:
    """Send everything once more that an endpoint has missed since then. Raises EndpointUnknown or EndpointNotActive."""

    def act(_made: UUID) -> None:
        found = _own(write, endpoint)
        if found.state != EndpointState.ACTIVE:
            raise errors.EndpointNotActive
        _call("webhooks.replay_failed", found.municipality_id, found.pk, since, at)

    return once(write=write, at=at, act=act)


def stop(*, endpoint: WebhookEndpoint, at: datetime) -> None:
    """An official ends the sending to an endpoint until it is verified anew. Raises EndpointNotActive."""
    if not _call("webhooks.stop", endpoint.municipality_id, endpoint.pk, at):
        raise errors.EndpointNotActive


def verify(*, endpoint: WebhookEndpoint, at: datetime) -> None:
    """As `verify_endpoint`, for an official. Raises EndpointUnknown."""
    with transaction.atomic():
        rows = WebhookEndpoint.objects.select_for_update(of=("self",)).exclude(state=EndpointState.DELETED)
        found = rows.filter(pk=endpoint.pk).first()
        if found is None:
            raise errors.EndpointUnknown
        _verify(found, at)


def resend(*, endpoint: WebhookEndpoint, event: UUID, at: datetime) -> None:
    """Send one event once more to this endpoint. Raises NobodyToTell when it is not active, or is being told anyway."""
    if not _call("webhooks.replay", endpoint.municipality_id, endpoint.partner_id, event, endpoint.pk, at):
        raise errors.NobodyToTell


def resend_missed(*, endpoint: WebhookEndpoint, since: datetime, at: datetime) -> int:
    """Send everything once more that it missed since then; returns how many events. Raises EndpointNotActive."""
    if endpoint.state != EndpointState.ACTIVE:
        raise errors.EndpointNotActive
    return int(_call("webhooks.replay_failed", endpoint.municipality_id, endpoint.pk, since, at))


def _verify(endpoint: WebhookEndpoint, at: datetime) -> None:
    if endpoint.state == EndpointState.DISABLED:
        endpoint.state, endpoint.disabled_for = EndpointState.PENDING, ""
        endpoint.state_at, endpoint.failing_since = at, None
        endpoint.save(update_fields=["state", "disabled_for", "state_at", "failing_since"])
    _ping(endpoint, at)


def _own(write: Write, endpoint: UUID) -> WebhookEndpoint:
    found = selectors.endpoints(partner=write.caller.partner).select_for_update(of=("self",)).filter(pk=endpoint)
    row = found.first()
    if row is None:
        raise errors.EndpointUnknown
    return row


def _new_secret(endpoint: WebhookEndpoint, key: UUID) -> None:
    secret = rules.secret_of(secrets.token_bytes(rules.SECRET_BYTES))
    WebhookSecret.objects.create(
        pk=key, municipality_id=endpoint.municipality_id, endpoint=endpoint, secret=secret
    )  # fmt: skip


def _ping(endpoint: WebhookEndpoint, at: datetime) -> None:
    _call("webhooks.ping", endpoint.municipality_id, endpoint.pk, at)


def _call(function: str, *parameters: Any) -> Any:
    marks = ", ".join(["%s"] * len(parameters))
    with domain_errors(), connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}({marks})", parameters)
        return cursor.fetchone()[0]


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
        keys = _secrets({one.endpoint for one in claimed}, at)
    return [(one, _message(one, keys[one.endpoint])) for one in claimed]


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


def _message(claimed: Claimed, keys: list[str]) -> Message:
    body = rules.payload(kind=claimed.type, at=claimed.at, data=claimed.data)
    headers = rules.headers(message=str(claimed.event), at=claimed.claimed_at, body=body, secrets=keys)
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
