"""The ledger's tables and functions as they are now, whatever migrations led there, in one file to read.

PostgreSQL itself writes it down (pg_dump), so it says what is, not what somebody meant. Left out is what the models
decide (privileges, row-level security) and what time decides (monthly partitions).
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from typing import Final, NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper

from config.database.embedded import binary
from config.environment import BASE_DIR

PATH: Final = BASE_DIR / "vouchers/ledger/sql/schema.sql"
SCHEMA: Final = "ledger"
TABLES: Final = (
    "vouchers_account", "vouchers_balance", "vouchers_journal", "vouchers_transfer", "vouchers_lot",
    "vouchers_businessclose",
)  # fmt: skip

_HEAD: Final = """\
-- The ledger as it is now: made from a migrated database, to be read and not to be run.
-- `manage.py schema_snapshot` writes it anew; a test compares it with what the migrations make.
-- Without monthly partitions (ledger.ensure_partitions), privileges and row-level security (config/database/security.py).
"""
_ENTRY: Final = re.compile(r"^--\n-- Name: (?P<name>.+); Type: (?P<type>.+); Schema: .+; Owner: .*\n--\n", re.MULTILINE)
_END: Final = "--\n-- PostgreSQL database dump complete\n"
_SESSION: Final = re.compile(r"^SET .+;\n", re.MULTILINE)
_OF_A_TABLE: Final = ("TABLE", "CONSTRAINT", "INDEX")
_KINDS: Final = ("SCHEMA", "DOMAIN", "TYPE", *_OF_A_TABLE, "FUNCTION", "TRIGGER")


class _Entry(NamedTuple):
    kind: str
    name: str
    statement: str


def schema_of(owner: BaseDatabaseWrapper) -> str:
    """The text of the snapshot: the schema, its domains, each table with its constraints and indexes, functions, triggers."""
    tables = _dump(owner, *(f"--table=public.{table}" for table in TABLES))
    rest = _dump(owner, f"--schema={SCHEMA}")
    return "\n\n".join([_HEAD.rstrip(), *(entry.statement for entry in sorted([*rest, *tables], key=_order))]) + "\n"


def _order(entry: _Entry) -> tuple[int, int, int]:
    """By what builds on what; what belongs to a table, with its table. Otherwise as pg_dump has it, by name."""
    kind = _KINDS.index(entry.kind)
    if entry.kind not in _OF_A_TABLE:
        return kind, 0, 0
    (table,) = {table for table in TABLES if re.search(rf"\b{table}\b", entry.statement)}
    return _KINDS.index("TABLE"), TABLES.index(table), kind


def _dump(owner: BaseDatabaseWrapper, *what: str) -> Iterator[_Entry]:
    options = ["--schema-only", "--no-owner", "--no-privileges", "--no-policies", "--no-comments", *what]
    arguments, environment = owner.client.settings_to_cmd_args_env(owner.settings_dict, options)
    dumped = subprocess.run(
        [binary("pg_dump"), *arguments[1:]], env=os.environ | (environment or {}), stdout=subprocess.PIPE, text=True,
        check=True,
    ).stdout  # fmt: skip
    heads = list(_ENTRY.finditer(dumped))
    ends = [*(head.start() for head in heads[1:]), dumped.index(_END)]
    for head, end in zip(heads, ends, strict=True):
        statement = _SESSION.sub("", dumped[head.end() : end]).strip()
        yield _Entry(head["type"], head["name"], statement)
