"""HTML that a system saved as .xls: the rows that Excel shows of it, as a stream.

Tables follow each other from top to bottom, text between them takes a row of its own, a table inside a cell gives rows of
its own. rowspan and colspan leave blank cells, as merged cells do in a workbook. Nothing but a row and the parser's
own remainder is in memory.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any, BinaryIO, Final

from allowances.batches.reading.errors import ContainsNul, NoTable, RowTooLarge, TooManyColumns, Undecodable
from allowances.batches.reading.reader import SAMPLE_BYTES, Limits, Merge, guess_encoding, measured

Row = tuple[int, list[str]]

_LONGEST_REMAINDER: Final = 1024 * 1024
_DEEPEST: Final = 16
_LONGEST_SPAN: Final = 65_536
_CHARSET: Final = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_ENCODINGS: Final = {
    "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "ksc5601": "cp949", "cp949": "cp949", "ms949": "cp949",
    "windows-949": "cp949", "utf-8": "utf-8", "utf8": "utf-8",
}  # fmt: skip
_BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_UNSEEN: Final = frozenset(["script", "style", "title", "xml", "template"])
_BREAKS: Final = frozenset(["p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "br", "li", "hr", "center", "caption"])
_SHORTENED: Final = re.compile(r"#+|[-+]?[0-9](?:\.[0-9]+)?E\+?[0-9]+", re.IGNORECASE)


class HtmlTable:
    """Iterate for (row number as Excel shows it, cells), as often as needed."""

    def __init__(self, file: BinaryIO, *, limits: Limits | None = None, encoding: str | None = None) -> None:
        self._file = file
        self.limits = limits or Limits()
        self.size = measured(file, self.limits)
        self._bom, self.encoding = _encoding_of(file, encoding)
        self.merges: deque[Merge] = deque()
        self.bytes_read = 0
        self.row_number = 0

    def description(self) -> dict[str, Any]:
        """How the file is written, as JSON."""
        return {"kind": "html", "encoding": self.encoding}

    def __iter__(self) -> Iterator[Row]:
        self.merges = deque()
        self.bytes_read = self.row_number = 0
        parser = _Rows(self.limits, self.merges)
        for text in self._blocks(parser):
            parser.feed(text)
            if len(parser.rawdata) > _LONGEST_REMAINDER:
                raise RowTooLarge(row_number=parser.number + 1, limit_kb=_LONGEST_REMAINDER // 1024)
            yield from self._taken(parser)
        parser.close()
        parser.finish()
        yield from self._taken(parser)
        if not parser.tables:
            raise NoTable

    def _taken(self, parser: _Rows) -> Iterator[Row]:
        while parser.ready:
            self.row_number, cells = parser.ready.popleft()
            yield self.row_number, cells

    def _blocks(self, parser: _Rows) -> Iterator[str]:
        self._file.seek(self._bom)
        decoder = codecs.getincrementaldecoder(self.encoding)()
        while data := self._file.read(SAMPLE_BYTES):
            self.bytes_read += len(data)
            try:
                text = decoder.decode(data)
            except UnicodeDecodeError:
                raise Undecodable(row_number=parser.number + 1, encoding=self.encoding.upper()) from None
            if "\0" in text:
                raise ContainsNul(row_number=parser.number + 1)
            yield text


def _encoding_of(file: BinaryIO, forced: str | None) -> tuple[int, str]:
    """(bytes of the mark, encoding): by the mark, what the page says, or what its bytes look like."""
    file.seek(0)
    head = file.read(SAMPLE_BYTES)
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return (len(bom), encoding) if forced in (None, encoding) else (0, forced or encoding)
    said = _CHARSET.search(head)
    named = _ENCODINGS.get(said[1].decode().lower()) if said else None
    return 0, forced or _told(head, named) or guess_encoding(file, head)


def _told(head: bytes, named: str | None) -> str | None:
    """The page's own word, unless its bytes contradict it: systems say euc-kr and write UTF-8."""
    if named:
        try:
            codecs.getincrementaldecoder(named)().decode(head)
        except UnicodeDecodeError:
            return None
    return named


class _Line:
    """A row being put together, and the spans that reach into it from the rows above."""

    def __init__(self) -> None:
        self.cells: list[str] = []
        self.spans: dict[int, int] = {}
        self.open = False


class _Rows(HTMLParser):
    def __init__(self, limits: Limits, merges: deque[Merge]) -> None:
        super().__init__(convert_charrefs=True)
        self._limits = limits
        self._merges = merges
        self.ready: deque[Row] = deque()
        self.number = 0
        self.tables = 0
        self._lines: list[_Line] = []
        self._text: list[str] = []
        self._length = 0
        self._cell: tuple[int, int, str] | None = None
        self._unseen = 0

    # what the parser tells

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "table":
            self._end_cell()
            self._end_row(blank=False)
            self._end_text()
            self.tables += 1
            if len(self._lines) < _DEEPEST:
                self._lines.append(_Line())
        elif tag == "tr" and self._lines:
            self._end_cell()
            self._end_row()
            self._lines[-1].open = True
        elif tag in ("td", "th") and self._lines:
            self._end_cell()
            self._lines[-1].open = True
            self._begin_cell(dict(attrs))
        elif tag in _BREAKS:
            self._break()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("td", "th", "br", "hr"):
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in ("td", "th"):
            self._end_cell()
        elif tag == "tr":
            self._end_cell()
            self._end_row()
        elif tag == "table" and self._lines:
            self._end_cell()
            self._end_row()
            self._lines.pop()
        elif tag in _BREAKS:
            self._break()

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        self._text.append(data)
        self._length += len(data)
        if self._length > self._limits.row_chars:
            raise RowTooLarge(row_number=self.number + 1, limit_kb=self._limits.row_chars // 1024)

    def finish(self) -> None:
        """What the file leaves open at its end."""
        self._end_cell()
        self._end_row(blank=False)
        self._end_text()

    # what becomes of it

    def _break(self) -> None:
        if self._cell:
            self._text.append("\n")
        elif not self._lines:
            self._end_text()

    def _end_text(self) -> None:
        """Text between the tables: one row."""
        if text := self._taken():
            self._emit([text])

    def _begin_cell(self, attributes: dict[str, str | None]) -> None:
        self._taken()
        self._cell = _span(attributes, "rowspan"), _span(attributes, "colspan"), attributes.get("x:num") or ""

    def _end_cell(self) -> None:
        if not self._cell or not self._lines:
            return
        (down, across, number), line = self._cell, self._lines[-1]
        self._cell = None
        text = self._taken()
        if number and _SHORTENED.fullmatch(text):
            text = number
        self._skip_spans(line)
        column = len(line.cells)
        if column + across > self._limits.columns:
            if text or across == 1:
                raise TooManyColumns(row_number=self.number + 1, limit=self._limits.columns)
            across = max(0, self._limits.columns - column)
        line.cells += [text, *[""] * (across - 1)][:across]
        if down > 1:
            row = self.number + 1
            self._merges.append((row, row + down - 1, column))
            for spanned in range(column, column + across):
                line.spans[spanned] = down  # this row counts itself down

    def _skip_spans(self, line: _Line) -> None:
        while line.spans.get(len(line.cells), 0) > 0:
            line.cells.append("")

    def _end_row(self, *, blank: bool = True) -> None:
        if not self._lines or not self._lines[-1].open:
            return
        line = self._lines[-1]
        if line.cells and (blank or any(line.cells)):
            self._emit(line.cells)
            line.spans = {column: left - 1 for column, left in line.spans.items() if left > 1}
        line.cells, line.open = [], False

    def _emit(self, cells: list[str]) -> None:
        self.number += 1
        self.ready.append((self.number, cells))

    def _taken(self) -> str:
        text = "".join(self._text)
        self._text.clear()
        self._length = 0
        return "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n")))) if "\n" in text else (
            " ".join(text.split())
        )  # fmt: skip


def _span(attributes: dict[str, str | None], name: str) -> int:
    told = (attributes.get(name) or "1").strip()
    return max(1, min(int(told), _LONGEST_SPAN)) if told.isascii() and told.isdigit() and len(told) < 8 else 1
