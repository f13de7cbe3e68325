"""What partners are told is written in the transaction of what happened, for those who asked to be told."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from tests import factories
from tests.factories import AT, City
from tests.factories.webhooks import make_endpoint
from vouchers.common.scope import scope
from vouchers.webhooks.models import EndpointState, WebhookDelivery, WebhookEvent
from vouchers.webhooks.rules import PING, EventType

pytestmark = pytest.mark.django_db

PAID, CREDITED = EventType.PAYMENT_PAID, EventType.CASHBACK_CREDITED


def emit(city: City, kind: str, partners: list[UUID | None], data: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT webhooks.emit(%s, %s, %s, %s, %s)", [city.code, kind, partners, json.dumps(data), AT])


def emit_many(city: City, kind: str, partners: list[UUID | None], data: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT webhooks.emit_many(%s, %s, %s, %s::jsonb[], %s)",
            [city.code, kind, partners, [json.dumps(one) for one in data], AT],
        )


@pytest.fixture
def city() -> City:
    return factories.make_city()


def test_each_partner_gets_an_event_and_each_of_its_endpoints_a_delivery(city: City) -> None:
    with city.scope():
        one, two, silent = (factories.make_partner(city) for _ in range(3))
        ends = [make_endpoint(city, one), make_endpoint(city, one), make_endpoint(city, two, PAID)]
        make_endpoint(city, silent, CREDITED)
        emit(city, PAID, [one.pk, None, two.pk, one.pk, silent.pk], {"amount": 1000})
        events = {event.partner_id: event for event in WebhookEvent.objects.all()}
        assert events.keys() == {one.pk, two.pk}
        assert {(event.type, event.data["amount"], event.at) for event in events.values()} == {(PAID, 1000, AT)}
        told = set(WebhookDelivery.objects.values_list("event_id", "endpoint_id", "state", "due_at"))
        assert told == {(events[end.partner_id].pk, end.pk, "waiting", AT) for end in ends}


def test_nothing_is_written_for_those_who_did_not_ask(city: City) -> None:
    with city.scope():
        partner = factories.make_partner(city)
        emit(city, PAID, [partner.pk], {})
        make_endpoint(city, partner, state=EndpointState.DELETED)
        make_endpoint(city, partner, CREDITED)
        emit(city, PAID, [partner.pk, None], {})
        emit(city, PAID, [], {})
        emit_many(city, PAID, [partner.pk, None], [{}, {}])
        assert not WebhookEvent.objects.exists()
        assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("state", [EndpointState.PENDING, EndpointState.DISABLED])
def test_an_endpoint_that_is_not_active_gets_no_delivery_but_the_event_is_kept(city: City, state: str) -> None:
    with city.scope():
        partner = factories.make_partner(city)
        make_endpoint(city, partner, state=state)
        emit(city, PAID, [partner.pk], {})
        assert WebhookEvent.objects.count() == 1
        assert not WebhookDelivery.objects.exists()


def test_many_events_at_once_keep_each_its_own_data(city: City) -> None:
    with city.scope():
        one, two = factories.make_partner(city), factories.make_partner(city)
        make_endpoint(city, one)
        make_endpoint(city, two)
        emit_many(city, CREDITED, [one.pk, two.pk, None, one.pk], [{"n": number} for number in range(4)])
        found = {(event.partner_id, event.data["n"]) for event in WebhookEvent.objects.all()}
        assert found == {(one.pk, 0), (two.pk, 1), (one.pk, 3)}
        assert WebhookDelivery.objects.count() == 3


def test_another_citys_partners_are_out_of_reach(city: City) -> None:
    elsewhere = factories.make_city(code="28110", name="인천광역시 중구")
    with elsewhere.scope():
        stranger = factories.make_partner(elsewhere)
        make_endpoint(elsewhere, stranger)
    with city.scope():
        emit(city, PAID, [stranger.pk, uuid4()], {})
        with pytest.raises(DatabaseError, match="out_of_scope"), transaction.atomic():
            emit_many(elsewhere, PAID, [stranger.pk], [{}])
    with scope(municipalities=[city.code, elsewhere.code]):
        assert not WebhookEvent.objects.exists()


def test_what_is_rolled_back_is_not_told(city: City) -> None:
    with city.scope():
        partner = factories.make_partner(city)
        make_endpoint(city, partner)
        with transaction.atomic():
            emit(city, PAID, [partner.pk], {})
            assert WebhookEvent.objects.exists()
            transaction.set_rollback(True)
        assert not WebhookEvent.objects.exists()


def test_the_database_knows_the_types_of_events_and_no_others(city: City) -> None:
    with city.scope(), connection.cursor() as cursor:
        for kind in [*EventType.values, PING]:
            cursor.execute("SELECT %s::webhooks.event_type", [kind])
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'webhook_type_known'")
        assert cursor.fetchone()[0].count("'") == 2 * len([*EventType.values, PING])
        partner = factories.make_partner(city)
        make_endpoint(city, partner, "payment.payd")
        with pytest.raises(DatabaseError, match="webhook_type_known"), transaction.atomic():
            emit(city, "payment.payd", [partner.pk], {})
