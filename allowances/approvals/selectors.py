"""Reading approvals: the line a total takes, a list's steps, and what waits for an official."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from allowances.approvals.errors import ApprovalLineIncomplete, NoApprovalLine
from allowances.approvals.models import ApprovalLine, ApprovalStep, StepDecision
from allowances.approvals.rules import Band, band_for
from allowances.batches.models import Batch, BatchRow, BatchState, Entitlement
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority
from vouchers.privacy.rules import mask_name

SIGNABLE_STATES = (BatchState.SUBMITTED, BatchState.APPROVED)
CLASHES_SHOWN = 20


def line_for(*, municipality: str, total: int, day: date) -> ApprovalLine:
    """The line that a list of ``total`` won takes on ``day``. Raises NoApprovalLine, ApprovalLineIncomplete."""
    lines = {line.pk: line for line in ApprovalLine.objects.filter(municipality=municipality).prefetch_related("steps")}
    bands = (Band(line.pk, line.valid_from, line.amount_up_to) for line in lines.values())
    band = band_for(bands, total=total, day=day)
    if band is None:
        raise NoApprovalLine(amount=f"{total:,}")
    line = lines[band.line]
    if not any(step.role == Role.APPROVER for step in line.steps.all()):
        raise ApprovalLineIncomplete(name=line.name)
    return line


def steps_of(batch: Batch) -> QuerySet[ApprovalStep]:
    """The steps of the present attempt, drafter first."""
    return history_of(batch).filter(attempt=batch.attempt)


def history_of(batch: Batch) -> QuerySet[ApprovalStep]:
    """The steps of all attempts, oldest first."""
    return batch.steps.select_related("official").order_by("attempt", "position")


def next_step(batch: Batch) -> ApprovalStep | None:
    """The step whose turn it is."""
    return steps_of(batch).filter(decision=StepDecision.WAITING).first()


def waiting_for(*, authority: Authority) -> QuerySet[ApprovalStep]:
    """The steps whose turn it is and that this official may sign now, oldest list first."""
    roles = Q(pk__in=[])
    for municipality, held in authority.roles.items():
        roles |= Q(municipality=municipality, role__in=held)
    same = ApprovalStep.objects.filter(batch=OuterRef("batch"), attempt=OuterRef("attempt"))
    earlier = same.filter(decision=StepDecision.WAITING, position__lt=OuterRef("position"))
    own = same.filter(official=authority.official_id)
    return (
        ApprovalStep.objects.filter(
            roles, ~Exists(earlier), ~Exists(own), ~Q(batch__uploaded_by=authority.official_id),
            decision=StepDecision.WAITING, attempt=F("batch__attempt"), batch__state__in=SIGNABLE_STATES,
        )
        .select_related("batch__cycle__programme", "batch__uploaded_by")
        .order_by("batch_id")
    )  # fmt: skip


def came_back_to(*, authority: Authority) -> QuerySet[Batch]:
    """Lists this official submitted that were sent back, taken back, or could not be submitted; latest first."""
    drafted = ApprovalStep.objects.filter(
        batch=OuterRef("pk"), attempt=OuterRef("attempt"), position=0, official=authority.official_id
    )
    back = Q(state__in=(BatchState.RETURNED, BatchState.WITHDRAWN)) | Q(
        state=BatchState.VALIDATED, failure__isnull=False
    )
    return Batch.objects.filter(back, Exists(drafted)).select_related("cycle__programme").order_by("-pk")


@dataclass(frozen=True, kw_only=True)
class Clash:
    """A row whose person is entitled in the same cycle by another list. The name is masked."""

    row: int
    name: str
    other_batch: UUID
    other_row: int


def clashes_of(batch: Batch) -> tuple[int, list[Clash]]:
    """How many people of the list are entitled in its cycle by another list, and the first of them by row."""
    claimed = Entitlement.objects.filter(municipality=batch.municipality_id, cycle_id=batch.cycle_id)
    others = claimed.exclude(batch_id=batch.pk)
    people = BatchRow.objects.filter(
        municipality=batch.municipality_id, batch_id=batch.pk, citizen_id__in=others.values("citizen_id")
    ).order_by("row_number")
    shown = list(people.values_list("row_number", "name", "citizen_id")[:CLASHES_SHOWN])
    by_citizen = {
        citizen: (other, row)
        for citizen, other, row in others.filter(citizen_id__in=[citizen for _, _, citizen in shown]).values_list(
            "citizen_id", "batch_id", "row_number"
        )
    }
    clashes = [
        Clash(row=row, name=mask_name(name or ""), other_batch=by_citizen[citizen][0], other_row=by_citizen[citizen][1])
        for row, name, citizen in shown
        if citizen in by_citizen
    ]
    return people.count(), clashes
