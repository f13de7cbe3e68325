"""From what happened to what a partner's server gets: at least once, in time, and none held up by another."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from psycopg.types.json import Jsonb
from standardwebhooks.webhooks import Webhook

from tests import factories
from tests.factories import AT, City
from tests.factories.webhooks import SECRET, make_endpoint
from tests.vouchers.webhooks.receiving import Receiver, receiver
from vouchers.common.scope import scope
from vouchers.partners.models import Partner
from vouchers.webhooks import selectors, services
from vouchers.webhooks.models import (
    EndpointState,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    WebhookPolicy,
    WebhookSecret,
)
from vouchers.webhooks.rules import RETRIES, EventType, secret_of
from vouchers.webhooks.sending import Answer, Sender

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def sender() -> Iterator[Sender]:
    with Sender(loopback=True, timeout=1.0) as made:
        yield made


@pytest.fixture
def city() -> City:
    return factories.make_city()


@pytest.fixture
def partner(city: City) -> Partner:
    with city.scope():
        return factories.make_partner(city)


def call(city: City, function: str, *parameters: Any) -> Any:
    with city.scope(), connection.cursor() as cursor:
        cursor.execute(f"SELECT webhooks.{function}({', '.join(['%s'] * len(parameters))})", parameters)
        return cursor.fetchone()[0]


def emit(city: City, partner: Partner, at: datetime = AT, **data: Any) -> None:
    call(city, "emit", city.code, EventType.PAYMENT_PAID, [partner.pk], Jsonb(data), at)


def deliver(sender: Sender, at: datetime) -> int:
    """Everything that is due at that moment; time stands still meanwhile."""
    return services.deliver(sender=sender, clock=lambda: at, jitter=lambda: 0.0)


def only(city: City) -> WebhookDelivery:
    with city.scope():
        return WebhookDelivery.objects.get()


def endpoint_of(city: City) -> WebhookEndpoint:
    with city.scope():
        return WebhookEndpoint.objects.get()


def listen(city: City, partner: Partner, to: Receiver, **fields: Any) -> WebhookEndpoint:
    with city.scope():
        return make_endpoint(city, partner, url=to.url, **fields)


def test_a_partner_is_told_and_can_verify_it(city: City, partner: Partner, sender: Sender) -> None:
    now = datetime.now(AT.tzinfo)
    with receiver() as to:
        listen(city, partner, to)
        emit(city, partner, now, payment_id="019a", amount=15_000)
        assert deliver(sender, now) == 1
    told = to.received[0]
    with city.scope():
        event = WebhookEvent.objects.get()
    assert told.headers["webhook-id"] == str(event.pk)
    said = Webhook(SECRET).verify(told.body, told.headers)
    assert said["type"] == "payment.paid"
    assert said["data"] == {"payment_id": "019a", "amount": 15_000}
    assert datetime.fromisoformat(said["timestamp"]) == now
    done = only(city)
    assert (done.state, done.attempts, done.last_status, done.last_error) == ("delivered", 1, 200, "")
    assert selectors.municipalities_due(at=now + timedelta(days=30)) == []


def test_failures_are_tried_again_on_schedule_and_then_given_up(city: City, partner: Partner, sender: Sender) -> None:
    with city.scope():
        WebhookPolicy.objects.create(municipality=city.municipality, valid_from=AT.date(), failing_days=30)
    with receiver(503) as to:
        listen(city, partner, to)
        emit(city, partner)
        moment = AT
        for made, wait in enumerate(RETRIES, start=1):
            assert deliver(sender, moment) == 1
            waiting = only(city)
            assert (waiting.state, waiting.attempts, waiting.due_at) == ("waiting", made, moment + wait)
            assert deliver(sender, moment + wait - timedelta(seconds=1)) == 0
            moment += wait
        assert deliver(sender, moment) == 1
        assert deliver(sender, moment + timedelta(days=365)) == 0
    given_up = only(city)
    assert (given_up.state, given_up.attempts, given_up.last_status) == ("failed", 10, 503)
    assert len({(told.headers["webhook-id"], told.body) for told in to.received}) == 1
    assert len({told.headers["webhook-timestamp"] for told in to.received}) == 10


def test_one_who_recovers_gets_what_waited(city: City, partner: Partner, sender: Sender) -> None:
    with receiver(500) as to:
        listen(city, partner, to)
        emit(city, partner)
        deliver(sender, AT)
        assert endpoint_of(city).failing_since == AT
        to.answer = 200
        deliver(sender, AT + timedelta(seconds=5))
    assert only(city).state == "delivered"
    assert endpoint_of(city).failing_since is None


def test_410_ends_it_at_once(city: City, partner: Partner, sender: Sender) -> None:
    with receiver(410) as to:
        listen(city, partner, to)
        emit(city, partner)
        deliver(sender, AT)
        emit(city, partner)
        assert deliver(sender, AT + timedelta(days=1)) == 0
    ended = endpoint_of(city)
    assert (ended.state, ended.disabled_for, ended.state_at) == ("disabled", "gone", AT)
    assert (only(city).state, only(city).last_status) == ("failed", 410)
    with city.scope():
        assert WebhookEvent.objects.count() == 2  # kept, should the partner come back


def test_one_who_fails_for_days_is_disabled(city: City, partner: Partner, sender: Sender) -> None:
    with city.scope():
        WebhookPolicy.objects.create(municipality=city.municipality, valid_from=AT.date(), failing_days=2)
    with receiver(500) as to:
        listen(city, partner, to)
        for hours in (0, 47, 48, 49):
            emit(city, partner, AT + timedelta(hours=hours))
            deliver(sender, AT + timedelta(hours=hours))
            state = endpoint_of(city).state
            assert state == (EndpointState.ACTIVE if hours < 48 else EndpointState.DISABLED)
    assert endpoint_of(city).disabled_for == "failing"
    with city.scope():
        assert not WebhookDelivery.objects.filter(state="waiting").exists()


def test_without_a_policy_five_days_hold(city: City, partner: Partner, sender: Sender) -> None:
    with receiver(500) as to:
        listen(city, partner, to, failing_since=AT - timedelta(days=5) + timedelta(minutes=1))
        emit(city, partner)
        deliver(sender, AT)
        assert endpoint_of(city).state == EndpointState.ACTIVE
        emit(city, partner)
        deliver(sender, AT + timedelta(minutes=1))
        assert endpoint_of(city).state == EndpointState.DISABLED


def test_a_new_endpoint_gets_nothing_but_the_ping_until_it_has_answered(
    city: City, partner: Partner, sender: Sender
) -> None:
    with receiver(500) as to:
        new = listen(city, partner, to, state=EndpointState.PENDING)
        emit(city, partner)
        call(city, "ping", city.code, new.pk, AT)
        assert deliver(sender, AT) == 1
        assert endpoint_of(city).state == EndpointState.PENDING
        to.answer = 200
        assert deliver(sender, AT + timedelta(seconds=5)) == 1
        assert (endpoint_of(city).state, endpoint_of(city).state_at) == ("active", AT + timedelta(seconds=5))
        emit(city, partner)
        assert deliver(sender, AT + timedelta(seconds=6)) == 1
    types = [json.loads(told.body)["type"] for told in to.received]
    assert types == ["webhook.ping", "webhook.ping", "payment.paid"]
    assert json.loads(to.received[0].body)["data"] == {"endpoint_id": str(new.pk)}


def test_a_new_endpoint_that_never_answers_is_disabled(city: City, partner: Partner, sender: Sender) -> None:
    with receiver(404) as to:
        new = listen(city, partner, to, state=EndpointState.PENDING)
        call(city, "ping", city.code, new.pk, AT)
        moment = AT
        for wait in (*RETRIES, timedelta()):
            assert deliver(sender, moment) == 1
            moment += wait
    assert (endpoint_of(city).state, endpoint_of(city).disabled_for) == ("disabled", "unverified")


def test_while_a_secret_is_changed_messages_are_signed_with_both(city: City, partner: Partner, sender: Sender) -> None:
    new, now = secret_of(b"n" * 32), datetime.now(AT.tzinfo)
    with receiver() as to:
        endpoint = listen(city, partner, to)
        with city.scope():
            WebhookSecret.objects.update(expires_at=now + timedelta(hours=24))
            WebhookSecret.objects.create(municipality=city.municipality, endpoint=endpoint, secret=new)
        emit(city, partner)
        deliver(sender, now)
        emit(city, partner)
        deliver(sender, now + timedelta(hours=24))
    both, after = to.received
    assert [len(told.headers["webhook-signature"].split()) for told in (both, after)] == [2, 1]
    for secret in (SECRET, new):
        Webhook(secret).verify(both.body, both.headers)
    assert after.headers["webhook-signature"] == Webhook(new).sign(
        after.headers["webhook-id"], now + timedelta(hours=24), after.body.decode()
    )


def test_what_a_dead_worker_had_claimed_is_sent_by_the_next_one(city: City, partner: Partner, sender: Sender) -> None:
    with receiver() as to:
        listen(city, partner, to)
        emit(city, partner)
        claimed = services._claim(at=AT, limit=10)
        assert len(claimed) == 1  # and here the worker dies
        assert deliver(sender, AT + timedelta(seconds=services.LEASE_SECONDS - 1)) == 0
        assert deliver(sender, AT + timedelta(seconds=services.LEASE_SECONDS)) == 1
    assert only(city).state == "delivered"


def test_a_worker_thought_dead_cannot_undo_what_the_next_one_did(city: City, partner: Partner, sender: Sender) -> None:
    with receiver() as to:
        listen(city, partner, to)
        emit(city, partner)
        slow = services._claim(at=AT, limit=10)[0][0]
        later = AT + timedelta(seconds=services.LEASE_SECONDS)
        deliver(sender, later)
        services._record([services._outcome(slow, Answer(None, 1, "timeout"), later, 0.0)])
    assert (only(city).state, only(city).attempts) == ("delivered", 1)


def test_two_workers_send_each_message_once(city: City, partner: Partner) -> None:
    with receiver() as to:
        listen(city, partner, to)
        for number in range(20):
            emit(city, partner, n=number)
        first = services._claim(at=AT, limit=10)
        second = services._claim(at=AT, limit=10)
        assert len(first) == services.PER_ENDPOINT
        assert second == []  # the endpoint has as many in flight as it may


def test_a_slow_endpoint_holds_only_its_own_places(city: City, partner: Partner, sender: Sender) -> None:
    go = threading.Event()
    with receiver(lambda _handler: go.wait(10) and None) as slow, receiver() as quick:
        listen(city, partner, slow)
        for number in range(50):
            emit(city, partner, n=number)
        with city.scope():
            other = factories.make_partner(city)
        listen(city, other, quick)
        for number in range(50):
            emit(city, other, n=number)
        claimed = services._claim(at=AT, limit=services.IN_FLIGHT)
        assert sum(message.url == slow.url for _one, message in claimed) == services.PER_ENDPOINT
        for one, message in claimed:
            if message.url == quick.url:
                services._record([services._outcome(one, sender.send(message).result(5), AT, 0.0)])
        deliver(sender, AT)
        go.set()
    assert len(quick.received) == 50


def test_each_city_tells_its_own_partners(city: City, partner: Partner, sender: Sender) -> None:
    elsewhere = factories.make_city(code="28110", name="인천광역시 중구")
    with elsewhere.scope():
        other = factories.make_partner(elsewhere)
    with receiver() as to, receiver() as there:
        listen(city, partner, to)
        listen(elsewhere, other, there)
        emit(city, partner, where="here")
        emit(elsewhere, other, where="there")
        assert sorted(selectors.municipalities_due(at=AT)) == ["28110", "41280"]
        assert deliver(sender, AT) == 2
    assert [json.loads(got.received[0].body)["data"]["where"] for got in (to, there)] == ["here", "there"]


def test_an_event_is_sent_once_more_when_asked(city: City, partner: Partner, sender: Sender) -> None:
    with receiver() as to:
        listen(city, partner, to)
        emit(city, partner)
        deliver(sender, AT)
        event = only(city).event_id
        assert call(city, "replay", city.code, partner.pk, event, None, AT) == 1
        assert deliver(sender, AT) == 1
        with city.scope():
            stranger = factories.make_partner(city)
        assert call(city, "replay", city.code, stranger.pk, event, None, AT) == 0
    assert len({told.headers["webhook-id"] for told in to.received}) == 1
    assert len(to.received) == 2


def test_what_is_on_its_way_is_not_sent_twice_by_asking(city: City, partner: Partner) -> None:
    with receiver() as to:
        listen(city, partner, to)
        emit(city, partner)
        services._claim(at=AT, limit=1)
        assert call(city, "replay", city.code, partner.pk, only(city).event_id, None, AT) == 0


def test_everything_missed_since_a_time_is_sent_again(city: City, partner: Partner, sender: Sender) -> None:
    with receiver(410) as to:
        endpoint = listen(city, partner, to)
        for hours in range(4):
            emit(city, partner, AT + timedelta(hours=hours), n=hours)
        deliver(sender, AT + timedelta(hours=1))  # 0 and 1 fail; 2 and 3 are not due yet, and not sent any more
        emit(city, partner, AT + timedelta(hours=4), n=4)
        to.answer = 200
        with city.scope():
            WebhookEndpoint.objects.update(state=EndpointState.ACTIVE)
        to.received.clear()
        since, now = AT + timedelta(hours=1), AT + timedelta(hours=5)
        assert call(city, "replay_failed", city.code, endpoint.pk, since, now) == 4
        assert call(city, "replay_failed", city.code, endpoint.pk, since, now) == 0
        deliver(sender, now)
    assert sorted(json.loads(told.body)["data"]["n"] for told in to.received) == [1, 2, 3, 4]


def test_a_deleted_endpoint_is_forgotten(city: City, partner: Partner, sender: Sender) -> None:
    with receiver() as to:
        endpoint = listen(city, partner, to)
        emit(city, partner)
        call(city, "delete_endpoint", city.code, endpoint.pk, AT)
        assert deliver(sender, AT) == 0
    assert only(city).state == "failed"
    with city.scope():
        assert not WebhookSecret.objects.exists()


def test_an_official_stops_an_endpoint_once(city: City, partner: Partner, sender: Sender) -> None:
    with receiver() as to:
        endpoint = listen(city, partner, to)
        emit(city, partner)
        assert call(city, "stop", city.code, endpoint.pk, AT) is True
        assert call(city, "stop", city.code, endpoint.pk, AT) is False
        assert deliver(sender, AT) == 0
    assert (endpoint_of(city).state, endpoint_of(city).disabled_for) == ("disabled", "official")


def test_old_events_go_by_the_policy_of_the_day(city: City, partner: Partner) -> None:
    with city.scope():
        make_endpoint(city, partner)
        secrets = WebhookSecret.objects.all()
        secrets.update(expires_at=AT)
        WebhookPolicy.objects.create(municipality=city.municipality, valid_from=AT.date(), kept_days=30)
        WebhookPolicy.objects.create(
            municipality=city.municipality, valid_from=AT.date() + timedelta(days=1), kept_days=7
        )
    for days in (31, 29, 1):
        emit(city, partner, AT - timedelta(days=days))
    assert services.prune(municipality=city.code, at=AT, chunk=1) == 1
    with city.scope():
        assert WebhookEvent.objects.count() == WebhookDelivery.objects.count() == 2
        assert not secrets.exists()
    assert services.prune(municipality=city.code, at=AT + timedelta(days=2)) == 1


def test_attempts_of_another_scope_are_not_recorded(city: City, partner: Partner) -> None:
    with receiver() as to:
        listen(city, partner, to)
        emit(city, partner)
        claimed = services._claim(at=AT, limit=1)[0][0]
    with scope(municipalities=["28110"]), connection.cursor() as cursor:
        cursor.execute(
            "SELECT webhooks.record(%s, %s, %s, %s, %s, %s::integer[], %s, %s, %s::timestamptz[])",
            [["41280"], [claimed.event], [claimed.endpoint], [AT], [AT], [200], [1], [""], [None]],
        )
    assert only(city).state == "waiting"
