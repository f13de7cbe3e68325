"""Whose database it is. The demo empties what an earlier demo made, and touches nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import psycopg
from django.core.management.base import CommandError
from django.db import connections
from psycopg import sql

from allowances.batches.files import list_store
from config.database.setup import prepare

MARK = "Jangteo demo: made-up data, emptied by every `manage.py demo`"
"""The comment on a database that says it belongs to the demo."""

_SCHEMAS = """
SELECT nspname FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY nspname
"""


@contextmanager
def demo_database(*, today: date) -> Iterator[str]:
    """An empty, prepared database for as long as the demo runs; yields its name.

    Raises CommandError when the database holds data that no demo made, or while another demo uses it.
    """
    with _owner() as owner:
        name = owner.info.dbname
        _refuse_what_is_not_ours(owner, name)
        _remove_uploaded_files(owner)
        _empty(owner)
        prepare(today=today)
        owner.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), MARK))
        yield name


def _owner() -> psycopg.Connection:
    """A connection that outlives Django's, which are closed when the schema goes."""
    parameters = connections["owner"].get_connection_params()
    for name in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(name, None)
    return psycopg.connect(**parameters, autocommit=True)


def _refuse_what_is_not_ours(owner: psycopg.Connection, name: str) -> None:
    if not _one(owner, "SELECT pg_try_advisory_lock(hashtext('jangteo.demo'))"):
        raise CommandError(f"Another demo is running on the database {name}: stop it first (Ctrl-C).")
    if _one(owner, "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", name) == MARK:
        return
    if _is_empty(owner):
        return
    raise CommandError(
        f"The database {name} holds data that the demo did not make, so nothing was touched. "
        "Set DATABASE_URL to an empty database, or remove the embedded one with `make clean`."
    )


def _is_empty(owner: psycopg.Connection) -> bool:
    """Nothing in it, or nothing but what ``manage.py setup`` puts there."""
    if _one(owner, "SELECT to_regclass('public.vouchers_municipality')") is None:
        return not _one(owner, "SELECT count(*) FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema)'")
    return not _one(owner, "SELECT count(*) FROM vouchers_municipality")


def _remove_uploaded_files(owner: psycopg.Connection) -> None:
    if _one(owner, "SELECT to_regclass('public.allowances_batch')") is None:
        return
    for (key,) in owner.execute("SELECT file_key FROM allowances_batch"):
        list_store().delete(key)


def _empty(owner: psycopg.Connection) -> None:
    """Drop everything in it; roles and the database itself stay, so no special right is needed."""
    connections.close_all()
    with owner.transaction():
        owner.execute("SET LOCAL lock_timeout = '10s'")
        owner.execute("SET LOCAL client_min_messages = 'warning'")
        for (schema,) in owner.execute(_SCHEMAS).fetchall():
            owner.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
        owner.execute("CREATE SCHEMA public")


def _one(owner: psycopg.Connection, query: str, *parameters: object) -> object:
    row = owner.execute(query, parameters).fetchone()
    return row[0] if row else None
