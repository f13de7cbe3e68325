"""Real XLSX, XLS and HTML files from plain rows, with the quirks that the tests name."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

import xlsxwriter
import xlwt

Rows = Sequence[Sequence[Any]]
Finish = Callable[[Any, Any], None]


def xlsx(*sheets: Rows, names: Sequence[str] = (), finish: Finish | None = None, **options: Any) -> bytes:
    """Sheets of rows as Excel writes them. ``finish`` gets the workbook and the last sheet for what rows cannot say.

    A cell is a value, or (value, number format).
    """
    file = BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "default_date_format": "yyyy-mm-dd", **options})
    sheet = None
    for number, rows in enumerate(sheets):
        sheet = book.add_worksheet(names[number] if number < len(names) else f"Sheet{number + 1}")
        for place, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, tuple):
                    sheet.write(place, column, cell[0], book.add_format({"num_format": cell[1]}))
                elif cell is not None:
                    sheet.write(place, column, cell)
    if finish:
        finish(book, sheet)
    book.close()
    return file.getvalue()


def xls(*sheets: Rows, names: Sequence[str] = (), finish: Finish | None = None) -> bytes:
    """The same as Excel 97 writes it."""
    book = xlwt.Workbook(encoding="utf-8")
    sheet = None
    for number, rows in enumerate(sheets):
        sheet = book.add_sheet(names[number] if number < len(names) else f"Sheet{number + 1}")
        for place, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, tuple):
                    sheet.write(place, column, cell[0], xlwt.easyxf(num_format_str=cell[1]))
                elif cell is not None:
                    sheet.write(place, column, cell)
    if finish:
        finish(book, sheet)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def with_part(package: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The package with one part changed, as another program would have written it."""
    return rezipped(package, lambda part, data: change(data) if part == name else data)


def rezipped(package: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """The package with every part passed through ``change``; None leaves a part out."""
    file = BytesIO()
    with zipfile.ZipFile(BytesIO(package)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            data = change(entry.filename, old.read(entry))
            if data is not None:
                new.writestr(entry.filename, data)
    return file.getvalue()


def html(*rows: str, before: str = "", charset: str = "euc-kr", encoding: str = "cp949") -> bytes:
    """What a system's export writes and calls .xls; ``rows`` are the insides of <tr>."""
    body = "".join(f"<tr>{row}</tr>\n" for row in rows)
    head = f'<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta charset="{charset}"></head>'
    return f"{head}<body>{before}<table border=1>{body}</table></body></html>".encode(encoding)
