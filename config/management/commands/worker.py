"""``manage.py worker``: run the background jobs, until Ctrl-C."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Procrastinate's worker with our settings."""

    help = "Run the background jobs until Ctrl-C. The job at hand is finished first."

    def handle(self, *args: Any, **options: Any) -> None:
        """Work. A second Ctrl-C gives the job up; it is taken up again later."""
        call_command("procrastinate", "worker", "--delete-jobs", "never")
