"""The official's own file again, with the reason and the way to mend it beside each bad row."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Any, BinaryIO, Final

from django.utils.translation import gettext_lazy as _

from allowances.batches.reading.reader import Limits, ListReader

Note = tuple[int, str, str, str]
"""(row number, result, reason, remedy); several for one row are put together."""

RESULT_COLUMNS: Final[tuple[Any, ...]] = (_("처리결과"), _("오류 사유"), _("고치는 방법"))

_FLUSH_CHARS: Final = 64 * 1024
_STARTS_FORMULA: Final = frozenset("=+-@\t\r\n＝＋－＠")
_PLAIN: Final = re.compile(r"[-+]?(?:[0-9][0-9,]*(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?%?)?")


def annotate(
    file: BinaryIO, *, header_row: int, notes: Iterable[Note], limits: Limits | None = None
) -> Iterator[bytes]:
    """Stream the file in its own encoding, delimiter and order, with RESULT_COLUMNS added at the right end.

    ``notes`` come in row order. Columns that an earlier run added are replaced. Cells that a spreadsheet would run as a
    formula get an apostrophe; characters that CP949 lacks become "?". Raises ListUnreadable like the reader.
    """
    reader = ListReader(file, limits=limits)
    width, annotated = _table(reader, header_row)
    titles = [str(title) for title in RESULT_COLUMNS]
    by_row = _Notes(notes)
    buffer = StringIO(newline="")
    writer = csv.writer(buffer, delimiter=reader.form.delimiter, lineterminator="\r\n")
    yield reader.form.preamble
    for number, cells in reader:
        own = cells[:width] if annotated and number >= header_row else cells
        added = titles if number == header_row else by_row.of(number)
        padding = [""] * (width - len(own)) if added else []
        writer.writerow(map(neutral, (*own, *padding, *added)))
        if buffer.tell() > _FLUSH_CHARS:
            yield _taken(buffer, reader.form.encoding)
    yield _taken(buffer, reader.form.encoding)


def neutral(cell: str) -> str:
    """The cell with an apostrophe before it where a spreadsheet would take it for a formula; numbers stay as they are."""
    if not cell or cell[0] not in _STARTS_FORMULA or _PLAIN.fullmatch(cell):
        return cell
    return f"'{cell}"


def _table(reader: ListReader, header_row: int) -> tuple[int, bool]:
    """(columns of the widest row from the header on, whether the header already ends with the result columns)."""
    width = 0
    annotated = False
    for number, cells in reader:
        if number == header_row:
            annotated = tuple(cells[-len(RESULT_COLUMNS) :]) == tuple(map(str, RESULT_COLUMNS))
            if annotated:
                return len(cells) - len(RESULT_COLUMNS), True
        if number >= header_row:
            width = max(width, len(cells))
    return width, annotated


class _Notes:
    """Walks the notes beside the rows."""

    def __init__(self, notes: Iterable[Note]) -> None:
        self._notes = iter(notes)
        self._next = next(self._notes, None)

    def of(self, row_number: int) -> list[str]:
        """[result, reasons, remedies] of that row, or nothing; rows must be asked for in order."""
        found: list[Sequence[str]] = []
        while self._next and self._next[0] <= row_number:
            if self._next[0] == row_number:
                found.append(self._next[1:])
            self._next = next(self._notes, None)
        return ["; ".join(dict.fromkeys(texts)) for texts in zip(*found, strict=True)]


def _taken(buffer: StringIO, encoding: str) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode(encoding, errors="replace")
