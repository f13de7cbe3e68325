"""Amounts of won as people read them on screens; on papers they are written as vouchers.common.korean says."""

from __future__ import annotations

from django.utils.translation import gettext as _

from vouchers.common.korean import grouped


def money(amount: int) -> str:
    """1,200원, in English ₩1,200."""
    return _("%(amount)s원") % {"amount": grouped(amount)}
