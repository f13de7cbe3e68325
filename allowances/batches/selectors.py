"""What a list's page shows: progress, errors by kind, rows in error by Excel row number, what was mended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from allowances.batches.models import (
    Acceptance,
    AcceptedProblem,
    Batch,
    BatchProblem,
    BatchRow,
    BatchState,
    CorrectionKind,
    RowCorrection,
)
from allowances.batches.problems import PROBLEMS, kind_text, reason_of
from allowances.batches.reading.fields import FIELD_LABELS
from vouchers.common.errors import DomainError
from vouchers.officials.models import Official
from vouchers.privacy.rules import mask_name

LAST_CHARACTER: Final = "\U0010ffff"
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
    """One kind of problem: how many rows have it, how many of them are ``open`` (nobody took it upon themselves), and
    how to mend it."""

    code: str
    field: str
    message: str
    hint: str
    count: int
    open: int
    is_warning: bool
    needs_acceptance: bool
    acceptable: bool

    @property
    def key(self) -> str:
        """How the page's address names the kind."""
        return f"{self.code}.{self.field}"

    @property
    def accepted(self) -> int:
        """Rows whose problem somebody accepted."""
        return self.count - self.open

    @property
    def blocks(self) -> bool:
        """Whether the list is not submitted before somebody accepts these rows."""
        return self.needs_acceptance and self.open > 0


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One problem of one row, in the reader's language. ``value`` is what the official's file says."""

    row_number: int
    column: str
    field: str
    code: str
    value: str
    reason: str
    hint: str
    is_warning: bool
    acceptance_id: UUID | None = None

    @property
    def key(self) -> str:
        """How the page's address names its kind."""
        return f"{self.code}.{self.field}"

    @property
    def acceptable(self) -> bool:
        """Whether an official may take it upon themselves, and nobody has."""
        return PROBLEMS[self.code].acceptable and self.acceptance_id is None


@dataclass(frozen=True, kw_only=True)
class ProblemRow:
    """A row that has problems, with the person it names, masked."""

    row_number: int
    name: str
    dong: str
    amount: int | None
    problems: list[Problem]


@dataclass(frozen=True, kw_only=True)
class ProblemFilter:
    """Which problems to show. ``severity``: 'error' (keeps its row out), 'open' (to be accepted) or 'warning'."""

    code: str = ""
    field: str = ""
    severity: str = ""
    row: int | None = None
    dong: str = ""
    name: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether everything is shown."""
        return self == ProblemFilter()


def batch_progress(batch: Batch) -> Progress:
    """Where the list stands right now."""
    percent = 100 * batch.progress_done // batch.progress_total if batch.progress_total else 0
    return Progress(
        state=batch.state, label=batch.get_state_display(), percent=min(100, percent), rows=batch.rows_total,
        working=batch.state in WORKING_STATES,
    )  # fmt: skip


def problem_summary(batch: Batch) -> list[ProblemCount]:
    """Errors first, then warnings that somebody must accept, then the others; the most frequent first. No query."""
    kinds = [_problem_count(kind) for kind in batch.problem_kinds]
    return sorted(kinds, key=lambda kind: (kind.is_warning, not kind.needs_acceptance, -kind.count, kind.key))


def _problem_count(kind: dict[str, Any]) -> ProblemCount:
    code, field = kind["code"], kind["field"]
    known = PROBLEMS[code]
    return ProblemCount(
        code=code, field=field, message=kind_text(code, field), hint=str(known.remedy), count=kind["rows"],
        open=kind["open"], is_warning=kind["is_warning"], acceptable=known.acceptable,
        needs_acceptance=known.needs_acceptance,
    )  # fmt: skip


def problem_rows(
    batch: Batch, *, only: ProblemFilter, after_row: int = 0, limit: int = 50
) -> tuple[list[ProblemRow], int | None]:
    """Rows with problems by row number, from those after ``after_row``; and the row to go on after, None at the end."""
    found, go_on = problems(batch, only=only, after_row=after_row, limit=limit)
    by_row = [(number, list(group)) for number, group in groupby(found, key=attrgetter("row_number"))]
    people = BatchRow.objects.filter(
        municipality=batch.municipality_id, batch_id=batch.pk, row_number__in=[number for number, _group in by_row]
    )
    of_row = {row.row_number: row for row in people}
    return [_problem_row(number, group, of_row.get(number)) for number, group in by_row], go_on


def _problem_row(number: int, group: list[Problem], row: BatchRow | None) -> ProblemRow:
    return ProblemRow(
        row_number=number, name=mask_name(row.name or "") if row else "", dong=(row.dong or "") if row else "",
        amount=row.amount if row else None, problems=group,
    )  # fmt: skip


def problems(
    batch: Batch, *, only: ProblemFilter | None = None, after_row: int = 0, limit: int = 100
) -> tuple[list[Problem], int | None]:
    """Problems by row number, from the rows after ``after_row``; and the row to go on after, None at the end."""
    found = _filtered(batch, only or ProblemFilter()).filter(row_number__gt=after_row)
    rows = list(found.order_by("row_number", "id")[: limit + 1])
    if len(rows) <= limit:
        return [_problem(row) for row in rows], None
    last = rows[limit].row_number
    whole = [row for row in rows if row.row_number < last] or rows[:limit]
    return [_problem(row) for row in whole], whole[-1].row_number


def _filtered(batch: Batch, only: ProblemFilter) -> QuerySet[BatchProblem]:
    found = BatchProblem.objects.filter(municipality=batch.municipality_id, batch_id=batch.pk)
    if only.severity:
        found = found.filter(**_SEVERITIES.get(only.severity, {}))
    if only.severity == "open":
        found = found.filter(code__in=[code for code, kind in PROBLEMS.items() if kind.needs_acceptance])
    exact = {"code": only.code, "field": only.field, "row_number": only.row}
    found = found.filter(**{name: value for name, value in exact.items() if value})
    if not (only.dong or only.name):
        return found
    # Ranges, not LIKE: under row-level security only leakproof comparisons are tried before the policy.
    person = BatchRow.objects.filter(
        municipality=batch.municipality_id, batch_id=batch.pk, row_number=OuterRef("row_number")
    )
    if only.name:
        person = person.filter(name__gte=only.name, name__lt=only.name + LAST_CHARACTER)
    if only.dong:
        person = person.filter(dong__gte=only.dong, dong__lt=only.dong + LAST_CHARACTER)
    return found.filter(Exists(person))


_SEVERITIES: Final[dict[str, dict[str, Any]]] = {
    "error": {"is_warning": False, "acceptance_id": None},
    "warning": {"is_warning": True},
    "open": {"is_warning": True, "acceptance_id": None},
}


def failure_of(batch: Batch) -> DomainError | None:
    """Why the last step on the list failed, as the error that was raised then."""
    return _told(batch.failure) if batch.failure else None


def layout_problems(batch: Batch) -> list[DomainError]:
    """What keeps an uploaded file from being read until an official decides about its header and columns."""
    return [_told(problem) for problem in batch.layout.get("problems", [])]


def _told(stored: dict[str, Any]) -> DomainError:
    kinds = {kind.code: kind for kind in _all_errors(DomainError)}
    return kinds.get(stored["code"], DomainError)(**stored["params"])


def _problem(row: BatchProblem) -> Problem:
    return Problem(
        row_number=row.row_number, column=str(FIELD_LABELS[row.field]), field=row.field, code=row.code,
        value=row.value, reason=reason_of(row.code, row.field, row.params), hint=str(PROBLEMS[row.code].remedy),
        is_warning=row.is_warning, acceptance_id=row.acceptance_id,
    )  # fmt: skip


def _all_errors(base: type[DomainError]) -> Iterator[type[DomainError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _all_errors(kind)


def has_rows_to_pay(batch: Batch) -> bool:
    """Whether anything would be left to pay without the rows in error."""
    return batch.rows_total > batch.rows_bad


@dataclass(frozen=True, kw_only=True)
class AcceptedKind:
    """An acceptance that stands: what, how many rows, by whom and why."""

    id: UUID
    message: str
    row_number: int | None
    rows: int
    reason: str
    official: Official
    at: datetime


def acceptances_of(batch: Batch, *, limit: int = 100) -> list[AcceptedKind]:
    """What officials took upon themselves and did not take back, latest first."""
    covered = AcceptedProblem.objects.filter(
        municipality=OuterRef("municipality"), batch_id=OuterRef("batch"), acceptance_id=OuterRef("pk")
    )
    standing = Acceptance.objects.filter(Exists(covered), batch=batch, revoked=False).select_related("official")
    return [
        AcceptedKind(
            id=one.pk, message=kind_text(one.code, one.field), row_number=one.row_number, rows=one.rows,
            reason=one.reason, official=one.official, at=one.at,
        )
        for one in standing.order_by("-id")[:limit]
    ]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CorrectionEntry:
    """One line of the log of corrections, masked. ``stands``: nothing later was said about the same cell."""

    id: UUID
    row_number: int
    field: str
    column: str
    kind: str
    what: str
    before: str
    after: str
    reason: str
    official: Official
    at: datetime
    stands: bool


def corrections_of(
    batch: Batch, *, before: UUID | None = None, row: int | None = None, limit: int = 50
) -> tuple[list[CorrectionEntry], UUID | None]:
    """The corrections of a list, latest first, from those before ``before``; and the id to go on before."""
    found = RowCorrection.objects.filter(municipality=batch.municipality_id, batch=batch).select_related("official")
    if before is not None:
        found = found.filter(id__lt=before)
    if row is not None:
        found = found.filter(row_number=row)
    later = RowCorrection.objects.filter(
        municipality=batch.municipality_id, batch=batch, row_number=OuterRef("row_number"), field=OuterRef("field"),
        id__gt=OuterRef("id"),
    )  # fmt: skip
    entries = list(found.annotate(superseded=Exists(later)).order_by("-id")[: limit + 1])
    shown = entries[:limit]
    return [_correction(one) for one in shown], shown[-1].id if len(entries) > limit else None


def _correction(one: Any) -> CorrectionEntry:
    return CorrectionEntry(
        id=one.id, row_number=one.row_number, field=one.field, column=str(FIELD_LABELS[one.field]), kind=one.kind,
        what=str(CorrectionKind(one.kind).label), before=one.shown_before, after=one.shown_after, reason=one.reason,
        official=one.official, at=one.at, stands=not one.superseded and one.kind != CorrectionKind.UNDO,
    )  # fmt: skip


def row_of(batch: Batch, row_number: int) -> tuple[BatchRow | None, list[Problem]]:
    """One row of the list with what is wrong with it; no row where it was left out or never was."""
    row = BatchRow.objects.filter(municipality=batch.municipality_id, batch_id=batch.pk, row_number=row_number).first()
    found, _go_on = problems(batch, only=ProblemFilter(row=row_number))
    return row, found


def next_problem_row(batch: Batch, *, after_row: int) -> int | None:
    """The next row that has an open problem worth an official's time: an error, or a warning to accept."""
    found = BatchProblem.objects.filter(
        Q(is_warning=False) | Q(code__in=[code for code, kind in PROBLEMS.items() if kind.needs_acceptance]),
        municipality=batch.municipality_id, batch_id=batch.pk, row_number__gt=after_row, acceptance_id=None,
    )  # fmt: skip
    return found.order_by("row_number").values_list("row_number", flat=True).first()
