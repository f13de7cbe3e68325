"""What a city publishes."""

from __future__ import annotations

from datetime import date
from typing import Any

from merchants.open_data.models import OpenDataTerms
from tests.factories import City


def make_terms(city: City, **fields: Any) -> OpenDataTerms:
    """The terms of open data since 2020."""
    fields = {
        "valid_from": date(2020, 1, 1), "institution_code": "3940000", "institution_name": "경기도 고양시",
        "legal_basis": "공공데이터법 제17조",
    } | fields  # fmt: skip
    return OpenDataTerms.objects.create(municipality=city.municipality, **fields)
