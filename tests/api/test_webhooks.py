"""Endpoints and events, as a partner's developer meets them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from standardwebhooks.webhooks import Webhook

from tests.api.conftest import Market, partner_of
from tests.vouchers.webhooks.receiving import Receiver, receiver
from vouchers.common.models import uuid7
from vouchers.ledger.services import call
from vouchers.partners.models import PartnerKey
from vouchers.webhooks import services
from vouchers.webhooks.sending import Sender

PATH = "/api/v1/webhook-endpoints"


class App:
    """A partner of its own for each test."""

    def __init__(self, market: Market) -> None:
        self.market, self.token = market, partner_of(market, "webhooks:write")
        with market.city.scope():
            self.partner = PartnerKey.objects.get(key_id=self.token.partition(".")[0]).partner_id

    def get(self, path: str) -> Any:
        return self.market.request("GET", path, token=self.token)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        return self.market.request("POST", path, body, token=self.token, idempotency_key=key or str(uuid7()))

    def register(self, to: Receiver, *types: str) -> tuple[str, str]:
        """An endpoint that is ready: its id and secret."""
        made = self.post(PATH, {"url": to.url, "event_types": list(types or ["payment.paid"])})
        assert made.status_code == 201, made.text
        told = made.json()
        self.send()
        to.received.clear()
        assert self.get(f"{PATH}/{told['webhook_endpoint']['id']}").json()["state"] == "active"
        return told["webhook_endpoint"]["id"], told["secret"]

    def emit(self, **data: Any) -> None:
        with self.market.city.scope():
            code = self.market.city.code
            call("webhooks.emit", code, "payment.paid", [self.partner], Jsonb(data), datetime.now(UTC))

    def send(self, after: timedelta = timedelta()) -> None:
        now = datetime.now(UTC) + after
        with Sender(loopback=True, timeout=2.0) as sender:
            services.deliver(sender=sender, clock=lambda: now)


@pytest.fixture
def app(market: Market) -> App:
    return App(market)


def test_an_endpoint_from_registration_to_its_first_message(app: App):
    with receiver() as to:
        made = app.post(PATH, {"url": to.url, "event_types": ["payment.paid", "payment.paid"]})
        assert made.status_code == 201
        told = made.json()
        endpoint = told["webhook_endpoint"]
        assert (endpoint["state"], endpoint["event_types"]) == ("pending", ["payment.paid"])
        assert made["Location"] == f"{PATH}/{endpoint['id']}"
        app.send()
        ping = to.received.pop()
        said = Webhook(told["secret"]).verify(ping.body, ping.headers)
        assert (said["type"], said["data"]) == ("webhook.ping", {"endpoint_id": endpoint["id"]})
        now = app.get(f"{PATH}/{endpoint['id']}").json()
        assert now == endpoint | {"state": "active"}
        assert app.get(PATH).json() == {"webhook_endpoints": [now]}
        app.emit(amount=100)
        app.send()
    event = app.get("/api/v1/events").json()["events"][0]
    got = Webhook(told["secret"]).verify(to.received[0].body, to.received[0].headers)
    assert got == {name: event[name] for name in ("type", "timestamp", "data")}
    assert to.received[0].headers["webhook-id"] == event["id"]
    assert event["data"] == {"amount": 100}


def test_the_secret_is_shown_once_and_again_only_to_the_same_request(app: App):
    body, key = {"url": "https://partner.example/hooks", "event_types": ["gift.received"]}, str(uuid7())
    first, again = app.post(PATH, body, key=key), app.post(PATH, body, key=key)
    assert again["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    assert first.json()["secret"].startswith("whsec_")
    assert "whsec_" not in app.get(PATH).text
    endpoint = first.json()["webhook_endpoint"]["id"]
    app.post(f"{PATH}/{endpoint}/rotations", {"keep_previous_hours": 0})
    app.post(f"{PATH}/{endpoint}/rotations")
    assert app.post(PATH, body, key=key).json()["secret"] is None


def test_a_secret_is_changed_without_losing_a_message(app: App):
    with receiver() as to:
        endpoint, old = app.register(to)
        key = str(uuid7())
        rotated = app.post(f"{PATH}/{endpoint}/rotations", {"keep_previous_hours": 1}, key=key)
        assert rotated.status_code == 201
        new, until = rotated.json()["secret"], datetime.fromisoformat(rotated.json()["previous_expires_at"])
        assert timedelta(minutes=59) < until - datetime.now(UTC) <= timedelta(hours=1)
        assert app.post(f"{PATH}/{endpoint}/rotations", {"keep_previous_hours": 1}, key=key).json() == rotated.json()
        app.emit(n=1)
        app.send()
        for secret in (old, new):
            Webhook(secret).verify(to.received[0].body, to.received[0].headers)
        third = app.post(f"{PATH}/{endpoint}/rotations", {"keep_previous_hours": 0}).json()["secret"]
        app.emit(n=2)
        app.send(after=timedelta(seconds=1))
    assert len(to.received[1].headers["webhook-signature"].split()) == 1
    Webhook(third).verify(to.received[1].body, to.received[1].headers)
    assert len({old, new, third}) == 3


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example/hooks", "https://10.0.0.1/", "https://169.254.169.254/latest/", "https://[::ffff:10.0.0.1]/",
        "https://partner.example:22/", "https://user:pw@partner.example/", "https://intranet/", "https://2130706433/",
        "ftp://partner.example/", "", "https://partner.example/" + "x" * 500, "https://장터.example/",
    ],
)  # fmt: skip
def test_an_address_that_leads_nowhere_outside_is_refused(app: App, url: str):
    refused = app.post(PATH, {"url": url, "event_types": ["payment.paid"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "fields_invalid")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/url"]
    assert app.get(PATH).json() == {"webhook_endpoints": []}


def test_in_production_this_machine_is_refused_too(app: App, settings: Any):
    settings.WEBHOOKS_TO_LOOPBACK = False
    for url in ("http://127.0.0.1:8000/", "https://localhost/", "https://[::1]/"):
        assert app.post(PATH, {"url": url, "event_types": ["payment.paid"]}).status_code == 422


@pytest.mark.parametrize("types", [[], ["payment.payd"], ["webhook.ping"], "payment.paid", None])
def test_only_known_types_are_subscribed_to(app: App, types: Any):
    refused = app.post(PATH, {"url": "https://partner.example/", "event_types": types})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/event_types")


def test_ten_endpoints_and_no_more(app: App):
    body = {"url": "https://partner.example/hooks", "event_types": ["payment.paid"]}
    made = [app.post(PATH, body) for _ in range(11)]
    assert [reply.status_code for reply in made] == [201] * 10 + [409]
    assert (made[-1].json()["code"], made[-1].json()["params"]) == ("too_many_webhook_endpoints", {"limit": 10})
    first = made[0].json()["webhook_endpoint"]["id"]
    assert app.post(f"{PATH}/{first}/deletion").json()["state"] == "deleted"
    assert app.post(PATH, body).status_code == 201


def test_a_deleted_endpoint_is_gone(app: App):
    with receiver() as to:
        endpoint, _secret = app.register(to)
        key = str(uuid7())
        assert app.post(f"{PATH}/{endpoint}/deletion", key=key).json()["state"] == "deleted"
        assert app.post(f"{PATH}/{endpoint}/deletion", key=key)["Idempotency-Replayed"] == "true"
        for path in ("deletion", "rotations", "verifications"):
            assert app.post(f"{PATH}/{endpoint}/{path}").json()["code"] == "webhook_endpoint_unknown"
        assert app.get(f"{PATH}/{endpoint}").status_code == 404
        app.emit(n=1)
        app.send()
    assert to.received == []


def test_one_who_said_gone_comes_back_and_gets_what_it_missed(app: App):
    with receiver() as to:
        endpoint, _secret = app.register(to)
        to.answer = 410
        app.emit(n=1)
        app.send()
        now = app.get(f"{PATH}/{endpoint}").json()
        assert (now["state"], now["disabled_for"]) == ("disabled", "gone")
        app.emit(n=2)
        event = app.get("/api/v1/events").json()["events"][0]["id"]
        assert app.post(f"/api/v1/events/{event}/replays").json()["code"] == "no_webhook_endpoint"
        since = {"since": (datetime.now(UTC) - timedelta(hours=1)).isoformat()}
        assert app.post(f"{PATH}/{endpoint}/replays", since).json()["code"] == "webhook_endpoint_not_active"
        to.answer = 200
        assert app.post(f"{PATH}/{endpoint}/verifications").json()["state"] == "pending"
        app.send()
        to.received.clear()
        assert app.post(f"{PATH}/{endpoint}/replays", since).json()["state"] == "active"
        app.send()
    assert len({told.headers["webhook-id"] for told in to.received}) == 2


def test_an_event_is_sent_once_more_and_tells_how_it_went(app: App):
    with receiver() as to:
        endpoint, _secret = app.register(to)
        app.emit(n=1)
        to.answer = 500
        app.send()
        event = app.get("/api/v1/events").json()["events"][0]["id"]
        (delivery,) = app.get(f"/api/v1/events/{event}").json()["deliveries"]
        assert (delivery["endpoint_id"], delivery["state"], delivery["attempts"]) == (endpoint, "waiting", 1)
        assert (delivery["last_status"], delivery["last_error"]) == (500, None)
        assert delivery["next_attempt_at"] > delivery["last_attempt_at"]
        to.answer = 200
        replay = app.post(f"/api/v1/events/{event}/replays")
        assert replay.status_code == 201
        assert replay.json()["deliveries"][0]["attempts"] == 0
        app.send()
    assert len({told.headers["webhook-id"] for told in to.received}) == 1
    (delivery,) = app.get(f"/api/v1/events/{event}").json()["deliveries"]
    assert (delivery["state"], delivery["next_attempt_at"]) == ("delivered", None)


def test_pages_of_events_show_each_once(app: App):
    with receiver() as to:
        app.register(to)
        for number in range(5):
            app.emit(n=number)
    shown, cursor = [], ""
    while cursor is not None:
        page = app.get(f"/api/v1/events?limit=2{cursor and f'&cursor={cursor}'}").json()
        shown += [event["data"]["n"] for event in page["events"] if event["type"] == "payment.paid"]
        cursor = page["next_cursor"]
    assert shown == [4, 3, 2, 1, 0]


def test_what_another_partner_was_told_stays_its_own(app: App, market: Market):
    with receiver() as to:
        endpoint, _secret = app.register(to)
        app.emit(n=1)
    event = app.get("/api/v1/events").json()["events"][0]["id"]
    other = App(market)
    assert other.get("/api/v1/events").json()["events"] == []
    assert other.get(f"/api/v1/events/{event}").json()["code"] == "event_unknown"
    assert other.post(f"/api/v1/events/{event}/replays").json()["code"] == "event_unknown"
    for path in ("rotations", "verifications", "deletion"):
        assert other.post(f"{PATH}/{endpoint}/{path}").status_code == 404


@pytest.mark.parametrize("since", ["2026-01-01", "yesterday", "0001-01-01T00:00:00Z", "2026-01-01T00:00:00", 5])
def test_times_that_are_none(app: App, since: Any):
    with receiver() as to:
        endpoint, _secret = app.register(to)
    refused = app.post(f"{PATH}/{endpoint}/replays", {"since": since})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/since")
