"""The list in front of a bundle: whose statements follow, in which order, and what they add up to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from reports.documents import typeset
from reports.documents.rules import head_of
from reports.statements.models import ShopStatement, StatementRun
from reports.statements.rules import last_day
from vouchers.common.korean import document_amount, document_date, document_period, grouped
from vouchers.privacy.rules import format_business_number

TEMPLATE: Final = "statement_list.typ"
TITLE: Final = "가맹점 정산내역서 목록"
COLUMNS: Final = ("연번", "문서번호", "가맹점번호", "상호", "사업자등록번호", "쪽수", "정산지급액")
ROWS: Final = 1_000
"""Statements of one list; a 읍면동 with more has several, because layout takes memory for each row."""


def lists(run: StatementRun, rows: Sequence[ShopStatement], *, issued_on: date) -> list[bytes]:
    """The lists of a bundle as PDFs without tags; the last one has the total."""
    starts = range(0, len(rows), ROWS)
    return [
        typeset.render(TEMPLATE, words(run, rows, start=start, issued_on=issued_on), tagged=False) for start in starts
    ]


def words(run: StatementRun, rows: Sequence[ShopStatement], *, start: int, issued_on: date) -> dict[str, Any]:
    """The list of the statements from ``start`` on, of which ``rows`` are all."""
    dong, shops = rows[0].dong, grouped(len(rows))
    subtitle = f"{run.municipality.name} · {run.currency.name} · {dong.name if dong else '읍면동 없음'}"
    period, pages = document_period(run.month, last_day(run.month)), grouped(sum(row.pages for row in rows))
    payable = sum(row.payable or 0 for row in rows)
    return {
        "title": f"{TITLE} {period} {subtitle}",
        "issuer": head_of(run.municipality.name),
        "created": {"year": issued_on.year, "month": issued_on.month, "day": issued_on.day},
        "mark": f"{subtitle} · {period} · 목록",
        "heading": TITLE,
        "subtitle": subtitle,
        "boxes": [],
        "facts": [
            ("정산기간", period), ("만든 날", document_date(issued_on)), ("가맹점", f"{shops}곳"), ("정산내역서", f"{pages}쪽"),
        ],
        "amount": ("정산지급액", document_amount(payable)),
        "columns": COLUMNS,
        "rows": [
            (str(number), row.document_number, row.merchant.code, row.merchant.name,
             format_business_number(row.merchant.business_number), grouped(row.pages), grouped(row.payable or 0))
            for number, row in enumerate(rows[start : start + ROWS], start=start + 1)
        ],
        "totals": (f"총계 ({shops}곳)", pages, grouped(payable)) if start + ROWS >= len(rows) else (),
    }  # fmt: skip
