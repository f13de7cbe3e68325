"""What holds for a currency on a day."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from vouchers.currencies.models import CurrencyPolicy


def policy_on(*, currency: UUID, day: date) -> CurrencyPolicy | None:
    """The operating policy in force that day; None before the first."""
    return CurrencyPolicy.objects.filter(currency=currency, valid_from__lte=day).order_by("-valid_from").first()
