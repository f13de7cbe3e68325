"""Rows that are no person: blanks, totals, repeated headers and titles, what stands under the table.

Asked only about rows that cannot be read as a person, and answered for few: a row that is not clearly one of these is
reported to the official, because a person left out in silence is worse than a question too many.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, Literal

from allowances.batches.reading.columns import Layout, compact_row

Kind = Literal["blank", "total", "header", "title", "footer", "example"]

_COUNT: Final = r"(?:[(:]*[\d,]+(?:명|건|인|원)?\)?)?"
_TOTAL: Final = re.compile(rf"(?:.{{0,15}}(?:소계|합계|총계|누계)|(?:총|월|동)?계|total|subtotal|grandtotal){_COUNT}")
_FOOTER: Final = re.compile(
    r"위와같이|상기와같이|이하(?:빈칸|여백)|끝\.?$|[-=]*끝[-=]*$|작성자|작성일|확인자|확인일|담당자|붙임|※|\*|주\)|주\d?:"
)
_DIGITS_ONLY_COUNT: Final = re.compile(r"[\d,]+(?:명|건|인)?|[-–—]*")
_NAME: Final = re.compile(r"[^\W\d_]{2,}")
_IDENTITY: Final = ("birth_date", "resident_number", "phone")
_LONGEST_ROW: Final = 400
_FEW_CELLS: Final = 2
_EXAMPLE: Final = "예시"  # in number and name of the template's example row


def kind_of(cells: Sequence[str], layout: Layout, *, below_footer: bool = False) -> Kind | None:
    """Why a row is skipped, or None for a row that may be a person.

    Below a footer line (위와 같이 지급하고자 합니다) the date and the signatures follow, one or two cells to a row.
    """
    if not any(cell.strip() for cell in cells):
        return "blank"
    texts = [_compact(cell) if cell else "" for cell in cells]
    filled = [text for text in texts if text]
    if sum((index, cell.strip()) in layout.header for index, cell in enumerate(cells)) >= 2:
        return "header"
    if compact_row(cells)[:_LONGEST_ROW] in layout.titles:
        return "title"
    if all(_cell(texts, layout, field).startswith(_EXAMPLE) for field in ("sequence", "name")):
        return "example"
    if _names_nobody(texts, layout) and any(map(_TOTAL.fullmatch, filled)):
        return "total"
    is_footer = any(map(_FOOTER.match, filled)) or (below_footer and len(filled) <= _FEW_CELLS)
    return "footer" if is_footer and not _tells_a_person(texts, layout) else None


def _compact(cell: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", cell[:_LONGEST_ROW])).casefold()


def _cell(texts: Sequence[str], layout: Layout, field: str) -> str:
    index = layout.columns.get(field, len(texts))
    return texts[index] if index < len(texts) else ""


def _names_nobody(texts: Sequence[str], layout: Layout) -> bool:
    """No name but a total's, and nothing but counts where a birth date or a telephone number would stand."""
    name = _cell(texts, layout, "name")
    return (not name or bool(_TOTAL.fullmatch(name) or _DIGITS_ONLY_COUNT.fullmatch(name))) and all(
        (len(text) < 6 and _DIGITS_ONLY_COUNT.fullmatch(text)) or _TOTAL.fullmatch(text)
        for text in (_cell(texts, layout, field) for field in _IDENTITY)
    )


def _tells_a_person(texts: Sequence[str], layout: Layout) -> bool:
    """A name beside anything else, or two of birth date, resident number, telephone number and amount."""
    name = _cell(texts, layout, "name")
    if _NAME.fullmatch(name) and not _FOOTER.match(name) and sum(map(bool, texts)) > 1:
        return True
    told = [_cell(texts, layout, field) for field in (*_IDENTITY, "amount")]
    return sum(bool(re.search(r"\d{3}", text)) for text in told) >= 2
