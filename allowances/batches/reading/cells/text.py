"""What every cell has to go through first, and cells that are names or words."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from allowances.batches.reading.problems import CellProblem
from vouchers.common.errors import DomainError
from vouchers.privacy.rules import mask_account, mask_resident_number, parse_phone

_LONGEST_VALUE: Final = 60
_LONGEST_NAME: Final = 40
_LONGEST_TEXT: Final = 300
_LONGEST_SHOWN: Final = 100
_LONGEST_CELL: Final = 2_000  # blanks and all; what is longer is not looked at

_INVISIBLE: Final = dict.fromkeys(
    [*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F, 0xAD, *range(0x200B, 0x2010), 0x2060, 0xFEFF]
)
_APOSTROPHES: Final = "'‘’`"
_WRAPPED: Final = re.compile(r'=\s*"((?:[^"]|"")*)"')
_SPREADSHEET_ERROR: Final = re.compile(r"#(?:REF!|N/A|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!)")
_DASHES: Final = re.compile(r"[-‐-―−─\u1173]+")  # U+1173 is what NFKC makes of ㅡ
_EMPTY: Final = frozenset(["해당없음", "해당사항없음", "없음", "공란", "n/a", "null", "nan"])


def clean(cell: str, *, longest: int = _LONGEST_VALUE) -> str:
    """The text a person sees in the cell: NFKC (full-width forms, NBSP, decomposed Hangul), single blanks, no wrapping.

    Empty markers become "". Raises CellProblem for formulas, for what a spreadsheet writes in place of a value, and for
    more than ``longest`` characters.
    """
    if len(cell) > _LONGEST_CELL:
        raise CellProblem("too_long")
    text = " ".join(unicodedata.normalize("NFKC", cell).translate(_INVISIBLE).split())
    if text[:1] and text[0] in _APOSTROPHES:
        text = text[1:].strip()
    if text.startswith("="):
        text = _unwrapped(text)
    if text.startswith("#"):
        _refuse_spreadsheet_error(text)
    if len(text) > longest:
        raise CellProblem("too_long")
    return "" if is_empty_marker(text) else text


def _unwrapped(text: str) -> str:
    wrapped = _WRAPPED.fullmatch(text)
    if not wrapped:
        raise CellProblem("formula")
    return wrapped[1].replace('""', '"').strip()


def _refuse_spreadsheet_error(text: str) -> None:
    if not text.strip("#"):
        raise CellProblem("column_too_narrow")
    if _SPREADSHEET_ERROR.fullmatch(text.upper()):
        raise CellProblem("spreadsheet_error")


def is_empty_marker(text: str) -> bool:
    """Whether a text only says that there is nothing: -, 해당 없음, N/A."""
    return bool(_DASHES.fullmatch(text)) or text.replace(" ", "").lower() in _EMPTY


def exact_digits(text: str) -> str | None:
    """The integer behind 1.012345678E+09, or None where it is no such number.

    Raises CellProblem when the digits do not reach down to the ones: a spreadsheet has cut the rest off.
    """
    number = re.fullmatch(r"([0-9])(?:\.([0-9]+))?E\+?([0-9]{1,3})", text, re.IGNORECASE)
    if not number:
        return None
    whole, decimals, exponent = number[1], number[2] or "", int(number[3])
    if len(decimals) < exponent or decimals[exponent:].strip("0"):
        raise CellProblem("rounded")
    return whole + decimals[:exponent]


# --- Names ----------------------------------------------------------------------------------------------------------------

_HANJA_NOTE: Final = re.compile(r"\s*\([㐀-鿿豈-﫿\s]+\)$")
_MASKED_NAME: Final = re.compile(r"[*○◯●□◎〇]|[가-힣][OX0]+(?:[가-힣]|$)", re.IGNORECASE)
_SEVERAL: Final = re.compile(r"외\s?\d+\s?(?:명|인)|[가-힣]\s?[,/&;+]\s?[가-힣]")
_NAME: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|[ .'’·-])+")
_TOTALS: Final = frozenset(["소계", "합계", "총계", "누계", "총합계"])


def read_name(cell: str) -> str | None:
    """A name. Blanks inside a Hangul name go (홍 길 동), inside any other they stay single; case stays."""
    text = _HANJA_NOTE.sub("", clean(cell, longest=_LONGEST_NAME))
    if not text:
        return None
    if re.fullmatch(r"[가-힣 ]+", text):
        text = text.replace(" ", "")
    if _SEVERAL.search(text):
        raise CellProblem("name_of_several")
    if _MASKED_NAME.search(text):
        raise CellProblem("name_masked")
    text = re.sub(r"\s*,\s*", " ", text).strip()  # NGUYEN, VAN A
    if not _NAME.fullmatch(text) or text in _TOTALS:
        raise CellProblem("name_unreadable")
    return text


# --- 읍면동 ---------------------------------------------------------------------------------------------------------------

_OFFICE: Final = re.compile(r"\s*(?:행정복지센터|주민센터|동사무소|면사무소|읍사무소)$")
_DONG: Final = re.compile(r"[가-힣][가-힣0-9·]*[읍면동가리]|[0-9]{10}")


def read_dong(cell: str) -> str | None:
    """행신1동, 종로1·2·3·4가동, or the ten digits of its code; a longer address is cut to its 읍면동."""
    text = re.sub(r"\s*\([^()]*\)", "", clean(cell))
    if not text:
        return None
    text = re.sub(r"(?<=\d)[.,‧・\u119e](?=\d)", "·", _OFFICE.sub("", text))  # U+119E: ㆍ after NFKC
    words = [word for word in text.split() if _DONG.fullmatch(word)]
    words.sort(key=lambda word: word.endswith("리"), reverse=True)  # 리 is below 읍면: 상서면 봉오리 is 상서면
    found = words[-1] if words else text.replace(" ", "")
    if not _DONG.fullmatch(found):
        raise CellProblem("dong_unreadable")
    return found


# --- Free text, and what must not be seen in it -------------------------------------------------------------------------------

_BIRTH_DIGITS: Final = "[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_RESIDENT_NUMBER: Final = re.compile(rf"(?<![0-9]){_BIRTH_DIGITS}[-\s]{{0,3}}[0-9]{{7}}(?![0-9])")
_DASH: Final = r"-‐-―−\u1173\u3161"
_PARTED: Final = rf"[{_DASH} \u00a0\u3000./_~]{{0,3}}"  # anywhere in a number: 8501051 234567, 850105–1234567
_PARTED_RESIDENT_NUMBER: Final = re.compile(
    r"(?<![0-9])[0-9]@[0-9]@(?:0@[1-9]|1@[0-2])@(?:0@[1-9]|[12]@[0-9]|3@[01])@[1-8](?:@[0-9]){6}(?![0-9])".replace(
        "@", _PARTED
    )
)
_LONG_NUMBER: Final = re.compile(rf"(?<![0-9])[0-9](?:[{_DASH}]?[0-9]){{9,}}(?![0-9])")

may_hold_number = re.compile(
    rf"[0-9](?:[{_DASH}]?[0-9]){{9}}|[0-9]{{6}}[-\s]{{0,3}}[0-9]{{7}}|[0-9](?:{_PARTED}[0-9]){{12}}"
).search
"""Finds everything that hide_numbers would change, and some more; one search serves a whole column."""


def read_text(cell: str) -> str | None:
    """Words as they are, long numbers masked: a resident or account number in a note is stored nowhere."""
    return hide_numbers(clean(cell, longest=_LONGEST_TEXT)) or None


def hide_numbers(text: str) -> str:
    """Masks resident numbers and any number of ten digits or more that is not a telephone number."""
    for pattern in (_RESIDENT_NUMBER, _PARTED_RESIDENT_NUMBER):
        text = pattern.sub(lambda found: mask_resident_number(re.sub("[^0-9]", "", found[0])), text)
    return _LONG_NUMBER.sub(lambda found: _masked_unless_phone(found[0]), text)


def _masked_unless_phone(number: str) -> str:
    try:
        parse_phone(number)
    except DomainError:
        return mask_account(number)
    return number


def shown(cell: str) -> str:
    """The cell as a problem shows it: one line, short, long numbers masked."""
    text = " ".join(cell[: _LONGEST_SHOWN * 2].replace("\0", "").split())
    return hide_numbers(unicodedata.normalize("NFKC", text))[:_LONGEST_SHOWN]
