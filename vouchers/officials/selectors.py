"""What an official may do, where, on a day."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from vouchers.officials.models import Absence, Official
from vouchers.officials.rules import ACTING_PERMISSIONS, PERMISSIONS, Role


@dataclass(frozen=True)
class Acting:
    """What a deputy may sign for one absent official on one day: the official's roles, by municipality code."""

    official_id: UUID
    position: str = ""
    roles: dict[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Authority:
    """The roles of one official on one day, by municipality code, and those of officials they are the deputy of."""

    official_id: UUID | None = None
    roles: dict[str, frozenset[str]] = field(default_factory=dict)
    position: str = ""
    acting: tuple[Acting, ...] = ()

    @property
    def municipalities(self) -> frozenset[str]:
        """Every municipality where the official has any role, their own or an absent official's."""
        return frozenset(self.roles).union(*(held.roles for held in self.acting))

    def has_role(self, role: Role | str, municipality: str) -> bool:
        """Whether the official holds ``role`` at the municipality themselves."""
        return str(role) in self.roles.get(municipality, frozenset())

    def may(self, permission: str, municipality: str | None = None) -> bool:
        """Whether some role grants ``permission`` at the municipality, or anywhere when none is named."""
        codes = self.roles if municipality is None else [municipality]
        if any(permission in PERMISSIONS[role] for code in codes for role in self.roles.get(code, ())):
            return True
        return permission in ACTING_PERMISSIONS and any(
            municipality is None or municipality in held.roles for held in self.acting
        )


def authority_of(*, official_id: UUID, day: date) -> Authority:
    """Read an official's roles; works before a scope exists, and tells of nobody else but those they act for."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT municipality_id, role, absent_id, position FROM officials.municipalities_of(%s, %s)",
            [official_id, day],
        )
        roles: dict[UUID | None, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        positions: dict[UUID | None, str] = {}
        for municipality, role, absent, position in cursor.fetchall():
            roles[absent][municipality].add(role)
            positions[absent] = position
    held = {absent: {code: frozenset(names) for code, names in codes.items()} for absent, codes in roles.items()}
    acting = tuple(Acting(absent, positions[absent], codes) for absent, codes in held.items() if absent is not None)
    return Authority(official_id, held.get(None, {}), positions.get(None, ""), acting)


def absences_of(*, official: Official, day: date) -> QuerySet[Absence]:
    """The official's present and coming absences, the next first."""
    return (
        Absence.objects.filter(official=official, is_cancelled=False, valid_until__gte=day)
        .select_related("deputy")
        .order_by("valid_from")
    )


def deputyships_of(*, official_id: UUID, day: date) -> QuerySet[Absence]:
    """The absences of others in which the official signs for them, present and coming."""
    return (
        Absence.objects.filter(deputy=official_id, is_cancelled=False, valid_until__gte=day)
        .select_related("official")
        .order_by("valid_from")
    )
