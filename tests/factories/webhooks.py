"""Endpoints of partners, and what they are told."""

from __future__ import annotations

from typing import Any

from tests.factories import AT, City
from vouchers.partners.models import Partner
from vouchers.webhooks.models import EndpointState, WebhookEndpoint, WebhookSecret
from vouchers.webhooks.rules import EventType

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


def make_endpoint(
    city: City, partner: Partner, *types: str, url: str = "https://partner.example/hooks", **fields: Any
) -> WebhookEndpoint:
    """An active endpoint for these types, by default for all of them, whose secret is ``SECRET``."""
    own = {"municipality": city.municipality}
    endpoint = WebhookEndpoint.objects.create(
        **own, partner=partner, url=url, event_types=list(types or EventType.values),
        **{"state": EndpointState.ACTIVE, "state_at": AT} | fields,
    )  # fmt: skip
    WebhookSecret.objects.create(**own, endpoint=endpoint, secret=SECRET)
    return endpoint
