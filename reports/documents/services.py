"""Printing papers: who may, and the record that it was done."""

from __future__ import annotations

from datetime import datetime

from merchants.settlement.models import SettlementLine
from reports.documents import statement as paper
from reports.documents.selectors import statement_of
from vouchers.common.errors import NotPermitted
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority
from vouchers.privacy.models import AccessAction, AccessRecord


def print_statement(
    *, line: SettlementLine, official: Official, authority: Authority, at: datetime, address: str | None = None
) -> bytes:  # fmt: skip
    """One shop's settlement statement as PDF; that it was printed goes into the access record.

    Raises NotPermitted and StatementDiffersFromLedger.
    """
    if not authority.may("settlement.view", line.municipality_id):
        raise NotPermitted
    statement = statement_of(line=line, at=at)
    AccessRecord.objects.create(
        municipality_id=line.municipality_id, at=at, official=official, address=address,
        action=AccessAction.PRINT, subject=f"정산내역서 {statement.document_number}",
    )  # fmt: skip
    return paper.render(statement)
