"""What a list's page shows: progress, errors by kind, error rows by Excel row number, and the annotated copy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from allowances.batches.models import Batch, BatchProblem, BatchState
from allowances.batches.problems import PROBLEMS, kind_text, reason_of
from allowances.batches.reading.annotate import Note, annotate
from allowances.batches.reading.fields import FIELD_LABELS
from vouchers.common.errors import DomainError
from vouchers.common.scope import scope
from vouchers.privacy.files import FileStore

WORKING_STATES = frozenset({BatchState.UPLOADED, BatchState.READING, BatchState.VALIDATING, BatchState.SUBMITTING})


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far the background work on a list is; ``percent`` of the present step."""

    state: str
    label: str
    percent: int
    rows: int
    working: bool


@dataclass(frozen=True, kw_only=True)
class ProblemCount:
    """One kind of problem: how many rows have it, and how to mend it."""

    code: str
    field: str
    message: str
    hint: str
    count: int
    is_warning: bool


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One problem of one row, in the reader's language. ``value`` is what the official's file says."""

    row_number: int
    column: str
    code: str
    value: str
    reason: str
    hint: str
    is_warning: bool


def batch_progress(batch: Batch) -> Progress:
    """Where the list stands right now."""
    percent = 100 * batch.progress_done // batch.progress_total if batch.progress_total else 0
    return Progress(
        state=batch.state, label=batch.get_state_display(), percent=min(100, percent), rows=batch.rows_total,
        working=batch.state in WORKING_STATES,
    )  # fmt: skip


def problem_summary(batch: Batch) -> list[ProblemCount]:
    """Errors before warnings, the most frequent first."""
    counted = (
        BatchProblem.objects.filter(municipality=batch.municipality_id, batch_id=batch.pk)
        .values("code", "field", "is_warning")
        .annotate(count=Count("row_number", distinct=True))
        .order_by("is_warning", "-count", "field", "code")
    )
    return [
        ProblemCount(message=kind_text(row["code"], row["field"]), hint=str(PROBLEMS[row["code"]].remedy), **row)
        for row in counted
    ]


def problems(
    batch: Batch, *, code: str | None = None, after_row: int = 0, limit: int = 100
) -> tuple[list[Problem], int | None]:
    """Problems by row number, from the rows after ``after_row``; and the row to go on after, None at the end."""
    found = BatchProblem.objects.filter(municipality=batch.municipality_id, batch_id=batch.pk, row_number__gt=after_row)
    if code:
        found = found.filter(code=code)
    rows = list(found.order_by("row_number", "id")[: limit + 1])
    if len(rows) <= limit:
        return [_problem(row) for row in rows], None
    last = rows[limit].row_number
    whole = [row for row in rows if row.row_number < last] or rows[:limit]
    return [_problem(row) for row in whole], whole[-1].row_number


def failure_of(batch: Batch) -> DomainError | None:
    """Why the last step on the list failed, as the error that was raised then."""
    if not batch.failure:
        return None
    kinds = {kind.code: kind for kind in _all_errors(DomainError)}
    return kinds.get(batch.failure["code"], DomainError)(**batch.failure["params"])


def annotated_copy(batch: Batch, *, store: FileStore) -> Iterator[bytes]:
    """The official's own file with result, reason and remedy beside each row that has one. Opens its own scope."""
    with scope(municipalities=[batch.municipality_id]), store.open(batch.file_key) as file:
        yield from annotate(file, header_row=batch.layout["header_row"], notes=_notes(batch.municipality_id, batch.pk))


def _notes(municipality: str, batch_id: UUID) -> Iterator[Note]:
    rows = BatchProblem.objects.filter(municipality=municipality, batch_id=batch_id).order_by("row_number", "id")
    for number, found in groupby(rows.iterator(chunk_size=5_000), key=attrgetter("row_number")):
        group = [_problem(row) for row in found]
        is_error = any(not problem.is_warning for problem in group)
        result = _("오류(지급 제외)") if is_error else _("확인 필요(지급 가능)")
        yield (
            number, str(result), " / ".join(problem.reason for problem in group),
            " / ".join(dict.fromkeys(problem.hint for problem in group)),
        )  # fmt: skip


def _problem(row: BatchProblem) -> Problem:
    return Problem(
        row_number=row.row_number, column=str(FIELD_LABELS[row.field]), code=row.code, value=row.value,
        reason=reason_of(row.code, row.field, row.params), hint=str(PROBLEMS[row.code].remedy),
        is_warning=row.is_warning,
    )  # fmt: skip


def _all_errors(base: type[DomainError]) -> Iterator[type[DomainError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _all_errors(kind)


def has_rows_to_pay(batch: Batch) -> bool:
    """Whether anything would be left to pay without the rows in error."""
    return batch.rows_total > batch.rows_bad
