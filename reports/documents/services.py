"""Printing papers: who may, and the record that it was done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from merchants.settlement.models import SettlementLine
from reports.documents import statement as paper
from reports.documents.selectors import settled_lines, statement_of
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


def render_statements(*, business_date: date, at: datetime, processes: int = 2) -> Iterator[tuple[str, bytes]]:
    """(document number, PDF) of every shop settled on that day in the present scope, as they come.

    Neither all statements nor all PDFs are held at once. Run by jobs and commands, which are nobody's access.
    """
    numbers: list[str] = []

    def statements() -> Iterator[paper.Statement]:
        for line in settled_lines(business_date=business_date).iterator(chunk_size=500):
            statement = statement_of(line=line, at=at)
            numbers.append(statement.document_number)
            yield statement

    for position, pdf in enumerate(paper.render_many(statements(), processes=processes)):
        yield numbers[position], pdf
