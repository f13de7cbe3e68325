"""Rows of a CSV file of any size, in bounded memory.

At no time more than a few blocks of the file are in memory, whatever it holds: a line without end, a quotation mark that
never closes or a million columns end in a ListUnreadable, and so does everything else that is wrong with a file.
"""

from __future__ import annotations

import codecs
import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from io import SEEK_END, StringIO
from itertools import islice
from typing import Any, BinaryIO, Final

from allowances.batches.reading.columns import known_labels
from allowances.batches.reading.errors import (
    ArchiveFile,
    ContainsNul,
    FileEmpty,
    FormatUnsupported,
    HwpFile,
    ListTooLarge,
    PasswordProtected,
    PdfFile,
    QuotesBroken,
    RowTooLarge,
    TooManyColumns,
    Undecodable,
)
from allowances.batches.reading.formats import is_encrypted, kind_of

SAMPLE_BYTES: Final = 64 * 1024
_SAMPLE_ROWS: Final = 30
_SAMPLE_COLUMNS: Final = 200
_DELIMITERS: Final = (",", ";", "\t")
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A row on one line is measured exactly; one that spans lines may reach twice ``row_chars``.

    ``sheet_bytes`` and ``strings_bytes`` bound the unpacked parts of a workbook, none of which is held in memory whole.
    """

    file_bytes: int = 300 * 1024 * 1024
    row_chars: int = 64 * 1024
    columns: int = 200
    sheet_bytes: int = 1536 * 1024 * 1024
    strings_bytes: int = 256 * 1024 * 1024
    merges: int = 300_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FileForm:
    """How the bytes are written. ``directive`` is Excel's ``sep=;`` line, which Excel does not count as a row."""

    encoding: str
    has_bom: bool
    delimiter: str
    directive: str = ""

    @property
    def preamble(self) -> bytes:
        """The bytes that stand before the first row."""
        bom = next(bom for bom, encoding in _BOMS if encoding == self.encoding) if self.has_bom else b""
        return bom + self.directive.encode(self.encoding)


Merge = tuple[int, int, int]
"""(first row, last row, column from 0) of a cell that is written once for several rows."""


def measured(file: BinaryIO, limits: Limits) -> int:
    """The size of the file; raises ListTooLarge."""
    size = file.seek(0, SEEK_END)
    if size > limits.file_bytes:
        raise ListTooLarge(limit_mb=limits.file_bytes // 1024**2)
    return size


class ListReader:
    """Iterate for (row number as Excel shows it, cells); each iteration starts at the top of the file.

    Raises ListUnreadable, at once for what the first bytes show and during iteration for the rest. ``bytes_read`` of
    ``size`` is the progress. The file must be seekable.
    """

    def __init__(
        self, file: BinaryIO, *, limits: Limits | None = None, encoding: str | None = None, delimiter: str | None = None
    ) -> None:
        self._file = file
        self.limits = limits or Limits()
        self.size = measured(file, self.limits)
        self.form = _form_of(file, encoding, delimiter)
        self.merges: deque[Merge] = deque()
        self.bytes_read = 0
        self.row_number = 0

    def description(self) -> dict[str, Any]:
        """How the file is written, as JSON."""
        return {"kind": "csv", "encoding": self.form.encoding, "delimiter": self.form.delimiter}

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        self._file.seek(len(self.form.preamble))
        self.bytes_read = len(self.form.preamble)
        self.row_number = 0
        rows = csv.reader(self._lines(), delimiter=self.form.delimiter, strict=True)
        most = self.limits.columns
        try:
            for cells in rows:
                self.row_number += 1
                if len(cells) > most:
                    raise TooManyColumns(row_number=self.row_number, limit=most)
                yield self.row_number, cells
        except csv.Error as error:
            raise self._refusal(error) from None

    def _refusal(self, error: csv.Error) -> QuotesBroken | RowTooLarge:
        return self._row_too_large() if "field limit" in str(error) else QuotesBroken(row_number=self.row_number + 1)

    def _row_too_large(self) -> RowTooLarge:
        return RowTooLarge(row_number=self.row_number + 1, limit_kb=self.limits.row_chars // 1024)

    def _lines(self) -> Iterator[str]:
        r"""Lines with their ends, cut at \n, \r and \r\n only: str.splitlines would also cut at \x0b, \x85, \u2028."""
        longest = self.limits.row_chars
        carry = ""
        unfinished = 0  # characters handed out since the CSV parser last completed a row, as known at block ends
        row_number = self.row_number
        for block in self._blocks():
            text = carry + block
            end = max(text.rfind("\n"), text.rfind("\r", 0, len(text) - 1)) + 1  # a last \r may belong to a \r\n
            unfinished = unfinished if self.row_number == row_number else 0
            row_number = self.row_number
            if _first_line_length(text) > longest or unfinished > longest:
                raise self._row_too_large()
            unfinished += end
            carry = text[end:]
            yield from StringIO(text[:end], newline="")
        if carry:
            yield carry

    def _blocks(self) -> Iterator[str]:
        """Decoded text; what can be read before a broken byte is handed out first, so that its row number is known."""
        decoder = codecs.getincrementaldecoder(self.form.encoding)()
        size = min(SAMPLE_BYTES, self.limits.row_chars)
        while True:
            data = self._file.read(size)
            self.bytes_read += len(data)
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                yield error.object[: error.start].decode(self.form.encoding)
                raise Undecodable(row_number=self.row_number + 1, encoding=self.form.encoding.upper()) from None
            if "\0" in text:
                yield text[: text.index("\0")]
                raise ContainsNul(row_number=self.row_number + 1)
            yield text
            if not data:
                return


def _first_line_length(text: str) -> int:
    ends = [position for position in (text.find("\n"), text.find("\r")) if position >= 0]
    return min(ends, default=len(text))


# --- What kind of file it is --------------------------------------------------------------------------------------------


def _form_of(file: BinaryIO, forced: str | None, delimiter: str | None) -> FileForm:
    file.seek(0)
    head = file.read(SAMPLE_BYTES)
    refuse_unsupported(head, "text")
    bom, encoding = next(((bom, encoding) for bom, encoding in _BOMS if head.startswith(bom)), (b"", ""))
    if forced and forced != encoding:
        bom = b""
    encoding = forced or encoding or guess_encoding(file, head)
    body = head[len(bom) :]
    sample = _readable(body, encoding)
    if not sample.strip() and len(sample.encode(encoding)) == len(body):
        raise FileEmpty
    directive = _directive(sample)
    delimiter = directive[4] if directive else delimiter or _guess_delimiter(sample)
    return FileForm(encoding=encoding, has_bom=bool(bom), delimiter=delimiter, directive=directive)


def refuse_unsupported(head: bytes, *wanted: str) -> str:
    """The kind of a file among those wanted; raises what tells the official how to get there."""
    if is_encrypted(head):
        raise PasswordProtected
    kind = kind_of(head)
    if kind in wanted:
        return kind
    if kind in ("HWP", "HWPX"):
        raise HwpFile
    if kind == "PDF":
        raise PdfFile
    if kind in ("ZIP", "7Z", "RAR", "GZIP"):
        raise ArchiveFile(kind=kind)
    raise FormatUnsupported(kind=kind.upper())


def guess_encoding(file: BinaryIO, head: bytes) -> str:
    """UTF-8 or CP949, by the first block that is not ASCII; later blocks that differ are errors with a row number."""
    block = head
    while block and block.isascii():
        block = file.read(SAMPLE_BYTES)
    utf_8, cp949 = (len(_readable(block, encoding).encode(encoding)) for encoding in ("utf-8", "cp949"))
    return "cp949" if cp949 > utf_8 else "utf-8"


def _readable(data: bytes, encoding: str) -> str:
    """The text up to the first byte that cannot be read; a character cut off at the end is not an error."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeDecodeError as error:
        return error.object[: error.start].decode(encoding)


def _directive(sample: str) -> str:
    first = sample[: _first_line_length(sample)]
    if len(first) == 5 and first.lower().startswith("sep=") and first[4] in _DELIMITERS:
        rest = sample[5:7]
        return first + ("\r\n" if rest == "\r\n" else rest[:1])
    return ""


def _guess_delimiter(sample: str) -> str:
    """The one that shows the most known column names in one row; else the one that cuts the most cells."""
    return max(_DELIMITERS, key=lambda delimiter: _fit(sample, delimiter))


def _fit(sample: str, delimiter: str) -> tuple[int, int]:
    rows = csv.reader(StringIO(sample, newline=""), delimiter=delimiter)
    try:
        heads = [cells[:_SAMPLE_COLUMNS] for cells in islice(rows, _SAMPLE_ROWS)]
    except csv.Error:
        return 0, 0
    return max(map(known_labels, heads), default=0), max(map(len, heads), default=0)
