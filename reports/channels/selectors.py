"""채널별 이용 현황: what was paid and cancelled through each channel, month by month, one statement for each month.

A month is that of the business day, as the settlement counts it; the rows are found by the time in their ids, so that
only the partitions of that month and its edges are read. A cancellation counts in the month of its own business day.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from django.db import connection

from vouchers.common.filters import id_floor
from vouchers.common.seoul import start_of_day
from vouchers.payments.models import Channel, OnlineChannel

MOST_MONTHS: Final = 12

_MONTH: Final = """
WITH movement AS (
    SELECT payment.channel, bought.channel_id, count(*) AS payments, sum(payment.amount + payment.discount) AS price,
           0::bigint AS cancellations, 0::numeric AS cancelled, sum(payment.discount) AS discount,
           coalesce(sum(bought.fee), 0) AS fee
    FROM vouchers_payment payment
    LEFT JOIN vouchers_onlineorder bought ON payment.channel = 'online'
     AND bought.municipality_id = %(municipality)s AND bought.payment_id = payment.id
    WHERE payment.municipality_id = %(municipality)s AND payment.id >= %(since)s AND payment.id < %(until)s
      AND payment.business_date >= %(first)s AND payment.business_date < %(end)s
    GROUP BY 1, 2
    UNION ALL
    SELECT payment.channel, bought.channel_id, 0, 0, count(*), sum(back.amount + back.discount), -sum(back.discount), 0
    FROM vouchers_cancellation back
    JOIN vouchers_journal journal ON journal.municipality_id = %(municipality)s AND journal.id = back.id
     AND journal.id >= %(since)s AND journal.id < %(until)s
     AND journal.business_date >= %(first)s AND journal.business_date < %(end)s
    CROSS JOIN LATERAL (
        SELECT channel, id FROM vouchers_payment
        WHERE municipality_id = %(municipality)s AND id = back.payment_id LIMIT 1) payment
    LEFT JOIN vouchers_onlineorder bought ON payment.channel = 'online'
     AND bought.municipality_id = %(municipality)s AND bought.payment_id = payment.id
    WHERE back.municipality_id = %(municipality)s AND back.id >= %(since)s AND back.id < %(until)s
    GROUP BY 1, 2
)
SELECT channel, channel_id, sum(payments)::bigint, sum(price)::bigint, sum(cancellations)::bigint,
       sum(cancelled)::bigint, sum(discount)::bigint, sum(fee)::bigint
FROM movement
GROUP BY channel, channel_id
"""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a channel did. ``price``, ``cancelled`` and ``discount`` are won of the price; ``discount`` is what the shops
    bear after cancellations, ``fee`` the online channel's as it was recorded when the orders were paid."""

    payments: int = 0
    price: int = 0
    cancellations: int = 0
    cancelled: int = 0
    discount: int = 0
    fee: int = 0

    @property
    def net(self) -> int:
        """The price that stayed paid."""
        return self.price - self.cancelled

    @property
    def moved(self) -> int:
        """What came out of the wallets and stayed with the shops."""
        return self.net - self.discount

    def __add__(self, other: Figures) -> Figures:
        return Figures(**{name: value + getattr(other, name) for name, value in vars(self).items()})


@dataclass(frozen=True, kw_only=True)
class Line:
    """A channel with its figures. ``is_part``: one of the online channels, whose figures are in 온라인 too."""

    name: str
    figures: Figures
    is_part: bool = False


@dataclass(frozen=True, kw_only=True)
class Month:
    """One month's channels, or those of the whole period (then ``first`` is its first month)."""

    first: date
    lines: list[Line]
    total: Figures


Found = dict[tuple[str, UUID | None], Figures]


@dataclass(frozen=True, kw_only=True)
class Report:
    """The months in their order. ``online``: the names of the online channels."""

    months: dict[date, Found]
    online: dict[UUID, str] = field(default_factory=dict)

    @cached_property
    def whole(self) -> Month:
        """All months together."""
        sums: defaultdict[tuple[str, UUID | None], Figures] = defaultdict(Figures)
        for found in self.months.values():
            for key, figures in found.items():
                sums[key] += figures
        return self._month(min(self.months), sums)

    @cached_property
    def by_month(self) -> list[Month]:
        """One after the other."""
        return [self._month(first, found) for first, found in self.months.items()]

    @property
    def is_empty(self) -> bool:
        """Nothing was paid or cancelled."""
        return self.whole.total == Figures()

    def _month(self, first: date, found: Found) -> Month:
        lines = []
        for channel in Channel:
            parts = [figures for (name, _online), figures in found.items() if name == channel]
            lines.append(Line(name=str(channel.label), figures=sum(parts, Figures())))
            if channel == Channel.ONLINE:
                lines += [
                    Line(name=name, figures=found.get((channel, online), Figures()), is_part=True)
                    for online, name in self.online.items()
                ]
        return Month(first=first, lines=lines, total=sum(found.values(), Figures()))


def months_between(*, first: date, last: date) -> list[date]:
    """The first days of the months from that of ``first`` to that of ``last``."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [month_after(first, number) for number in range(count)]


def month_after(day: date, months: int) -> date:
    """The first day of the month so many after (negative: before) that of ``day``."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def report(*, municipality: str, first: date, last: date) -> Report:
    """The report for the months from that of ``first`` to that of ``last``; raises ValueError for none or too many."""
    months = months_between(first=first, last=last)
    if not 0 < len(months) <= MOST_MONTHS:
        raise ValueError(f"a report covers one to {MOST_MONTHS} months")
    online = OnlineChannel.objects.filter(municipality=municipality).order_by("name", "code")
    return Report(
        months={month: _found(municipality, month) for month in months},
        online=dict(online.values_list("pk", "name")),
    )


def _found(municipality: str, first: date) -> Found:
    end = month_after(first, 1)
    asked: dict[str, Any] = {
        "municipality": municipality, "first": first, "end": end,
        # what was asked for late in a day may belong to the next; an id is rounded to the millisecond
        "since": id_floor(start_of_day(first - timedelta(days=2))),
        "until": id_floor(start_of_day(end) + timedelta(minutes=1)),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_MONTH, asked)
        return {
            (channel, online): Figures(
                payments=payments,
                price=price,
                cancellations=cancellations,
                cancelled=cancelled,
                discount=discount,
                fee=fee,
            )
            for channel, online, payments, price, cancellations, cancelled, discount, fee in cursor.fetchall()
        }
