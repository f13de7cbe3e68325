"""What statements of a month say, read from the closed days and checked against the ledger's own transfers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Count, Max, Q, QuerySet, Sum

from merchants.settlement.models import DayClose, SettlementLine
from reports.documents.errors import StatementDiffersFromLedger
from reports.documents.head import UNSIGNED
from reports.documents.rules import bank_name, head_of
from reports.documents.statement import Statement, StatementDoesNotAddUp, StatementLine
from reports.statements.models import DongStatements, ShopStatement, StatementRun
from reports.statements.rules import last_day
from vouchers.common.scope import scope
from vouchers.common.seoul import start_of_day
from vouchers.currencies.models import Currency
from vouchers.ledger.models import BusinessClose
from vouchers.municipalities.models import Dong

BLOCK: Final = 50
"""Shops whose month is read at once."""

_DAYS = """
WITH line AS (
    SELECT * FROM merchants_settlementline
    WHERE municipality_id = %(municipality)s AND currency_id = %(currency)s AND merchant_id = ANY(%(merchants)s)
      AND business_date BETWEEN %(first)s AND %(last)s
), account AS (
    SELECT id, owner_id FROM vouchers_account
    WHERE municipality_id = %(municipality)s AND currency_id = %(currency)s AND kind = 'merchant_pending'
      AND owner_id = ANY(%(merchants)s)
), journal AS (
    SELECT account.owner_id, t.business_date, t.journal_id, sum(t.amount) AS refunded
    FROM account JOIN vouchers_transfer t ON t.municipality_id = %(municipality)s AND t.debit_account_id = account.id
     AND t.debit_lot_id IS NULL AND t.credit_lot_id IS NOT NULL
    WHERE t.business_date BETWEEN %(first)s AND %(last)s AND t.journal_id >= ledger.uuid_floor(%(since)s)
      AND t.journal_id < ledger.uuid_floor(%(until)s)
    GROUP BY account.owner_id, t.business_date, t.journal_id
), part AS (
    SELECT merchant_id, business_date, count(*) AS payments, sum(amount) AS paid, sum(discount) AS discount,
           0 AS refunds, 0 AS refunded, 0 AS discount_returned
    FROM vouchers_payment
    WHERE municipality_id = %(municipality)s AND currency_id = %(currency)s AND merchant_id = ANY(%(merchants)s)
      AND business_date BETWEEN %(first)s AND %(last)s
      AND id >= ledger.uuid_floor(%(since)s) AND id < ledger.uuid_floor(%(until)s)
    GROUP BY merchant_id, business_date
    UNION ALL
    SELECT journal.owner_id, journal.business_date, 0, 0, 0, count(*), sum(journal.refunded), sum(back.discount)
    FROM journal LEFT JOIN vouchers_cancellation back
      ON back.municipality_id = %(municipality)s AND back.id = journal.journal_id
    GROUP BY journal.owner_id, journal.business_date
), moved AS (
    SELECT merchant_id, business_date, sum(payments) AS payments, sum(paid) AS paid, sum(discount) AS discount,
           sum(refunds) AS refunds, sum(refunded) AS refunded, sum(discount_returned) AS discount_returned
    FROM part GROUP BY merchant_id, business_date
)
SELECT coalesce(line.merchant_id, moved.merchant_id), coalesce(line.business_date, moved.business_date),
       coalesce(moved.payments, 0)::integer, coalesce(moved.paid, 0)::bigint,
       coalesce(moved.refunds, 0)::integer, coalesce(moved.refunded, 0)::bigint,
       coalesce(moved.discount, 0)::bigint, coalesce(moved.discount_returned, 0)::bigint,
       line.exchanged, line.fee, line.adjusted, line.carried_in, line.payable, line.carried_out, line.pays_on,
       line.id IS NOT NULL AND (line.payments, line.paid, line.refunds, line.refunded)
           = (coalesce(moved.payments, 0), coalesce(moved.paid, 0), coalesce(moved.refunds, 0), coalesce(moved.refunded, 0))
FROM line FULL JOIN moved USING (merchant_id, business_date)
ORDER BY 1, 2
"""
"""Settled days beside what the ledger moved on them; a movement is found by its time, as at the close of a day."""


class Day(NamedTuple):
    """A shop's business day. ``agrees``: the settlement says what the ledger's transfers add up to."""

    merchant: UUID
    day: date
    payments: int
    paid: int
    refunds: int
    refunded: int
    discount: int
    discount_returned: int
    exchanged: int
    fee: int
    adjusted: int
    carried_in: int
    payable: int
    carried_out: int
    pays_on: date
    agrees: bool


@dataclass(frozen=True)
class Unmade:
    """A statement that is to be made, or (``statement`` None) that differs from the ledger and is not."""

    row: ShopStatement
    statement: Statement | None


def is_closed(*, municipality: str, currency: Currency, month: date) -> bool:
    """Whether every day of the month is settled, so that no money comes to it any more."""
    last = last_day(month)
    settled = DayClose.objects.filter(currency=currency, business_date__gte=last).exists()
    fenced = BusinessClose.objects.filter(pk=municipality, closed_through__gte=last).exists()
    return settled or (fenced and not currency.is_active)


def closed_months(municipality: str, *, limit: int = 24) -> list[date]:
    """The months of which every day is settled, the latest first."""
    days = DayClose.objects.filter(municipality=municipality)
    until: date | None = days.aggregate(last=Max("business_date"))["last"]
    months = days.dates("business_date", "month", order="DESC")[: limit + 1]
    return [month for month in months if until and last_day(month) <= until][:limit]


def statements_of(run: StatementRun) -> QuerySet[ShopStatement]:
    """All that the print has, made or not."""
    rows = ShopStatement.objects.filter(currency=run.currency_id, month=run.month)
    return rows.filter(dong=run.dong_id) if run.dong_id else rows


def has_statements(*, currency: Currency, month: date, dong: Dong | None) -> bool:
    """Whether any shop, or any of the 읍면동, was settled in the month."""
    settled = SettlementLine.objects.filter(currency=currency, business_date__range=(month, last_day(month)))
    return (settled.filter(merchant__dong=dong) if dong else settled).exists()


def unmade(run: StatementRun, *, issued_on: date) -> Iterator[list[Unmade]]:
    """Block after block of what is still to be made, each read in a scope of its own, in the order of numbers."""
    after = 0
    while True:
        with scope(municipalities=[run.municipality_id]):
            rows = list(
                statements_of(run)
                .filter(file_key="", failure="", number__gt=after)
                .select_related("merchant", "municipality", "currency")
                .order_by("number")[:BLOCK]
            )
            block = _read(run, rows, issued_on) if rows else []
        if not block:
            return
        yield block
        after = rows[-1].number


def _read(run: StatementRun, rows: Sequence[ShopStatement], issued_on: date) -> list[Unmade]:
    days = {shop: list(of_shop) for shop, of_shop in groupby(_days(run, rows), key=lambda day: day.merchant)}
    return [Unmade(row, _statement(row, days.get(row.merchant_id, []), issued_on)) for row in rows]


def _days(run: StatementRun, rows: Sequence[ShopStatement]) -> list[Day]:
    last = last_day(run.month)
    with connection.cursor() as cursor:
        cursor.execute(
            _DAYS,
            {
                "municipality": run.municipality_id,
                "currency": run.currency_id,
                "merchants": [row.merchant_id for row in rows],
                "first": run.month,
                "last": last,
                "since": start_of_day(run.month - timedelta(days=1)),
                "until": start_of_day(last + timedelta(days=1)) + timedelta(minutes=1),
            },
        )
        return [Day(*found) for found in cursor.fetchall()]


def _statement(row: ShopStatement, days: Sequence[Day], issued_on: date) -> Statement | None:
    if not days or not all(day.agrees for day in days):
        return None
    merchant = row.merchant
    try:
        statement = Statement(
            document_number=row.document_number, issued_on=issued_on, issuer=head_of(row.municipality.name),
            municipality=row.municipality.name, currency=row.currency.name, first_day=row.month,
            last_day=last_day(row.month), pays_on=max(day.pays_on for day in days), shop=merchant.name,
            business_number=merchant.business_number, representative=merchant.representative,
            bank=bank_name(merchant.account_bank),
            account_number=merchant.account_number.reveal() if merchant.account_number else "",
            lines=tuple(_line(day) for day in days if day.payments or day.refunds),
            carried_in=days[0].carried_in, carried_out=days[-1].carried_out,
            exchanged=sum(day.exchanged for day in days), fee=sum(day.fee for day in days),
            adjusted=sum(day.adjusted for day in days), approvals=UNSIGNED,
        )  # fmt: skip
    except StatementDoesNotAddUp:
        return None
    return statement if statement.payable == sum(day.payable for day in days) else None


def _line(day: Day) -> StatementLine:
    return StatementLine(
        at=day.day, payments=day.payments, paid=day.paid, refunds=day.refunds, refunded=day.refunded,
        discount=day.discount, discount_returned=day.discount_returned,
    )  # fmt: skip


DIFFERS: Final = StatementDiffersFromLedger.message


# Bundles and totals ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A 읍면동 of a print: its statements, those made, those that failed, and the file that binds them."""

    dong: UUID | None
    name: str
    shops: int
    made: int
    failed: int
    payable: int
    bound: DongStatements | None

    @property
    def is_ready(self) -> bool:
        """Whether it is to be bound, or bound anew."""
        return self.made > 0 and self.made + self.failed == self.shops and (
            self.bound is None or self.bound.shops != self.made
        )  # fmt: skip


def bundles_of(run: StatementRun) -> list[Bundle]:
    """The 읍면동 of a print in the order of their codes; shops without one come last."""
    bound = {one.dong_id: one for one in DongStatements.objects.filter(currency=run.currency_id, month=run.month)}
    counted = statements_of(run).order_by("dong__code").values("dong_id", "dong__code", "dong__name").annotate(
        shops=Count("pk"), made=Count("pk", filter=~Q(file_key="")), failed=Count("pk", filter=~Q(failure="")),
        payable=Sum("payable", default=0),
    )  # fmt: skip
    return [
        Bundle(
            dong=row["dong_id"], name=row["dong__name"] or "", shops=row["shops"], made=row["made"],
            failed=row["failed"], payable=int(row["payable"]), bound=bound.get(row["dong_id"]),
        )
        for row in counted
    ]  # fmt: skip


class Totals(NamedTuple):
    """Won: what the statements made add up to, and what the closed days say the same shops were due."""

    statements: int
    ledger: int


def totals_of(run: StatementRun, bundles: Sequence[Bundle]) -> Totals:
    """Of a print; they are equal when every statement is made."""
    days = (run.month, last_day(run.month))
    if run.dong_id is None:
        settled: QuerySet[Any] = DayClose.objects.filter(currency=run.currency_id, business_date__range=days)
    else:
        shops = statements_of(run).values("merchant_id")
        settled = SettlementLine.objects.filter(currency=run.currency_id, business_date__range=days, merchant__in=shops)
    return Totals(
        statements=sum(bundle.payable for bundle in bundles),
        ledger=int(settled.aggregate(sum=Sum("payable", default=0))["sum"]),
    )
