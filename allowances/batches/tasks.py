"""Background jobs on lists."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from allowances.batches import comparison, services
from allowances.batches.files import list_store
from vouchers.common.jobs import TRY_AGAIN


@app.task(name="allowances.batches.inspect", retry=RetryStrategy(max_attempts=5, exponential_wait=2))
def inspect_batch(municipality: str, batch_id: str) -> None:
    """Look at an uploaded file before it is read."""
    services.inspect(municipality=municipality, batch_id=UUID(batch_id), store=list_store())


@app.task(name="allowances.batches.read", retry=RetryStrategy(max_attempts=5, exponential_wait=2))
def read_batch(municipality: str, batch_id: str) -> None:
    """Read and check an uploaded list. Runs again from the top after a crash."""
    services.read(municipality=municipality, batch_id=UUID(batch_id), store=list_store(), at=timezone.now())


@app.task(name=comparison.COMPARE, retry=TRY_AGAIN)
def compare(municipality: str, batch_id: str, purpose: str) -> None:
    """Compare a long list with what came before it."""
    comparison.make_comparison(municipality=municipality, batch_id=UUID(batch_id), purpose=purpose)
