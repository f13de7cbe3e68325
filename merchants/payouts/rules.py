"""Banks, the sheets they take, and what their answers mean. Plain values in, plain values out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import xlsxwriter
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ENCODING: Final = "cp949"
_FORMULA: Final = frozenset("=+-@\t\r")

BANKS: Final = {
    "002": "산업은행", "003": "기업은행", "004": "국민은행", "007": "수협은행", "011": "농협은행", "012": "지역농·축협",
    "020": "우리은행", "023": "SC제일은행", "027": "한국씨티은행", "031": "iM뱅크(대구)", "032": "부산은행", "034": "광주은행",
    "035": "제주은행", "037": "전북은행", "039": "경남은행", "045": "새마을금고", "048": "신협", "050": "저축은행",
    "064": "산림조합", "071": "우체국", "081": "하나은행", "088": "신한은행", "089": "케이뱅크", "090": "카카오뱅크",
    "092": "토스뱅크",
}  # fmt: skip
"""금융회사 공동코드."""


def digits_of_account(text: str) -> str:
    """An account number as banks take it: without dashes and blanks."""
    return re.sub(r"[\s\-]", "", text)


def account_is_usable(*, bank: str, number: str) -> bool:
    """Whether a bank could take it at all: a bank that exists, and 8 to 16 digits."""
    return bank in BANKS and re.fullmatch(r"[0-9]{8,16}", digits_of_account(number)) is not None


# Sheets ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A frozen payout as its files tell it."""

    number: int
    payout: str
    bank: str
    account: str
    holder: str
    amount: int
    shop: str
    shop_code: str
    business_number: str
    shown: str
    memo: str


ITEMS: Final[dict[str, Callable[[Line], str | int]]] = {
    "연번": lambda line: line.number,
    "이체번호": lambda line: line.payout,
    "은행코드": lambda line: line.bank,
    "은행명": lambda line: BANKS.get(line.bank, line.bank),
    "계좌번호": lambda line: line.account,
    "예금주": lambda line: line.holder,
    "금액": lambda line: line.amount,
    "상호": lambda line: line.shop,
    "가맹점번호": lambda line: line.shop_code,
    "사업자등록번호": lambda line: line.business_number,
    "받는통장표시": lambda line: line.shown,
    "내통장표시": lambda line: line.shop[:10],
    "적요": lambda line: line.memo,
}
"""What a column of a sheet may hold."""


class ColumnsUnreadable(ValueError):
    """``line`` is the number of the line that says no column, ``text`` what it says; or 0, and an item that no line has."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(line, text)
        self.line, self.text = line, text


@dataclass(frozen=True)
class Column:
    """A heading, and what stands below it: an item's name, or a text that is always the same."""

    title: str
    item: str = ""
    text: str = ""

    def cell(self, line: Line) -> str | int:
        """What this column says of a payout."""
        return ITEMS[self.item](line) if self.item else self.text


@dataclass(frozen=True)
class Sheet:
    """A bank's sheet: its name, the form of the file, and its columns as text, one ``제목 = 항목`` a line."""

    name: str | Promise
    form: str
    columns: str

    @property
    def titles(self) -> list[str]:
        """The headings in order."""
        return [column.title for column in parse_columns(self.columns)]


SHEETS: Final = {
    "hana": Sheet("하나은행", "csv", (
        "입금은행 = 은행명\n입금계좌번호 = 계좌번호\n입금액 = 금액\n예상예금주 = 예금주\n입금통장표시 = 받는통장표시\n"
        "출금통장표시 = 내통장표시\n메모 = 이체번호\nCMS코드 =\n받는분 휴대폰번호 ="
    )),
    "shinhan": Sheet("신한은행", "xlsx", (
        "입금은행 = 은행명\n입금계좌 = 계좌번호\n고객관리성명 = 예금주\n입금액 = 금액\n출금통장표시내용 = 내통장표시\n"
        "입금통장표시내용 = 받는통장표시\n입금인코드 =\n비고 =\n업체사용Key = 이체번호\n전화번호 =\n사용자계정(e-mail) ="
    )),
    "kb": Sheet("국민은행", "xlsx", (
        "은행코드 = 은행코드\n계좌번호 = 계좌번호\n이체금액 = 금액\n받는분통장표시 = 받는통장표시\n내통장메모 = 내통장표시"
    )),
    "suhyup": Sheet("수협은행", "xlsx", (
        "입금은행 = 은행명\n입금계좌 = 계좌번호\n입금계좌예금주 = 예금주\n입금액 = 금액\nCMS코드 =\n"
        "받는분통장표시내용 = 받는통장표시\n보내는분통장표시내용 = 내통장표시\n적요 = 이체번호"
    )),
    "kbank": Sheet("케이뱅크", "xlsx", (
        "입금은행코드 = 은행코드\n계좌번호 = 계좌번호\n이체금액 = 금액\n받는분통장표시내용 = 받는통장표시\n예상예금주 = 예금주"
    )),
    "ehojo": Sheet(_("e호조 지출 내역"), "csv", (
        "예산과목 =\n거래처 = 상호\n은행 = 은행명\n계좌 = 계좌번호\n금액 = 금액\n적요 = 적요"
    )),
}  # fmt: skip
"""The sheets that come with the product, after what banks' users upload today; a municipality may replace each."""

EHOJO: Final = "ehojo"
"""The one that goes to the accounting system and not to a bank."""


def parse_columns(text: str) -> tuple[Column, ...]:
    """The columns that a text names. Raises ColumnsUnreadable with the first line that names none."""
    columns = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        title, equals, said = (part.strip() for part in line.partition("="))
        quoted = re.fullmatch(r"\"(.*)\"", said)
        if not title or not equals or (said and not quoted and said not in ITEMS):
            raise ColumnsUnreadable(number, line.strip())
        columns.append(Column(title, text=quoted[1]) if quoted else Column(title, item=said))
    for needed in NEEDED:
        if not any(column.item == needed for column in columns):
            raise ColumnsUnreadable(0, needed)
    return tuple(columns)


NEEDED: Final = ("계좌번호", "금액")
"""Without these nobody can be paid."""

SAMPLES: Final = tuple(
    Line(
        number=number, payout="0" * 31 + str(number), bank=bank, account=account, holder=holder, amount=amount, shop=shop,
        shop_code=f"M00000000{number}", business_number="1234567890", shown="고양페이정산", memo="이체 2026-1",
    )
    for number, bank, account, holder, amount, shop in (
        (1, "088", "110000123456", "김장터", 1_234_500, "행복분식"), (2, "011", "3020000000001", "이가게", 56_700, "장터책방"),
    )
)  # fmt: skip
"""Made-up payouts, to show what a sheet looks like."""


COPY: Final = (
    "사본입니다. 은행에 이미 보낸 파일입니다. 원본이 은행에 등록되지 않았음을 확인한 때에만 이 줄을 지우고 쓰십시오."
)
"""Above the table of a copy, where a bank's upload stumbles over it."""


def write_sheet(
    lines: Sequence[Line], *, columns: Sequence[Column], form: str, label: str = "", copy: bool = False
) -> bytes:
    """The sheet's bytes: accounts and codes as text, amounts as numbers. The same arguments give the same bytes.

    ``label`` stands in a workbook's properties, where no bank's upload looks; a CSV has no such place.
    """
    rows: list[list[str | int]] = [[column.title for column in columns]]
    rows += [[column.cell(line) for column in columns] for line in lines]
    if copy:
        rows.insert(0, [COPY])
    return _xlsx(rows, label) if form == "xlsx" else _csv(rows)


def _csv(rows: Iterable[Sequence[str | int]]) -> bytes:
    """CP949, in which what it lacks becomes '?'; a cell that a spreadsheet would compute begins with an apostrophe."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_plain(cell) for cell in row] for row in rows)
    return text.getvalue().encode(ENCODING, errors="replace")


def _plain(cell: str | int) -> str:
    text = str(cell)
    return f"'{text}" if isinstance(cell, str) and text[:1] in _FORMULA else text


def _xlsx(rows: Iterable[Sequence[str | int]], label: str) -> bytes:
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(file, options) as book:
        # Without the time of writing: the same lines give the same bytes.
        book.set_properties({"created": _NEVER, "comments": label})
        text, won = book.add_format({"num_format": "@"}), book.add_format({"num_format": "#,##0"})
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, int):
                    sheet.write_number(number, column, cell, won)
                elif cell:
                    sheet.write_string(number, column, cell, text)
        sheet.set_column(0, 12, 18)
    return file.getvalue()


_NEVER: Final = datetime(2000, 1, 1, tzinfo=UTC)


# The bank's answers ------------------------------------------------------------------------------------------------

REASONS: Final = {
    "AC01": _("계좌번호 오류"), "AC02": _("출금 계좌번호 오류"), "AC03": _("받는 계좌번호 오류"), "AC04": _("해지된 계좌"),
    "AC06": _("지급정지 계좌"), "AC07": _("해지된 계좌"), "AG01": _("입금할 수 없는 계좌"), "AM04": _("출금 계좌 잔액 부족"),
    "AM05": _("중복 이체"), "AM09": _("금액 오류"), "BE01": _("예금주 불일치"), "BE04": _("수취인 주소 오류"),
    "DUPL": _("중복 파일"), "FF01": _("파일 형식 오류"), "MD07": _("예금주 사망"), "MS02": _("수취인 거절"),
    "MS03": _("은행이 사유를 밝히지 않음"), "NARR": _("사유 별도 표시"), "RC01": _("은행코드 오류"), "RC03": _("출금 은행코드 오류"),
    "RC04": _("받는 은행코드 오류"), "RR04": _("규정상 거절"),
}  # fmt: skip
"""ISO 20022 ExternalStatusReason1Code and ExternalReturnReason1Code, as far as banks use them for transfers."""

_ACCOUNT: Final = frozenset(
    {"AC01", "AC03", "AC04", "AC06", "AC07", "AG01", "BE01", "BE04", "MD07", "MS02", "RC01", "RC04"}
)
DUPLICATE: Final = frozenset({"DUPL", "AM05"})
"""The bank has the file already: it says nothing of the money, which the first file has moved."""
UNTOLD: Final = "MS03"


def needs_mending(reason: str) -> bool:
    """Whether somebody must mend the shop's account before it is paid again; else the next batch simply tries again."""
    return reason in _ACCOUNT


PAID, REJECTED, RETURNED, NOTED = "paid", "rejected", "returned", "noted"


@dataclass(frozen=True)
class Answer:
    """What a bank's file says of one payment: to be found by its EndToEndId, or where there is none by account and sum."""

    said_id: str
    outcome: str
    reason: str = ""
    amount: int | None = None
    account: str = ""


@dataclass(frozen=True)
class Statement:
    """The frame of an account statement. ``entries``: the signed sum of its lines."""

    account: str
    sequence: int | None
    first_day: date | None
    last_day: date | None
    opening: int | None
    closing: int | None
    entries: int


@dataclass(frozen=True)
class Gap:
    """What a statement lacks: ``entries`` of its own, or what stands between it and the one before (``balance``,
    ``sequence``); and of how much, where that is known."""

    kind: str
    amount: int | None = None


def gap_of(statement: Statement, *, sequence: int | None, closing: int | None) -> Gap | None:
    """What is missing in the statement, or since the one before, which ended with ``sequence`` and ``closing``."""
    if statement.opening is not None and statement.closing is not None:
        missing = statement.closing - statement.opening - statement.entries
        if missing:
            return Gap("entries", missing)
    if closing is not None and statement.opening is not None and statement.opening != closing:
        return Gap("balance", statement.opening - closing)
    if sequence is not None and statement.sequence is not None and statement.sequence > sequence + 1:
        return Gap("sequence")
    return None
