"""The job that computes a trial of a policy's terms."""

from __future__ import annotations

from uuid import UUID

from procrastinate.contrib.django import app

from vouchers.common.jobs import TRY_AGAIN
from vouchers.incentives import services


@app.task(name=services.TRIAL, retry=TRY_AGAIN)
def simulate(municipality: str, simulation_id: str) -> None:
    """Replay a past month's payments under a draft. Begun again after a crash, it computes from the beginning."""
    services.run_trial(municipality=municipality, simulation_id=UUID(simulation_id))
