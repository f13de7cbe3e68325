"""``migrate`` as the owner, followed by the privileges: the application role has no right to change the schema."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connections, transaction

from config.database import security


class Command(migrate.Command):
    """Django's command on the owner's connection; afterwards every table is granted and protected anew."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Keep Django's arguments; only the default database differs."""
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> None:
        """Roles, migrations, privileges."""
        owner = connections[options["database"]]
        with transaction.atomic(using=owner.alias):
            security.ensure_roles(owner)
        super().handle(*args, **options)
        with transaction.atomic(using=owner.alias):
            security.apply(owner)
