"""Rows of text into rows of values, column by column.

One whole city is 870,000 rows, so the work is arranged for speed: a chunk of rows is turned into columns, each column is
settled by one glance (``glances``), and only what the glance leaves aside is read carefully (``cells``). Rows that cannot
be read are the only ones asked whether they are totals or footers (``skipping``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import islice, repeat
from operator import itemgetter
from typing import Any, Final, NamedTuple

from allowances.batches.reading import glances
from allowances.batches.reading.cells.amounts import LARGEST, read_amount
from allowances.batches.reading.cells.birth_dates import meaning_of_digits, read_birth_date
from allowances.batches.reading.cells.facts import fact_reader
from allowances.batches.reading.cells.numbers import read_account_number, read_resident_number
from allowances.batches.reading.cells.phones import read_phone
from allowances.batches.reading.cells.text import read_dong, read_name, read_text, shown
from allowances.batches.reading.columns import Layout, Row
from allowances.batches.reading.errors import NoRows
from allowances.batches.reading.fields import FIELD_LABELS, REQUIRED, WHOLE_ROW, Requirements
from allowances.batches.reading.identity import ResidentNumbers
from allowances.batches.reading.merged import MergedDongs
from allowances.batches.reading.problems import PROBLEMS, CellProblem, Trouble
from allowances.batches.reading.skipping import Kind, kind_of
from allowances.eligibility.facts import Fact
from vouchers.privacy.rules import mask_account, mask_resident_number

Seal = Callable[[str], tuple[bytes, bytes]]
"""A plain number in, (ciphertext, blind index) out."""

Problem = tuple[int, str, str, str]
"""(row number, field, code, the cell with its long numbers masked)."""

VALUES: Final = (
    "name", "birth_date", "resident_number", "resident_number_index", "phone", "dong", "address", "amount", "bank",
    "account_number", "account_number_index", "account_holder", "note", "facts",
)  # fmt: skip
"""All that a row can hold after its row number; ``resident_number`` and ``account_number`` are ciphertext, ``facts`` is
the text of a JSON object with the values of the extra fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """``latest_birth``: the youngest possible recipient's birth date, today at most (see read_birth_date).

    ``values``: what stands in each tuple after the row number; what is neither asked for nor required is not read.
    Without its seal a number is not read either, except for the birth date in a resident number where the file has no
    column for it. ``extra`` fields are read wherever the layout has them; those that are required count as any other.
    ``wide_rows_are_broken``: values beyond the header's columns mean that commas cut a cell into several, as only text
    files can; in a workbook they are notes in the margin.
    """

    latest_birth: date
    values: Sequence[str] = VALUES
    required: Requirements = REQUIRED
    largest_amount: int = LARGEST
    chunk_rows: int = 2_000
    seal_resident_number: Seal | None = None
    seal_account_number: Seal | None = None
    extra: Sequence[Fact] = ()
    wide_rows_are_broken: bool = True


class Skipped(NamedTuple):
    """A row that is no person; of a total, the amount it states, so that it can be compared."""

    row_number: int
    kind: Kind
    amount: int | None


class Chunk(NamedTuple):
    """Rows in file order, also those with problems: what could not be read of them is None."""

    rows: list[tuple[Any, ...]]
    problems: list[Problem]
    skipped: list[Skipped]


def normalise_rows(rows: Iterable[Row], layout: Layout, options: Options) -> Iterator[Chunk]:
    """Chunks of at most ``chunk_rows`` rows. Raises NoRows at the end when nobody was in the file."""
    rows = iter(rows)
    normaliser: _Normaliser | None = None
    people = 0
    while taken := list(islice(rows, options.chunk_rows)):
        normaliser = normaliser or _Normaliser(layout, options, taken)
        chunk = normaliser.chunk(taken)
        people += len(chunk.rows)
        yield chunk
    if not people:
        raise NoRows


# --- What to read, and how ----------------------------------------------------------------------------------------------

_SOURCES: Final = {"resident_number_index": "resident_number", "account_number_index": "account_number"}


class _Column(NamedTuple):
    field: str
    cell: itemgetter[int]
    glance: glances.Glance
    read: glances.Read


def _indexes(layout: Layout, options: Options) -> dict[str, int]:
    """The columns to read: those asked for and those required, of what the file has and may be kept."""
    wanted = {_SOURCES.get(value, value) for value in options.values}.union(*options.required)
    wanted |= {field.name for field in options.extra}
    indexes = {field: index for field, index in layout.columns.items() if field in wanted}
    if options.seal_account_number is None:
        indexes.pop("account_number", None)
    if options.seal_resident_number is None:
        indexes.pop("resident_number", None)
        if "birth_date" in wanted and "resident_number" in layout.columns:
            indexes.setdefault("birth_date", layout.columns["resident_number"])
    return indexes


def _columns(layout: Layout, options: Options, sample: Sequence[Row]) -> list[_Column]:
    indexes = _indexes(layout, options)
    latest = options.latest_birth
    birth = indexes.get("birth_date", layout.width)
    digits = meaning_of_digits((cells[birth] for _number, cells in sample if birth < len(cells)), latest=latest)
    birth_date = partial(read_birth_date, latest=latest, digits=digits)
    amount = partial(read_amount, unit=layout.unit, largest=options.largest_amount)
    ways: dict[str, tuple[glances.Glance, glances.Read]] = {
        "name": (glances.names, read_name),
        "birth_date": (glances.birth_dates(birth_date, latest), birth_date),
        "resident_number": (glances.resident_numbers(latest), partial(read_resident_number, latest=latest)),
        "phone": (glances.phones, read_phone),
        "dong": (glances.remembering(read_dong), read_dong),
        "address": (glances.texts(read_text), read_text),
        "amount": (glances.remembering(amount), amount),
        "bank": (glances.remembering(read_text), read_text),
        "account_number": (glances.account_numbers, read_account_number),
        "account_holder": (glances.texts(read_text), read_text),
        "note": (glances.texts(read_text), read_text),
    }
    for field in options.extra:
        read = fact_reader(field, today=latest)
        ways[field.name] = (glances.remembering(read), read)
    return [_Column(field, itemgetter(index), *ways[field]) for field, index in indexes.items() if field in ways]


# --- One chunk --------------------------------------------------------------------------------------------------------

_ORDER: Final = {field: place for place, field in enumerate(FIELD_LABELS)}
_LAST: Final = len(_ORDER)
_MASKS: Final = {"resident_number": mask_resident_number, "account_number": mask_account}


class _Normaliser:
    """What is decided once for a file, and what one chunk hands on to the next."""

    def __init__(self, layout: Layout, options: Options, sample: Sequence[Row]) -> None:
        self._layout = layout
        self._options = options
        self._columns = _columns(layout, options, sample)
        self._dongs = MergedDongs(layout, sample)
        self._numbers = ResidentNumbers(
            latest=options.latest_birth, needed=["resident_number"] in map(list, options.required)
        )
        self._needs_account = any("account_number" in bracket for bracket in options.required)
        read = {column.field for column in self._columns}
        if any(read.isdisjoint(bracket) for bracket in options.required):
            raise ValueError(f"required, but not read from this file with these seals: {options.required}")
        self._last_footer = -1

    def chunk(self, taken: Sequence[Row]) -> Chunk:
        """Read all columns, then part people from rows that are none."""
        numbers = [number for number, _cells in taken]
        original = [cells for _number, cells in taken]
        troubles: list[Trouble] = []
        rows = self._dongs.filled(self._even(original, troubles))
        values = {column.field: _read(column, list(map(column.cell, rows)), troubles) for column in self._columns}
        self._soften(troubles)
        self._numbers.settle(values, self._birth_cells(rows) if "birth_date" in values else None, troubles)
        troubles += self._missing(values, troubles)
        self._seal(values)
        self._gather_facts(values)
        skipped = self._skipped(numbers, original, troubles)
        return Chunk(
            rows=self._tuples(numbers, values, skipped),
            problems=[
                _problem(numbers, trouble)
                for trouble in sorted(troubles, key=lambda trouble: (trouble.place, _ORDER.get(trouble.field, _LAST)))
                if trouble.place not in skipped
            ],
            skipped=list(skipped.values()),
        )

    def _even(self, rows: Sequence[list[str]], troubles: list[Trouble]) -> Sequence[list[str]]:
        """Rows as wide as the header. Of a row with values beyond it nothing is taken: 1,200,000 became three cells."""
        width = self._layout.width
        if min(map(len, rows)) == max(map(len, rows)) == width:
            return rows
        even = [row if len(row) == width else (row + [""] * width)[:width] for row in rows]
        for place, row in enumerate(rows):
            if self._options.wide_rows_are_broken and len(row) > width and any(cell.strip() for cell in row[width:]):
                troubles.append(Trouble(place, WHOLE_ROW, "too_many_cells", " | ".join(row)))
                even[place] = [""] * width
        return even

    def _birth_cells(self, rows: Sequence[list[str]]) -> list[str]:
        return next([column.cell(row) for row in rows] for column in self._columns if column.field == "birth_date")

    def _soften(self, troubles: list[Trouble]) -> None:
        """Where nothing is paid to the account, a number that cannot be read is told but keeps nobody out."""
        if not self._needs_account:
            troubles[:] = [
                trouble._replace(code="account_number_unclear")
                if trouble.code == "account_number_unreadable"
                else trouble
                for trouble in troubles
            ]

    def _missing(self, values: dict[str, list[Any]], troubles: Sequence[Trouble]) -> list[Trouble]:
        known = {(trouble.place, trouble.field) for trouble in troubles if not PROBLEMS[trouble.code].is_warning}
        missing = []
        for bracket in self._options.required:
            fields = [field for field in bracket if field in values]
            missing += [
                Trouble(place, fields[0], "missing", "")
                for place in _empty_places([values[field] for field in fields])
                if known.isdisjoint((place, field) for field in (*fields, WHOLE_ROW))
            ]
        return missing

    def _seal(self, values: dict[str, list[Any]]) -> None:
        """Plain numbers end here."""
        for field, seal in (
            ("resident_number", self._options.seal_resident_number),
            ("account_number", self._options.seal_account_number),
        ):
            if field in values and seal:
                sealed = [seal(number) if number else (None, None) for number in values[field]]
                values[field] = [ciphertext for ciphertext, _index in sealed]
                values[f"{field}_index"] = [index for _ciphertext, index in sealed]

    def _gather_facts(self, values: dict[str, list[Any]]) -> None:
        """Each extra field gives pieces of JSON ("birth_order":2); a row's pieces make its object."""
        told = [values[field.name] for field in self._options.extra if field.name in values]
        if told:
            values["facts"] = [_object(filter(None, pieces)) for pieces in zip(*told, strict=True)]

    def _skipped(
        self, numbers: Sequence[int], rows: Sequence[list[str]], troubles: Sequence[Trouble]
    ) -> dict[int, Skipped]:
        skipped = {}
        for place in sorted({trouble.place for trouble in troubles if not PROBLEMS[trouble.code].is_warning}):
            below_footer = self._last_footer == numbers[place] - 1
            kind = kind_of(rows[place], self._layout, below_footer=below_footer)
            if kind:
                skipped[place] = Skipped(numbers[place], kind, self._stated(rows[place]) if kind == "total" else None)
            if kind == "footer" or (kind == "blank" and below_footer):
                self._last_footer = numbers[place]
        return skipped

    def _stated(self, cells: Sequence[str]) -> int | None:
        index = self._layout.columns.get("amount", len(cells))
        try:
            return read_amount(cells[index], unit=self._layout.unit) if index < len(cells) else None
        except CellProblem:
            return None

    def _tuples(
        self, numbers: Sequence[int], values: dict[str, list[Any]], skipped: dict[int, Skipped]
    ) -> list[tuple[Any, ...]]:
        columns = (values.get(name) or repeat(None) for name in self._options.values)
        rows = list(zip(numbers, *columns, strict=False))
        return [row for place, row in enumerate(rows) if place not in skipped] if skipped else rows


def _object(pieces: Iterable[str]) -> str | None:
    inside = ",".join(pieces)
    return f"{{{inside}}}" if inside else None


def _read(column: _Column, cells: list[str], troubles: list[Trouble]) -> list[Any]:
    values = column.glance(cells)
    for place in [place for place, value in enumerate(values) if value is None]:
        cell = cells[place]
        if cell:
            try:
                values[place] = column.read(cell)
            except CellProblem as problem:
                troubles.append(Trouble(place, column.field, problem.code, cell))
    return values


def _empty_places(columns: Sequence[list[Any]]) -> list[int]:
    """Where every column is None."""
    if len(columns) == 1:
        return [place for place, value in enumerate(columns[0]) if value is None]
    return [place for place, several in enumerate(zip(*columns, strict=True)) if not any(several)]


def _problem(numbers: Sequence[int], trouble: Trouble) -> Problem:
    mask = _MASKS.get(trouble.field, shown)
    return numbers[trouble.place], trouble.field, trouble.code, mask(trouble.cell)[:100]
