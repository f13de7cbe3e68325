"""Programmes that Korean cities run, as data to begin from: the files in ``data/`` say what each counts, and the source.

Whoever loads them owns them: they are ordinary rows that officials change, replace by later rules, or close.
"""

from __future__ import annotations

import csv
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from vouchers.currencies.models import Currency, UsageRule
from vouchers.municipalities.models import Municipality
from vouchers.municipalities.services import load_holidays
from vouchers.points.models import ActivityKind, PointCap, PointLimits, PointProgramme, PointRule

_DATA: Final = Path(__file__).parent / "data"
_CAP: Final = re.compile(r"(day|week|month|year) (\d+)-(\d*) (\d+)")


def load(*, currency: Currency, **fields: Any) -> list[PointProgramme]:
    """Make the example programmes that the currency's municipality lacks, with the usage rules that say where their
    points are good, and its holidays; returns the new programmes.

    ``fields`` are set on each programme beside what its file says.
    """
    municipality = currency.municipality
    with transaction.atomic():
        usable = {row["key"]: _usage_rule(municipality, row) for row in _rows("usage_rules")}
        load_holidays(municipality=municipality)
        known = set(PointProgramme.objects.filter(municipality=municipality).values_list("name", flat=True))
        taken = set(ActivityKind.objects.filter(municipality=municipality).values_list("code", flat=True))
        made = {
            row["key"]: PointProgramme.objects.create(
                municipality=municipality, currency=currency, usage_rule=usable[row["usage_rule"]], name=row["name"],
                payout=row["payout"], payout_month=_number(row["payout_month"]), legal_basis=row["legal_basis"],
                validity_months=int(row["validity_months"]), late_days=int(row["late_days"]), **fields,
            )
            for row in _rows("programmes")
            if row["name"] not in known
        }  # fmt: skip
        for row in _rows("programmes"):
            if row["key"] in made and row["limits"]:
                _add_limits(made[row["key"]], row)
        for row in _rows("rules"):
            if row["programme"] in made and row["code"] not in taken:
                _add_kind(made[row["programme"]], row)
    return list(made.values())


def _usage_rule(municipality: Municipality, row: dict[str, str]) -> UsageRule:
    """The municipality's own rule of that name, if it has one."""
    rule, _made = UsageRule.objects.get_or_create(
        municipality=municipality, name=row["name"], defaults={"denied_categories": row["denied_categories"].split()}
    )
    return rule


def _add_limits(programme: PointProgramme, row: dict[str, str]) -> None:
    limits = PointLimits.objects.create(
        municipality=programme.municipality, programme=programme, valid_from=date.fromisoformat(row["limits_from"]),
        source=row["limits_source"],
    )  # fmt: skip
    _add_caps(row["limits"], limits=limits, municipality=programme.municipality)


def _add_caps(told: str, **owner: Any) -> None:
    """'week 14-18 2020; year 19- 150800': period, ages, won."""
    for period, age_from, age_until, points in _CAP.findall(told):
        PointCap.objects.create(
            period=period, age_from=int(age_from), age_until=_number(age_until), points=int(points), **owner
        )


def _add_kind(programme: PointProgramme, row: dict[str, str]) -> None:
    own = {"municipality": programme.municipality}
    kind = ActivityKind.objects.create(programme=programme, code=row["code"], name=row["name"], unit=row["unit"], **own)
    rule = PointRule.objects.create(
        kind=kind, valid_from=date.fromisoformat(row["valid_from"]), measure=row["measure"], points=_number(row["points"]),
        unit_size=Decimal(row["unit_size"]), whole_units=row["whole_units"] == "Y", rate=_number(row["rate"]),
        days=row["days"], first_of_day=row["first_of_day"] == "Y", minimum_age=int(row["minimum_age"]),
        payments=int(row["payments"]), documents=[name.strip() for name in row["documents"].split(";") if name.strip()],
        week_of=row["week_of"], source=row["source"][:200], **own,
    )  # fmt: skip
    _add_caps(row["caps"], rule=rule, **own)


def _rows(name: str) -> list[dict[str, str]]:
    with (_DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _number(text: str) -> int | None:
    return int(text) if text else None
