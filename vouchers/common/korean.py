"""How Korean public offices write amounts, dates and times.

After 행정업무의 운영 및 혁신에 관한 규정 제7조 (numbers, dates, times), its 시행규칙 제2조 (amounts) and the accounting
rules of local governments (재무회계규칙). These write the 일 before every 십·백·천, so that no figure can be put there
later: 금113,560원(금일십일만삼천오백육십원), 일금 일백이십만원정.
"""

from __future__ import annotations

from datetime import date, datetime

from vouchers.common.seoul import SEOUL, aware

LARGEST_AMOUNT = 10**16
"""One 경 won, the largest amount that can be put in words; Korea's yearly budget is about a fifteenth of it."""

_DIGITS = "영일이삼사오육칠팔구"
_PLACES = ("", "십", "백", "천")
_MYRIADS = ("", "만", "억", "조", "경")


def grouped(number: int, *, minus: str = "-") -> str:
    """Digits in groups of three. Accounting papers write a negative number with ``minus="△"``."""
    return f"{minus if number < 0 else ''}{abs(number):,}"


def amount_in_words(amount: int) -> str:
    """The number without a unit, each 일 written: 113560 is 일십일만삼천오백육십, 0 is 영.

    Raises ValueError outside 0 … 10^16, so that a wrong paper is never printed.
    """
    if not 0 <= amount <= LARGEST_AMOUNT:
        raise ValueError(f"no words for {amount}: outside 0 … 10^16")
    if amount == 0:
        return _DIGITS[0]
    groups: list[str] = []
    for myriad in _MYRIADS:
        amount, group = divmod(amount, 10_000)
        groups.append(_four_digits(group) + myriad if group else "")
    return "".join(reversed(groups))


def _four_digits(number: int) -> str:
    digits = f"{number:04d}"
    return "".join(
        _DIGITS[int(digit)] + place
        for digit, place in zip(digits, reversed(_PLACES), strict=True)
        if digit != "0"
    )  # fmt: skip


def document_amount(amount: int) -> str:
    """The style of official documents: 금234,580원(금이십삼만사천오백팔십원); a negative amount carries △."""
    minus = "△" if amount < 0 else ""
    return f"금{grouped(amount, minus='△')}원(금{minus}{amount_in_words(abs(amount))}원)"


def accounting_amount(amount: int) -> str:
    """The style of vouchers, receipts and contracts: 일금 일백이십만원정. Such a paper has no negative amount."""
    return f"일금 {amount_in_words(amount)}원정"


def document_date(day: date) -> str:
    """2022. 11. 14. without padding; a datetime is told by its day in Seoul."""
    if isinstance(day, datetime):
        day = aware(day).astimezone(SEOUL).date()
    return f"{day.year}. {day.month}. {day.day}."


def document_time(at: datetime) -> str:
    """08:10, twenty-four hours, in Seoul."""
    return f"{aware(at).astimezone(SEOUL):%H:%M}"


def document_datetime(at: datetime) -> str:
    """2022. 11. 14. 08:10, in Seoul."""
    return f"{document_date(at)} {document_time(at)}"


def document_period(first: date, last: date) -> str:
    """2022. 11. 1. ~ 2022. 11. 14., or the one day."""
    if first == last:
        return document_date(first)
    return f"{document_date(first)} ~ {document_date(last)}"
