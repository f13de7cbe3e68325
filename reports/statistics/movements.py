"""What moved into wallets, out of them, and from shops' pending to their settled money: the sums of each business day.

Every figure of the reports about money comes from the sums that are kept day by day (`reports_daysum`), so that a year is
read as fast as a month, however many payments there were. The audit day_sums_follow_ledger proves those of closed days
against the transfers; open days are summed up anew each minute in which something moved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reports.dashboard.models import Dimension
from reports.statistics.definitions import Asked, Choice
from vouchers.currencies.models import Currency
from vouchers.ledger.models import JournalKind, LotKind

DAILY: Final = "day"
_MOVED: Final = """
SELECT business_date, event, CASE dimension WHEN 'day' THEN 'out' ELSE split_part(value, ':', 1) END,
       nullif(split_part(value, ':', 2), ''), sum(movements)::bigint, sum(amount)::bigint
FROM reports_daysum
WHERE municipality_id = %(municipality)s AND dimension IN ('flow', 'day') AND (dimension = 'flow') = (event <> 'pay')
  AND business_date >= %(first)s AND business_date < %(end)s
  AND (%(currency)s::uuid IS NULL OR currency_id = %(currency)s::uuid)
GROUP BY 1, 2, 3, 4
"""
_SUMS: Final = """
SELECT dimension, event, value, sum(movements)::bigint, sum(amount)::bigint
FROM reports_daysum
WHERE municipality_id = %(municipality)s AND dimension = ANY (%(dimensions)s)
  AND business_date >= %(first)s AND business_date < %(end)s
  AND (%(currency)s::uuid IS NULL OR currency_id = %(currency)s::uuid)
GROUP BY 1, 2, 3
"""
_SUMMED: Final = """
SELECT reconciliation.next_day(%(municipality)s),
       (SELECT sum(balance)::bigint FROM vouchers_dailysum
        WHERE municipality_id = %(municipality)s AND kind = 'wallet' AND business_date = %(day)s
          AND (%(currency)s::uuid IS NULL OR currency_id = %(currency)s::uuid))
"""


class Line(NamedTuple):
    """Movements of one kind on one day. ``way``: in, out or within the wallets, or outside them; ``events`` payments, or
    movements of anything else; ``amount`` won."""

    day: date
    kind: str
    way: str
    lot_kind: str | None
    events: int
    amount: int


@dataclass(frozen=True)
class Moved:
    """The movements of some days."""

    lines: tuple[Line, ...] = field(default=())

    def won(self, *kinds: JournalKind, way: str, lot: LotKind | None = None) -> int:
        """The sum of what moved by these events, in the lots of one kind or of any."""
        return sum(line.amount for line in self._of(kinds, way, lot))

    def events(self, *kinds: JournalKind, way: str) -> int:
        """How many of them there were."""
        return sum(line.events for line in self._of(kinds, way, None))

    @property
    def net(self) -> int:
        """By how much all wallets together grew."""
        return sum({"in": line.amount, "out": -line.amount}.get(line.way, 0) for line in self.lines)

    def by_day(self) -> dict[date, Moved]:
        """Day by day, in order; days without a movement are left out."""
        days: defaultdict[date, list[Line]] = defaultdict(list)
        for line in self.lines:
            days[line.day].append(line)
        return {day: Moved(tuple(days[day])) for day in sorted(days)}

    def _of(self, kinds: Sequence[JournalKind], way: str, lot: LotKind | None) -> list[Line]:
        return [
            line for line in self.lines
            if line.kind in kinds and line.way == way and (lot is None or line.lot_kind == lot)
        ]  # fmt: skip


def moved(*, municipality: str, currency: UUID | None, first: date, end: date) -> Moved:
    """The movements of the business days from ``first`` to the one before ``end``."""
    asked = {"municipality": municipality, "currency": currency, "first": first, "end": end}
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, asked)
        return Moved(tuple(Line(*row) for row in cursor.fetchall()))


class Sum(NamedTuple):
    """What one value of a dimension had of a kind of event in some days."""

    dimension: Dimension
    event: str
    value: str
    movements: int
    amount: int


def sums(*, asked: Asked, first: date, end: date, dimensions: Sequence[Dimension]) -> list[Sum]:
    """The sums by these dimensions from ``first`` to the day before ``end``, of the chosen currency."""
    values: dict[str, Any] = {
        "municipality": asked.municipality, "currency": currency_of(asked), "first": first, "end": end,
        "dimensions": list(dimensions),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, values)
        return [Sum(Dimension(row[0]), *row[1:]) for row in cursor.fetchall()]


def in_wallets(*, municipality: str, currency: UUID | None, before: date) -> int:
    """What all wallets held at the end of the day before ``before``: the balance of the last day that was summed up, and
    the movements since then."""
    summed = before - timedelta(days=1)
    upcoming, balance = _summed(municipality, currency, summed)
    if balance is not None or upcoming is None or upcoming >= before:
        return balance or 0
    _next, balance = _summed(municipality, currency, upcoming - timedelta(days=1))
    return (balance or 0) + moved(municipality=municipality, currency=currency, first=upcoming, end=before).net


def summed_up(*, municipality: str, currency: UUID | None, day: date) -> int | None:
    """What the daily reconciliation says that the wallets held at the end of ``day``; None before it was summed up."""
    return _summed(municipality, currency, day)[1]


def _summed(municipality: str, currency: UUID | None, day: date) -> tuple[date | None, int | None]:
    with connection.cursor() as cursor:
        cursor.execute(_SUMMED, {"municipality": municipality, "currency": currency, "day": day})
        found: tuple[date | None, int | None] = cursor.fetchone()
        return found


def currency_of(asked: Asked) -> UUID | None:
    """The chosen currency."""
    return UUID(asked.chosen["currency"]) if asked.chosen.get("currency") else None


def _currencies(asked: Asked) -> list[tuple[str, str]]:
    rows = Currency.objects.filter(municipality=asked.municipality).order_by("name")
    return [(str(key), name) for key, name in rows.values_list("pk", "name")]


UNIT: Final = Choice(
    name="unit", label=_("구분"), options=lambda _asked: [("month", gettext("월별")), (DAILY, gettext("일별"))]
)
CURRENCY: Final = Choice(name="currency", label=_("상품권"), options=_currencies, all_label=_("전체"))
