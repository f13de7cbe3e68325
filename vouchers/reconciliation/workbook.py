"""일일 대사 as a workbook: a row for each day with the whole equation, and what is open on either side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any, Final

import xlsxwriter
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vouchers.common.korean import document_date, document_datetime
from vouchers.currencies.models import Currency
from vouchers.ledger.models import AccountKind
from vouchers.reconciliation.models import BankLine
from vouchers.reconciliation.selectors import OWED, Day, Movement

_HEAD: Final = 3
_AFTER: Final = (
    gettext_lazy("있어야 할 잔액"), gettext_lazy("은행 예금 잔액"), gettext_lazy("차이"), gettext_lazy("반영일 차이"),
    gettext_lazy("설명되지 않은 차이"),
)  # fmt: skip


def render(
    days: Sequence[Day], *, sums: dict[tuple[Any, str], int], lines: Sequence[BankLine], movements: Sequence[Movement],
    currency: Currency, at: datetime,
) -> bytes:  # fmt: skip
    """The workbook's bytes. ``sums``: the balance of each kind of account (credits − debits), by day and kind."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        about = " · ".join([str(currency), _("%(time)s 기준") % {"time": document_datetime(at)}, _("단위: 원")])
        kinds = [*OWED, AccountKind.DEPOSIT]
        heads = [_("영업일"), *(str(kind.label) for kind in OWED), f"− {AccountKind.DEPOSIT.label}"]
        heads += [str(head) for head in _AFTER] + [_("상태"), _("설명")]
        rows = []
        for day in sorted(days, key=lambda day: day.review.business_date):
            review = day.review
            amounts = [sums.get((review.business_date, kind), 0) for kind in kinds]
            gap = None if review.bank_balance is None else review.bank_balance - review.ledger_balance
            rows.append(
                [document_date(review.business_date), *amounts, review.ledger_balance, review.bank_balance, gap,
                 review.timing, review.unexplained, str(day.state.label), day.note.text if day.note else ""]
            )  # fmt: skip
        _sheet(book, _("일일 대사"), _("일일 대사"), about, heads, rows)
        _sheet(
            book, _("은행에만 있는 거래"), _("원장에 없는 은행 거래"), about, [_("거래일"), _("금액"), _("잔액"), _("적요")],
            [[document_date(line.day), line.amount, line.balance, line.memo] for line in lines],
        )  # fmt: skip
        _sheet(
            book, _("원장에만 있는 이동"), _("은행에 없는 원장 이동"), about,
            [_("영업일"), _("금액"), _("구분"), _("전표번호")],
            [[document_date(one.business_date), one.amount, one.label, str(one.journal_id)] for one in movements],
        )  # fmt: skip
    return file.getvalue()


def _sheet(
    book: xlsxwriter.Workbook, name: str, title: str, about: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:  # fmt: skip
    font = {"font_name": "맑은 고딕", "font_size": 10}
    head = book.add_format(
        font | {"bold": True, "text_wrap": True, "align": "center", "border": 1, "bg_color": "#E6EAF0"}
    )
    won, text = book.add_format(font | {"num_format": "#,##0"}), book.add_format(font | {"quote_prefix": True})
    sheet = book.add_worksheet(name)
    sheet.write_string(0, 0, title, book.add_format(font | {"bold": True, "font_size": 16}))
    sheet.write_string(1, 0, about, book.add_format(font))
    for column, label in enumerate(heads):
        sheet.write_string(_HEAD - 1, column, label, head)
    for number, row in enumerate(rows, start=_HEAD):
        for column, value in enumerate(row):
            if isinstance(value, int):
                sheet.write_number(number, column, value, won)
            elif value is not None:
                sheet.write_string(number, column, value, text)
    sheet.set_column(0, len(heads), 18)
    sheet.freeze_panes(_HEAD, 1)
    sheet.repeat_rows(_HEAD - 1)
    sheet.set_landscape()
    sheet.set_paper(8)  # A3
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C&P / &N")
