"""Upload → a look at the head → an official confirms or corrects → read; and what a department remembers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from allowances.batches import errors, inspecting, selectors, services
from allowances.batches.models import Batch, BatchAction, BatchRow, BatchState, ColumnMapping
from allowances.batches.reading.columns import Mapping
from allowances.batches.reading.errors import ColumnMissing, SheetMissing
from tests import factories
from tests.allowances.batches.reading.workbooks import xlsx
from tests.factories import AT
from tests.factories.lists import Office, make_office, read_list
from vouchers.common.errors import NotPermitted, StateConflict
from vouchers.officials.rules import Role
from vouchers.privacy.fields import key_ring
from vouchers.privacy.files import FileStore

pytestmark = pytest.mark.django_db

PLAIN = "성명,생년월일,휴대전화,지급액\n김장터,1985-01-05,010-1234-5678,100000\n"
ODD = "누구,태어난 날,손전화,드릴 돈\n김장터,1985-01-05,010-1234-5678,100\n이나눔,1990-02-03,010-2222-3333,200\n"
ODD_COLUMNS = {"name": 0, "birth_date": 1, "phone": 2, "amount": 3}


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(directory=tmp_path / "lists", ring=key_ring())


@pytest.fixture
def office() -> Any:
    office = make_office()
    with office.city.scope():
        office.programme = factories.make_programme(office.city, amount=None, amount_max=1_000_000)
        yield office


def upload(office: Office, store: FileStore, data: str | bytes, name: str = "명단.csv", **more: Any) -> Batch:
    content = data.encode() if isinstance(data, str) else data
    return services.upload(
        cycle=more.pop("cycle", None) or factories.make_cycle(office.programme), file_name=name, store=store,
        file=SimpleUploadedFile(name, content), limit=10_000_000, at=AT, **{**office.acting(Role.DRAFTER), **more},
    )  # fmt: skip


def inspected(office: Office, store: FileStore, data: str | bytes, **more: Any) -> Batch:
    batch = upload(office, store, data, **more)
    services.inspect(municipality=office.city.code, batch_id=batch.pk, store=store)
    batch.refresh_from_db()
    return batch


def problem_codes(batch: Batch) -> list[str]:
    return [problem.code for problem in selectors.layout_problems(batch)]


def test_nothing_is_read_before_somebody_confirms(office: Office, store: FileStore) -> None:
    batch = inspected(office, store, PLAIN)
    assert (batch.state, problem_codes(batch)) == (BatchState.INSPECTED, [])
    assert batch.layout["positions"] == {"name": 0, "birth_date": 1, "phone": 2, "amount": 3}
    services.read(municipality=office.city.code, batch_id=batch.pk, store=store, at=AT)
    batch.refresh_from_db()
    assert batch.state == BatchState.INSPECTED
    assert not BatchRow.objects.filter(batch_id=batch.pk).exists()

    batch = services.confirm_layout(batch=batch, at=AT, **office.acting(Role.DRAFTER))
    assert batch.state == BatchState.READING
    assert list(batch.events.values_list("action", flat=True)) == [BatchAction.UPLOAD, BatchAction.CONFIRM]
    assert not ColumnMapping.objects.exists()  # what the rules find themselves need not be remembered
    services.read(municipality=office.city.code, batch_id=batch.pk, store=store, at=AT)
    assert BatchRow.objects.get(batch_id=batch.pk).amount == 100_000


def test_the_preview_names_nobody_and_is_not_kept(office: Office, store: FileStore) -> None:
    batch = inspected(office, store, PLAIN.replace("지급액", "지급액,메모").replace("100000", "100000,홍길동"))
    stored = json.dumps(batch.layout, ensure_ascii=False)
    for secret in ("김장터", "1234-5678", "010-1234", "01-05", "홍길동"):
        assert secret not in stored
    assert batch.layout["preview"][1] == [2, ["김*터", "1985-**-**", "010-****-5678", "100000", "홍*동"]]
    assert "preview" not in services.confirm_layout(batch=batch, at=AT, **office.acting(Role.DRAFTER)).layout


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ODD, "header_not_found"),
        ("성명,생년월일,지급액\n김장터,1985-01-05,1\n", "column_missing"),
        ("성명,생년월일,휴대전화,지급액,지원금액\n김장터,1985-01-05,010-1234-5678,1,2\n", "column_ambiguous"),
        ("(단위: 원)\n(단위: 천원)\n" + PLAIN, "unit_ambiguous"),
    ],
)
def test_a_header_that_is_not_understood_waits_for_the_official(
    office: Office, store: FileStore, text: str, code: str
) -> None:
    batch = inspected(office, store, text)
    assert (batch.state, problem_codes(batch)) == (BatchState.INSPECTED, [code])
    with pytest.raises(errors.LayoutIncomplete):
        services.confirm_layout(batch=batch, at=AT, **office.acting(Role.DRAFTER))


def test_the_likeliest_header_is_offered_with_its_cells_masked(office: Office, store: FileStore) -> None:
    batch = inspected(office, store, "청년수당\n김장터,홍길동,이나눔\n1,2,3\n")
    assert (batch.layout["header_row"], problem_codes(batch)) == (2, ["header_not_found"])
    stored = json.dumps([batch.layout["preview"], batch.layout["header_labels"]], ensure_ascii=False)
    assert "홍길동" not in stored
    assert "홍*동" in stored


def test_the_official_picks_header_columns_and_unit_by_hand(office: Office, store: FileStore) -> None:
    batch = inspected(office, store, ODD)
    acting = office.acting(Role.DRAFTER)
    batch = services.inspect_again(
        batch=batch, chosen=Mapping(header_first=1, header_row=1), authority=acting["authority"], store=store
    )
    assert batch.layout["header_labels"] == ["누구", "태어난 날", "손전화", "드릴 돈"]
    batch = services.confirm_layout(batch=batch, mapping=Mapping(columns=ODD_COLUMNS, unit=1000), at=AT, **acting)
    services.read(municipality=office.city.code, batch_id=batch.pk, store=store, at=AT)
    rows = BatchRow.objects.filter(batch_id=batch.pk).order_by("row_number")
    assert [(row.row_number, row.name, row.amount) for row in rows] == [(2, "김장터", 100_000), (3, "이나눔", 200_000)]


def test_a_correction_is_offered_to_the_same_department_and_to_no_other(office: Office, store: FileStore) -> None:
    drafter = office.officials[Role.DRAFTER]
    drafter.department = "청년정책과"
    drafter.save()
    acting = office.acting(Role.DRAFTER)
    batch = services.inspect_again(
        batch=inspected(office, store, ODD), chosen=Mapping(header_first=1, header_row=1),
        authority=acting["authority"], store=store,
    )  # fmt: skip
    services.confirm_layout(batch=batch, mapping=Mapping(columns=ODD_COLUMNS, unit=1000), at=AT, **acting)

    later = inspected(office, store, "11월분 명단\n" + ODD.replace("누구", "누 구"))
    assert (later.layout["remembered"], problem_codes(later), later.layout["header_row"]) == (True, [], 2)
    assert (later.layout["positions"], later.layout["unit"]) == (ODD_COLUMNS, 1000)
    read = read_list(later, store)
    assert (read.state, BatchRow.objects.get(batch_id=read.pk, row_number=3).amount) == (BatchState.VALIDATED, 100_000)

    drafter.department = "복지정책과"
    drafter.save()
    other = inspected(office, store, ODD)
    assert (other.layout["remembered"], problem_codes(other)) == (False, ["header_not_found"])


def test_a_file_without_a_header_can_be_read(office: Office, store: FileStore) -> None:
    batch = inspected(office, store, PLAIN.split("\n", 1)[1])
    batch = read_list(batch, store, mapping=Mapping(columns=ODD_COLUMNS))
    assert BatchRow.objects.get(batch_id=batch.pk).row_number == 1


def test_sheet_and_encoding_can_be_chosen(office: Office, store: FileStore) -> None:
    authority = office.acting(Role.DRAFTER)["authority"]
    rows = [row.split(",") for row in PLAIN.split()]
    book = inspected(
        office, store, xlsx(rows, [["성명", "비고"], ["김", "-"]], names=["명단", "참고"]), name="명단.xlsx"
    )
    assert book.layout["sheet"] == "명단"
    book = services.inspect_again(batch=book, chosen=Mapping(sheet="참고"), authority=authority, store=store)
    assert (book.layout["sheet"], problem_codes(book)) == ("참고", ["column_missing"])
    with pytest.raises(SheetMissing):
        services.inspect_again(batch=book, chosen=Mapping(sheet="없음"), authority=authority, store=store)
    book.refresh_from_db()
    assert book.layout["sheet"] == "참고"

    text = inspected(office, store, PLAIN.encode("utf-16-le"))  # without its mark it is nothing that can be guessed
    assert text.state in (BatchState.REFUSED, BatchState.INSPECTED)


@pytest.mark.parametrize(
    ("columns", "refusal"),
    [
        ({"name": 0, "birth_date": 1, "phone": 2}, ColumnMissing),
        ({**ODD_COLUMNS, "note": 3}, errors.LayoutIncomplete),
        ({**ODD_COLUMNS, "amount": 99}, errors.LayoutIncomplete),
        ({**ODD_COLUMNS, "password": 3}, errors.LayoutIncomplete),
        ({**ODD_COLUMNS, "row": 3}, errors.LayoutIncomplete),
    ],
)
def test_columns_that_cannot_be_are_refused(
    office: Office, store: FileStore, columns: dict[str, int], refusal: type[Exception]
) -> None:
    batch = inspected(office, store, PLAIN)
    with pytest.raises(refusal):
        services.confirm_layout(batch=batch, mapping=Mapping(columns=columns), at=AT, **office.acting(Role.DRAFTER))
    batch.refresh_from_db()
    assert batch.state == BatchState.INSPECTED


def test_who_comes_second_is_told(office: Office, store: FileStore) -> None:
    batch = inspected(office, store, PLAIN)
    services.confirm_layout(batch=batch, at=AT, **office.acting(Role.DRAFTER))
    with pytest.raises(StateConflict):
        services.confirm_layout(batch=batch, at=AT, **office.acting(Role.DRAFTER))
    with pytest.raises(NotPermitted):
        services.confirm_layout(batch=batch, at=AT, **office.acting(Role.REVIEWER))


def test_looking_is_repeatable_and_too_late_for_a_list_that_was_given_up(office: Office, store: FileStore) -> None:
    batch = inspected(office, store, PLAIN)
    assert services.inspect(municipality=office.city.code, batch_id=batch.pk, store=store) == BatchState.INSPECTED
    services.discard(batch=batch, at=AT, **office.acting(Role.DRAFTER))
    assert services.inspect(municipality=office.city.code, batch_id=batch.pk, store=store) == BatchState.DISCARDED


def test_a_programme_by_statute_keeps_the_resident_number_masked(office: Office, store: FileStore) -> None:
    batch = inspected(office, store, "성명,주민등록번호,휴대전화,지급액\n김장터,850105-1234567,010-1234-5678,100000\n")
    assert batch.layout["preview"][1][1][1] == "850105-*******"


def test_a_mended_file_of_the_same_form_is_read_at_once(office: Office, store: FileStore) -> None:
    first = read_list(inspected(office, store, PLAIN), store)
    assert first.state == BatchState.VALIDATED
    mended = inspected(office, store, PLAIN.replace("100000", "90000"), cycle=first.cycle, mended_from=first)
    assert mended.state == BatchState.READING
    assert inspecting.Mapping.of(mended.mapping).columns == first.layout["positions"]
    reordered = "지급액,성명,생년월일,휴대전화\n80000,김장터,1985-01-05,010-1234-5678\n"
    other = inspected(office, store, reordered, cycle=first.cycle, mended_from=first)
    assert other.state == BatchState.INSPECTED
