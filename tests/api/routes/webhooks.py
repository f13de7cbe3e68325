"""알림(웹훅)."""

from __future__ import annotations

from psycopg.types.json import Jsonb

from tests.api.conftest import Market
from tests.api.routes import Route
from tests.factories import AT
from tests.factories.webhooks import make_endpoint
from vouchers.ledger.services import call
from vouchers.partners.rules import Scope
from vouchers.webhooks import selectors
from vouchers.webhooks.models import EndpointState, WebhookEvent


def endpoint(market: Market) -> str:
    """An active endpoint of the partner."""
    with market.city.scope():
        found = selectors.endpoints(partner=market.partner.pk).filter(state=EndpointState.ACTIVE).first()
        return str((found or make_endpoint(market.city, market.partner)).pk)


def event(market: Market) -> str:
    """Something that the partner was told."""
    endpoint(market)
    with market.city.scope():
        call("webhooks.emit", market.city.code, "payment.paid", [market.partner.pk], Jsonb({"amount": 100}), AT)
        return str(WebhookEvent.objects.filter(partner=market.partner, type="payment.paid").latest("id").pk)


NEW = {"url": "https://partner.example/hooks", "event_types": ["payment.paid"]}
_SCOPE = Scope.WEBHOOKS_WRITE
_ENDPOINTS, _EVENTS = "/api/v1/webhook-endpoints", "/api/v1/events"

ROUTES = {
    ("webhook-endpoints", "POST"): Route(_SCOPE, _ENDPOINTS, own=201, others=201, body=lambda _market: NEW),
    ("webhook-endpoints", "GET"): Route(_SCOPE, _ENDPOINTS, own=200, others=200),
    ("webhook-endpoint", "GET"): Route(
        _SCOPE, lambda market: f"{_ENDPOINTS}/{endpoint(market)}", own=200, others=404
    ),
    ("webhook-rotations", "POST"): Route(
        _SCOPE, lambda market: f"{_ENDPOINTS}/{endpoint(market)}/rotations", own=201, others=404
    ),
    ("webhook-verifications", "POST"): Route(
        _SCOPE, lambda market: f"{_ENDPOINTS}/{endpoint(market)}/verifications", own=201, others=404
    ),
    ("webhook-deletion", "POST"): Route(
        _SCOPE, lambda market: f"{_ENDPOINTS}/{endpoint(market)}/deletion", own=201, others=404
    ),
    ("webhook-replays", "POST"): Route(
        _SCOPE, lambda market: f"{_ENDPOINTS}/{endpoint(market)}/replays", own=201, others=404,
        body=lambda _market: {"since": "2026-01-01T00:00:00Z"},
    ),
    ("events", "GET"): Route(_SCOPE, _EVENTS, own=200, others=200),
    ("event", "GET"): Route(_SCOPE, lambda market: f"{_EVENTS}/{event(market)}", own=200, others=404),
    ("event-replays", "POST"): Route(
        _SCOPE, lambda market: f"{_EVENTS}/{event(market)}/replays", own=201, others=404
    ),
}  # fmt: skip
