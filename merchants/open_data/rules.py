"""What is published, and how: the columns of 전국지역화폐가맹점표준데이터 and its CP949 files, and which figures of the usage
statistics must be suppressed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush
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


# Statistics --------------------------------------------------------------------------------------------------------

TOTAL: Final = "*"
"""In the place of a neighbourhood or of a group of people: all of them."""
FEMALE_MALE: Final = {"male": "M", "female": "F"}

Key = tuple[str, str]
"""A neighbourhood and a group of people, each of which may be `TOTAL`."""
Groups = tuple[int, ...]
"""How many people stand behind each published figure of a cell: all, those who paid by card, those who did not."""


def suppressed(cells: Mapping[Key, Groups], *, fewest: int) -> set[Key]:
    """The cells of a table with its totals that must not be shown, so that nothing is told of fewer than ``fewest`` people.

    First every cell behind which 1 to fewest − 1 people stand, for any of its figures. Then others that keep them from
    being worked out, the smallest first and totals last:

    * What of a line is hidden is known as its total less what is shown: together, too, it must be enough people.
    * A figure follows from the others exactly when its cell is a bridge in the graph whose vertices are the lines and
      whose edges are the hidden cells; so every hidden cell must lie on a cycle.

    In a neighbourhood groups are disjoint; the same people may pay in several neighbourhoods, so there the largest counts.
    """
    hidden = {key for key, groups in cells.items() if _too_few(groups, fewest)}
    while more := (_for_thin_lines(cells, hidden, fewest) or _for_bridges(cells, hidden)):
        hidden |= more
    return hidden


def _too_few(groups: Iterable[int], fewest: int) -> bool:
    return any(0 < people < fewest for people in groups)


def _for_thin_lines(cells: Mapping[Key, Groups], hidden: set[Key], fewest: int) -> set[Key]:
    for place, together in ((0, sum), (1, max)):
        for line in sorted({key[place] for key in hidden}):
            total = (line, TOTAL) if place == 0 else (TOTAL, line)
            inside = [key for key in cells if key[place] == line and key != total]
            thin = [cells[key] for key in inside if key in hidden]
            if thin and total not in hidden and _too_few(map(together, zip(*thin, strict=True)), fewest):
                return {min((key for key in [*inside, total] if key not in hidden), key=lambda key: _cost(cells, key))}
    return set()


def _for_bridges(cells: Mapping[Key, Groups], hidden: set[Key]) -> set[Key]:
    """What closes the cheapest cycle through a cell that can be worked out; nothing when there is none."""
    for bridge in sorted(hidden):
        around = _way_around(cells, hidden, bridge)
        if more := around - hidden:
            return more
    return set()


def _way_around(cells: Mapping[Key, Groups], hidden: set[Key], bridge: Key) -> set[Key]:
    """The cells of the cheapest way from one line of a cell to the other without it; hidden ones cost nothing.

    There always is one: over the totals of both lines and the grand total."""
    start, end = ("row", bridge[0]), ("column", bridge[1])
    queue: list[tuple[int, int, tuple[str, str], frozenset[Key]]] = [(0, 0, start, frozenset())]
    seen, counter = set(), 0
    while queue:
        cost, _tie, vertex, way = heappop(queue)
        if vertex == end:
            return set(way)
        if vertex in seen:
            continue
        seen.add(vertex)
        place = 0 if vertex[0] == "row" else 1
        for key in sorted(cells):
            if key[place] == vertex[1] and key != bridge:
                other = ("column", key[1]) if place == 0 else ("row", key[0])
                counter += 1
                heappush(queue, (cost + (0 if key in hidden else _cost(cells, key)), counter, other, way | {key}))
    return set()


def _cost(cells: Mapping[Key, Groups], key: Key) -> int:
    """People who would be hidden besides; a total costs more than any cell."""
    whole = cells.get((TOTAL, TOTAL), (0,))[0] + 1
    return cells[key][0] + 1 + whole * len(cells) * key.count(TOTAL)
