"""Closing business days (T+1). A close is exact: each payment stands in the lines of one day, and of one only.

1. The fence, in a transaction of its own: money that moves from now on counts for a later day.
2. Wait for the transactions that may have read the fence as it was before; their money still counts for the day.
3. Each open day in order, one transaction per day and currency: lines, settling journal, day close.

A crash leaves whole steps behind, so whoever runs it again goes on where it stopped.
"""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from merchants.settlement.errors import DayNotEnded, PaymentsStillRunning
from merchants.settlement.models import DayClose
from merchants.settlement.selectors import open_days
from vouchers.common.errors import NotPermitted
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.currencies.models import Currency
from vouchers.ledger.services import call
from vouchers.municipalities.selectors import business_day_after
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority

PATIENCE = timedelta(minutes=5)
CLOSE_TASK = "merchants.settlement.close"
_POLL = timedelta(milliseconds=20)


def close_through(*, municipality: str, day: date, at: datetime, patience: timedelta = PATIENCE) -> list[DayClose]:
    """Close every open day of every currency up to ``day``; returns the closes of those days, and of ``day`` itself.

    Raises DayNotEnded, and PaymentsStillRunning when transactions from before the fence do not end within
    ``patience``. Opens its own transactions and scopes, so it refuses (RuntimeError) to run inside one: the fence must
    be committed before the wait.
    """
    if connection.in_atomic_block:
        raise RuntimeError("close_through commits its steps one by one and cannot run inside a transaction")
    _require_ended(day, at=at)
    with scope(municipalities=[municipality]):
        call("ledger.fence", municipality, day)
    _wait_for_transactions_before_the_fence(patience)
    with scope(municipalities=[municipality]):
        currencies = list(Currency.objects.order_by("pk"))
    return [close for currency in currencies for close in _close(currency, through=day, at=at)]


def request_close(*, municipality: str, day: date, official: Official, authority: Authority, at: datetime) -> None:
    """Have the worker close a day on an official's word. Asking twice is asking once.

    Raises NotPermitted and DayNotEnded.
    """
    if authority.official_id != official.pk or not authority.may("settlement.close", municipality):
        raise NotPermitted
    _require_ended(day, at=at)
    defer_close(municipality=municipality, day=day)


def defer_close(*, municipality: str, day: date) -> None:
    """Queue the close of a municipality's day unless one is queued already."""
    job = app.configure_task(
        CLOSE_TASK, lock=f"{CLOSE_TASK}:{municipality}", queueing_lock=f"{CLOSE_TASK}:{municipality}:{day}"
    )
    try:
        with transaction.atomic():
            job.defer(municipality=municipality, day=day.isoformat())
    except AlreadyEnqueued:
        return


def _require_ended(day: date, *, at: datetime) -> None:
    if day >= business_date(at):
        raise DayNotEnded(day=day)


def _wait_for_transactions_before_the_fence(patience: timedelta) -> None:
    before = call("ledger.transactions_now")[0]
    for _attempt in range(patience // _POLL + 1):
        if call("ledger.transactions_ended", before)[0]:
            return
        time.sleep(_POLL.total_seconds())
    raise PaymentsStillRunning


def _close(currency: Currency, *, through: date, at: datetime) -> list[DayClose]:
    with scope(municipalities=[currency.municipality_id]):
        days = open_days(currency=currency.pk, through=through) or [through]
    return [_close_day(currency, day, at=at) for day in days]


def _close_day(currency: Currency, day: date, *, at: datetime) -> DayClose:
    with scope(municipalities=[currency.municipality_id]):
        pays_on = business_day_after(municipality=currency.municipality_id, day=day)
        close = call("settlement.close_day", currency.municipality_id, currency.pk, day, at, pays_on)[0]
        return DayClose.objects.get(pk=close)
