"""The official's own file again with columns added at its right end: text files as they were, all others as XLSX.

Rows, columns, sheets and row numbers stay where they are, so that the copy can be mended and uploaded again.
"""

from __future__ import annotations

import codecs
import csv
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

import xlsxwriter

from allowances.batches.reading.reader import Limits, ListReader
from allowances.batches.reading.tables import Table, filled, open_table

Note = Sequence[Any]
"""(row number, one text for each added column); several for one row are put together."""

Cell = tuple[int, int, str]
"""(row number, column from 0, what stands there instead)."""

Mark = Literal["bad", "doubtful", "good"]
Marked = Callable[[Sequence[str]], Mark | None]
"""What a row's added texts say of it, for its colour; the texts say it in words as well."""

_FLUSH_CHARS: Final = 64 * 1024
_READ_BYTES: Final = 256 * 1024
_STARTS_FORMULA: Final = frozenset("=+-@\t\r\n＝＋－＠")
_PLAIN: Final = re.compile(r"[-+]?(?:[0-9][0-9,]*(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?%?)?")
_COUNTED: Final = ("sequence", "amount")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_HEAD_ROWS: Final = 60
_WIDEST: Final = 40
_ADDED_WIDTH: Final = 34
_LONGEST_CELL: Final = 32_767
_COLOURS: Final[dict[Mark, str]] = {"bad": "#FDE2E1", "doubtful": "#FFF3CD", "good": "#E3F4E7"}
_SHEET: Final = "명단"

LONGEST_WORKBOOK: Final = 100_000
"""Rows of a workbook whose copy is one as well. Of a longer one it is a CSV, which begins at once and opens in Excel."""


def rewritten(
    file: BinaryIO, *, layout: dict[str, Any], titles: Sequence[str], notes: Iterable[Note],
    marked: Marked = lambda _texts: None, limits: Limits | None = None, cells: Iterable[Cell] = (),
) -> Iterator[bytes]:  # fmt: skip
    """Stream the copy. ``layout`` is Batch.layout; ``notes`` come in row order, and so do ``cells``, which stand in the
    place of the file's. Columns that an earlier run added under
    the same titles are replaced. What a spreadsheet would run as a formula gets an apostrophe. Raises ListUnreadable.
    """
    table = open_table(
        file, limits=limits, sheet=layout.get("sheet"), encoding=layout.get("encoding"),
        delimiter=layout.get("delimiter"), whole=True,
    )  # fmt: skip
    if isinstance(table, ListReader):
        yield from _as_text(table, layout["header_row"], [str(title) for title in titles], notes, _Cells(cells))
    elif _is_long(layout):
        yield from _as_long_text(table, layout, [str(title) for title in titles], notes, _Cells(cells))
    else:
        yield from _as_workbook(
            file, table, layout, [str(title) for title in titles], notes, marked, _Cells(cells)
        )  # fmt: skip


def suffix_of(layout: dict[str, Any]) -> str:
    """The copy's name ends in this."""
    return ".csv" if layout.get("kind", "csv") == "csv" or _is_long(layout) else ".xlsx"


def _is_long(layout: dict[str, Any]) -> bool:
    return layout.get("last_row", 0) > LONGEST_WORKBOOK


def neutral(cell: str) -> str:
    """The cell with an apostrophe before it where a spreadsheet would take it for a formula; numbers stay as they are."""
    if not cell or cell[0] not in _STARTS_FORMULA or _PLAIN.fullmatch(cell):
        return cell
    return f"'{cell}"


# --- Where the added columns go ---------------------------------------------------------------------------------------


def _table(table: Table, header_row: int, titles: Sequence[str], *, widest: int | None = None) -> tuple[int, bool]:
    """(columns of the widest row from the header on, whether the header already ends with the titles). ``widest`` is
    what is known of that from an earlier reading; then only the head is read.
    """
    width = 0
    for number, cells in table:
        if number == header_row and list(cells[-len(titles) :]) == list(titles):
            return len(cells) - len(titles), True
        if number >= header_row:
            width = max(width, len(cells))
            if widest is not None:
                return max(width, widest), False
    return width, False


class _Notes:
    """Walks the notes beside the rows."""

    def __init__(self, notes: Iterable[Note]) -> None:
        self._notes = iter(notes)
        self._next = next(self._notes, None)

    def of(self, row_number: int) -> list[str]:
        """The added texts of that row, or nothing; rows must be asked for in order."""
        found: list[Sequence[str]] = []
        while self._next and self._next[0] <= row_number:
            if self._next[0] == row_number:
                found.append(self._next[1:])
            self._next = next(self._notes, None)
        return ["; ".join(dict.fromkeys(map(str, texts))) for texts in zip(*found, strict=True)]


class _Cells:
    """Walks the corrected cells beside the rows."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        self._cells = iter(cells)
        self._next = next(self._cells, None)

    def put(self, row_number: int, cells: list[str]) -> list[str]:
        """The row with what stands in the place of its cells; rows must be given in order."""
        while self._next and self._next[0] <= row_number:
            number, column, text = self._next
            if number == row_number:
                cells = [*cells, *[""] * (column + 1 - len(cells))]
                cells[column] = text
            self._next = next(self._cells, None)
        return cells


# --- Text files -------------------------------------------------------------------------------------------------------


def _as_text(
    reader: ListReader, header_row: int, titles: Sequence[str], notes: Iterable[Note], corrected: _Cells
) -> Iterator[bytes]:
    """In the file's own encoding, delimiter and order; characters that CP949 lacks become "?"."""
    width, annotated = _table(reader, header_row, titles)
    by_row = _Notes(notes)
    buffer = StringIO(newline="")
    writer = csv.writer(buffer, delimiter=reader.form.delimiter, lineterminator="\r\n")
    yield reader.form.preamble
    for number, cells in reader:
        own = corrected.put(number, cells[:width] if annotated and number >= header_row else cells)
        added = titles if number == header_row else by_row.of(number)
        padding = [""] * (width - len(own)) if added else []
        writer.writerow(map(neutral, (*own, *padding, *added)))
        if buffer.tell() > _FLUSH_CHARS:
            yield _taken(buffer, reader.form.encoding)
    yield _taken(buffer, reader.form.encoding)


def _as_long_text(
    table: Table, layout: dict[str, Any], titles: Sequence[str], notes: Iterable[Note], corrected: _Cells
) -> Iterator[bytes]:
    """A long workbook's sheet as CSV in UTF-8, its merged cells filled down and its row numbers kept by blank lines."""
    header_row, amount = layout["header_row"], layout.get("positions", {}).get("amount")
    width, annotated = _table(table, header_row, titles, widest=layout.get("widest"))
    by_row = _Notes(notes)
    buffer = StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    yield codecs.BOM_UTF8
    written = 0
    for number, cells in filled(table, table, amount=amount):
        own = corrected.put(number, cells[:width] if annotated and number >= header_row else cells)
        added = titles if number == header_row else by_row.of(number)
        buffer.write("\r\n" * (number - written - 1))
        writer.writerow(map(neutral, (*own, *([""] * (width - len(own)) if added else ()), *added)))
        written = number
        if buffer.tell() > _FLUSH_CHARS:
            yield _taken(buffer, "utf-8")
    yield _taken(buffer, "utf-8")


def _taken(buffer: StringIO, encoding: str) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode(encoding, errors="replace")


# --- Workbooks --------------------------------------------------------------------------------------------------------


def _as_workbook(
    file: BinaryIO, table: Table, layout: dict[str, Any], titles: Sequence[str], notes: Iterable[Note], marked: Marked,
    corrected: _Cells,
) -> Iterator[bytes]:  # fmt: skip
    """A new workbook, written row by row into a private folder that goes when this ends."""
    with tempfile.TemporaryDirectory(prefix="jangteo-") as folder:
        path = Path(folder) / "copy.xlsx"
        with xlsxwriter.Workbook(
            path, {"constant_memory": True, "tmpdir": folder, "strings_to_formulas": False, "strings_to_urls": False}
        ) as book:
            writer = _Writer(book)
            chosen = layout.get("sheet")
            for name, visible in _sheets(layout):
                if name == chosen:
                    writer.add(name, table, header_row=layout["header_row"], layout=layout, titles=titles,
                               notes=_Notes(notes), marked=marked, corrected=corrected)  # fmt: skip
                else:
                    writer.add(name, open_table(file, limits=getattr(table, "limits", None), sheet=name))
                    if not visible:
                        book.worksheets()[-1].hide()
        with path.open("rb") as copy:
            while block := copy.read(_READ_BYTES):
                yield block


def _sheets(layout: dict[str, Any]) -> list[tuple[str | None, bool]]:
    """The workbook's sheets, those that are hidden at its end; of a web page, the one it has."""
    shown = [(name, True) for name in layout.get("sheets", [None])]
    hidden = [(name, False) for name in layout.get("hidden_sheets", [])]
    return [*shown, *hidden]


class _Writer:
    """Rows of text into sheets, row by row."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._text = book.add_format({"num_format": "@", "valign": "top"})
        self._number = book.add_format({"num_format": "#,##0", "valign": "top"})
        self._header = book.add_format({"bold": True, "bg_color": "#E8EDF3", "border": 1, "text_wrap": True})
        self._added = book.add_format({"bold": True, "bg_color": "#1F4E79", "font_color": "#FFFFFF", "border": 1})
        self._marked = {
            mark: (
                book.add_format({"num_format": "@", "bg_color": colour, "valign": "top"}),
                book.add_format({"num_format": "#,##0", "bg_color": colour, "valign": "top"}),
                book.add_format({"bg_color": colour, "text_wrap": True, "valign": "top"}),
            )
            for mark, colour in _COLOURS.items()
        }
        self._plain = book.add_format({"text_wrap": True, "valign": "top"})

    def add(
        self, name: str | None, table: Table, *, header_row: int = 0, layout: dict[str, Any] | None = None,
        titles: Sequence[str] = (), notes: _Notes | None = None, marked: Marked = lambda _texts: None,
        corrected: _Cells | None = None,
    ) -> None:  # fmt: skip
        """One sheet, with the added columns where there are titles."""
        sheet = self._book.add_worksheet(self._free(_allowed(name or _SHEET)))
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        width, annotated = (
            _table(table, header_row, titles, widest=(layout or {}).get("widest")) if titles else (0, False)
        )
        self._widths(sheet, table, width, titles)
        if header_row and titles:
            sheet.freeze_panes(header_row, 0)
        positions = (layout or {}).get("positions", {})
        counted = {positions[field] for field in _COUNTED if field in positions}
        first = (layout or {}).get("header_first", header_row)
        for number, cells in table:
            own = cells[:width] if annotated and number >= header_row else cells
            own = corrected.put(number, own) if corrected else own
            if titles and number == header_row:
                self._row(sheet, number, own, self._header, self._header, set())
                self._append(sheet, number, width, titles, self._added)
                continue
            if titles and first <= number <= header_row:
                self._row(sheet, number, own, self._header, self._header, set())
                continue
            added = notes.of(number) if notes else []
            mark = marked(added) if added else None
            text, figure, note = self._marked[mark] if mark else (self._text, self._number, self._plain)
            self._row(sheet, number, own, text, figure, counted if number > header_row else set())
            if added:
                self._append(sheet, number, width, added, note)
        for top, bottom, column in table.merges:
            sheet.merge.append([top - 1, column, bottom - 1, column])

    def _free(self, name: str) -> str:
        """Sheet names differ in more than case, which a file that no spreadsheet wrote may not know."""
        taken = {sheet.get_name().casefold() for sheet in self._book.worksheets()}
        tries = (name, *(f"{name[:27]} {number}" for number in range(2, 999)))
        return next(found for found in tries if found.casefold() not in taken)

    def _widths(self, sheet: Any, table: Table, width: int, titles: Sequence[str]) -> None:
        longest: dict[int, int] = {}
        for _number, cells in islice(table, _HEAD_ROWS):
            for column, cell in enumerate(cells):
                if len(cells) > 1:  # a title over the table makes no column wide
                    longest[column] = max(longest.get(column, 8), min(_WIDEST, _drawn(cell)))
        for column, characters in longest.items():
            sheet.set_column(column, column, characters + 2)
        if titles:
            sheet.set_column(width, width + len(titles) - 1, _ADDED_WIDTH)

    def _row(self, sheet: Any, number: int, cells: Sequence[str], text: Any, figure: Any, counted: set[int]) -> None:
        for column, cell in enumerate(cells):
            if column in counted and _NUMBER.fullmatch(cell):
                sheet.write_number(number - 1, column, int(cell), figure)
            elif cell:
                sheet.write_string(number - 1, column, neutral(cell)[:_LONGEST_CELL], text)

    def _append(self, sheet: Any, number: int, width: int, texts: Sequence[str], form: Any) -> None:
        for column, cell in enumerate(texts, start=width):
            sheet.write_string(number - 1, column, neutral(str(cell))[:_LONGEST_CELL], form)


def _drawn(cell: str) -> int:
    """Hangul is twice as wide as digits."""
    return max((sum(2 if ord(letter) > 0x1100 else 1 for letter in line) for line in cell.split("\n")), default=0)


def _allowed(name: str) -> str:
    """A sheet's name as Excel takes it."""
    return re.sub(r"[\[\]:*?/\\]", " ", name).strip("' ")[:31] or _SHEET
