"""What is known of points: activities, what they earned and why, and how far a payout has come."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, Sum

from vouchers.common.scope import scope
from vouchers.ledger.models import Account, AccountKind, Balance
from vouchers.partners.selectors import Caller
from vouchers.points.models import (
    Activity,
    ActivityState,
    HeldReason,
    PaymentState,
    PointPayment,
    PointProgramme,
    PointRun,
)
from vouchers.wallets.models import Wallet

SAMPLE: Final = 20


class Earned(NamedTuple):
    """One activity of a citizen: what it earns, why not more, and what of it has been paid."""

    programme: str
    kind: str
    kind_name: str
    activity_id: UUID
    occurred_at: datetime
    counts_on: date
    points: int
    why: str
    state: str
    paid: int


def earned_by(*, municipality: str, citizen: UUID, first: date, end: date) -> list[Earned]:
    """What a citizen's activities that count from ``first`` until before ``end`` earn, newest first, at most 1,000."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM points.of_citizen(%s, %s, %s, %s)", [municipality, citizen, first, end])
        return [Earned(*row) for row in cursor.fetchall()]


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


def balance_of(programme: PointProgramme) -> int:
    """The won that the programme's fund holds."""
    account = Account.objects.filter(
        municipality=programme.municipality_id, kind=AccountKind.BENEFIT, owner_id=programme.fund_id,
        currency_id=programme.currency_id,
    ).values("id")[:1]  # fmt: skip
    found = Balance.objects.filter(municipality=programme.municipality_id, pk__in=account).first()
    return found.credits - found.debits - found.reserved if found else 0


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
