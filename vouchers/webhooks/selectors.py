"""What is to be sent, and what a partner or an official may see of it."""

from __future__ import annotations

from datetime import datetime

from django.db import connection


def municipalities_due(*, at: datetime) -> list[str]:
    """Where a message waits to be sent. Needs no scope."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT webhooks.municipalities_due(%s)", [at])
        return [code for (code,) in cursor.fetchall()]


def municipalities() -> list[str]:
    """Where partners are told of anything. Needs no scope."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT webhooks.municipalities()")
        return [code for (code,) in cursor.fetchall()]
