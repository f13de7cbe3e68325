"""What is to be sent, and what a partner or an official may see of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from vouchers.officials.selectors import Authority
from vouchers.webhooks.models import (
    DeliveryState,
    DisabledFor,
    EndpointState,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)

TOLD_FOR: Final = timedelta(days=14)
MOST_TOLD: Final = 5


def municipalities_due(*, at: datetime) -> list[str]:
    """Where a message waits to be sent. Needs no scope."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT webhooks.municipalities_due(%s)", [at])
        return [code for (code,) in cursor.fetchall()]


def municipalities() -> list[str]:
    """Where partners are told of anything. Needs no scope."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT webhooks.municipalities()")
        return [code for (code,) in cursor.fetchall()]


def endpoints(*, partner: UUID) -> QuerySet[WebhookEndpoint]:
    """A partner's endpoints but the deleted ones, newest first. In the scope of its municipality, as all below."""
    return WebhookEndpoint.objects.filter(partner=partner).exclude(state=EndpointState.DELETED).order_by("-id")


def event(*, partner: UUID, event: UUID) -> WebhookEvent | None:
    """The partner's own event."""
    return WebhookEvent.objects.filter(partner=partner, pk=event).first()


def events(*, municipality: str, partner: UUID, before: UUID | None, limit: int) -> list[WebhookEvent]:
    """The partner's events, newest first."""
    found = WebhookEvent.objects.filter(municipality=municipality, partner=partner)
    return list((found.filter(pk__lt=before) if before else found).order_by("-id")[:limit])


def deliveries(*, municipality: str, event: UUID) -> list[WebhookDelivery]:
    """How the telling of an event went, one for each endpoint."""
    return list(WebhookDelivery.objects.filter(municipality=municipality, event=event).order_by("endpoint_id"))


def deliveries_to(*, endpoint: WebhookEndpoint, state: str = "", limit: int) -> list[WebhookDelivery]:
    """The latest messages to an endpoint, by the time of what they tell; those in one state when it is named."""
    rows = WebhookDelivery.objects.filter(municipality=endpoint.municipality_id, endpoint=endpoint)
    rows = rows.filter(state=state) if state in DeliveryState.values else rows
    return list(rows.select_related("event").order_by("-event_id")[:limit])


def stopped_for(*, authority: Authority, at: datetime) -> list[WebhookEndpoint]:
    """Endpoints that were disabled by themselves within `TOLD_FOR`, for whoever can ask the partner what is wrong."""
    codes = [code for code in sorted(authority.municipalities) if authority.may("partners.edit", code)]
    found = WebhookEndpoint.objects.filter(
        municipality__in=codes, state=EndpointState.DISABLED, disabled_for__in=[DisabledFor.GONE, DisabledFor.FAILING],
        state_at__gt=at - TOLD_FOR,
    )  # fmt: skip
    return list(found.select_related("partner").order_by("-state_at")[:MOST_TOLD]) if codes else []
