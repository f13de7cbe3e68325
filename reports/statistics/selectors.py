"""What a stranger learns from the code on a paper."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from django.db import connection

from reports.statistics.rules import read_code


class Verified(NamedTuple):
    """What stands on the paper with this code. ``control`` is a number; ``control_label`` says of what."""

    municipality: str
    title: str
    first_day: date
    last_day: date
    issued_at: datetime
    digest: str
    control: int
    control_label: str


def verified(*, typed: str) -> Verified | None:
    """The report with this code, as it was typed; None for every other one. Works without a scope."""
    code = read_code(typed)
    if not code:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM reports.verify(%s)", [code])
        row = cursor.fetchone()
    return Verified(*row) if row else None
