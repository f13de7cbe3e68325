"""What the money in a wallet is called, and where it may be spent, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

Movement = Literal[
    "payment",
    "payment_cancelled",
    "allowance",
    "clawback",
    "expiry",
    "top_up",
    "top_up_cancelled",
    "balance_refund",
    "gift_sent",
    "gift_received",
    "cashback",
    "points",
]
MoneyKind = Literal["allowance", "purchase", "incentive", "points"]
KINDS: Final[Mapping[str, MoneyKind]] = {
    "grant": "allowance", "purchase": "purchase", "incentive": "incentive", "point": "points",
}  # fmt: skip
"""What the API calls the kinds of money that the ledger knows."""
TITLES: Final[Mapping[Movement, Any]] = {
    "payment": gettext_lazy("결제"), "payment_cancelled": gettext_lazy("결제 취소"), "allowance": gettext_lazy("수당 지급"),
    "clawback": gettext_lazy("환수"), "expiry": gettext_lazy("유효기간 경과"), "top_up": gettext_lazy("충전"),
    "top_up_cancelled": gettext_lazy("충전 취소"), "balance_refund": gettext_lazy("잔액 환불"),
    "gift_sent": gettext_lazy("선물 보냄"), "gift_received": gettext_lazy("선물 받음"), "cashback": gettext_lazy("캐시백"),
    "points": gettext_lazy("포인트 지급"),
}  # fmt: skip
_MOVEMENTS: Final[Mapping[str, Movement]] = {
    "pay": "payment", "refund": "payment_cancelled", "disburse": "allowance", "claim": "allowance",
    "claw_back": "clawback", "expire": "expiry", "top_up": "top_up", "top_up_cancel": "top_up_cancelled",
    "cash_out": "balance_refund", "cashback": "cashback", "points": "points",
}  # fmt: skip
ELSEWHERE: Final = frozenset({
    "fund", "divert", "allot", "release", "repay", "settle", "receive", "cash_paid", "endow", "exchange", "fee", "adjust", "payout",
    "payout_paid", "payout_returned",
})  # fmt: skip
"""Kinds of journals that move no wallet."""
SOURCES: Final[Mapping[str, Any]] = {
    "grant": gettext_lazy("정책수당"), "purchase": gettext_lazy("구매금"), "incentive": gettext_lazy("인센티브"),
    "point": gettext_lazy("포인트"),
}  # fmt: skip


def movement(*, kind: str, amount: int) -> Movement:
    """What a journal of this kind is to the holder of a wallet that it moved by ``amount`` won."""
    if kind == "gift":
        return "gift_received" if amount > 0 else "gift_sent"
    return _MOVEMENTS[kind]


def where_spent(*, allowed: Sequence[str], denied: Sequence[str], dongs: Sequence[str], sales_cap: int | None) -> str:
    """At which shops, for a person to read: kinds of shops by name, then places, then annual sales."""
    said = [
        _("%(categories)s 업종에서만") % {"categories": ", ".join(allowed)} if allowed else "",
        _("%(categories)s 업종 제외") % {"categories": ", ".join(denied)} if denied else "",
        _("%(dongs)s에서만") % {"dongs": ", ".join(dongs)} if dongs else "",
        _("연매출 %(cap)s원 이하 가맹점") % {"cap": f"{sales_cap:,}"} if sales_cap is not None else "",
    ]
    return " · ".join(filter(None, said)) or _("모든 가맹점")
