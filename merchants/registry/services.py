"""Registering shops, and loading the business categories that usage rules speak of."""

from __future__ import annotations

import csv
from pathlib import Path

from merchants.registry.models import MerchantCategory

CATEGORIES = Path(__file__).parent / "data" / "categories.csv"


def load_categories(*, using: str, path: Path = CATEGORIES) -> int:
    """Insert or update every category of the file by its code; returns how many it names."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [MerchantCategory(**row) for row in csv.DictReader(file)]
    MerchantCategory.objects.using(using).bulk_create(
        rows, update_conflicts=True, unique_fields=["code"], update_fields=["name", "name_en", "mcc"]
    )
    return len(rows)
