"""The list in front of a bundle: whose statements follow, in which order, and what they add up to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from django.template.loader import render_to_string

from reports.documents import pdf
from reports.documents.head import head
from reports.documents.rules import head_of
from reports.statements.models import ShopStatement, StatementRun
from reports.statements.rules import last_day
from vouchers.common.korean import document_date, document_period, grouped
from vouchers.privacy.rules import format_business_number

TEMPLATE: Final = "reports/statements/list.html"
ROWS: Final = 1_000
"""Statements of one list; a 읍면동 with more has several, because layout takes memory for each row."""


def lists(run: StatementRun, rows: Sequence[ShopStatement], *, issued_on: date) -> list[bytes]:
    """The lists of a bundle as PDFs without tags; the last one has the total."""
    starts = range(0, len(rows), ROWS)
    return [
        pdf.render(html(run, rows, start=start, issued_on=issued_on), archive=True, tagged=False) for start in starts
    ]


def html(run: StatementRun, rows: Sequence[ShopStatement], *, start: int, issued_on: date) -> str:
    """The list of the statements from ``start`` on, of which ``rows`` are all."""
    shown = rows[start : start + ROWS]
    dong = rows[0].dong
    return render_to_string(
        TEMPLATE,
        {
            "head": head(
                title="가맹점 정산내역서 목록",
                subtitle=f"{run.municipality.name} · {run.currency.name} · {dong.name if dong else '읍면동 없음'}",
            ),
            "issuer": head_of(run.municipality.name),
            "created": issued_on.isoformat(),
            "issued_on": document_date(issued_on),
            "period": document_period(run.month, last_day(run.month)),
            "rows": [
                {
                    "number": number, "document": row.document_number, "code": row.merchant.code, "shop": row.merchant.name,
                    "business": format_business_number(row.merchant.business_number), "pages": row.pages,
                    "payable": grouped(row.payable or 0),
                }
                for number, row in enumerate(shown, start=start + 1)
            ],
            "is_last": start + ROWS >= len(rows),
            "shops": grouped(len(rows)),
            "pages": grouped(sum(row.pages for row in rows)),
            "payable": grouped(sum(row.payable or 0 for row in rows)),
        },
    )  # fmt: skip
