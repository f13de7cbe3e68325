"""Reading approvals: the line a total takes, a list's steps, and what waits for an official."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from allowances.approvals import errors
from allowances.approvals.models import ApprovalLine, ApprovalStep, DocumentNumber, StepDecision
from allowances.approvals.rules import Band, Case, Gap, band_for, due_day, may_fill, titles_of
from allowances.batches.models import Batch, BatchRow, BatchState, Entitlement
from allowances.programmes.models import Programme
from vouchers.common.korean import document_date
from vouchers.common.seoul import business_date
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority
from vouchers.privacy.rules import mask_name

SIGNABLE_STATES = (BatchState.SUBMITTED, BatchState.APPROVED)
CLASHES_SHOWN = 20


def line_for(*, programme: Programme, total: int, day: date) -> ApprovalLine:
    """The line that a list of ``total`` won takes on ``day`` (전결규정).

    Raises NoApprovalLine and its kinds, which say what is missing, and ApprovalLineIncomplete.
    """
    case = Case(
        total=total, type=programme.type_id, category=programme.type.category, department=programme.department
    )  # fmt: skip
    lines = {
        line.pk: line
        for line in ApprovalLine.objects.filter(municipality=programme.municipality_id).prefetch_related("steps")
    }
    found = band_for((_band(line) for line in lines.values()), case=case, day=day)
    if isinstance(found, Gap):
        raise _missing(found, case, programme)
    line = lines[found.line]
    steps = list(line.steps.all())
    if not steps or steps[-1].role != Role.APPROVER or any(step.is_delegated for step in steps[:-1]):
        raise errors.ApprovalLineIncomplete(name=line.name)
    return line


def _band(line: ApprovalLine) -> Band:
    return Band(
        line=line.pk, valid_from=line.valid_from, amount_up_to=line.amount_up_to, type=line.type_id,
        category=line.category, department=line.department,
    )  # fmt: skip


def _missing(gap: Gap, case: Case, programme: Programme) -> errors.NoApprovalLine:
    if gap.table is None:
        return errors.NoApprovalTable(amount=f"{case.total:,}")
    said = {
        "amount": f"{case.total:,}", "table": document_date(gap.table), "type": programme.type.name,
        "department": programme.department,
    }  # fmt: skip
    if gap.limit is None:
        return errors.NoApprovalLine(**said)
    return errors.ApprovalLinesTooLow(limit=f"{gap.limit:,}", **said)


def steps_of(batch: Batch) -> QuerySet[ApprovalStep]:
    """The steps of the present attempt, drafter first."""
    return history_of(batch).filter(attempt=batch.attempt)


def history_of(batch: Batch) -> QuerySet[ApprovalStep]:
    """The steps of all attempts, oldest first."""
    return batch.steps.select_related("official", "on_behalf_of").order_by("attempt", "position")


def next_step(batch: Batch) -> ApprovalStep | None:
    """The step whose turn it is."""
    return steps_of(batch).filter(decision=StepDecision.WAITING).first()


def waiting_for(*, authority: Authority) -> QuerySet[ApprovalStep]:
    """The steps whose turn it is and that this official may sign now, themselves or as a deputy, oldest list first.

    Each carries ``since``, when its turn came, and ``ways_to_sign`` tells in whose place it would be signed.
    """
    same = ApprovalStep.objects.filter(batch=OuterRef("batch"), attempt=OuterRef("attempt"))
    earlier = same.filter(decision=StepDecision.WAITING, position__lt=OuterRef("position"))
    before = same.filter(decision=StepDecision.SIGNED).order_by("-position").values("decided_at")[:1]
    fillable = _fillable(authority.roles, authority.position)
    for held in authority.acting:
        fillable |= _fillable(held.roles, held.position) & ~_is_part_of(same, held.official_id)
    return (
        ApprovalStep.objects.filter(
            fillable, ~Exists(earlier), ~_is_part_of(same, authority.official_id), decision=StepDecision.WAITING,
            attempt=F("batch__attempt"), batch__state__in=SIGNABLE_STATES,
        )
        .annotate(since=Subquery(before))
        .select_related("batch__cycle__programme", "batch__uploaded_by")
        .order_by("batch_id")
    )  # fmt: skip


def _fillable(roles: dict[str, frozenset[str]], position: str) -> Q:
    found = Q(pk__in=[])
    for municipality, held in roles.items():
        found |= Q(municipality=municipality, role__in=held)
    return found & (Q(by_position=False) | Q(title=position))


def _is_part_of(same: QuerySet[ApprovalStep], official: UUID | None) -> Q:
    """Whether somebody has signed, was signed for, or has put the list together."""
    return Q(Exists(same.filter(Q(official=official) | Q(on_behalf_of=official)))) | Q(batch__uploaded_by=official)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A step that waits for one official: since when, until when, and in whose place they would sign it."""

    step: ApprovalStep
    since: datetime | None
    due: date | None
    acting_for: Official | None

    @property
    def batch(self) -> Batch:
        """The list."""
        return self.step.batch


def waiting_items(*, authority: Authority, limit: int) -> list[Waiting]:
    """What waits for an official, oldest list first."""
    steps = list(waiting_for(authority=authority)[:limit])
    ways = {step.pk: ways_to_sign(step, authority) for step in steps}
    absent = Official.objects.in_bulk([key for found in ways.values() for key in found if key and None not in found])
    return [
        Waiting(
            step=step, since=step.since, due=due_of(step, step.since),  # type: ignore[attr-defined]
            acting_for=next((absent[key] for key in ways[step.pk] if key in absent), None),
        )
        for step in steps
    ]  # fmt: skip


def ways_to_sign(step: ApprovalStep, authority: Authority) -> list[UUID | None]:
    """In whose place the official may sign: None stands for their own; a deputy's absent officials follow.

    Whether they have signed already is not asked here.
    """
    ways: list[UUID | None] = []
    if _may_fill(step, authority.roles, authority.position):
        ways.append(None)
    return ways + [held.official_id for held in authority.acting if _may_fill(step, held.roles, held.position)]


def _may_fill(step: ApprovalStep, roles: dict[str, frozenset[str]], position: str) -> bool:
    return may_fill(
        role=step.role, title=step.title, by_position=step.by_position, position=position,
        roles=roles.get(step.municipality_id, frozenset()),
    )  # fmt: skip


def has_part_in(batch: Batch, official: UUID) -> bool:
    """Whether somebody has signed the present attempt, was signed for in it, or has uploaded the list."""
    signed = steps_of(batch).filter(Q(official=official) | Q(on_behalf_of=official))
    return batch.uploaded_by_id == official or signed.exists()


def due_of(step: ApprovalStep, since: datetime | None) -> date | None:
    """The day by which the step should be decided, counted from when its turn came."""
    return due_day(business_date(since), step.due_days) if since else None


def turn_since(batch: Batch) -> datetime | None:
    """When the turn of the next step came: the moment of the last signature."""
    signed = steps_of(batch).filter(decision=StepDecision.SIGNED).order_by("-position")
    return signed.values_list("decided_at", flat=True).first()


@dataclass(frozen=True, kw_only=True)
class Box:
    """One box of the 결재란. ``acting``: signed by a deputy (대결). ``unused``: above a delegated decision (전결)."""

    title: str
    name: str = ""
    signed_on: date | None = None
    is_delegated: bool = False
    is_acting: bool = False
    is_concurrence: bool = False
    is_unused: bool = False
    is_turn: bool = False
    absent: str = ""


def boxes_of(steps: Sequence[ApprovalStep]) -> list[Box]:
    """The boxes of a list's line from the drafter to the last decision; the payer has none.

    A step that was sent back, or never signed, is an empty box.
    """
    boxes: list[Box] = []
    for step in steps:
        if step.role == Role.PAYER:
            continue
        boxes.append(_box(step))
        boxes += [Box(title=title, is_unused=True) for title in titles_of(step.titles_above)]
    turn = next((place for place, box in enumerate(boxes) if not box.name and not box.is_unused), None)
    if turn is not None and not any(step.decision == StepDecision.RETURNED for step in steps):
        boxes[turn] = replace(boxes[turn], is_turn=True)
    return boxes


def _box(step: ApprovalStep) -> Box:
    signed = step.decision == StepDecision.SIGNED
    return Box(
        title=_("담당") if step.role == Role.DRAFTER else step.title, is_delegated=step.is_delegated,
        is_concurrence=step.role == Role.BUDGET, is_acting=signed and step.on_behalf_of_id is not None,
        name=step.official.name if signed and step.official else "",
        absent=step.on_behalf_of.name if signed and step.on_behalf_of else "",
        signed_on=business_date(step.decided_at) if signed and step.decided_at else None,
    )  # fmt: skip


def redraft_of(batch: Batch) -> Batch | None:
    """The list that has taken this one's place."""
    return batch.redrafts.exclude(state__in=(BatchState.REFUSED, BatchState.DISCARDED)).order_by("-pk").first()


def document_number(batch: Batch) -> DocumentNumber | None:
    """The number of the present attempt; None until its line is complete."""
    return DocumentNumber.objects.filter(batch=batch, attempt=batch.attempt).first()


def came_back_to(*, authority: Authority) -> QuerySet[Batch]:
    """Lists this official submitted that were sent back, taken back, or could not be submitted, and that no corrected
    list has replaced since; latest first."""
    drafted = ApprovalStep.objects.filter(
        batch=OuterRef("pk"), attempt=OuterRef("attempt"), position=0, official=authority.official_id
    )
    back = Q(state__in=(BatchState.RETURNED, BatchState.WITHDRAWN)) | Q(
        state=BatchState.VALIDATED, failure__isnull=False
    )
    redrafts = Batch.objects.filter(replaces=OuterRef("pk")).exclude(
        state__in=(BatchState.REFUSED, BatchState.DISCARDED)
    )
    return (
        Batch.objects.filter(back, Exists(drafted), ~Exists(redrafts))
        .select_related("cycle__programme")
        .order_by("-pk")
    )


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
