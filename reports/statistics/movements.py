"""What moved into wallets, out of them, and from shops' pending to their settled money: the ledger's own movements by day.

Every figure of the reports about money comes from here. Days are business days; rows are found by the time in their ids,
with two days more on either side, so only the partitions of the asked days and their edges are read. What is paid is read
from the payments, of which each stands for the transfers that it made (audit: payments_follow_transfers).
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

from reports.statistics.definitions import Asked, Choice
from vouchers.common.filters import id_floor
from vouchers.common.seoul import start_of_day
from vouchers.currencies.models import Currency
from vouchers.ledger.models import JournalKind, LotKind

EDGE: Final = timedelta(days=2)
"""How much earlier or later than its business day the id of a movement may have been made."""
DAILY: Final = "day"
_MOVED: Final = """
SELECT business_date, 'pay' AS kind, 'out' AS way, NULL AS lot_kind, count(*) AS events, sum(amount)::bigint AS amount
FROM vouchers_payment
WHERE municipality_id = %(municipality)s AND id >= %(since)s AND id < %(until)s
  AND business_date >= %(first)s AND business_date < %(end)s
  AND (%(currency)s::uuid IS NULL OR currency_id = %(currency)s::uuid)
GROUP BY business_date
UNION ALL
SELECT moved.business_date, journal.kind::text,
       CASE WHEN moved.credit_lot_id IS NOT NULL AND moved.debit_lot_id IS NOT NULL THEN 'within'
            WHEN moved.credit_lot_id IS NOT NULL THEN 'in' WHEN moved.debit_lot_id IS NOT NULL THEN 'out'
            ELSE 'outside' END,
       lot.kind::text, count(*), sum(moved.amount)::bigint
FROM vouchers_journal journal
JOIN vouchers_transfer moved ON moved.municipality_id = %(municipality)s AND moved.journal_id = journal.id
 AND moved.journal_id >= %(since)s AND moved.journal_id < %(until)s
LEFT JOIN vouchers_lot lot ON lot.municipality_id = %(municipality)s
 AND lot.id = coalesce(moved.credit_lot_id, moved.debit_lot_id)
WHERE journal.municipality_id = %(municipality)s AND journal.id >= %(since)s AND journal.id < %(until)s
  AND journal.business_date >= %(first)s AND journal.business_date < %(end)s
  AND (moved.credit_lot_id IS NOT NULL OR moved.debit_lot_id IS NOT NULL OR journal.kind IN ('settle', 'exchange'))
  AND (%(currency)s::uuid IS NULL OR journal.currency_id = %(currency)s::uuid)
GROUP BY 1, 2, 3, 4
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
    asked: dict[str, Any] = {
        "municipality": municipality, "currency": currency, "first": first, "end": end,
        "since": id_floor(start_of_day(first) - EDGE), "until": id_floor(start_of_day(end) + EDGE),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, asked)
        return Moved(tuple(Line(*row) for row in cursor.fetchall()))


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


def _currencies(municipality: str) -> list[tuple[str, str]]:
    rows = Currency.objects.filter(municipality=municipality).order_by("name")
    return [(str(key), name) for key, name in rows.values_list("pk", "name")]


UNIT: Final = Choice(
    name="unit", label=_("구분"), options=lambda _municipality: [("month", gettext("월별")), (DAILY, gettext("일별"))]
)
CURRENCY: Final = Choice(name="currency", label=_("상품권"), options=_currencies, all_label=_("전체"))
