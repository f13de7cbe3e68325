"""What may become of a shop, and what a registration standard says of an application. Plain values in, plain values out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol

from django.utils.translation import gettext_lazy as _

from vouchers.common.money import money

STATUS_AFTER: Final[dict[str, dict[str, str]]] = {
    "register": {"applied": "active"},
    "suspend": {"active": "suspended"},
    "resume": {"suspended": "active"},
    "cancel": {"active": "cancelled", "suspended": "cancelled"},
    "close": {"applied": "closed", "active": "closed", "suspended": "closed"},
    "details": {"active": "active", "suspended": "suspended"},
}
"""Kind of change → status before → status after. The database keeps the same table: merchant_status_after()."""

GUARDED: Final = ("name", "name_ascii", "representative", "account_bank", "account_number", "account_holder")
"""What of a registered shop changes through a change that another person approved, and in no other way."""


def possible_kinds(status: str) -> list[str]:
    """The changes that an official may ask for, in the order in which they are needed.

    A cancellation is none of them: it is decided in a case, after notice and hearing.
    """
    return [kind for kind, steps in STATUS_AFTER.items() if status in steps and kind != "cancel"]


class Standard(Protocol):
    """What a municipality asks of shops from a day on."""

    refused_ksic: list[str]
    warned_ksic: list[str]
    annual_sales_cap: int | None
    chains: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What stands against an application: the field, the sentence, and whether it may be registered nevertheless."""

    field: str
    text: Any
    refuses: bool


def findings(*, standard: Standard, ksic_code: str, annual_sales: int, is_chain: bool) -> list[Finding]:
    """Everything that a standard says of these facts. A code stands for all codes that begin with it."""
    found = []
    if ksic := _covering(ksic_code, standard.refused_ksic):
        found.append(_of("ksic_code", _("업종코드 %(code)s: 등록 제한 업종입니다.") % {"code": ksic}, refuses=True))
    elif ksic := _covering(ksic_code, standard.warned_ksic):
        found.append(
            _of("ksic_code", _("업종코드 %(code)s: 등록 전에 확인할 업종입니다.") % {"code": ksic}, refuses=False)
        )
    if standard.annual_sales_cap is not None and annual_sales > standard.annual_sales_cap:
        text = _("연매출액이 등록 기준 %(cap)s을 넘습니다.") % {"cap": money(standard.annual_sales_cap)}
        found.append(_of("annual_sales", text, refuses=True))
    if is_chain and standard.chains != "allow":
        found.append(
            _of("is_chain", _("직영점·체인점은 등록 제한 대상입니다."), refuses=True)
            if standard.chains == "refuse"
            else _of("is_chain", _("직영점·체인점입니다. 가맹 형태를 확인하십시오."), refuses=False)
        )
    return found


def _of(field: str, text: Any, *, refuses: bool) -> Finding:
    return Finding(field=field, text=text, refuses=refuses)


def _covering(code: str, prefixes: Iterable[str]) -> str:
    return code if code and any(prefix and code.startswith(prefix) for prefix in prefixes) else ""


def months_after(day: date, months: int) -> date:
    """The same day some months later, or the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
