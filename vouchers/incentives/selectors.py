"""How policies stand, for officials. Call them inside the municipality's scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import Exists, Min, OuterRef, Sum

from vouchers.guidelines.models import StatusKind
from vouchers.guidelines.rules import Ceiling
from vouchers.guidelines.selectors import rate_ceiling
from vouchers.incentives import rules
from vouchers.incentives.models import (
    BenefitDay,
    BenefitDue,
    BenefitFund,
    BenefitHalt,
    BenefitKind,
    BenefitMonth,
    BenefitPolicy,
    BenefitStep,
    BenefitTerms,
    TermsState,
)
from vouchers.incentives.sentences import Bounds, Tier, highest_rate
from vouchers.officials.selectors import Authority

FULL: Final = 10_000
"""The step of a month whose budget has come to no threshold, in 1/10000 of the rates."""
WATCHED_POLICIES: Final = 200
TOLD: Final = 8
COUNTED_DUES: Final = 10_000
"""How much the home page looks at, however many policies, funds and waiting members there are."""


class Outlook(NamedTuple):
    """What a policy's budgets gave in the month and the year of a day, and when they end. Amounts in won.

    ``factor``: the month's step, 1/10000 of the rates, 0 stopped.
    """

    terms: BenefitTerms
    used_month: int
    used_year: int
    factor: int
    ends: rules.Ends

    @property
    def left_month(self) -> int | None:
        """What the month's budget has left; None: the terms set none."""
        return None if self.terms.budget_month is None else max(0, self.terms.budget_month - self.used_month)

    @property
    def left_year(self) -> int | None:
        """The same of the year's."""
        return None if self.terms.budget_year is None else max(0, self.terms.budget_year - self.used_year)


def outlooks(*, terms: Iterable[BenefitTerms], day: date) -> dict[UUID, Outlook]:
    """The outlook of each policy under its terms in force on ``day``, in three statements, however many there are.

    They read a row for each month of the year and each of the last days.
    """
    in_force = {row.policy_id: row for row in terms}
    where = {"municipality__in": {row.municipality_id for row in in_force.values()}, "policy__in": list(in_force)}
    month, first = day.replace(day=1), min(day.replace(day=1), day - rules.WATCHED)
    months: dict[UUID, dict[date, BenefitMonth]] = defaultdict(dict)
    for kept in BenefitMonth.objects.filter(**where, month__gte=day.replace(month=1, day=1), month__lte=month):
        months[kept.policy_id][kept.month] = kept
    days: dict[UUID, dict[date, int]] = defaultdict(dict)
    for policy, made, used in BenefitDay.objects.filter(**where, day__gte=first, day__lte=day).values_list(
        "policy_id", "day", "used"
    ):
        days[policy][made] = used
    published = BenefitTerms.objects.filter(**where, state=TermsState.PUBLISHED).order_by()
    since = dict(published.values("policy_id").annotate(first=Min("valid_from")).values_list("policy_id", "first"))
    found = {}
    for policy, row in in_force.items():
        this = months[policy].get(month)
        used_month, used_year = this.used if this else 0, sum(one.used for one in months[policy].values())
        ends = rules.run_out_on(
            costs=rules.weekday_costs(days=days[policy], since=since[policy], today=day), today=day,
            spent_today=days[policy].get(day, 0), budget_month=row.budget_month, used_month=used_month,
            budget_year=row.budget_year, used_year=used_year,
        )  # fmt: skip
        found[policy] = Outlook(row, used_month, used_year, this.factor if this else FULL, ends)
    return found


class Standing(NamedTuple):
    """A policy in the month of a day. ``outlook`` None: no terms are in force.

    ``halt``: an official's stop that has not ended. ``waiting``: won that were earned and wait for a fund's money.
    """

    month: date
    outlook: Outlook | None
    halt: BenefitHalt | None
    waiting: int
    steps: list[BenefitStep]

    @property
    def gives(self) -> bool:
        """Whether payments earn something now."""
        return self.outlook is not None and self.halt is None and self.outlook.factor > 0


def standing(*, policy: BenefitPolicy, day: date) -> Standing:
    """How the policy stands in the month of ``day``, by what has been reckoned so far."""
    month = day.replace(day=1)
    terms = policy.terms.filter(state=TermsState.PUBLISHED, valid_from__lte=day).order_by("-valid_from").first()
    return Standing(
        month=month,
        outlook=outlooks(terms=[terms], day=day)[policy.pk] if terms else None,
        halt=policy.halts.select_related("official").filter(ended_at=None).first(),
        waiting=_waiting(policy),
        steps=list(
            BenefitStep.objects.select_related("official").filter(policy=policy, month=month).order_by("-at")[:50]
        ),
    )


def _waiting(policy: BenefitPolicy) -> int:
    funds = policy.terms.filter(state=TermsState.PUBLISHED).values("tiers__fund")
    found = BenefitDue.objects.filter(fund_id__in=funds, amount__gt=0).aggregate(won=Sum("amount"))
    return int(found["won"] or 0)


class Comparison(NamedTuple):
    """The highest rate of terms in 1/10000 beside what the guideline allows on their first day; None: nothing is known."""

    highest: int
    ceiling: Ceiling | None

    @property
    def exceeds(self) -> bool:
        """Whether the terms give more than the guideline allows."""
        return self.ceiling is not None and self.highest > self.ceiling.rate

    @property
    def highest_percent(self) -> str:
        """As people say it: 17%."""
        return f"{self.highest / 100:g}%"

    @property
    def ceiling_percent(self) -> str:
        """The same of what is allowed; empty where nothing is known."""
        return f"{self.ceiling.rate / 100:g}%" if self.ceiling else ""

    @property
    def uplift_percent(self) -> str:
        """The same of the part that is for a disaster."""
        return f"{self.ceiling.uplift / 100:g}%" if self.ceiling else ""

    @property
    def status(self) -> str:
        """What the municipality is, in words; empty where the guideline is the same for all."""
        return str(StatusKind(self.ceiling.status).label) if self.ceiling and self.ceiling.status else ""


def against_guideline(*, terms: BenefitTerms) -> Comparison:
    """The terms beside the ministry's guideline. Top-ups know no shop, so their tiers hold whatever they say of shops."""
    at_shops = terms.policy.kind == BenefitKind.CASHBACK
    tiers = [
        Tier(
            payer=str(row.fund_id), rate=row.rate, spend=Bounds(row.spend_above, row.spend_up_to),
            sales=Bounds(row.sales_above, row.sales_up_to) if at_shops else Bounds(),
            dongs=frozenset(row.dongs if at_shops else ()), categories=frozenset(row.categories if at_shops else ()),
        )
        for row in terms.tiers.all()
    ]  # fmt: skip
    return Comparison(
        highest=highest_rate(tiers, spend_cap=terms.spend_cap),
        ceiling=rate_ceiling(municipality=terms.municipality_id, day=terms.valid_from),
    )


class PolicyAlarm(NamedTuple):
    """A policy that gives nothing or less, or whose budget is expected to end before its month or year does."""

    policy: BenefitPolicy
    halt: BenefitHalt | None = None
    outlook: Outlook | None = None

    @property
    def is_used_up(self) -> bool:
        """Whether the budget has stopped it."""
        return self.outlook is not None and not self.outlook.factor

    @property
    def step_percent(self) -> str:
        """What is left of the rates after the budget stepped them down: 50%; empty when they are whole."""
        stepped = self.outlook is not None and 0 < self.outlook.factor < FULL
        return f"{self.outlook.factor / 100:g}%" if self.outlook and stepped else ""

    @property
    def month_ends(self) -> date | None:
        """The day on which the month's budget is expected to end, when it is not the month's last."""
        day = self.outlook.ends.month if self.outlook and not self.is_used_up else None
        return day if day and (day + timedelta(days=1)).month == day.month else None

    @property
    def year_ends(self) -> date | None:
        """The same of the year's."""
        day = self.outlook.ends.year if self.outlook and not self.is_used_up else None
        return day if day and (day + timedelta(days=1)).year == day.year else None

    @property
    def urgency(self) -> int:
        """The least first; 3 asks for nothing."""
        if self.halt or self.is_used_up:
            return 0
        return 1 if self.month_ends or self.year_ends else 2 if self.step_percent else 3


class FundAlarm(NamedTuple):
    """A fund that owes members ``waiting`` won, or more where ``is_shortened``, and has not got it."""

    fund: BenefitFund
    waiting: int
    is_shortened: bool
    may_enter: bool


def policy_alarms(*, municipalities: Iterable[str], day: date) -> list[PolicyAlarm]:
    """The policies that ask for something, the most urgent first, in five statements."""
    return _urgent(_watched(municipalities, day))


def _watched(municipalities: Iterable[str], day: date) -> list[PolicyAlarm]:
    """Every policy with terms in force, whether it asks for something or not."""
    codes = list(municipalities)
    in_force = (
        BenefitTerms.objects.filter(municipality__in=codes, state=TermsState.PUBLISHED, valid_from__lte=day)
        .select_related("policy").order_by("policy_id", "-valid_from").distinct("policy_id")[:WATCHED_POLICIES]
    )  # fmt: skip
    policies = {terms.policy_id: terms for terms in in_force}
    found = outlooks(terms=[t for t in policies.values() if t.policy.kind == BenefitKind.CASHBACK], day=day)
    open_halts = BenefitHalt.objects.filter(municipality__in=codes, policy__in=list(policies), ended_at=None)
    halts = {halt.policy_id: halt for halt in open_halts}
    return [PolicyAlarm(terms.policy, halts.get(key), found.get(key)) for key, terms in policies.items()]


def _urgent(watched: list[PolicyAlarm]) -> list[PolicyAlarm]:
    return sorted((alarm for alarm in watched if alarm.urgency < 3), key=lambda a: (a.urgency, a.policy.name))


def fund_alarms(*, authority: Authority, municipalities: Iterable[str]) -> list[FundAlarm]:
    """Funds whose money has ended while members wait for it. Of each a bounded number of members is summed up."""
    dues = BenefitDue.objects.filter(municipality__in=list(municipalities), amount__gt=0)
    funds = BenefitFund.objects.filter(
        Exists(dues.filter(municipality=OuterRef("municipality"), fund_id=OuterRef("pk"))),
        municipality__in=list(municipalities),
    )
    found = []
    for fund in funds.order_by("name")[:TOLD]:
        counted = list(dues.filter(fund_id=fund.pk).order_by().values_list("amount", flat=True)[: COUNTED_DUES + 1])
        may_enter = authority.may("benefits.fund", fund.municipality_id)
        found.append(FundAlarm(fund, sum(counted[:COUNTED_DUES]), len(counted) > COUNTED_DUES, may_enter))
    return found


class Alarms(NamedTuple):
    """What benefits ask of officials; ``more``: so many policies beside those that are told.

    ``outlooks``: of every policy that the official sees, whether it asks for something or not.
    """

    funds: list[FundAlarm]
    policies: list[PolicyAlarm]
    more: int
    outlooks: tuple[Outlook, ...] = ()


def alarms_for(*, authority: Authority, day: date) -> Alarms:
    """What the home page tells whoever sees benefits, at their municipalities."""
    codes = [code for code in sorted(authority.municipalities) if authority.may("benefits.view", code)]
    if not codes:
        return Alarms([], [], 0)
    watched = _watched(codes, day)
    policies = _urgent(watched)
    shown = policies[:TOLD]
    known = tuple(alarm.outlook for alarm in watched if alarm.outlook)
    return Alarms(fund_alarms(authority=authority, municipalities=codes), shown, len(policies) - len(shown), known)
