"""Files of applications: every row told or taken in, none by half, nothing left lying about."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
import xlsxwriter
from django.db import connection
from python_calamine import CalamineWorkbook

from merchants.applications import services, workbook
from merchants.applications.errors import ShopAppliedAlready, UploadDecided
from merchants.applications.models import ApplicationUpload, UploadState
from merchants.applications.rules import in_latin_letters
from merchants.registry.models import ChangeKind, Merchant, MerchantStatus, RegistrationStandard
from merchants.registry.services import order_change
from tests import factories
from tests.factories import AT, City
from tests.factories.shops import acting
from vouchers.common import sheets
from vouchers.common.errors import NotPermitted
from vouchers.common.sheets import FileUnreadable
from vouchers.ledger.models import Account
from vouchers.officials.rules import Role

HEADER = "사업자등록번호,상호,대표자,업종,소재지,영문 상호,표준산업분류코드,체인점,연매출액,읍면동,전화번호,정산은행,계좌번호,예금주"
GOOD = 'NUMBER,행복분식,김장터,음식점,경기도 고양시 1,,I56194,아니오,"120,000,000원",주교동,0311234567,4,110-123-456789,김장터'


def numbers(count: int) -> list[str]:
    """Business numbers whose check digit fits."""
    found = [f"{1248100000 + number}" for number in range(count * 12)]
    return [number for number in found if factories._is_business_number(number)][:count]


ONE, TWO, THREE = numbers(3)


@dataclass
class Desk:
    """A merchant officer of a city."""

    city: City
    officer: Any

    def acting(self, official: Any = None) -> dict[str, Any]:
        return acting(official or self.officer)

    def upload(self, content: bytes) -> ApplicationUpload:
        return services.take_in(
            municipality=self.city.code, file=io.BytesIO(content), file_name="신청.csv", **self.acting()
        )

    def confirm(self, upload: ApplicationUpload) -> ApplicationUpload:
        return services.confirm(upload=upload, **self.acting())


@pytest.fixture
def desk(db: None) -> Any:
    city = factories.make_city()
    with city.scope():
        yield Desk(city, factories.make_official(city, Role.MERCHANT_OFFICER))


def lines(*rows: str, encoding: str = "utf-8-sig") -> bytes:
    return "\r\n".join((HEADER, *rows)).encode(encoding)


def told(upload: ApplicationUpload) -> list[tuple[int, str, bool]]:
    return [(problem["row"], problem["column"], problem["blocks"]) for problem in upload.problems]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp949"])
def test_a_file_is_shown_first_and_becomes_applications_when_confirmed(desk: Desk, encoding: str) -> None:
    made = desk.upload(lines(GOOD.replace("NUMBER", ONE), f"{TWO},둘째,이둘,cafe,고양시 2,,,,,,,,,", encoding=encoding))
    assert (made.rows_total, made.rows_wrong, made.problems) == (2, 0, [])
    assert not Merchant.objects.exists()
    assert desk.confirm(made).state == UploadState.CONFIRMED
    first, second = Merchant.objects.order_by("code")
    assert (first.status, first.registered_on, first.entered_by) == (MerchantStatus.APPLIED, None, desk.officer)
    assert (first.code, second.code, first.category_id, second.category_id) == (
        "M000000001", "M000000002", "restaurant", "cafe",
    )  # fmt: skip
    assert (first.name_ascii, first.annual_sales, first.ksic_code) == ("HAENG BOK BUN SIK", 120_000_000, "56194")
    assert (first.dong, first.phone, first.account_bank) == (desk.city.dong, "0311234567", "004")
    assert first.account_number
    assert first.account_number.reveal() == "110-123-456789"
    assert Merchant.objects.filter(account_number_index="110-123-456789").exists()
    assert Merchant.history.filter(history_user=desk.officer).count() == 2
    assert Account.objects.filter(owner_id=first.pk).count() == 2


def test_a_workbook_with_a_title_above(desk: Desk) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "11월 신청")
        sheet.write_row(2, 0, ["사업자등록번호*", "상 호", "대표자명", "업종", "주소", "체인점 여부"])
        sheet.write_row(3, 0, [int(ONE), "행복분식", "김장터", "음식점", "고양시 1"])
        sheet.write_boolean(3, 5, True)
    desk.confirm(desk.upload(file.getvalue()))
    assert Merchant.objects.values_list("business_number", "is_chain").get() == (ONE, True)


def test_the_template_is_read_as_it_is_given_out(desk: Desk) -> None:
    given = workbook.template(municipality=desk.city.code).getvalue()
    book = CalamineWorkbook.from_filelike(io.BytesIO(given))
    assert book.get_sheet_by_name("목록").to_python()[1][1] == "주교동"
    with pytest.raises(FileUnreadable, match="한 건도"):
        desk.upload(given)
    example = book.get_sheet_by_name("작성 예").to_python()
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as filled:
        sheet = filled.add_worksheet()
        for number, row in enumerate(example):
            sheet.write_row(number, 0, row)
    assert desk.upload(file.getvalue()).problems == []


def test_every_wrong_cell_is_told_by_row_and_column_and_nothing_is_taken_in(desk: Desk) -> None:
    made = desk.upload(lines(
        GOOD.replace("NUMBER", ONE),
        f"1234567890,=HYPERLINK(1),,없는업종,{'가' * 201},한글,x,아마,-5,없는동,1,국민,12,+김",
        f"{TWO},둘째,이둘,음식점,고양시 2,,,,,,,004,,",
    ))  # fmt: skip
    columns = [
        "사업자등록번호", "상호", "대표자", "업종", "소재지", "영문상호", "표준산업분류코드", "직영점·체인점", "연매출액", "읍면동",
        "전화번호", "정산은행", "정산계좌", "예금주",
    ]  # fmt: skip
    assert sorted(told(made)) == sorted([(3, column, True) for column in columns] + [(4, "정산은행", True)])
    secret = {problem["column"]: problem["value"] for problem in made.problems if problem["row"] == 3}
    assert (secret["정산계좌"], secret["예금주"], secret["상호"]) == ("***", "***", "=HYPERLINK(1)")
    assert desk.confirm(made).state == UploadState.CHECKED
    assert not Merchant.objects.exists()
    table = CalamineWorkbook.from_filelike(workbook.problems(made)).get_sheet_by_index(0).to_python()
    assert [row[2] for row in table if row[1] == "상호"] == ["=HYPERLINK(1)"]


def test_the_standard_and_the_register_are_asked_for_every_row(desk: Desk) -> None:
    RegistrationStandard.objects.create(
        municipality=desk.city.municipality, valid_from=date(2020, 1, 1), refused_ksic=["9124"], warned_ksic=["56211"],
        annual_sales_cap=1_000, legal_basis="조례 제8조",
    )  # fmt: skip
    there = factories.make_merchant(desk.city, business_number=ONE, name="있는 집", address="고양시 1")
    made = desk.upload(lines(
        f"{ONE},있는 집,김,음식점,고양시 9,,,,,,,,,",
        f"{ONE},지점,김,음식점,고양시 8,,,,,,,,,",
        f"{TWO},있는집,이,음식점,고양시1,,56211,,,,,,,",
        f"{THREE},도박장,박,기타,고양시 3,,91241,,1001,,,,,",
        f"{TWO},또 하나,이,음식점,고양시 4,,,예,,,,,,",
        f"{TWO},있는집,이,음식점,고양시 5,,,,,,,,,",
    ))  # fmt: skip
    assert told(made) == [
        (2, "사업자등록번호", True),
        (3, "사업자등록번호", False), (3, "사업자등록번호", False),
        (4, "표준산업분류코드", False), (4, "상호", False),
        (5, "표준산업분류코드", True), (5, "연매출액", True),
        (6, "직영점·체인점", False), (6, "사업자등록번호", False),
        (7, "사업자등록번호", True),
    ]  # fmt: skip
    assert there.name in made.problems[1]["reason"] + made.problems[2]["reason"]


def test_a_cancelled_business_is_told_its_bar(desk: Desk) -> None:
    RegistrationStandard.objects.create(
        municipality=desk.city.municipality, valid_from=date(2020, 1, 1), bar_months=12, legal_basis="조례 제8조"
    )
    gone, approver = (
        factories.make_merchant(desk.city, business_number=ONE),
        factories.make_official(desk.city, Role.APPROVER),
    )
    order_change(
        merchant=gone, kind=ChangeKind.CANCEL, effective_from=AT.date(), reason="부정", document="1", entered_by=desk.officer,
        entered_at=AT, **desk.acting(approver),
    )  # fmt: skip
    made = desk.upload(lines(GOOD.replace("NUMBER", ONE)))
    assert told(made) == [(2, "사업자등록번호", True)]


def test_what_became_wrong_meanwhile_keeps_the_whole_file_out(desk: Desk) -> None:
    made = desk.upload(lines(GOOD.replace("NUMBER", ONE), GOOD.replace("NUMBER", TWO).replace("행복분식", "둘째")))
    factories.make_merchant(desk.city, business_number=TWO, name="둘째")
    assert (desk.confirm(made).state, made.pk) == (UploadState.CHECKED, made.pk)
    made.refresh_from_db()
    assert told(made)[0] == (3, "사업자등록번호", True)
    assert Merchant.objects.count() == 1


def test_somebody_who_enters_the_same_shop_at_that_moment(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    made = desk.upload(lines(GOOD.replace("NUMBER", ONE)))
    factories.make_merchant(desk.city, business_number=ONE, name="행복분식")
    monkeypatch.setattr(services.selectors, "known", lambda **_asked: [])
    with pytest.raises(ShopAppliedAlready):
        desk.confirm(made)
    assert Merchant.objects.count() == 1


def test_what_the_file_said_is_sealed_and_forgotten(desk: Desk) -> None:
    made = desk.upload(lines(GOOD.replace("NUMBER", ONE)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(u)::text, encode(rows, 'escape') FROM merchants_applicationupload u")
        ((everything, rows),) = cursor.fetchall()
    assert "김장터" not in everything
    assert ONE not in rows
    desk.confirm(made)
    given_up = desk.upload(lines(GOOD.replace("NUMBER", TWO)))
    services.discard(upload=given_up, **desk.acting())
    left = desk.upload(lines(GOOD.replace("NUMBER", THREE).replace("행복분식", "=1")))
    assert services.forget(municipality=desk.city.code, before=AT, at=AT) == 0
    assert services.forget(municipality=desk.city.code, before=AT + timedelta(days=7), at=AT + timedelta(days=8)) == 1
    assert list(ApplicationUpload.objects.values_list("rows", "problems")) == [(None, [])] * 3
    for upload in (made, given_up, left):
        with pytest.raises(UploadDecided):
            desk.confirm(upload)
    assert Merchant.objects.count() == 1


def test_only_who_may_edit_shops(desk: Desk) -> None:
    made = desk.upload(lines(GOOD.replace("NUMBER", ONE)))
    approver = factories.make_official(desk.city, Role.APPROVER)
    for step in (services.confirm, services.discard):
        with pytest.raises(NotPermitted):
            step(upload=made, **desk.acting(approver))


def far_cell() -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "x")
        sheet.write(1_048_575, 16_383, "x")
    return file.getvalue()


@pytest.mark.parametrize("content", [b"", b"\0", b"PK\3\4", "이름\n김".encode(), HEADER.encode(), far_cell()])
def test_what_is_no_such_file(desk: Desk, content: bytes) -> None:
    with pytest.raises(FileUnreadable):
        desk.upload(content)


def test_a_file_that_grows_when_it_is_opened(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "LARGEST_CONTENT", 100)
    with pytest.raises(FileUnreadable, match="너무 큽니다"):
        desk.upload(workbook.template(municipality=desk.city.code).getvalue())


def test_too_many_rows(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_ROWS", 1)
    with pytest.raises(FileUnreadable, match="1행"):
        desk.upload(lines(GOOD.replace("NUMBER", ONE), GOOD.replace("NUMBER", TWO)))


@pytest.mark.parametrize(
    ("name", "latin"),
    [
        ("행복분식", "HAENG BOK BUN SIK"),
        ("GS25 고양점", "GS25 GO YANG JEOM"),
        ("가" * 30, "GA " * 8 + "GA"[:0]),
        ("♥", ""),
    ],
)
def test_a_name_in_latin_letters(name: str, latin: str) -> None:
    assert in_latin_letters(name) == latin.strip()
