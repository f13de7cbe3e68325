"""The schema that people read is the one that the migrations make."""

from __future__ import annotations

from difflib import unified_diff

from django.db import connections

from config.database.snapshot import PATH, schema_of


def test_the_snapshot_shows_what_the_migrations_make(django_db_setup: None) -> None:
    shown, made = PATH.read_text(encoding="utf-8").splitlines(), schema_of(connections["owner"]).splitlines()
    difference = "\n".join(unified_diff(shown, made, PATH.name, "the migrations", lineterm=""))
    assert not difference, f"`manage.py schema_snapshot` writes the snapshot anew:\n{difference}"
