"""A report that was asked for."""

from __future__ import annotations

from datetime import date, timedelta

from allowances.approvals.services import give_number
from reports.statistics.models import IssuedReport
from reports.statistics.rules import code_of
from tests.factories import AT, City
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.officials.models import Official


def make_issued(city: City, official: Official) -> IssuedReport:
    """발행·판매·환전 현황 of last month, waiting for the worker."""
    end = business_date(AT).replace(day=1) - timedelta(days=1)
    first: date = end.replace(day=1)
    return IssuedReport.objects.create(
        municipality=city.municipality, number=give_number(municipality=city.code, department="일자리경제과", at=AT),
        report="circulation", title="발행·판매·환전 현황", first_day=first, last_day=end, chosen={"unit": "month"},
        official=official, asked_at=AT, steps=1, code=code_of(uuid7().bytes),
    )  # fmt: skip
