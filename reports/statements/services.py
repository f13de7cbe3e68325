"""Printing the statements of a month: asked for at once, made by a job that goes on where it stopped."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, groupby, islice
from tempfile import TemporaryFile
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, Q
from django.utils import translation

from reports.documents import typeset
from reports.documents.binding import bind, page_count, pieces
from reports.documents.statement import Statement, digest, render
from reports.statements import errors, paper
from reports.statements.models import DongStatements, RunState, ShopStatement, StatementRun
from reports.statements.rules import last_day
from reports.statements.selectors import (
    DIFFERS,
    Bundle,
    Unmade,
    bundles_of,
    has_statements,
    is_closed,
    statements_of,
    unmade,
)
from vouchers.common import jobs
from vouchers.common.errors import NotPermitted
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.currencies.models import Currency
from vouchers.municipalities.models import Dong
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority
from vouchers.privacy.files import FileStore
from vouchers.privacy.models import AccessAction
from vouchers.privacy.services import record_access

MAKE: Final = "reports.statements.make"
ASK: Final = "settlement.edit"
READ: Final = "settlement.view"
KEPT_AT_ONCE: Final = 20
"""Statements recorded in one transaction: a stop in between costs at most so many again."""
UNFINISHED: Final = (RunState.WAITING, RunState.MAKING)
_LIMIT_BYTES: Final = 1024**3

_NUMBER_SHOPS = """
INSERT INTO reports_shopstatement (municipality_id, currency_id, month, merchant_id, dong_id, number)
SELECT %(municipality)s, %(currency)s, %(month)s, shop.id, shop.dong_id,
       (SELECT coalesce(max(number), 0) FROM reports_shopstatement
        WHERE municipality_id = %(municipality)s AND month = %(month)s)
       + row_number() OVER (ORDER BY dong.code NULLS LAST, shop.code)
FROM (SELECT DISTINCT merchant_id FROM merchants_settlementline
      WHERE municipality_id = %(municipality)s AND currency_id = %(currency)s
        AND business_date BETWEEN %(month)s AND %(last)s) settled
JOIN merchants_merchant shop ON shop.municipality_id = %(municipality)s AND shop.id = settled.merchant_id
LEFT JOIN vouchers_dong dong ON dong.id = shop.dong_id
WHERE NOT EXISTS (SELECT FROM reports_shopstatement known
                  WHERE known.municipality_id = %(municipality)s AND known.currency_id = %(currency)s
                    AND known.month = %(month)s AND known.merchant_id = shop.id)
"""

_KEEP = """
UPDATE reports_shopstatement row
SET file_key = made.file_key, digest = made.digest, payable = made.payable, pages = made.pages, made_at = %(at)s
FROM unnest(%(ids)s::uuid[], %(keys)s::text[], %(digests)s::text[], %(payables)s::bigint[], %(pages)s::integer[])
     AS made (id, file_key, digest, payable, pages)
WHERE row.municipality_id = %(municipality)s AND row.id = made.id AND row.file_key = ''
RETURNING row.file_key
"""


def ask(
    *, currency: Currency, month: date, dong: Dong | None, official: Official, authority: Authority, at: datetime
) -> StatementRun:  # fmt: skip
    """Queue the statements of a month, of all shops or of a 읍면동, that are not made yet; what failed is tried again.

    Raises NotPermitted, MonthNotClosed, NoStatementsThere.
    """
    code, month = currency.municipality_id, month.replace(day=1)
    if not authority.may(ASK, code):
        raise NotPermitted
    if not is_closed(municipality=code, currency=currency, month=month):
        raise errors.MonthNotClosed
    if not has_statements(currency=currency, month=month, dong=dong):
        raise errors.NoStatementsThere
    run, _ = StatementRun.objects.get_or_create(
        municipality_id=code, currency=currency, month=month, dong=dong, defaults={"official": official, "asked_at": at}
    )
    statements_of(run).exclude(failure="").update(failure="")
    StatementRun.objects.filter(pk=run.pk).exclude(state=RunState.MAKING).update(
        state=RunState.WAITING, official=official, asked_at=at, ready_at=None
    )
    jobs.defer(
        MAKE, lock=f"statements:{currency.pk}:{month}", municipality=code, currency=str(currency.pk),
        month=month.isoformat(),
    )  # fmt: skip
    run.refresh_from_db()
    return run


def cancel(*, run: StatementRun, authority: Authority) -> None:
    """Stop a print. What is made stays; asked for again, it goes on there. Raises NotPermitted."""
    if not authority.may(ASK, run.municipality_id):
        raise NotPermitted
    StatementRun.objects.filter(pk=run.pk, state__in=UNFINISHED).update(state=RunState.CANCELLED)


def open_file(
    *, run: StatementRun, official: Official, authority: Authority, store: FileStore, at: datetime,
    shop: UUID | None = None, dong: UUID | None = None, address: str | None = None,
) -> tuple[str, io.BufferedReader]:  # fmt: skip
    """The statement with the id ``shop``, or else the bundle of the 읍면동, and its name; recorded as access.

    ``dong`` None is the bundle of shops without one. Raises NotPermitted and StatementNotThere.
    """
    if not authority.may(READ, run.municipality_id):
        raise NotPermitted
    if shop is not None:
        row = statements_of(run).filter(pk=shop).exclude(file_key="").first()
        name, key, count = (row.document_number, row.file_key, 1) if row else ("", "", 0)
    else:
        bound = DongStatements.objects.filter(currency=run.currency_id, month=run.month, dong=dong).first()
        key, count = (bound.file_key, bound.shops) if bound else ("", 0)
        name = f"{run.month:%Y%m} {bound.dong or ''}".strip() if bound else ""
    if not key:
        raise errors.StatementNotThere
    record_access(
        municipality=run.municipality_id, official=official.pk, address=address, action=AccessAction.DOWNLOAD,
        subject=f"정산내역서 {name}", reason="", at=at, count=count,
    )  # fmt: skip
    return name, store.open(key)


# The job -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Made:
    """A statement and its paper, or why there is none."""

    unmade: Unmade
    paper: bytes
    failure: str = ""


def make_all(
    *, currency: UUID, month: date, municipality: str, store: FileStore, at: datetime,
    stopping: Callable[[], bool] = lambda: False,
) -> bool:  # fmt: skip
    """Make the prints of a month that are wanted, one after the other; False when ``stopping`` said to leave the rest.

    One job makes all of a month, so that no two make the same statement.
    """
    while True:
        with scope(municipalities=[municipality]):
            wanted = StatementRun.objects.filter(currency=currency, month=month, state__in=UNFINISHED).order_by("id")
            run = wanted.select_related("currency", "municipality", "dong").first()
        if run is None:
            return True
        make(run=run, store=store, at=at, stopping=stopping)
        if stopping():
            return False


def make(
    *, run: StatementRun, store: FileStore, at: datetime, stopping: Callable[[], bool] = lambda: False
) -> RunState:  # fmt: skip
    """Make what is left of a print, by threads of its own, and bind each 읍면동 when it is complete.

    A statement is there or not: whoever runs it again makes the others. ``stopping`` is asked after every few; the print
    is MAKING still when it said so. No transaction is open while pages are laid out.
    """
    with scope(municipalities=[run.municipality_id]):
        StatementRun.objects.filter(pk=run.pk, state=RunState.WAITING).update(state=RunState.MAKING)
        number_shops(run)
        _count(run)
    with closing(_made(run, at=at)) as all_made:
        for _dong, made in groupby(all_made, key=lambda one: one.unmade.row.dong_id):
            while some := list(islice(made, KEPT_AT_ONCE)):
                _keep(run, some, store=store, at=at)
                if stopping() or _state(run) != RunState.MAKING:
                    return _state(run)
            _bind_complete(run, store=store, at=at)
    _bind_complete(run, store=store, at=at)
    with scope(municipalities=[run.municipality_id]):
        _count(run)
        StatementRun.objects.filter(pk=run.pk, state=RunState.MAKING).update(state=RunState.READY, ready_at=at)
    return _state(run)


def number_shops(run: StatementRun) -> None:
    """Give every shop that was settled in the month its number, once, by 읍면동 and shop number."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"statements {run.municipality_id} {run.month}"]
        )
        cursor.execute(
            _NUMBER_SHOPS,
            {
                "municipality": run.municipality_id,
                "currency": run.currency_id,
                "month": run.month,
                "last": last_day(run.month),
            },
        )


def _count(run: StatementRun) -> None:
    counted = statements_of(run).aggregate(
        shops=Count("pk"), done=Count("pk", filter=~Q(file_key="")), failed=Count("pk", filter=~Q(failure=""))
    )
    StatementRun.objects.filter(pk=run.pk).update(**counted)


def _state(run: StatementRun) -> RunState:
    with scope(municipalities=[run.municipality_id]):
        return RunState(StatementRun.objects.values_list("state", flat=True).get(pk=run.pk))


def _made(run: StatementRun, *, at: datetime) -> Generator[Made]:
    """What is left of a print, in its order. Those that differ from the ledger are not laid out."""
    waiting: deque[Unmade] = deque()
    differing: deque[Unmade] = deque()

    def statements() -> Iterator[Statement]:
        for block in unmade(run, issued_on=business_date(at)):
            for one in block:
                if one.statement is None:
                    differing.append(one)
                else:
                    waiting.append(one)
                    yield one.statement

    for paper_made in typeset.attempt_many(render, statements()):
        one = waiting.popleft()
        while differing and differing[0].row.number < one.row.number:
            yield Made(differing.popleft(), b"", _in_korean(DIFFERS))
        if isinstance(paper_made, BaseException):
            yield Made(one, b"", _in_korean(errors.StatementNotMade.message))
        else:
            yield Made(one, paper_made)
    for one in differing:
        yield Made(one, b"", _in_korean(DIFFERS))


def _in_korean(message: object) -> str:
    with translation.override("ko"):
        return str(message)[:200]


def _keep(run: StatementRun, some: Sequence[Made], *, store: FileStore, at: datetime) -> None:
    """Seal the papers and record them. What another worker has made meanwhile stays as it is, and ours goes."""
    made = [one for one in some if not one.failure]
    keys = [store.write([one.paper], limit=_LIMIT_BYTES).name for one in made]
    statements = [one.unmade.statement for one in made if one.unmade.statement]
    with scope(municipalities=[run.municipality_id]), connection.cursor() as cursor:
        cursor.execute(
            _KEEP,
            {
                "municipality": run.municipality_id,
                "at": at,
                "ids": [one.unmade.row.pk for one in made],
                "keys": keys,
                "digests": [digest(statement) for statement in statements],
                "payables": [statement.payable for statement in statements],
                "pages": [page_count(one.paper) for one in made],
            },
        )
        kept = {key for (key,) in cursor.fetchall()}
        failed = 0
        for one in some:
            if one.failure:
                failed += ShopStatement.objects.filter(pk=one.unmade.row.pk, file_key="").update(failure=one.failure)
        StatementRun.objects.filter(pk=run.pk).update(done=F("done") + len(kept), failed=F("failed") + failed)
    for key in keys:
        if key not in kept:
            store.delete(key)


def _bind_complete(run: StatementRun, *, store: FileStore, at: datetime) -> None:
    """Bind every 읍면동 whose last statement was made since it was bound last."""
    with scope(municipalities=[run.municipality_id]):
        ready = [bundle for bundle in bundles_of(run) if bundle.is_ready]
    for bundle in ready:
        _bind(run, bundle, store=store, at=at)


def _bind(run: StatementRun, bundle: Bundle, *, store: FileStore, at: datetime) -> None:
    with scope(municipalities=[run.municipality_id]):
        rows = list(
            ShopStatement.objects.filter(currency=run.currency_id, month=run.month, dong=bundle.dong)
            .exclude(file_key="").select_related("merchant", "dong").order_by("number")
        )  # fmt: skip
    front, *more = paper.lists(run, rows, issued_on=business_date(at))

    def papers() -> Iterator[tuple[str, bytes]]:
        for row in rows:
            with store.open(row.file_key) as file:
                yield f"{row.document_number} {row.merchant.name}", file.read()

    with TemporaryFile() as file:
        pages = bind(front, chain((("", one) for one in more), papers()), file)
        key = store.write(pieces(file), limit=_LIMIT_BYTES).name
    payable = sum(row.payable or 0 for row in rows)
    with scope(municipalities=[run.municipality_id]):
        before = DongStatements.objects.filter(currency=run.currency_id, month=run.month, dong=bundle.dong)
        old = list(before.select_for_update(of=("self",)).values_list("file_key", flat=True))
        DongStatements.objects.update_or_create(
            municipality_id=run.municipality_id, currency=run.currency, month=run.month, dong=rows[0].dong,
            defaults={"file_key": key, "shops": len(rows), "pages": pages, "payable": payable, "made_at": at},
        )  # fmt: skip
    for key in old:
        store.delete(key)
