"""Settlement statements as PDF: a month's print as the worker makes it, and one statement warm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from config.bench.measure import Result, seconds
from config.bench.server import Server
from config.bench.world import Scale, World, run
from reports.documents import statement as paper
from reports.statements import services
from reports.statements.models import ShopStatement, StatementRun
from reports.statements.rules import last_day
from reports.statements.selectors import unmade
from vouchers.common.models import uuid7
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.officials.models import Official
from vouchers.privacy.fields import key_ring
from vouchers.privacy.files import FileStore

# A currency of its own, whose last month is closed: a payment for each of the first shops on every day of it.
_MONTH = """
INSERT INTO vouchers_currency (municipality_id, id, name, name_en, is_active)
VALUES (%(city)s, %(currency)s, '고양정산페이', 'Goyang Statement Pay', true);
INSERT INTO vouchers_account (municipality_id, id, currency_id, kind, owner_id)
SELECT municipality_id, uuidv7(), %(currency)s, 'merchant_pending', id
FROM merchants_merchant WHERE municipality_id = %(city)s ORDER BY id LIMIT %(shops)s;
CREATE TEMP TABLE sold AS
SELECT a.owner_id AS shop, day::date AS day, 1000 + (random() * 490)::bigint * 100 AS amount,
       day AT TIME ZONE 'Asia/Seoul' + interval '12 hours' AS at
FROM vouchers_account a, generate_series(%(first)s::timestamp, %(last)s::timestamp, '1 day') day
WHERE a.municipality_id = %(city)s AND a.currency_id = %(currency)s;
INSERT INTO vouchers_payment (municipality_id, id, currency_id, wallet_id, merchant_id, partner_id, order_id, amount,
                              business_date, at)
SELECT %(city)s, uuidv7(at - clock_timestamp()), %(currency)s, shop, shop, %(currency)s, 'order', amount, day, at FROM sold;
INSERT INTO merchants_settlementline (municipality_id, currency_id, business_date, merchant_id, payments, paid, refunds, refunded,
                                      exchanged, fee, adjusted, carried_in, payable, carried_out, pays_on)
SELECT %(city)s, %(currency)s, day, shop, 1, amount, 0, 0, 0, 0, 0, 0, amount, 0, day + 1 FROM sold;
INSERT INTO merchants_dayclose (municipality_id, currency_id, business_date, merchants, paid, refunded, exchanged, fee, adjusted,
                                payable, closed_at, pays_on)
SELECT %(city)s, %(currency)s, day, count(*), sum(amount), 0, 0, 0, 0, sum(amount), now(), day + 1 FROM sold GROUP BY day;
DROP TABLE sold;
"""


@dataclass(frozen=True, kw_only=True)
class Printed:
    """What a print took, from the first query to the last bundle. ``busy``: of the worker's processor time, not the database's."""

    statements: int
    pages: int
    seconds: float
    busy: float
    queries: int


def measure(server: Server, world: World, scale: Scale) -> Sequence[Result]:
    """So many shops of a closed month, read from the ledger, printed by two threads, sealed and bound."""
    currency = uuid7()
    month = (business_date(timezone.now()).replace(day=1) - timedelta(days=1)).replace(day=1)
    with server.owner() as owner:
        make_month(owner, world, currency=currency, month=month, shops=scale.statements)
        server.settle_down()
    warm = _warm(world.code, currency, month)
    return [
        *results(print_month(municipality=world.code, currency=currency, month=month)),
        Result(name="one settlement statement, warm", value=warm, unit="s", reach=0.5, at_least=False),
    ]


def make_month(owner: psycopg.Connection, world: World, *, currency: UUID, month: date, shops: int) -> None:
    """A closed month of the first ``shops`` of the city."""
    days: dict[str, object] = {"first": month, "last": last_day(month)}
    owner.execute("SELECT ledger.ensure_partitions(%s, %s)", [month - timedelta(days=1), timezone.now().date()])
    run(owner, _MONTH, {"city": world.code, "currency": currency, "shops": shops, **days})


def print_month(*, municipality: str, currency: UUID, month: date, shops: int | None = None) -> Printed:
    """Print a closed month as its job does, about ``shops`` of it when that is said, into a store that is gone afterwards."""
    left = [(shops or 0) // services.KEPT_AT_ONCE]

    def stopping() -> bool:
        left[0] -= 1
        return shops is not None and left[0] <= 0

    asked = _asked(municipality, currency, month)
    count = _Count()
    with TemporaryDirectory() as folder, connection.execute_wrapper(count):
        store = FileStore(directory=Path(folder), ring=key_ring())
        began, busy = perf_counter(), process_time()
        services.make(run=asked, store=store, at=timezone.now(), stopping=stopping)
        took, busy = perf_counter() - began, process_time() - busy
    with scope(municipalities=[municipality]):
        made = ShopStatement.objects.filter(currency=currency, month=month).exclude(file_key="")
        return Printed(
            statements=made.count(), pages=made.aggregate(sum=Sum("pages", default=0))["sum"], seconds=took,
            busy=busy, queries=count.queries,
        )  # fmt: skip


def results(printed: Printed) -> list[Result]:
    """The rows of the table."""
    statements = max(printed.statements, 1)
    return [
        Result(
            name=f"statements of a month, {printed.statements:,} shops", value=printed.pages / printed.seconds,
            unit="pages/s", reach=12,
        ),
        Result(name="the same, statements", value=printed.statements / printed.seconds, unit="/s"),
        Result(name="the same, processor time each", value=printed.busy / statements * 1000, unit="ms"),
        Result(name="the same, cores at work in the worker", value=printed.busy / printed.seconds, unit="cores"),
        Result(name="the same, queries each", value=printed.queries / statements, unit="queries"),
    ]  # fmt: skip


def _asked(municipality: str, currency: UUID, month: date) -> StatementRun:
    with scope(municipalities=[municipality]):
        official, _ = Official.objects.get_or_create(
            username=f"bench-{municipality}", defaults={"municipality_id": municipality, "name": "김장터"}
        )
        made, _ = StatementRun.objects.get_or_create(
            municipality_id=municipality, currency_id=currency, month=month, dong=None,
            defaults={"official": official, "asked_at": timezone.now()},
        )  # fmt: skip
        return StatementRun.objects.select_related("currency", "municipality", "dong").get(pk=made.pk)


def _warm(municipality: str, currency: UUID, month: date) -> float:
    """Seconds for one statement of figures at hand, in a process that printed before."""
    asked = _asked(municipality, currency, month)
    with scope(municipalities=[municipality]):
        services.number_shops(asked)
    statement = next(unmade(asked, issued_on=business_date(timezone.now())))[0].statement
    if statement is None:
        raise RuntimeError("the month that was made up does not add up")
    paper.render(statement)
    return min(seconds(lambda: paper.render(statement)) for _ in range(3))


class _Count:
    """Counts the queries of this process."""

    def __init__(self) -> None:
        self.queries = 0

    def __call__(self, execute: Any, *query: Any) -> Any:
        self.queries += 1
        return execute(*query)
