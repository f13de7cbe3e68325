"""What a city publishes."""

from __future__ import annotations

from datetime import date
from typing import Any

from merchants.open_data.models import OpenDataTerms, UsageCell, UsageMonth
from tests.factories import AT, City


def make_terms(city: City, **fields: Any) -> OpenDataTerms:
    """The terms of open data since 2020."""
    fields = {
        "valid_from": date(2020, 1, 1), "institution_code": "3940000", "institution_name": "경기도 고양시",
        "legal_basis": "공공데이터법 제17조",
    } | fields  # fmt: skip
    return OpenDataTerms.objects.create(municipality=city.municipality, **fields)


def make_usage(city: City) -> UsageMonth:
    """A month of statistics with a cell that is told and one that is not."""
    month = UsageMonth.objects.create(
        municipality=city.municipality, month=date(2026, 1, 1), fewest_people=5, rows=2, hidden_rows=1, joiners=2,
        made_at=AT,
    )  # fmt: skip
    for position, sex, people in ((1, "F", 7), (2, "M", 2)):
        UsageCell.objects.create(
            municipality=city.municipality, usage=month, position=position, dong_code=city.code + "510",
            dong_name="주교동", sex=sex, age="03", payments=people, amount=people * 1_111, card_amount=0,
            mobile_amount=people * 1_111, people=people, card_people=0, mobile_people=people, is_hidden=people < 5,
        )  # fmt: skip
    return month
