"""After a case is decided: the undue gain is claimed back and ends once, and the police are told and answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.utils import DatabaseError
from django.test import Client
from django.urls import reverse

from merchants.dispositions import follow_ups, selectors
from merchants.dispositions.errors import DaysOutOfOrder, FollowUpFinal, NothingDecided
from merchants.dispositions.models import Disposition, Outcome, Referral, Restitution, RestitutionState
from merchants.registry import selectors as registry
from merchants.registry.errors import ApprovedByOneself
from reports.dashboard.alarms import overdue_claims
from tests import factories
from tests.factories import AT, City
from tests.factories.shops import TODAY, acting, make_case, make_claim, make_decided_case, make_referral
from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted
from vouchers.common.scope import set_local
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import authority_of

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


@pytest.fixture
def case(city: City, officer: Official, approver: Official) -> Disposition:
    return make_decided_case(factories.make_merchant(city, name="한밭분식"), officer, approver)


def ended(claim: Restitution, official: Official, how: Any = follow_ups.pay, **fields: Any) -> Restitution:
    return how(restitution=claim, **({"closed_on": TODAY, "note": "고지서 납부"} | acting(official) | fields))


def alarms(official: Official, day: Any = TODAY) -> list[str]:
    return [alarm.text for alarm in overdue_claims(authority_of(official_id=official.pk, day=day), day)]


def test_an_overdue_claim_is_told_until_it_is_paid(case, officer, approver) -> None:
    claim = make_claim(case, officer)
    assert alarms(officer, claim.due_on) == []
    due = f"{claim.due_on.year}. {claim.due_on.month}. {claim.due_on.day}."
    assert alarms(officer) == [
        f"한밭분식: 환수금 1,500,000원의 납부 기한({due})이 지났습니다. 납부를 확인하거나 독촉하십시오."
    ]
    assert alarms(approver) == []
    ended(claim, officer)
    assert alarms(officer) == []


def test_the_oldest_overdue_claims_come_first_and_of_this_city_alone(case, officer, city) -> None:
    later, first = make_claim(case, officer), make_claim(case, officer, due_on=TODAY - 3 * DAY)
    assert list(selectors.overdue(municipalities=[city.code], day=TODAY)) == [first, later]
    assert not selectors.overdue(municipalities=["41570"], day=TODAY).exists()


def test_a_claim_ends_once(case, officer, approver) -> None:
    claim = make_claim(case, officer)
    paid = ended(claim, officer)
    assert (paid.state, paid.closed_on, paid.closed_by) == (RestitutionState.PAID, TODAY, officer)
    assert [version.state for version in claim.history.order_by("history_id")] == ["claimed", "paid"]
    with pytest.raises(FollowUpFinal):
        ended(claim, approver, follow_ups.write_off)


def test_only_another_person_gives_a_claim_up(case, officer, approver) -> None:
    claim = make_claim(case, officer)
    with pytest.raises(ApprovedByOneself):
        ended(claim, officer, follow_ups.write_off)
    assert ended(claim, approver, follow_ups.write_off, note="폐업·무재산").state == RestitutionState.WRITTEN_OFF


def test_nothing_follows_from_a_case_that_nobody_decided(city, officer) -> None:
    noticed = make_case(factories.make_merchant(city), officer)
    with pytest.raises(NothingDecided):
        make_claim(noticed, officer)
    with pytest.raises(NothingDecided):
        make_referral(noticed, officer)


@pytest.mark.parametrize("fields", [{"due_on": TODAY - 11 * DAY}], ids=["due before it is claimed"])
def test_a_claim_is_not_due_before_it_is_made(case, officer, fields) -> None:
    with pytest.raises(DaysOutOfOrder):
        make_claim(case, officer, **fields)


def test_a_claim_is_not_paid_before_it_is_made(case, officer) -> None:
    claim = make_claim(case, officer)
    with pytest.raises(DaysOutOfOrder):
        ended(claim, officer, closed_on=claim.claimed_on - DAY)


@pytest.mark.parametrize("fields", [{"amount": 1}, {"due_on": TODAY + 30 * DAY}, {"legal_basis": "없음"}], ids=str)
def test_no_statement_changes_what_a_claim_says(case, officer, fields) -> None:
    claim = make_claim(case, officer)
    with pytest.raises(FollowUpFinal), transaction.atomic(), domain_errors():
        Restitution.objects.filter(pk=claim.pk).update(**fields)
    with pytest.raises(DatabaseError), transaction.atomic():
        claim.delete()


def test_no_statement_inserts_a_claim_that_has_ended(case, officer, approver) -> None:
    claim = make_claim(case, officer)
    claim.pk, claim.state, claim.closed_on = None, RestitutionState.WRITTEN_OFF, TODAY
    claim.closed_by, claim.closed_at = approver, AT
    with pytest.raises(FollowUpFinal), transaction.atomic(), domain_errors():
        Restitution.objects.bulk_create([claim])


def test_the_outcome_of_a_referral_moves_on(case, officer) -> None:
    referral = make_referral(case, officer)
    tell = {"referral": referral, "authority": acting(officer)["authority"]}
    with pytest.raises(DaysOutOfOrder):
        follow_ups.tell_outcome(outcome=Outcome.FORWARDED, outcome_on=TODAY - DAY, note="", **tell)
    for outcome in (Outcome.FORWARDED, Outcome.INDICTED):
        follow_ups.tell_outcome(outcome=outcome, outcome_on=TODAY, note="2026형제1234", **tell)
    assert [version.outcome for version in referral.history.order_by("history_id")] == [
        "pending",
        "forwarded",
        "indicted",
    ]
    with pytest.raises(FollowUpFinal), transaction.atomic(), domain_errors():
        Referral.objects.filter(pk=referral.pk).update(station="다른 경찰서")


def test_only_who_may_writes(city, case, officer, approver) -> None:
    claim, referral = make_claim(case, officer), make_referral(case, officer)
    clerk = factories.make_official(city, Role.MERCHANT_OFFICER)
    for act in (
        lambda: make_claim(case, approver), lambda: make_referral(case, approver), lambda: ended(claim, approver),
        lambda: ended(claim, clerk, follow_ups.write_off),
        lambda: follow_ups.tell_outcome(
            referral=referral, outcome="forwarded", outcome_on=TODAY, note="", authority=acting(approver)["authority"]
        ),
    ):  # fmt: skip
        with pytest.raises(NotPermitted):
            act()


def test_the_timeline_of_the_shop_tells_what_followed(case, officer) -> None:
    ended(make_claim(case, officer), officer)
    referral = make_referral(case, officer)
    follow_ups.tell_outcome(
        referral=referral, outcome="forwarded", outcome_on=TODAY, note="", authority=acting(officer)["authority"]
    )
    told = {str(moment.title): moment.text for moment in registry.timeline(case.merchant)}
    assert told["환수 통지"] == "1,500,000원 · 지역경제과-200"
    assert told["환수금 납부"] == "1,500,000원 · 고지서 납부"
    assert told["수사의뢰"] == "고양경찰서 수사과 · 지역경제과-201"
    assert "수사 결과: 송치" in told


def client_of(official: Official) -> Client:
    client = Client()
    set_local(official=str(official.pk))
    client.force_login(official)
    return client


def test_an_official_claims_and_refers_from_the_page_of_the_case(case, officer, city) -> None:
    client, page = client_of(officer), reverse("admin:merchants_disposition_change", args=[case.pk])
    assert "등록한 환수가 없습니다." in client.get(page).text
    said = {
        "amount": "1,500,000", "legal_basis": "조례 제15조", "claimed_on": f"{TODAY}", "document": "지역경제과-200",
        "due_on": f"{TODAY + 30 * DAY}",
    }  # fmt: skip
    address = reverse("admin:disposition_restitution", args=[case.pk])
    late = client.post(address, said | {"claimed_on": f"{TODAY + 9 * DAY}"})
    assert late.status_code == 422
    assert "오늘까지의 날짜를 적습니다." in late.text
    assert "1,500,000원" in client.post(address, said, follow=True).text
    told = client.post(
        reverse("admin:disposition_referral", args=[case.pk]),
        {"station": "고양경찰서 수사과", "referred_on": f"{TODAY}", "document": "지역경제과-201"}, follow=True,
    ).text  # fmt: skip
    assert "고양경찰서 수사과" in told
    with city.scope():
        referral, claim = Referral.objects.get(), Restitution.objects.get()
    outcome = reverse("admin:referral_outcome", args=[referral.pk])
    assert "결과를 통보받은 날짜를 적습니다." in client.post(outcome, {"outcome": "forwarded"}).text
    assert "송치" in client.post(outcome, {"outcome": "forwarded", "outcome_on": f"{TODAY}"}, follow=True).text
    paid = client.post(reverse("admin:restitution_pay", args=[claim.pk]), {"closed_on": f"{TODAY}"}, follow=True).text
    assert "납부를 기록했습니다." in paid
    assert "납부 확인</a>" not in paid


def test_whoever_settles_is_led_to_an_adjustment_that_takes_the_amount(case, officer, city) -> None:
    make_claim(case, officer)
    client = client_of(factories.make_official(city, Role.SETTLEMENT_OFFICER))
    page = client.get(reverse("admin:merchants_disposition_change", args=[case.pk])).text
    address = reverse("admin:merchants_adjustment_add") + f"?merchant={case.merchant_id}&amount=-1500000"
    assert address.replace("&", "&amp;") in page
    form = client.get(address + "&paper_number=지역경제과-200&reason=부당이득 환수").text
    assert 'value="-1500000"' in form or 'value="-1,500,000"' in form


def test_the_home_page_tells_who_collects(case, officer) -> None:
    make_claim(case, officer)
    page = client_of(officer).get(reverse("admin:index")).text
    assert "기한이 지난 환수금" in page
    assert reverse("admin:merchants_disposition_change", args=[case.pk]) in page
