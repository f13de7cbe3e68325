"""Reading what can be paid, what cannot and why, and what stands in a batch and its files."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, models
from django.db.models import Max, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from merchants.payouts.models import (
    BankSheet,
    BatchState,
    Payout,
    PayoutBatch,
    PayoutResult,
    PayoutState,
    PayoutTerms,
)
from merchants.payouts.rules import SHEETS, Answer, Line, Sheet, account_is_usable, digits_of_account
from merchants.registry.models import Merchant
from merchants.settlement.models import DayClose
from vouchers.common.seoul import start_of_day
from vouchers.currencies.models import Currency

SHOWN_SHOPS: Final = 100
MOST_TOLD: Final = 1_000
_WEEKS: Final = timedelta(weeks=2)


class Obstacle(models.TextChoices):
    """Why a shop cannot be paid."""

    HELD = "held", _("지급보류")
    NO_ACCOUNT = "no_account", _("정산 계좌·예금주 없음")
    ACCOUNT_REFUSED = "account_refused", _("은행이 반환한 계좌")
    WRONG_ACCOUNT = "wrong_account", _("은행코드·계좌번호 형식 오류")
    BELOW_MINIMUM = "below_minimum", _("최소 이체액 미만")


@dataclass(frozen=True)
class Candidate:
    """A shop to which something is owed: won that it has settled and that are queued, and why it cannot be paid."""

    merchant: UUID
    settled: int
    queued: int
    obstacle: Obstacle | None

    @property
    def amount(self) -> int:
        """All of it."""
        return self.settled + self.queued


@dataclass(frozen=True)
class Kept:
    """What waits for one reason: shops, won, and the first of the shops with what each is owed."""

    obstacle: Obstacle
    shops: int
    amount: int
    first: list[tuple[Merchant, int]]


@dataclass(frozen=True)
class Preview:
    """What a batch of this moment would hold, and what it would leave."""

    through: date | None
    shops: int
    amount: int
    kept: list[Kept]


def terms_on(*, currency: UUID, day: date) -> PayoutTerms | None:
    """The terms that hold on a day."""
    return PayoutTerms.objects.filter(currency=currency, valid_from__lte=day).order_by("-valid_from", "-id").first()


def closed_through(*, currency: UUID) -> date | None:
    """The last closed day of a currency."""
    last: date | None = DayClose.objects.filter(currency=currency).aggregate(last=Max("business_date"))["last"]
    return last


def candidates(*, currency: Currency, through: date, day: date, minimum: int) -> list[Candidate]:
    """Every shop to which something is owed, the accounts looked at, but for those that the bank has paid to before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT merchant_id, settled, queued, obstacle, was_paid_to FROM payouts.candidates(%s, %s, %s, %s, %s)",
            [currency.municipality_id, currency.pk, through, day, minimum],
        )
        rows = cursor.fetchall()
    unusable = _unusable(
        [merchant for merchant, *_owed, obstacle, was_paid_to in rows if obstacle is None and not was_paid_to]
    )
    return [
        Candidate(
            merchant, settled, queued,
            Obstacle.WRONG_ACCOUNT if merchant in unusable else Obstacle(obstacle) if obstacle else None,
        )
        for merchant, settled, queued, obstacle, _was_paid_to in rows
    ]  # fmt: skip


def _unusable(merchants: Sequence[UUID]) -> set[UUID]:
    shops = Merchant.objects.filter(pk__in=merchants).values_list("pk", "account_bank", "account_number")
    return {
        shop for shop, bank, number in shops.iterator(chunk_size=5_000)
        if not account_is_usable(bank=bank, number=number.reveal() if number else "")
    }  # fmt: skip


def preview(*, currency: Currency, day: date, minimum: int) -> Preview:
    """What is to be paid now, up to the last closed day."""
    through = closed_through(currency=currency.pk)
    found = candidates(currency=currency, through=through, day=day, minimum=minimum) if through else []
    kept = defaultdict(list)
    for one in sorted(found, key=lambda one: -one.amount):
        if one.obstacle:
            kept[one.obstacle].append(one)
    shown = {one.merchant for several in kept.values() for one in several[:SHOWN_SHOPS]}
    shops = Merchant.objects.in_bulk(list(shown))
    ready = [one for one in found if one.obstacle is None]
    return Preview(
        through, len(ready), sum(one.amount for one in ready),
        [
            Kept(obstacle, len(kept[obstacle]), sum(one.amount for one in kept[obstacle]),
                 [(shops[one.merchant], one.amount) for one in kept[obstacle][:SHOWN_SHOPS]])
            for obstacle in Obstacle if kept[obstacle]
        ],
    )  # fmt: skip


def batches_in(municipalities: Sequence[str], state: BatchState) -> QuerySet[PayoutBatch]:
    """Batches that ask for their next step, oldest first."""
    return PayoutBatch.objects.filter(municipality__in=municipalities, state=state).order_by("id")


@dataclass(frozen=True)
class Refused:
    """Payouts that came back because of their accounts: how many, at most ``MOST_TOLD``, and won of those."""

    payouts: int
    amount: int

    @property
    def told(self) -> str:
        """The number, or that there are more."""
        return f"{MOST_TOLD}+" if self.payouts >= MOST_TOLD else str(self.payouts)


def refused_accounts(*, municipalities: Sequence[str]) -> Refused:
    """What waits until somebody mends the account, or confirms it."""
    found = to_mend(Payout.objects.filter(municipality__in=municipalities)).order_by().values_list("amount", flat=True)
    amounts = list(found[:MOST_TOLD])
    return Refused(len(amounts), sum(amounts))


def open_gaps(*, municipalities: Sequence[str], day: date) -> QuerySet[PayoutResult]:
    """Statements of the last weeks that lack something which no later file has brought, latest first."""
    return without_filled(_recent(municipalities, day).exclude(gap=None))


def without_filled(results: QuerySet[PayoutResult]) -> QuerySet[PayoutResult]:
    """Those of the statements whose gap stands: neither was what lies before them taken in since, nor a whole one of the
    same days.
    """
    later = PayoutResult.objects.filter(
        municipality=models.OuterRef("municipality"), account=models.OuterRef("account"), pk__gt=models.OuterRef("pk")
    )
    before = later.filter(closing=models.OuterRef("opening"), last_day__lt=models.OuterRef("first_day"))
    whole = later.filter(
        gap=None, first_day__lte=models.OuterRef("first_day"), last_day__gte=models.OuterRef("last_day")
    )
    return results.exclude(models.Exists(whole)).exclude(
        ~models.Q(gap="entries") & models.Q(models.Exists(before))
    )  # fmt: skip


def contradictions(*, municipalities: Sequence[str], day: date) -> QuerySet[PayoutResult]:
    """Files of the last weeks that said what cannot be, latest first."""
    return _recent(municipalities, day).filter(conflicts__gt=0)


def _recent(municipalities: Sequence[str], day: date) -> QuerySet[PayoutResult]:
    since = start_of_day(day - _WEEKS)
    return PayoutResult.objects.filter(municipality__in=municipalities, uploaded_at__gte=since).order_by("-id")


def lines_of(*, batch: PayoutBatch, shown: str, memo: str) -> list[Line]:
    """The frozen rows as the files tell them, with plain account numbers."""
    rows: Any = Payout.objects.filter(batch=batch).order_by("line").values_list(
        "line", "pk", "bank", "account_number", "holder", "amount", "merchant__name", "merchant__code",
        "merchant__business_number",
    )  # fmt: skip
    return [
        Line(
            number=line, payout=key.hex, bank=bank, account=digits_of_account(account.reveal()), holder=holder,
            amount=amount, shop=shop, shop_code=code, business_number=business, shown=shown, memo=memo,
        )
        for line, key, bank, account, holder, amount, shop, code, business in rows.iterator(chunk_size=5_000)
    ]  # fmt: skip


def sheet_on(*, municipality: str, code: str, day: date) -> Sheet:
    """A bank's sheet as the municipality has it on a day."""
    own = BankSheet.objects.filter(municipality=municipality, code=code, valid_from__lte=day)
    latest = own.order_by("-valid_from").first()
    return Sheet(SHEETS[code].name, latest.form, latest.columns) if latest else SHEETS[code]


def progress_of(batch: PayoutBatch) -> list[tuple[Any, int, int]]:
    """State, payouts and won, for each state that any payout of the batch is in."""
    rows = (
        Payout.objects.filter(batch=batch).order_by().values_list("state")
        .annotate(count=models.Count("pk"), amount=models.Sum("amount"))
    )  # fmt: skip
    found = {state: (count, amount) for state, count, amount in rows}
    return [(PayoutState(state).label, *found[state]) for state in PayoutState if state in found]


def to_mend(rows: QuerySet[Payout]) -> QuerySet[Payout]:
    """Payouts whose account the bank refused, as long as the shop still has that very account and nobody confirmed it."""
    same = models.Q(
        bank=models.F("merchant__account_bank"), holder=models.F("merchant__account_holder"),
        account_number_index=models.F("merchant__account_number_index"),
    )  # fmt: skip
    return rows.filter(same, needs_mending=True, mended_at=None)


def last_statement(*, municipality: str, account: str, before: date | None) -> PayoutResult | None:
    """The latest statement of that account which begins before another one does."""
    known = PayoutResult.objects.filter(municipality=municipality, kind="camt.053", account=account)
    if before is not None:
        known = known.filter(last_day__lt=before)
    return known.order_by("-last_day", "-sequence", "-id").first()


def batch_of_message(*, municipality: str, message: str) -> PayoutBatch | None:
    """The batch that was sent under a MsgId."""
    key = key_of(message)
    return PayoutBatch.objects.filter(municipality=municipality, pk=key).first() if key else None


def key_of(said: str) -> UUID | None:
    """The id whose 32 digits these are."""
    try:
        return UUID(said) if len(said) == 32 else None
    except ValueError:
        return None


def payouts_of_accounts(*, municipality: str, answers: Sequence[Answer], since: date) -> list[UUID | None]:
    """The payout that each answer of a sheet means: by its number where it has one, else by account and sum among what
    was sent since, when there is exactly one of either.
    """
    by_account: dict[tuple[str, int], list[UUID]] = defaultdict(list)
    plain = {answer.account for answer in answers if not key_of(answer.said_id)}
    if plain:
        sent = PayoutBatch.objects.filter(
            municipality=municipality, state__in=(BatchState.SENT, BatchState.DONE),
            sent_at__date__gte=since - timedelta(days=1),
        ).values("pk")  # fmt: skip
        rows = Payout.objects.filter(municipality=municipality, batch__in=Subquery(sent)).only(
            "amount", "account_number"
        )
        for row in rows.iterator(chunk_size=5_000):
            number = digits_of_account(row.account_number.reveal() if row.account_number else "")
            if number in plain:
                by_account[number, row.amount].append(row.pk)
    said = Counter((answer.account, answer.amount) for answer in answers)
    found: list[UUID | None] = []
    for answer in answers:
        key = key_of(answer.said_id)
        same = by_account.get((answer.account, answer.amount or 0), [])
        alone = len(same) == 1 and said[answer.account, answer.amount] == 1
        found.append(key or (same[0] if alone else None))
    return found
