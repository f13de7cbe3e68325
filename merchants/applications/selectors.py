"""What the register knows of shops that apply."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from django.db import connection

from merchants.registry.models import Merchant


class Known(NamedTuple):
    """The shop at a place of the list, and what of it is known: ``barred``, ``same``, ``number`` or ``place``."""

    at: int
    what: str
    name: str
    until: date | None


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
