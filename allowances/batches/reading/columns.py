"""Where the header is, and which column is which.

Officials' tables begin with titles, units of money and approval boxes; headers are merged over two rows, broken over
lines and worded freely. Names are compared without blanks, punctuation and brackets. Of two columns for one field the
better worded one counts (휴대전화 before 연락처, 성명 before 신청인); two that are equally good are refused.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from typing import Any, Final

from allowances.batches.reading.errors import (
    ColumnAmbiguous,
    ColumnMissing,
    HeaderNotFound,
    ListUnreadable,
    UnitAmbiguous,
)
from allowances.batches.reading.fields import REQUIRED, Requirements
from allowances.eligibility.facts import Fact

Row = tuple[int, list[str]]
_Names = dict[str, dict[str, int]]

HEADER_WITHIN: Final = 30
_SHOWN_LABELS: Final = 30
_SHOWN_CHARS: Final = 20

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    # field: the usual names, then weaker ones that give way to them
    "sequence": ("연번 순번 일련번호 no 순", "번호"),
    "name": ("성명 이름 성함 name",),
    "birth_date": (
        """생년월일 생일 출생일 출생일자 출생연월일 생년월일6자리 주민등록번호앞자리 주민번호앞자리 주민등록번호앞6자리
        주민번호앞6자리 주민등록번호생년월일 birthdate dateofbirth birthday dob""",
    ),
    "resident_number": (
        "주민등록번호 주민번호 주민등록번호외국인등록번호 주민외국인등록번호 residentnumber",
        "외국인등록번호",
    ),
    "phone": (
        """휴대전화 휴대전화번호 휴대폰 휴대폰번호 핸드폰 핸드폰번호 이동전화 이동전화번호 휴대번호 hp 모바일 mobile phone
        phonenumber""",
        "연락처 전화번호 전화 연락전화번호 tel",
        "자택전화 자택전화번호 집전화 유선전화 일반전화",
    ),
    "dong": (
        "행정동 행정동명 읍면동 읍면동명 동명 거주동 거주읍면동 관할동 관할읍면동 행정읍면동 dong",
        "동",
        "법정동 법정동명",
    ),
    "address": ("주소 주소지 거주지 거주지주소 도로명주소 주민등록주소 주민등록지주소 현주소 address",),
    "amount": (
        "지급액 지급금액 지급예정액 지급예정금액 지급결정액 지급결정금액 지원금액 지원금 지원액 수당액 수당금액 결정액 amount",
        "금액",
    ),
    "bank": ("은행명 은행 금융기관 금융기관명 거래은행 입금은행 지급은행 계좌은행 bank",),
    "account_number": (
        "계좌번호 계좌 입금계좌 입금계좌번호 지급계좌 지급계좌번호 통장번호 통장계좌번호 accountnumber",
    ),
    "account_holder": ("예금주 예금주명 예금주성명 계좌주 계좌주명 accountholder",),
    "note": ("비고 적요 메모 참고 참고사항 특이사항 note remarks",),
}
_RECIPIENT: Final = "지급대상자 지급대상 대상자 대상 수급자 수혜자 수령자 수령인 본인"
_APPLICANT: Final = "신청인 신청자"
_APPLICANT_RANK: Final = 10  # 신청인's column counts only where no column of the recipient stands beside it
_HOLDER_RANK: Final = 20  # and 예금주 is the name only where there is no other


def _aliases() -> dict[str, dict[str, int]]:
    """Compact name -> {field: rank}, the lowest rank first. 예금주 alone can stand for two fields."""
    aliases: dict[str, dict[str, int]] = {}
    for field, groups in _NAMES.items():
        for rank, names in enumerate(groups):
            for name in names.split():
                aliases.setdefault(name, {})[field] = rank
    for person in (*_RECIPIENT.split(), *_APPLICANT.split()):
        bare = _APPLICANT_RANK if person in _APPLICANT.split() else 0
        for suffix in ("", "명") if person not in ("지급대상", "대상", "본인") else ():
            aliases[person + suffix] = {"name": bare}
    for name in _NAMES["account_holder"][0].split():
        aliases[name]["name"] = _HOLDER_RANK
    return aliases


_ALIASES: Final = _aliases()


def _with_extra(extra: Sequence[Fact]) -> dict[str, dict[str, int]]:
    """The aliases with those of further fields; a name that both use stands for either. A further name of a usual field
    (환수액, where 지급액 is what was paid once) counts before its own names."""
    aliases = {name: dict(fields) for name, fields in _ALIASES.items()} if extra else _ALIASES
    for field in extra:
        for rank, name in enumerate(field.aliases):
            if field.name in _NAMES:
                aliases[_compact(name)] = {field.name: -1}
                continue
            aliases.setdefault(_compact(name), {})[field.name] = rank
    return aliases


_PERSON: Final = re.compile(f"({'|'.join(_RECIPIENT.split())})|({'|'.join(_APPLICANT.split())})")
_WRITABLE: Final = frozenset(_NAMES)
_KEY_FIELDS: Final = ("name", "birth_date", "resident_number", "phone", "dong", "amount", "account_number")

UNITS: Final = {
    "억원": 100_000_000, "백만원": 1_000_000, "만원": 10_000, "천원": 1_000, "원": 1,
}  # fmt: skip
_UNIT: Final = "(억원|백만원|만원|천원|원)"
_UNIT_NOTE: Final = re.compile(rf"단위[^가-힣]*(?:[가-힣]{{1,3}}[,/·])*{_UNIT}")
_UNIT_IN_LABEL: Final = re.compile(rf"[(\[]\s*(?:단위)?[:\s]*{_UNIT}\s*[)\]]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where things stand in one file. ``unit`` is how many won a bare number in the amount column counts.

    ``header_row`` is the row number of the header, of its second line where it has two, and 0 where there is none;
    ``header_first`` that of its first line; ``width`` its number of cells. ``titles`` and ``header`` are the texts that
    come again where a table is printed on several pages. ``fingerprint`` is the same for every file with these labels.
    """

    header_row: int
    header_first: int
    fingerprint: str
    width: int
    columns: dict[str, int]
    labels: dict[str, str]
    ignored: tuple[str, ...]
    unit: int
    titles: frozenset[str]
    header: frozenset[tuple[int, str]]

    def summary(self) -> dict[str, Any]:
        """What an official wants confirmed, as JSON: which column was taken for what, and what was left aside."""
        return {
            "header_row": self.header_row,
            "header_first": self.header_first,
            "columns": self.labels,
            "positions": self.columns,
            "ignored": list(self.ignored),
            "unit": self.unit,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """What an official fixed about a file, or another file of the same form before; None is found out.

    ``header_row`` 0: there is no header. ``columns``: field -> column from 0, all others are left aside.
    """

    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_first: int | None = None
    header_row: int | None = None
    columns: dict[str, int] | None = None
    unit: int | None = None

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Mapping:
        """From ``as_json``, or from nothing."""
        return cls(**{name: stored[name] for name in cls.__slots__ if name in stored})

    def as_json(self) -> dict[str, Any]:
        """What is fixed."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What the first rows of a file look like. ``labels`` by column; ``problems`` keep it from being read as it is."""

    layout: Layout
    labels: tuple[str, ...]
    problems: tuple[ListUnreadable, ...]
    remembered: bool

    @property
    def is_sure_of_header(self) -> bool:
        """Whether the row taken for the header is one, and not just the likeliest of rows that may be people."""
        return not any(isinstance(problem, HeaderNotFound) for problem in self.problems)


def locate_columns(
    rows: Iterable[Row],
    *,
    required: Requirements = REQUIRED,
    extra: Sequence[Fact] = (),
    mapping: Mapping | None = None,
) -> tuple[Layout, Iterator[Row]]:
    """Find the header in the first rows; returns the layout and an iterator over all rows below the header.

    ``extra`` are further fields that this list may tell; ``mapping`` goes before what would be found. Raises
    HeaderNotFound, ColumnMissing, ColumnAmbiguous or UnitAmbiguous, naming what was found.
    """
    rows = iter(rows)
    head = list(islice(rows, HEADER_WITHIN))
    guess = guess_layout(head, required=required, extra=extra, mapping=mapping)
    if guess.problems:
        raise guess.problems[0]
    below = [row for row in head if row[0] > guess.layout.header_row]
    return guess.layout, chain(below, rows)


def guess_layout(
    head: Sequence[Row], *, required: Requirements = REQUIRED, extra: Sequence[Fact] = (), mapping: Mapping | None = None,
    remembered: Callable[[Sequence[str]], dict[str, dict[str, Any]]] | None = None,
) -> Guess:  # fmt: skip
    """The likeliest layout, with what is wrong with it.

    ``remembered`` is asked once for the mappings (``columns`` and ``unit``) of those fingerprints that are known.
    """
    mapping = mapping or Mapping()
    names = _with_extra(extra)
    problems: list[ListUnreadable] = []
    candidates = _candidates(head, names, mapping)
    known = remembered([fingerprint(labels) for _f, _l, labels in candidates]) if remembered and candidates else {}
    memory: dict[str, Any] = {}
    if known and mapping.columns is None:
        first, last, labels = next(item for item in candidates if fingerprint(item[2]) in known)
        memory = known[fingerprint(labels)]
    else:
        first, last, labels = _best(candidates, names)
        if mapping.header_row is None and known_labels(labels, names) < 2:
            problems.append(HeaderNotFound(rows=HEADER_WITHIN, seen=_seen(head)))
            first, last, labels = _likely(head)
    fixed = mapping.columns if mapping.columns is not None else memory.get("columns")
    if fixed is not None:
        columns = {
            field: index for field, index in fixed.items() if field in _WRITABLE or field in {f.name for f in extra}
        }
    else:
        columns = _assign(labels, names, problems)
    header_row = head[last][0] if last >= 0 else 0
    if not problems and (missing := _missing(columns, required)):
        found = [_shown(label) for label in labels if label.strip()][:_SHOWN_LABELS]
        problems.append(ColumnMissing(row_number=header_row, fields=missing, found=found))
    unit = mapping.unit or memory.get("unit") or _unit(head[: last + 1], labels, columns, problems)
    layout = Layout(
        header_row=header_row,
        header_first=head[first][0] if last >= 0 else 0,
        fingerprint=fingerprint(labels) if last >= 0 else "",
        width=max([*(index + 1 for index in columns.values()), *_widths(head, first, last)], default=0),
        columns=columns,
        labels={field: _shown(_at(labels, index)) for field, index in columns.items()},
        ignored=tuple(_shown(label) for index, label in enumerate(labels) if label and index not in columns.values())[
            :_SHOWN_LABELS
        ],
        unit=unit,
        header=frozenset(
            (index, cell.strip())
            for _number, cells in head[first : last + 1]
            for index, cell in enumerate(cells)
            if cell.strip()
        ),
        titles=frozenset(filter(None, (compact_row(cells) for _number, cells in head[:first]))),
    )
    return Guess(layout=layout, labels=tuple(labels), problems=tuple(problems), remembered=bool(memory))


def _widths(head: Sequence[Row], first: int, last: int) -> list[int]:
    return [len(cells) for _number, cells in (head[first : last + 1] if last >= 0 else head)]


def _at(labels: Sequence[str], index: int) -> str:
    return labels[index] if index < len(labels) else ""


def fingerprint(labels: Sequence[str]) -> str:
    """The same for headers that differ in blanks, punctuation and case only; order counts."""
    text = "\n".join(_compact(unicodedata.normalize("NFKC", label[:100])) for label in labels).rstrip("\n")
    return hashlib.sha256(text.encode()).hexdigest()


def compact_row(cells: Sequence[str]) -> str:
    """All text of a row without blanks, to compare titles that come again on each printed page."""
    return re.sub(r"\s", "", "".join(cells))


# --- Names of columns ---------------------------------------------------------------------------------------------------

_BRACKETED: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")


def _compact(label: str) -> str:
    return re.sub(r"[\W_]", "", label).casefold()


def _ranks(label: str, names: _Names = _ALIASES) -> dict[str, int]:
    """The fields that a label can stand for: 주민(등록)번호, 성명(신청인/대상자), 연락처/휴대전화, 대상자 성명, …"""
    label = unicodedata.normalize("NFKC", label[:100])
    for text in (_compact(label), _compact(_BRACKETED.sub("", label))):
        ranks = names.get(text) or _of_person(text, names)
        if ranks:
            return ranks
    parts = [names.get(_compact(part), {}) for part in label.split("/")]
    return max(parts, key=len) if all(parts) and len({tuple(part) for part in parts}) == 1 else {}


def _of_person(text: str, names: _Names) -> dict[str, int]:
    person = _PERSON.match(text)
    ranks = names.get(text[person.end() :], {}) if person else {}
    return {field: rank + (_APPLICANT_RANK if person and person[2] else 0) for field, rank in ranks.items()}


def known_labels(cells: Sequence[str], names: _Names = _ALIASES) -> int:
    """How many different fields a row of cells would name."""
    return len({next(iter(ranks)) for ranks in (_ranks(cell, names) for cell in cells) if ranks})


# --- The header row -----------------------------------------------------------------------------------------------------


_Candidate = tuple[int, int, list[str]]


def _candidates(head: Sequence[Row], names: _Names, mapping: Mapping) -> list[_Candidate]:
    """(index of its first row, of its last, labels) of every row, and pair of rows, that can be the header."""
    if mapping.header_row == 0:
        return [(0, -1, [""] * max((len(cells) for _number, cells in head), default=0))]
    rows = [cells for _number, cells in head]
    pairs = [
        (index, index + 1, _merged(upper, lower, names))
        for index, (upper, lower) in enumerate(pairwise(rows))
        if mapping.header_row is not None or _is_second_line(lower, names)
    ]
    candidates = [(index, index, list(cells)) for index, cells in enumerate(rows)] + pairs
    if mapping.header_row is None:
        return candidates
    first = mapping.header_first if mapping.header_first is not None else mapping.header_row
    fixed = [item for item in candidates if head[item[1]][0] == mapping.header_row]
    return [item for item in fixed if head[item[0]][0] == first] or fixed[:1]


def _best(candidates: Sequence[_Candidate], names: _Names) -> _Candidate:
    """The one that names the most fields; the first of equals."""
    return max(candidates, key=lambda candidate: known_labels(candidate[2], names), default=(0, -1, []))


def _likely(head: Sequence[Row]) -> _Candidate:
    """What an official may mean by a header that names nothing known: the first of the fullest rows without digits."""
    wordy = [
        (index, index, list(cells))
        for index, (_number, cells) in enumerate(head)
        if sum(map(bool, cells)) > 1 and not any(re.search(r"\d", cell) for cell in cells)
    ]
    nothing = (0, -1, [""] * max((len(cells) for _number, cells in head), default=0))
    return max(wordy, key=lambda candidate: sum(map(bool, candidate[2])), default=nothing)


def _is_second_line(cells: Sequence[str], names: _Names) -> bool:
    return known_labels(cells, names) > 0 and not any(re.search(r"\d{4}", cell) for cell in cells)


def _merged(upper: Sequence[str], lower: Sequence[str], names: _Names) -> list[str]:
    """Labels of a header over two rows, where a merged upper cell stands over several columns."""
    labels: list[str] = []
    above = ""
    for index in range(max(len(upper), len(lower))):
        over = upper[index].strip() if index < len(upper) else ""
        under = lower[index].strip() if index < len(lower) else ""
        above = over or (above if under else "")
        labels.append(_best_label(over, under, above, names))
    return labels


def _best_label(over: str, under: str, above: str, names: _Names) -> str:
    candidates = (f"{above} {under}", under, over) if under else (over,)
    return next((label for label in candidates if _ranks(label, names)), candidates[0].strip())


def _seen(head: Sequence[Row]) -> str:
    fullest = max((cells for _number, cells in head), key=lambda cells: sum(map(bool, cells)), default=[])
    shown = ", ".join(_shown(cell) for cell in fullest[:_SHOWN_LABELS] if cell.strip())
    return re.sub(r"\d", "#", shown) or "-"  # without a header this is somebody's data


def _shown(label: str) -> str:
    return " ".join(label.split())[:_SHOWN_CHARS]


def _assign(labels: Sequence[str], names: _Names, problems: list[ListUnreadable]) -> dict[str, int]:
    """Field -> column. A key field that two columns claim equally is nobody's, which is a problem."""
    claims: dict[str, list[tuple[int, int]]] = {}
    apartment = any(_compact(label) in ("호", "호수") for label in labels)  # then 동 is a building, not a 행정동
    for index, label in enumerate(labels):
        for field, rank in _ranks(label, names).items():
            if not (apartment and _compact(label) == "동"):
                claims.setdefault(field, []).append((rank, index))
    columns = {field: min(claim)[1] for field, claim in claims.items()}
    for field in [field for field in _KEY_FIELDS if field in claims]:
        equals = [_where(index, labels[index]) for rank, index in claims[field] if rank == min(claims[field])[0]]
        if len(equals) > 1:
            problems.append(ColumnAmbiguous(field=field, found=equals))
            del columns[field]
    if columns.get("name") == columns.get("account_holder"):
        columns.pop("account_holder", None)  # 예금주 is the only name there is
    return columns


def _missing(columns: dict[str, int], required: Requirements) -> list[list[str]]:
    return [list(bracket) for bracket in required if not any(field in columns for field in bracket)]


def _where(index: int, label: str) -> str:
    """C ‘성명’: the letters over the column in Excel, and its name."""
    letters = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, 26)
        letters = chr(65 + letter) + letters
    return f"{letters} ‘{_shown(label)}’"


# --- Unit of money ------------------------------------------------------------------------------------------------------


def _unit(head: Sequence[Row], labels: Sequence[str], columns: dict[str, int], problems: list[ListUnreadable]) -> int:
    """The unit in the amount's own label, else the one noted above the table, else won."""
    label = unicodedata.normalize("NFKC", _at(labels, columns["amount"])) if "amount" in columns else ""
    found = _UNIT_IN_LABEL.findall(label)
    if not found:
        texts = (unicodedata.normalize("NFKC", ",".join(cells)[:1000]) for _number, cells in head)
        found = [unit for text in texts for unit in _UNIT_NOTE.findall(re.sub(r"\s", "", text))]
    if len(set(found)) > 1:
        problems.append(UnitAmbiguous(found=sorted(set(found))))
        return 1
    return UNITS[found[0]] if found else 1
