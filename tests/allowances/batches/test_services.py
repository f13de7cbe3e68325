"""Upload → read → check, on the real database and real files."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from allowances.batches import annotated, errors, selectors, services
from allowances.batches.models import Batch, BatchProblem, BatchRow, BatchState
from allowances.batches.reading.tables import open_table
from tests import factories
from tests.allowances.batches.reading.workbooks import xlsx
from tests.factories import AT, City
from tests.factories.lists import read_list
from vouchers.common.errors import NotPermitted
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority
from vouchers.privacy.fields import key_ring
from vouchers.privacy.files import FileStore

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(directory=tmp_path / "lists", ring=key_ring())


@pytest.fixture
def city() -> City:
    return factories.make_city()


def upload(city: City, cycle, text: str, store: FileStore, *, name: str = "명단.csv", encoding: str = "cp949") -> Batch:
    official = factories.make_official(city, Role.DRAFTER)
    return services.upload(
        cycle=cycle, file=SimpleUploadedFile(name, text.encode(encoding)), file_name=name, official=official,
        authority=Authority(official.pk, {city.code: frozenset({Role.DRAFTER})}), store=store, limit=10_000_000, at=AT,
    )  # fmt: skip


def read(batch: Batch, store: FileStore) -> Batch:
    return read_list(batch, store)


def codes(batch: Batch) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for problem in BatchProblem.objects.filter(batch_id=batch.pk):
        found.setdefault(problem.row_number, set()).add(problem.code)
    return found


def test_a_dirty_list_is_read_matched_and_checked(city: City, store: FileStore) -> None:
    with city.scope():
        kim = factories.make_citizen(city, name="김하나", birth_date=date(1990, 3, 5), phone="01012345678")
        factories.make_citizen(city, name="이둘", birth_date=date(2015, 1, 1), phone="01011112222")
        factories.make_citizen(city, name="박셋", birth_date=date(1980, 1, 1), phone="01033334444", wallet=False)
        programme = factories.make_programme(city, age_min=19)
        cycle = factories.make_cycle(programme)
        batch = read(
            upload(
                city, cycle,
                "2026년 지급 대상자 명단,,,,\n(단위: 원),,,,\n연번,성 명,생년월일,휴대전화,지급액\n"
                "1,김하나,1990.3.5,1012345678,\"100,000원\"\n"
                "2,이둘,20150101,010-1111-2222,100000\n"
                "3,박셋,1980-01-01,010-3333-4444,100000\n"
                "4,최넷,1970-01-01,010-9999-9999,100000\n"
                "5,김하나,900305,01012345678,10만원\n"
                "6,정다섯,1970-13-01,010-9999-9998,90000\n"
                "합계,,,,590000\n",
                store,
            ),
            store,
        )  # fmt: skip
        assert batch.state == BatchState.VALIDATED
        assert codes(batch) == {
            5: {"too_young"},
            6: {"wallet_missing"},
            7: {"not_a_member"},
            8: {"duplicate_in_file"},
            9: {"birth_date_impossible", "amount_differs"},
        }
        assert (batch.rows_total, batch.rows_bad, batch.amount_total) == (6, 5, 100_000)
        assert batch.layout["encoding"] == "cp949"
        assert BatchRow.objects.get(batch_id=batch.pk, row_number=4).citizen_id == kim.pk
        summary = selectors.problem_summary(batch)
        assert {row.code: row.count for row in summary}["not_a_member"] == 1
        copy = b"".join(annotated.annotated_copy(batch, store=store)).decode("cp949")
        assert "4행과 같은 사람입니다" in copy.splitlines()[7]
        assert "오류" not in copy.splitlines()[3]


def test_the_same_file_and_the_same_content_are_refused_with_a_link(city: City, store: FileStore) -> None:
    with city.scope():
        citizen = factories.make_citizen(city)
        other = factories.make_citizen(city)
        cycle = factories.make_cycle(factories.make_programme(city))
        lines = [f"{c.name},{c.birth_date},{c.phone},100000" for c in (citizen, other)]
        header = "성명,생년월일,휴대전화,지급액"
        first = read(upload(city, cycle, "\n".join([header, *lines]), store), store)
        with pytest.raises(errors.FileAlreadyUploaded) as refused, transaction.atomic():
            upload(city, cycle, "\n".join([header, *lines]), store)
        assert refused.value.params["batch_id"] == str(first.pk)
        again = read(upload(city, cycle, "\n".join([header, *reversed(lines)]), store, encoding="utf-8-sig"), store)
        assert again.state == BatchState.REFUSED
        assert again.duplicate_of_id == first.pk
        assert "내용이 같은 명단" in str(selectors.failure_of(again))
        assert not BatchRow.objects.filter(batch_id=again.pk).exists()
        # the next cycle may have the same list
        later = factories.make_cycle(cycle.programme)
        assert read(upload(city, later, "\n".join([header, *lines]), store), store).state == BatchState.VALIDATED


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"%PDF-1.7 ...", "pdf_file"),
        ("성명,생년월일,휴대전화,지급액\n".encode(), "no_rows"),
        (b"PK\x03\x04 and nothing of a workbook xl/", "workbook_damaged"),
    ],
)
def test_what_is_no_list_is_refused_and_leaves_nothing(city: City, store: FileStore, content: bytes, code: str) -> None:
    with city.scope():
        cycle = factories.make_cycle(factories.make_programme(city, amount=None))
        official = factories.make_official(city, Role.DRAFTER)
        authority = Authority(official.pk, {city.code: frozenset({Role.DRAFTER})})
        batch = services.upload(
            cycle=cycle, file=SimpleUploadedFile("명단.csv", content), file_name="명단.csv", official=official,
            authority=authority, store=store, limit=10_000_000, at=AT,
        )  # fmt: skip
        batch = read(batch, store)
        assert (batch.state, batch.failure["code"]) == (BatchState.REFUSED, code)
        assert str(selectors.failure_of(batch))


def test_only_a_drafter_uploads_and_nothing_is_kept_otherwise(city: City, store: FileStore) -> None:
    with city.scope():
        cycle = factories.make_cycle(factories.make_programme(city))
        official = factories.make_official(city, Role.REVIEWER)
        with pytest.raises(NotPermitted):
            services.upload(
                cycle=cycle, file=SimpleUploadedFile("a.csv", b"x"), file_name="a.csv", official=official,
                authority=Authority(official.pk, {city.code: frozenset({Role.REVIEWER})}), store=store, limit=10, at=AT,
            )  # fmt: skip
        assert not store.directory.exists()


def test_a_discarded_list_keeps_no_rows_and_its_file_may_come_again(city: City, store: FileStore) -> None:
    with city.scope():
        citizen = factories.make_citizen(city)
        cycle = factories.make_cycle(factories.make_programme(city))
        text = f"성명,생년월일,휴대전화,지급액\n{citizen.name},{citizen.birth_date},{citizen.phone},100000"
        batch = read(upload(city, cycle, text, store), store)
        official = factories.make_official(city, Role.DRAFTER)
        authority = Authority(official.pk, {city.code: frozenset({Role.DRAFTER})})
        services.discard(batch=batch, official=official, authority=authority, at=AT)
        assert not BatchRow.objects.filter(batch_id=batch.pk).exists()
        assert read(upload(city, cycle, text, store), store).state == BatchState.VALIDATED


def test_a_statute_lets_the_resident_number_find_the_member_and_only_its_index_is_kept(
    city: City, store: FileStore
) -> None:
    number = "850101-1234560"
    with city.scope():
        citizen = factories.make_citizen(city, name="김하나", birth_date=date(1985, 1, 1), resident_number=number)
        programme = factories.make_programme(city, resident_number_basis="장애인연금법 제20조의2")
        listed = f"성명,주민등록번호,지급액\n김하나,{number},100000\n이둘,900101-2234567,100000\n"
        batch = read(upload(city, factories.make_cycle(programme), listed, store), store)
        row = BatchRow.objects.get(batch_id=batch.pk, row_number=2)
        assert (row.citizen_id, row.phone) == (citizen.pk, None)
        assert bytes(row.resident_number_index) == bytes(citizen.resident_number_index)
        assert "not_a_member" in codes(batch)[3]
        assert not BatchProblem.objects.filter(batch_id=batch.pk, value__contains="1234560").exists()


def test_without_a_statute_the_resident_number_is_read_for_the_birth_date_alone(city: City, store: FileStore) -> None:
    with city.scope():
        citizen = factories.make_citizen(city, name="김하나", birth_date=date(1985, 1, 1), phone="01012345678")
        cycle = factories.make_cycle(factories.make_programme(city))
        listed = "성명,주민등록번호,휴대전화,지급액\n김하나,850101-1234560,010-1234-5678,100000\n"
        batch = read(upload(city, cycle, listed, store), store)
        row = BatchRow.objects.get(batch_id=batch.pk)
        assert (row.citizen_id, row.resident_number_index) == (citizen.pk, None)


@pytest.mark.parametrize("left_in", [BatchState.READING, BatchState.VALIDATING])
def test_a_reading_that_died_halfway_starts_again_from_the_top(
    city: City, store: FileStore, left_in: BatchState
) -> None:
    with city.scope():
        citizen = factories.make_citizen(city, name="김하나")
        cycle = factories.make_cycle(factories.make_programme(city))
        listed = f"성명,생년월일,휴대전화,지급액\n{citizen.name},{citizen.birth_date},{citizen.phone},100000\n"
        batch = upload(city, cycle, listed, store)
        services.inspect(municipality=city.code, batch_id=batch.pk, store=store)
        for state in (BatchState.READING, left_in):
            Batch.objects.filter(pk=batch.pk).update(state=state)
        BatchRow.objects.create(municipality_id=city.code, batch_id=batch.pk, row_number=2, name="먼저 읽은 행")
        batch = read(batch, store)
        assert codes(batch) == {}
        assert (batch.state, batch.rows_total, batch.rows_bad) == (BatchState.VALIDATED, 1, 0)
        # and what is validated is left as it is, whoever asks again
        assert read(batch, store).state == BatchState.VALIDATED


def test_a_workbook_is_read_and_comes_back_as_one(city: City, store: FileStore) -> None:
    with city.scope():
        kim = factories.make_citizen(city, name="김하나", birth_date=date(1990, 3, 5), phone="01012345678")
        cycle = factories.make_cycle(factories.make_programme(city))
        rows = [
            ["2026년 명단"], ["성명", "생년월일", "휴대전화", "지급액", "계좌번호"],
            [kim.name, (32937, "yyyy-mm-dd"), 1012345678, 100000, "302-1234-5678-91"],
            ["최넷", "1970.1.1", "010-9999-9999", 100000, "통장 사본"], ["합계", None, None, 200000],
        ]  # fmt: skip
        official = factories.make_official(city, Role.DRAFTER)
        batch = services.upload(
            cycle=cycle, file=SimpleUploadedFile("명단.xlsx", xlsx(rows)), file_name="명단.xlsx", official=official,
            authority=Authority(official.pk, {city.code: frozenset({Role.DRAFTER})}), store=store, limit=10_000_000, at=AT,
        )  # fmt: skip
        batch = read_list(batch, store)
        assert (batch.state, codes(batch)) == (
            BatchState.VALIDATED, {4: {"not_a_member", "account_number_unclear"}},
        )  # fmt: skip
        row = BatchRow.objects.get(batch_id=batch.pk, row_number=3)
        assert row.citizen_id == kim.pk
        purpose = type(kim)._meta.get_field("account_number_index").purpose
        assert bytes(row.account_number_index) == key_ring().blind_index("3021234567891", purpose=purpose)
        copy = b"".join(annotated.annotated_copy(batch, store=store))
        told = dict(open_table(BytesIO(copy)))
        assert "가입한 시민" in told[4][6]
        assert len(told[3]) == 5
        assert (batch.layout["kind"], batch.layout["sheet"], batch.layout["header_row"]) == ("xlsx", "Sheet1", 2)
