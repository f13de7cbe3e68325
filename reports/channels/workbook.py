"""채널별 이용 현황 as a workbook: real numbers, a frozen header, totals, and the time as of which it holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any, Final

import xlsxwriter
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reports.channels.selectors import Figures, Month, Report
from vouchers.common.korean import document_datetime

_AMOUNTS: Final = (
    gettext_lazy("결제 건수"), gettext_lazy("결제금액(정가)"), gettext_lazy("취소 건수"), gettext_lazy("취소금액(정가)"),
    gettext_lazy("순이용금액"), gettext_lazy("가맹점 할인액"), gettext_lazy("지갑에서 결제한 금액"), gettext_lazy("채널 수수료"),
)  # fmt: skip
_FIRST_ROW: Final = 3
_BEGINS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def render(report: Report, *, municipality: str, at: datetime) -> bytes:
    """The workbook's bytes, in the language of the official: the whole period, and month by month."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        period = " ~ ".join(dict.fromkeys(f"{month:%Y-%m}" for month in (min(report.months), max(report.months))))
        about = " · ".join([municipality, period, _("%(time)s 기준") % {"time": document_datetime(at)}, _("단위: 원")])
        _sheet(book, _("채널별"), about, [report.whole], period=period)
        _sheet(book, _("월별·채널별"), about, report.by_month, total=report.whole.total)
    return file.getvalue()


def _numbers(figures: Figures) -> list[int]:
    return [
        figures.payments, figures.price, figures.cancellations, figures.cancelled, figures.net, figures.discount,
        figures.moved, figures.fee,
    ]  # fmt: skip


def _sheet(
    book: xlsxwriter.Workbook, name: str, about: str, months: Sequence[Month], *, period: str = "",
    total: Figures | None = None,
) -> None:  # fmt: skip
    font: dict[str, Any] = {"font_name": "맑은 고딕", "font_size": 10}
    bold: dict[str, Any] = font | {"bold": True, "top": 1, "bg_color": "#F4F6F9"}
    head = book.add_format(
        font | {"bold": True, "text_wrap": True, "align": "center", "border": 1, "bg_color": "#E6EAF0"}
    )
    text, quoted = book.add_format(font), book.add_format(font | {"quote_prefix": True})
    part = book.add_format(font | {"indent": 1, "quote_prefix": True})
    won, sum_text = book.add_format(font | {"num_format": "#,##0"}), book.add_format(bold)
    sum_won = book.add_format(bold | {"num_format": "#,##0"})
    sheet = book.add_worksheet(name)
    sheet.write_string(0, 0, _("채널별 이용 현황"), book.add_format(font | {"bold": True, "font_size": 16}))
    sheet.write_string(1, 0, about, text)
    for column, label in enumerate([_("기간"), _("채널"), *_AMOUNTS]):
        sheet.write_string(_FIRST_ROW - 1, column, str(label), head)
    rows: list[tuple[str, str, Figures, Any, Any]] = []
    for month in months:
        when = period or f"{month.first:%Y-%m}"
        for line in month.lines:
            style = part if line.is_part else quoted if line.name.startswith(_BEGINS_A_FORMULA) else text
            rows.append((when, line.name, line.figures, style, won))
        rows.append((when, _("합계"), month.total, sum_text, sum_won))
    if total is not None:
        rows.append((_("전체 기간"), _("합계"), total, sum_text, sum_won))
    for number, (when, label, figures, style, amount) in enumerate(rows, start=_FIRST_ROW):
        sheet.write_string(number, 0, when, sum_text if style is sum_text else text)
        sheet.write_string(number, 1, label, style)
        for column, value in enumerate(_numbers(figures), start=2):
            sheet.write_number(number, column, value, amount)
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 24)
    sheet.set_column(2, 1 + len(_AMOUNTS), 16)
    sheet.freeze_panes(_FIRST_ROW, 2)
    sheet.repeat_rows(_FIRST_ROW - 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C&P / &N")
