"""Reports that are issued at the same second: each has a number of its own, and a second click is the first report."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

from django.db import connections

from allowances.approvals.models import DocumentNumber
from reports.statistics import services
from reports.statistics.circulation import REPORT
from reports.statistics.definitions import Asked, month_after
from reports.statistics.models import IssuedReport
from tests import factories
from tests.factories import AT
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.ledger.services import call
from vouchers.officials.rules import Role
from vouchers.officials.selectors import authority_of

THIS = business_date(AT).replace(day=1)


def test_numbers_are_given_once_and_a_double_click_is_one_report(committed_db: str) -> None:
    city = factories.make_city()
    with city.scope():
        call("ledger.fence", city.code, THIS - timedelta(days=1))
        official = factories.make_official(city, Role.SETTLEMENT_OFFICER, department="일자리경제과")
        authority = authority_of(official_id=official.pk, day=business_date(AT))
    asked = Asked(
        municipality=city.code, first=month_after(THIS, -1), last=month_after(THIS, -1), chosen={"unit": "month"}
    )
    twice = uuid7()

    keys = [uuid7(), uuid7(), twice, twice, twice]
    gate = Barrier(len(keys))

    def issue(key: UUID) -> UUID:
        gate.wait()
        try:
            return issued(key)
        finally:
            connections.close_all()

    def issued(key: UUID) -> UUID:
        with city.scope():
            return services.issue(
                id=key, definition=REPORT, asked=asked, official=official, authority=authority, at=AT
            ).pk  # fmt: skip

    with ThreadPoolExecutor(len(keys)) as pool:
        assert list(pool.map(issue, keys)) == keys
    with city.scope():
        numbers = IssuedReport.objects.values_list("number__number", flat=True)
        assert sorted(numbers) == [1, 2, 3]
        assert DocumentNumber.objects.count() == 3
