"""전국지역화폐가맹점표준데이터: its columns in their order, and how a value is written into a CP949 file for Excel."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

ENCODING: Final = "cp949"
UNWRITABLE: Final = "?"
_LOOKALIKES: Final = str.maketrans(
    {"\u00a0": " ", "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "―", "\u2212": "-",
     "\u2022": "·", "\u2027": "·", "\u22c5": "·", "\u30fb": "·", "\u318d": "·", "\u00b4": "'", "\u2032": "'"}
)  # fmt: skip
_FORMULA: Final = str.maketrans({"=": "＝", "+": "＋", "-": "－", "@": "＠"})


class Column(NamedTuple):
    """A column of the standard: its name in the table, its title in files, and its key in JSON and XML."""

    name: str
    title: str
    key: str


COLUMNS: Final = (
    Column("AFFILIATE_NM", "가맹점명", "affiliateNm"),
    Column("LOCAL_BILL", "사용가능지역화폐", "localBill"),
    Column("CTPV_NM", "시도명", "ctpvNm"),
    Column("SGG_NM", "시군구명", "sggNm"),
    Column("LCTN_ROAD_NM_ADDR", "소재지도로명주소", "lctnRoadNmAddr"),
    Column("LCTN_LOTNO_ADDR", "소재지지번주소", "lctnLotnoAddr"),
    Column("SECTOR_NM", "업종명", "sectorNm"),
    Column("MAIN_PRD", "주요상품", "mainPrd"),
    Column("TELNO", "전화번호", "telno"),
    Column("CRTR_YMD", "데이터기준일자", "crtrYmd"),
    Column("INSTT_CODE", "제공기관코드", "insttCode"),
    Column("INSTT_NM", "제공기관명", "insttNm"),
)
"""In the order of the standard; the last two are appended by the server (data.go.kr 15100062)."""


class Span(NamedTuple):
    """Rows ``first`` to ``last`` of the release at ``release``."""

    release: int
    first: int
    last: int


def spans(counts: Sequence[int], *, page: int, size: int) -> list[Span]:
    """Where the rows of a page stand, when releases of so many rows each are read one after the other."""
    start, end = (page - 1) * size, page * size
    found, before = [], 0
    for index, rows in enumerate(counts):
        first, last = max(start - before, 0) + 1, min(end - before, rows)
        if first <= last:
            found.append(Span(index, first, last))
        before += rows
    return found


def writable(text: str) -> str:
    """The text with what CP949 lacks replaced: by its look-alike, by its letter without accents, or by '?'."""
    try:
        text.encode(ENCODING)
    except UnicodeEncodeError:
        return "".join(_written(character) for character in unicodedata.normalize("NFC", text))
    return text


def _written(character: str) -> str:
    for candidate in (character, character.translate(_LOOKALIKES), unicodedata.normalize("NFKD", character)):
        kept = "".join(one for one in candidate if not unicodedata.combining(one))
        try:
            kept.encode(ENCODING)
        except UnicodeEncodeError:
            continue
        return kept
    return UNWRITABLE


def lacking(text: str) -> str:
    """The characters of the text that CP949 lacks, each once."""
    return "".join(dict.fromkeys(one for one in text if writable(one) != one))


def guarded(text: str) -> str:
    """The text as no spreadsheet takes for a formula: a sign at its beginning is written in its full width.

    The full-width form is the same character to Unicode (NFKC) and to a reader, so what the value says does not change.
    """
    return text[:1].translate(_FORMULA) + text[1:]


def csv_line(values: Sequence[str]) -> str:
    """One line (RFC 4180), ending in CR LF."""
    return ",".join(_quoted(guarded(value)) for value in values) + "\r\n"


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if any(sign in value for sign in '",\r\n') else value
