"""예산 집행 현황 as a workbook: real numbers, a frozen header, totals, and the time as of which it holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from io import BytesIO
from typing import Any, Final

import xlsxwriter
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from allowances.budgets.rules import Budget, LineBudget, Split
from reports.budgets.selectors import Execution
from vouchers.common.korean import document_date, document_datetime

_LINE_TEXTS: Final = (
    (gettext_lazy("담당 부서"), 16), (gettext_lazy("예산 과목 코드"), 16), (gettext_lazy("예산 과목명"), 26),
    (gettext_lazy("세부사업"), 22), (gettext_lazy("통계목"), 22),
)  # fmt: skip
_LINE_AMOUNTS: Final = (
    gettext_lazy("예산액(본예산·추경)"), gettext_lazy("전년도 이월"), gettext_lazy("전용·변경사용"), gettext_lazy("예비비"),
    gettext_lazy("예산현액"), gettext_lazy("예산현액(국비)"), gettext_lazy("예산현액(시도비)"), gettext_lazy("예산현액(시군구비)"),
    gettext_lazy("결재 중(예약)"), gettext_lazy("지급액"), gettext_lazy("환수·반납"), gettext_lazy("지출액"),
    gettext_lazy("지출액(국비)"), gettext_lazy("지출액(시도비)"), gettext_lazy("지출액(시군구비)"),
    gettext_lazy("이월·불용·반환"), gettext_lazy("집행잔액"), gettext_lazy("재배정 가능액"),
)  # fmt: skip
_PROGRAMME_TEXTS: Final = (
    (gettext_lazy("담당 부서"), 16), (gettext_lazy("예산 과목명"), 26), (gettext_lazy("사업명"), 30),
)  # fmt: skip
_PROGRAMME_AMOUNTS: Final = (
    gettext_lazy("예산현액(재배정액)"), gettext_lazy("결재 중(예약)"), gettext_lazy("지급액"), gettext_lazy("환수·반납"),
    gettext_lazy("지출액"), gettext_lazy("집행잔액"), gettext_lazy("집행 가능액"),
)  # fmt: skip
_FIRST_ROW: Final = 4
_BEGINS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def render(report: Execution, *, municipality: str, at: datetime) -> bytes:
    """The workbook's bytes: a sheet of lines and a sheet of programmes, in the language of the official."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        about = _about(report, municipality, at)
        lines = _Sheet(
            book, _("예산 과목별"), _("예산 집행 현황"), about, _LINE_TEXTS, [*_LINE_AMOUNTS], last=_("소진 예상일")
        )
        for row in report.rows:
            line = row.line
            lines.write(
                [line.department, line.code, line.name, line.detail, line.statistic],
                _line_amounts(row.budget, row.spent), row.budget.execution_rate,
                last=document_date(row.runs_out) if row.runs_out else "-",
            )  # fmt: skip
        lines.total(_line_amounts(report.total, report.spent), report.total.execution_rate)
        programmes = _Sheet(
            book, _("사업별"), _("사업별 예산 집행 현황"), about, _PROGRAMME_TEXTS, [*_PROGRAMME_AMOUNTS]
        )
        every = [(row.line, *found) for row in report.rows for found in row.programmes]
        for line, programme, budget in every:
            texts = [programme.department, line.name, programme.name]
            programmes.write(texts, _programme_amounts(budget), budget.execution_rate)
        whole = Budget(
            **{name: sum(getattr(budget, name) for *_rest, budget in every)
               for name in ("allotted", "reserved", "paid", "returned")}
        )  # fmt: skip
        programmes.total(_programme_amounts(whole), whole.execution_rate)
    return file.getvalue()


def _about(report: Execution, municipality: str, at: datetime) -> str:
    parts = [municipality, _("%(year)s 회계연도") % {"year": report.filters.fiscal_year}]
    if report.filters.department:
        parts.append(report.filters.department)
    return " · ".join([*parts, _("%(time)s 기준") % {"time": document_datetime(at)}, _("단위: 원")])


def _line_amounts(budget: LineBudget, spent: Split) -> list[int]:
    current = budget.current
    return [
        budget.original.total, budget.carried.total, budget.transferred.total, budget.contingency.total, current.total,
        current.national, current.province, current.city, budget.reserved, budget.paid, budget.given_back, budget.spent,
        spent.national, spent.province, spent.city, budget.gone.total, budget.left, budget.unallotted,
    ]  # fmt: skip


def _programme_amounts(budget: Budget) -> list[int]:
    return [
        budget.allotted, budget.reserved, budget.paid, budget.returned, budget.spent, budget.left, budget.available,
    ]  # fmt: skip


class _Sheet:
    """A table: texts, amounts, the execution rate, and perhaps one more text; a total under it."""

    def __init__(
        self, book: xlsxwriter.Workbook, name: str, title: str, about: str, texts: Sequence[tuple[Any, int]],
        amounts: Sequence[Any], last: str | None = None,
    ) -> None:  # fmt: skip
        self._sheet: Worksheet = book.add_worksheet(name)
        self._formats = _formats(book)
        self._texts, self._row = len(texts), _FIRST_ROW
        heads = [str(label) for label, _width in texts] + [str(label) for label in amounts] + [_("집행률")]
        heads += [last] if last else []
        self._sheet.write_string(0, 0, title, self._formats["title"])
        self._sheet.write_string(1, 0, about)
        for column, head in enumerate(heads):
            self._sheet.write_string(_FIRST_ROW - 1, column, head, self._formats["head"])
        for column, (_label, width) in enumerate(texts):
            self._sheet.set_column(column, column, width)
        self._sheet.set_column(len(texts), len(heads) - 1, 17)
        self._sheet.freeze_panes(_FIRST_ROW, len(texts))
        self._sheet.repeat_rows(_FIRST_ROW - 1)
        self._sheet.set_landscape()
        self._sheet.set_paper(8)  # A3
        self._sheet.fit_to_pages(1, 0)
        self._sheet.set_footer("&C&P / &N")

    def write(self, texts: Sequence[str], amounts: Sequence[int], rate: Fraction, last: str | None = None) -> None:
        """A row."""
        for column, text in enumerate(texts):
            self._text(column, text)
        self._numbers(amounts, rate, "amount", "rate")
        if last is not None:
            self._text(len(texts) + len(amounts) + 1, last)
        self._row += 1

    def total(self, amounts: Sequence[int], rate: Fraction) -> None:
        """The last row."""
        for column in range(self._texts):
            self._sheet.write_string(self._row, column, _("합계") if column == 0 else "", self._formats["sum_text"])
        self._numbers(amounts, rate, "sum", "sum_rate")

    def _text(self, column: int, text: str) -> None:
        """Never a formula, and not one either when somebody edits the cell."""
        kind = "quoted" if text.startswith(_BEGINS_A_FORMULA) else "text"
        self._sheet.write_string(self._row, column, text, self._formats[kind])

    def _numbers(self, amounts: Sequence[int], rate: Fraction, amount_format: str, rate_format: str) -> None:
        for column, amount in enumerate(amounts, start=self._texts):
            self._sheet.write_number(self._row, column, amount, self._formats[amount_format])
        self._sheet.write_number(self._row, self._texts + len(amounts), float(rate), self._formats[rate_format])


def _formats(book: xlsxwriter.Workbook) -> dict[str, Format]:
    won, percent, total = (
        {"num_format": "#,##0"},
        {"num_format": "0.0%"},
        {"bold": True, "top": 1, "bg_color": "#F4F6F9"},
    )
    head = {"bold": True, "text_wrap": True, "align": "center", "valign": "vcenter", "border": 1, "bg_color": "#E6EAF0"}
    kinds: dict[str, dict[str, Any]] = {
        "title": {"bold": True, "font_size": 16}, "head": head, "text": {}, "quoted": {"quote_prefix": True},
        "amount": won, "rate": percent, "sum_text": total, "sum": won | total, "sum_rate": percent | total,
    }  # fmt: skip
    font = {"font_name": "맑은 고딕", "font_size": 10}
    return {name: book.add_format(font | options) for name, options in kinds.items()}
