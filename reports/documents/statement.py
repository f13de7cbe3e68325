"""가맹점 정산내역서: what a shop earned in a period, as paper that an auditor accepts.

Always in Korean, whatever language the official works in: it is an official document of a Korean municipality. The
digest printed on it is computed from the figures alone, so a paper can be checked against the books.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any, Final

from reports.documents import typeset
from reports.documents.head import ApprovalBox
from vouchers.common.korean import document_amount, document_date, document_period, document_time, grouped
from vouchers.common.seoul import business_date
from vouchers.privacy.rules import format_business_number, mask_account, mask_name

TEMPLATE: Final = "settlement_statement.typ"
DISCOUNT_NOTE: Final = (
    "정가 = 가맹점 할인(혜택+) + 결제금액 − 취소금액. 가맹점 할인은 가맹점이 부담하여 정산금액에 들어 있지 않습니다."
)
_SHARES: Final = {"연번": 0, "거래일": 0, "거래일시": 0, "구분": 0, "승인번호": 0, "승인(건)": 1, "취소(건)": 1}
"""Of the table's width: words take what they need, counts and, twice as much, amounts share what is left."""


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
    def is_by_day(self) -> bool:
        """Whether a line is a business day, not a payment or refund."""
        if not self.lines:
            return self.first_day != self.last_day
        return not any(isinstance(line.at, datetime) for line in self.lines)

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
    return typeset.render(TEMPLATE, words(statement))


def words(statement: Statement) -> dict[str, Any]:
    """All that the paper says, as the template takes it."""
    fingerprint, day = digest(statement), statement.issued_on
    return {
        "title": f"가맹점 정산내역서 {statement.document_number}",
        "issuer": statement.issuer,
        "created": {"year": day.year, "month": day.month, "day": day.day},
        "mark": f"{statement.document_number} · {fingerprint[:8]}",
        "heading": "가맹점 정산내역서",
        "subtitle": f"{statement.municipality} · {statement.currency}",
        "boxes": [_box(box) for box in statement.approvals],
        "facts": [
            ("문서번호", statement.document_number), ("발급일", document_date(day)),
            ("정산기간", document_period(statement.first_day, statement.last_day)), ("지급일", _pays_on(statement)),
            ("상호", statement.shop), ("사업자등록번호", format_business_number(statement.business_number)),
            ("대표자", mask_name(statement.representative)),
            ("정산계좌", f"{statement.bank} {mask_account(statement.account_number)}"),
        ],
        "amount": ("정산지급액", document_amount(statement.payable)),
        "columns": [{"title": title, "share": _SHARES.get(title, 2)} for title in _columns(statement)],
        "rows": list(_rows(statement)),
        "totals": [*_sums_of_lines(statement), *_down_to_payable(statement)],
        "note": DISCOUNT_NOTE if statement.has_discounts else "",
        "issued_on": document_date(day),
        "seal": statement.seal,
        "digest": " ".join(fingerprint[start : start + 8] for start in range(0, 64, 8)),
    }  # fmt: skip


def _box(box: ApprovalBox) -> dict[str, Any]:
    manners = [word for word, is_so in (("전결", box.delegated), ("대결", box.acting)) if is_so]
    return {
        "role": box.role, "name": box.name, "signed_on": document_date(box.signed_on) if box.signed_on else "",
        "manner": " ".join(manners), "unused": box.unused,
    }  # fmt: skip


def _pays_on(statement: Statement) -> str:
    """Of several days each is paid on a day of its own, the last of which is told."""
    last = document_date(statement.pays_on)
    return last if statement.first_day == statement.last_day else f"다음 영업일 (마지막 {last})"


# The table: a line is its cells; a subtotal or total is a label before the last of the columns ----------------------


def _columns(statement: Statement) -> tuple[str, ...]:
    lead = ("거래일", "승인(건)", "취소(건)") if statement.is_by_day else ("연번", "거래일시", "구분", "승인번호")
    price = ("정가", "가맹점 할인\n(혜택+)") if statement.has_discounts else ()
    return (*lead, *price, "결제금액", "취소금액", "정산금액")


def _row(label: str, *cells: str, strong: bool = False) -> dict[str, Any]:
    return {"label": label, "cells": cells, "strong": strong}


def _rows(statement: Statement) -> Iterator[dict[str, Any]]:
    """The lines, and a subtotal after each day that has several lines in a period of several days."""
    discounts, many_days = statement.has_discounts, statement.first_day != statement.last_day
    number = 0
    for day, lines_of_day in groupby(statement.lines, key=lambda line: line.day):
        lines = list(lines_of_day)
        for line in lines:
            number += 1
            lead = _counts([line]) if statement.is_by_day else (_kind(line), line.reference)
            first = (document_date(day),) if statement.is_by_day else (str(number), _when(line, many_days=many_days))
            yield _row("", *first, *lead, *_sums([line], discounts=discounts))
        if many_days and lines[1:]:
            yield _row(f"{document_date(day)} 소계", *_sums(lines, discounts=discounts), strong=True)


def _when(line: StatementLine, *, many_days: bool) -> str:
    if not isinstance(line.at, datetime):
        return document_date(line.at)
    return f"{line.day.month}. {line.day.day}. {document_time(line.at)}" if many_days else document_time(line.at)


def _kind(line: StatementLine) -> str:
    return "취소" if line.refunds else "승인"


def _counts(lines: Sequence[StatementLine]) -> tuple[str, str]:
    return grouped(sum(line.payments for line in lines)), grouped(sum(line.refunds for line in lines))


def _sums_of_lines(statement: Statement) -> Iterator[dict[str, Any]]:
    """What the columns add up to; where their heads do not count them, payments and refunds also by themselves."""
    lines, discounts = statement.lines, statement.has_discounts
    if statement.is_by_day:
        yield _row("총계", *_counts(lines), *_sums(lines, discounts=discounts), strong=True)
        return
    payments, refunds = sum(line.payments for line in lines), sum(line.refunds for line in lines)
    given, returned = sum(line.discount for line in lines), sum(line.discount_returned for line in lines)
    yield _row(f"승인 소계 ({grouped(payments)}건)", *_amounts(statement.paid, 0, given, discounts=discounts))
    yield _row(f"취소 소계 ({grouped(refunds)}건)", *_amounts(0, statement.refunded, -returned, discounts=discounts))
    yield _row(f"총계 ({grouped(payments + refunds)}건)", *_sums(lines, discounts=discounts), strong=True)


def _down_to_payable(statement: Statement) -> Iterator[dict[str, Any]]:
    if statement.exchanged:
        yield _row("수시 환전액(이미 정산)", grouped(-statement.exchanged, minus="△"))
    if statement.fee:
        yield _row("가맹점 수수료", grouped(-statement.fee, minus="△"))
    if statement.adjusted:
        yield _row("정산 조정액", grouped(statement.adjusted, minus="△"))
    if statement.carried_in or statement.carried_out:
        yield _row("전기 이월액", grouped(statement.carried_in, minus="△"))
        yield _row("차기 이월액", grouped(statement.carried_out, minus="△"))
    yield _row("정산지급액", grouped(statement.payable), strong=True)


def _sums(lines: Sequence[StatementLine], *, discounts: bool) -> tuple[str, ...]:
    return _amounts(
        sum(line.paid for line in lines),
        sum(line.refunded for line in lines),
        sum(line.discount - line.discount_returned for line in lines),
        discounts=discounts,
    )


def _amounts(paid: int, refunded: int, discount: int, *, discounts: bool) -> tuple[str, ...]:
    price = (grouped(paid - refunded + discount, minus="△"), grouped(discount, minus="△")) if discounts else ()
    return (*price, grouped(paid), grouped(refunded), grouped(paid - refunded, minus="△"))
