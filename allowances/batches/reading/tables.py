"""A file as a table, whatever it is written in: rows of (number that Excel shows, cells as text), in bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final, Protocol

from allowances.batches.reading.errors import FileEmpty
from allowances.batches.reading.markup import HtmlTable
from allowances.batches.reading.old_workbook import XlsTable
from allowances.batches.reading.reader import SAMPLE_BYTES, Limits, ListReader, Merge, refuse_unsupported
from allowances.batches.reading.spreadsheet import MERGED
from allowances.batches.reading.workbook import XlsxTable

Row = tuple[int, list[str]]

_OLE: Final = b"\xd0\xcf\x11\xe0"
_DIRECTORY_AT: Final = slice(48, 52)
_SECTOR_SHIFT_AT: Final = slice(30, 32)


class Table(Protocol):
    """Each iteration starts at the top. ``bytes_read`` of ``size`` is the progress. Raises ListUnreadable.

    ``merges`` are regions of several rows whose value stands in the first; they are known before their first row comes.
    """

    size: int
    bytes_read: int
    row_number: int
    merges: deque[Merge]

    def __iter__(self) -> Iterator[Row]: ...
    def description(self) -> dict[str, Any]:
        """Kind, encoding, delimiter, sheet: how the file is written, as JSON."""
        ...


def open_table(
    file: BinaryIO, *, limits: Limits | None = None, sheet: str | None = None, encoding: str | None = None,
    delimiter: str | None = None, whole: bool = False,
) -> Table:  # fmt: skip
    """The table in a file, which must be seekable, told by its bytes and not by its name. ``sheet``, ``encoding`` and
    ``delimiter`` go before what would be found out. ``whole``: it will be read to its end.

    Raises ListUnreadable for what is no table, naming how to come by one.
    """
    kind = _kind_of(file)
    if kind == "xlsx":
        return XlsxTable(file, limits=limits, sheet=sheet, whole=whole)
    if kind == "xls":
        return XlsTable(file, limits=limits, sheet=sheet)
    if kind == "html":
        return HtmlTable(file, limits=limits, encoding=encoding)
    return ListReader(file, limits=limits, encoding=encoding, delimiter=delimiter)


def _kind_of(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(SAMPLE_BYTES)
    if not head:
        raise FileEmpty
    if head.startswith(_OLE) and len(head) >= 512:
        sector = 1 << min(12, int.from_bytes(head[_SECTOR_SHIFT_AT], "little"))
        file.seek((int.from_bytes(head[_DIRECTORY_AT], "little") + 1) * sector)
        head += file.read(4096)  # the names of the streams inside
    return refuse_unsupported(head, "text", "html", "xlsx", "xls")


def filled(rows: Iterable[Row], table: Table, *, amount: int | None) -> Iterable[Row]:
    """The rows with merged cells filled down. An amount that is written once for several rows is nobody's alone: each of
    its rows gets it marked, so that it is asked about instead of being paid twice.
    """
    return rows if isinstance(table, ListReader) else _filled(rows, table, amount)


def _filled(rows: Iterable[Row], table: Table, amount: int | None) -> Iterator[Row]:
    active: dict[int, tuple[int, str]] = {}
    for number, cells in rows:
        while table.merges and table.merges[0][0] <= number:
            first, last, column = table.merges.popleft()
            value = cells[column] if first == number and column < len(cells) else ""
            if value:
                active[column] = (last, f"{MERGED}: {value}" if column == amount else value)
        if active:
            active = {column: item for column, item in active.items() if item[0] >= number}
            cells = _with(cells, active)
        yield number, cells


def _with(cells: list[str], values: dict[int, tuple[int, str]]) -> list[str]:
    cells = cells + [""] * (max(values, default=-1) + 1 - len(cells))
    for column, (_last, value) in values.items():
        if not cells[column] or value.startswith(MERGED):
            cells[column] = value
    return cells
