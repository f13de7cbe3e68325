"""유효기간: returning what has expired to its programmes, and telling beforehand what will."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import xlsxwriter
from django.db import connection
from django.db.models import Count, Max, Sum
from django.utils.translation import gettext

from allowances.batches.reading.rewriting import neutral
from allowances.programmes.models import Programme
from vouchers.common import jobs
from vouchers.common.errors import NotPermitted
from vouchers.common.scope import scope
from vouchers.common.seoul import SEOUL, business_date
from vouchers.ledger import services as ledger
from vouchers.ledger.models import ExpiryReturn
from vouchers.officials.selectors import Authority

SWEEP: Final = "allowances.clawback.sweep"
GRACE: Final = timedelta(minutes=10)
"""How long a sweep keeps behind the clock: longer than any payment of an earlier moment can be on its way."""
STEP_LOTS: Final = 5_000
NIL: Final = UUID(int=0)
_WINDOW: Final = 20_000
"""Lots that one page looks at: a rare dong is then found over several pages, and none of them is slow."""
_SHEET_ROWS: Final = 1_000_000

_SOON = """
SELECT lot.id, lot.expires_at, lot.left, citizen.name, citizen.birth_date, citizen.phone, dong.name, lot.programme_id
FROM (SELECT id, expires_at, wallet_id, programme_id, kind, remaining - held AS left
      FROM vouchers_lot
      WHERE municipality_id = %(municipality)s AND expires_at <= %(until)s
        AND (expires_at, id) > (%(after)s, %(after_lot)s)
      ORDER BY expires_at, id LIMIT %(window)s) lot
JOIN vouchers_wallet wallet ON wallet.id = lot.wallet_id
JOIN vouchers_citizen citizen ON citizen.id = wallet.citizen_id
LEFT JOIN vouchers_dong dong ON dong.id = citizen.dong_id
WHERE lot.kind = 'grant' AND lot.left > 0
  AND (%(programme)s::uuid IS NULL OR lot.programme_id = %(programme)s)
  AND (%(dong)s::uuid IS NULL OR citizen.dong_id = %(dong)s)
ORDER BY lot.expires_at, lot.id
LIMIT %(limit)s
"""
_WINDOW_END = """
SELECT count(*), max(expires_at), (array_agg(id ORDER BY expires_at DESC, id DESC))[1]
FROM (SELECT id, expires_at FROM vouchers_lot
      WHERE municipality_id = %(municipality)s AND expires_at <= %(until)s
        AND (expires_at, id) > (%(after)s, %(after_lot)s)
      ORDER BY expires_at, id LIMIT %(window)s) lot
"""


# Sweeping ----------------------------------------------------------------------------------------------------------


def _never() -> bool:
    return False


def sweep(
    *, municipality: str, at: datetime, should_stop: Callable[[], bool] = _never, step: int = STEP_LOTS
) -> tuple[int, int]:  # fmt: skip
    """Return to their programmes what had expired ten minutes before ``at``; (lots, won) that this call returned.

    Each step is a transaction of its own, so a sweep that is stopped or killed goes on where it was.
    """
    lots = won = 0
    while not should_stop():
        with scope(municipalities=[municipality]):
            done = ledger.expire(municipality=municipality, until=at - GRACE, limit=step, at=at)
        lots, won = lots + done.lots, won + done.amount
        if done.looked_at < step:
            break
    return lots, won


def request_sweep(*, municipality: str, authority: Authority) -> bool:
    """Have a sweep run now; False when one is waiting already. Raises NotPermitted."""
    if not authority.may("receivables.edit", municipality):
        raise NotPermitted
    return defer_sweep(municipality=municipality)


def defer_sweep(*, municipality: str) -> bool:
    """Queue a sweep, one after the other."""
    return jobs.defer(SWEEP, lock=municipality, municipality=municipality)


@dataclass(frozen=True)
class Swept:
    """What sweeps returned to one programme."""

    programme: Programme
    lots: int
    amount: int
    last_on: date


def swept_since(*, municipality: str, day: date, limit: int = 100) -> list[Swept]:
    """What was returned since that day, by programme, most first."""
    sums = (
        ExpiryReturn.objects.filter(municipality=municipality, business_date__gte=day)
        .values("programme_id")
        .annotate(lot_count=Sum("lots"), won=Sum("amount"), last_on=Max("business_date"), steps=Count("id"))
        .order_by("-won")[:limit]
    )
    programmes = Programme.objects.in_bulk([row["programme_id"] for row in sums])
    return [
        Swept(programmes[row["programme_id"]], row["lot_count"], row["won"], row["last_on"])
        for row in sums
        if row["programme_id"] in programmes
    ]


# Notice list -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Expiring:
    """Money that will expire. Names and numbers in full: mask what is shown."""

    lot: UUID
    expires_at: datetime
    amount: int
    name: str
    birth_date: date
    phone: str
    dong: str | None
    programme_id: UUID

    @property
    def last_day(self) -> date:
        """The last day on which it can be spent."""
        return business_date(self.expires_at - timedelta(microseconds=1))


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What expires until the end of ``until`` (a day in Seoul), of one programme or in one dong."""

    municipality: str
    at: datetime
    days: int
    programme: UUID | None = None
    dong: UUID | None = None

    @property
    def until(self) -> datetime:
        """The end of the last day: what can be spent through it expires at that midnight."""
        today = datetime.combine(business_date(self.at), datetime.min.time(), tzinfo=SEOUL)
        return today + timedelta(days=self.days + 1)


Place = tuple[datetime, UUID]


def expiring(*, wanted: Wanted, after: Place | None, limit: int) -> tuple[list[Expiring], Place | None]:
    """The next money to expire, the soonest first, and the place to go on from; None: that is all. A page may hold fewer
    than ``limit``, even none, though there are more."""
    start, lot = after or (wanted.at, UUID(int=2**128 - 1))
    values: dict[str, Any] = {
        "municipality": wanted.municipality, "until": wanted.until, "after": start, "after_lot": lot,
        "programme": wanted.programme, "dong": wanted.dong, "window": _WINDOW, "limit": limit,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_SOON, values)
        found = [Expiring(*row) for row in cursor.fetchall()]
        if len(found) == limit:
            return found, (found[-1].expires_at, found[-1].lot)
        cursor.execute(_WINDOW_END, values)
        count, last, last_lot = cursor.fetchone()
    return found, (last, last_lot) if count == _WINDOW else None


def workbook(*, wanted: Wanted, programmes: dict[UUID, str]) -> Path:
    """The whole notice list as XLSX in a temporary file, names and telephones in full; the caller removes it.

    Written line by line: a list of a whole city stays out of memory.
    """
    with tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as file:
        path = Path(file.name)
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        won, plain = book.add_format({"num_format": "#,##0"}), book.add_format()
        for start, row in enumerate(_all(wanted)):
            line = start % _SHEET_ROWS
            if line == 0:
                sheet = _sheet(book)
            cells = (
                start + 1, neutral(row.name), row.birth_date.isoformat(), row.phone, neutral(row.dong or ""),
                neutral(programmes.get(row.programme_id, "")), row.amount, row.last_day.isoformat(),
            )  # fmt: skip
            for column, cell in enumerate(cells):
                sheet.write(line + 1, column, cell, won if column == 6 else plain)
        if not book.worksheets():
            _sheet(book)
    return path


def _sheet(book: Any) -> Any:
    sheet = book.add_worksheet()
    titles = (
        gettext("연번"), gettext("성명"), gettext("생년월일"), gettext("휴대전화"), gettext("읍면동"), gettext("사업"),
        gettext("잔액(원)"), gettext("마지막 사용일"),
    )  # fmt: skip
    bold = book.add_format({"bold": True, "bg_color": "#e8edf3", "border": 1})
    for column, (title, width) in enumerate(zip(titles, (8, 14, 12, 16, 14, 32, 14, 14), strict=True)):
        sheet.set_column(column, column, width)
        sheet.write(0, column, title, bold)
    sheet.freeze_panes(1, 0)
    return sheet


def _all(wanted: Wanted) -> Iterator[Expiring]:
    place: Place | None = None
    while True:
        rows, place = expiring(wanted=wanted, after=place, limit=_WINDOW)
        yield from rows
        if place is None:
            return
