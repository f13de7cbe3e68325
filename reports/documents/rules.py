"""Names that papers use."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

BANKS: Final[dict[str, str]] = {
    "002": "산업은행", "003": "기업은행", "004": "국민은행", "007": "수협은행", "011": "농협은행", "012": "지역농축협",
    "020": "우리은행", "023": "SC제일은행", "027": "한국씨티은행", "031": "아이엠뱅크", "032": "부산은행", "034": "광주은행",
    "035": "제주은행", "037": "전북은행", "039": "경남은행", "045": "새마을금고", "048": "신협", "050": "저축은행",
    "064": "산림조합", "071": "우체국", "081": "하나은행", "088": "신한은행", "089": "케이뱅크", "090": "카카오뱅크",
    "092": "토스뱅크",
}  # fmt: skip
"""Banks by the three-digit code of the interbank network (금융결제원)."""

_HEADS = {"도": "지사", "군": "수", "구": "청장"}


def bank_name(code: str) -> str:
    """The bank's name, or the code itself where it is not known here."""
    return BANKS.get(code, code)


def head_of(municipality: str) -> str:
    """In whose name a municipality's papers go out: 고양시장, 양평군수, 해운대구청장, 경기도지사."""
    return municipality + _HEADS.get(municipality[-1:], "장")


DIRECT_ROWS: Final = 100
"""Recipients of a register that is printed while the page waits: under two seconds also on a busy machine."""
WHOLE_ROWS: Final = 3_000
"""Recipients of a register that stands on one paper, of about seventy pages; above it, paper sums up by 읍면동 and the rows
are a workbook. Ten thousand rows would take the worker 850 MiB of layout, three thousand a third of that."""


class RegisterForm(StrEnum):
    """How the register of a list of some length is made."""

    DIRECT = "direct"
    WHOLE = "whole"
    SUMMARY = "summary"


def register_form(rows: int) -> RegisterForm:
    """By the number of recipients."""
    if rows <= DIRECT_ROWS:
        return RegisterForm.DIRECT
    return RegisterForm.WHOLE if rows <= WHOLE_ROWS else RegisterForm.SUMMARY
