"""Loading the guideline. The file is the source: a new guideline is new rows, and what held is never changed."""

from __future__ import annotations

import csv
from pathlib import Path

from vouchers.guidelines.models import GuidelineLimit

LIMITS = Path(__file__).parent / "data" / "limits.csv"


def load_limits(*, using: str, path: Path = LIMITS) -> int:
    """Insert or update every limit of the file; returns how many it names."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [
            GuidelineLimit(**row | {"value": int(row["value"]), "is_confirmed": row["is_confirmed"] == "Y"})
            for row in csv.DictReader(file)
        ]
    GuidelineLimit.objects.using(using).bulk_create(
        rows, update_conflicts=True, unique_fields=["kind", "region", "valid_from"],
        update_fields=["value", "is_confirmed", "source"],
    )  # fmt: skip
    return len(rows)
