"""The tenant scope: which municipalities the present transaction may see.

PostgreSQL row-level security reads ``app.municipalities``; it is set with ``is_local``, so it ends with the
transaction and cannot leak through a connection pool. Without a scope no tenant row is visible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction


def set_local(**settings: str) -> None:
    """Set ``app.<name>`` for the rest of the present transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError("a scope lives in a transaction: use scope() or transaction.atomic()")
    asked = ", ".join(["set_config(%s, %s, true)"] * len(settings))
    said = [part for name, value in settings.items() for part in (f"app.{name}", value)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {asked}", said)


@contextmanager
def scope(*, municipalities: Iterable[str], official: str = "") -> Iterator[None]:
    """Open a transaction that sees the rows of these municipalities (5-digit codes) and no others.

    Nested use narrows or widens for the inner block and restores the outer scope afterwards.
    """
    codes = ",".join(sorted(municipalities))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(current_setting('app.municipalities', true), ''),"
            " coalesce(current_setting('app.official', true), '')"
        )
        before = cursor.fetchone()
        set_local(municipalities=codes, official=official or before[1])
        yield
        set_local(municipalities=before[0], official=before[1])
