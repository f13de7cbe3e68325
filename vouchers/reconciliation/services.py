"""Summing up closed days, taking in what the bank says, matching both, and signing for a difference.

Nothing here changes what the ledger or the bank says: a difference is explained by matches and by words, or it stays.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import BinaryIO, Final
from uuid import UUID

from django.db import transaction

from allowances.batches.reading.reader import Limits
from allowances.batches.reading.tables import open_table
from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.currencies.models import Currency
from vouchers.ledger.services import call
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority
from vouchers.partners.services import Once, Write, once
from vouchers.reconciliation import errors, selectors
from vouchers.reconciliation.models import (
    BankDay,
    BankLine,
    BankMatch,
    BankStatement,
    DayReview,
    ReviewNote,
)
from vouchers.reconciliation.rules import Statement, read_statement
from vouchers.reconciliation.selectors import Seen

LARGEST_FILE: Final = 10 * 1024 * 1024
PATIENCE: Final = timedelta(minutes=5)
_POLL: Final = timedelta(milliseconds=20)


@dataclass(frozen=True)
class TakenIn:
    """A statement, how many of its lines were new, and how many of all open lines found their movement."""

    statement: BankStatement
    matched: int


def sum_closed_days(*, municipality: str, patience: timedelta = PATIENCE) -> list[date]:
    """Sum up every closed day that is not yet, and review it; returns these days.

    Raises TransactionsStillRunning when transactions from before the fence do not end within ``patience``. Commits day
    by day, so whoever runs it again goes on where it stopped.
    """
    with scope(municipalities=[municipality]):
        through = selectors.closed_through(municipality=municipality)
        if through is None or selectors.next_day(municipality=municipality) is None:
            return []
    _wait_for_transactions_before_the_fence(patience)
    days: list[date] = []
    while True:
        with scope(municipalities=[municipality]):
            day = selectors.next_day(municipality=municipality)
            if day is None or day > through:
                break
            call("reconciliation.sum_day", municipality, day)
        days.append(day)
    with scope(municipalities=[municipality]):
        for currency in Currency.objects.filter(municipality=municipality).order_by("pk") if days else ():
            call("reconciliation.review", municipality, currency.pk, days[0])
    return days


def _wait_for_transactions_before_the_fence(patience: timedelta) -> None:
    before = call("ledger.transactions_now")[0]
    for _attempt in range(patience // _POLL + 1):
        if call("ledger.transactions_ended", before)[0]:
            return
        time.sleep(_POLL.total_seconds())
    raise errors.TransactionsStillRunning


def upload(
    *, currency: Currency, file: BinaryIO, file_name: str, through: date | None, official: Official,
    authority: Authority, at: datetime,
) -> TakenIn:  # fmt: skip
    """Take in a bank's export, as it is. ``through``: the last day it speaks for, where that had no line any more.

    Raises NotPermitted, ListUnreadable and its kinds, the errors of `read_statement`, StatementAhead,
    StatementAlreadyUploaded.
    """
    if authority.official_id != official.pk or not authority.may("reconciliation.edit", currency.municipality_id):
        raise NotPermitted
    statement = read_statement(open_table(file, limits=Limits(file_bytes=LARGEST_FILE), whole=True))
    file.seek(0)
    digest = hashlib.sha256(file.read()).digest() + (through.isoformat().encode() if through else b"")
    made = BankStatement(
        currency=currency, file_name=file_name[-200:], digest=hashlib.sha256(digest).digest(), uploaded_by=official
    )
    return _take_in(made, statement, through=through or statement.last_day, at=at)


def report(
    *, write: Write, currency: Currency, statement: Statement | None, day: date, closing_balance: int, at: datetime
) -> Once:  # fmt: skip
    """Take in what the funding partner says of one day, once per request. Without lines: the balance alone.

    Raises IdempotencyKeyReused, BalanceBroken, StatementAhead.
    """

    def act(id: UUID) -> None:
        said = statement or Statement((), closing_balance)
        made = BankStatement(
            id=id, currency=currency, digest=hashlib.sha256(id.bytes).digest(), partner_id=write.caller.partner
        )
        if said.entries and (said.first_day != day or said.last_day != day):
            raise errors.StatementUnreadable(row=1, reason=str(errors.OTHER_DAY))
        if said.entries and said.entries[-1].balance != closing_balance:
            raise errors.BalanceBroken(row=len(said.entries))
        _take_in(made, said, through=day, at=at)

    return once(write=write, at=at, act=act)


def _take_in(made: BankStatement, said: Statement, *, through: date, at: datetime) -> TakenIn:
    last = max([through, *(entry.day for entry in said.entries[-1:])])
    first = said.entries[0].day if said.entries else through
    if last > business_date(at):
        raise errors.StatementAhead
    with transaction.atomic(), domain_errors():
        call("reconciliation.hold", made.currency.municipality_id, made.currency_id)
        days = said.closing_balances(through=through) if said.entries else [(through, said.opening)]
        made.municipality_id, made.uploaded_at = made.currency.municipality_id, at
        made.first_day, made.last_day = first, last
        made.opening_balance, made.closing_balance = said.opening, days[-1][1]
        made.lines_total = len(said.entries)
        new = _new_lines(made, said)
        made.lines_new = len(new)
        made.save(force_insert=True)
        BankDay.objects.bulk_create(
            [
                BankDay(
                    municipality_id=made.municipality_id, currency=made.currency, statement=made, day=day, balance=won
                )
                for day, won in days
            ],
            batch_size=1000,
        )  # fmt: skip
        BankLine.objects.bulk_create(new, batch_size=1000)
        since, matched = _match_automatically(made.currency, at=at)
        call("reconciliation.review", made.municipality_id, made.currency_id, min(first, since or first))
    return TakenIn(made, matched)


def match_open(*, municipality: str, at: datetime) -> int:
    """Match what is still open in every currency; returns how many lines found something.

    A movement or a deposit may be reported after the statement that shows it was taken in. Commits currency by currency.
    """
    with scope(municipalities=[municipality]):
        currencies = list(Currency.objects.filter(municipality=municipality).order_by("pk"))
    total = 0
    for currency in currencies:
        with scope(municipalities=[municipality]):
            since, matched = _match_automatically(currency, at=at)
            if since:
                call("reconciliation.review", municipality, currency.pk, since)
        total += matched
    return total


def _match_automatically(currency: Currency, *, at: datetime) -> tuple[date | None, int]:
    """Open lines that are certain; the first day that this changes, and how many."""
    since, matched = call("reconciliation.match_equal", currency.municipality_id, currency.pk, at)
    earliest, received = call("reconciliation.receive_reported", currency.municipality_id, currency.pk, at)
    return min((day for day in (since, earliest) if day), default=None), matched + received


def _new_lines(made: BankStatement, said: Statement) -> list[BankLine]:
    known = set(
        BankLine.objects.filter(
            currency=made.currency, day__gte=made.first_day, day__lte=made.last_day
        ).values_list("day", "amount", "balance", "ordinal")
    )  # fmt: skip
    return [
        BankLine(
            municipality_id=made.municipality_id, currency=made.currency, statement=made, row=entry.row, day=entry.day,
            clock=entry.clock, amount=entry.amount, balance=entry.balance, ordinal=entry.ordinal, memo=entry.memo,
        )
        for entry in said.entries
        if (entry.day, entry.amount, entry.balance, entry.ordinal) not in known
    ]  # fmt: skip


def match(
    *, line: BankLine, journals: Sequence[UUID], official: Official, authority: Authority, at: datetime
) -> None:  # fmt: skip
    """Say that a line of the bank is these movements of the ledger, which must add up to it.

    Raises NotPermitted, MatchConflict, MatchSumDiffers.
    """
    _require(official, authority, line.municipality_id)
    with transaction.atomic(), domain_errors():
        call("reconciliation.hold", line.municipality_id, line.currency_id)
        held = BankLine.objects.get(pk=line.pk)
        chosen = [
            movement for movement in selectors.open_movements(currency=held.currency_id, around=held.day)
            if movement.journal_id in set(journals)
        ]  # fmt: skip
        if held.matches.filter(undone_at=None).exists() or len(chosen) != len(set(journals)) or not chosen:
            raise errors.MatchConflict
        total = sum(movement.amount for movement in chosen)
        if total != held.amount:
            raise errors.MatchSumDiffers(line=f"{held.amount:,}", chosen=f"{total:,}")
        BankMatch.objects.bulk_create(
            [
                BankMatch(
                    municipality_id=held.municipality_id, currency_id=held.currency_id, line=held,
                    journal_id=movement.journal_id, amount=movement.amount, line_day=held.day,
                    business_date=movement.business_date, matched_by=official, matched_at=at,
                )
                for movement in chosen
            ]
        )  # fmt: skip
        _review_since(held, [movement.business_date for movement in chosen])


def receive(
    *, line: BankLine, top_ups: Sequence[UUID] | None, seen: Seen, official: Official, authority: Authority,
    at: datetime,
) -> None:  # fmt: skip
    """Say that a line of the bank is the deposit of these top-ups, None: of the oldest that wait. They are in transit no more.

    ``seen``: what the official was shown, see `selectors.deposits_of`. Raises NotPermitted, ReceivingChanged when it is
    something else by now, LineNotCovered, MatchConflict when the line is matched, and AmountNotPositive.
    """
    _require(official, authority, line.municipality_id)
    with transaction.atomic(), domain_errors():
        call("reconciliation.hold", line.municipality_id, line.currency_id)
        found = selectors.deposits_of(line=line, top_ups=top_ups)
        if found.seen != seen:
            raise errors.ReceivingChanged
        since = call("reconciliation.receive_line", line.municipality_id, line.pk, found.top_ups, official.pk, at)[0]
        call("reconciliation.review", line.municipality_id, line.currency_id, since)


def unmatch(*, line: BankLine, official: Official, authority: Authority, at: datetime) -> None:
    """Undo the match of a line; both sides are open again, and that it was matched stays to be seen.

    Raises NotPermitted, MatchConflict when it is not matched, LineReceived when it was posted as top-ups' deposit.
    """
    _require(official, authority, line.municipality_id)
    with transaction.atomic():
        call("reconciliation.hold", line.municipality_id, line.currency_id)
        held = BankLine.objects.get(pk=line.pk)
        matches = list(held.matches.filter(undone_at=None))
        if not matches:
            raise errors.MatchConflict
        if selectors.posted(matches):
            raise errors.LineReceived
        held.matches.filter(undone_at=None).update(undone_by=official, undone_at=at)
        _review_since(held, [match.business_date for match in matches])


def _review_since(line: BankLine, days: list[date]) -> None:
    call("reconciliation.review", line.municipality_id, line.currency_id, min([line.day, *days]))


def explain(
    *, review: DayReview, unexplained: int, text: str, official: Official, authority: Authority, at: datetime
) -> ReviewNote:  # fmt: skip
    """Sign for a day's difference with an explanation. ``unexplained`` is the figure that the official saw.

    Raises NotPermitted, ExplanationMissing, NothingToExplain, DifferenceChanged.
    """
    _require(official, authority, review.municipality_id)
    if not text.strip():
        raise errors.ExplanationMissing
    with transaction.atomic():
        call("reconciliation.hold", review.municipality_id, review.currency_id)
        now = DayReview.objects.get(pk=review.pk)
        if not now.unexplained:
            raise errors.NothingToExplain
        if now.unexplained != unexplained:
            raise errors.DifferenceChanged
        return ReviewNote.objects.create(
            municipality_id=now.municipality_id, currency_id=now.currency_id, business_date=now.business_date,
            unexplained=unexplained, text=text.strip()[:500], official=official, at=at,
        )  # fmt: skip


def _require(official: Official, authority: Authority, municipality: str) -> None:
    if authority.official_id != official.pk or not authority.may("reconciliation.edit", municipality):
        raise NotPermitted
