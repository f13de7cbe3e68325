"""Reading an official's table, CSV or a workbook, row by row: what every room that takes small lists shares.

Rows carry the number that Excel shows. Nothing is guessed: a file that is no such table raises `FileUnreadable`.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Set
from typing import Any, BinaryIO, Final, NamedTuple

from django.utils.translation import gettext_lazy as _
from python_calamine import CalamineError, CalamineWorkbook

from vouchers.common.errors import DomainError
from vouchers.common.korean import grouped

LARGEST_FILE: Final = 10 * 1024 * 1024
HEADER_ROWS: Final = 10
"""Titles may stand above the header, but not more of them."""
LARGEST_CONTENT: Final = 200 * 1024 * 1024
MOST_CELLS: Final = 5_000_000
"""The reader makes room for every cell between the first and the last, so a file with one far cell would fill the memory."""

_PLACE: Final = re.compile(rb"""\br\s*=\s*["']([A-Z]{0,3})(\d{1,7})["']""")


class FileUnreadable(DomainError):
    """Neither CSV nor a workbook, or without the columns that are needed."""

    code = "file_unreadable"
    message = _("파일을 읽을 수 없습니다. %(why)s")


class Row(NamedTuple):
    """One row: ``number`` is Excel's, ``cells`` are what stands in the columns that were found."""

    number: int
    cells: dict[str, Any]


class Sheet(NamedTuple):
    """A table whose header was found: the fields that have a column, and the rows below that are not empty."""

    fields: Set[str]
    rows: Iterator[Row]


def open_sheet(file: BinaryIO, *, columns: Mapping[str, str], required: Set[str], most_rows: int) -> Sheet:
    """Find the header and give the rows below it; ``columns`` leads from a column's name without spaces to its field.

    The rows raise FileUnreadable after ``most_rows`` of them.
    """
    content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise FileUnreadable(why=_("10MB 이하의 파일만 올릴 수 있습니다."))
    rows = _workbook(content) if content[:2] in {b"PK", b"\xd0\xcf"} else _text(content)
    found = _header(rows, columns, required)
    if found is None:
        names: dict[str, str] = {}
        for name, field in columns.items():
            names.setdefault(field, name)
        missing = ", ".join(name for field, name in names.items() if field in required)
        raise FileUnreadable(why=_("%(columns)s 열을 찾을 수 없습니다.") % {"columns": missing})
    return Sheet(found.keys(), _filled(rows, found, most_rows))


def text_of(cell: Any) -> str:
    """What a cell says, as text: a whole number without its decimal point."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _header(
    rows: Iterator[tuple[int, list[Any]]], columns: Mapping[str, str], required: Set[str]
) -> dict[str, int] | None:  # fmt: skip
    for number, cells in rows:
        found: dict[str, int] = {}
        for at, cell in enumerate(cells):
            field = columns.get(re.sub(r"[\s*]", "", text_of(cell)))
            if field:
                found.setdefault(field, at)
        if required <= found.keys():
            return found
        if number >= HEADER_ROWS:
            break
    return None


def _filled(rows: Iterator[tuple[int, list[Any]]], columns: dict[str, int], most: int) -> Iterator[Row]:
    count = 0
    for number, cells in rows:
        if not any(text_of(cell) for cell in cells):
            continue
        count += 1
        if count > most:
            why = _("한 번에 %(rows)s행까지 올릴 수 있습니다. 파일을 나누어 올리십시오.") % {"rows": grouped(most)}
            raise FileUnreadable(why=why)
        yield Row(number, {field: cells[at] if at < len(cells) else "" for field, at in columns.items()})


def _workbook(content: bytes) -> Iterator[tuple[int, list[Any]]]:
    if content.startswith(b"PK"):
        _refuse_bombs(content)
    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
        rows = sheet.to_python(skip_empty_area=False)
    except (CalamineError, ValueError, IndexError) as error:
        raise FileUnreadable(why=_("엑셀에서 열어 다시 저장한 뒤 올리십시오.")) from error
    yield from enumerate(rows, start=1)


def _refuse_bombs(content: bytes) -> None:
    """Refuse what is small as a file and huge when it is opened."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            if sum(part.file_size for part in book.infolist()) > LARGEST_CONTENT:
                raise FileUnreadable(why=_("내용이 너무 큽니다. 필요한 행만 새 파일에 옮겨 올리십시오."))
            for part in book.infolist():
                if part.filename.startswith("xl/worksheets/"):
                    _refuse_far_cells(book.read(part))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise FileUnreadable(why=_("엑셀에서 열어 다시 저장한 뒤 올리십시오.")) from error


def _refuse_far_cells(xml: bytes) -> None:
    places = [(_column(letters), int(row)) for letters, row in _PLACE.findall(xml)]
    if places and max(column for column, _row in places) * max(row for _column, row in places) > MOST_CELLS:
        raise FileUnreadable(why=_("내용이 너무 큽니다. 필요한 행만 새 파일에 옮겨 올리십시오."))


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return max(number, 1)


def _text(content: bytes) -> Iterator[tuple[int, list[Any]]]:
    for encoding in ("utf-8-sig", "cp949"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        try:
            yield from enumerate(csv.reader(io.StringIO(text, newline="")), start=1)
        except csv.Error as error:
            raise FileUnreadable(why=_("CSV 형식이 아닙니다.")) from error
        return
    raise FileUnreadable(why=_("CSV(UTF-8, CP949) 또는 엑셀 파일이어야 합니다."))
