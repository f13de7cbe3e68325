"""Who holds which role. Assignments are dated rows; giving and taking one leaves history."""

from __future__ import annotations

from datetime import date

from vouchers.common.database import domain_errors
from vouchers.municipalities.models import Municipality
from vouchers.officials import errors as _errors  # noqa: F401  (registers the constraint names)
from vouchers.officials.models import IncompatibleRoles, Official, RoleAssignment
from vouchers.officials.rules import INCOMPATIBLE, Role


def load_incompatible_roles(*, using: str) -> int:
    """Insert the pairs that one official may not combine; returns how many there are."""
    rows = [
        IncompatibleRoles(role=min(a, b), other=max(a, b), reason=reason) for (a, b), reason in INCOMPATIBLE.items()
    ]
    IncompatibleRoles.objects.using(using).bulk_create(
        rows, update_conflicts=True, unique_fields=["role", "other"], update_fields=["reason"]
    )
    return len(rows)


def assign_role(
    *, official: Official, municipality: Municipality, role: Role, valid_from: date, reason: str,
    valid_until: date | None = None,
) -> RoleAssignment:  # fmt: skip
    """Give an official a role at a municipality.

    Raises IncompatibleRolesHeld when the official holds a role on some of those days that excludes this one.
    """
    with domain_errors():
        return RoleAssignment.objects.create(
            official=official, municipality=municipality, role=role, valid_from=valid_from, valid_until=valid_until,
            reason=reason,
        )  # fmt: skip
