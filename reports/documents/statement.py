"""가맹점 정산내역서: what a shop earned in a period, as paper that an auditor accepts.

Always in Korean, whatever language the official works in: it is an official document of a Korean municipality. The
digest printed on it is computed from the figures alone, so a paper can be checked against the books.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

from django.template.loader import render_to_string

from reports.documents import pdf
from reports.documents.head import ApprovalBox, head
from vouchers.common.korean import document_amount, document_date, document_period, document_time, grouped
from vouchers.common.seoul import business_date
from vouchers.privacy.rules import format_business_number, mask_account, mask_name

TEMPLATE = "reports/documents/settlement_statement.html"


class StatementDoesNotAddUp(ValueError):
    """The figures break carried_in + paid - refunded - exchanged - fee + adjusted = payable + carried_out, payable at least 0."""


@dataclass(frozen=True, kw_only=True)
class StatementLine:
    """One payment, one refund, or a whole business day (then ``at`` is a date). Amounts are won.

    ``paid`` and ``refunded`` are money that moved, ``discount`` what the shop took off the price by itself (혜택+), and
    ``discount_returned`` what of that refunds took back: part of no sum that is settled. None is negative.
    """

    at: datetime | date
    reference: str = ""
    payments: int = 0
    paid: int = 0
    refunds: int = 0
    refunded: int = 0
    discount: int = 0
    discount_returned: int = 0

    @property
    def day(self) -> date:
        """The business day the line belongs to."""
        return business_date(self.at) if isinstance(self.at, datetime) else self.at

    @property
    def net(self) -> int:
        """What the line adds to the settlement."""
        return self.paid - self.refunded


@dataclass(frozen=True, kw_only=True)
class Statement:
    """The figures of one shop for a period, and what the paper says around them.

    Names and numbers come in full; the paper masks the representative and the account. ``carried_in`` is what earlier
    periods left over (negative: refunds not yet made good), ``carried_out`` what this one leaves to the next, ``exchanged``
    what was settled on demand before the close (수시 환전), ``fee`` what the shop bears of its sales (below zero: got back), and
    ``adjusted`` what officials added or took off (정산 조정). Raises StatementDoesNotAddUp.
    """

    document_number: str
    issued_on: date
    issuer: str
    municipality: str
    currency: str
    first_day: date
    last_day: date
    pays_on: date
    shop: str
    business_number: str
    representative: str = field(repr=False)
    bank: str
    account_number: str = field(repr=False)
    lines: tuple[StatementLine, ...]
    carried_in: int = 0
    carried_out: int = 0
    exchanged: int = 0
    fee: int = 0
    adjusted: int = 0
    approvals: tuple[ApprovalBox, ...] = ()
    seal: str = "관인생략"

    def __post_init__(self) -> None:
        if self.payable < 0 or any(min(line.paid, line.refunded) < 0 for line in self.lines):
            raise StatementDoesNotAddUp(self.document_number)

    @property
    def paid(self) -> int:
        """Sum of the payments."""
        return sum(line.paid for line in self.lines)

    @property
    def refunded(self) -> int:
        """Sum of the refunds."""
        return sum(line.refunded for line in self.lines)

    @property
    def has_discounts(self) -> bool:
        """Whether the paper shows price and discount: some line has one."""
        return any(line.discount for line in self.lines)

    @property
    def payable(self) -> int:
        """What is sent to the shop's account."""
        moved = self.paid - self.refunded - self.exchanged - self.fee + self.adjusted
        return self.carried_in + moved - self.carried_out


def digest(statement: Statement) -> str:
    """SHA-256 (hex) over the figures in canonical JSON: no names of people, no account, nothing of the layout."""
    discounts = statement.has_discounts
    figures = {
        "format": "jangteo-settlement-statement-1",
        "document_number": statement.document_number,
        "municipality": statement.municipality,
        "currency": statement.currency,
        "business_number": statement.business_number,
        "period": [statement.first_day.isoformat(), statement.last_day.isoformat()],
        "carried_in": statement.carried_in,
        "carried_out": statement.carried_out,
        "payable": statement.payable,
        "lines": [
            [_canonical(line.at), line.reference, line.payments, line.paid, line.refunds, line.refunded]
            + ([line.discount, line.discount_returned] if discounts else [])
            for line in statement.lines
        ],
    }
    told = {"exchanged": statement.exchanged, "fee": statement.fee, "adjusted": statement.adjusted}
    figures |= {name: amount for name, amount in told.items() if amount}
    text = json.dumps(figures, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(at: datetime | date) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(at, datetime) else at.isoformat()


def render(statement: Statement) -> bytes:
    """The statement as PDF, tagged and to be read for ever."""
    return pdf.render(html(statement), archive=True)


def html(statement: Statement) -> str:
    """The statement as the HTML document that is printed."""
    return render_to_string(TEMPLATE, _context(statement))


def _context(statement: Statement) -> dict[str, Any]:
    fingerprint = digest(statement)
    return {
        "statement": statement,
        "discounts": statement.has_discounts,
        "issued_on": document_date(statement.issued_on),
        "created": statement.issued_on.isoformat(),
        "period": document_period(statement.first_day, statement.last_day),
        "pays_on": _pays_on(statement),
        "business_number": format_business_number(statement.business_number),
        "representative": mask_name(statement.representative),
        "account": f"{statement.bank} {mask_account(statement.account_number)}",
        "amount": document_amount(statement.payable),
        "head": head(
            title="가맹점 정산내역서",
            subtitle=f"{statement.municipality} · {statement.currency}",
            boxes=statement.approvals,
        ),
        "reference_title": "승인번호" if any(line.reference for line in statement.lines) else "건수",
        "rows": list(_rows(statement)),
        "totals": list(_totals(statement)),
        "digest": " ".join(fingerprint[start : start + 8] for start in range(0, 64, 8)),
        "digest_start": fingerprint[:8],
    }


def _pays_on(statement: Statement) -> str:
    """Of several days each is paid on a day of its own, the last of which is told."""
    last = document_date(statement.pays_on)
    return last if statement.first_day == statement.last_day else f"다음 영업일 (마지막 {last})"


def _rows(statement: Statement) -> Iterator[dict[str, Any]]:
    """The lines, and a subtotal after each day that has several lines in a period of several days."""
    many_days = statement.first_day != statement.last_day
    number = 0
    for day, lines_of_day in groupby(statement.lines, key=lambda line: line.day):
        lines = list(lines_of_day)
        for line in lines:
            number += 1
            yield {"number": number, **_line(line, many_days=many_days)}
        if many_days and lines[1:]:
            yield {"subtotal": f"{document_date(day)} 소계", **_sums(lines)}


def _line(line: StatementLine, *, many_days: bool) -> dict[str, str]:
    return {
        "at": _when(line.at, many_days=many_days),
        "kind": _kind(line),
        "reference": line.reference or _counts(line),
        **_sums([line]),
    }


def _when(at: datetime | date, *, many_days: bool) -> str:
    if not isinstance(at, datetime):
        return document_date(at)
    day = business_date(at)
    return f"{day.month}. {day.day}. {document_time(at)}" if many_days else document_time(at)


def _kind(line: StatementLine) -> str:
    if not isinstance(line.at, datetime):
        return "일계"
    return "취소" if line.refunds else "승인"


def _counts(line: StatementLine) -> str:
    return f"승인 {grouped(line.payments)}건 · 취소 {grouped(line.refunds)}건"


def _totals(statement: Statement) -> Iterator[dict[str, str]]:
    lines = statement.lines
    payments, refunds = sum(line.payments for line in lines), sum(line.refunds for line in lines)
    given, returned = sum(line.discount for line in lines), sum(line.discount_returned for line in lines)
    yield {"label": f"승인 소계 ({grouped(payments)}건)", **_amounts(statement.paid, 0, given)}
    yield {"label": f"취소 소계 ({grouped(refunds)}건)", **_amounts(0, statement.refunded, -returned)}
    yield {"label": f"총계 ({grouped(payments + refunds)}건)", "strong": "yes", **_sums(lines)}
    if statement.exchanged:
        yield {"label": "수시 환전액(이미 정산)", "net": grouped(-statement.exchanged, minus="△")}
    if statement.fee:
        yield {"label": "가맹점 수수료", "net": grouped(-statement.fee, minus="△")}
    if statement.adjusted:
        yield {"label": "정산 조정액", "net": grouped(statement.adjusted, minus="△")}
    if statement.carried_in or statement.carried_out:
        yield {"label": "전기 이월액", "net": grouped(statement.carried_in, minus="△")}
        yield {"label": "차기 이월액", "net": grouped(statement.carried_out, minus="△")}
    yield {"label": "정산지급액", "strong": "yes", "net": grouped(statement.payable)}


def _sums(lines: Iterable[StatementLine]) -> dict[str, str]:
    lines = list(lines)
    return _amounts(
        sum(line.paid for line in lines),
        sum(line.refunded for line in lines),
        sum(line.discount - line.discount_returned for line in lines),
    )


def _amounts(paid: int, refunded: int, discount: int) -> dict[str, str]:
    return {
        "price": grouped(paid - refunded + discount, minus="△"), "discount": grouped(discount, minus="△"),
        "paid": grouped(paid), "refunded": grouped(refunded), "net": grouped(paid - refunded, minus="△"),
    }  # fmt: skip
