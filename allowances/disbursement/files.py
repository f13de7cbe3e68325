"""What leaves as a file after a payment: the official's own list with what became of each row, and the bank's cash list.

Both are streamed; a list of a whole city stays out of memory.
"""

from __future__ import annotations

import tempfile
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import xlsxwriter
from django.db import connection
from django.utils.translation import gettext_lazy as _

from allowances.batches.models import Batch
from allowances.batches.reading.rewriting import Mark, neutral, rewritten
from allowances.disbursement.models import UnpaidEnding, UnpaidReason
from allowances.disbursement.selectors import chunks_of
from vouchers.citizens.models import Citizen
from vouchers.common.scope import scope
from vouchers.common.seoul import SEOUL
from vouchers.privacy.files import FileStore
from vouchers.privacy.rules import mask_account, mask_name

TITLES: Final[tuple[Any, ...]] = (_("지급결과"), _("처리일"), _("지급액(원)"), _("지급 비고"))
_PAID: Final = _("지급완료")
_CASH: Final = _("현금 지급 대상")
_HELD: Final = _("보관")
_FAILED: Final = _("실패")
_CLAIMED: Final = _("보관 후 지급완료")
_STOPPED: Final = _("중지")
_CANCELLED: Final = _("지급취소")
_RETURNED: Final = _("반납")
_OPEN: Final = _("지급 전")
_LEFT_OUT: Final = _("제외")
_READ_BYTES: Final = 256 * 1024
_ROWS: Final = """
SELECT r.row_number, e.amount, e.in_cash, u.reason, u.state, u.ending, u.ended_at, u.deadline, u.journal_id IS NOT NULL
FROM allowances_batchrow r
LEFT JOIN allowances_entitlement e
  ON e.municipality_id = r.municipality_id AND e.batch_id = r.batch_id AND e.row_number = r.row_number
LEFT JOIN allowances_unpaidentitlement u
  ON u.municipality_id = r.municipality_id AND u.batch_id = r.batch_id AND u.row_number = r.row_number
WHERE r.municipality_id = %s AND r.batch_id = %s
ORDER BY r.row_number
"""
_CASH_ROWS: Final = """
SELECT e.row_number, r.name, e.citizen_id, e.amount
FROM allowances_entitlement e
JOIN allowances_batchrow r
  ON r.municipality_id = e.municipality_id AND r.batch_id = e.batch_id AND r.row_number = e.row_number
JOIN allowances_disbursementchunk c
  ON c.municipality_id = e.municipality_id AND c.batch_id = e.batch_id AND c.journal_id IS NOT NULL
 AND e.row_number BETWEEN c.first_row AND c.last_row
WHERE e.municipality_id = %s AND e.batch_id = %s AND e.in_cash
  AND NOT EXISTS (SELECT FROM allowances_unpaidentitlement u
                  WHERE u.municipality_id = e.municipality_id AND u.entitlement_id = e.id)
ORDER BY e.row_number
"""

Added = tuple[int, str, str, str, str]
"""(row number, result, day, won, remark), as the file shows them."""


def result_copy(batch: Batch, *, store: FileStore) -> Iterator[bytes]:
    """The official's own file, in its own order, with what became of each row. Opens its own scope."""
    with scope(municipalities=[batch.municipality_id]), store.open(batch.file_key) as file:
        yield from rewritten(
            file, layout=batch.layout, titles=[str(title) for title in TITLES], notes=results_of(batch), marked=_mark
        )


def _mark(texts: Any) -> Mark | None:
    """Green for who has the money, yellow for who may still get it, red for who does not."""
    if texts[0] in {str(_PAID), str(_CASH), str(_CLAIMED)}:
        return "good"
    return "doubtful" if texts[0] in {str(_HELD), str(_FAILED), str(_OPEN)} else "bad"


def results_of(batch: Batch) -> Iterator[Added]:
    """What became of each row, in their order; call it in the list's scope."""
    chunks = list(chunks_of(batch).values_list("first_row", "last_row", "posted_at", "is_cancelled"))
    firsts = [first for first, _last, _at, _cancelled in chunks]
    with connection.chunked_cursor() as cursor:
        cursor.execute(_ROWS, [batch.municipality_id, batch.pk])
        while rows := cursor.fetchmany(5_000):
            for number, amount, in_cash, *unpaid in rows:
                if amount is None:
                    yield number, str(_LEFT_OUT), "", "0", str(_("오류 행으로 지급에서 제외"))
                    continue
                place = bisect_right(firsts, number) - 1
                chunk = chunks[place] if place >= 0 and number <= chunks[place][1] else None
                yield number, *_result(amount, in_cash, unpaid, chunk)


def _result(amount: int, in_cash: bool, unpaid: list[Any], chunk: Any) -> tuple[str, str, str, str]:
    reason, state, ending, ended_at, deadline, was_held = unpaid
    if reason is None:
        if chunk is None or chunk[2] is None:
            return str(_OPEN), "", "0", ""
        return str(_CASH if in_cash else _PAID), _day(chunk[2]), str(amount), ""
    why = str(UnpaidReason(reason).label)
    if state == "credited":
        return str(_CLAIMED), _day(ended_at), str(amount), why
    if state == "held":
        until = str(_("%(day)s까지 보관")) % {"day": _last_day(deadline)} if deadline else ""
        failed = reason in {UnpaidReason.WALLET_CLOSED, UnpaidReason.WALLET_FROZEN}
        return str(_FAILED if failed else _HELD), "", "0", " · ".join(filter(None, (why, until)))
    if state == "stopped":
        return str(_STOPPED), "", "0", why
    how = str(UnpaidEnding(ending).label)
    result = _RETURNED if was_held else _CANCELLED if reason == UnpaidReason.CANCELLED else _STOPPED
    return str(result), _day(ended_at), "0", " · ".join(dict.fromkeys((why, how)))


def _day(at: Any) -> str:
    return f"{at.astimezone(SEOUL):%Y-%m-%d}" if at else ""


def _last_day(deadline: Any) -> str:
    """The deadline is the midnight that ends the day."""
    last = deadline.astimezone(SEOUL).date().toordinal() - 1
    return type(deadline.date()).fromordinal(last).isoformat()


def cash_list(batch: Batch, *, plain: bool) -> Iterator[bytes]:
    """The rows that the bank pays, as XLSX; ``plain`` shows names and account numbers whole. Opens its own scope."""
    with scope(municipalities=[batch.municipality_id]), tempfile.TemporaryDirectory(prefix="jangteo-") as folder:
        path = Path(folder) / "cash.xlsx"
        with xlsxwriter.Workbook(
            path, {"constant_memory": True, "tmpdir": folder, "strings_to_formulas": False, "strings_to_urls": False}
        ) as book:
            _write_cash(book, batch, plain=plain)
        with path.open("rb") as file:
            while piece := file.read(_READ_BYTES):
                yield piece


def _write_cash(book: xlsxwriter.Workbook, batch: Batch, *, plain: bool) -> None:
    sheet = book.add_worksheet(str(_("현금 지급")))
    head, won = book.add_format({"bold": True, "bg_color": "#EEF2F8"}), book.add_format({"num_format": "#,##0"})
    titles = (_("명단 행"), _("성명"), _("은행"), _("계좌번호"), _("지급액(원)"), _("비고"))
    sheet.freeze_panes(1, 0)
    for column, (title, width) in enumerate(zip(titles, (10, 16, 10, 24, 16, 30), strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, str(title), head)
    line = 0
    with connection.chunked_cursor() as cursor:
        cursor.execute(_CASH_ROWS, [batch.municipality_id, batch.pk])
        while rows := cursor.fetchmany(2_000):
            people = Citizen.objects.in_bulk([citizen for _row, _name, citizen, _won in rows if citizen])
            for number, name, citizen, amount in rows:
                line += 1
                bank, account = _account_of(people.get(citizen), plain=plain)
                sheet.write_number(line, 0, number)
                sheet.write_string(line, 1, neutral(name or "") if plain else mask_name(name or ""))
                sheet.write_string(line, 2, bank)
                sheet.write_string(line, 3, account)
                sheet.write_number(line, 4, amount, won)
                sheet.write_string(line, 5, "" if account else str(_("등록된 계좌가 없습니다.")))


def _account_of(citizen: Citizen | None, *, plain: bool) -> tuple[str, str]:
    if citizen is None or not citizen.account_number:
        return "", ""
    number = citizen.account_number.reveal()
    return citizen.account_bank, number if plain else mask_account(number)
