"""Which business days are still open."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Max

from merchants.settlement.models import DayClose
from vouchers.common.seoul import business_date
from vouchers.ledger.models import Journal


def open_days(*, currency: UUID, through: date) -> list[date]:
    """The currency's days that are not closed, in order, up to ``through``; empty when that day is closed."""
    first = first_open_day(currency=currency) or through
    return [first + timedelta(days=number) for number in range((through - first).days + 1)]


def first_open_day(*, currency: UUID) -> date | None:
    """The day after the last closed one; before the first close, the day of the first money; None without money."""
    closed: date | None = DayClose.objects.filter(currency=currency).aggregate(last=Max("business_date"))["last"]
    if closed is not None:
        return closed + timedelta(days=1)
    first = Journal.objects.filter(currency_id=currency).order_by("id").values_list("at", flat=True).first()
    return business_date(first) if first else None


def municipalities_to_close(*, day: date) -> list[str]:
    """Codes of all municipalities where that day is open for some currency. Needs no scope and shows nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM settlement.municipalities_to_close(%s) AS code ORDER BY code", [day])
        return [code for (code,) in cursor.fetchall()]
