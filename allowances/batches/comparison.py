"""A list against earlier ones, person by person: against the cycle before, or against the version it replaces.

Two lists of a whole city take seconds to compare, so the result is kept until either side changes: short ones are
compared as they are asked for, long ones by a job.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Q

from allowances.batches.models import (
    Batch,
    BatchKind,
    BatchRow,
    BatchState,
    ComparisonPurpose,
    DifferenceKind,
    ListComparison,
    ListDifference,
)
from vouchers.common import jobs
from vouchers.common.scope import scope
from vouchers.privacy.rules import mask_name

COMPARE: Final = "allowances.batches.compare"
AT_ONCE_ROWS: Final = 20_000
"""Rows on both sides together that are compared while the page waits."""

_PAID_STATES: Final = (
    BatchState.APPROVED, BatchState.SCHEDULED, BatchState.PAYING, BatchState.PAUSED, BatchState.PAID,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class KindSum:
    """How many people of a kind, and what they get on either side, in won."""

    people: int = 0
    before: int = 0
    after: int = 0

    @property
    def difference(self) -> int:
        """What the later side pays more; negative when it pays less."""
        return self.after - self.before


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What differs between two sets of lists, in figures; ``rows_of`` reads the people."""

    id: UUID
    municipality: str
    purpose: str
    before: tuple[UUID, ...]
    after: tuple[UUID, ...]
    added: KindSum
    removed: KindSum
    changed: KindSum
    same: KindSum

    @property
    def is_equal(self) -> bool:
        """Whether nobody differs."""
        return not (self.added.people or self.removed.people or self.changed.people)

    @property
    def total(self) -> KindSum:
        """All people of both sides."""
        kinds = (self.added, self.removed, self.changed, self.same)
        return KindSum(
            people=sum(kind.people for kind in kinds), before=sum(kind.before for kind in kinds),
            after=sum(kind.after for kind in kinds),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One person, masked. ``row`` is the Excel row on the later side, ``row_before`` on the earlier."""

    number: int
    kind: str
    name: str
    name_before: str
    dong: str
    dong_before: str
    row: int | None
    row_before: int | None
    amount: int | None
    amount_before: int | None
    phone_changed: bool


def previous_lists(batch: Batch) -> list[Batch]:
    """The approved and paid lists of the latest earlier cycle that has any, of the programme or of the year before's."""
    programme = batch.cycle.programme
    earlier = Q(cycle__programme__fiscal_year__lt=programme.fiscal_year) | Q(
        cycle__programme__fiscal_year=programme.fiscal_year, cycle__number__lt=batch.cycle.number
    )
    decided = Batch.objects.filter(
        earlier, cycle__programme__series_id=programme.series_id, kind=BatchKind.PAYMENT, sequence=0,
        state__in=_PAID_STATES,
    )  # fmt: skip
    in_order = decided.order_by("-cycle__programme__fiscal_year", "-cycle__number")
    latest = in_order.values_list("cycle", flat=True).first()
    return list(decided.filter(cycle=latest).order_by("pk")) if latest else []


def sides_of(batch: Batch, purpose: ComparisonPurpose) -> tuple[list[Batch], list[Batch]]:
    """What is compared with what; the earlier side is empty when there is nothing to compare with.

    A cycle that is drafted in several lists is compared as a whole: those under approval or further on come along.
    """
    if purpose == ComparisonPurpose.VERSION:
        return ([batch.replaces] if batch.replaces else []), [batch]
    beside = Batch.objects.filter(
        cycle=batch.cycle_id, kind=BatchKind.PAYMENT, sequence=0, state__in=(BatchState.SUBMITTED, *_PAID_STATES)
    ).exclude(pk__in=[batch.pk, *batch.redrafts.values_list("pk", flat=True)])
    return previous_lists(batch), [*beside.order_by("pk"), batch]


def comparison_of(*, batch: Batch, purpose: ComparisonPurpose) -> Comparison | None:
    """The comparison as of now; None where there is nothing to compare with, or while a job is still at it.

    Call ``is_being_compared`` to tell the two apart.
    """
    before, after = sides_of(batch, purpose)
    if not before:
        return None
    kept = ListComparison.objects.filter(batch=batch, purpose=purpose).first()
    if kept is not None and kept.contents == _contents(before, after):
        return _read(kept)
    if sum(one.rows_total for one in [*before, *after]) > AT_ONCE_ROWS:
        jobs.defer(
            COMPARE, lock=f"compare:{batch.pk}:{purpose}", municipality=batch.municipality_id, batch_id=str(batch.pk),
            purpose=str(purpose),
        )  # fmt: skip
        return None
    return _make(batch, purpose, before, after)


def is_being_compared(*, batch: Batch, purpose: ComparisonPurpose) -> bool:
    """Whether ``comparison_of`` has something to compare and no result yet."""
    before, after = sides_of(batch, purpose)
    fresh = ListComparison.objects.filter(batch=batch, purpose=purpose, contents=_contents(before, after))
    return bool(before) and not fresh.exists()


def make_comparison(*, municipality: str, batch_id: UUID, purpose: str) -> None:
    """What the job does; repeating it compares again."""
    with scope(municipalities=[municipality]):
        batch = Batch.objects.select_related("cycle", "replaces").get(pk=batch_id)
        before, after = sides_of(batch, ComparisonPurpose(purpose))
        if before:
            _make(batch, ComparisonPurpose(purpose), before, after)


def rows_of(
    comparison: Comparison, *, kind: DifferenceKind, after_number: int = 0, limit: int = 50
) -> tuple[list[Difference], int | None]:
    """People of one kind in the order of the lists, and the number to go on after, None at the end."""
    found = list(
        ListDifference.objects.filter(
            municipality=comparison.municipality, comparison_id=comparison.id, kind=kind, number__gt=after_number
        ).order_by("number")[: limit + 1]
    )
    shown = found[:limit]
    sides = [(one.before_batch_id, one.before_row) for one in shown] + [
        (one.after_batch_id, one.after_row) for one in shown
    ]
    rows = _rows_at(comparison.municipality, [place for place in sides if place[0]])
    return [_difference(one, rows) for one in shown], shown[-1].number if len(found) > limit else None


def compare(*, municipality: str, id: UUID, before: Sequence[UUID], after: Sequence[UUID]) -> dict[str, KindSum]:
    """Write the differences of any two sets of lists under ``id`` and sum them up by kind ('same' included)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, people, amount_before, amount_after FROM batches.compare(%s, %s, %s, %s)",
            [municipality, id, list(before), list(after)],
        )
        return {kind: KindSum(people=people, before=old, after=new) for kind, people, old, new in cursor.fetchall()}


def _make(batch: Batch, purpose: ComparisonPurpose, before: list[Batch], after: list[Batch]) -> Comparison:
    ListComparison.objects.get_or_create(municipality_id=batch.municipality_id, batch=batch, purpose=purpose)
    kept = ListComparison.objects.select_for_update(of=("self",)).get(batch=batch, purpose=purpose)
    kept.before, kept.after = [one.pk for one in before], [one.pk for one in after]
    sums = compare(municipality=batch.municipality_id, id=kept.pk, before=kept.before, after=kept.after)
    kept.sums = {kind: [found.people, found.before, found.after] for kind, found in sums.items()}
    kept.contents = _contents(before, after)
    kept.save()
    return _read(kept)


def _read(kept: ListComparison) -> Comparison:
    sums = {
        kind: KindSum(**dict(zip(("people", "before", "after"), kept.sums.get(kind, (0, 0, 0)), strict=True)))
        for kind in (*DifferenceKind.values, "same")
    }
    return Comparison(
        id=kept.pk, municipality=kept.municipality_id, purpose=kept.purpose, before=tuple(kept.before),
        after=tuple(kept.after), **sums,
    )  # fmt: skip


def _contents(before: list[Batch], after: list[Batch]) -> str:
    """Changes whenever a list of either side is read again, mended or exchanged for another."""
    sides = [[(one.pk, one.rows_total, one.rows_bad, one.amount_total, one.content_sha256) for one in side]
             for side in (before, after)]  # fmt: skip
    return hashlib.sha256(repr(sides).encode()).hexdigest()


def _rows_at(municipality: str, places: list[Any]) -> dict[tuple[UUID, int], BatchRow]:
    with_batch: dict[UUID, list[int]] = {}
    for batch_id, row in places:
        with_batch.setdefault(batch_id, []).append(row)
    return {
        (batch_id, row.row_number): row
        for batch_id, numbers in with_batch.items()
        for row in BatchRow.objects.filter(municipality=municipality, batch_id=batch_id, row_number__in=numbers)
    }


def _difference(one: ListDifference, rows: dict[tuple[UUID, int], BatchRow]) -> Difference:
    old = rows.get((one.before_batch_id, one.before_row))  # type: ignore[arg-type]
    new = rows.get((one.after_batch_id, one.after_row))  # type: ignore[arg-type]
    return Difference(
        number=one.number, kind=one.kind, row=one.after_row, row_before=one.before_row, amount=one.amount_after,
        amount_before=one.amount_before, name=mask_name(new.name or "") if new else "",
        name_before=mask_name(old.name or "") if old else "", dong=(new.dong or "") if new else "",
        dong_before=(old.dong or "") if old else "", phone_changed=bool(old and new and old.phone != new.phone),
    )  # fmt: skip
