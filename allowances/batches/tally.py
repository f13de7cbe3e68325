"""Counting what is wrong with a list: once after the checks, and again when somebody accepts a problem.

The result page shows the stored counts, so it opens as fast for a hundred thousand problems as for one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.db import connection

_SQL: Final = Path(__file__).parent / "sql"
_KINDS: Final = (_SQL / "kinds.sql").read_text(encoding="utf-8")
_TOTALS: Final = (_SQL / "totals.sql").read_text(encoding="utf-8")


_LEFT_OUT: Final = """
    SELECT count(*)
    FROM (SELECT DISTINCT ON (row_number) kind FROM allowances_rowcorrection
          WHERE municipality_id = %(municipality)s AND batch_id = %(batch)s AND field = 'row'
          ORDER BY row_number, id DESC) newest
    WHERE kind = 'leave_out'
"""


def count_left_out(*, municipality: str, batch_id: UUID) -> int:
    """Rows of the file that somebody took out of the list."""
    with connection.cursor() as cursor:
        cursor.execute(_LEFT_OUT, {"municipality": municipality, "batch": batch_id})
        return int(cursor.fetchone()[0])


def count_kinds(*, municipality: str, batch_id: UUID) -> list[dict[str, Any]]:
    """For each kind of problem its code, field, is_warning, rows and open: rows whose problem nobody has accepted."""
    with connection.cursor() as cursor:
        cursor.execute(_KINDS, {"municipality": municipality, "batch": batch_id})
        found = cursor.fetchone()[0]
    kinds: list[dict[str, Any]] = json.loads(found) if isinstance(found, str) else found
    return kinds


def count_totals(*, municipality: str, batch_id: UUID) -> tuple[int, int]:
    """(rows that are not paid, won that the others get)."""
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS, {"municipality": municipality, "batch": batch_id})
        rows_bad, amount_total = cursor.fetchone()
    return int(rows_bad), int(amount_total)
