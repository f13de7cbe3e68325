"""What the pages of payouts have in common."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from merchants.payouts import rules
from vouchers.common.korean import document_datetime
from vouchers.common.pages import require


def who(official: Any, at: Any) -> str:
    """Who and when, or a dash."""
    return f"{official} · {document_datetime(at)}" if at else "-"


def reason_words(code: str) -> str:
    """A bank's reason: the code and its words."""
    words = rules.REASONS.get(code)
    return f"{code} {words}" if words else code


def may_make_at(request: HttpRequest) -> list[str]:
    """The municipalities for which the official makes payouts; refused where there is none."""
    require(request, "payouts.make")
    authority: Any = request.authority  # type: ignore[attr-defined]
    return [code for code in sorted(authority.municipalities) if authority.may("payouts.make", code)]


def acting(request: HttpRequest) -> dict[str, Any]:
    """Who acts, with what authority, when."""
    return {"official": request.user, "authority": request.authority, "at": request.at}  # type: ignore[attr-defined]
