"""A worker killed between sending a message and recording that it was sent: it is sent again, under the same id."""

from __future__ import annotations

import signal
import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests import factories
from tests.factories.webhooks import make_endpoint
from tests.kill.test_worker import until, worker
from tests.vouchers.webhooks.receiving import receiver
from vouchers.ledger.services import call
from vouchers.webhooks import services
from vouchers.webhooks.models import WebhookDelivery

pytestmark = [pytest.mark.kill, pytest.mark.usefixtures("committed_db")]


def test_a_message_is_sent_again_when_its_worker_died_before_recording_it() -> None:
    city = factories.make_city()
    heard, go = threading.Event(), threading.Event()

    def hold(handler: Any) -> None:
        heard.set()
        go.wait(60)
        handler.send_response(200)
        handler.send_header("content-length", "0")
        handler.end_headers()

    def state() -> tuple[str, datetime | None]:
        with city.scope():
            found = WebhookDelivery.objects.get()
            return found.state, found.claimed_at

    with receiver(hold) as to:
        with city.scope():
            partner = factories.make_partner(city)
            make_endpoint(city, partner, url=to.url)
        begun = time.monotonic()
        with worker() as process:
            until(lambda: process.poll() is None)
            with city.scope():
                call("webhooks.emit", city.code, "payment.paid", [partner.pk], Jsonb({"n": 1}), datetime.now(UTC))
            assert heard.wait(60)
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert state()[0] == "waiting"
        assert state()[1] is not None
        go.set()
        to.answer = 200
        with worker() as process:
            until(lambda: state()[0] == "delivered", process)
        assert time.monotonic() - begun >= services.LEASE_SECONDS - 1
    assert len(to.received) == 2
    assert len({told.headers["webhook-id"] for told in to.received}) == 1
    assert len({told.body for told in to.received}) == 1
