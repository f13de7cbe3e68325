"""What a stranger learns from the code on a paper, and as of when a report holds."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import Max, Min

from reports.dashboard.models import SummedDay
from reports.statistics.rules import read_code


def as_of(*, municipality: str, day: date) -> datetime | None:
    """The moment whose sums the days up to this one have; None where they are final."""
    rows = SummedDay.objects.filter(municipality=municipality, business_date__lte=day, is_final=False)
    return rows.aggregate(at=Min("summed_at"))["at"]


def latest_day(*, municipality: str, until: date) -> date | None:
    """The latest day of those up to this one that was summed up."""
    rows = SummedDay.objects.filter(municipality=municipality, business_date__lte=until)
    return rows.aggregate(day=Max("business_date"))["day"]


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
