"""``manage.py setup``: make the database usable, or bring it up to date."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from config.database.setup import prepare
from vouchers.common.seoul import business_date


class Command(BaseCommand):
    """Roles, migrations, shared reference data, partitions."""

    help = "Create or update the database: roles, tables, the catalogue of allowance types, partitions."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every step; each is safe to repeat."""
        prepare(today=business_date(timezone.now()), verbosity=options["verbosity"])
        self.stdout.write("ready")
