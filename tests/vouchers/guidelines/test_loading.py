"""The set-up loads the guideline; again, it changes nothing."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from tests import factories
from vouchers.guidelines.models import GuidelineLimit, LimitKind, RegionStatus
from vouchers.guidelines.selectors import amount_limit, rate_ceiling
from vouchers.guidelines.services import load_limits

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 2)


@pytest.mark.django_db(databases=["default", "owner"])
def test_the_set_up_has_loaded_it_and_loads_it_again() -> None:
    before = list(GuidelineLimit.objects.values())
    assert load_limits(using="owner") == len(before) > 0
    assert list(GuidelineLimit.objects.values()) == before


def test_each_municipality_has_its_own_ceiling() -> None:
    here, elsewhere = factories.make_city(), factories.make_city(code="28110", name="인천광역시 중구")
    for city, kind in ((here, "capital"), (elsewhere, "decline")):
        with city.scope():
            RegionStatus.objects.create(municipality=city.municipality, kind=kind, valid_from=DAY, document="고시")
    with here.scope():
        found = rate_ceiling(municipality=here.code, day=DAY)
        assert found is not None
        assert (found.rate, found.status) == (1_000, "capital")
        assert rate_ceiling(municipality=elsewhere.code, day=DAY) is None
        limit = amount_limit(kind=LimitKind.PURCHASE, day=DAY)
        assert limit is not None
        assert limit.value == 2_000_000


@pytest.mark.parametrize(
    ("kind", "until", "rate", "name"),
    [
        ("notified", None, None, "region_status_rate_when_notified"),
        ("capital", None, 1_000, "region_status_rate_when_notified"),
        ("notified", None, 10_001, "region_status_rate_when_notified"),
        ("disaster", date(2026, 3, 1), None, "region_status_ends_after_it_began"),
    ],
)
def test_what_contradicts_itself_is_refused(kind: str, until: date | None, rate: int | None, name: str) -> None:
    city = factories.make_city()
    with city.scope(), pytest.raises(IntegrityError, match=name), transaction.atomic():
        RegionStatus.objects.create(
            municipality=city.municipality, kind=kind, valid_from=DAY, valid_until=until, rate=rate, document="고시"
        )
