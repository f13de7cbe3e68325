"""What the register knows of shops that apply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from merchants.applications.errors import ApplicationUnknown
from merchants.registry.models import ChangeKind, ChangeState, Merchant, PaperKind


class Known(NamedTuple):
    """The shop at a place of the list, and what of it is known: ``barred``, ``same``, ``number`` or ``place``."""

    at: int
    what: str
    name: str
    until: date | None


@dataclass(frozen=True, kw_only=True)
class Application:
    """An application as the app that sent it sees it."""

    id: UUID
    state: Any
    business_number: str
    name: str
    merchant_code: str | None
    missing: list[Any]
    applied_at: datetime


_STATES = {"active": "registered", "suspended": "suspended", "cancelled": "cancelled", "closed": "closed"}


def application(*, partner: UUID, key: UUID) -> Application:
    """An application that the partner has sent. Raises ApplicationUnknown."""
    shop = Merchant.objects.filter(applied_through=partner, pk=key).first()
    if shop is None:
        raise ApplicationUnknown
    registered = shop.registered_on is not None
    waits = shop.changes.filter(
        kind=ChangeKind.REGISTER, state__in=[ChangeState.WAITING, ChangeState.APPROVED]
    ).exists()
    handed_in = set(shop.papers.values_list("kind", flat=True))
    needed = [] if registered else [PaperKind.BUSINESS, PaperKind.BANKBOOK]
    return Application(
        id=shop.pk, state=_STATES.get(shop.status, "under_review" if waits else "received"),
        business_number=shop.business_number, name=shop.name, merchant_code=shop.code if registered else None,
        missing=[str(kind) for kind in needed if kind not in handed_in], applied_at=shop.created_at,
    )  # fmt: skip


def known(*, municipality: str, shops: Sequence[Merchant], day: date) -> list[Known]:
    """What the register holds against each shop: one statement for all of them, the worst that it finds of each."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {
            "city": municipality, "day": day, "numbers": [shop.business_number for shop in shops],
            "names": [shop.name for shop in shops], "addresses": [shop.address for shop in shops],
        })  # fmt: skip
        return [Known(*row) for row in cursor.fetchall()]


_KNOWN = """
WITH said AS MATERIALIZED (
    SELECT at::integer - 1 AS at, number, name, lower(replace(name || '|' || address, ' ', '')) AS place
    FROM unnest(%(numbers)s::text[], %(names)s::text[], %(addresses)s::text[]) WITH ORDINALITY
      AS said (number, name, address, at)),
held AS MATERIALIZED (
    SELECT id, business_number, name, lower(replace(name || '|' || address, ' ', '')) AS place,
           status NOT IN ('cancelled', 'closed') AS there
    FROM merchants_merchant WHERE municipality_id = %(city)s)
SELECT DISTINCT ON (at) at, what, name, until FROM (
    SELECT 1 AS rank, said.at, 'barred' AS what, held.name, bar.barred_until AS until
    FROM said JOIN held ON held.business_number = said.number
    JOIN merchants_merchantchange bar ON bar.merchant_id = held.id AND bar.state = 'applied' AND bar.barred_until >= %(day)s
    UNION ALL
    SELECT CASE WHEN held.name = said.name THEN 2 ELSE 4 END, said.at,
           CASE WHEN held.name = said.name THEN 'same' ELSE 'number' END, held.name, NULL
    FROM said JOIN held ON held.business_number = said.number AND held.there
    UNION ALL
    SELECT 3, said.at, 'place', held.name, NULL
    FROM said JOIN held ON held.place = said.place AND held.there AND held.business_number <> said.number
) found ORDER BY at, rank, until DESC, name
"""
