"""``manage.py worker``: run the background jobs."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from config.jobs import WorkerOptions, work


class Command(BaseCommand):
    """Works until SIGINT or SIGTERM, then lets running jobs end or leaves them to the next worker."""

    help = "Run the background jobs: reading lists, submissions, payments, the nightly close."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many jobs at a time, and how patient to be with others and with oneself."""
        parser.add_argument("--concurrency", type=int, default=WorkerOptions.concurrency, help="jobs at a time")
        parser.add_argument(
            "--lost-after", type=float, default=WorkerOptions.lost_after,
            help="seconds without a sign of life after which a worker's jobs are taken over",
        )  # fmt: skip
        parser.add_argument(
            "--grace", type=float, default=WorkerOptions.grace, help="seconds that running jobs get to end at a stop"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop."""
        asyncio.run(
            work(
                WorkerOptions(
                    concurrency=options["concurrency"], lost_after=options["lost_after"], grace=options["grace"]
                )
            )
        )
