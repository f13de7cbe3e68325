"""What a report is made of: tables of typed columns, and the digest over them. Plain values, whatever shows them.

The same content is drawn on the screen, in the workbook and on paper, and is what an issued report keeps: it goes through
`to_json` and back without losing anything.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

from vouchers.common.korean import document_date, grouped


class Kind(StrEnum):
    """What a column holds. Won and counts are whole numbers, a percentage is an exact fraction of 1."""

    TEXT = "text"
    DATE = "date"
    MONTH = "month"
    COUNT = "count"
    WON = "won"
    PERCENT = "percent"


NUMBERS: Final = frozenset({Kind.COUNT, Kind.WON, Kind.PERCENT})

Value = str | int | date | Fraction | None
"""None: there is nothing to say, as of a rate whose base is 0."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """``label`` as it stands above the column. Off paper are columns for which a sheet has no room."""

    label: str
    kind: Kind = Kind.TEXT
    on_paper: bool = True


class Style(StrEnum):
    """How a row reads: on its own, as a part of the row above it, or as the sum of rows above it."""

    LINE = "line"
    PART = "part"
    SUM = "sum"


@dataclass(frozen=True)
class Row:
    """Values in the order of the columns."""

    values: tuple[Value, ...]
    style: Style = Style.LINE


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under a title. ``total`` stands under them; its first value says what it is the total of."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: tuple[Value, ...] | None = None
    note: str = ""

    def __post_init__(self) -> None:
        for values in (*(row.values for row in self.rows), *([self.total] if self.total else [])):
            if len(values) != len(self.columns):
                raise ValueError(f"{self.title}: {len(values)} values for {len(self.columns)} columns")


def part_column(columns: Sequence[Column]) -> Column | None:
    """The column that stands further in where a row is a part of the one above it: the first of texts."""
    return next((column for column in columns if column.kind == Kind.TEXT), None)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure that stands above the tables."""

    label: str
    value: Value
    kind: Kind = Kind.WON
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """A box of the 결재란 as a decided document has it; see `reports.documents.head.ApprovalBox`."""

    role: str
    name: str = ""
    signed_on: date | None = None
    delegated: bool = False
    acting: bool = False
    unused: bool = False


@dataclass(frozen=True, kw_only=True)
class Content:
    """All that a report says. ``control`` is the figure by which a paper is checked against the books.

    ``facts`` stand above the tables, as label and text. ``signatures``: of what was decided on a line of its own; without
    them the paper has boxes to be signed. ``closing``: the last sentence of the paper.
    """

    tables: tuple[Table, ...]
    control: Figure
    figures: tuple[Figure, ...] = field(default=())
    notes: tuple[str, ...] = field(default=())
    facts: tuple[tuple[str, str], ...] = field(default=())
    signatures: tuple[Signature, ...] = field(default=())
    closing: str = "위와 같이 보고합니다."

    @property
    def is_empty(self) -> bool:
        """Nothing happened: no table has a number that is not 0."""
        return not any(
            isinstance(value, int | Fraction) and value
            for table in self.tables for row in table.rows for value in row.values
        )  # fmt: skip


def as_text(value: Value, kind: Kind, *, minus: str = "-") -> str:
    """As a table shows it; papers write ``minus="△"``. Rates are rounded down, so that 100.0% is the whole."""
    if value is None:
        return "-"
    if kind == Kind.PERCENT:
        return f"{math.floor(Fraction(value) * 1000) / 10:,.1f}%"  # type: ignore[arg-type]
    if isinstance(value, int):
        return grouped(value, minus=minus)
    if isinstance(value, date):
        return f"{value:%Y-%m}" if kind == Kind.MONTH else document_date(value)
    return str(value)


def rate(part: int, whole: int) -> Fraction | None:
    """None of nothing."""
    return Fraction(part, whole) if whole else None


def added(rows: Sequence[Sequence[int]], width: int) -> tuple[int, ...]:
    """The sums of the columns; zeros for no rows."""
    return tuple(sum(row[column] for row in rows) for column in range(width))


# To the database and back ------------------------------------------------------------------------------------------


def to_json(content: Content) -> dict[str, Any]:
    """Plain JSON. A date is {"d": …}, a fraction {"n": …, "of": …}; nothing is a float."""
    return {
        "tables": [
            {
                "title": table.title,
                "columns": [[column.label, column.kind.value, column.on_paper] for column in table.columns],
                "rows": [[row.style.value, [_plain(value) for value in row.values]] for row in table.rows],
                "total": [_plain(value) for value in table.total] if table.total else None,
                "note": table.note,
            }
            for table in content.tables
        ],
        "control": _plain_figure(content.control),
        "figures": [_plain_figure(figure) for figure in content.figures],
        "notes": list(content.notes),
        "facts": [list(fact) for fact in content.facts],
        "signatures": [
            {name: _plain(value) for name, value in vars(one).items()} for one in content.signatures
        ],
        "closing": content.closing,
    }  # fmt: skip


def from_json(data: Mapping[str, Any]) -> Content:
    """What `to_json` wrote."""
    return Content(
        tables=tuple(
            Table(
                title=table["title"],
                columns=tuple(Column(label=label, kind=Kind(kind), on_paper=on) for label, kind, on in table["columns"]),
                rows=tuple(Row(tuple(map(_value, values)), Style(style)) for style, values in table["rows"]),
                total=tuple(map(_value, table["total"])) if table["total"] else None,
                note=table["note"],
            )
            for table in data["tables"]
        ),
        control=_figure(data["control"]), figures=tuple(map(_figure, data["figures"])), notes=tuple(data["notes"]),
        facts=tuple((label, text) for label, text in data["facts"]),
        signatures=tuple(
            Signature(**one | {"signed_on": _value(one["signed_on"])}) for one in data["signatures"]
        ),
        closing=data["closing"],
    )  # fmt: skip


def _plain(value: Value) -> Any:
    if isinstance(value, Fraction):
        return {"n": value.numerator, "of": value.denominator}
    return {"d": value.isoformat()} if isinstance(value, date) else value


def _value(data: Any) -> Value:
    if not isinstance(data, dict):
        return data
    return date.fromisoformat(data["d"]) if "d" in data else Fraction(data["n"], data["of"])


def _plain_figure(figure: Figure) -> list[Any]:
    return [figure.label, _plain(figure.value), figure.kind.value, figure.note]


def _figure(data: Sequence[Any]) -> Figure:
    label, value, kind, note = data
    return Figure(label=label, value=_value(value), kind=Kind(kind), note=note)


def digest(said: Mapping[str, Any]) -> str:
    """SHA-256 (hex) over canonical JSON."""
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# The code by which a stranger checks a paper -------------------------------------------------------------------------

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no letter that can be taken for a digit."""
CODE_LENGTH: Final = 20
_MISREAD: Final = str.maketrans("OIL", "011")


def code_of(random: bytes) -> str:
    """Twenty characters, so a hundred bits: nobody finds one by trying. Takes thirteen random bytes or more."""
    number = int.from_bytes(random)
    return "".join(ALPHABET[number >> 5 * place & 31] for place in range(CODE_LENGTH))


def read_code(typed: str) -> str:
    """A code as people type it: small letters, blanks and dashes, O for 0. Empty for what is none."""
    code = "".join(typed.upper().split()).replace("-", "").translate(_MISREAD)
    return code if len(code) == CODE_LENGTH and set(code) <= set(ALPHABET) else ""


def spaced_code(code: str) -> str:
    """In groups of five, as it stands on paper."""
    return "-".join(code[start : start + 5] for start in range(0, len(code), 5))
