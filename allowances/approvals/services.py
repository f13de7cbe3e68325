"""A list's way through its approval line: 상신 → 검토·협조 → 결재, and back by 반려 or 회수.

Every service locks the list's row first and decides after that, so of two officials who press at the same second one
acts and the other is told that the list has moved on. Making entitlements, digest and reservation may take a while on
long lists and is done by a job (``complete_submission``); a signature takes a moment.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import Max
from psycopg.errors import LockNotAvailable

from allowances.approvals import errors
from allowances.approvals.models import ApprovalStep, DocumentNumber, StepDecision
from allowances.approvals.selectors import (
    SIGNABLE_STATES,
    clashes_of,
    has_part_in,
    line_for,
    next_step,
    redraft_of,
    steps_of,
    ways_to_sign,
)
from allowances.batches.checking import Rules, require_still_true
from allowances.batches.mending import fingerprint, require_mended
from allowances.batches.models import Batch, BatchKind, BatchState, Entitlement
from allowances.programmes.errors import ProgrammeEnded
from allowances.programmes.models import Cycle, Programme, ProgrammeStatus
from vouchers.common import jobs
from vouchers.common.database import domain_errors
from vouchers.common.errors import DomainError, NotPermitted, StateConflict
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.ledger import services as ledger
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority

COMPLETE_SUBMISSION: Final = "allowances.approvals.complete_submission"
CHUNK_ROWS: Final = 10_000
"""Rows posted in one transaction of the disbursement; part of what is signed, because the digest is made of chunks."""
LOCK_TIMEOUT: Final = "5s"

_SUBMITTABLE = (BatchState.VALIDATED, BatchState.RETURNED, BatchState.WITHDRAWN)

logger = logging.getLogger(__name__)


@contextmanager
def locked(batch: Batch, *states: str) -> Iterator[Batch]:
    """A transaction that holds the list's row; raises BatchBusy after five seconds, StateConflict in other states."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
        try:
            held = Batch.objects.select_for_update(of=("self",), no_key=True).get(pk=batch.pk)
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise errors.BatchBusy from error
            raise
        if held.state not in states:
            raise StateConflict
        with domain_errors():
            yield held


# Submitting --------------------------------------------------------------------------------------------------------


def submit(*, batch: Batch, official: Official, authority: Authority, exclude_bad_rows: bool, at: datetime) -> Batch:
    """Send a checked list into its approval line (상신); the rest is done by the job ``complete_submission``.

    Raises NotPermitted, StateConflict, ReplacedByRedraft, ProgrammeEnded, ConditionsChanged, BadRowsRemain, NobodyToPay,
    NoApprovalLine and its kinds, and ApprovalLineIncomplete.
    """
    _require_role(authority, Role.DRAFTER, batch)
    with locked(batch, *_SUBMITTABLE) as held:
        _require_latest(held)
        _require_payable(held, exclude_bad_rows=exclude_bad_rows)
        line_for(programme=_programme_of(held), total=held.amount_total, day=business_date(at))
        held.state, held.failure = BatchState.SUBMITTING, None
        held.exclude_bad_rows = exclude_bad_rows
        held.attempt += 1
        held.save(update_fields=["state", "failure", "exclude_bad_rows", "attempt"])
        _open_step(held, position=0, role=Role.DRAFTER, title=Role.DRAFTER.label, official=official)
        _defer_completion(held)
    return held


def _require_role(authority: Authority, role: str, batch: Batch) -> None:
    if not authority.has_role(role, batch.municipality_id):
        raise NotPermitted


def _require_latest(batch: Batch) -> None:
    redraft = redraft_of(batch)
    if redraft is not None:
        raise errors.ReplacedByRedraft(file_name=redraft.file_name)


def _require_payable(batch: Batch, *, exclude_bad_rows: bool) -> None:
    if (
        batch.kind != BatchKind.CLAWBACK
    ):  # money is taken back by what holds today, from a programme that has ended as well
        if _programme_of(batch).status != ProgrammeStatus.OPEN:
            raise ProgrammeEnded
        _require_same_conditions(batch)
    require_mended(batch)
    if batch.rows_total == batch.rows_bad:
        raise errors.NobodyToPay
    if batch.rows_bad and not exclude_bad_rows:
        raise errors.BadRowsRemain(count=f"{batch.rows_bad:,}")


def _require_same_conditions(batch: Batch) -> None:
    if batch.terms.get("conditions") != _cycle_of(batch).conditions:
        raise errors.ConditionsChanged


def _cycle_of(batch: Batch) -> Cycle:
    return Cycle.objects.select_related("programme__type").get(pk=batch.cycle_id)


def _programme_of(batch: Batch) -> Programme:
    return _cycle_of(batch).programme


def _open_step(batch: Batch, **fields: Any) -> ApprovalStep:
    return ApprovalStep.objects.create(
        municipality_id=batch.municipality_id, batch=batch, attempt=batch.attempt, **fields
    )


def _defer_completion(batch: Batch) -> None:
    jobs.defer(
        COMPLETE_SUBMISSION, lock=f"batch:{batch.pk}", municipality=batch.municipality_id, batch_id=str(batch.pk)
    )


def retry_submission(*, batch: Batch, authority: Authority) -> None:
    """Queue the job again for a list that stays ``submitting`` because its job was given up. Raises NotPermitted."""
    _require_role(authority, Role.DRAFTER, batch)
    with locked(batch, BatchState.SUBMITTING) as held:
        _defer_completion(held)


def complete_submission(*, municipality: str, batch_id: UUID, at: datetime, chunk_rows: int = CHUNK_ROWS) -> BatchState:
    """Entitle the rows, make the digest, reserve the budget and open the steps: all of it, or none and the list is
    ``validated`` again with the reason in ``failure``. Returns the state it leaves; repeating it does nothing."""
    try:
        with scope(municipalities=[municipality]):
            batch = Batch.objects.select_for_update(of=("self",), no_key=True).get(pk=batch_id)
            if batch.state == BatchState.SUBMITTING:
                with domain_errors():
                    _complete(batch, at=at, chunk_rows=chunk_rows)
            return BatchState(batch.state)
    except DomainError as refusal:
        return _give_up_submission(municipality, batch_id, refusal)


def _complete(batch: Batch, *, at: datetime, chunk_rows: int) -> None:
    programme = _programme_of(batch)
    if batch.kind != BatchKind.CLAWBACK:
        _require_same_conditions(batch)
    rows, total = ledger.call("approvals.entitle", batch.municipality_id, batch.pk)
    if (rows, total) != (batch.rows_total - batch.rows_bad, batch.amount_total):
        raise errors.RowsChanged
    line = line_for(programme=programme, total=total, day=business_date(at))
    if batch.kind == BatchKind.PAYMENT:
        require_still_true(Rules(cycle=_cycle_of(batch), batch_id=batch.pk, conditions=batch.terms["conditions"]))
    terms = batch.terms["conditions"]["terms"]
    batch.terms = {
        "currency_id": str(programme.currency_id),
        "validity_days": terms["validity_days"],
        "valid_until": terms["valid_until"],
        "validity_by_dong": terms["validity_by_dong"],
        "usage_rule_id": terms["usage_rule_id"],
        "claim_days": terms["claim_days"],
        "refund_grace_days": terms["refund_grace_days"],
        "chunk_rows": chunk_rows,
        "conditions": batch.terms["conditions"],
        **fingerprint(batch),
    } | _terms_of_kind(batch)
    batch.save(update_fields=["terms"])
    batch.digest = ledger.call("approvals.digest", batch.municipality_id, batch.pk)[0]
    _record(steps_of(batch).get(position=0), StepDecision.SIGNED, digest=batch.digest, at=at)
    for position, step in enumerate(line.steps.order_by("position"), start=1):
        _open_step(
            batch, position=position, role=step.role, title=step.title, by_position=step.by_position,
            due_days=step.due_days, is_delegated=step.is_delegated,
            titles_above=line.titles_above if step.is_delegated else "",
        )  # fmt: skip
    _open_step(batch, position=position + 1, role=Role.PAYER, title=Role.PAYER.label)
    batch.state = BatchState.SUBMITTED
    batch.save(update_fields=["digest", "state"])
    _reserve(batch, total)  # last, because every list of the programme waits for this row


def _terms_of_kind(batch: Batch) -> dict[str, Any]:
    """What is signed beside the rows of a list that is no plain payment: what it does, and to which list."""
    if batch.kind == BatchKind.PAYMENT:
        return {}
    return {"kind": str(batch.kind), "parent": str(batch.parent_id or "")}


def _reserve(batch: Batch, amount: int) -> None:
    """Set budget aside for a list, or give it back; what is taken back needs none."""
    if batch.kind == BatchKind.CLAWBACK:
        return
    ledger.reserve(
        municipality=batch.municipality_id, currency=UUID(batch.terms["currency_id"]),
        programme=_programme_of(batch).pk, amount=amount,
    )  # fmt: skip


def _give_up_submission(municipality: str, batch_id: UUID, refusal: DomainError) -> BatchState:
    with scope(municipalities=[municipality]):
        batch = Batch.objects.select_for_update(of=("self",), no_key=True).get(pk=batch_id)
        if batch.state == BatchState.SUBMITTING:
            batch.state, batch.failure = BatchState.VALIDATED, _failure(batch, refusal)
            batch.save(update_fields=["state", "failure"])
            steps_of(batch).filter(decision=StepDecision.WAITING).update(decision=StepDecision.VOID)
            logger.warning("submission of list %s given up: %s", batch_id, refusal.code)
        return BatchState(batch.state)


def _failure(batch: Batch, refusal: DomainError) -> dict[str, Any]:
    if isinstance(refusal, errors.AlreadyEntitled):
        count, clashes = clashes_of(batch)
        return failure_of(errors.AlreadyEntitled(count=count, rows=[asdict(clash) for clash in clashes]))
    return failure_of(refusal)


def failure_of(refusal: DomainError) -> dict[str, Any]:
    """What a list keeps of an error, as plain JSON."""
    failure: dict[str, Any] = json.loads(json.dumps({"code": refusal.code, "params": refusal.params}, default=str))
    return failure


# Signing -----------------------------------------------------------------------------------------------------------


def sign(
    *, batch: Batch, official: Official, authority: Authority, digest: str, at: datetime, comment: str = "",
    on_behalf_of: UUID | None = None,
) -> Batch:  # fmt: skip
    """Sign the step whose turn it is (검토·협조·결재). ``digest`` is the one the official saw, so nothing else is signed.
    ``on_behalf_of``: the absent official in whose place a deputy signs (대결).

    After the last signature before the payer's the list is ``approved`` and gets its document number. Raises StateConflict
    and its kinds NotYourTurn, NotYourPosition, AlreadySigned, UploaderSigns, AbsentHasSigned, ActingHasEnded,
    DigestChanged, BatchBusy. The payer signs by starting the payment.
    """
    with locked(batch, BatchState.SUBMITTED) as held:
        step = _turn_of(held, official=official, authority=authority, digest=digest, on_behalf_of=on_behalf_of)
        _record(step, StepDecision.SIGNED, digest=digest, at=at, official=official, comment=comment,
                on_behalf_of_id=on_behalf_of)  # fmt: skip
        following = next_step(held)
        if following is None or following.role == Role.PAYER:
            held.state = BatchState.APPROVED
            held.save(update_fields=["state"])
            _give_number(held, at=at)
    return held


def sign_as_payer(
    batch: Batch, *, official: Official, authority: Authority, digest: str, at: datetime, comment: str,
    on_behalf_of: UUID | None = None,
) -> None:  # fmt: skip
    """Sign the last step of a list that the caller holds locked in state ``approved``; raises what ``sign`` raises."""
    step = _turn_of(batch, official=official, authority=authority, digest=digest, on_behalf_of=on_behalf_of)
    _record(step, StepDecision.SIGNED, digest=digest, at=at, official=official, comment=comment,
            on_behalf_of_id=on_behalf_of)  # fmt: skip


def _turn_of(
    batch: Batch, *, official: Official, authority: Authority, digest: str, on_behalf_of: UUID | None
) -> ApprovalStep:
    """The step that this official may decide now."""
    if digest != batch.digest:
        raise errors.DigestChanged
    step = next_step(batch)
    if step is None:
        raise StateConflict
    if batch.uploaded_by_id == official.pk:
        raise errors.AlreadySigned if _drafted(batch, official) else errors.UploaderSigns
    if has_part_in(batch, official.pk):
        raise errors.AlreadySigned
    if on_behalf_of is not None and has_part_in(batch, on_behalf_of):
        raise errors.AbsentHasSigned
    if on_behalf_of not in ways_to_sign(step, authority):
        raise _not_your_turn(step, authority, on_behalf_of)
    return step


def _drafted(batch: Batch, official: Official) -> bool:
    return steps_of(batch).filter(official=official).exists()


def _not_your_turn(step: ApprovalStep, authority: Authority, on_behalf_of: UUID | None) -> StateConflict:
    if on_behalf_of is not None:
        return errors.ActingHasEnded()
    if authority.has_role(step.role, step.municipality_id):
        return errors.NotYourPosition(title=step.title)
    return errors.NotYourTurn(title=step.title)


def _give_number(batch: Batch, *, at: datetime) -> None:
    give_number(
        municipality=batch.municipality_id, department=_programme_of(batch).department, at=at, batch=batch,
        attempt=batch.attempt,
    )  # fmt: skip


def give_number(
    *, municipality: str, department: str, at: datetime, batch: Batch | None = None, attempt: int | None = None
) -> DocumentNumber:
    """The next number of the department's year; documents that are completed at the same moment take turns."""
    year = business_date(at).year
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"document number {municipality} {year} {department}"],
        )
    given = DocumentNumber.objects.filter(municipality=municipality, department=department, year=year)
    last = given.aggregate(last=Max("number"))["last"] or 0
    return DocumentNumber.objects.create(
        municipality_id=municipality, batch=batch, attempt=attempt, department=department, year=year, number=last + 1,
        issued_at=at,
    )  # fmt: skip


def _record(step: ApprovalStep, decision: StepDecision, *, digest: str, at: datetime, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(step, name, value)
    step.decision, step.digest, step.decided_at = decision, digest, at
    step.save()


# Coming back -------------------------------------------------------------------------------------------------------


def send_back(
    *, batch: Batch, official: Official, authority: Authority, reason: str, digest: str, at: datetime,
    on_behalf_of: UUID | None = None,
) -> Batch:  # fmt: skip
    """Refuse a list at the step whose turn it is (반려), the payer's included; its budget is free again.

    Raises ReasonMissing and what ``sign`` raises.
    """
    _require_reason(reason)
    with locked(batch, *SIGNABLE_STATES) as held:
        step = _turn_of(held, official=official, authority=authority, digest=digest, on_behalf_of=on_behalf_of)
        _record(step, StepDecision.RETURNED, digest=digest, at=at, official=official, comment=reason.strip(),
                on_behalf_of_id=on_behalf_of)  # fmt: skip
        _release(held, BatchState.RETURNED)
    return held


def withdraw(*, batch: Batch, official: Official, authority: Authority, reason: str, at: datetime) -> Batch:
    """Take back a list one has submitted (회수), as long as nobody else has signed it; its budget is free again.

    Raises ReasonMissing, NotPermitted for anybody but its drafter, OthersHaveSigned.
    """
    _require_reason(reason)
    _require_role(authority, Role.DRAFTER, batch)
    with locked(batch, *SIGNABLE_STATES) as held:
        signed = list(steps_of(held).filter(decision=StepDecision.SIGNED))
        if signed[0].official_id != official.pk:
            raise NotPermitted
        if len(signed) > 1:
            raise errors.OthersHaveSigned
        # The drafter's own step is signed and final, so the reason stands with the step that will not be signed.
        _record(steps_of(held)[1], StepDecision.VOID, digest=held.digest, at=at, comment=reason.strip())
        _release(held, BatchState.WITHDRAWN)
    return held


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise errors.ReasonMissing


def _release(batch: Batch, state: BatchState) -> None:
    """Close the attempt: unsigned steps are void, the entitlements go, the reservation is given back."""
    batch.state = state
    batch.save(update_fields=["state"])
    steps_of(batch).filter(decision=StepDecision.WAITING).update(decision=StepDecision.VOID)
    Entitlement.objects.filter(municipality=batch.municipality_id, batch_id=batch.pk).delete()
    _reserve(batch, -batch.amount_total)
