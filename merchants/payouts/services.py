"""Making batches of what is owed to shops, their way to the bank, and taking in what the bank says."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Final
from uuid import UUID

from allowances.batches.reading.reader import Limits
from allowances.batches.reading.tables import open_table
from merchants.payouts import errors, messages, rules, selectors
from merchants.payouts.models import Payout, PayoutBatch, PayoutResult, PayoutTerms
from merchants.payouts.results import read_results
from merchants.payouts.rules import EHOJO, REJECTED, Answer, Gap, Statement
from vouchers.common.errors import NotPermitted
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.currencies.models import Currency
from vouchers.ledger.services import call
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority

PAIN001: Final = "pain.001"
LARGEST_FILE: Final = 64 * 2**20
"""A statement of 43,000 entries has 26 MiB."""
_SHEETS_LOOK_BACK: Final = timedelta(days=60)


@dataclass(frozen=True)
class File:
    """A file for the bank or for the books: its name without a path, its bytes, and whether the bank has it already.

    The name tells the batch, its control total and the beginning of its digest, also where the form has no place for them.
    """

    name: str
    content: bytes
    lines: int
    is_copy: bool

    @property
    def content_type(self) -> str:
        """By the name's ending."""
        kinds = {
            "xml": "application/xml",
            "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "csv": f"text/csv; charset={rules.ENCODING}",
        }
        return kinds[self.name.rpartition(".")[2]]


def make(*, currency: Currency, pay_on: date, official: Official, authority: Authority, at: datetime) -> PayoutBatch:
    """Freeze all that can be paid of a currency up to its last closed day; shops whose account is none are left out.

    Raises NotPermitted, NoPayoutTerms, PayoutDayOpen, NothingToPayOut.
    """
    _require("payouts.make", currency.municipality_id, official, authority)
    terms = _terms(currency.pk, business_date(at))
    through = selectors.closed_through(currency=currency.pk)
    if through is None:
        raise errors.PayoutDayOpen
    found = selectors.candidates(currency=currency, through=through, day=business_date(at), minimum=terms.minimum)
    left_out = [one.merchant for one in found if one.obstacle == selectors.Obstacle.WRONG_ACCOUNT]
    made = call(
        "payouts.make_batch", currency.municipality_id, currency.pk, through, pay_on, terms.minimum, left_out,
        official.pk, at,
    )[0]  # fmt: skip
    return PayoutBatch.objects.get(pk=made)


def approve(*, batch: PayoutBatch, digest: str, official: Official, authority: Authority, at: datetime) -> None:
    """Sign for exactly what was looked at: ``digest`` as it stood on the page, in hex.

    Raises NotPermitted, SamePerson, BatchMovedOn, DigestDiffers.
    """
    _require("payouts.approve", batch.municipality_id, official, authority)
    if official.pk == batch.made_by_id:
        raise errors.SamePerson
    try:
        seen = bytes.fromhex(digest)
    except ValueError:
        raise errors.DigestDiffers from None
    call("payouts.approve", batch.municipality_id, batch.pk, seen, official.pk, at)


def cancel(*, batch: PayoutBatch, reason: str, official: Official, authority: Authority, at: datetime) -> None:
    """Take back a batch that was not sent; either side of it may. Raises NotPermitted, BatchMovedOn."""
    municipality = batch.municipality_id
    if authority.official_id != official.pk or not (
        authority.may("payouts.make", municipality) or authority.may("payouts.approve", municipality)
    ):
        raise NotPermitted
    call("payouts.cancel", municipality, batch.pk, reason, official.pk, at)


def send(*, batch: PayoutBatch, form: str, official: Official, authority: Authority, at: datetime) -> File:
    """Decide that the batch goes to the bank in this form (pain.001 or a bank's sheet), once, and hand out the file.

    Raises NotPermitted, BatchMovedOn, DigestDiffers.
    """
    _require("payouts.make", batch.municipality_id, official, authority)
    columns = "" if form == PAIN001 else _sheet_text(batch, form, business_date(at))
    draft = _file(batch, form=form, columns=columns, at=at)
    call(
        "payouts.send", batch.municipality_id, batch.pk, form, columns, hashlib.sha256(draft.content).digest(),
        official.pk, at,
    )  # fmt: skip
    return draft


def copy_of(*, batch: PayoutBatch, official: Official, authority: Authority) -> File:
    """The file that was sent, marked as a copy. Raises NotPermitted, and BatchMovedOn for a batch that was not sent."""
    _require("payouts.make", batch.municipality_id, official, authority)
    if batch.sent_at is None or batch.sent_as is None:
        raise errors.BatchMovedOn
    return _file(batch, form=batch.sent_as, columns=batch.sent_with or "", at=batch.sent_at, copy=True)


def expenditure(*, batch: PayoutBatch, official: Official, authority: Authority, at: datetime) -> File:
    """The batch as lines for e호조. Raises NotPermitted, and BatchMovedOn before it is approved."""
    _require("payouts.make", batch.municipality_id, official, authority)
    if batch.approved_at is None or batch.cancelled_at is not None:
        raise errors.BatchMovedOn
    return _file(batch, form=EHOJO, columns=_sheet_text(batch, EHOJO, business_date(at)), at=at)


def mended(*, payout: Payout, note: str, official: Official, authority: Authority, at: datetime) -> None:
    """Say that a shop's account, which the bank refused, takes money after all. Raises NotPermitted, NotToMend."""
    _require("payouts.make", payout.municipality_id, official, authority)
    call("payouts.mended", payout.municipality_id, payout.pk, note, official.pk, at)


def take_in(
    *, municipality: str, content: bytes, file_name: str, official: Official, authority: Authority, at: datetime
) -> PayoutResult:
    """Take in a file of the bank: pain.002, camt.053 or a result sheet, told by its bytes. The same file only once.

    Raises NotPermitted, ResultKnown, ResultUnreadable, ListUnreadable and its kinds.
    """
    _require("payouts.make", municipality, official, authority)
    frame, gap = None, None
    if messages.looks_like_xml(content):
        report = messages.read_report(content)
        answers, kind = list(report.answers), report.kind
        if report.rejected:
            answers += _rejected_whole(municipality, *report.rejected, {answer.said_id for answer in answers})
        payouts = [selectors.key_of(answer.said_id) for answer in answers]
        if report.statements:
            frame = _joined(report.statements)
            gap = _gap(municipality, frame)
    else:
        answers, kind = (
            list(read_results(open_table(BytesIO(content), limits=Limits(file_bytes=LARGEST_FILE), whole=True))),
            "sheet",
        )
        payouts = selectors.payouts_of_accounts(
            municipality=municipality, answers=answers, since=business_date(at - _SHEETS_LOOK_BACK)
        )
    return _record(
        municipality, kind=kind, file_name=file_name, content=content, answers=answers, payouts=payouts, frame=frame,
        gap=gap, official=official, at=at,
    )  # fmt: skip


def _record(
    municipality: str, *, kind: str, file_name: str, content: bytes, answers: Sequence[Answer],
    payouts: Sequence[UUID | None], frame: Statement | None, gap: Gap | None, official: Official, at: datetime,
) -> PayoutResult:  # fmt: skip
    made = uuid7()
    call(
        "payouts.record", municipality, made, kind, file_name[-200:], hashlib.sha256(content).digest(),
        frame.account if frame else None, frame.sequence if frame else None, frame.first_day if frame else None,
        frame.last_day if frame else None, frame.opening if frame else None, frame.closing if frame else None,
        gap.kind if gap else None, gap.amount if gap else None,
        [answer.said_id or answer.account for answer in answers], list(payouts), [answer.outcome for answer in answers],
        [answer.reason for answer in answers], [rules.needs_mending(answer.reason) for answer in answers],
        [answer.amount for answer in answers], official.pk, at,
    )  # fmt: skip
    return PayoutResult.objects.get(pk=made)


def _rejected_whole(municipality: str, message: str, reason: str, named: set[str]) -> list[Answer]:
    """An order that was refused as a whole: each of its payouts was. One that is refused as a duplicate says nothing of
    the money: the order that came first has moved it.
    """
    batch = selectors.batch_of_message(municipality=municipality, message=message)
    if batch is None or reason in rules.DUPLICATE:
        return [Answer(message, rules.NOTED, reason)]
    keys = Payout.objects.filter(batch=batch).order_by("line").values_list("pk", "amount")
    return [Answer(key.hex, REJECTED, reason, amount) for key, amount in keys if key.hex not in named]


def _joined(statements: Sequence[Statement]) -> Statement:
    """Statements of one file as one, from the first one's opening to the last one's closing."""
    first, last = statements[0], statements[-1]
    return replace(
        last, opening=first.opening, first_day=first.first_day, entries=sum(one.entries for one in statements)
    )


def _gap(municipality: str, frame: Statement) -> Gap | None:
    before = selectors.last_statement(municipality=municipality, account=frame.account, before=frame.first_day)
    return rules.gap_of(
        frame, sequence=before.sequence if before else None, closing=before.closing if before else None
    )  # fmt: skip


def _file(batch: PayoutBatch, *, form: str, columns: str, at: datetime, copy: bool = False) -> File:
    terms = _terms(batch.currency_id, business_date(batch.made_at))
    lines = selectors.lines_of(batch=batch, shown=terms.shown_as, memo=str(batch))
    digest = bytes(batch.digest).hex()
    label = f"{batch.year}-{batch.number}: {batch.payouts} / KRW {batch.amount} / SHA-256 {digest}"
    if form == PAIN001:
        number = terms.account_number.reveal() if terms.account_number else ""
        content = messages.write_pain001(
            lines, message=batch.pk.hex, pay_on=batch.pay_on, at=at, label=label, copy=copy,
            debtor=messages.Debtor(terms.account_holder, terms.account_bank, number),
        )  # fmt: skip
        ending = "xml"
    else:
        ending, _, text = columns.partition("\n")
        content = rules.write_sheet(
            lines, columns=rules.parse_columns(text), form=ending, label=label, copy=copy
        )  # fmt: skip
    parts = ("copy", "payouts") if copy else ("payouts",)
    name = "-".join((*parts, f"{batch.year}-{batch.number}", form.replace(".", ""), str(batch.amount), digest[:8]))
    return File(f"{name}.{ending}", content, len(lines), copy)


def _sheet_text(batch: PayoutBatch, code: str, day: date) -> str:
    """A sheet as it is kept with the batch: its form, and below it its columns."""
    sheet = selectors.sheet_on(municipality=batch.municipality_id, code=code, day=day)
    return f"{sheet.form}\n{sheet.columns}"


def _terms(currency: UUID, day: date) -> PayoutTerms:
    terms = selectors.terms_on(currency=currency, day=day)
    if terms is None:
        raise errors.NoPayoutTerms
    return terms


def _require(permission: str, municipality: str, official: Official, authority: Authority) -> None:
    if authority.official_id != official.pk or not authority.may(permission, municipality):
        raise NotPermitted
