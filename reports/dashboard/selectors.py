"""What the home page shows. Every query reads a bounded part of an index, however much money has moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, F, QuerySet, Sum

from allowances.approvals import selectors as approvals
from allowances.batches.models import Batch, BatchState
from merchants.settlement.models import DayClose
from vouchers.common.filters import id_floor
from vouchers.common.seoul import day_bounds
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority
from vouchers.payments.models import Payment

SHOWN = 8
COUNTED_PAYMENTS = 50_000


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What waits for one official."""

    to_sign: list[approvals.Waiting]
    to_pay: list[approvals.Waiting]
    returned: list[Batch]
    to_submit: list[Batch]
    refused: list[Batch]

    def __bool__(self) -> bool:
        return any((self.to_sign, self.to_pay, self.returned, self.to_submit, self.refused))


@dataclass(frozen=True, kw_only=True)
class Figures:
    """A day of the scope's municipalities in won; None where the official may not see it."""

    granted: int | None
    granted_people: int
    paid: int | None
    payments: int
    is_shortened: bool
    settled: int | None
    settled_day: date


def waiting(*, authority: Authority) -> Waiting:
    """The oldest things first, a few of each."""
    items = approvals.waiting_items(authority=authority, limit=SHOWN * 2)
    own = Batch.objects.filter(uploaded_by=authority.official_id).select_related("cycle__programme").order_by("-id")
    returned = list(approvals.came_back_to(authority=authority)[:SHOWN])
    known = {batch.pk for batch in returned}
    drafts = own.filter(state__in=[BatchState.VALIDATED, BatchState.REFUSED]).exclude(pk__in=known)[: SHOWN * 2]
    return Waiting(
        to_sign=[item for item in items if item.step.role != Role.PAYER][:SHOWN],
        to_pay=[item for item in items if item.step.role == Role.PAYER][:SHOWN],
        returned=returned,
        to_submit=[batch for batch in drafts if batch.state == BatchState.VALIDATED][:SHOWN],
        refused=[batch for batch in drafts if batch.state == BatchState.REFUSED][:SHOWN],
    )  # fmt: skip


def in_progress(*, authority: Authority) -> QuerySet[Batch]:
    """Lists on their way, latest first."""
    states = [BatchState.SUBMITTING, BatchState.SUBMITTED, BatchState.APPROVED, BatchState.PAYING]
    rows = Batch.objects.filter(municipality__in=authority.municipalities, state__in=states)
    return rows.select_related("cycle__programme").order_by("-id")[:SHOWN]


def figures(*, authority: Authority, today: date) -> Figures:
    """Today's grants and payments, and the settlement of the last closed day."""
    grants = _grants(authority, today) if authority.may("allowances.view") else None
    payments = _payments(authority, today) if authority.may("payments.view") else None
    settled = _settled(authority, today) if authority.may("settlement.view") else None
    return Figures(
        granted=grants[0] if grants else None,
        granted_people=grants[1] if grants else 0,
        paid=payments[0] if payments else None,
        payments=payments[1] if payments else 0,
        is_shortened=bool(payments and payments[1] >= COUNTED_PAYMENTS),
        settled=settled[0] if settled else None,
        settled_day=settled[1] if settled else today - timedelta(days=1),
    )


def _grants(authority: Authority, today: date) -> tuple[int, int]:
    begin, end = day_bounds(today)
    paid = Batch.objects.filter(
        municipality__in=authority.municipalities, state=BatchState.PAID, paid_at__gte=begin, paid_at__lt=end
    ).aggregate(amount=Sum("amount_total"), people=Sum(F("rows_total") - F("rows_bad")))
    return paid["amount"] or 0, paid["people"] or 0


def _payments(authority: Authority, today: date) -> tuple[int, int]:
    """Net of cancellations. Read by the time-ordered key, and not beyond a bound."""
    begin, end = day_bounds(today)
    total, count = 0, 0
    for municipality in sorted(authority.municipalities):
        rows = Payment.objects.filter(municipality=municipality, id__gte=id_floor(begin), id__lt=id_floor(end))
        sums = rows.order_by()[: COUNTED_PAYMENTS - count].aggregate(
            amount=Sum(F("amount") - F("refunded")), payments=Count("id")
        )
        total, count = total + (sums["amount"] or 0), count + sums["payments"]
    return total, count


def _settled(authority: Authority, today: date) -> tuple[int, date]:
    last = DayClose.objects.filter(municipality__in=authority.municipalities, business_date__lt=today)
    day = last.order_by("-business_date").values_list("business_date", flat=True).first()
    if day is None:
        return 0, today - timedelta(days=1)
    return last.filter(business_date=day).aggregate(amount=Sum("payable"))["amount"] or 0, day
