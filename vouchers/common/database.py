"""One place that turns what the database refuses into domain errors.

Constraints have names and the SQL functions raise SQLSTATE ``JT…`` with a stable code as message; each room registers
the error class that belongs to its names in its ``errors.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error as DatabaseError

from vouchers.common.errors import DomainError

NO_PARTITION = "no_partition"
"""The name under which a room registers what a missing monthly partition means."""

_PARTITION = re.compile(r"_\d{4}_\d{2}(?=_)")
"""What the name of a month's partition adds to the names of its constraints."""

_by_name: dict[str, type[DomainError]] = {}


def register(**names: type[DomainError]) -> None:
    """Register the error class for constraint names and kernel codes."""
    for name, error in names.items():
        if _by_name.setdefault(name, error) is not error:
            raise RuntimeError(f"two errors registered for {name!r}")


def refusal(name: str) -> type[DomainError] | None:
    """The error class that is registered for a constraint's name or a kernel's code."""
    return _by_name.get(name)


def translate(error: BaseException) -> DomainError | None:
    """The domain error behind a database error, or None when the refusal is not one of ours."""
    cause = error.__cause__ if isinstance(error, DatabaseError) else error
    diagnostic = getattr(cause, "diag", None)
    if diagnostic is None:
        return None
    if (diagnostic.sqlstate or "").startswith("JT"):
        name = diagnostic.message_primary or ""
        params = json.loads(diagnostic.message_detail) if diagnostic.message_detail else {}
    else:
        name, params = _PARTITION.sub("", diagnostic.constraint_name or _without_constraint(diagnostic.sqlstate)), {}
    error_class = _by_name.get(name)
    return error_class(**params) if error_class else None


def _without_constraint(sqlstate: str | None) -> str:
    # A row that fits no partition fails a check that has no name.
    return NO_PARTITION if sqlstate == "23514" else ""


@contextmanager
def domain_errors() -> Iterator[None]:
    """Run statements; a refusal with a registered name comes out as its domain error."""
    try:
        yield
    except DatabaseError as error:
        translated = translate(error)
        if translated is None:
            raise
        raise translated from error
