"""One round trip to the database for one request of the API.

Three things make it one:

* The scope is set by the statement that needs it. `set_config(…, true)` lasts until the end of the transaction, which
  here is the statement itself, so nothing leaks through the pool. The function takes the municipality from what
  set_config returns: it cannot run before it.
* No BEGIN and COMMIT around it: the connection is in autocommit, and one function call is one transaction anyway.
* It is prepared on the server, which Django never does; planning these functions costs more than running them. So it
  goes past Django's cursor to psycopg's. The parameters carry their types in the statement, because a small and a big
  integer would otherwise be two statements to prepare.

Repeating any of these statements is safe: reads change nothing and writes belong to their idempotency key. So when the
server was restarted and the pool holds dead connections, the statement is sent once more over a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections

from vouchers.common.database import domain_errors


def scoped(*, function: str, columns: str) -> str:
    """The statement for a function of this system whose first two parameters are municipality and partner."""
    return (
        f"SELECT {columns} FROM (SELECT set_config('app.municipalities', %(municipality)s, true)"
        f" AS municipality OFFSET 0) AS request, LATERAL {function}"
    )


def rows(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """All rows. What the kernel refuses is raised as a domain error."""
    try:
        return _execute(statement, parameters)
    except (OperationalError, InterfaceError):
        if connection.connection is None:  # none could be had, and waiting once more would only keep callers longer
            raise
        if connection.in_atomic_block or connection.is_usable():
            raise
        _drop_dead_connections()
        return _execute(statement, parameters)


def _execute(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    ours = connections[DEFAULT_DB_ALIAS]  # `connection` looks this up anew for each attribute
    ours.ensure_connection()
    raw: psycopg.Connection[Any] = ours.connection
    raw.prepare_threshold = 0  # Django sets None, which overrules prepare=True below
    with domain_errors(), ours.wrap_database_errors, psycopg.Cursor(raw) as cursor:
        found = cursor.execute(statement, parameters, prepare=True).fetchall()
    raw.prepare_threshold = None  # for Django's own statements, which carry their values as text
    return found


def _drop_dead_connections() -> None:
    pool = connection.pool  # type: ignore[attr-defined]
    connection.close()
    if pool:
        pool.check()
