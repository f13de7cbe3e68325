"""The lists that were carried out in a period, chunk by chunk: what 수당 지급 조서 and 환수 결정 조서 are made of.

Without a list chosen a report shows one line for each list of the period; with one, its recipients and the approval line
on which it was decided. A chunk counts on the business day of its movement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allowances.approvals.selectors import boxes_of, document_number, steps_of
from allowances.batches.models import Batch, BatchKind
from allowances.disbursement.models import DisbursementChunk
from reports.documents.printing import approval_box
from reports.documents.recipients import batch_of
from reports.documents.register import spaced
from reports.documents.rules import WHOLE_ROWS
from reports.statistics.definitions import Asked, Choice, month_after
from reports.statistics.rules import Signature
from vouchers.common.filters import id_floor
from vouchers.common.seoul import start_of_day

EDGE: Final = timedelta(days=2)
"""How much earlier or later than its business day a chunk may have been posted."""
CHOSEN_FROM: Final = 300
LIST: Final = "list"
"""The choice of one list, whose people are then shown."""
_POSTED: Final = """
WITH chunk AS (
    SELECT chunk.batch_id, chunk.first_row, chunk.last_row, chunk.rows, chunk.amount, chunk.journal_id,
           coalesce(journal.business_date, (chunk.posted_at AT TIME ZONE 'Asia/Seoul')::date) AS day
    FROM allowances_disbursementchunk chunk
    JOIN allowances_batch list ON list.id = chunk.batch_id AND list.kind = ANY (%(kinds)s)
     AND (%(list)s::uuid IS NULL OR list.id = %(list)s::uuid)
    JOIN allowances_cycle cycle ON cycle.id = list.cycle_id
     AND (%(programme)s::uuid IS NULL OR cycle.programme_id = %(programme)s::uuid)
    LEFT JOIN vouchers_journal journal ON journal.municipality_id = %(municipality)s AND journal.id = chunk.journal_id
     AND journal.id >= %(since)s AND journal.id < %(until)s
    WHERE chunk.municipality_id = %(municipality)s AND chunk.posted_at >= %(from)s AND chunk.posted_at < %(to)s
)
SELECT chunk.batch_id, max(chunk.day), sum(chunk.rows)::bigint, sum(chunk.amount)::bigint, {figures}
FROM chunk {outcome}
WHERE chunk.day >= %(first)s AND chunk.day < %(end)s
GROUP BY chunk.batch_id
"""


class Posted(NamedTuple):
    """What of a list was carried out in a month: the last day, rows, won as decided, and figures of the kind of list."""

    last_day: date
    rows: int
    amount: int
    figures: tuple[int, ...]


def posted(*, asked: Asked, month: date, kinds: Iterable[BatchKind], figures: str, outcome: str) -> dict[UUID, Posted]:
    """By list. ``outcome`` joins to ``chunk`` what came of its rows, ``figures`` sums it up."""
    end = month_after(month, 1)
    since, until = start_of_day(month) - EDGE, start_of_day(end) + EDGE
    values: dict[str, Any] = {
        "municipality": asked.municipality, "kinds": [str(kind) for kind in kinds], "first": month, "end": end,
        "from": since, "to": until, "since": id_floor(since), "until": id_floor(until),
        "list": asked.chosen.get(LIST) or None, "programme": asked.chosen.get("programme") or None,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_POSTED.format(figures=figures, outcome=outcome), values)
        return {key: Posted(day, rows, amount, tuple(rest)) for key, day, rows, amount, *rest in cursor.fetchall()}


def together(found: Iterable[Mapping[UUID, Posted]]) -> dict[UUID, Posted]:
    """A list whose chunks stand in several months is one."""
    whole: dict[UUID, Posted] = {}
    for month in found:
        for key, one in month.items():
            past = whole.get(key)
            whole[key] = one if past is None else Posted(
                max(past.last_day, one.last_day), past.rows + one.rows, past.amount + one.amount,
                tuple(map(sum, zip(past.figures, one.figures, strict=True))),
            )  # fmt: skip
    return whole


def batches(keys: Iterable[UUID]) -> list[tuple[Batch, str]]:
    """The lists with their document numbers, in the order in which they were paid."""
    rows = Batch.objects.filter(pk__in=list(keys)).select_related("cycle__programme", "municipality")
    found = list(rows.prefetch_related("document_numbers").order_by("paid_at", "id"))
    return [
        (batch, next((str(one) for one in batch.document_numbers.all() if one.attempt == batch.attempt), ""))
        for batch in found
    ]


def chosen_list(asked: Asked) -> Batch | None:
    """The list that was chosen."""
    return batch_of(UUID(asked.chosen[LIST])) if asked.chosen.get(LIST) else None


def names_people(batch: Batch) -> bool:
    """Whether the report of this list is short enough to show its recipients one by one."""
    return batch.rows_total - batch.rows_bad <= WHOLE_ROWS


def people(title: str) -> Callable[[Asked], str]:
    """What the access record says of a report that shows the people of a list."""
    return lambda asked: f"{title} batch {asked.chosen['list']}" if asked.chosen.get(LIST) else ""


def facts_of(batch: Batch, **more: str) -> tuple[tuple[str, str], ...]:
    """What the list is, and what its signatures are bound to."""
    number = document_number(batch)
    return (
        (gettext("사업"), str(batch.cycle.programme)), (gettext("회차"), batch.cycle.name), *more.items(),
        (gettext("결재 문서번호"), str(number) if number else "-"),
        (gettext("결재 지문(SHA-256)"), spaced(batch.digest)),
    )  # fmt: skip


def signatures_of(batch: Batch) -> tuple[Signature, ...]:
    """The boxes of the line on which the list was decided."""
    boxes = [approval_box(box) for box in boxes_of(list(steps_of(batch))) if not box.is_concurrence]
    return tuple(Signature(**vars(box)) for box in boxes)


def choices(*kinds: BatchKind) -> tuple[Choice, ...]:
    """The programmes and the lists of the period."""

    def lists(asked: Asked) -> list[tuple[str, str]]:
        rows = _rows(asked, kinds).order_by("-paid_at", "-id")[:CHOSEN_FROM]
        return [(str(one.pk), f"{one.cycle.programme} {one.cycle.name} ({one.amount_total:,})") for one in rows]

    def programmes(asked: Asked) -> list[tuple[str, str]]:
        rows = _rows(asked, kinds).order_by("cycle__programme__name").distinct()
        found = rows.values_list("cycle__programme", "cycle__programme__fiscal_year", "cycle__programme__name")
        return [(str(key), f"{year} {name}") for key, year, name in found[:CHOSEN_FROM]]

    return (
        Choice(name="programme", label=_("사업"), options=programmes, all_label=_("전체"), in_period=True),
        Choice(name=LIST, label=_("명단"), options=lists, all_label=_("전체 명단"), in_period=True),
    )


def _rows(asked: Asked, kinds: Iterable[BatchKind]) -> Any:
    since, until = start_of_day(asked.first) - EDGE, start_of_day(month_after(asked.last, 1)) + EDGE
    chunks = DisbursementChunk.objects.filter(
        municipality=asked.municipality, posted_at__gte=since, posted_at__lt=until
    )
    rows = Batch.objects.filter(municipality=asked.municipality, kind__in=kinds, pk__in=chunks.values("batch_id"))
    return rows.select_related("cycle__programme")
