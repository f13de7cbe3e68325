"""What the home page shows. Every query reads a bounded part of an index, however much money has moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Count, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from allowances.approvals import selectors as approvals
from allowances.batches.models import Batch, BatchKind, BatchState
from allowances.budgets.rules import Budget
from allowances.budgets.selectors import programme_budgets
from allowances.programmes.models import Programme, ProgrammeStatus, ProgrammeTerms
from reports.dashboard.models import Dimension, SummedDay
from reports.dashboard.rules import Span, rounds_ahead, rounds_covered
from vouchers.incentives.models import BenefitKind, BenefitTerms, TermsState
from vouchers.incentives.selectors import WATCHED_POLICIES, Outlook, outlooks
from vouchers.ledger.services import call
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority
from vouchers.reconciliation.models import DailySum

SHOWN: Final = 8
WATCHED_PROGRAMMES: Final = 60
PAYING_KINDS: Final = (BatchKind.PAYMENT, BatchKind.TOP_UP)


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


@dataclass(kw_only=True)
class Totals:
    """What happened in some days, in won. ``is_known``: the ledger is as old as these days.

    ``allowances``, ``top_ups`` and ``benefits`` came into wallets, less what was cancelled of it; ``used`` is what was paid
    less what was given back on these days; ``settled`` went to shops; ``holding`` is what the wallets held at the end.
    """

    allowances: int = 0
    recipients: int = 0
    top_ups: int = 0
    benefits: int = 0
    used: int = 0
    payments: int = 0
    settled: int = 0
    holding: int = 0
    is_known: bool = True

    @property
    def issued(self) -> int:
        """발행액: all that came into wallets."""
        return self.allowances + self.top_ups + self.benefits

    def __add__(self, other: Totals) -> Totals:
        sums = {one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)}
        return Totals(**sums | {"is_known": self.is_known and other.is_known})


_PARTS: Final = {
    "disburse": "allowances", "claim": "allowances", "top_up": "top_ups", "top_up_cancel": "top_ups",
    "cashback": "benefits", "points": "benefits",
}  # fmt: skip
"""Kind of a journal → what it is to the dashboard, by how much more the wallets held after it."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Whose figures are asked for. ``currency`` None: of all."""

    municipalities: tuple[str, ...]
    currency: UUID | None = None


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


def municipalities_due(*, at: datetime) -> list[str]:
    """Where something has moved since it was summed up. Needs no scope."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM dashboard.municipalities_due(%s)", [at])
        return [code for (code,) in cursor.fetchall()]


def days_to_sum(*, municipality: str, today: date) -> list[date]:
    """The closed days that wait to be summed up for the last time, open days that were never, today and yesterday."""
    first: date | None = call("dashboard.next_day", municipality)[0]
    if first is None:
        return []
    closed = DailySum.objects.filter(municipality=municipality).aggregate(day=Max("business_date"))["day"]
    known = set(
        SummedDay.objects.filter(municipality=municipality, business_date__gte=first).values_list(
            "business_date", flat=True
        )
    )
    days = [first + timedelta(days=number) for number in range((today - first).days + 1)]
    recent = today - timedelta(days=1)
    return [day for day in days if (closed and day <= closed) or day not in known or day >= recent]


def summed_at(*, municipalities: Iterable[str], day: date) -> datetime | None:
    """The moment up to which every one of the municipalities that has a ledger was summed up on that day."""
    rows = SummedDay.objects.filter(municipality__in=list(municipalities), business_date=day)
    return min(rows.values_list("summed_at", flat=True), default=None)


_SPANS: Final = """
    FROM unnest(%(numbers)s::integer[], %(firsts)s::date[], %(lasts)s::date[], %(untils)s::text[])
         AS span (number, first, last, until)
    CROSS JOIN unnest(%(codes)s::varchar[]) AS city (code)
"""
_EVENTS: Final = f"""
    SELECT span.number, city.code, sums.event, sums.movements::bigint, sums.amount::bigint, sums.holding::bigint
    {_SPANS}
    CROSS JOIN LATERAL (
        SELECT event, sum(movements) AS movements, sum(amount) AS amount, sum(holding) AS holding
        FROM (SELECT event, movements, amount, holding, currency_id FROM reports_daysum
              WHERE municipality_id = city.code AND dimension = 'day'
                AND business_date BETWEEN span.first AND span.last - (span.until <> '')::integer
              UNION ALL
              SELECT event, movements, amount, holding, currency_id FROM reports_daysum
              WHERE municipality_id = city.code AND dimension = 'slot' AND business_date = span.last
                AND value < span.until) both_parts
        WHERE currency_id = %(currency)s OR %(currency)s IS NULL
        GROUP BY event
    ) sums
"""
_HOLDINGS: Final = f"""
    SELECT span.number, city.code,
           (coalesce((SELECT sum(balance) FROM vouchers_dailysum
                      WHERE municipality_id = city.code AND business_date = base.day AND kind = 'wallet'
                        AND (currency_id = %(currency)s OR %(currency)s IS NULL)), 0)
            + coalesce((SELECT sum(holding) FROM reports_daysum
                        WHERE municipality_id = city.code AND dimension = 'day'
                          AND business_date > coalesce(base.day, '-infinity')
                          AND business_date <= span.last - (span.until <> '')::integer
                          AND (currency_id = %(currency)s OR %(currency)s IS NULL)), 0)
            + coalesce((SELECT sum(holding) FROM reports_daysum
                        WHERE municipality_id = city.code AND dimension = 'slot' AND business_date = span.last
                          AND value < span.until
                          AND (currency_id = %(currency)s OR %(currency)s IS NULL)), 0))::bigint,
           EXISTS (SELECT FROM reports_summedday
                   WHERE municipality_id = city.code AND business_date <= span.first)
    {_SPANS}
    CROSS JOIN LATERAL (SELECT max(business_date) AS day FROM vouchers_dailysum
                        WHERE municipality_id = city.code
                          AND business_date <= span.last - (span.until <> '')::integer) base
    WHERE EXISTS (SELECT FROM reports_summedday WHERE municipality_id = city.code)
"""
_PARTS_OF: Final = f"""
    WITH part AS (
        SELECT span.number, kind.name AS dimension, sums.value, sum(sums.amount)::bigint AS amount,
               sum(sums.payments)::bigint AS payments
        {_SPANS}
        CROSS JOIN unnest(CASE span.number WHEN 0 THEN ARRAY['slot', 'category', 'dong', 'age'] ELSE ARRAY['slot'] END)
             AS kind (name)
        CROSS JOIN LATERAL (                     -- grouped in here, so that each is read by the key and nothing besides
            SELECT CASE dimension WHEN 'slot' THEN left(value, 2) ELSE value END AS value,
                   sum(CASE event WHEN 'pay' THEN amount ELSE -amount END) AS amount,
                   coalesce(sum(movements) FILTER (WHERE event = 'pay'), 0) AS payments
            FROM reports_daysum
            WHERE municipality_id = city.code AND dimension = kind.name AND business_date BETWEEN span.first AND span.last
              AND event IN ('pay', 'refund') AND (currency_id = %(currency)s OR %(currency)s IS NULL)
            GROUP BY 1
        ) sums
        GROUP BY 1, 2, 3
    )
    SELECT part.number, part.dimension, coalesce(category.name, dong.name, CASE dimension WHEN 'dong' THEN '' ELSE value END),
           part.amount, part.payments
    FROM part
    LEFT JOIN merchants_merchantcategory category ON part.dimension = 'category' AND category.code = part.value
    LEFT JOIN vouchers_dong dong ON dong.id = CASE part.dimension WHEN 'dong' THEN nullif(part.value, '')::uuid END
"""


def _rows(query: str, *, asked: Asked, spans: Sequence[Span]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            query,
            {
                "numbers": list(range(len(spans))), "firsts": [span.first for span in spans],
                "lasts": [span.last for span in spans], "untils": [span.until for span in spans],
                "codes": list(asked.municipalities), "currency": asked.currency,
            },
        )  # fmt: skip
        return cursor.fetchall()


def totals(*, asked: Asked, spans: Sequence[Span]) -> list[dict[str, Totals]]:
    """For each span the totals of each municipality that has a ledger, in two statements."""
    found: list[dict[str, Totals]] = [{} for _span in spans]
    for number, code, holding, is_known in _rows(_HOLDINGS, asked=asked, spans=spans):
        found[number][code] = Totals(holding=holding, is_known=is_known)
    for number, code, event, movements, amount, holding in _rows(_EVENTS, asked=asked, spans=spans):
        sums = found[number][code]
        if event in _PARTS:
            setattr(sums, _PARTS[event], getattr(sums, _PARTS[event]) + holding)
        if event in ("disburse", "claim"):
            sums.recipients += movements
        elif event == "pay":
            sums.used, sums.payments = sums.used + amount, sums.payments + movements
        elif event == "refund":
            sums.used -= amount
        elif event in ("settle", "exchange"):
            sums.settled += amount
    return found


class Breakdown(NamedTuple):
    """What was paid less what was given back, by one thing each: won and payments. ``then``: won by the hour, before."""

    hours: dict[int, tuple[int, int]]
    then: dict[int, int]
    categories: list[tuple[str, int, int]]
    dongs: list[tuple[str, int, int]]
    ages: dict[str, tuple[int, int]]


def breakdown(*, asked: Asked, now: Span, then: Span) -> Breakdown:
    """The use of ``now`` by hour, category, dong and age, and that of ``then`` by hour, in one statement.

    Dongs of several cities may have the same name, so each stands for itself.
    """
    kept: dict[tuple[int, str], list[tuple[str, int, int]]] = defaultdict(list)
    for number, dimension, name, amount, payments in _rows(_PARTS_OF, asked=asked, spans=[now, then]):
        kept[number, dimension].append((name, amount, payments))
    return Breakdown(
        hours={int(hour): (won, count) for hour, won, count in kept[0, Dimension.SLOT]},
        then={int(hour): won for hour, won, _count in kept[1, Dimension.SLOT]},
        categories=kept[0, Dimension.CATEGORY],
        dongs=kept[0, Dimension.DONG],
        ages={band: (won, count) for band, won, count in kept[0, Dimension.AGE]},
    )


def budgets_in_use(*, municipalities: Iterable[str], day: date) -> list[Outlook]:
    """The outlook of each benefit that has a budget."""
    in_force = (
        BenefitTerms.objects.filter(
            municipality__in=list(municipalities), policy__kind=BenefitKind.CASHBACK, state=TermsState.PUBLISHED,
            valid_from__lte=day,
        )
        .select_related("policy").order_by("policy_id", "-valid_from").distinct("policy_id")[:WATCHED_POLICIES]
    )  # fmt: skip
    limited = [terms for terms in in_force if terms.budget_month or terms.budget_year]
    return list(outlooks(terms=limited, day=day).values()) if limited else []


class Allotment(NamedTuple):
    """A programme's budget of the fiscal year. ``rounds`` were paid; the money that is free is enough for ``covered`` more
    and the year has ``ahead`` more; None: not known."""

    programme: Programme
    budget: Budget
    rounds: int
    covered: int | None
    ahead: int | None

    @property
    def is_short(self) -> bool:
        """Whether the year has more rounds than money."""
        return None not in (self.covered, self.ahead) and (self.covered or 0) < (self.ahead or 0)


def allotments_in_use(*, municipalities: Iterable[str], today: date) -> list[Allotment]:
    """The open programmes of the fiscal year that have got money, in two statements: what runs short in front, then by how
    much of it is spent."""
    paid = Batch.objects.filter(cycle__programme=OuterRef("pk"), kind__in=PAYING_KINDS, state=BatchState.PAID)
    counted = paid.order_by().values("cycle__programme").annotate(rounds=Count("cycle", distinct=True))
    terms = ProgrammeTerms.objects.filter(programme=OuterRef("pk"), valid_from__lte=today)
    programmes = (
        Programme.objects.filter(
            municipality__in=list(municipalities), fiscal_year=today.year, status=ProgrammeStatus.OPEN
        )
        .annotate(
            rounds=Coalesce(Subquery(counted.values("rounds")), 0),
            cycle=Subquery(terms.order_by("-valid_from", "-id").values("payout_cycle")[:1]),
        )
        .select_related("municipality")
        .order_by("-id")[:WATCHED_PROGRAMMES]
    )
    of = {programme.pk: programme for programme in programmes}
    found = [
        Allotment(
            one, budget, one.rounds,
            rounds_covered(available=budget.available, spent=budget.spent, rounds=one.rounds),
            rounds_ahead(cycle=one.cycle or "", today=today),
        )
        for one, budget in ((of[key], budget) for key, budget in programme_budgets(programmes=list(of)).items())
        if budget.allotted > 0
    ]  # fmt: skip
    return sorted(found, key=lambda one: (not one.is_short, -one.budget.execution_rate, one.programme.name))
