"""Amounts of won as people read them on screens; on papers they are written as vouchers.common.korean says."""

from __future__ import annotations

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from vouchers.common.korean import grouped


def money(amount: int) -> str:
    """1,200원, in English ₩1,200."""
    return _("%(amount)s원") % {"amount": grouped(amount)}


def brief(amount: int) -> str:
    """Round amounts as rules name them: 30만 원, 3억 5,000만 원; in other languages, and to the won, all digits."""
    hundred_millions, rest = divmod(amount, 100_000_000)
    ten_thousands, won = divmod(rest, 10_000)
    if amount <= 0 or won or get_language() != "ko":
        return money(amount)
    parts = (f"{grouped(part)}{unit}" for part, unit in ((hundred_millions, "억"), (ten_thousands, "만")) if part)
    return f"{' '.join(parts)} 원"
