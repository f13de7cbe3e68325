"""What partners send is taken in once; what does not count says why, and can be mended."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection

from tests import factories
from tests.factories.points import PointDesk, seoul
from vouchers.citizens.models import Citizen, CitizenStatus
from vouchers.common.errors import NotPermitted
from vouchers.common.models import uuid7
from vouchers.points import errors, services
from vouchers.points.models import Activity, ActivityState, PointProgramme, PointWitness

MONDAY = "2026-11-02 07:30"


def test_the_same_activity_counts_once(desk: PointDesk) -> None:
    citizen = factories.make_citizen(desk.city)
    item = desk.item(citizen, "bus_ride", MONDAY, amount=1450)
    (first,), (second,) = desk.told(item), desk.told(item)
    assert first == second
    (one, two) = desk.told(item, item)
    assert (one.activity_id, two.activity_id) == (first.activity_id, first.activity_id)
    assert Activity.objects.count() == 1


def test_another_content_under_the_same_number_is_refused_and_the_rest_is_taken(desk: PointDesk) -> None:
    citizen = factories.make_citizen(desk.city)
    item = desk.item(citizen, "bus_ride", MONDAY, amount=1450)
    desk.told(item)
    other = desk.item(citizen, "bus_ride", "2026-11-03 07:30", amount=1450)
    changed, taken = desk.told(item._replace(amount=2000), other)
    assert (changed.outcome, changed.reason, changed.activity_id) == ("refused", "external_id_reused", None)
    assert taken.outcome == "accepted"
    assert sorted(Activity.objects.values_list("amount", flat=True)) == [1450, 1450]


def test_two_partners_may_use_the_same_number(desk: PointDesk) -> None:
    citizen = factories.make_citizen(desk.city)
    rival = factories.make_partner(desk.city)
    PointWitness.objects.create(
        municipality=desk.city.municipality, programme=desk.programmes["탄소지움"], partner=rival
    )
    item = desk.item(citizen, "bus_ride", MONDAY, amount=1450)
    later = item._replace(occurred_at=seoul("2026-11-03 07:30"))
    assert [desk.told(item)[0].outcome, desk.told(later, partner=rival.pk)[0].outcome] == ["accepted", "accepted"]


def test_the_same_thing_under_another_number_is_a_duplicate(desk: PointDesk) -> None:
    citizen = factories.make_citizen(desk.city)
    desk.did(citizen, "local_food", MONDAY, amount=10_000)
    (again,) = desk.told(desk.item(citizen, "local_food", MONDAY, amount=10_000))
    assert (again.outcome, again.reason) == ("rejected", "duplicate")
    (another,) = desk.told(desk.item(citizen, "local_food", MONDAY, amount=10_001))
    assert another.outcome == "accepted"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": CitizenStatus.MOVED_OUT}, "moved_out"),
        ({"status": CitizenStatus.DECEASED}, "deceased"),
        ({"birth_date": date(2012, 11, 3)}, "too_young"),  # 14 tomorrow
    ],
)
def test_who_does_not_count(desk: PointDesk, change: dict[str, object], reason: str) -> None:
    citizen = factories.make_citizen(desk.city, **change)
    (outcome,) = desk.told(desk.item(citizen, "bus_ride", MONDAY, amount=1450))
    assert (outcome.outcome, outcome.reason) == ("rejected", reason)


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (timedelta(days=31), ""),
        (timedelta(days=32), "too_late"),
        (timedelta(minutes=-5), ""),  # clocks differ
        (timedelta(minutes=-6), "in_future"),
    ],
)
def test_when_it_is_too_late_or_too_early(desk: PointDesk, after: timedelta, reason: str) -> None:
    citizen = factories.make_citizen(desk.city)
    (outcome,) = desk.told(desk.item(citizen, "campaign", MONDAY), at=seoul(MONDAY) + after)
    assert outcome.reason == reason


def test_what_cannot_be_kept_is_refused(desk: PointDesk) -> None:
    citizen = factories.make_citizen(desk.city)
    outcomes = desk.told(
        desk.item(citizen, "nothing", MONDAY),
        desk.item(citizen, "bus_ride", MONDAY),
        desk.item(citizen, "education", MONDAY, amount=10),
    )
    assert [(row.outcome, row.reason) for row in outcomes] == [
        ("refused", "kind_unknown"), ("refused", "value_missing"), ("refused", "value_missing"),
    ]  # fmt: skip
    assert not Activity.objects.exists()


def test_a_partner_witnesses_its_own_programmes_only(desk: PointDesk) -> None:
    citizen, stranger = factories.make_citizen(desk.city), factories.make_partner(desk.city)
    (outcome,) = desk.told(desk.item(citizen, "campaign", MONDAY), partner=stranger.pk)
    assert (outcome.outcome, outcome.reason) == ("refused", "kind_unknown")


def test_papers_must_have_been_seen(desk: PointDesk) -> None:
    citizen = factories.make_citizen(desk.city)
    item = desk.item(citizen, "solar_power", MONDAY, quantity="3", documents=["한국전력 상계거래"])
    assert desk.told(item)[0].reason == "documents_missing"
    mended = item._replace(documents=["한국전력 상계거래", "한국전기안전공사 사용전검사"])
    assert desk.told(mended)[0].outcome == "accepted"
    assert Activity.objects.get().state == ActivityState.ACCEPTED


def test_a_closed_programme_takes_nothing(desk: PointDesk) -> None:
    PointProgramme.objects.filter(name="탄소지움").update(is_active=False)
    (outcome,) = desk.told(desk.item(factories.make_citizen(desk.city), "campaign", MONDAY))
    assert outcome.reason == "programme_closed"


def test_before_the_first_rule_there_is_nothing_to_earn(desk: PointDesk) -> None:
    citizen = factories.make_citizen(desk.city)
    (outcome,) = desk.told(desk.item(citizen, "vote", "2025-12-31 23:59"))
    assert outcome.reason == "no_rule"


def test_whoever_joins_later_gets_what_was_rejected(desk: PointDesk) -> None:
    item = desk.item("김새움|1990-01-02|01012340000", "campaign", MONDAY)
    assert desk.told(item)[0].reason == "wallet_unknown"
    activity = Activity.objects.get()
    authority = desk.acting(desk.drafter)["authority"]
    assert services.look_again(activity=activity, authority=authority) == "wallet_unknown"
    citizen = factories.make_citizen(desk.city, name="김새움", birth_date=date(1990, 1, 2), phone="01012340000")
    assert services.look_again(activity=activity, authority=authority) == ""
    assert desk.sum(citizen, "2026-11-01", "2026-12-01") == 40
    with pytest.raises(errors.ActivityNotRejected):
        services.look_again(activity=activity, authority=authority)


def test_another_citys_wallet_does_not_exist(desk: PointDesk) -> None:
    elsewhere = factories.make_city(code="41130", name="성남시")
    with elsewhere.scope():
        stranger = str(factories.wallet_of(factories.make_citizen(elsewhere)).pk)
    (outcome,) = desk.told(desk.item(stranger, "campaign", MONDAY))
    assert outcome.reason == "wallet_unknown"


def test_a_withdrawn_activity_counts_no_more(desk: PointDesk) -> None:
    citizen = factories.make_citizen(desk.city)
    activity = Activity.objects.get(pk=desk.did(citizen, "campaign", MONDAY))
    acting = desk.acting(desk.drafter) | {"activity": activity, "at": seoul(MONDAY)}
    with pytest.raises(errors.ReasonMissing):
        services.withdraw(reason=" ", **acting)
    services.withdraw(reason="다른 사람의 실적", **acting)
    assert desk.sum(citizen, "2026-11-01", "2026-12-01") == 0
    with pytest.raises(errors.ActivityNotAccepted):
        services.withdraw(reason="다시", **acting)


def test_only_who_may_mends(desk: PointDesk) -> None:
    activity = Activity.objects.get(pk=desk.did(factories.make_citizen(desk.city), "campaign", MONDAY))
    with pytest.raises(NotPermitted):
        services.withdraw(activity=activity, reason="x", at=seoul(MONDAY), **desk.acting(desk.payer))
    with pytest.raises(NotPermitted):
        services.look_again(activity=activity, authority=desk.acting(desk.payer)["authority"])


def test_the_application_cannot_write_activities_itself(desk: PointDesk) -> None:
    desk.did(factories.make_citizen(desk.city), "campaign", MONDAY)
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('vouchers_activity', 'INSERT, UPDATE, DELETE')")
        assert cursor.fetchone() == (False,)


def test_a_thousand_at_a_time(desk: PointDesk) -> None:
    citizens: list[Citizen] = [factories.make_citizen(desk.city) for _ in range(10)]
    wallets = [str(factories.wallet_of(citizen).pk) for citizen in citizens]
    items = [
        desk.item(wallets[number % 10], "local_food", "2026-11-02 09:00", amount=1_000 + number)._replace(
            external_id=str(uuid7())
        )
        for number in range(1_000)
    ]
    assert {row.outcome for row in desk.told(*items)} == {"accepted"}
    assert desk.sum(citizens[0], "2026-11-01", "2026-12-01") == sum(
        (1_000 + n) * 30 // 10_000 for n in range(0, 1_000, 10)
    )
