"""A list of deaths and move-outs: read, shown, applied, and taken back."""

from __future__ import annotations

import io
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from allowances.batches.models import Batch, BatchState
from allowances.batches.reading.errors import ColumnMissing
from allowances.departures import errors, services
from allowances.departures.models import Departure, DepartureKind, DepartureList
from allowances.departures.selectors import due_to, ready_rows
from allowances.disbursement import services as disbursement
from tests import factories
from tests.factories import AT
from tests.factories.holding import AMOUNT, Stranger, make_holding_list, unpaid
from tests.factories.lists import make_office
from vouchers.citizens.models import Citizen, CitizenStatus
from vouchers.common.errors import NotPermitted, StateConflict
from vouchers.common.scope import set_local
from vouchers.ledger.audit import audit
from vouchers.ledger.models import Lot
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db

HEADER = "구분,성명,생년월일,휴대전화,일자\n"


@pytest.fixture
def office():
    made = make_office(amount=AMOUNT)
    with made.city.scope():
        yield made


def line(person, kind="사망", day="2026-11-02"):
    return f"{kind},{person.name},{person.birth_date.isoformat()},{person.phone},{day}\n"


def member(office, name):
    return factories.make_citizen(office.city, name=name)


def read(office, text, kind=None, role=Role.DRAFTER):
    return services.take_in(
        municipality=office.city.municipality, file=io.BytesIO(text.encode("cp949")), file_name="사망자.csv", kind=kind,
        at=AT, **office.acting(role),
    )  # fmt: skip


def confirm(office, departures):
    return services.confirm(departures=departures, at=AT, **office.acting(Role.DRAFTER))


def test_nothing_happens_before_it_is_confirmed(office):
    citizens = [member(office, name) for name in ("김가나", "이다라")]
    batch = make_holding_list(office.city, citizens, state=BatchState.APPROVED)
    made = read(office, HEADER + line(citizens[0]) + line(Stranger()))
    assert (made.rows_total, made.rows_found, made.rows_bad) == (2, 1, 0)
    lists, by_row = due_to(ready_rows(made), municipality=office.city.code)
    assert [(due.batch, due.stopped, due.stopped_amount, due.returned) for due in lists] == [(batch, 1, AMOUNT, 0)]
    assert list(by_row.values()) == [AMOUNT]
    assert unpaid(batch) == {}
    assert Citizen.objects.filter(status=CitizenStatus.ACTIVE).count() == 2


def test_confirming_marks_the_members_and_stops_what_is_due(office):
    citizens = [member(office, name) for name in ("김가나", "이다라", "박마바")]
    batch = make_holding_list(office.city, citizens, state=BatchState.APPROVED)
    made = confirm(office, read(office, HEADER + line(citizens[0]) + line(citizens[1], "관외전출")))
    assert made.outcome == {
        "stopped": 2, "stopped_amount": 2 * AMOUNT, "returned": 0, "returned_amount": 0, "marked": 2,
    }  # fmt: skip
    assert unpaid(batch) == {2: ("deceased", "stopped", None), 3: ("moved_out", "stopped", None)}
    citizens[0].refresh_from_db()
    assert citizens[0].status == CitizenStatus.DECEASED
    change = citizens[0].history.get(status=CitizenStatus.DECEASED)
    assert (change.history_user, change.history_date) == (office.officials[Role.DRAFTER], AT)
    assert change.history_change_reason == "사망 2026-11-02 · 사망자.csv"
    batch.state = BatchState.PAYING
    batch.save()
    disbursement.run(municipality=office.city.code, batch_id=batch.pk, at=AT)
    assert (Lot.objects.count(), Batch.objects.get(pk=batch.pk).state) == (1, BatchState.PAID)
    assert {found.invariant.name: found.difference for found in audit() if found.difference} == {}
    with pytest.raises(StateConflict):
        confirm(office, made)


def test_money_held_for_somebody_who_never_joined_goes_back(office):
    batch = make_holding_list(office.city, [Stranger()])
    disbursement.run(municipality=office.city.code, batch_id=batch.pk, at=AT)
    made = confirm(office, read(office, HEADER + line(Stranger())))
    assert (made.rows_found, made.outcome["returned"], made.outcome["returned_amount"]) == (0, 1, AMOUNT)
    assert unpaid(batch) == {2: ("not_a_member", "returned", "deceased")}


def test_a_wrong_entry_is_taken_back_before_the_payment(office):
    citizen = member(office, "김가나")
    batch = make_holding_list(office.city, [citizen])
    departure = confirm(office, read(office, HEADER + line(citizen))).rows.get()
    with pytest.raises(errors.UndoReasonMissing):
        services.undo(departure=departure, reason=" ", at=AT, **office.acting(Role.DRAFTER))
    with pytest.raises(NotPermitted):
        services.undo(departure=departure, reason="동명이인", at=AT, **office.acting(Role.APPROVER))
    restored = services.undo(departure=departure, reason="동명이인", at=AT, **office.acting(Role.DRAFTER))
    assert restored == {"rows": 1, "amount": AMOUNT}
    citizen.refresh_from_db()
    assert citizen.status == CitizenStatus.ACTIVE
    with pytest.raises(StateConflict):
        services.undo(departure=departure, reason="다시", at=AT, **office.acting(Role.DRAFTER))
    disbursement.run(municipality=office.city.code, batch_id=batch.pk, at=AT)
    assert (unpaid(batch), Lot.objects.count()) == ({}, 1)


def test_after_the_payment_the_record_is_put_right_and_nothing_is_paid_by_it(office):
    citizen = member(office, "김가나")
    batch = make_holding_list(office.city, [citizen])
    departure = confirm(office, read(office, HEADER + line(citizen))).rows.get()
    disbursement.run(municipality=office.city.code, batch_id=batch.pk, at=AT)
    restored = services.undo(departure=departure, reason="동명이인", at=AT, **office.acting(Role.DRAFTER))
    assert restored == {"rows": 0, "amount": 0}
    assert unpaid(batch) == {2: ("deceased", "returned", "deceased")}


def test_a_resident_number_finds_the_member_and_is_not_kept(office):
    number = "900304-1234568"
    citizen = factories.make_citizen(office.city, name="김가나", resident_number=number)
    made = read(office, f"성명,주민등록번호,사망일\n{citizen.name},{number},2026.11.2.\n", DepartureKind.DECEASED)
    row = made.rows.get()
    assert (row.citizen_id, row.kind, row.happened_on) == (citizen.pk, "deceased", date(2026, 11, 2))
    assert "1234568" not in str(vars(row))


def test_rows_that_cannot_be_read_are_told_and_left_out(office):
    citizen = member(office, "김가나")
    text = HEADER + line(citizen, kind="") + line(citizen, day="내일") + line(citizen, day="2099-01-01")
    made = read(office, text)
    assert made.rows_bad == 3
    problems = list(made.rows.order_by("row_number").values_list("problem", flat=True))
    assert [problem.split(":")[0] for problem in problems] == ["사망·전출 구분", "사망·전출일", "사망·전출일"]
    with pytest.raises(errors.NobodyFound):
        confirm(office, made)


def test_a_file_without_the_columns_is_refused_by_name(office):
    with pytest.raises(ColumnMissing):
        read(office, "성명,휴대전화\n김가나,01012345678\n")
    assert not DepartureList.objects.exists()


def test_only_a_drafter_may(office):
    with pytest.raises(NotPermitted):
        read(office, HEADER + line(Stranger()), role=Role.APPROVER)


def test_a_discarded_list_stops_nothing(office):
    citizen = member(office, "김가나")
    batch = make_holding_list(office.city, [citizen])
    made = read(office, HEADER + line(citizen))
    services.discard(departures=made, at=AT, **office.acting(Role.DRAFTER))
    assert unpaid(batch) == {}
    with pytest.raises(StateConflict):
        confirm(office, made)


def test_the_pages_from_upload_to_undo(office):
    client = Client()
    set_local(official=str(office.officials[Role.DRAFTER].pk))
    client.force_login(office.officials[Role.DRAFTER])
    citizen = factories.make_citizen(office.city, name="김가나")
    make_holding_list(office.city, [citizen], state=BatchState.APPROVED)
    file = SimpleUploadedFile("사망자.csv", (HEADER + line(citizen)).encode())
    page = client.post(
        reverse("admin:departure_upload"), {"municipality": office.city.code, "kind": "", "file": file}, follow=True
    ).content.decode()
    assert "1명 반영" in page
    assert "김*나" in page
    assert "김가나" not in page
    made = DepartureList.objects.get()
    page = client.post(reverse("admin:departure_confirm", args=[made.pk]), follow=True).content.decode()
    assert "지급 1건 10,000원을 멈추었습니다." in page
    undo = reverse("admin:departure_undo", args=[Departure.objects.get().pk])
    assert "예정대로 지급됩니다." in client.post(undo, {"reason": "동명이인"}, follow=True).content.decode()
