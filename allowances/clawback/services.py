"""Taking money back: the list is made here, goes the way of every list, and what cannot be taken at once is collected.

A refund that later brings money back to a lot that was clawed back is set off against what is owed for it at once, inside
the refund (``sql/0002_functions.sql``, ``set_off``).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from allowances.batches import services as batches
from allowances.batches.models import Batch, BatchKind, BatchState
from allowances.clawback import errors
from allowances.clawback.models import Clawback, Instalment, PaymentMethod, Receivable
from allowances.clawback.rules import Due, make_up
from allowances.clawback.selectors import Payment, latest_plan, payments_of
from allowances.programmes.models import Cycle
from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted
from vouchers.common.seoul import business_date
from vouchers.ledger.services import call
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority
from vouchers.privacy.files import FileStore

BY_ROW_LIMIT: Final = 200
"""People that are taken back from a page; more come in a file."""
_PAID_STATES: Final = (BatchState.PAYING, BatchState.PAUSED, BatchState.PAID)
_HEADER: Final = ("연번", "성명", "생년월일", "휴대전화", "환수액", "환수 사유")


def from_file(
    *, cycle: Cycle, parent: Batch | None, file: UploadedFile, reason: str, basis: str, pay_within_days: int,
    official: Official, authority: Authority, store: FileStore, limit: int, at: datetime,
) -> Batch:  # fmt: skip
    """Claw back what a list paid, or with ``parent`` None whatever the cycle paid, by a file: 환수액 (empty: all) and 환수
    사유 (empty: ``reason``) beside the names. The programme may have ended.

    Raises NotPermitted, NothingPaid, ReasonMissing, and what an upload raises.
    """
    _require_drafter(authority, cycle.municipality_id)
    _require_paid(cycle, parent)
    return _take_in(
        cycle=cycle, parent=parent, chunks=file.chunks(), name=file.name or "", official=official, store=store,
        limit=limit, reason=reason, basis=basis, pay_within_days=pay_within_days, at=at,
    )  # fmt: skip


def from_rows(
    *, batch: Batch, amounts: Sequence[tuple[int, int | None]], reason: str, basis: str, pay_within_days: int,
    official: Official, authority: Authority, store: FileStore, at: datetime,
) -> Batch:  # fmt: skip
    """Claw back single payments of a paid list: (row number, amount; None: all) each. A file is made of them, so that
    everything after is as with a file.

    Raises NotPermitted, NobodyChosen, TooManyChosen, ReasonMissing and NothingPaid.
    """
    _require_drafter(authority, batch.municipality_id)
    _require_paid(batch.cycle, batch)
    if not amounts:
        raise errors.NobodyChosen
    if len(amounts) > BY_ROW_LIMIT:
        raise errors.TooManyChosen(limit=BY_ROW_LIMIT)
    if not reason.strip():
        raise errors.ReasonMissing
    chosen = dict(amounts)
    payments = payments_of(batch=batch, rows=list(chosen))
    if {payment.row_number for payment in payments} != set(chosen):
        raise errors.NothingPaid
    content = _as_csv(payments, chosen, reason.strip())
    return _take_in(
        cycle=batch.cycle, parent=batch, chunks=[content], name=f"환수 {business_date(at).isoformat()} {len(chosen)}명.csv",
        official=official, store=store, limit=len(content), reason=reason, basis=basis,
        pay_within_days=pay_within_days, at=at, is_our_own=True,
    )  # fmt: skip


def _as_csv(payments: Iterable[Payment], amounts: dict[int, int | None], reason: str) -> bytes:
    """The file as an official would have made it. What Excel would take for a formula is told as text."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_HEADER)
    for number, payment in enumerate(payments, start=1):
        writer.writerow([
            number, _harmless(payment.name), payment.birth_date.isoformat(), payment.phone,
            amounts[payment.row_number] or "", _harmless(reason),
        ])  # fmt: skip
    return text.getvalue().encode("utf-8-sig")


def _harmless(text: str) -> str:
    return f"'{text}" if text[:1] in "=+-@" else text


def _take_in(
    *, cycle: Cycle, parent: Batch | None, chunks: Iterable[bytes], name: str, official: Official, store: FileStore,
    limit: int, reason: str, basis: str, pay_within_days: int, at: datetime, is_our_own: bool = False,
) -> Batch:  # fmt: skip
    if not basis.strip():
        raise errors.ReasonMissing

    def decide(batch: Batch) -> None:
        Clawback.objects.create(
            municipality_id=batch.municipality_id, batch=batch, reason=reason.strip(), basis=basis.strip(),
            pay_within_days=pay_within_days,
        )  # fmt: skip

    return batches.take_in(
        cycle=cycle, kind=BatchKind.CLAWBACK, parent=parent, chunks=chunks, file_name=name, official=official,
        store=store, limit=limit, at=at, prepare=decide, is_our_own=is_our_own,
    )  # fmt: skip


def _require_drafter(authority: Authority, municipality: str) -> None:
    if not authority.has_role(Role.DRAFTER, municipality):
        raise NotPermitted


def _require_paid(cycle: Cycle, parent: Batch | None) -> None:
    lists = Batch.objects.filter(cycle=cycle, state__in=_PAID_STATES).exclude(kind=BatchKind.CLAWBACK)
    if parent is not None:
        lists = lists.filter(pk=parent.pk)
    if not lists.exists():
        raise errors.NothingPaid


# Receivables -------------------------------------------------------------------------------------------------------


def record_payment(
    *, receivable: Receivable, id: UUID, amount: int, paid_on: date, method: PaymentMethod | str, document_number: str,
    official: Official, authority: Authority, at: datetime,
) -> int:  # fmt: skip
    """Record what somebody paid back at the bank (납부); returns what is outstanding then. Idempotent by ``id``, a uuidv7
    that the form carries.

    Raises NotPermitted, PaidInFuture, MoreThanOutstanding, AmountNotPositive and JournalConflict.
    """
    if not authority.may("receivables.edit", receivable.municipality_id):
        raise NotPermitted
    if paid_on > business_date(at):
        raise errors.PaidInFuture
    outstanding: int = call(
        "clawback.repay", receivable.municipality_id, id, receivable.pk, amount, paid_on, str(method), document_number,
        official.pk, at,
    )[0]  # fmt: skip
    return outstanding


def write_off(
    *, receivable: Receivable, id: UUID, amount: int, reason: str, document_number: str, official: Official,
    authority: Authority, at: datetime,
) -> int:  # fmt: skip
    """Give up what cannot be collected (결손 처분), in full or in part; an approver decides it alone and says why. Returns
    what is outstanding then. Raises NotPermitted, ReasonMissing, MoreThanOutstanding."""
    if not authority.has_role(Role.APPROVER, receivable.municipality_id):
        raise NotPermitted
    if not reason.strip():
        raise errors.ReasonMissing
    outstanding: int = call(
        "clawback.write_off", receivable.municipality_id, id, receivable.pk, amount, reason.strip(), document_number,
        official.pk, at,
    )[0]  # fmt: skip
    return outstanding


def plan_instalments(
    *, receivable: Receivable, plan: Sequence[Due], document_number: str, official: Official, authority: Authority,
    at: datetime,
) -> list[Instalment]:  # fmt: skip
    """Let somebody pay in parts (분할 납부); a new plan takes the place of the one before.

    Raises NotPermitted, and InstalmentsDiffer unless the parts make up what is outstanding, on ascending days from today.
    """
    if not authority.may("receivables.edit", receivable.municipality_id):
        raise NotPermitted
    with transaction.atomic(), domain_errors():
        present = Receivable.objects.get(pk=receivable.pk)
        if not make_up(plan, outstanding=present.outstanding, today=business_date(at)):
            raise errors.InstalmentsDiffer(outstanding=f"{present.outstanding:,}")
        before = latest_plan(present)
        number = before[0].plan + 1 if before else 1
        return Instalment.objects.bulk_create(
            Instalment(
                municipality_id=present.municipality_id, receivable=present, plan=number, number=place, due_on=due.on,
                amount=due.amount, repaid_before=present.decided - present.outstanding,
                document_number=document_number, official=official, at=at,
            )
            for place, due in enumerate(plan, start=1)
        )  # fmt: skip
