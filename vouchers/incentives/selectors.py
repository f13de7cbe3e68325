"""How a policy's month stands, for officials. Call them inside the municipality's scope."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import Sum

from vouchers.incentives import rules
from vouchers.incentives.models import (
    BenefitDue,
    BenefitHalt,
    BenefitMonth,
    BenefitPolicy,
    BenefitStep,
    BenefitTerms,
    TermsState,
)

FULL = 10_000
"""The step of a month whose budget has come to no threshold, in 1/10000 of the rates."""


class Standing(NamedTuple):
    """A policy in the month of a day. Amounts in won; ``budget`` None: the terms set none for a month.

    ``factor``: the step, 1/10000 of the rates, 0 stopped. ``halt``: an official's stop that has not ended. ``waiting``:
    won that were earned and wait for a fund's money. ``runs_out_on``: None when the budget lasts for the month.
    """

    month: date
    terms: BenefitTerms | None
    budget: int | None
    used: int
    factor: int
    halt: BenefitHalt | None
    waiting: int
    runs_out_on: date | None
    steps: list[BenefitStep]

    @property
    def left(self) -> int | None:
        """What the month's budget has left."""
        return None if self.budget is None else max(0, self.budget - self.used)

    @property
    def gives(self) -> bool:
        """Whether payments earn something now."""
        return self.terms is not None and self.halt is None and self.factor > 0


def standing(*, policy: BenefitPolicy, day: date) -> Standing:
    """How the policy stands in the month of ``day``, by what has been reckoned so far."""
    month = day.replace(day=1)
    last = (month - timedelta(days=1)).replace(day=1)
    terms = policy.terms.filter(state=TermsState.PUBLISHED, valid_from__lte=day).order_by("-valid_from").first()
    kept = {row.month: row for row in BenefitMonth.objects.filter(policy=policy, month__in=[month, last])}
    used = kept[month].used if month in kept else 0
    budget = terms.budget_month if terms else None
    return Standing(
        month=month,
        terms=terms,
        budget=budget,
        used=used,
        factor=kept[month].factor if month in kept else FULL,
        halt=policy.halts.select_related("official").filter(ended_at=None).first(),
        waiting=_waiting(policy),
        runs_out_on=None
        if budget is None
        else rules.runs_out_on(
            budget=budget, used=used, today=day, month_ends=month.replace(day=monthrange(day.year, day.month)[1]),
            used_last_month=kept[last].used if last in kept else 0, days_last_month=monthrange(last.year, last.month)[1],
        ),
        steps=list(BenefitStep.objects.select_related("official").filter(policy=policy, month=month).order_by("-at")[:50]),
    )  # fmt: skip


def _waiting(policy: BenefitPolicy) -> int:
    funds = policy.terms.filter(state=TermsState.PUBLISHED).values("tiers__fund")
    found = BenefitDue.objects.filter(fund_id__in=funds, amount__gt=0).aggregate(won=Sum("amount"))
    return int(found["won"] or 0)
