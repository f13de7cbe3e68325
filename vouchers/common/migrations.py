"""SQL files as migration operations: readable on their own, numbered, never edited once released."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_ROOT = Path(__file__).resolve().parent.parent.parent


def run_sql_file(path: str) -> migrations.RunSQL:
    """Run a file given by its path from the project's root. Not reversible: a ledger is never unmade."""
    return migrations.RunSQL((_ROOT / path).read_text(encoding="utf-8"))
