"""지급 조서를 출력: short ones at once, long ones by a job that keeps the finished paper sealed."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import UUID

import xlsxwriter
from django.db import transaction
from django.utils import translation

from allowances.approvals.selectors import Box, boxes_of, document_number, steps_of
from allowances.batches.models import Batch, BatchKind, BatchState
from reports.documents import errors, register
from reports.documents.head import ApprovalBox
from reports.documents.models import PaperState, RegisterPaper
from reports.documents.recipients import batch_of, dongs_of, recipients_of
from reports.documents.register import Register, row_of, spaced
from reports.documents.rules import RegisterForm, register_form
from vouchers.common import jobs
from vouchers.common.errors import NotPermitted
from vouchers.common.korean import document_date, document_datetime
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority
from vouchers.privacy.files import FileStore
from vouchers.privacy.models import AccessAction
from vouchers.privacy.services import record_access

MAKE_REGISTER: Final = "reports.documents.make_register"
SHORTEST_REASON: Final = 5
LIMIT_BYTES: Final = 1024**3
PRINTABLE: Final = (
    BatchState.SUBMITTED, BatchState.APPROVED, BatchState.SCHEDULED, BatchState.PAYING, BatchState.PAUSED, BatchState.PAID,
)  # fmt: skip
TITLES: Final = {BatchKind.PAYMENT: "수당 지급 조서", BatchKind.TOP_UP: "수당 추가 지급 조서"}
COLUMNS: Final = (
    ("연번", "number", 8), ("읍면동", "dong", 14), ("성명", "name", 14), ("생년월일", "birth", 14), ("지급액", "amount", 14),
    ("지급일", "paid_on", 14), ("비고", "note", 16),
)  # fmt: skip


def rows_of(batch: Batch) -> int:
    """How many recipients the register of the list has."""
    return batch.rows_total - batch.rows_bad


def is_printable(batch: Batch) -> bool:
    """Whether the list has a register: it was submitted, did not come back, and pays rather than claws back."""
    return batch.state in PRINTABLE and batch.kind in TITLES


def print_register(
    *, batch: Batch, official: Official, authority: Authority, at: datetime, reason: str = "", is_plain: bool = False,
    address: str | None = None,
) -> bytes | RegisterPaper:  # fmt: skip
    """The register as PDF when the list is short, else the paper that a job is making. Recorded as access either way.

    Raises NotPermitted, NoRegisterYet, and PlainNeedsReason for ``is_plain`` without a reason.
    """
    _require(batch, authority, is_plain=is_plain, reason=reason)
    with transaction.atomic():
        record_access(
            municipality=batch.municipality_id, official=official.pk, address=address, action=AccessAction.PRINT,
            subject=f"지급 조서 batch {batch.pk}", reason=reason.strip(), at=at, count=rows_of(batch),
        )  # fmt: skip
        if register_form(rows_of(batch)) == RegisterForm.DIRECT:
            return register.render(read_register(batch_of(batch.pk), at=at, is_plain=is_plain))
        paper = RegisterPaper.objects.create(
            municipality_id=batch.municipality_id, batch=batch, attempt=batch.attempt, official=official,
            is_plain=is_plain, rows=rows_of(batch), asked_at=at,
        )  # fmt: skip
        jobs.defer(MAKE_REGISTER, lock=f"paper:{paper.pk}", municipality=batch.municipality_id, paper_id=str(paper.pk))
    return paper


def _require(batch: Batch, authority: Authority, *, is_plain: bool, reason: str) -> None:
    if not authority.may("allowances.view", batch.municipality_id):
        raise NotPermitted
    if not is_printable(batch):
        raise errors.NoRegisterYet
    if is_plain and not authority.may("citizens.view", batch.municipality_id):
        raise NotPermitted
    if is_plain and len(reason.strip()) < SHORTEST_REASON:
        raise errors.PlainNeedsReason


def open_paper(
    *, paper: RegisterPaper, what: str, official: Official, authority: Authority, store: FileStore, at: datetime,
    address: str | None = None,
) -> io.BufferedReader:  # fmt: skip
    """A finished paper (``what`` pdf) or its workbook (list), recorded as access. Raises NotPermitted, PaperNotReady."""
    if not authority.may("allowances.view", paper.municipality_id) or (
        paper.is_plain and paper.official_id != official.pk
    ):
        raise NotPermitted
    key = paper.list_key if what == "list" else paper.file_key
    if paper.state != PaperState.READY or not key:
        raise errors.PaperNotReady
    record_access(
        municipality=paper.municipality_id, official=official.pk, address=address, action=AccessAction.DOWNLOAD,
        subject=f"지급 조서 batch {paper.batch_id}", reason="", at=at, count=paper.rows,
    )  # fmt: skip
    return store.open(key)


# Reading what the paper says ---------------------------------------------------------------------------------------


def read_register(batch: Batch, *, at: datetime, is_plain: bool) -> Register:
    """All that the paper says; of a long list the sums by 읍면동 alone."""
    summed = register_form(rows_of(batch)) == RegisterForm.SUMMARY
    with translation.override("ko"):
        steps = list(steps_of(batch))
        boxes = boxes_of(steps)
    programme, number = batch.cycle.programme, document_number(batch)
    checker = next((step.official for step in steps if step.role == Role.REVIEWER and step.official), None)
    return Register(
        title=TITLES[BatchKind(batch.kind)], document_number=str(number) if number else "", issued_on=business_date(at),
        municipality=batch.municipality.name, currency=programme.currency.name, programme=str(programme),
        cycle=batch.cycle.name, legal_basis=programme.legal_basis, budget_line=_budget_line(programme),
        pays=_pays(batch), people=rows_of(batch), total=batch.amount_total, digest=batch.digest,
        boxes=tuple(approval_box(box) for box in boxes if not box.is_concurrence),
        concurrences=tuple(approval_box(box) for box in boxes if box.is_concurrence),
        drafter=str(steps[0].official), checker=str(checker or ""), is_plain=is_plain,
        recipients=() if summed else tuple(one for block in recipients_of(batch) for one in block),
        dongs=tuple(dongs_of(batch)) if summed else (),
    )  # fmt: skip


def approval_box(box: Box) -> ApprovalBox:
    """A box of the line as paper shows it."""
    return ApprovalBox(
        role=box.title, name=box.name, signed_on=box.signed_on, delegated=box.is_delegated and bool(box.name),
        acting=box.is_acting, unused=box.is_unused,
    )  # fmt: skip


def _budget_line(programme: Any) -> str:
    line = programme.budget_line
    return f"{line.code} {line.name}" if line else ""


def _pays(batch: Batch) -> str:
    if batch.paid_at:
        return document_date(business_date(batch.paid_at))
    return f"{document_datetime(batch.pay_at)} 예정" if batch.pay_at else "결재 후"


# The job -----------------------------------------------------------------------------------------------------------


def make_register(*, municipality: str, paper_id: UUID, store: FileStore, at: datetime) -> PaperState:
    """Make a paper that was asked for; repeating it makes it again until it is ready."""
    with scope(municipalities=[municipality]):
        paper = RegisterPaper.objects.select_for_update(of=("self",)).get(pk=paper_id)
        if paper.state in (PaperState.READY, PaperState.FAILED):
            return PaperState(paper.state)
        batch = batch_of(paper.batch_id)
        if not is_printable(batch) or batch.attempt != paper.attempt:
            paper.state = PaperState.FAILED
            paper.save(update_fields=["state"])
            return PaperState.FAILED
        paper.state, paper.rows_done = PaperState.MAKING, 0
        paper.save(update_fields=["state", "rows_done"])
    with scope(municipalities=[municipality]):
        made = read_register(batch, at=at, is_plain=paper.is_plain)
    files = {"file_key": store.write([register.render(made)], limit=LIMIT_BYTES).name}
    if made.dongs:
        files["list_key"] = _write_list(paper, batch, made, store)
    with scope(municipalities=[municipality]):
        RegisterPaper.objects.filter(pk=paper.pk).update(
            state=PaperState.READY, rows_done=paper.rows, ready_at=at, **files
        )
    return PaperState.READY


def _write_list(paper: RegisterPaper, batch: Batch, made: Register, store: FileStore) -> str:
    """The rows as a workbook, written block by block; progress is committed with each."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list.xlsx"

        def advance(done: int) -> None:
            with scope(municipalities=[paper.municipality_id]):
                RegisterPaper.objects.filter(pk=paper.pk).update(rows_done=done)

        write_workbook(path, batch, made, advance=advance)
        with path.open("rb") as file:
            return store.write(iter(lambda: file.read(1024 * 1024), b""), limit=LIMIT_BYTES).name


def write_workbook(path: Path, batch: Batch, made: Register, *, advance: Callable[[int], None]) -> None:
    """The register's rows with their heading and total, as text and numbers, never as formulas."""
    book = xlsxwriter.Workbook(
        str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet, money = book.add_worksheet("명단"), book.add_format({"num_format": "#,##0"})
    for column, (_, _, width) in enumerate(COLUMNS):
        sheet.set_column(column, column, width)
    sheet.write_string(0, 0, f"{made.title} {made.document_number} · {made.programme} {made.cycle}")
    sheet.write_string(1, 0, f"결재 지문(SHA-256) {spaced(made.digest)}")
    sheet.write_row(2, 0, [title for title, _, _ in COLUMNS], book.add_format({"bold": True, "border": 1}))
    sheet.freeze_panes(3, 0)
    line, total = 3, 0
    for block in _blocks(batch):
        for recipient in block:
            cells = row_of(recipient, is_plain=made.is_plain)
            sheet.write_number(line, 0, recipient.number)
            for column in (1, 2, 3, 5, 6):
                sheet.write_string(line, column, cells[COLUMNS[column][1]])
            sheet.write_number(line, 4, recipient.amount, money)
            line, total = line + 1, total + recipient.amount
        advance(line - 3)
    if (line - 3, total) != (made.people, made.total):
        raise register.RegisterDoesNotAddUp(made.document_number)
    sheet.write_string(line, 0, f"총계 ({made.people:,}명)")
    sheet.write_number(line, 4, total, money)
    book.close()


def _blocks(batch: Batch) -> Iterator[list[Any]]:
    """Each block in a scope of its own, so that no transaction is open while a city is written down."""
    blocks = recipients_of(batch)
    while True:
        with scope(municipalities=[batch.municipality_id]):
            block = next(blocks, None)
        if block is None:
            return
        yield block
