"""Reading activities from the file of a partner that has no API: CSV or a workbook, one activity a row.

Nothing is guessed: a cell that cannot be read is told with the row number that Excel shows, its column and the reason.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO, Final, NamedTuple
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from python_calamine import CalamineError, CalamineWorkbook

from vouchers.common.seoul import SEOUL
from vouchers.points.errors import FileUnreadable
from vouchers.points.services import Item

MOST_ROWS: Final = 10_000
LARGEST_FILE: Final = 10 * 1024 * 1024
HEADER_ROWS: Final = 10
"""Titles may stand above the header, but not more of them."""

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "external_id": ("실적번호", "관리번호", "접수번호", "일련번호"),
    "kind": ("활동", "활동종류", "활동코드"),
    "occurred_at": ("활동일시", "활동일", "활동일자", "일시", "일자"),
    "wallet": ("지갑번호",),
    "name": ("성명", "이름"),
    "birth_date": ("생년월일",),
    "phone": ("휴대전화", "휴대폰", "연락처", "전화번호"),
    "amount": ("금액", "구매금액", "이용금액", "결제금액"),
    "quantity": ("수량", "시간", "용량", "걸음수"),
    "documents": ("확인서류", "서류"),
}
COLUMNS: Final = {field: names[0] for field, names in _NAMES.items()}
_FIELDS: Final = {name: field for field, names in _NAMES.items() for name in names}
_DATE: Final = re.compile(r"(\d{4})[-./ ]{0,2}(\d{1,2})[-./ ]{0,2}(\d{1,2})\.?(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_PAPER: Final = re.compile(r"[0-9A-Za-z가-힣][0-9A-Za-z가-힣 ·()/-]{0,59}")


class Problem(NamedTuple):
    """A cell that cannot be read. ``row`` is Excel's number."""

    row: int
    column: str
    value: str
    reason: str


class Sheet(NamedTuple):
    """What was read: every readable row, and what is wrong with the others."""

    items: list[Item]
    problems: list[Problem]


class _Wrong(Exception):
    """A cell that cannot be read, with the reason."""


def read(file: BinaryIO, *, kinds: dict[str, str]) -> Sheet:
    """Read a file; ``kinds`` leads from code and name of each kind of activity to its code. Raises FileUnreadable."""
    content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise FileUnreadable(why=_("10MB 이하의 파일만 올릴 수 있습니다."))
    rows = _workbook(content) if content[:2] in {b"PK", b"\xd0\xcf"} else _text(content)
    columns, body = _located(rows)
    sheet, seen = Sheet([], []), dict[str, int]()
    for number, cells in body:
        if not any(_told(cell) for cell in cells):
            continue
        if len(sheet.items) + len(sheet.problems) >= MOST_ROWS:
            raise FileUnreadable(why=_("한 번에 10,000행까지 올릴 수 있습니다. 파일을 나누어 올리십시오."))
        _read_row(
            sheet, seen, number, {field: cells[at] if at < len(cells) else "" for field, at in columns.items()}, kinds
        )
    if not sheet.items and not sheet.problems:
        raise FileUnreadable(why=_("실적이 한 건도 없습니다."))
    return sheet


def _workbook(content: bytes) -> Iterator[tuple[int, list[Any]]]:
    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
        rows = sheet.to_python(skip_empty_area=False)
    except (CalamineError, ValueError, IndexError) as error:
        raise FileUnreadable(why=_("엑셀에서 열어 다시 저장한 뒤 올리십시오.")) from error
    yield from enumerate(rows, start=1)


def _text(content: bytes) -> Iterator[tuple[int, list[Any]]]:
    for encoding in ("utf-8-sig", "cp949"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        try:
            yield from enumerate(csv.reader(io.StringIO(text, newline="")), start=1)
        except csv.Error as error:
            raise FileUnreadable(why=_("CSV 형식이 아닙니다.")) from error
        return
    raise FileUnreadable(why=_("CSV(UTF-8, CP949) 또는 엑셀 파일이어야 합니다."))


def _located(rows: Iterator[tuple[int, list[Any]]]) -> tuple[dict[str, int], Iterator[tuple[int, list[Any]]]]:
    for number, cells in rows:
        found: dict[str, int] = {}
        for at, cell in enumerate(cells):
            field = _FIELDS.get(re.sub(r"\s", "", _told(cell)))
            if field:
                found.setdefault(field, at)
        if {"external_id", "kind", "occurred_at"} <= found.keys():
            if "wallet" not in found and not {"name", "birth_date", "phone"} <= found.keys():
                raise FileUnreadable(why=_("지갑번호 열이 있거나, 성명·생년월일·휴대전화 열이 있어야 합니다."))
            return found, rows
        if number >= HEADER_ROWS:
            break
    raise FileUnreadable(why=_("실적번호, 활동, 활동일시 열을 찾을 수 없습니다."))


def _told(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _read_row(sheet: Sheet, seen: dict[str, int], row: int, cells: dict[str, Any], kinds: dict[str, str]) -> None:
    wrong: list[Problem] = []

    def take(field: str, reader: Callable[[Any], Any]) -> Any:
        try:
            return reader(cells.get(field, ""))
        except _Wrong as error:
            wrong.append(Problem(row, COLUMNS[field], _told(cells.get(field, ""))[:60], str(error)))
            return None

    external_id = take("external_id", _external_id)
    kind = take("kind", lambda cell: _kind(cell, kinds))
    occurred_at = take("occurred_at", _moment)
    if _told(cells.get("wallet", "")):
        person = take("wallet", _wallet)
    else:
        parts = [take("name", _name), take("birth_date", _birth_date), take("phone", _phone)]
        person = "|".join(str(part) for part in parts)
    amount, quantity = take("amount", _amount), take("quantity", _quantity)
    documents = take("documents", _documents)
    if external_id in seen:
        first = _("같은 실적번호가 %(row)s행에 있습니다.") % {"row": seen[external_id]}
        wrong.append(Problem(row, COLUMNS["external_id"], external_id, first))
    elif external_id:
        seen[external_id] = row
    if wrong:
        sheet.problems.extend(wrong)
    else:
        sheet.items.append(Item(external_id, kind, person, occurred_at, amount, quantity, documents, row))


def _external_id(cell: Any) -> str:
    told = _told(cell)
    if not re.fullmatch(r"[!-~]{1,64}", told):
        raise _Wrong(_("공백 없는 영문, 숫자, 기호 1~64자여야 합니다."))
    return told


def _kind(cell: Any, kinds: dict[str, str]) -> str:
    if (told := _told(cell)) not in kinds:
        raise _Wrong(_("이 기관이 제공하는 활동의 이름이나 코드가 아닙니다."))
    return kinds[told]


def _moment(cell: Any) -> datetime:
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=SEOUL)
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day, tzinfo=SEOUL)
    found = _DATE.fullmatch(_told(cell))
    try:
        if found:
            return datetime(*(int(part or 0) for part in found.groups()), tzinfo=SEOUL)  # type: ignore[misc,arg-type]
    except ValueError:
        pass
    raise _Wrong(_("2026-11-02 또는 2026-11-02 07:30과 같이 적어야 합니다."))


def _birth_date(cell: Any) -> date:
    try:
        return _moment(cell).date()
    except _Wrong:
        raise _Wrong(_("1990-01-02와 같이 적어야 합니다.")) from None


def _wallet(cell: Any) -> str:
    try:
        return str(UUID(_told(cell)))
    except ValueError:
        raise _Wrong(_("지갑번호(UUID)여야 합니다.")) from None


def _name(cell: Any) -> str:
    if not re.fullmatch(r"[^|\x00-\x1f]{1,40}", told := _told(cell)):
        raise _Wrong(_("성명이 없거나 너무 깁니다."))
    return told


def _phone(cell: Any) -> str:
    digits = re.sub(r"\D", "", _told(cell))
    digits = f"0{digits}" if re.fullmatch(r"1[016789]\d{7,8}", digits) else digits
    if not re.fullmatch(r"0\d{8,11}", digits):
        raise _Wrong(_("휴대전화 번호여야 합니다."))
    return digits


def _amount(cell: Any) -> int | None:
    told = re.sub(r"[,\s원]", "", _told(cell))
    if not told:
        return None
    if not re.fullmatch(r"[0-9]{1,12}", told) or int(told) == 0:
        raise _Wrong(_("1원 이상의 정수여야 합니다."))
    return int(told)


def _quantity(cell: Any) -> str | None:
    told = _told(cell).replace(",", "")
    if not told:
        return None
    try:
        number = Decimal(told)
    except InvalidOperation:
        number = Decimal(-1)
    if not number.is_finite() or not 0 <= number < 10**9 or number != round(number, 3):
        raise _Wrong(_("소수점 아래 셋째 자리까지의 수여야 합니다."))
    return f"{number:f}"


def _documents(cell: Any) -> list[str]:
    found = [part.strip() for part in re.split(r"[,;\n]", _told(cell)) if part.strip()]
    if len(found) > 10 or not all(_PAPER.fullmatch(part) for part in found):
        raise _Wrong(_("서류 이름을 쉼표로 나누어 10개까지 적어야 합니다."))
    return found
