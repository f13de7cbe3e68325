"""``manage.py schema_snapshot``: write down the ledger's schema as the migrations make it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connections

from config.bench.server import private_server
from config.database import snapshot
from config.environment import BASE_DIR


class Command(BaseCommand):
    """Migrate an empty database, and write the file."""

    help = "Write vouchers/ledger/sql/schema.sql anew, after a change of the ledger's SQL."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """On a server of its own: the developer's database may have seen migrations that were never committed."""
        with private_server():
            text = snapshot.schema_of(connections["owner"])
        snapshot.PATH.write_text(text, encoding="utf-8")
        self.stdout.write(str(snapshot.PATH.relative_to(BASE_DIR)))
