"""Sweeps return what has expired, each won once; the notice list tells beforehand whom it will meet."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from python_calamine import CalamineWorkbook

from allowances.clawback import expiring, tasks
from allowances.clawback.expiring import GRACE, Wanted, sweep, swept_since, workbook
from tests import factories
from tests.factories import AT, City
from tests.factories.clawbacks import Till, paid_list
from tests.factories.lists import Office
from vouchers.common.errors import NotPermitted
from vouchers.common.seoul import business_date, start_of_day
from vouchers.ledger.audit import audit
from vouchers.ledger.errors import InsufficientFunds
from vouchers.ledger.models import Lot
from vouchers.municipalities.models import Dong
from vouchers.officials.rules import Role

MOMENT = timedelta(microseconds=1)


@pytest.fixture
def midnight(office: Office) -> datetime:
    """When the money of a list of three expires, which was valid for 90 days."""
    paid_list(office)
    midnight = start_of_day(business_date(AT) + timedelta(days=91))
    assert set(Lot.objects.values_list("expires_at", flat=True)) == {midnight}
    return midnight


def test_a_sweep_keeps_behind_the_clock_and_takes_each_lot_once(office: Office, midnight: datetime) -> None:
    city = office.city.code
    assert sweep(municipality=city, at=midnight + GRACE - MOMENT) == (0, 0)
    assert sweep(municipality=city, at=midnight + GRACE, step=2) == (3, 300_000)
    assert sweep(municipality=city, at=midnight + GRACE) == (0, 0)
    assert not any(found.difference for found in audit())


def test_the_last_second_is_honoured_even_if_the_payment_is_late(
    office: Office, till: Till, midnight: datetime
) -> None:
    wallet = Lot.objects.values_list("wallet_id", flat=True)[0]
    sweep(municipality=office.city.code, at=midnight + GRACE - MOMENT)
    till.pay(wallet, 100_000, at=midnight - MOMENT)
    other = Lot.objects.filter(remaining__gt=0).values_list("wallet_id", flat=True)[0]
    with pytest.raises(InsufficientFunds), transaction.atomic():
        till.pay(other, 1, at=midnight)


def test_a_sweep_that_is_stopped_goes_on_later(office: Office, midnight: datetime) -> None:
    stops = iter([False, True])
    at = midnight + GRACE
    assert sweep(municipality=office.city.code, at=at, step=1, should_stop=lambda: next(stops)) == (1, 100_000)
    assert sweep(municipality=office.city.code, at=at, step=1) == (2, 200_000)
    (report,) = swept_since(municipality=office.city.code, day=business_date(AT))
    assert (report.programme, report.lots, report.amount) == (office.programme, 3, 300_000)


def test_a_late_refund_is_returned_by_the_next_sweep(office: Office, till: Till, midnight: datetime) -> None:
    wallet = Lot.objects.values_list("wallet_id", flat=True)[0]
    payment = till.pay(wallet, 40_000)
    assert sweep(municipality=office.city.code, at=midnight + GRACE)[1] == 260_000
    till.cancel(payment, at=midnight + timedelta(days=1))
    assert sweep(municipality=office.city.code, at=midnight + timedelta(days=2)) == (1, 40_000)


def test_payers_may_start_a_sweep(office: Office) -> None:
    expiring.request_sweep(municipality=office.city.code, authority=office.acting(Role.PAYER)["authority"])
    with pytest.raises(NotPermitted):
        expiring.request_sweep(municipality=office.city.code, authority=office.acting(Role.DRAFTER)["authority"])


def test_the_daily_job_starts_one_for_each_city(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    factories.make_city(code="28110", name="인천광역시 중구")
    started: list[str] = []
    monkeypatch.setattr(expiring, "defer_sweep", lambda *, municipality: started.append(municipality))
    tasks.sweep_all(0)
    assert sorted(started) == ["28110", office.city.code]


# Notice list


@pytest.fixture
def people(office: Office) -> City:
    """Four people of two dongs whose money of two programmes expires after 10, 20, 30 and 40 days; one has spent it."""
    city = office.city
    other = Dong.objects.create(municipality=city.municipality, code=f"{city.code}52000", name="화정1동")
    programme = factories.make_programme(city)
    for days in (10, 20, 30, 40):
        citizen = factories.make_citizen(
            city, name=f"홍길{'동남서북'[days // 10 - 1]}", dong=other if days == 20 else city.dong
        )
        factories.grant(
            city, {citizen: days * 1_000}, validity_days=days, programme=programme if days < 30 else office.programme
        )
    gone = factories.make_citizen(city)
    factories.grant(city, {gone: 5_000}, validity_days=10, programme=programme)
    Till(office).pay(factories.wallet_of(gone).pk, 5_000)
    return city


def names(
    city: City, *, days: int, after: expiring.Place | None = None, limit: int = 50, **filters: object
) -> list[str]:
    wanted = Wanted(municipality=city.code, at=AT, days=days, **filters)  # type: ignore[arg-type]
    rows, _ = expiring.expiring(wanted=wanted, after=after, limit=limit)
    return [row.name for row in rows]


def test_what_expires_within_days_the_soonest_first(people: City, office: Office) -> None:
    assert names(people, days=9) == []
    assert names(people, days=10) == ["홍길동"]
    assert names(people, days=30) == ["홍길동", "홍길남", "홍길서"]
    assert names(people, days=90, dong=people.dong.pk) == ["홍길동", "홍길서", "홍길북"]
    assert names(people, days=90, programme=office.programme.pk) == ["홍길서", "홍길북"]


def test_pages_go_on_where_the_last_one_ended(people: City, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Wanted(municipality=people.code, at=AT, days=90)
    first, place = expiring.expiring(wanted=wanted, after=None, limit=2)
    assert [row.name for row in first] == ["홍길동", "홍길남"]
    second, place = expiring.expiring(wanted=wanted, after=place, limit=3)
    assert ([row.name for row in second], place) == (["홍길서", "홍길북"], None)
    monkeypatch.setattr(expiring, "_WINDOW", 1)
    assert [row.name for row in expiring._all(wanted)] == ["홍길동", "홍길남", "홍길서", "홍길북"]


def test_the_last_day_is_the_day_before_midnight(people: City) -> None:
    (row,), _ = expiring.expiring(wanted=Wanted(municipality=people.code, at=AT, days=10), after=None, limit=5)
    assert row.last_day == business_date(AT) + timedelta(days=10)


def test_the_workbook_holds_everybody_with_whole_telephones(people: City, office: Office) -> None:
    path = workbook(
        wanted=Wanted(municipality=people.code, at=AT, days=90), programmes={office.programme.pk: "=청년"}
    )  # fmt: skip
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    path.unlink()
    assert rows[0][1] == "성명"
    assert [row[1] for row in rows[1:]] == ["홍길동", "홍길남", "홍길서", "홍길북"]
    assert rows[3][5] != "=청년"
    assert rows[1][6] == 10_000
    assert all(len(str(row[3])) == 11 for row in rows[1:])


def test_nobody_is_an_empty_list(office: Office) -> None:
    path = workbook(wanted=Wanted(municipality=office.city.code, at=AT, days=90), programmes={})
    assert len(CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()) == 1
    path.unlink()
