"""What is known of points: activities, what they earned and why, and how far a payout has come."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext

from vouchers.common.database import refusal
from vouchers.common.scope import scope
from vouchers.ledger.models import Account, AccountKind, Balance
from vouchers.partners.selectors import Caller
from vouchers.points.models import (
    Activity,
    ActivityState,
    HeldReason,
    PaymentState,
    PointCut,
    PointPayment,
    PointProgramme,
    PointRun,
)
from vouchers.points.rules import Cap
from vouchers.wallets.models import Wallet

SAMPLE: Final = 20
STREAMED: Final = 2_000


class Earned(NamedTuple):
    """One activity of a citizen: what it would earn without caps, what it earns, why not more, and what was paid of it.

    ``cuts`` says how many won which cap took off, in the order in which caps are applied.
    """

    programme: str
    kind: str
    kind_name: str
    activity_id: UUID
    occurred_at: datetime
    counts_on: date
    raw: int
    points: int
    why: str
    cuts: list[tuple[Cap, int]]
    state: str
    paid: int


def earned_by(*, municipality: str, citizen: UUID, first: date, end: date) -> list[Earned]:
    """What a citizen's activities that count from ``first`` until before ``end`` earn, newest first, at most 1,000."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM points.of_citizen(%s, %s, %s, %s)", [municipality, citizen, first, end])
        found = [Earned(*row) for row in cursor.fetchall()]
    return [row._replace(cuts=_in_order(json.loads(row.cuts))) for row in found]  # type: ignore[arg-type]


def _in_order(cuts: dict[str, int]) -> list[tuple[Cap, int]]:
    return [(cap, cuts[cap]) for cap in Cap if cap in cuts]


def activity(*, caller: Caller, activity: UUID) -> Activity | None:
    """The partner's own activity, or None."""
    with scope(municipalities=[caller.municipality]):
        return Activity.objects.select_related("kind").filter(pk=activity, partner=caller.partner).first()


def activities(*, caller: Caller, state: str | None, before: UUID | None, limit: int) -> list[Activity]:
    """The partner's activities, the newest first; those of one state when it is named."""
    with scope(municipalities=[caller.municipality]):
        found = Activity.objects.select_related("kind").filter(partner=caller.partner)
        found = found.filter(state=state) if state else found
        found = found.filter(pk__lt=before) if before else found
        return list(found.order_by("-pk")[:limit])


def citizen_of_wallet(*, caller: Caller, wallet: UUID) -> UUID | None:
    """Whose wallet it is; None when there is none, or it belongs to another partner's app."""
    found = Wallet.objects.filter(Q(partner=None) | Q(partner=caller.partner), pk=wallet)
    return found.values_list("citizen_id", flat=True).first()


class Progress(NamedTuple):
    """How far a payout has come."""

    chunks: int
    posted: int
    people: int
    amount: int


def progress(run: PointRun) -> Progress:
    """Chunks and money of a run that have been paid."""
    chunks = run.chunks.aggregate(all=Count("pk"), posted=Count("pk", filter=Q(posted_at__isnull=False)))
    paid = run.payments.filter(state=PaymentState.PAID).aggregate(people=Count("pk"), amount=Sum("amount"))
    return Progress(chunks["all"], chunks["posted"], paid["people"], paid["amount"] or 0)


def sample_of(run: PointRun) -> list[PointPayment]:
    """Those who get most: whoever looks at a run should know that they are right."""
    return list(run.payments.filter(state__in=(PaymentState.DUE, PaymentState.PAID)).select_related("citizen")[:SAMPLE])


def exceptions_of(run: PointRun) -> list[tuple[Any, int, int]]:
    """Why people are not paid: reason, how many, and won they keep for a later run or have had taken off."""
    held = (
        run.payments.filter(state__in=(PaymentState.HELD, PaymentState.SET_OFF))
        .order_by()
        .values_list("state", "reason")
        .annotate(people=Count("pk"), earned=Sum("earned"))
    )
    return [
        (HeldReason(reason).label if reason else PaymentState(state).label, people, earned)
        for state, reason, people, earned in held
    ]


def failure_of(run: PointRun) -> str:
    """Why a payout stands still, in words; "" when it does not."""
    if not run.failure:
        return ""
    known = refusal(run.failure)
    if known is None or "%(" in str(known.message):
        return gettext("원장이 지급을 거부했습니다(%(code)s). 시스템 관리자에게 문의하십시오.") % {"code": run.failure}
    return str(known.message)


class Cut(NamedTuple):
    """What one cap took off in a run."""

    cap: Cap
    activities: int
    people: int
    points: int


def cuts_of(run: PointRun) -> list[Cut]:
    """What each cap took off in a run, in the order in which caps are applied."""
    rows = (
        run.cuts.order_by()
        .values("cap")
        .annotate(activities=Count("activity"), people=Count("citizen_id", distinct=True), won=Sum("points"))
    )
    found = {row["cap"]: row for row in rows}
    return [Cut(cap, found[cap]["activities"], found[cap]["people"], found[cap]["won"]) for cap in Cap if cap in found]


def cut_activities(run: PointRun, *, cap: str) -> QuerySet[PointCut]:
    """The activities from which a cap took points off in a run, the largest cuts first."""
    found = run.cuts.filter(cap=cap).select_related("activity__kind", "activity__citizen")
    return found.order_by("-points", "activity_id", "repeat")


class Money(NamedTuple):
    """What a fund has left for new promises, and what it has set aside for those made. Won."""

    free: int
    reserved: int


def money_of(programme: PointProgramme) -> Money:
    """The money of a programme's fund; nothing without a fund."""
    account = Account.objects.filter(
        municipality=programme.municipality_id, kind=AccountKind.BENEFIT, owner_id=programme.fund_id,
        currency_id=programme.currency_id,
    ).values("id")[:1]  # fmt: skip
    found = Balance.objects.filter(municipality=programme.municipality_id, pk__in=account).first()
    return Money(found.credits - found.debits - found.reserved, found.reserved) if found else Money(0, 0)


def rejected_of(*, citizen: UUID, first: date, end: date, limit: int = 100) -> list[Activity]:
    """A citizen's activities of a period that do not count, the newest first."""
    found = Activity.objects.filter(
        citizen=citizen, day__gte=first, day__lt=end, state__in=(ActivityState.REJECTED, ActivityState.WITHDRAWN)
    )
    return list(found.select_related("kind").order_by("-day", "-pk")[:limit])


def counted(*, programme: PointProgramme, first: date, end: date) -> list[tuple[Any, int]]:
    """How many activities of a programme fell in a period, by state."""
    rows = (
        Activity.objects.filter(kind__programme=programme, day__gte=first, day__lt=end)
        .order_by()
        .values_list("state")
        .annotate(number=Count("pk"))
    )
    found: dict[str, int] = dict(rows)
    return [(state.label, found.get(state.value, 0)) for state in ActivityState]
