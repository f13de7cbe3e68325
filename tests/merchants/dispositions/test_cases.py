"""From a notice to what is decided: heard first, counted, fined by the schedule, and decided by another person."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import transaction

from merchants.dispositions import services
from merchants.dispositions.errors import (
    DispositionFinal,
    HearingMissing,
    MeasureNotOpen,
    OpinionTimeTooShort,
    StepChanged,
    StillToBeHeard,
)
from merchants.dispositions.models import Disposition, Measure, Violation
from merchants.dispositions.rules import fine_of, measures_for, step_of
from merchants.registry import selectors as registry
from merchants.registry.errors import ApprovedByOneself
from merchants.registry.models import Merchant
from tests import factories
from tests.factories import City
from tests.factories.shops import TODAY, acting, make_case, make_standard
from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted
from vouchers.officials.models import Official
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def city():
    made = factories.make_city()
    with made.scope():
        yield made


@pytest.fixture
def officer(city: City) -> Official:
    return factories.make_official(city, Role.MERCHANT_OFFICER, Role.APPROVER)


@pytest.fixture
def approver(city: City) -> Official:
    return factories.make_official(city, Role.APPROVER)


def proposed(case: Disposition, measure: str, officer: Official, **fields) -> Disposition:
    said = {"effective_from": TODAY, "reason": "위반 확인"} | fields
    return services.propose(disposition=case, measure=measure, **said, **acting(officer))


def fined(merchant: Merchant, officer: Official, approver: Official) -> Disposition:
    case = proposed(make_case(merchant, officer, found_on=TODAY), Measure.FINE, officer)
    return services.decide(disposition=case, **acting(approver))


def test_the_fine_rises_with_the_number_of_earlier_violations(city, officer, approver) -> None:
    shop = factories.make_merchant(city)
    branch = factories.make_merchant(city, business_number=shop.business_number)
    steps = [fined(one, officer, approver) for one in (shop, branch, shop, shop)]
    assert [(case.step, case.fine) for case in steps] == [
        (1, 10_000_000), (2, 15_000_000), (3, 20_000_000), (4, 20_000_000)
    ]  # fmt: skip
    assert fined(factories.make_merchant(city), officer, approver).step == 1


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        ([], 1),
        ([date(2026, 1, 10)], 2),
        ([date(2025, 11, 22)], 2),
        ([date(2025, 11, 21)], 1),
        ([date(2026, 11, 23)], 1),
    ],
)
def test_step_of(earlier: list[date], expected: int) -> None:
    assert step_of(found_on=date(2026, 11, 22), earlier=earlier, counted_months=12) == expected


@pytest.mark.parametrize(
    ("code", "fines"),
    [("illegal_exchange", [10_000_000, 15_000_000, 20_000_000, 20_000_000]),
     ("obstruct_inspection", [2_000_000, 3_000_000, 5_000_000, 5_000_000]), ("sham_sale", [None] * 4)],
)  # fmt: skip
def test_the_schedule_says_what_the_law_says(city, code: str, fines: list[int | None]) -> None:
    rule = Violation.objects.get(code=code)
    schedule = (rule.fine_first, rule.fine_second, rule.fine_third)
    assert [fine_of(step=step, fines=schedule) for step in (1, 2, 3, 4)] == fines


ALL = ["guidance", "order", "fine", "suspend", "cancel"]


def test_measures_for() -> None:
    assert measures_for(measures=["cancel"], status="active") == ["cancel"]
    assert measures_for(measures=ALL, status="suspended") == ["guidance", "order", "fine", "cancel"]
    assert measures_for(measures=ALL, status="closed") == ["guidance", "order", "fine"]


def test_the_shop_is_heard_before_anything_is_proposed(city, officer) -> None:
    shop = factories.make_merchant(city)
    with pytest.raises(OpinionTimeTooShort):
        make_case(shop, officer, notice_on=TODAY, opinion_until=TODAY + 9 * DAY)
    case = make_case(shop, officer, notice_on=TODAY, opinion_until=TODAY + 10 * DAY, hearing_on=TODAY + 5 * DAY)
    with pytest.raises(StillToBeHeard):
        proposed(case, Measure.ORDER, officer)
    heard = {"opinion_on": TODAY, "opinion": "인정합니다", "authority": acting(officer)["authority"]}
    services.hear(disposition=case, hearing_on=TODAY + 5 * DAY, **heard)
    with pytest.raises(HearingMissing):
        proposed(case, Measure.CANCEL, officer)
    assert proposed(case, Measure.ORDER, officer).state == "proposed"


def test_a_false_registration_is_cancelled_and_nothing_less(city, officer, approver) -> None:
    make_standard(city, bar_months=6)
    shop = factories.make_merchant(city)
    case = make_case(shop, officer, code="false_registration")
    with pytest.raises(MeasureNotOpen):
        proposed(case, Measure.SUSPEND, officer)
    services.decide(disposition=proposed(case, Measure.CANCEL, officer), **acting(approver))
    assert Merchant.objects.get(pk=shop.pk).status == "cancelled"
    bar = registry.barred_until(municipality=city.code, business_number=shop.business_number, day=TODAY)
    assert bar is not None
    assert bar > TODAY + 180 * DAY
    titles = [str(moment.title) for moment in registry.timeline(shop)]
    assert {"처분 사전통지", "처분 확정", "등록취소"} <= set(titles)


def test_a_suspension_reaches_the_shop(city, officer, approver) -> None:
    shop = factories.make_merchant(city)
    case = proposed(make_case(shop, officer), Measure.SUSPEND, officer, effective_until=TODAY + 30 * DAY)
    decided = services.decide(disposition=case, **acting(approver))
    assert Merchant.objects.get(pk=shop.pk).status == "suspended"
    assert decided.change.effective_until == TODAY + 30 * DAY
    assert (decided.change.entered_by, decided.change.decided_by) == (officer, approver)


def test_another_person_decides(city, officer, approver) -> None:
    case = proposed(make_case(factories.make_merchant(city), officer), Measure.ORDER, officer)
    with pytest.raises(ApprovedByOneself):
        services.decide(disposition=case, **acting(officer))
    with pytest.raises(ApprovedByOneself), transaction.atomic(), domain_errors():
        Disposition.objects.filter(pk=case.pk).update(state="decided", decided_by=officer)
    with pytest.raises(NotPermitted):
        services.decide(disposition=case, **acting(factories.make_official(city, Role.MERCHANT_OFFICER)))


def test_two_cases_that_were_proposed_as_the_first_are_not_both_decided(city, officer, approver) -> None:
    shop = factories.make_merchant(city)
    cases = [proposed(make_case(shop, officer, found_on=TODAY), Measure.FINE, officer) for _ in range(2)]
    services.decide(disposition=cases[0], **acting(approver))
    with pytest.raises(StepChanged):
        services.decide(disposition=cases[1], **acting(approver))
    services.give_back(disposition=cases[1], note="다시", **acting(approver))
    assert proposed(cases[1], Measure.FINE, officer).step == 2


def test_what_is_proposed_or_decided_stays_as_it_is(city, officer, approver) -> None:
    case = proposed(make_case(factories.make_merchant(city), officer), Measure.FINE, officer)
    with pytest.raises(DispositionFinal), transaction.atomic(), domain_errors():
        Disposition.objects.filter(pk=case.pk).update(fine=1)
    services.decide(disposition=case, **acting(approver))
    for fields in ({"fine": 1}, {"state": "dropped"}, {"note": "다른 말"}):
        with pytest.raises(DispositionFinal), transaction.atomic(), domain_errors():
            Disposition.objects.filter(pk=case.pk).update(**fields)
    with pytest.raises(DispositionFinal):
        services.drop(disposition=case, note="종결", authority=acting(officer)["authority"])


def test_a_case_ends_without_a_measure(city, officer) -> None:
    case = make_case(factories.make_merchant(city), officer)
    dropped = services.drop(disposition=case, note="위반 아님", authority=acting(officer)["authority"])
    assert (dropped.state, dropped.note) == ("dropped", "위반 아님")
