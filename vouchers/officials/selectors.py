"""What an official may do, where, on a day."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db import connection

from vouchers.officials.rules import PERMISSIONS, Role


@dataclass(frozen=True)
class Authority:
    """The roles of one official on one day, by municipality code."""

    official_id: UUID | None = None
    roles: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def municipalities(self) -> frozenset[str]:
        """Every municipality where the official has any role."""
        return frozenset(self.roles)

    def has_role(self, role: Role | str, municipality: str) -> bool:
        """Whether the official holds ``role`` at the municipality."""
        return str(role) in self.roles.get(municipality, frozenset())

    def may(self, permission: str, municipality: str | None = None) -> bool:
        """Whether some role grants ``permission`` at the municipality, or anywhere when none is named."""
        codes = self.roles if municipality is None else [municipality]
        return any(permission in PERMISSIONS[role] for code in codes for role in self.roles.get(code, ()))


def authority_of(*, official_id: UUID, day: date) -> Authority:
    """Read an official's roles; works before a scope exists, and tells of nobody else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT municipality_id, role FROM officials.municipalities_of(%s, %s)", [official_id, day])
        roles: dict[str, set[str]] = defaultdict(set)
        for municipality, role in cursor.fetchall():
            roles[municipality].add(role)
    return Authority(official_id, {code: frozenset(held) for code, held in roles.items()})
