"""Only the owner's connection migrates; everything else runs as the application role."""

from __future__ import annotations

from typing import Any


class OwnerMigrates:
    """Database router: no migration may run through the application role."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Whether migrations of any app run on this connection."""
        return db == "owner"
