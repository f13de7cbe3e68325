"""What follows payments, as jobs: cashback and notices, as soon as something waits; and forgetting, each night."""

from __future__ import annotations

from django.utils import timezone
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from vouchers.common import jobs
from vouchers.common.jobs import TRY_AGAIN
from vouchers.common.scope import scope
from vouchers.ledger.services import municipalities
from vouchers.payments import selectors, services

STEP = 2_000
"""Events of one transaction: while their money is posted, the wallets concerned wait, a quarter of a second at most. Each step
looks at all that waits, so small ones cost more: with 500, an eighth of the speed was measured."""

FOLLOW_UP = "vouchers.payments.follow_up"
PRUNE = "vouchers.payments.prune"


@app.task(name=FOLLOW_UP, retry=RetryStrategy(max_attempts=8, exponential_wait=2), pass_context=True)
def follow_up(context: JobContext, municipality: str) -> None:
    """Step after step until nothing waits. A step that fails leaves everything as it was and is tried again, ever later,
    whatever the reason: what it stands at holds up no other municipality."""
    more = True
    while more and not context.should_abort():
        with scope(municipalities=[municipality]):
            more = services.follow_up(municipality=municipality, limit=STEP, at=timezone.now()) >= STEP


@jobs.watch(FOLLOW_UP)
def to_follow_up() -> list[jobs.Due]:
    """One job at a time for each municipality where something waits."""
    return [
        jobs.Due(lock=f"follow_up:{code}", arguments={"municipality": code})
        for code in selectors.municipalities_to_follow_up()
    ]


@app.periodic(cron="20 18 * * *")
@app.task(name="vouchers.payments.prune_all", pass_context=False)
def prune_all(timestamp: int) -> None:  # noqa: ARG001 - every periodic job gets it
    """Each night, queue for each municipality the removal of what its terms keep no longer."""
    for municipality in municipalities():
        jobs.defer(PRUNE, lock=municipality, municipality=municipality)


@app.task(name=PRUNE, retry=TRY_AGAIN)
def prune(municipality: str) -> None:
    """Remove codes and orders by which nobody paid, and requests answered long ago."""
    services.prune(municipality=municipality, at=timezone.now())
