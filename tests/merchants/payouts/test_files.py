"""The files that go to banks: columns as data, accounts as text, and an order that ISO's own schema accepts."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.metadata import distribution
from xml.etree import ElementTree

import pytest
import xmlschema
from python_calamine import CalamineWorkbook

from merchants.payouts import errors, messages, rules, services
from merchants.payouts.models import BankSheet, PayoutBatch
from merchants.payouts.rules import ColumnsUnreadable, Line
from tests.factories.payouts import PayoutDesk, refused

LINES = [
    Line(1, "0" * 31 + "1", "088", "0110000123456", "김장터", 30_000, "행복분식", "M000000001", "1248100998", "고양페이", "이체 2026-1"),
    Line(2, "0" * 31 + "2", "004", "110001123456", "=1+1", 20_000, "@가게", "M000000002", "1248100998", "고양페이", "이체 2026-1"),
]  # fmt: skip
ORDER = {
    "message": "a" * 32, "debtor": messages.Debtor("고양시", "081", "110-555-000001"), "pay_on": date(2026, 11, 23),
    "at": datetime(2026, 11, 22, 15, tzinfo=UTC),
}  # fmt: skip
SCHEMAS = [path for path in distribution("pain001").files or [] if str(path).endswith("/pain.001.001.09.xsd")]


def sheet(code: str, **options: object) -> bytes:
    known = rules.SHEETS[code]
    return rules.write_sheet(LINES, columns=rules.parse_columns(known.columns), form=known.form, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("code", "headings"), [
    ("hana", "입금은행|입금계좌번호|입금액|예상예금주|입금통장표시|출금통장표시|메모|CMS코드|받는분 휴대폰번호"),
    ("shinhan", "입금은행|입금계좌|고객관리성명|입금액|출금통장표시내용|입금통장표시내용|입금인코드|비고|업체사용Key|전화번호|사용자계정(e-mail)"),
    ("suhyup", "입금은행|입금계좌|입금계좌예금주|입금액|CMS코드|받는분통장표시내용|보내는분통장표시내용|적요"),
    ("kb", "은행코드|계좌번호|이체금액|받는분통장표시|내통장메모"),
    ("kbank", "입금은행코드|계좌번호|이체금액|받는분통장표시내용|예상예금주"),
    ("ehojo", "예산과목|거래처|은행|계좌|금액|적요"),
])  # fmt: skip
def test_each_bank_gets_its_columns(code: str, headings: str) -> None:
    assert [column.title for column in rules.parse_columns(rules.SHEETS[code].columns)] == headings.split("|")


def test_a_csv_keeps_zeros_and_computes_nothing() -> None:
    rows = list(csv.reader(io.StringIO(sheet("hana").decode("cp949"))))
    assert rows[1] == ["신한은행", "0110000123456", "30000", "김장터", "고양페이", "행복분식", "0" * 31 + "1", "", ""]
    assert (rows[2][3], rows[2][5]) == ("'=1+1", "'@가게")


def test_a_workbook_has_accounts_and_codes_as_text() -> None:
    content = sheet("kb")
    assert content == sheet("kb")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert rows[1] == ["088", "0110000123456", 30_000, "고양페이", "행복분식"]


@pytest.mark.parametrize("code", ["hana", "kb"])
def test_a_copy_says_so_above_its_table(code: str) -> None:
    content = sheet(code, copy=True)
    first = (
        content.decode("cp949").splitlines()[0] if code == "hana"
        else CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()[0][0]
    )  # fmt: skip
    assert rules.COPY in str(first)


@pytest.mark.parametrize("text", ["은행", "= 금액", "은행 = 모르는 항목", "은행 = 은행명", ""])
def test_columns_that_say_nothing_are_refused(text: str) -> None:
    with pytest.raises(ColumnsUnreadable):
        rules.parse_columns(text)


def test_a_column_may_always_say_the_same() -> None:
    assert [column.cell(LINES[0]) for column in rules.parse_columns('과목 = "301-01"\n빈칸 =\n\n계좌 = 계좌번호\n금액 = 금액')] == [
        "301-01", "", LINES[0].account, 30_000,
    ]  # fmt: skip


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_iso_accepts_the_order(schema: object) -> None:
    path = distribution("pain001").locate_file(schema)  # type: ignore[arg-type]
    against = xmlschema.XMLSchema(str(path))
    long = [replace(LINES[0], number=number, payout=f"{number:032d}") for number in range(1, 50)]
    for lines in (LINES, long):
        for copy in (False, True):
            against.validate(messages.write_pain001(lines, copy=copy, **ORDER))  # type: ignore[arg-type]


def test_the_order_says_what_is_to_be_paid() -> None:
    assert SCHEMAS
    said = messages.write_pain001(LINES, **ORDER)  # type: ignore[arg-type]
    assert said == messages.write_pain001(LINES, **ORDER)  # type: ignore[arg-type]
    space = {"p": messages.PAIN001}
    order = ElementTree.fromstring(said)  # noqa: S314  (our own)

    def texts(path: str) -> list[str | None]:
        return [found.text for found in order.iterfind(path, space)]

    assert texts(".//p:GrpHdr/p:MsgId") == ["a" * 32]
    assert texts(".//p:CtrlSum") == ["50000", "50000"]
    assert texts(".//p:NbOfTxs") == ["2", "2"]
    assert texts(".//p:EndToEndId") == [line.payout for line in LINES]
    assert [found.get("Ccy") for found in order.iterfind(".//p:InstdAmt", space)] == ["KRW", "KRW"]
    assert texts(".//p:CdtrAgt//p:MmbId") == ["088", "004"]
    assert set(texts(".//p:ClrSysId/p:Cd")) == {"KRBOK"}


def test_what_was_sent_comes_again_only_as_a_copy(desk: PayoutDesk) -> None:
    batch, file = desk.sent(form="hana")
    acting = desk.acting(desk.maker)
    BankSheet.objects.create(
        municipality=desk.city.municipality,
        code="hana",
        valid_from=date(2026, 1, 1),
        form="xlsx",
        columns="금액 = 금액",
    )
    copies = [
        services.copy_of(batch=batch, official=acting["official"], authority=acting["authority"])
        for _number in range(2)
    ]
    assert copies[0] == copies[1]
    assert copies[0].is_copy
    assert copies[0].name == f"copy-{file.name}"
    assert copies[0].content.endswith(file.content)
    fresh = PayoutBatch.objects.get(pk=batch.pk)
    assert (fresh.sent_as, fresh.sent_by_id) == ("hana", desk.maker.pk)


def test_a_sheet_of_ones_own_replaces_the_one_that_comes_with_the_product(desk: PayoutDesk) -> None:
    BankSheet.objects.create(
        municipality=desk.city.municipality, code="kb", valid_from=date(2026, 1, 1), form="csv",
        columns="은행 = 은행코드\n계좌 = 계좌번호\n돈 = 금액",
    )  # fmt: skip
    _batch, file = desk.sent(form="kb")
    assert file.content.decode("cp949").splitlines()[:2] == ["은행,계좌,돈", "088,110000123456,30000"]


def test_the_books_get_their_lines_once_somebody_approved(desk: PayoutDesk) -> None:
    batch = desk.make()
    with refused(errors.BatchMovedOn):
        services.expenditure(batch=batch, **desk.acting(desk.maker))
    file = services.expenditure(batch=desk.approve(batch), **desk.acting(desk.maker))
    rows = list(csv.reader(io.StringIO(file.content.decode("cp949"))))
    assert rows[0] == ["예산과목", "거래처", "은행", "계좌", "금액", "적요"]
    assert rows[1][2:] == ["신한은행", "110000123456", "30000", str(batch)]


@pytest.mark.parametrize(("bank", "number", "usable"), [
    ("088", "110-123-456789", True), ("088", "110 123 4567", True), ("999", "110-123-456789", False),
    ("088", "1234567", False), ("088", "1" * 17, False), ("088", "110-12A-456789", False), ("", "", False),
])  # fmt: skip
def test_an_account_is_told_from_none(bank: str, number: str, usable: bool) -> None:
    assert rules.account_is_usable(bank=bank, number=number) is usable
