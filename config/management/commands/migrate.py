"""``migrate`` as the owner, followed by the privileges: the application role has no right to change the schema."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ModelState, ProjectState

from config.database import security


class GrowingState(ProjectState):
    """The models as of a migration. A new one is rendered alone.

    Django renders every model anew that a new one is related to, directly or not: with us that is nearly all of them, since
    all belong to a municipality, for each of some two hundred new ones. But a model that is new changes none of the others;
    what points back from them is made as the new one is rendered, as it is when modules are imported.
    """

    def add_model(self, model_state: ModelState) -> None:
        """Add it; Django does it where it stands for another of the same name, or nothing is rendered yet."""
        key = model_state.app_label, model_state.name_lower
        if "apps" not in self.__dict__ or key in self.models:
            super().add_model(model_state)
            return
        self.models[key] = model_state
        if self._relations is not None:  # type: ignore[attr-defined]
            self.resolve_model_relations(key)
        self.apps.render_multiple([model_state])


class Executor(MigrationExecutor):
    """Django's, on such a state."""

    def _migrate_all_forwards(self, state: ProjectState, *arguments: Any, **options: Any) -> ProjectState:
        growing = GrowingState(state.models, state.real_apps)
        done: ProjectState = super()._migrate_all_forwards(growing, *arguments, **options)  # type: ignore[misc]
        return done


migrate.MigrationExecutor = Executor  # type: ignore[attr-defined]


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
