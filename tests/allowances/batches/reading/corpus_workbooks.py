"""Workbooks and web pages as municipal offices send them, and what must come out: one case for each quirk.

Every file is a real one, written by a library or changed part by part as another program would have written it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tests.allowances.batches.reading.corpus import BOTH, KIM_READ, LEE_READ, Case
from tests.allowances.batches.reading.workbooks import html, rezipped, with_part, xls, xlsx

HEAD = ["연번", "성명", "생년월일", "휴대전화", "읍면동", "지급액", "비고"]
KIM: list[Any] = [1, "김민서", "1985-01-05", "010-1234-5678", "행신1동", 120000]
LEE: list[Any] = [2, "이서준", "1990-12-31", "010-2222-3333", "행신2동", 80000]
PLAIN = [HEAD, KIM, LEE]
SHEET = "xl/worksheets/sheet1.xml"


def changed(row: list[Any], **cells: Any) -> list[Any]:
    """The row with some cells changed."""
    places = {"number": 0, "name": 1, "birth": 2, "phone": 3, "dong": 4, "amount": 5, "note": 6}
    long = [*row, *[None] * (7 - len(row))]
    for name, cell in cells.items():
        long[places[name]] = cell
    return long


def kim(**cells: Any) -> list[list[Any]]:
    return [HEAD, changed(KIM, **cells)]


def _prefixed(data: bytes) -> bytes:
    data = re.sub(rb"<(/?)(?!\?)([a-zA-Z])", rb"<\1x:\2", data)
    return data.replace(b'xmlns="', b'xmlns:x="')


def _without_references(data: bytes) -> bytes:
    return re.sub(rb'<(c|row) r="[A-Z]*[0-9]+"', rb"<\1", data)


def _vba(book: Any, _sheet: Any) -> None:
    book.set_size(1200, 800)


def _merge_dong(_book: Any, sheet: Any) -> None:
    sheet.merge_range(1, 4, 2, 4, "행신1동")


def _merge_amount(_book: Any, sheet: Any) -> None:
    sheet.merge_range(1, 5, 2, 5, 200000)


def _form(book: Any, sheet: Any) -> None:
    """Title over all columns, approval box at the right, header of two rows with merged cells."""
    bold = book.add_format({"bold": True})
    sheet.merge_range(0, 0, 0, 6, "2026년 청년수당 지급 대상자 명단", bold)
    sheet.merge_range(1, 3, 2, 3, "결재", bold)
    sheet.write_row(1, 4, ["담당", "팀장", "과장"])
    sheet.write(3, 6, "(단위: 천원)")
    sheet.merge_range(4, 0, 5, 0, "연번", bold)
    sheet.merge_range(4, 1, 4, 3, "인적사항", bold)
    sheet.merge_range(4, 4, 5, 4, "행정동", bold)
    sheet.merge_range(4, 5, 4, 6, "지급", bold)
    sheet.write_row(5, 1, ["성명", "생년월일", "연락처"])
    sheet.write_row(5, 5, ["지급액", "비고"])
    sheet.write_row(6, 0, changed(KIM, amount=120))


def _far_below(_book: Any, sheet: Any) -> None:
    sheet.write_row(120, 0, LEE)


def _formatted_to_the_end(book: Any, sheet: Any) -> None:
    border = book.add_format({"border": 1})
    for row in range(3, 4_000):
        for column in range(7):
            sheet.write_blank(row, column, None, border)


def _rich(book: Any, sheet: Any) -> None:
    red = book.add_format({"font_color": "red"})
    sheet.write_rich_string(1, 1, "김", red, "민", "서")


def _hidden_rows(_book: Any, sheet: Any) -> None:
    sheet.set_row(2, None, None, {"hidden": True})


def _hide(number: int) -> Any:
    def finish(book: Any, _sheet: Any) -> None:
        book.worksheets()[number].hide()
        book.worksheets()[1 - number].activate()
        book.worksheets()[1 - number].set_first_sheet()

    return finish


def _formula(value: Any) -> Any:
    def finish(_book: Any, sheet: Any) -> None:
        sheet.write_formula(1, 5, "=60000*2", None, value)

    return finish


def _total(_book: Any, sheet: Any) -> None:
    sheet.write_row(3, 0, ["합계", None, None, None, None])
    sheet.write_formula(3, 5, "=SUM(F2:F3)", None, 200000)


WORKBOOKS = [
    Case("xlsx", xlsx(PLAIN), BOTH),
    Case("xlsx with dates in date cells", xlsx(kim(birth=datetime(1985, 1, 5))), {2: KIM_READ}),
    Case("xlsx with Korean date formats", xlsx(kim(birth=(31052, 'yyyy"년" m"월" d"일"'))), {2: KIM_READ}),
    Case("xlsx with a date and a time of day", xlsx(kim(birth=(31052.5, "yyyy-mm-dd hh:mm"))), {2: KIM_READ}),
    Case("xlsx with dates as bare serials", xlsx(kim(birth=31052)), {2: KIM_READ}),
    Case("xlsx counting days from 1904", xlsx(kim(birth=datetime(1985, 1, 5)), date_1904=True), {2: KIM_READ}),
    Case("xlsx with dates as eight digits", xlsx(kim(birth=19850105)), {2: KIM_READ}),
    Case("xlsx with telephone numbers that lost their zero", xlsx(kim(phone=1012345678)), {2: KIM_READ}),
    Case("xlsx with telephone numbers shown by a format", xlsx(kim(phone=(1012345678, "000-0000-0000"))), {2: KIM_READ}),
    Case("xlsx with the format Excel offers for mobile phones",
         xlsx(kim(phone=(1012345678, "[<=999999999]000-000-0000;000-0000-0000"))), {2: KIM_READ}),
    Case("xlsx with the noise of a calculation", xlsx(kim(amount=120000.00000000001)), {2: KIM_READ}),
    Case("xlsx with won behind the number", xlsx(kim(amount=(120000, '#,##0"원"'))), {2: KIM_READ}),
    Case("xlsx with amounts as text", xlsx(kim(amount="12만 원")), {2: KIM_READ}),
    Case("xlsx with fractions of a won", xlsx(kim(amount=120000.5)), {2: (*KIM_READ[:4], None)},
         problems=[(2, "amount", "amount_fraction")]),
    Case("xlsx with calculated amounts", xlsx(kim(), finish=_formula(120000)), {2: KIM_READ}),
    Case("xlsx with formulas that were never calculated",
         with_part(xlsx(kim(), finish=_formula(0)), SHEET, lambda data: data.replace(b"<v>0</v></c>", b"</c>")),
         {2: (*KIM_READ[:4], None)}, problems=[(2, "amount", "formula")]),
    Case("xlsx with #N/A", xlsx(kim(), finish=_formula("#N/A")), {2: (*KIM_READ[:4], None)},
         problems=[(2, "amount", "spreadsheet_error")]),
    Case("xlsx with #REF!", xlsx(kim(), finish=_formula("#REF!")), {2: (*KIM_READ[:4], None)},
         problems=[(2, "amount", "spreadsheet_error")]),
    Case("xlsx with a number of more digits than a spreadsheet keeps", xlsx(kim(phone=12345678901234567)),
         {2: (*KIM_READ[:2], None, *KIM_READ[3:])}, problems=[(2, "phone", "rounded")]),
    Case("xlsx with a cover sheet", xlsx([["지급 안내"], ["담당: 홍길동"]], PLAIN), BOTH),
    Case("xlsx with last year's list on a hidden sheet", xlsx([HEAD, KIM, KIM, KIM], PLAIN, finish=_hide(0)), BOTH),
    Case("xlsx whose summary names fewer columns than its list", xlsx([["성명", "지급액"], ["합계", 1]], PLAIN), BOTH),
    Case("xlsx with merged dongs", xlsx([HEAD, changed(KIM, dong=None), changed(LEE, dong=None)], finish=_merge_dong),
         {2: KIM_READ, 3: (*LEE_READ[:3], "행신1동", 80_000)}),
    Case("xlsx with an amount merged over two people", xlsx(PLAIN, finish=_merge_amount),
         {2: (*KIM_READ[:4], None), 3: (*LEE_READ[:4], None)},
         problems=[(2, "amount", "amount_merged"), (3, "amount", "amount_merged")]),
    Case("xlsx with title, approval box, unit and a merged header of two rows", xlsx([], finish=_form), {7: KIM_READ},
         unit=1000),
    Case("xlsx with a calculated total", xlsx(PLAIN, finish=_total), BOTH, skipped=[(4, "total")]),
    Case("xlsx with rows that a filter hides", xlsx(PLAIN, finish=_hidden_rows), BOTH),
    Case("xlsx with thousands of bordered blank rows", xlsx(PLAIN, finish=_formatted_to_the_end), BOTH),
    Case("xlsx with a hundred thousand rows of set height and nothing in them",
         with_part(xlsx(PLAIN), SHEET, lambda data: data.replace(b"</sheetData>", b"".join(
             b'<row r="%d" ht="20" customHeight="1"/>' % row for row in range(4, 120_000)) + b"</sheetData>")), BOTH),
    Case("xlsx with a person far below the others", xlsx([HEAD, KIM], finish=_far_below), {2: KIM_READ, 121: LEE_READ},
         skipped=[(row, "blank") for row in range(101, 121)]),
    Case("xlsx with notes in the margin", xlsx([HEAD, [*KIM, None, None, "확인함"], LEE]), BOTH),
    Case("xlsx with macros", rezipped(xlsx(PLAIN, finish=_vba), lambda name, data: data.replace(
        b"spreadsheetml.sheet.main+xml", b"vnd.ms-excel.sheet.macroEnabled.main+xml") if "Content" in name else data), BOTH),
    Case("xlsx with names in two colours", xlsx(PLAIN, finish=_rich), BOTH),
    Case("xlsx with texts inside their cells", xlsx(PLAIN, constant_memory=True), BOTH),
    Case("xlsx of a program that prefixes every element", with_part(xlsx(PLAIN), SHEET, _prefixed), BOTH),
    Case("xlsx of a program that leaves out references", with_part(xlsx(PLAIN), SHEET, _without_references), BOTH),
    Case("xlsx that claims to reach to the last cell of a sheet",
         with_part(xlsx(PLAIN), SHEET, lambda data: data.replace(b'ref="A1:G3"', b'ref="A1:XFD1048576"')), BOTH),
    Case("xlsx with line ends written as _x000D_",
         xlsx([[*HEAD[:5], "지급액\r\n(천원)"], changed(KIM, amount=120)[:6]]), {2: KIM_READ}, unit=1000),
    Case("xlsx with subtotals by dong", xlsx([HEAD, KIM, [None, "소계", None, "1명", None, 120000], LEE]),
         {2: KIM_READ, 4: LEE_READ}, skipped=[(3, "total")]),
    Case("xlsx with full-width digits and no-break spaces",
         xlsx(kim(name="김\u00a0민서", phone="０１０－１２３４－５６７８", amount="１２０,０００")), {2: KIM_READ}),
    Case("xls", xls(PLAIN), BOTH),
    Case("xls with dates in date cells", xls(kim(birth=(date(1985, 1, 5), "YYYY-MM-DD"))), {2: KIM_READ}),
    Case("xls with telephone numbers that lost their zero", xls(kim(phone=1012345678)), {2: KIM_READ}),
    Case("xls with a title and merged dongs",
         xls([["명단"], HEAD], finish=lambda _book, sheet: (
             [sheet.write(2, column, cell) for column, cell in enumerate(KIM) if column != 4],
             [sheet.write(3, column, cell) for column, cell in enumerate(LEE) if column != 4],
             sheet.write_merge(2, 3, 4, 4, "행신1동"))),
         {3: KIM_READ, 4: (*LEE_READ[:3], "행신1동", 80_000)}),
    Case("xls with a hidden sheet before the list",
         xls([HEAD, KIM, KIM], PLAIN, finish=lambda book, _sheet: (
             setattr(book.get_sheet(0), "visibility", 1), setattr(book, "active_sheet", 1))), BOTH),
    Case("xls with an error in a cell",
         xls(kim(), finish=lambda _book, sheet: sheet.write(2, 0, 1) or [
             sheet.write(2, column, cell) for column, cell in enumerate(changed(LEE, name="#N/A")) if column and cell]),
         {2: KIM_READ, 3: (None, *LEE_READ[1:])}, problems=[(3, "name", "spreadsheet_error")]),
]  # fmt: skip


def cells(*texts: str, tag: str = "td") -> str:
    return "".join(f"<{tag}>{text}</{tag}>" for text in texts)


H, K, L = cells(*HEAD, tag="th"), cells(*map(str, KIM), ""), cells(*map(str, LEE), "")

PAGES = [
    Case("html called .xls", html(H, K, L), BOTH),
    Case("html that says euc-kr and is UTF-8", html(H, K, L, encoding="utf-8"), BOTH),
    Case("html in UTF-8", html(H, K, L, charset="utf-8", encoding="utf-8"), BOTH),
    Case("html with its mark", b"\xef\xbb\xbf" + html(H, K, L, charset="utf-8", encoding="utf-8"), BOTH),
    Case("html in capitals without a head", f"<TABLE><TR>{H.upper()}<TR>{K}<TR>{L}</TABLE>".encode("cp949"), BOTH),
    Case("html that closes nothing",
         html(*(re.sub(r"</t[dh]>", "", row) for row in (H, K, L))).replace(b"</tr>", b""), BOTH),
    Case("html with dongs over several rows",
         html(H, K.replace("<td>행신1동", "<td rowspan=2>행신1동"), L.replace("<td>행신2동</td>", "")),
         {2: KIM_READ, 3: (*LEE_READ[:3], "행신1동", 80_000)}),
    Case("html with a header of two rows",
         html("<th rowspan=2>연번<th colspan=3>인적사항<th rowspan=2>읍면동<th rowspan=2>지급액(천원)",
              "<th>성명<th>생년월일<th>휴대전화", K.replace("120000", "120")), {3: KIM_READ}, unit=1000),
    Case("html with title and unit above the table", html(H, K.replace("120000", "120"), before="<h2>명단</h2><p>(단위: 천원)</p>"),
         {4: KIM_READ}, unit=1000),
    Case("html with breaks, blanks and entities",
         html(H.replace("지급액", "지급액<br>(원)"), K.replace("김민서", "&nbsp;김 민 서&nbsp;").replace("-1234-", "&#45;1234&#45;")),
         {2: KIM_READ}),
    Case("html whose table stands in a table for the page's look",
         html(f"<td><table><tr>{H}</tr><tr>{K}</tr><tr>{L}</tr></table></td>"), BOTH),
    Case("html with numbers shortened for the eye", html(H, K.replace("<td>010-1234-5678", '<td x:num="1012345678">1.01E+09')),
         {2: KIM_READ}),
    Case("html with scripts and styles", html(H, K, L, before="<style>td{color:red}</style><script>var a='<table>';</script>"), BOTH),
    Case("html in UTF-16", html(H, K, L, charset="utf-16", encoding="utf-16"), BOTH),
]  # fmt: skip


@dataclass(frozen=True)
class Refusal:
    """A file that is no list: its code, and the word that tells what to do."""

    name: str
    data: bytes
    code: str
    says: str


_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(22) + b"\x09\0" + bytes(16) + b"\0\0\0\0" + bytes(460)


def ole(stream: str) -> bytes:
    """An old container with one stream in its directory, which stands right behind the header."""
    return _OLE + stream.encode("utf-16-le").ljust(512, b"\0")


def wide() -> bytes:
    row = b'<row r="1"><c r="XFD1"><v>1</v></c></row></sheetData>'
    return with_part(
        xlsx(PLAIN), SHEET, lambda data: re.sub(rb"<row r=\"1\".*</sheetData>", row, data, flags=re.DOTALL)
    )


def without(part: str) -> bytes:
    return rezipped(xlsx(PLAIN), lambda name, data: None if name == part else data)


def swapped(data: bytes, old: bytes, new: bytes, part: str = SHEET) -> bytes:
    return with_part(data, part, lambda text: text.replace(old, new))


REFUSED = [
    Refusal("a download that broke off", xlsx(PLAIN)[:-700], "workbook_damaged", "원본을 다시 받으십시오"),
    Refusal("a workbook with a password", ole("EncryptedPackage"), "password_protected", "암호를 지우고"),
    Refusal("a Hangul document called .xls", ole("HwpSummaryInformation"), "hwp_file", "엑셀에 붙여 넣고"),
    Refusal("a new Hangul document", b"PK\x03\x04\n\0\0\0mimetypeapplication/hwp+zip", "hwp_file", "엑셀에 붙여 넣고"),
    Refusal("a PDF called .xlsx", b"%PDF-1.7\n%", "pdf_file", "엑셀 원본"),
    Refusal("an archive", b"PK\x03\x04\n\0\0\0list.txt", "archive_file", "압축을 풀고"),
    Refusal("an OpenDocument sheet", b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
            "format_unsupported", ".xlsx"),
    Refusal("a binary workbook", b"PK\x03\x04....xl/workbook.bin", "format_unsupported", ".xlsx"),
    Refusal("a Word document", b"PK\x03\x04....word/document.xml", "format_unsupported", ".xlsx"),
    Refusal("an XML spreadsheet of 2003", b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>',
            "format_unsupported", ".xlsx"),
    Refusal("a workbook without its sheets", without(SHEET), "no_table", "시트"),
    Refusal("a workbook without its book", without("xl/workbook.xml"), "workbook_damaged", "원본"),
    Refusal("a workbook that refers to texts it lacks", swapped(xlsx(PLAIN), b"<v>6</v>", b"<v>999</v>"),
            "workbook_damaged", "원본"),
    Refusal("a workbook whose rows run backwards", swapped(xlsx(PLAIN), b'<row r="3"', b'<row r="1"'),
            "workbook_damaged", "원본"),
    Refusal("a sheet that ends in the middle", swapped(xlsx(PLAIN), b"</sheetData>", b""), "workbook_damaged", "원본"),
    Refusal("a workbook with a document type",
            swapped(xlsx(PLAIN), b"<workbook ", b'<!DOCTYPE w [<!ENTITY a "a">]><workbook ', "xl/workbook.xml"),
            "workbook_damaged", "원본"),
    Refusal("a workbook in an encoding that nobody knows", swapped(xlsx(PLAIN), b"UTF-8", b"UTF-9", "xl/styles.xml"),
            "workbook_damaged", "원본"),
    Refusal("a row that reaches to the last column", wide(), "too_many_columns", "필요한 열만"),
    Refusal("an old workbook of nothing but its header", ole("Workbook"), "workbook_damaged", "원본"),
    Refusal("a web page without a table", b"<html><body><p>\xeb\xaa\x85\xeb\x8b\xa8</p></body></html>", "no_table", "표가"),
    Refusal("a web page of one endless tag", b"<html><table><tr><td " + b"a" * 1_500_000, "row_too_large", "KB"),
]  # fmt: skip
