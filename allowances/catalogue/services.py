"""Loading the catalogue: types of allowance, and which of them exclude each other. The files are the source."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from allowances.catalogue.models import AllowanceType, ExclusiveGroup

CATALOGUE = Path(__file__).parent / "data" / "allowance_types.csv"
EXCLUSIVE_GROUPS = Path(__file__).parent / "data" / "exclusive_groups.csv"


def load_catalogue(*, using: str, path: Path = CATALOGUE) -> int:
    """Insert or update every type of the file by its code; returns how many it names. Types are never removed."""
    with path.open(encoding="utf-8", newline="") as file:
        types = [_type_from(row) for row in csv.DictReader(file)]
    fields = [field.name for field in AllowanceType._meta.fields if field.name not in {"id", "code"}]
    AllowanceType.objects.using(using).bulk_create(
        types, update_conflicts=True, unique_fields=["code"], update_fields=fields
    )
    return len(types)


def load_exclusive_groups(*, using: str, path: Path = EXCLUSIVE_GROUPS) -> int:
    """Insert or update every national group of the file by its code; returns how many it names."""
    with path.open(encoding="utf-8", newline="") as file:
        groups = [
            ExclusiveGroup(
                code=row["code"], name=row["name"], legal_basis=row["legal_basis"], type_codes=row["types"].split(),
                period=row["period"], valid_from=date.fromisoformat(row["valid_from"]), source=row["source"],
            )
            for row in csv.DictReader(file)
        ]  # fmt: skip
    fields = [field.name for field in ExclusiveGroup._meta.fields if field.name not in {"id", "code"}]
    ExclusiveGroup.objects.using(using).bulk_create(
        groups, update_conflicts=True, unique_fields=["code"], update_fields=fields
    )
    return len(groups)


def _type_from(row: dict[str, str]) -> AllowanceType:
    return AllowanceType(
        code=row["code"],
        name=row["name_ko"],
        name_en=row["name_en"],
        category=row["category"],
        target=row["target"],
        amount=_number(row["amount_krw"]),
        cycle=row["cycle"],
        validity_days=_number(row["validity_days"]),
        usage_limit=row["usage_limit"],
        age_min=_number(row["age_min"]),
        age_max=_number(row["age_max"]),
        residency_required=row["residency_required"] == "Y",
        payout_unit=row["payout_unit"],
        source=row["source"],
    )


def _number(text: str) -> int | None:
    return int(text) if text else None
