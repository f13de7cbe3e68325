"""Papers that take more than a moment."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from procrastinate.contrib.django import app

from reports.documents import printing
from reports.documents.files import paper_store
from vouchers.common.jobs import TRY_AGAIN


@app.task(name=printing.MAKE_REGISTER, retry=TRY_AGAIN)
def make_register(municipality: str, paper_id: str) -> None:
    """Print the register of one long list and keep it sealed."""
    printing.make_register(municipality=municipality, paper_id=UUID(paper_id), store=paper_store(), at=timezone.now())
