"""활동 실적과 포인트."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.api.conftest import Market
from tests.api.routes import Route
from vouchers.common.models import uuid7
from vouchers.partners.rules import Scope
from vouchers.points.models import ActivityKind, PointProgramme, PointRule, PointWitness


def campaign(market: Market) -> None:
    """A kind of activity that the market's partner witnesses; once."""
    with market.city.scope():
        programme, made = PointProgramme.objects.get_or_create(
            municipality=market.city.municipality, name="실천 포인트", defaults={"currency": market.city.currency}
        )
        if made:
            own = {"municipality": market.city.municipality}
            PointWitness.objects.create(programme=programme, partner=market.partner, **own)
            kind = ActivityKind.objects.create(programme=programme, code="campaign", name="캠페인", unit="회", **own)
            PointRule.objects.create(
                kind=kind, valid_from=date(2020, 1, 1), measure="event", points=40, source="조례", **own
            )


def body(market: Market, **said: Any) -> dict[str, Any]:
    """A request with one activity that is accepted."""
    campaign(market)
    activity = {
        "external_id": str(uuid7()), "kind": "campaign", "wallet_id": str(market.wallet),
        "occurred_at": "2026-11-02T07:30:00+09:00",
    } | said  # fmt: skip
    return {"activities": [activity]}


def done(market: Market) -> str:
    """The address of an activity."""
    reply = market.request("POST", "/api/v1/activities", body(market), idempotency_key=str(uuid7()))
    return f"/api/v1/activities/{reply.json()['results'][0]['activity_id']}"


ROUTES = {
    ("activities", "POST"): Route(Scope.ACTIVITIES_WRITE, "/api/v1/activities", own=201, others=201, body=body),
    ("activities", "GET"): Route(Scope.ACTIVITIES_WRITE, "/api/v1/activities", own=200, others=200),
    ("activity", "GET"): Route(Scope.ACTIVITIES_WRITE, done, own=200, others=404),
    ("wallet-points", "GET"): Route(
        Scope.WALLETS_READ, lambda market: f"/api/v1/wallets/{market.wallet}/points", own=200, others=404, rival=200
    ),
}  # fmt: skip
