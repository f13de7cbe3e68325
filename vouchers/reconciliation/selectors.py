"""Reading the reconciliation: days and how they stand, what is open on either side, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from vouchers.common.seoul import start_of_day
from vouchers.currencies.models import Currency
from vouchers.ledger.models import AccountKind, BusinessClose, Event, JournalKind
from vouchers.ledger.services import call
from vouchers.officials.selectors import Authority
from vouchers.reconciliation.models import BankDay, BankLine, BankMatch, BankStatement, DailySum, DayReview, ReviewNote
from vouchers.top_ups.models import TopUp

SHOWN_DAYS: Final = 31
SHOWN_ITEMS: Final = 200
SHOWN_TOP_UPS: Final = 50
WATCHED_DAYS: Final = 31
"""How far back the home page looks for days that ask for something."""
_AROUND: Final = timedelta(days=31)


class State(models.TextChoices):
    """How a day stands."""

    MISSING = "missing", _("거래내역 없음")
    AGREES = "agrees", _("일치")
    EXPLAINED = "explained", _("차이 설명됨")
    DIFFERS = "differs", _("차이 있음")


@dataclass(frozen=True)
class Day:
    """A closed day of a currency, with the note that explains its difference, if one does."""

    review: DayReview
    note: ReviewNote | None

    @property
    def state(self) -> State:
        """A note explains the difference as long as it is the very figure that was signed for."""
        if self.review.unexplained is None:
            return State.MISSING
        if self.review.unexplained == 0:
            return State.AGREES
        return State.DIFFERS if self.note is None else State.EXPLAINED


@dataclass(frozen=True)
class Movement:
    """What moved on the bank account in the ledger in one event: money in positive, money out negative."""

    journal_id: UUID
    business_date: date
    amount: int
    kind: str

    @property
    def label(self) -> str:
        """What happened, in words."""
        return str(JournalKind(self.kind).label)


@dataclass(frozen=True)
class Place:
    """Where money is at the end of a day: won on all accounts of a kind."""

    kind: AccountKind
    amount: int
    before: int


@dataclass(frozen=True)
class Picture:
    """A day as its page shows it: what is owed, place by place, what is on its way, and what is open on either side."""

    day: Day
    owed: list[Place]
    in_transit: Place
    lines: list[BankLine]
    movements: list[Movement]
    timing: list[BankMatch]
    notes: list[ReviewNote]
    bank: BankDay | None

    @property
    def owed_total(self) -> int:
        """What all the accounts together hold of other people's money."""
        return sum(place.amount for place in self.owed)


OWED: Final = (
    AccountKind.WALLET, AccountKind.MERCHANT_PENDING, AccountKind.MERCHANT_SETTLED, AccountKind.PAYOUT_TRANSIT,
    AccountKind.OPERATING, AccountKind.PROGRAMME, AccountKind.BUDGET, AccountKind.BENEFIT, AccountKind.UNCLAIMED,
    AccountKind.CASH, AccountKind.REFUND_PAYABLE,
)  # fmt: skip


def closed_through(*, municipality: str) -> date | None:
    """The last day that no money can be added to any more."""
    return BusinessClose.objects.filter(pk=municipality).values_list("closed_through", flat=True).first()


def next_day(*, municipality: str) -> date | None:
    """The first day that is not summed up yet; None when no money has ever moved."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reconciliation.next_day(%s)", [municipality])
        day: date | None = cursor.fetchone()[0]
        return day


def currency_for(*, municipality: str, named: UUID | None) -> Currency | None:
    """The currency that is named, or the only one that is in use."""
    found = Currency.objects.filter(municipality=municipality)
    chosen = list(found.filter(pk=named) if named else found.filter(is_active=True)[:2])
    return chosen[0] if len(chosen) == 1 else None


def statement(*, key: UUID) -> BankStatement:
    """A statement that is known to exist."""
    return BankStatement.objects.get(pk=key)


def days_of(
    *, currency: UUID, before: date | None = None, limit: int = SHOWN_DAYS, first: date | None = None
) -> list[Day]:  # fmt: skip
    """The latest days of a currency, latest first, as they stand."""
    rows = DayReview.objects.filter(currency=currency)
    if before is not None:
        rows = rows.filter(business_date__lt=before)
    if first is not None:
        rows = rows.filter(business_date__gte=first)
    return with_notes(list(rows.select_related("currency").order_by("-business_date")[:limit]))


def with_notes(reviews: list[DayReview]) -> list[Day]:
    """Each review with the latest note for its day or an earlier one, if that was signed for this very difference."""
    if not reviews:
        return []
    last = max(review.business_date for review in reviews)
    first = min(review.business_date for review in reviews)
    found: list[Day] = []
    for currency in sorted({review.currency_id for review in reviews}):
        notes = ReviewNote.objects.filter(currency=currency, business_date__lte=last).select_related("official")
        older = notes.filter(business_date__lt=first).order_by("-business_date", "-id")[:1]
        known = sorted(
            [*notes.filter(business_date__gte=first), *older], key=lambda note: (note.business_date, note.pk)
        )  # fmt: skip
        for review in (review for review in reviews if review.currency_id == currency):
            before = [note for note in known if note.business_date <= review.business_date]
            signed = before[-1] if before and before[-1].unexplained == review.unexplained else None
            found.append(Day(review, signed))
    return sorted(found, key=lambda day: (day.review.business_date, day.review.pk), reverse=True)


def day_of(review: DayReview) -> Day:
    """One day as it stands."""
    return with_notes([review])[0]


def picture(*, review: DayReview) -> Picture:
    """Everything that the page of a day shows, in a fixed number of statements."""
    day = review.business_date
    sums = {
        (kind, at): balance
        for kind, at, balance in DailySum.objects.filter(
            municipality=review.municipality_id, currency_id=review.currency_id,
            business_date__in=[day, day - timedelta(days=1)],
        ).values_list("kind", "business_date", "balance")
    }  # fmt: skip

    def place(kind: AccountKind, sign: int = 1) -> Place:
        return Place(kind, sign * sums.get((kind, day), 0), sign * sums.get((kind, day - timedelta(days=1)), 0))

    matched = BankMatch.objects.filter(currency=review.currency_id, undone_at=None)
    across = matched.filter(line_day__lte=day, business_date__gt=day) | matched.filter(
        line_day__gt=day, business_date__lte=day
    )
    return Picture(
        day=day_of(review),
        owed=[place(kind) for kind in OWED],
        in_transit=place(AccountKind.DEPOSIT, -1),
        lines=list(open_lines(currency=review.currency_id).filter(day__lte=day).order_by("-day", "-id")[:SHOWN_ITEMS]),
        movements=open_movements(currency=review.currency_id, until=day),
        timing=list(across.select_related("line").order_by("-line_day", "-id")[:SHOWN_ITEMS]),
        notes=list(
            ReviewNote.objects.filter(currency=review.currency_id, business_date=day).select_related("official")[:50]
        ),
        bank=BankDay.objects.filter(currency=review.currency_id, day=day)
        .select_related("statement__uploaded_by", "statement__partner")
        .order_by("-statement")
        .first(),
    )  # fmt: skip


def open_lines(*, currency: UUID) -> models.QuerySet[BankLine]:
    """Lines of the bank that no movement of the ledger matches."""
    matched = BankMatch.objects.filter(line=models.OuterRef("pk"), undone_at=None)
    return BankLine.objects.filter(~models.Exists(matched), currency=currency)


def open_movements(
    *, currency: UUID, until: date | None = None, around: date | None = None, limit: int = SHOWN_ITEMS
) -> list[Movement]:  # fmt: skip
    """Movements of the ledger that no line of the bank matches, latest first: up to a day, or a month around one."""
    first, last = (date.min, until or date.max) if around is None else (around - _AROUND, around + _AROUND)
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_MOVEMENTS, {"currency": currency, "first": first, "last": last, "limit": limit})
        return [Movement(*row) for row in cursor.fetchall()]


class Seen(NamedTuple):
    """What an official is shown before a line is received: how many top-ups, their sum, and what is unclaimed, in won."""

    number: int
    paid: int
    unclaimed: int


@dataclass(frozen=True)
class Deposits:
    """The top-ups that a line of the bank is taken for. ``unclaimed``: in transit besides, left by lines that paid a part."""

    line: BankLine
    top_ups: list[UUID]
    paid: int
    unclaimed: int

    @property
    def seen(self) -> Seen:
        """What binds the second look to what is posted."""
        return Seen(len(self.top_ups), self.paid, self.unclaimed)

    @property
    def rest(self) -> int:
        """What stays in transit unclaimed afterwards; less than nothing: so much of the line is not explained."""
        return self.paid + self.unclaimed - self.line.amount


def deposits_of(*, line: BankLine, top_ups: Sequence[UUID] | None) -> Deposits:
    """Of ``top_ups`` those that wait for their deposit; None: the oldest ones, as many as the line pays."""
    keys = None if top_ups is None else list(top_ups)
    return Deposits(line, *call("reconciliation.deposits_of", line.municipality_id, line.pk, keys))


def waiting_top_ups(
    *, line: BankLine, text: str = "", amount: int | None = None, without: Sequence[UUID] = ()
) -> list[TopUp]:  # fmt: skip
    """Top-ups whose deposit was reported within a month of a line and not seen at the bank; those of its amount first.

    ``text``: the whole order number, bank reference or name of the buyer.
    """
    found = TopUp.objects.filter(
        municipality=line.municipality_id, currency=line.currency_id, received_line_id=None,
        completed_at__gte=start_of_day(line.day - _AROUND), completed_at__lt=start_of_day(line.day + _AROUND),
    ).exclude(pk__in=without)  # fmt: skip
    if text:
        found = found.filter(
            models.Q(order_id=text) | models.Q(deposit_reference=text) | models.Q(wallet__citizen__name=text)
            | models.Q(wallet__corporation__name=text)
        )  # fmt: skip
    if amount is not None:
        found = found.filter(paid=amount)
    equal = models.Case(models.When(paid=line.amount, then=0), default=1)
    return list(_with_names(found).order_by(equal, "completed_at", "id")[:SHOWN_TOP_UPS])


def top_ups(*, municipality: str, keys: Sequence[UUID]) -> list[TopUp]:
    """These, the earliest deposit first."""
    found = TopUp.objects.filter(municipality=municipality, pk__in=keys)
    return list(_with_names(found).order_by("completed_at", "id"))


def _with_names(found: models.QuerySet[TopUp]) -> models.QuerySet[TopUp]:
    return found.select_related("wallet__citizen", "wallet__corporation", "depositor")


def posted(matches: Sequence[BankMatch]) -> set[UUID]:
    """The journals among them that were posted for their line: such a match is not undone."""
    codes = {match.municipality_id for match in matches}
    events = Event.objects.filter(
        municipality__in=codes, pk__in=[match.journal_id for match in matches], kind=JournalKind.RECEIVE
    )
    return set(events.values_list("pk", flat=True))


_OPEN_MOVEMENTS: Final = """
SELECT movement.journal_id, movement.business_date, movement.amount, journal.kind
FROM vouchers_currency currency
CROSS JOIN LATERAL (SELECT min(day) AS day FROM vouchers_bankday WHERE currency_id = currency.id) begin
CROSS JOIN LATERAL reconciliation.movements(currency.municipality_id, currency.id,
                                            greatest(%(first)s, begin.day), %(last)s) movement
CROSS JOIN LATERAL (                             -- one by one: a city has a journal for each top-up
    SELECT kind FROM vouchers_journal
    WHERE municipality_id = currency.municipality_id AND id = movement.journal_id LIMIT 1) journal
WHERE currency.id = %(currency)s
  AND NOT EXISTS (SELECT FROM vouchers_bankmatch match
                  WHERE match.municipality_id = currency.municipality_id
                    AND match.journal_id = movement.journal_id AND match.undone_at IS NULL)
ORDER BY movement.business_date DESC, movement.journal_id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True)
class Alarm:
    """A currency whose reconciliation asks for something: the latest day that differs, and days without a statement."""

    currency: Currency
    differs: Day | None
    differing_days: int
    missing_days: int
    latest_missing: DayReview | None


def alarms(*, municipalities: Iterable[str], today: date) -> list[Alarm]:
    """What the reconciliations of these municipalities ask for, of the days of the last month."""
    since = today - timedelta(days=WATCHED_DAYS)
    rows = DayReview.objects.filter(municipality__in=list(municipalities), business_date__gte=since)
    wanted = rows.filter(models.Q(unexplained=None) | ~models.Q(unexplained=0))
    days = with_notes(list(wanted.select_related("currency").order_by("-business_date")[:500]))
    found = []
    for currency in {day.review.currency for day in days}:
        own = [day for day in days if day.review.currency_id == currency.pk]
        differing = [day for day in own if day.state is State.DIFFERS]
        missing = [day.review for day in own if day.state is State.MISSING]
        if differing or missing:
            found.append(
                Alarm(
                    currency=currency, differs=differing[0] if differing else None, differing_days=len(differing),
                    missing_days=len(missing), latest_missing=missing[0] if missing else None,
                )
            )  # fmt: skip
    return sorted(found, key=lambda alarm: (alarm.differs is None, str(alarm.currency)))


def alarms_for(*, authority: Authority, today: date) -> list[Alarm]:
    """The same for whoever sees settlements, at their municipalities."""
    codes = [code for code in sorted(authority.municipalities) if authority.may("settlement.view", code)]
    return alarms(municipalities=codes, today=today) if codes else []


def balances_of(*, currency: Currency, first: date, last: date) -> dict[tuple[date, str], int]:
    """The balance of each kind of account at the end of each day (credits − debits)."""
    rows = DailySum.objects.filter(
        municipality=currency.municipality_id, currency_id=currency.pk, business_date__gte=first,
        business_date__lte=last,
    ).values_list("business_date", "kind", "balance")  # fmt: skip
    return {(day, kind): balance for day, kind, balance in rows}
