"""XLSX as a stream of rows, in bounded memory whatever the workbook claims.

The package is read part by part: a sheet's XML is unpacked and parsed some rows at a time, texts are kept packed and
only as far as rows refer to them. Sizes are checked before anything is unpacked. Macros, formulas and links are never
looked at: a cell is what the workbook stores as its value.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from array import array
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any, BinaryIO, Final
from xml.etree import ElementTree
from zlib import error as ZlibError  # noqa: N812

from allowances.batches.reading import spreadsheet
from allowances.batches.reading.errors import (
    ListUnreadable,
    PasswordProtected,
    RowTooLarge,
    SheetMissing,
    TooManyColumns,
    TooManyMerges,
    WorkbookDamaged,
    WorkbookTooLarge,
)
from allowances.batches.reading.reader import Limits, Merge, measured
from allowances.batches.reading.sheets import Sheet, best_sheet

Row = tuple[int, list[str]]

_BLOCK: Final = 512 * 1024
_DIRECTORY_BYTES: Final = 8 * 1024 * 1024
_SMALL_PART: Final = 32 * 1024 * 1024
_LONGEST_ELEMENT: Final = 4 * 1024 * 1024
_SHEETS_LOOKED_AT: Final = 30
_BLANKS_KEPT: Final = 20
_LAST_ROW: Final = 1_048_576

_END_OF_DIRECTORY: Final = b"PK\x05\x06"
_PREFIXES: Final = re.compile(rb"\sxmlns:[\w.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_ESCAPED: Final = re.compile("_x([0-9A-Fa-f]{4})_")
_MERGE: Final = re.compile(
    rb"<(?:\w+:)?mergeCell\s[^>]*?ref\s*=\s*[\"']([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})[\"']"
)
_DIGITS: Final = "0123456789"


class XlsxTable:
    """One sheet of a workbook; iterate for (row number as Excel shows it, cells), as often as needed.

    ``whole``: the sheet will be read to its end, so its merged regions, which stand behind the rows, are looked up first
    into ``merges``. Rows without any value are left out where they are many. ``widest`` is known at the end.
    """

    def __init__(
        self, file: BinaryIO, *, limits: Limits | None = None, sheet: str | None = None, whole: bool = False
    ) -> None:
        self.limits = limits or Limits()
        self.size = measured(file, self.limits)
        self._package = _Package(file, self.limits)
        self._whole = whole
        self.sheets = self._package.sheets
        self.sheet = self._chosen(sheet)
        self.merges: deque[Merge] = deque()
        self.hidden_rows = 0
        self.widest = 0
        self.bytes_read = 0
        self.row_number = 0

    def description(self) -> dict[str, Any]:
        """How the file is written, as JSON."""
        return {
            "kind": "xlsx",
            "sheet": self.sheet.name,
            "sheets": [sheet.name for sheet in self.sheets if sheet.visible],
            "hidden_sheets": [sheet.name for sheet in self.sheets if not sheet.visible],
            "hidden_rows": self.hidden_rows,
            **({"widest": self.widest} if self.widest else {}),
        }

    def _chosen(self, name: str | None) -> Sheet:
        if name is not None:
            for sheet in self.sheets:
                if sheet.name == name:
                    return sheet
            raise SheetMissing(sheet=name)
        return best_sheet(self.sheets, self._head)

    def _head(self, sheet: Sheet, rows: int) -> list[list[str]]:
        return [cells for _number, cells in islice(_Rows(self._package, sheet, self.limits), rows)]

    def __iter__(self) -> Iterator[Row]:
        if self._whole:
            self.merges = deque(sorted(self._package.merges(self.sheet)))
        rows = _Rows(self._package, self.sheet, self.limits)
        self.bytes_read = self.row_number = widest = 0
        for number, cells in rows:
            self.bytes_read = int(self.size * rows.part_read)
            self.hidden_rows = rows.hidden
            self.row_number = number
            widest = max(widest, len(cells))
            yield number, cells
        self.widest = widest


# --- The package ------------------------------------------------------------------------------------------------------


@contextmanager
def _damage_told(row_number: int = 0) -> Iterator[None]:
    """Whatever a broken or hostile package makes the libraries raise is one error."""
    try:
        yield
    except ListUnreadable:
        raise
    except (
        zipfile.BadZipFile, ElementTree.ParseError, ZlibError, EOFError, LookupError, ValueError, OverflowError,
        NotImplementedError, UnicodeError,
    ) as error:  # fmt: skip
        raise WorkbookDamaged(row_number=row_number) from error
    except RuntimeError as error:  # zipfile's word for a part under a password
        raise PasswordProtected from error


class _Package:
    """The parts of a workbook that every sheet needs, and the sheets."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._limits = limits
        with _damage_told():
            _refuse_endless_directory(file)
            self._zip = zipfile.ZipFile(file)
            self._refuse_bombs()
            book = self._target("_rels/.rels", "/officeDocument") or "xl/workbook.xml"
            self._links = self._relations(book)
            root = self._parsed(book)
            settings = _first(root, "workbookPr")
            self.since_1904 = settings is not None and settings.get("date1904") in ("1", "true")
            self.sheets = list(self._sheets(root, book))
            self.formats = list(self._formats())
            self.strings = _Strings(self._shared())

    def _refuse_bombs(self) -> None:
        """A part cannot unpack to more than its entry says (zipfile stops there), so what the entries say is enough."""
        for entry in self._zip.infolist():
            name = entry.filename.lower()
            most = self._limits.sheet_bytes if "/worksheets/" in name else self._limits.strings_bytes
            if name.endswith((".xml", ".rels")) and entry.file_size > most:
                raise WorkbookTooLarge

    def _small(self, name: str) -> bytes:
        if self._zip.getinfo(name).file_size > _SMALL_PART:
            raise WorkbookTooLarge
        data = self._zip.read(name)
        if b"<!DOCTYPE" in data:
            raise WorkbookDamaged
        return data

    def _parsed(self, name: str) -> ElementTree.Element:
        return ElementTree.fromstring(self._small(name))  # noqa: S314  (no document type, bounded)

    def _target(self, relations: str, kind: str) -> str | None:
        if relations not in self._zip.NameToInfo:
            return None
        for link in self._parsed(relations):
            if link.get("Type", "").endswith(kind):
                return link.get("Target", "").lstrip("/")
        return None

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Id -> (kind, path in the package) of what a part refers to."""
        folder, name = posixpath.split(part)
        relations = f"{folder}/_rels/{name}.rels"
        if relations not in self._zip.NameToInfo:
            return {}
        return {
            link.get("Id", ""): (
                link.get("Type", "").rsplit("/", 1)[-1],
                posixpath.normpath(posixpath.join("/", folder, link.get("Target", ""))).lstrip("/"),
            )
            for link in self._parsed(relations)
        }

    def _sheets(self, root: ElementTree.Element, book: str) -> Iterator[Sheet]:
        found = _first(root, "sheets")
        for number, sheet in enumerate(found if found is not None else (), start=1):
            link = next((value for key, value in sheet.items() if key.endswith("}id")), "")
            kind, path = self._links.get(link, ("worksheet", f"{posixpath.dirname(book)}/worksheets/sheet{number}.xml"))
            if kind == "worksheet" and path in self._zip.NameToInfo:
                yield Sheet(
                    name=sheet.get("name", "")[:100], visible=sheet.get("state", "visible") == "visible", place=path
                )

    def _part(self, kind: str) -> str | None:
        path = next((path for found, path in self._links.values() if found == kind), None)
        return path if path in self._zip.NameToInfo else None

    def _formats(self) -> Iterator[spreadsheet.Shown]:
        """How numbers look, by the style index of cells."""
        path = self._part("styles")
        if not path:
            return
        root = self._parsed(path)
        codes = {item.get("numFmtId"): item.get("formatCode") for item in root.iter() if _local(item) == "numFmt"}
        styles = _first(root, "cellXfs")
        known: dict[str, spreadsheet.Shown] = {}
        for style in styles if styles is not None else ():
            number = style.get("numFmtId", "0")
            if number not in known:
                known[number] = spreadsheet.shown_by(int(number), codes.get(number), since_1904=self.since_1904)
            yield known[number]

    def _shared(self) -> Iterator[ElementTree.Element]:
        path = self._part("sharedStrings")
        if path:
            yield from _Elements(self._zip, path, container=b"sst", item=b"si")

    def rows(self, sheet: Sheet) -> _Elements:
        """The row elements of a sheet."""
        return _Elements(self._zip, sheet.place, container=b"sheetData", item=b"row")

    def merges(self, sheet: Sheet) -> Iterator[Merge]:
        """Regions of more than one row, by the column where their value stands. Unpacks the sheet once to its end."""
        with _damage_told():
            tail = _tail(self._zip, sheet.place, after=b"sheetData>")
        for count, (left, top, _right, bottom) in enumerate(_MERGE.findall(tail)):
            if count >= self._limits.merges:
                raise TooManyMerges(limit=self._limits.merges)
            if top != bottom:
                yield int(top), int(bottom), _column(left.decode())


def _refuse_endless_directory(file: BinaryIO) -> None:
    """The list of a package's parts is read whole, so it must be short; a workbook has some dozens."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 66_000))
    tail = file.read()
    end = tail.rfind(_END_OF_DIRECTORY)
    if end < 0 or len(tail) < end + 22:
        raise WorkbookDamaged
    length = int.from_bytes(tail[end + 12 : end + 16], "little")
    if length > _DIRECTORY_BYTES:
        raise WorkbookTooLarge


def _local(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _first(root: ElementTree.Element, name: str) -> ElementTree.Element | None:
    return next((element for element in root.iter() if _local(element) == name), None)


def _tail(package: zipfile.ZipFile, part: str, *, after: bytes) -> bytes:
    """What stands behind the last ``after`` of a part; nothing before its end is kept."""
    kept, found = b"", False
    with package.open(part) as stream:
        while block := stream.read(_BLOCK):
            text = kept + block
            place = text.rfind(b"/" + after) if not found else 0
            found = found or place >= 0
            kept = text[max(place, 0) :] if found else text[-64:]
            if len(kept) > _SMALL_PART:
                raise WorkbookTooLarge
    return kept if found else b""


class _Elements:
    """The elements of one name inside a container, parsed some at a time. ``done`` is the part of the stream read."""

    def __init__(self, package: zipfile.ZipFile, part: str, *, container: bytes, item: bytes) -> None:
        self._package, self._part = package, part
        self._size = max(1, package.getinfo(part).file_size)
        self._open = re.compile(rb"<(?:(\w+):)?" + container + rb"(?:\s[^>]*?)?(/?)>")
        self._container, self._item = container, item
        self.done = 0.0

    def __iter__(self) -> Iterator[ElementTree.Element]:
        with self._package.open(self._part) as stream:
            text, start = self._start(stream)
            if start is None or start[2]:
                return
            prefix = start[1] + b":" if start[1] else b""
            root = b"<r" + b"".join(dict.fromkeys(_PREFIXES.findall(text[: start.end()]))) + b">"
            text = text[start.end() :]
            for block in self._blocks(stream, text, prefix):
                if prefix:
                    block = block.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</")
                yield from ElementTree.fromstring(root + block + b"</r>")  # noqa: S314  (no document type, bounded)

    def _start(self, stream: IO[bytes]) -> tuple[bytes, re.Match[bytes] | None]:
        text = b""
        while block := stream.read(_BLOCK):
            text += block
            if found := self._open.search(text):
                return text, found
            if b"<!DOCTYPE" in text:
                raise WorkbookDamaged
            if len(text) > _SMALL_PART:
                raise WorkbookTooLarge
        return text, None

    def _blocks(self, stream: IO[bytes], text: bytes, prefix: bytes) -> Iterator[bytes]:
        """Pieces that end with an item's end; raises WorkbookDamaged when the container's end never comes."""
        item, container = b"</" + prefix + self._item + b">", b"</" + prefix + self._container
        read = len(text)
        while True:
            if (end := text.rfind(container)) >= 0 and text.find(item, end) < 0:
                self.done = 1.0
                yield text[:end]
                return
            if (cut := text.rfind(item)) >= 0:
                self.done = min(1.0, read / self._size)
                yield text[: cut + len(item)]
                text = text[cut + len(item) :]
            elif (cut := self._empty_items(text, prefix)) > 0:
                yield text[:cut]
                text = text[cut:]
            elif len(text) > _LONGEST_ELEMENT:
                raise RowTooLarge(row_number=0, limit_kb=_LONGEST_ELEMENT // 1024)
            block = stream.read(_BLOCK)
            if not block:
                raise WorkbookDamaged
            read += len(block)
            text += block

    def _empty_items(self, text: bytes, prefix: bytes) -> int:
        """Where the last of many items begins that have no end of their own because nothing is in them (<row …/>)."""
        start = b"<" + prefix + self._item
        cut = text.rfind(start) if len(text) > _BLOCK else 0
        return cut if cut > 0 and text.count(b"<", 0, cut) == text.count(start, 0, cut) else 0


class _Strings:
    """The texts that cells share: packed into one buffer, read only as far as somebody asks."""

    def __init__(self, elements: Iterator[ElementTree.Element]) -> None:
        self._elements = elements
        self._packed = bytearray()
        self._ends = array("Q", [0])

    def __getitem__(self, number: int) -> str:
        if number < 0:
            raise IndexError(number)
        while number >= len(self._ends) - 1:
            if not self._more():
                raise IndexError(number)
        return self._packed[self._ends[number] : self._ends[number + 1]].decode()

    def _more(self) -> bool:
        taken = list(islice(self._elements, 5_000))
        for element in taken:
            self._packed += _text_of(element).encode(errors="replace")
            self._ends.append(len(self._packed))
        return bool(taken)


def _text_of(element: ElementTree.Element) -> str:
    """The text of <si> or <is>: one piece, or runs of different looks; readings of Hanja (rPh) are left out."""
    if len(element) == 1 and element[0].tag == "t":
        text = element[0].text or ""
    else:
        runs = [child for child in element if _local(child) in ("t", "r")]
        pieces = [run if _local(run) == "t" else next((t for t in run if _local(t) == "t"), None) for run in runs]
        text = "".join(piece.text or "" for piece in pieces if piece is not None)
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


# --- Rows -------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Rows:
    """The rows of one sheet that hold something, with some of the blank ones between them."""

    package: _Package
    sheet: Sheet
    limits: Limits
    hidden: int = 0
    part_read: float = 0.0

    def __iter__(self) -> Iterator[Row]:
        self.hidden = 0
        last = 0
        elements = self.package.rows(self.sheet)
        cells_of = _Cells(self.package, self.limits).of
        number = 0
        with _damage_told(number):
            for row in elements:
                told = row.get("r")
                number = int(told) if told else number + 1
                if number <= last or number > _LAST_ROW:
                    raise WorkbookDamaged(row_number=number)
                cells = cells_of(row, number)
                if not cells:
                    continue
                if row.get("hidden") in ("1", "true"):
                    self.hidden += 1
                self.part_read = elements.done
                for blank in range(max(last + 1, number - _BLANKS_KEPT), number):
                    yield blank, []
                yield number, cells
                last = number


class _Columns(dict[str, int]):
    """Letters of a reference (B12, $B$12 never occurs) -> column from 0."""

    def __missing__(self, letters: str) -> int:
        self[letters] = column = _column(letters)
        return column


def _column(letters: str) -> int:
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - 64
    if not 1 <= column <= 16_384:
        raise WorkbookDamaged
    return column - 1


class _Cells:
    """Cell elements to text."""

    def __init__(self, package: _Package, limits: Limits) -> None:
        self._strings, self._formats, self._limits = package.strings, package.formats, limits
        self._columns = _Columns()

    def of(self, row: ElementTree.Element, number: int) -> list[str]:
        """The row's cells up to the last that holds something."""
        cells: list[str] = []
        column, most, columns = -1, self._limits.columns, self._columns
        for cell in row:
            get = cell.get
            place = get("r")
            column = columns[place.rstrip(_DIGITS)] if place else column + 1
            if not len(cell):
                continue
            text = self._text(cell, get("t"), get("s"))
            if not text:
                continue
            if column >= most:
                raise TooManyColumns(row_number=number, limit=most)
            gap = column - len(cells)
            if gap >= 0:
                if gap:
                    cells += [""] * gap
                cells.append(text)
            else:
                cells[column] = text
        if sum(map(len, cells)) > self._limits.row_chars:
            raise RowTooLarge(row_number=number, limit_kb=self._limits.row_chars // 1024)
        return cells

    def _text(self, cell: ElementTree.Element, kind: str | None, style: str | None) -> str:
        last = cell[-1]
        tag = last.tag
        value = last.text if tag == "v" else None
        if value is None:
            return self._unusual(cell)
        if kind == "s":
            return self._strings[int(value)]
        if kind is None or kind == "n":
            return self._formats[int(style)](value) if style else spreadsheet.number(value)
        if kind == "b":
            return "TRUE" if value.strip() in ("1", "true") else "FALSE"
        if kind == "d":
            return value.removesuffix("T00:00:00").replace("T", " ")
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)  # str, e

    def _unusual(self, cell: ElementTree.Element) -> str:
        """A text of its own, a formula that was never calculated, a value that is not the last child, or nothing."""
        parts = {_local(child): child for child in cell}
        if "is" in parts:
            return _text_of(parts["is"])
        if (value := parts.get("v")) is not None and value.text:
            for child in list(cell):
                if child is not value:
                    cell.remove(child)
            value.tag = "v"
            return self._text(cell, cell.get("t"), cell.get("s"))
        formula = parts.get("f")
        return f"={formula.text or ''}" if formula is not None and "v" not in parts else ""
