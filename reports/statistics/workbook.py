"""A report as a workbook: real numbers and dates, a frozen header, totals, and what it is a report of.

The same content at the same time gives the same bytes: nothing in the file is of today but what is passed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from fractions import Fraction
from io import BytesIO
from typing import Any, Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from reports.statistics.rules import NUMBERS, Column, Kind, Row, Style, Table, Value, part_column

TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BEGINS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_FONT: Final = {"font_name": "맑은 고딕", "font_size": 10}
_NUMBER_FORMATS: Final = {
    Kind.COUNT: "#,##0", Kind.WON: "#,##0", Kind.PERCENT: "0.0%", Kind.DATE: "yyyy. m. d.", Kind.MONTH: "yyyy-mm",
}  # fmt: skip
_STYLES: Final[dict[Style, dict[str, Any]]] = {
    Style.LINE: {}, Style.PART: {}, Style.SUM: {"bold": True, "top": 1, "bg_color": "#F4F6F9"},
}  # fmt: skip
_WIDTHS: Final = {Kind.TEXT: 22, Kind.DATE: 14, Kind.MONTH: 11, Kind.COUNT: 13, Kind.PERCENT: 11, Kind.WON: 18}
_LONGEST_NAME: Final = 31
_NOT_IN_A_NAME: Final = str.maketrans(dict.fromkeys("[]:*?/\\", " "))
_A3, _A4 = 8, 9


def render(tables: Iterable[Table], *, title: str, about: Sequence[str], at: datetime) -> bytes:
    """The workbook's bytes, a sheet for each table. ``about``: lines under the title."""
    file = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties({"title": title, "created": at.astimezone(UTC).replace(tzinfo=None)})
        formats = _Formats(book)
        names: set[str] = set()
        for table in tables:
            _write(book.add_worksheet(_name(table.title, names)), table, formats, title=title, about=about)
    return file.getvalue()


def _name(title: str, taken: set[str]) -> str:
    """Excel wants names that are short, all different, and without some characters."""
    name = title.translate(_NOT_IN_A_NAME)[:_LONGEST_NAME].strip(" '") or "1"
    number = 1
    while name.casefold() in taken:
        number += 1
        name = f"{name[: _LONGEST_NAME - 4]} {number}"
    taken.add(name.casefold())
    return name


class _Formats:
    """The formats of a workbook, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[tuple[Kind, Style, bool], Format] = {}
        self.title = book.add_format(_FONT | {"bold": True, "font_size": 16})
        self.plain = book.add_format(_FONT)
        self.head = book.add_format(
            _FONT | {"bold": True, "text_wrap": True, "align": "center", "valign": "vcenter", "border": 1,
                     "bg_color": "#E6EAF0"}
        )  # fmt: skip

    def of(self, kind: Kind, style: Style, *, is_quoted: bool = False) -> Format:
        """``is_quoted``: not a formula either when somebody edits the cell."""
        key = (kind, style, is_quoted)
        if key not in self._made:
            number = {"num_format": _NUMBER_FORMATS[kind]} if kind in _NUMBER_FORMATS else {}
            quoted = {"quote_prefix": True} if is_quoted else {}
            inward = {"indent": 1} if style == Style.PART else {}
            self._made[key] = self._book.add_format(_FONT | _STYLES[style] | number | quoted | inward)
        return self._made[key]


def _write(sheet: Worksheet, table: Table, formats: _Formats, *, title: str, about: Sequence[str]) -> None:
    lines = [*about, *([table.note] if table.note else [])]
    first = len(lines) + 2
    sheet.write_string(0, 0, title if table.title == title else f"{title} · {table.title}", formats.title)
    for number, line in enumerate(lines, start=1):
        sheet.write_string(number, 0, line, formats.plain)
    for number, column in enumerate(table.columns):
        sheet.write_string(first - 1, number, column.label, formats.head)
        sheet.set_column(number, number, _WIDTHS[column.kind])
    inward = part_column(table.columns)
    rows = [*table.rows, *([Row(table.total, Style.SUM)] if table.total else [])]
    for number, row in enumerate(rows, start=first):
        for position, (column, value) in enumerate(zip(table.columns, row.values, strict=True)):
            style = Style.LINE if row.style == Style.PART and column is not inward else row.style
            _cell(sheet, number, position, value, column, style, formats)
    leading = next((n for n, column in enumerate(table.columns) if column.kind in NUMBERS), 1)
    sheet.freeze_panes(first, leading)
    sheet.repeat_rows(first - 1)
    sheet.set_landscape()
    sheet.set_paper(_A3 if len(table.columns) > 12 else _A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C&P / &N")


def _cell(
    sheet: Worksheet, row: int, position: int, value: Value, column: Column, style: Style, formats: _Formats
) -> None:  # fmt: skip
    if isinstance(value, int | Fraction):
        sheet.write_number(row, position, float(value) if isinstance(value, Fraction) else value,
                           formats.of(column.kind, style))  # fmt: skip
    elif isinstance(value, date):
        sheet.write_datetime(row, position, datetime.combine(value, time.min), formats.of(column.kind, style))
    else:
        text = "-" if value is None else value
        quoted = text.startswith(_BEGINS_A_FORMULA) and text != "-"
        sheet.write_string(row, position, text, formats.of(Kind.TEXT, style, is_quoted=quoted))
