"""A report on paper: always in Korean, PDF/A-3a with the workbook enclosed when it is issued.

The same content under the same heading gives the same bytes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.template.loader import render_to_string

from reports.documents import pdf
from reports.documents.head import UNSIGNED, ApprovalBox, head
from reports.documents.register import spaced
from reports.documents.rules import WHOLE_ROWS
from reports.statistics.rules import (
    NUMBERS,
    Column,
    Content,
    Figure,
    Kind,
    Style,
    Table,
    Value,
    as_text,
    part_column,
    spaced_code,
)
from vouchers.common.korean import document_amount, document_date, document_period
from vouchers.common.seoul import business_date

TEMPLATE: Final = "reports/statistics/paper.html"
UPRIGHT: Final = 7
"""Columns for which a sheet is wide enough upright."""
MOST_ROWS: Final = WHOLE_ROWS
"""Rows of a table that stand on paper; a longer one is in the enclosed workbook, and paper has its total."""
_MOST_TEXT: Final = 22
"""Letters up to which a column of names grows with them; a longer name takes two lines, a number never does."""
_PADDING: Final = 3
_UNITS: Final = {Kind.WON: "원", Kind.COUNT: "건·개", Kind.PERCENT: "%"}
_CLASSES: Final = {Kind.TEXT: "text", Kind.DATE: "", Kind.MONTH: ""}


@dataclass(frozen=True, kw_only=True)
class Heading:
    """What stands around the figures. Without ``number`` and ``code`` it is a copy to look at, not an issued paper."""

    title: str
    municipality: str
    issuer: str
    first_day: date
    last_day: date
    described: str
    official: str
    at: datetime
    number: str = ""
    replaces: str = ""
    code: str = ""
    verify_at: str = ""

    @property
    def period(self) -> str:
        """2026. 11. 1. ~ 2026. 11. 30."""
        return document_period(self.first_day, self.last_day)


def render(content: Content, heading: Heading, *, digest: str = "", enclosed: pdf.Enclosed | None = None) -> bytes:
    """The PDF."""
    return pdf.render(
        html(content, heading, digest=digest), archive=True, enclosed=[enclosed] if enclosed else []
    )  # fmt: skip


def html(content: Content, heading: Heading, *, digest: str = "") -> str:
    """The whole document."""
    shown = [_shown(table) for table in content.tables]
    issued_on = business_date(heading.at)
    first, *others = UNSIGNED
    drafted = ApprovalBox(role=first.role, name=heading.official, signed_on=issued_on)
    unsigned = [drafted, *others] if heading.code else UNSIGNED
    return render_to_string(
        TEMPLATE,
        {
            "heading": heading, "number": heading.number or "열람용(발급 전)", "period": heading.period,
            "issued_on": document_date(issued_on), "created": heading.at.isoformat(timespec="seconds"),
            "code": spaced_code(heading.code), "digest": spaced(digest), "tables": shown, "notes": content.notes,
            "facts": content.facts, "closing": content.closing,
            "control": in_words(content.control), "control_label": content.control.label,
            "wide": any(len(table["labels"]) > UPRIGHT for table in shown),
            "head": head(
                title=heading.title, subtitle=heading.municipality,
                boxes=[ApprovalBox(**vars(one)) for one in content.signatures] or unsigned,
            ),
        },
    )  # fmt: skip


def in_words(figure: Figure) -> str:
    """Won in digits and words, other figures in digits."""
    if figure.kind == Kind.WON and isinstance(figure.value, int):
        return document_amount(figure.value)
    return as_text(figure.value, figure.kind, minus="△")


def _shown(table: Table) -> dict[str, Any]:
    places = [place for place, column in enumerate(table.columns) if column.on_paper]
    columns = [table.columns[place] for place in places]
    units = dict.fromkeys(_UNITS[column.kind] for column in columns[1:] if column.kind in _UNITS)
    rows: list[dict[str, Any]] = [
        {"style": row.style, "cells": list(_cells(columns, [row.values[place] for place in places], row.style))}
        for row in (table.rows if len(table.rows) <= MOST_ROWS else ())
    ]
    total = list(_cells(columns, [table.total[place] for place in places])) if table.total else None
    told = [row["cells"] for row in rows] + ([total] if total else [])
    shares = [_share(column, [cells[place]["text"] for cells in told]) for place, column in enumerate(columns)]
    return {
        "title": table.title, "note": table.note, "labels": [column.label for column in columns],
        "widths": [f"{share * 100 / sum(shares):.2f}" for share in shares], "unit": ", ".join(units) or "-",
        "rows": rows, "left_out": len(table.rows) if len(table.rows) > MOST_ROWS else 0, "total": total,
    }  # fmt: skip


def _share(column: Column, texts: list[str]) -> int:
    """How wide a column is beside the others: as its longest text; its label may take two lines."""
    longest = max((_letters(text) for text in texts), default=0)
    longest = min(longest, _MOST_TEXT) if column.kind == Kind.TEXT else longest
    return max(longest, -(-_letters(str(column.label)) // 2)) + _PADDING


def _letters(text: str) -> int:
    """Its width in digits; Hangul is twice as wide."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _cells(columns: list[Column], values: list[Value], style: Style = Style.LINE) -> Iterator[dict[str, str]]:
    inward = part_column(columns) if style == Style.PART else None
    for column, value in zip(columns, values, strict=True):
        kind = "money" if column.kind in NUMBERS else _CLASSES[column.kind]
        if column is inward:
            kind = "text part"
        yield {"text": as_text(value, column.kind, minus="△"), "kind": kind}
