"""Fees of shops (가맹점 수수료): tables that one official asks for and another approves, charged by the close of each day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from merchants.settlement import decisions, errors
from merchants.settlement.models import FeeRate, FeeSchedule
from vouchers.common.seoul import business_date
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority


@transaction.atomic
def request_schedule(
    *, schedule: FeeSchedule, rates: Sequence[FeeRate] = (), official: Official, authority: Authority, at: datetime
) -> None:
    """Ask for a table of fees from a later day on; without rows, shops bear nothing from then.

    Raises NotPermitted or FeeTooEarly.
    """
    _require_later(schedule, at=at)
    decisions.ask(
        schedule, municipality=schedule.currency.municipality_id, official=official, authority=authority, at=at
    )
    for rate in rates:
        rate.schedule, rate.municipality_id = schedule, schedule.municipality_id
    FeeRate.objects.bulk_create(rates)


@transaction.atomic
def decide_schedule(
    *, schedule: FeeSchedule, approve: bool, official: Official, authority: Authority, at: datetime
) -> None:
    """Approve or reject a table. What is sold until then keeps the rate under which it was sold.

    Raises NotPermitted, OwnRequest, AlreadyDecided or FeeTooEarly.
    """
    if approve:
        _require_later(schedule, at=at)
    decisions.decide(FeeSchedule, schedule.pk, approve=approve, official=official, authority=authority, at=at)


def _require_later(schedule: FeeSchedule, *, at: datetime) -> None:
    if schedule.valid_from <= business_date(at):
        raise errors.FeeTooEarly
