"""환수 결정 조서: whom a clawback takes how much from, and why, as the paper on which it is decided.

Always in Korean, names and birth dates masked. The digest is the one that every signature of the list binds to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.db import connection
from django.template.loader import render_to_string
from django.utils import translation

from allowances.approvals.selectors import boxes_of, document_number, steps_of
from allowances.batches.models import Batch, BatchKind
from reports.documents import errors, pdf
from reports.documents.head import ApprovalBox, head
from reports.documents.printing import PRINTABLE, approval_box
from reports.documents.register import spaced
from vouchers.common.errors import NotPermitted
from vouchers.common.korean import document_amount, document_date, grouped
from vouchers.common.seoul import business_date
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority
from vouchers.privacy.models import AccessAction
from vouchers.privacy.rules import mask_birth_date, mask_name
from vouchers.privacy.services import record_access

TEMPLATE: Final = "reports/documents/decision.html"
LONGEST: Final = 500
"""Rows of a paper that is printed while the page waits."""

_ROWS: Final = """
SELECT coalesce(r.name, ''), r.birth_date, min(chunk.posted_at), sum(recovery.paid)::bigint, own.amount,
       coalesce(r.facts ->> 'clawback_reason', ''), sum(item.taken)::bigint, sum(item.lapsed)::bigint
FROM allowances_entitlement own
JOIN allowances_batchrow r
  ON r.municipality_id = own.municipality_id AND r.batch_id = own.batch_id AND r.row_number = own.row_number
JOIN allowances_clawbackitem item
  ON item.municipality_id = own.municipality_id AND item.batch_id = own.batch_id AND item.row_number = own.row_number
JOIN allowances_recovery recovery
  ON recovery.municipality_id = item.municipality_id AND recovery.source_id = item.source_id
JOIN allowances_entitlement source ON source.municipality_id = item.municipality_id AND source.id = item.source_id
LEFT JOIN allowances_disbursementchunk chunk
  ON chunk.municipality_id = source.municipality_id AND chunk.batch_id = source.batch_id
 AND source.row_number BETWEEN chunk.first_row AND chunk.last_row
WHERE own.municipality_id = %s AND own.batch_id = %s
GROUP BY own.row_number, r.name, r.birth_date, own.amount, r.facts
ORDER BY own.row_number
"""


class DecisionDoesNotAddUp(ValueError):
    """The rows are not as much as the list that was signed says."""


@dataclass(frozen=True)
class DecisionLine:
    """One person: what was paid, what is taken back, why; what was taken from the wallet once that is known. Won."""

    name: str = field(repr=False)
    birth_date: date | None = field(repr=False)
    paid_at: datetime | None
    paid: int
    amount: int
    reason: str
    taken: int | None
    lapsed: int | None

    @property
    def owed(self) -> int:
        """What has not been taken, of what is known to have been tried."""
        return 0 if self.taken is None else self.amount - self.taken - (self.lapsed or 0)

    @property
    def note(self) -> str:
        """How it was carried out."""
        if self.taken is None:
            return ""
        return f"미회수 {grouped(self.owed)}" if self.owed else "전액 회수"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What the paper says. Raises DecisionDoesNotAddUp."""

    document_number: str
    issued_on: date
    municipality: str
    currency: str
    programme: str
    cycle: str
    basis: str
    pay_within_days: int
    total: int
    digest: str
    boxes: tuple[ApprovalBox, ...]
    drafter: str
    lines: tuple[DecisionLine, ...]

    def __post_init__(self) -> None:
        if sum(line.amount for line in self.lines) != self.total:
            raise DecisionDoesNotAddUp(self.document_number)


def print_decision(
    *, batch: Batch, official: Official, authority: Authority, at: datetime, address: str | None = None
) -> bytes:  # fmt: skip
    """The decision of a submitted clawback as PDF; that it was printed goes into the access record.

    Raises NotPermitted, NoRegisterYet and DecisionTooLong.
    """
    if not authority.may("allowances.view", batch.municipality_id):
        raise NotPermitted
    if batch.kind != BatchKind.CLAWBACK or batch.state not in PRINTABLE:
        raise errors.NoRegisterYet
    rows = batch.rows_total - batch.rows_bad
    if rows > LONGEST:
        raise errors.DecisionTooLong(limit=f"{LONGEST:,}")
    made = decision_of(batch, at=at)
    record_access(
        municipality=batch.municipality_id, official=official.pk, address=address, action=AccessAction.PRINT,
        subject=f"환수 결정 조서 batch {batch.pk}", reason="", at=at, count=rows,
    )  # fmt: skip
    return pdf.render(html(made))


def decision_of(batch: Batch, *, at: datetime) -> Decision:
    """All that the paper says."""
    with translation.override("ko"):
        steps = list(steps_of(batch))
        boxes = boxes_of(steps)
    programme, number = batch.cycle.programme, document_number(batch)
    return Decision(
        document_number=str(number) if number else "", issued_on=business_date(at),
        municipality=batch.municipality.name, currency=programme.currency.name, programme=str(programme),
        cycle=batch.cycle.name, basis=batch.clawback.basis, pay_within_days=batch.clawback.pay_within_days,
        total=batch.amount_total, digest=batch.digest, drafter=str(steps[0].official), lines=lines_of(batch),
        boxes=tuple(approval_box(box) for box in boxes if not box.is_concurrence),
    )  # fmt: skip


def lines_of(batch: Batch) -> tuple[DecisionLine, ...]:
    """The people of a clawback in the order of its list."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [batch.municipality_id, batch.pk])
        return tuple(DecisionLine(*row) for row in cursor.fetchall())


def html(decision: Decision) -> str:
    """The whole document."""
    return render_to_string(
        TEMPLATE,
        {
            "decision": decision, "issued_on": document_date(decision.issued_on),
            "amount": document_amount(decision.total), "people": grouped(len(decision.lines)),
            "total": grouped(decision.total), "paid": grouped(sum(line.paid for line in decision.lines)),
            "head": head(
                title="환수 결정 조서", subtitle=f"{decision.municipality} · {decision.currency}", boxes=decision.boxes
            ),
            "rows": list(_rows(decision)),
            "digest": spaced(decision.digest),
        },
    )  # fmt: skip


def _rows(decision: Decision) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(decision.lines, start=1):
        yield {
            "number": grouped(number), "name": mask_name(line.name), "birth": mask_birth_date(line.birth_date),
            "paid_on": document_date(business_date(line.paid_at)) if line.paid_at else "", "paid": grouped(line.paid),
            "amount": grouped(line.amount), "reason": line.reason, "note": line.note,
        }  # fmt: skip
