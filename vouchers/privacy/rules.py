"""What personal data looks like: masks for every screen, paper and log, and the numbers that carry checks.

One rule per kind of data, used everywhere, because two different masks of one value put together give it away. Masks
never raise: what is not understood is hidden whole. Readers raise `Unreadable`, whose text never repeats the value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from django.utils.translation import gettext_lazy as _

from vouchers.common.errors import DomainError

HIDDEN = "***"
RESIDENT_NUMBER_DIGITS = 13
BUSINESS_NUMBER_DIGITS = 10
CORPORATE_NUMBER_DIGITS = 13
SHORTEST_SHOWN_ACCOUNT = 8


class Unreadable(DomainError):
    """A number is not of the form that its kind has."""

    code = "number_unreadable"
    status = 422
    message = _("번호의 형식이 올바르지 않습니다.")


class ResidentNumberUnreadable(Unreadable):
    """Not 13 digits, or its first seven digits are no birth date. A wrong check digit does not raise this."""

    code = "resident_number_unreadable"
    message = _("주민등록번호 형식이 올바르지 않습니다. 앞 6자리(생년월일)와 뒤 7자리를 확인하십시오.")


class BusinessNumberInvalid(Unreadable):
    """Not ten digits, or the check digit does not fit."""

    code = "business_number_invalid"
    message = _("사업자등록번호가 올바르지 않습니다. 숫자 10자리를 확인하십시오.")


class CorporateNumberUnreadable(Unreadable):
    """Not 13 digits. A wrong check digit does not raise this."""

    code = "corporate_number_unreadable"
    message = _("법인등록번호 형식이 올바르지 않습니다. 숫자 13자리를 확인하십시오.")


class PhoneUnreadable(Unreadable):
    """Not a Korean telephone number."""

    code = "phone_unreadable"
    message = _("전화번호 형식이 올바르지 않습니다. 예: 010-1234-5678")


# Masks

_LONG_FAMILY_NAMES = frozenset(
    ["강전", "남궁", "독고", "동방", "망절", "사공", "서문", "선우", "소봉", "어금", "장곡", "제갈", "황보"]
)
_SHORT_PROVINCE = re.compile("서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주")
_AREA = re.compile(r"[^\d\W][\w·.]*(?:도|시|군|구|읍|면|동|리|가|로|길)|\d+번?길|\d+가")


def mask_name(name: str) -> str:
    """김*용, 김*, 남궁**; of a name in Latin letters up to four letters stay (NGUY** *** *)."""
    name = name.strip()
    if not name:
        return ""
    if name.isascii():
        return _stars_after(name, min(4, len(name) // 2))
    if not name[2:]:
        return name[0] + "*"
    if name[:2] in _LONG_FAMILY_NAMES:
        return _stars_after(name, 2)
    return name[0] + "*" * (len(name) - 2) + name[-1]


def _stars_after(text: str, shown: int) -> str:
    return text[:shown] + re.sub(r"\S", "*", text[shown:])


def mask_resident_number(number: str) -> str:
    """711231-*******: the birth date stays, sex and the rest do not."""
    digits = digits_of(number)
    return f"{digits[:6]}-*******" if len(digits) == RESIDENT_NUMBER_DIGITS else _hide(number)


def mask_birth_date(birth_date: date | None) -> str:
    """1985-**-**: the year is enough to see whether an age rule can fit."""
    return f"{birth_date.year:04d}-**-**" if birth_date else ""


def mask_phone(number: str) -> str:
    """010-****-5678, 02-***-4567, 1588-****."""
    try:
        parts = format_phone(parse_phone(number)).split("-")
    except PhoneUnreadable:
        return _hide(number)
    parts[1] = "*" * len(parts[1])
    return "-".join(parts)


def mask_account(number: str) -> str:
    """Only the last four digits stay, and none of a number under eight digits; dashes keep their places."""
    number = number.strip()
    count = sum(character.isdigit() for character in number)
    if count < SHORTEST_SHOWN_ACCOUNT:
        return _hide(number)
    return re.sub(r"\d(?=(?:\D*\d){4})", "*", number)


def mask_email(address: str) -> str:
    """ab***@example.com; the number of stars tells nothing about the length."""
    local, at, domain = address.strip().rpartition("@")
    if not at or not local:
        return _hide(address)
    return f"{local[: min(2, len(local) // 2)]}***@{domain}"


def mask_address(address: str) -> str:
    """Down to 읍·면·동·리 or the road name; lot, building, floor and room become one ***."""
    words = address.replace(",", " ").split()
    shown = 0
    while shown < len(words) and (
        _AREA.fullmatch(words[shown]) or (shown == 0 and _SHORT_PROVINCE.fullmatch(words[0]))
    ):
        shown += 1
    return " ".join([*words[:shown], HIDDEN] if shown < len(words) else words)


def _hide(text: str) -> str:
    return HIDDEN if text.strip() else ""


# Digits


# With hyphens and dashes of every length, the minus sign, the zero-width space and the byte-order mark.
_SEPARATORS = re.compile("[\\s.\\-\u2010-\u2015\u2212\u200b\ufeff]")


def digits_of(text: str) -> str:
    """The digits of a number as people type it: full-width digits, spaces, dots and any dash are understood.

    Empty when anything else stands in it, so that letters and masked numbers never turn into other numbers.
    """
    text = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
    return text if text.isascii() and text.isdigit() else ""


def _weighted_sum(digits: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


# 주민등록번호

_CENTURY = {"9": 1800, "0": 1800, "1": 1900, "2": 1900, "3": 2000, "4": 2000}
_CENTURY |= {"5": 1900, "6": 1900, "7": 2000, "8": 2000}  # foreigners
_RESIDENT_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


@dataclass(frozen=True, kw_only=True)
class ResidentNumber:
    """A resident or alien registration number, read.

    ``check_fits`` False is worth a warning, never a refusal: numbers given or changed since 2020-10-05 end in six
    random digits, and people of any age can hold one.
    """

    digits: str = field(repr=False)
    birth_date: date = field(repr=False)
    sex: Literal["M", "F"]
    foreigner: bool
    check_fits: bool

    def __str__(self) -> str:
        return mask_resident_number(self.digits)


def parse_resident_number(text: str) -> ResidentNumber:
    """Read YYMMDD-GNNNNNN. Raises ResidentNumberUnreadable; a century is told by G alone."""
    digits = digits_of(text)
    if len(digits) != RESIDENT_NUMBER_DIGITS:
        raise ResidentNumberUnreadable
    try:
        birth_date = date(_CENTURY[digits[6]] + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        raise ResidentNumberUnreadable from None
    foreigner = digits[6] in "5678"
    return ResidentNumber(
        digits=digits,
        birth_date=birth_date,
        sex="M" if int(digits[6]) % 2 else "F",
        foreigner=foreigner,
        check_fits=int(digits[12]) == _resident_check_digit(digits, foreigner=foreigner),
    )


def _resident_check_digit(digits: str, *, foreigner: bool) -> int:
    return ((13 if foreigner else 11) - _weighted_sum(digits, _RESIDENT_WEIGHTS) % 11) % 10


# 사업자등록번호, 법인등록번호

_BUSINESS_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)
_CORPORATE_WEIGHTS = (1, 2) * 6


def parse_business_number(text: str) -> str:
    """The ten digits of a business registration number. Raises BusinessNumberInvalid, also for a wrong check digit."""
    digits = digits_of(text)
    if len(digits) != BUSINESS_NUMBER_DIGITS or int(digits[9]) != _business_check_digit(digits):
        raise BusinessNumberInvalid
    return digits


def _business_check_digit(digits: str) -> int:
    return -(_weighted_sum(digits, _BUSINESS_WEIGHTS) + int(digits[8]) * 5 // 10) % 10


def format_business_number(digits: str) -> str:
    """124-81-00998."""
    return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"


def parse_corporate_number(text: str) -> str:
    """The thirteen digits of a corporate registration number; raises CorporateNumberUnreadable for another form."""
    digits = digits_of(text)
    if len(digits) != CORPORATE_NUMBER_DIGITS:
        raise CorporateNumberUnreadable
    return digits


def corporate_check_fits(digits: str) -> bool:
    """Whether the check digit fits; only a warning, because numbers given since 2025-01-31 have none."""
    return int(digits[12]) == -_weighted_sum(digits, _CORPORATE_WEIGHTS) % 10


def format_corporate_number(digits: str) -> str:
    """130111-0006246."""
    return f"{digits[:6]}-{digits[6:]}"


# Telephone

_PHONE = re.compile(
    r"(010)(\d{4})(\d{4})"  # mobile
    r"|(01[16789])(\d{3,4})(\d{4})"  # mobile numbers from before 2004
    r"|(02)(\d{3,4})(\d{4})"
    r"|(0(?:3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|80|50\d))(\d{3,4})(\d{4})"  # provinces, Internet, toll-free, virtual
    r"|(1[568]\d{2})(\d{4})"  # companies' national numbers
)


def parse_phone(text: str) -> str:
    """The digits of a Korean telephone number, +82 and the zero that spreadsheets eat put right."""
    digits = digits_of(re.sub(r"^\s*(?:\+|00)82", "0", text.replace("(", "").replace(")", "-")))
    for candidate in (digits, digits.removeprefix("0"), "0" + digits):
        if _PHONE.fullmatch(candidate):
            return candidate
    raise PhoneUnreadable


def format_phone(digits: str) -> str:
    """010-1234-5678; digits of no known form come back as they are."""
    match = _PHONE.fullmatch(digits)
    return "-".join(filter(None, match.groups())) if match else digits
