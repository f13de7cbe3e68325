"""Who holds which role. Assignments are dated rows; giving and taking one leaves history."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted
from vouchers.common.seoul import SEOUL
from vouchers.municipalities.models import Municipality
from vouchers.officials.errors import AbsenceIsOver, LoginLocked
from vouchers.officials.models import Absence, IncompatibleRoles, Official, RoleAssignment
from vouchers.officials.rules import INCOMPATIBLE, Role
from vouchers.officials.selectors import Authority


def load_incompatible_roles(*, using: str) -> int:
    """Insert the pairs that one official may not combine; returns how many there are."""
    rows = [
        IncompatibleRoles(role=min(a, b), other=max(a, b), reason=reason) for (a, b), reason in INCOMPATIBLE.items()
    ]
    IncompatibleRoles.objects.using(using).bulk_create(
        rows, update_conflicts=True, unique_fields=["role", "other"], update_fields=["reason"]
    )
    return len(rows)


def begin_login(*, username: str, at: datetime) -> None:
    """Call in a transaction before a password is looked at; raises LoginLocked while the name is locked."""
    until: datetime | None = _ask("officials.begin_login(%s, %s)", username, at)
    if until is not None:
        raise LoginLocked(until=f"{until.astimezone(SEOUL):%H:%M}")


def login_failed(*, username: str, address: str | None, at: datetime) -> None:
    """Count a wrong password; the one too many locks the name, which an official's municipality finds in its 접속기록.

    Returns quietly also then: an error would roll the count back. The next attempt is told.
    """
    _ask("officials.login_failed(%s, %s, %s)", username, address, at)


def forget_failures(*, username: str) -> None:
    """Begin to count anew, after the right password or with a new one."""
    _ask("officials.forget_failures(%s)", username)


def _ask(function: str, *parameters: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}", parameters)
        return cursor.fetchone()[0]


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


def plan_absence(
    *, official: Official, deputy: Official, valid_from: date, valid_until: date, reason: str, by: Official,
    authority: Authority, day: date,
) -> Absence:  # fmt: skip
    """Let a deputy sign for an official on these days (대결); one's own absence, or another's with officials.edit.

    Raises NotPermitted, AbsenceIsOver for days in the past, and what the database refuses: AbsenceOverlaps,
    DeputyIsAbsent, AbsentIsDeputy, DeputyElsewhere, DeputyIncompatible.
    """
    _require_own(official, by, authority)
    if valid_until < day:
        raise AbsenceIsOver
    with transaction.atomic(), domain_errors():
        return Absence.objects.create(
            municipality_id=official.municipality_id, official=official, deputy=deputy, valid_from=valid_from,
            valid_until=valid_until, reason=reason,
        )  # fmt: skip


def end_absence(*, absence: Absence, by: Official, authority: Authority, day: date) -> Absence:
    """The official is back: from this moment the deputy signs nothing more. Raises NotPermitted, AbsenceIsOver."""
    _require_own(absence.official, by, authority)
    with transaction.atomic(), domain_errors():
        held = Absence.objects.select_for_update(of=("self",), no_key=True).get(pk=absence.pk)
        if held.is_cancelled or held.valid_until < day:
            raise AbsenceIsOver
        if held.valid_from < day:
            held.valid_until = day - timedelta(days=1)
        else:
            held.is_cancelled = True
        held.save()
    return held


def choose_digest(*, official: Official, wanted: bool) -> None:
    """Whether the official gets the daily mail about what waits for them."""
    official.wants_digest = wanted
    official.save(update_fields=["wants_digest"])


def _require_own(official: Official, by: Official, authority: Authority) -> None:
    if official.pk != by.pk and not authority.may("officials.edit", official.municipality_id):
        raise NotPermitted
