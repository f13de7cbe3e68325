"""Writing the budget: lines, what changes them, and what programmes get of them.

Each service posts to the ledger first and writes the entry that explains the movement beside it. The id of a form is the
journal's, so a form that is sent twice counts once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from allowances.budgets import errors
from allowances.budgets.models import INCOMING, BudgetAllotment, BudgetEntry, BudgetLine, EntryKind
from allowances.budgets.rules import PAYERS, Split
from allowances.budgets.selectors import parts_of
from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted
from vouchers.ledger import services as ledger
from vouchers.ledger.errors import AmountNotPositive
from vouchers.ledger.models import AccountKind
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority

MOVED_TO: Final = {
    EntryKind.TRANSFER_OUT: EntryKind.TRANSFER_IN,
    EntryKind.CHANGE_OUT: EntryKind.CHANGE_IN,
}
"""What leaves a line for another one: the kind at the line that gives, and at the one that gets it."""
CARRIED: Final = (EntryKind.CARRIED_NAMED, EntryKind.CARRIED_ACCIDENT, EntryKind.CARRIED_CONTINUING)
"""What comes from an earlier year, from its line where that one is kept here."""
OFFERED: Final = tuple(
    kind for kind in EntryKind if kind not in {*MOVED_TO.values(), EntryKind.CARRIED_OUT}
)  # fmt: skip
"""What an official enters; the others are written at the other line of one of these."""


def save_line(*, line: BudgetLine, official: Official, authority: Authority) -> BudgetLine:
    """Store a new or edited line and open its ledger account, which an edit leaves as it is."""
    _require(authority, line)
    line._history_user = official  # type: ignore[attr-defined]
    with transaction.atomic(), domain_errors():
        line.save()
        ledger.open_account(
            municipality=line.municipality_id, currency=line.currency_id, kind=AccountKind.BUDGET, owner=line.pk
        )
    return line


def record(
    *, line: BudgetLine, kind: EntryKind, split: Split, reason: str, official: Official, authority: Authority,
    at: datetime, document_number: str = "", counterpart: BudgetLine | None = None, id: UUID | None = None,
) -> BudgetEntry:  # fmt: skip
    """Enter what changes a line; ``split`` is never negative, its direction follows from the kind.

    전용 and 변경사용 are entered at the line that gives, 이월 at the line that gets; the other line gets its entry, too.
    Raises NotPermitted, EntryKindWrong, EntrySignWrong, CounterpartWrong, BudgetEntryReasonMissing, BudgetPartExceeded,
    EntryRepeated, and the ledger's BudgetLineExceeded and JournalConflict.
    """
    _require(authority, line)
    _require_sound(line, kind, split, counterpart, reason)
    with transaction.atomic(), domain_errors():
        journal: UUID = id or ledger.call("ledger.id_at", at)[0]
        _post(line, kind, split.total, counterpart, journal, at)
        written = [
            BudgetEntry(
                municipality_id=line.municipality_id, line=own, kind=what, national=parts.national,
                province=parts.province, city=parts.city, counterpart=other, reason=reason.strip(),
                document_number=document_number.strip(), official=official, at=at, journal_id=journal,
            )
            for own, what, parts, other in _sides(line, kind, split, counterpart)
        ]  # fmt: skip
        entry = _written_once(written)
        for side in written:
            _require_parts(side)
    return entry


def _require(authority: Authority, line: BudgetLine) -> None:
    if not authority.may("budgets.edit", line.municipality_id):
        raise NotPermitted


def _require_sound(
    line: BudgetLine, kind: EntryKind, split: Split, counterpart: BudgetLine | None, reason: str
) -> None:  # fmt: skip
    if kind not in OFFERED:
        raise errors.EntryKindWrong
    if min(split.national, split.province, split.city) < 0 or split.total == 0:
        raise errors.EntrySignWrong
    if not reason.strip():
        raise errors.BudgetEntryReasonMissing
    if counterpart is None:
        if kind in MOVED_TO:
            raise errors.CounterpartWrong
        return
    same = counterpart.pk != line.pk and (counterpart.municipality_id, counterpart.currency_id) == (
        line.municipality_id, line.currency_id,
    )  # fmt: skip
    moves = kind in MOVED_TO and counterpart.fiscal_year == line.fiscal_year
    carries = kind in CARRIED and counterpart.fiscal_year < line.fiscal_year
    if not (same and (moves or carries)):
        raise errors.CounterpartWrong


def _post(
    line: BudgetLine, kind: EntryKind, amount: int, counterpart: BudgetLine | None, journal: UUID, at: datetime
) -> None:  # fmt: skip
    if counterpart is None:
        ledger.fund(
            id=journal, municipality=line.municipality_id, currency=line.currency_id, line=line.pk,
            amount=amount if kind in INCOMING else -amount, at=at,
        )  # fmt: skip
        return
    giver, getter = (counterpart, line) if kind in INCOMING else (line, counterpart)
    ledger.divert(
        id=journal, municipality=line.municipality_id, currency=line.currency_id, from_line=giver.pk, to_line=getter.pk,
        amount=amount, at=at,
    )  # fmt: skip


def _sides(
    line: BudgetLine, kind: EntryKind, split: Split, counterpart: BudgetLine | None
) -> list[tuple[BudgetLine, EntryKind, Split, BudgetLine | None]]:
    """The entry, and the one at the other line, each with its direction."""
    sides = [(line, kind, split if kind in INCOMING else -split, counterpart)]
    if counterpart is not None:
        there = MOVED_TO.get(kind, EntryKind.CARRIED_OUT)
        sides.append((counterpart, there, -sides[0][2], line))
    return sides


def _written_once(sides: list[BudgetEntry]) -> BudgetEntry:
    """Write the entries unless the same form has written them before."""
    BudgetEntry.objects.bulk_create(sides, ignore_conflicts=True)
    kept = BudgetEntry.objects.get(line=sides[0].line, journal_id=sides[0].journal_id)
    if (kept.kind, kept.national, kept.province, kept.city) != (
        sides[0].kind, sides[0].national, sides[0].province, sides[0].city,
    ):  # fmt: skip
        raise errors.EntryRepeated
    return kept


def _require_parts(entry: BudgetEntry) -> None:
    """Nobody's money is taken away beyond what they gave. The line's balance is locked since the posting, so nothing
    else is entered at the same time."""
    parts = parts_of(line=entry.line)
    for name, payer in PAYERS:
        left, taken = getattr(parts, name), -getattr(entry, name)
        if left < 0:
            raise errors.BudgetPartExceeded(part=str(payer), available=f"{left + taken:,}", needed=f"{taken:,}")


def allot(
    *, line: BudgetLine, programme: UUID, amount: int, official: Official, at: datetime, id: UUID, reason: str = "",
    document_number: str = "",
) -> BudgetAllotment:  # fmt: skip
    """Give a line's money to the programme of that key (재배정), or with a negative amount take back what it has free.

    Who may is decided by the programmes' service, which knows the programme. Raises BudgetLineExceeded, BudgetExceeded,
    AmountNotPositive, BudgetLineDiffers and EntryRepeated.
    """
    if amount == 0:
        raise AmountNotPositive
    with transaction.atomic(), domain_errors():
        ledger.allot(
            id=id, municipality=line.municipality_id, currency=line.currency_id, line=line.pk, programme=programme,
            amount=amount, at=at,
        )  # fmt: skip
        allotment = BudgetAllotment(
            municipality_id=line.municipality_id, line=line, programme_id=programme, amount=amount,
            reason=reason.strip(), document_number=document_number.strip(), official=official, at=at, journal_id=id,
        )  # fmt: skip
        BudgetAllotment.objects.bulk_create([allotment], ignore_conflicts=True)
        return BudgetAllotment.objects.get(municipality=line.municipality_id, journal_id=id)
