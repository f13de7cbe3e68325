"""A worker killed between sending a message and recording that it was sent: it is sent again, under the same id."""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests import factories
from tests.factories.webhooks import make_endpoint
from tests.kill.test_worker import until, worker
from tests.vouchers.webhooks.receiving import receiver
from vouchers.ledger.services import call
from vouchers.webhooks.models import WebhookDelivery

pytestmark = pytest.mark.kill

LEFT_OF_THE_LEASE = timedelta(seconds=8)


def let_time_pass(url: str, past: timedelta) -> None:
    """What was claimed was claimed so much longer ago, and its lease ends so much sooner."""
    with psycopg.connect(url) as owner:
        owner.execute(
            "UPDATE vouchers_webhookdelivery SET claimed_at = claimed_at - %(past)s, due_at = due_at - %(past)s",
            {"past": past},
        )


def test_a_message_is_sent_again_when_its_worker_died_before_recording_it(committed_db: str) -> None:
    city = factories.make_city()
    heard, go = threading.Event(), threading.Event()

    def hold(handler: Any) -> None:
        heard.set()
        go.wait(60)
        handler.send_response(200)
        handler.send_header("content-length", "0")
        handler.end_headers()

    def delivery() -> WebhookDelivery:
        with city.scope():
            return WebhookDelivery.objects.get()

    with receiver(hold) as to:
        with city.scope():
            partner = factories.make_partner(city)
            make_endpoint(city, partner, url=to.url)
        with worker() as process:
            until(lambda: process.poll() is None)
            with city.scope():
                call("webhooks.emit", city.code, "payment.paid", [partner.pk], Jsonb({"n": 1}), datetime.now(UTC))
            assert heard.wait(60)
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert delivery().state == "waiting"
        assert delivery().claimed_at is not None
        let_time_pass(committed_db, delivery().due_at - datetime.now(UTC) - LEFT_OF_THE_LEASE)
        end_of_lease = delivery().due_at
        go.set()
        to.answer = 200
        with worker() as process:
            until(lambda: delivery().state == "delivered", process)
    assert len(to.received) == 2
    assert to.received[1].at >= end_of_lease
    assert len({told.headers["webhook-id"] for told in to.received}) == 1
    assert len({told.body for told in to.received}) == 1
