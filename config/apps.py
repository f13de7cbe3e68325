from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ConfigConfig(AppConfig):
    """The last app: after its turn in ``migrate`` every table exists, so privileges can be derived."""

    name = "config"
    verbose_name = _("관리")

    def ready(self) -> None:
        """Protect every table whenever migrations have run."""
        post_migrate.connect(_protect, sender=self)


def _protect(*, using: str, **_kwargs: Any) -> None:
    from config.database import security

    security.ensure_roles(connections[using])
    security.apply(connections[using])
