"""``migrate`` as the owner: the application role has no right to change the schema."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.commands import migrate


class Command(migrate.Command):
    """Django's command with the owner's connection as default."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Keep Django's arguments; only the default database differs."""
        super().add_arguments(parser)
        parser.set_defaults(database="owner")
