"""Correcting cells, leaving rows out and accepting warnings: what the next check makes of it, and what is kept."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction

from allowances.approvals import services as approvals
from allowances.batches import annotated, errors, mending, selectors, services
from allowances.batches.comparison import previous_lists
from allowances.batches.models import (
    Acceptance,
    Batch,
    BatchProblem,
    BatchRow,
    BatchState,
    RowCorrection,
)
from tests import factories
from tests.factories import AT
from tests.factories.lists import Office, make_list, make_office, read_list, submitted
from vouchers.common.errors import NotPermitted, StateConflict
from vouchers.common.models import uuid7
from vouchers.officials.rules import Role
from vouchers.privacy.fields import key_ring
from vouchers.privacy.files import FileStore
from vouchers.privacy.rules import mask_name

pytestmark = pytest.mark.django_db
HEADER = "성명,생년월일,휴대전화,읍면동,지급액\n"


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(directory=tmp_path / "lists", ring=key_ring())


@pytest.fixture
def office() -> Any:
    office = make_office()
    with office.city.scope():
        for name, phone in (("김장터", "01000000001"), ("이나눔", "01000000002"), ("박모아", "01000000003")):
            factories.make_citizen(office.city, name=name, phone=phone)
        yield office


def upload(office: Office, store: FileStore, text: str, **options: Any) -> Batch:
    batch = services.upload(
        cycle=options.pop("cycle", office.cycle), file=SimpleUploadedFile("명단.csv", text.encode()), file_name="명단.csv",
        store=store, limit=10_000_000, at=AT, **office.acting(Role.DRAFTER), **options,
    )  # fmt: skip
    return read(batch, store)


def read(batch: Batch, store: FileStore) -> Batch:
    read_list(batch, store)
    return Batch.objects.get(pk=batch.pk)


def codes(batch: Batch) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for problem in BatchProblem.objects.filter(batch_id=batch.pk):
        found.setdefault(problem.row_number, set()).add(problem.code)
    return found


def drafter(office: Office) -> dict[str, Any]:
    return office.acting(Role.DRAFTER) | {"at": AT}


def test_corrected_cells_take_the_place_of_the_files_at_the_next_check(office: Office, store: FileStore) -> None:
    text = HEADER + "김장터,1985-13-01,010-0000-0001,주교동,많이\n이나눔,1985-01-01,010-0000-0002,주교동,100000\n"
    batch = upload(office, store, text)
    assert codes(batch) == {2: {"birth_date_impossible", "amount_unreadable"}}
    mending.correct_row(
        batch=batch, row_number=2, cells={"birth_date": "85.1.1", "amount": "10만원", "name": "김장터"},
        reason="신청서 확인", **drafter(office),
    )  # fmt: skip
    assert Batch.objects.get(pk=batch.pk).state == BatchState.READING
    batch = read(batch, store)
    assert codes(batch) == {}
    assert (batch.rows_bad, batch.amount_total, batch.corrections_pending) == (0, 200_000, 0)
    row = BatchRow.objects.get(batch_id=batch.pk, row_number=2)
    assert (row.birth_date, row.amount) == (date(1985, 1, 1), 100_000)
    assert row.citizen_id is not None
    log = {one.field: one for one in RowCorrection.objects.filter(batch=batch)}
    assert set(log) == {"birth_date", "amount"}  # the name said the same as before
    assert (log["birth_date"].shown_before, log["birth_date"].shown_after) == ("1***", "1985-**-**")
    assert log["birth_date"].reason == "신청서 확인"


def test_an_undone_correction_gives_the_cell_back_to_the_file(office: Office, store: FileStore) -> None:
    batch = upload(office, store, HEADER + "김장터,1985-01-01,010-0000-0001,주교동,100000\n")
    mending.correct_row(batch=batch, row_number=2, cells={"phone": "01000000009"}, reason="", **drafter(office))
    batch = read(batch, store)
    assert codes(batch) == {2: {"not_a_member"}}
    mending.undo(batch=batch, row_number=2, field="phone", **drafter(office))
    batch = read(batch, store)
    assert codes(batch) == {}
    with pytest.raises(errors.NothingCorrected), transaction.atomic():
        mending.undo(batch=batch, row_number=2, field="phone", **drafter(office))


def test_cells_that_cannot_be_read_are_named_and_nothing_is_kept(office: Office, store: FileStore) -> None:
    batch = upload(office, store, HEADER + "김장터,1985-01-01,010-0000-0001,주교동,100000\n")
    with pytest.raises(errors.CellsRefused) as refused:
        mending.correct_row(
            batch=batch,
            row_number=2,
            cells={"birth_date": "어제", "name": "", "amount": "0"},
            reason="",
            **drafter(office),
        )
    assert refused.value.params["codes"] == {
        "birth_date": "birth_date_unreadable", "name": "missing", "amount": "amount_zero",
    }  # fmt: skip
    assert not RowCorrection.objects.filter(batch=batch).exists()
    assert Batch.objects.get(pk=batch.pk).state == BatchState.VALIDATED


def test_a_row_left_out_is_neither_checked_nor_paid_and_comes_back_when_undone(
    office: Office, store: FileStore
) -> None:
    twice = "김장터,1985-01-01,010-0000-0001,주교동,100000\n"
    batch = upload(office, store, HEADER + twice + twice + "이나눔,1985-01-01,010-0000-0002,주교동,100000\n")
    assert codes(batch) == {3: {"duplicate_in_file"}}
    mending.leave_out(batch=batch, row_number=2, reason="두 번 적힘", **drafter(office))
    batch = read(batch, store)
    assert codes(batch) == {}  # the other occurrence is the only one now
    assert (batch.rows_total, batch.rows_left_out, batch.amount_total) == (2, 1, 200_000)
    mending.undo(batch=batch, row_number=2, field="row", **drafter(office))
    batch = read(batch, store)
    assert (batch.rows_total, batch.rows_left_out) == (3, 0)


def test_every_row_of_a_kind_is_left_out_at_once(office: Office, store: FileStore) -> None:
    strangers = "".join(
        f"없는이{name},1990-01-01,0109999000{number},주교동,100000\n" for number, name in enumerate("가나다")
    )
    batch = upload(office, store, HEADER + strangers + "이나눔,1985-01-01,010-0000-0002,주교동,100000\n")
    assert batch.rows_bad == 3
    with pytest.raises(errors.MendingReasonMissing):
        mending.leave_out_kind(batch=batch, code="not_a_member", field="row", reason=" ", **drafter(office))
    assert mending.leave_out_kind(
        batch=batch, code="not_a_member", field="row", reason="미가입자는 다음 회차에 지급", **drafter(office)
    ) == 3  # fmt: skip
    batch = read(batch, store)
    assert (batch.rows_total, batch.rows_bad, batch.rows_left_out) == (1, 0, 3)


def test_the_registered_dongs_are_taken(office: Office, store: FileStore) -> None:
    batch = upload(office, store, HEADER + "김장터,1985-01-01,010-0000-0001,없는동,100000\n")
    assert codes(batch) == {2: {"dong_unknown"}}
    mending.use_registered_dongs(batch=batch, code="dong_unknown", reason="시민 정보", **drafter(office))
    assert codes(read(batch, store)) == {}


def test_a_number_the_law_protects_is_kept_as_a_fingerprint_and_logged_masked(office: Office, store: FileStore) -> None:
    number = "850101-1234560"
    citizen = factories.make_citizen(office.city, name="정주민", resident_number=number, birth_date=date(1985, 1, 1))
    programme = factories.make_programme(office.city, resident_number_basis="장애인연금법 제20조의2")
    batch = upload(
        office, store, "성명,주민등록번호,지급액\n정주민,850101-1******,100000\n", cycle=factories.make_cycle(programme)
    )
    assert "resident_number_masked" in codes(batch)[2]
    mending.correct_row(batch=batch, row_number=2, cells={"resident_number": number}, reason="", **drafter(office))
    kept = RowCorrection.objects.get(batch=batch, field="resident_number")
    assert (kept.value, kept.shown_after) == (None, "850101-*******")
    assert bytes(kept.sealed or b"") == bytes(citizen.resident_number_index)
    batch = read(batch, store)
    assert BatchRow.objects.get(batch_id=batch.pk).citizen_id == citizen.pk
    assert "resident_number_masked" not in codes(batch).get(2, set())


def test_somebody_who_changed_their_name_waits_for_an_official_and_is_paid_then(
    office: Office, store: FileStore
) -> None:
    batch = upload(office, store, HEADER + "김새봄,1985-01-01,010-0000-0001,주교동,100000\n")
    assert codes(batch) == {2: {"name_differs"}}
    assert BatchProblem.objects.get(batch_id=batch.pk).params == {"registered": "김*터"}
    with pytest.raises(errors.WarningsRemain), transaction.atomic():
        approvals.submit(batch=batch, exclude_bad_rows=False, **drafter(office))
    mending.accept(batch=batch, code="name_differs", field="name", reason="개명 확인서", **drafter(office))
    batch = Batch.objects.get(pk=batch.pk)
    assert [kind.open for kind in selectors.problem_summary(batch)] == [0]
    batch = submitted(office, batch)
    assert (batch.state, batch.terms["mending"]["acceptances"]) == (BatchState.SUBMITTED, 1)
    assert selectors.acceptances_of(batch)[0].reason == "개명 확인서"


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "김",
        "김구",
        "김하나",
        " 김하나 ",
        "남궁민",
        "남궁민수",
        "제갈",
        "황보관우",
        "김하나나나",
        "NGUYEN THI HOA",
        "Li",
        "A",
        "왕Wang",
        "田中一郎",
    ],
)
def test_sql_masks_a_name_as_the_screens_do(db: None, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT batches.mask_name(%s)", [name])
        assert cursor.fetchone()[0] == mask_name(name)


def test_twins_on_one_telephone_are_not_taken_for_each_other(office: Office, store: FileStore) -> None:
    for name in ("한별이", "한달이"):
        factories.make_citizen(office.city, name=name, phone="01055556666", birth_date=date(2015, 5, 5))
    batch = upload(office, store, HEADER + "한해이,2015-05-05,010-5555-6666,주교동,100000\n")
    assert codes(batch) == {2: {"not_a_member"}}


def test_an_acceptance_holds_for_exactly_what_was_accepted(office: Office, store: FileStore) -> None:
    header = "성명,생년월일,휴대전화,계좌번호,지급액\n"
    people = [("김장터", "1"), ("이나눔", "2"), ("박모아", "3")]
    lines = [f"{name},1985-01-01,010-0000-000{n},302-1234-5678-91,100000\n" for name, n in people]
    batch = upload(office, store, header + "".join(lines))
    assert codes(batch) == {row: {"account_shared"} for row in (2, 3, 4)}
    mending.accept(
        batch=batch, code="account_shared", field="account_number", reason="보호시설 대표 계좌", **drafter(office)
    )
    services.recheck(batch=batch, **drafter(office))
    batch = read(batch, store)
    mending.require_mended(batch)  # found again as it was: still accepted
    mending.leave_out(batch=batch, row_number=4, reason="퇴소한 아동", **drafter(office))
    batch = read(batch, store)
    mending.require_mended(batch)  # two rows are not many
    factories.make_citizen(office.city, name="최더함", phone="01000000004")
    mending.undo(batch=batch, row_number=4, field="row", **drafter(office))
    batch = read(batch, store)
    mending.correct_row(
        batch=batch, row_number=4, cells={"account_number": "110-222-333444"}, reason="", **drafter(office)
    )
    batch = read(batch, store)
    assert codes(batch) == {}


def test_a_new_row_of_an_accepted_kind_is_a_new_question(office: Office, store: FileStore) -> None:
    text = HEADER + "김새봄,1985-01-01,010-0000-0001,주교동,100000\n이나눔,1985-01-01,010-0000-0002,주교동,100000\n"
    batch = upload(office, store, text)
    mending.accept(batch=batch, code="name_differs", field="name", reason="개명 확인서", **drafter(office))
    mending.correct_row(batch=batch, row_number=3, cells={"name": "이새롬"}, reason="", **drafter(office))
    batch = read(batch, store)
    with pytest.raises(errors.WarningsRemain) as refused:
        mending.require_mended(batch)
    assert refused.value.params["count"] == "1"
    (acceptance,) = selectors.acceptances_of(batch)
    mending.revoke(batch=batch, acceptance_id=acceptance.id, **drafter(office))
    batch = Batch.objects.get(pk=batch.pk)
    with pytest.raises(errors.WarningsRemain) as refused:
        mending.require_mended(batch)
    assert refused.value.params["count"] == "2"
    assert selectors.acceptances_of(batch) == []
    assert Acceptance.objects.filter(batch=batch).count() == 2  # a log: nothing is taken out of it


@pytest.mark.parametrize("years", [0, 1])
def test_another_amount_than_last_time_is_asked_about(office: Office, store: FileStore, years: int) -> None:
    programme = factories.make_programme(office.city, amount=None, amount_max=500_000)
    later = programme
    if years:
        later = factories.make_programme(
            office.city, amount=None, amount_max=500_000, fiscal_year=programme.fiscal_year + 1,
            series_id=programme.series_id,
        )  # fmt: skip
    first, second = factories.make_cycle(programme, number=3), factories.make_cycle(later, number=1 if years else 4)
    people = "김장터,1985-01-01,010-0000-0001,주교동,{}\n이나눔,1985-01-01,010-0000-0002,주교동,100000\n"
    paid = submitted(office, upload(office, store, HEADER + people.format(100_000), cycle=first))
    Batch.objects.filter(pk=paid.pk).update(state=BatchState.APPROVED)
    batch = upload(office, store, HEADER + people.format(150_000), cycle=second)
    assert codes(batch) == {2: {"amount_unlike_last_time"}}
    assert [one.pk for one in previous_lists(batch)] == [paid.pk]
    assert BatchProblem.objects.get(batch_id=batch.pk).params == {"expected": 100_000}


def test_errors_that_must_be_mended_cannot_be_accepted(office: Office, store: FileStore) -> None:
    batch = upload(office, store, HEADER + "없는이,1985-01-01,010-9999-0001,주교동,100000\n")
    with pytest.raises(errors.NotAcceptable):
        mending.accept(batch=batch, code="not_a_member", field="row", reason="그래도 지급", **drafter(office))
    with pytest.raises(errors.NotAcceptable):
        mending.accept(batch=batch, code="made_up", field="row", reason="그래도 지급", **drafter(office))


def test_corrections_of_a_long_list_are_gathered(
    office: Office, store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mending, "AT_ONCE_ROWS", 1)
    batch = upload(
        office, store,
        HEADER + "김장터,1985-01-01,010-0000-0001,주교동,100000\n이나눔,1985-01-01,010-0000-0009,주교동,100000\n",
    )  # fmt: skip
    mending.correct_row(batch=batch, row_number=3, cells={"phone": "010-0000-0002"}, reason="", **drafter(office))
    batch = Batch.objects.get(pk=batch.pk)
    assert (batch.state, batch.corrections_pending) == (BatchState.VALIDATED, 1)
    with pytest.raises(errors.CorrectionsPending), transaction.atomic():
        approvals.submit(batch=batch, exclude_bad_rows=True, **drafter(office))
    services.recheck(batch=batch, **drafter(office))
    batch = read(batch, store)
    assert (codes(batch), batch.corrections_pending) == ({}, 0)


def test_a_mended_file_takes_the_place_of_its_list_once_it_has_been_checked(office: Office, store: FileStore) -> None:
    wrong = HEADER + "김장터,1985-13-01,010-0000-0001,주교동,100000\n이나눔,1985-01-01,010-0000-0002,주교동,100000\n"
    batch = upload(office, store, wrong)
    mending.leave_out(batch=batch, row_number=3, reason="자격 상실", **drafter(office))
    batch = read(batch, store)
    broken = upload(office, store, "%PDF-1.4", mended_from=batch)
    assert broken.state == BatchState.REFUSED
    assert Batch.objects.get(pk=batch.pk).state == BatchState.VALIDATED  # nothing is lost
    mended = upload(office, store, wrong.replace("1985-13-01", "1985-01-01"), mended_from=batch)
    assert mended.state == BatchState.VALIDATED
    assert Batch.objects.get(pk=batch.pk).state == BatchState.DISCARDED
    assert not BatchRow.objects.filter(batch_id=batch.pk).exists()
    assert codes(mended) == {3: {"left_out_before"}}


def test_nothing_is_mended_by_others_or_after_submission(office: Office, store: FileStore) -> None:
    batch = make_list(office, rows=2)
    reviewer = office.acting(Role.REVIEWER) | {"at": AT}
    for change in (
        lambda who: mending.correct_row(batch=batch, row_number=2, cells={"amount": "1"}, reason="", **who),
        lambda who: mending.leave_out(batch=batch, row_number=2, reason="사유입니다", **who),
        lambda who: mending.accept(batch=batch, code="dong_differs", field="dong", reason="사유입니다", **who),
    ):
        with pytest.raises(NotPermitted), transaction.atomic():
            change(reviewer)
        assert RowCorrection.objects.filter(batch=batch).count() == 0
    submitted(office, batch)
    with pytest.raises(StateConflict), transaction.atomic():
        mending.leave_out(batch=batch, row_number=2, reason="사유입니다", **drafter(office))
    with pytest.raises(Exception, match="batch_is_frozen"), transaction.atomic():
        RowCorrection.objects.create(
            id=uuid7(), municipality=office.city.municipality, batch=batch, row_number=2, field="row",
            kind="leave_out", shown_before="", shown_after="", reason="", at=AT, official=office.officials[Role.DRAFTER],
        )  # fmt: skip


def test_the_annotated_copy_holds_what_was_corrected_in_the_page(office: Office, store: FileStore) -> None:
    header = "성명,생년월일,휴대전화,지급액(천원)\n"
    text = (
        header
        + "김장터,1985-13-01,010-0000-0001,백\n이나눔,1985-01-01,010-0000-0002,100\n없는이,1985-01-01,01099999999,100\n"
    )
    batch = upload(office, store, text)
    cells = {"birth_date": "1985.1.1", "amount": "100,000"}
    mending.correct_row(batch=batch, row_number=2, cells=cells, reason="", **drafter(office))
    batch = read(batch, store)
    mending.leave_out(batch=batch, row_number=3, reason="자격 상실", **drafter(office))
    batch = read(batch, store)
    lines = b"".join(annotated.annotated_copy(batch, store=store)).decode().splitlines()
    assert lines[1] == "김장터,1985-01-01,010-0000-0001,100"  # in the header's own unit
    assert lines[2].startswith("이나눔,1985-01-01,010-0000-0002,100,제외함,자격 상실,")
    assert ",오류(지급 제외)," in lines[3]
    mended = upload(office, store, "\n".join(lines), mended_from=batch)
    assert codes(mended) == {3: {"left_out_before"}, 4: {"not_a_member"}}
    assert BatchRow.objects.get(batch_id=mended.pk, row_number=2).amount == 100_000


def test_a_fact_that_the_programme_asks_for_is_corrected_like_any_cell(office: Office, store: FileStore) -> None:
    programme = factories.make_programme(
        office.city, conditions=[[{"kind": "fact", "fact": "household_size", "is": ">=", "value": 3}]]
    )
    text = "성명,생년월일,휴대전화,세대원 수,지급액\n김장터,1985-01-01,010-0000-0001,여럿,100000\n"
    batch = upload(office, store, text, cycle=factories.make_cycle(programme))
    assert codes(batch)[2]
    mending.correct_row(batch=batch, row_number=2, cells={"household_size": "4명"}, reason="", **drafter(office))
    batch = read(batch, store)
    assert codes(batch) == {}
    row = BatchRow.objects.get(batch_id=batch.pk)
    assert (row.facts or {})["household_size"] == 4
