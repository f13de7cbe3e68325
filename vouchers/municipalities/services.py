"""Filling the calendar of a municipality."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Final

from simple_history.utils import bulk_create_with_history

from vouchers.municipalities.models import Holiday, Municipality

HOLIDAYS: Final = Path(__file__).parent / "data" / "holidays.csv"
"""관공서의 공휴일 that fall on a working day, substitute days among them.

Since 2026 with 제헌절 (공휴일에 관한 법률, promulgated on 2026-02-10, law.go.kr lsiSeq=283311) and 노동절 on 1 May, on which
banks were closed before; both have substitute days.
"""


def load_holidays(*, municipality: Municipality, path: Path = HOLIDAYS) -> int:
    """Add the national holidays that the municipality's calendar lacks; returns how many. What it has stays."""
    known = set(Holiday.objects.filter(municipality=municipality).values_list("day", flat=True))
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(date.fromisoformat(row["day"]), row["name"]) for row in csv.DictReader(file)]
    new = [Holiday(municipality=municipality, day=day, name=name) for day, name in rows if day not in known]
    bulk_create_with_history(new, Holiday)
    return len(new)
