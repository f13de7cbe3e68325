"""Reading activities from the file of a partner that has no API: CSV or a workbook, one activity a row.

Nothing is guessed: a cell that cannot be read is told with the row number that Excel shows, its column and the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO, Final, NamedTuple
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from vouchers.common.seoul import SEOUL
from vouchers.common.sheets import FileUnreadable, open_sheet, text_of
from vouchers.points.services import Item

MOST_ROWS: Final = 10_000

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
    table = open_sheet(file, columns=_FIELDS, required={"external_id", "kind", "occurred_at"}, most_rows=MOST_ROWS)
    if "wallet" not in table.fields and not {"name", "birth_date", "phone"} <= table.fields:
        raise FileUnreadable(why=_("지갑번호 열이 있거나, 성명·생년월일·휴대전화 열이 있어야 합니다."))
    sheet, seen = Sheet([], []), dict[str, int]()
    for number, cells in table.rows:
        _read_row(sheet, seen, number, cells, kinds)
    if not sheet.items and not sheet.problems:
        raise FileUnreadable(why=_("실적이 한 건도 없습니다."))
    return sheet


def _read_row(sheet: Sheet, seen: dict[str, int], row: int, cells: dict[str, Any], kinds: dict[str, str]) -> None:
    wrong: list[Problem] = []

    def take(field: str, reader: Callable[[Any], Any]) -> Any:
        try:
            return reader(cells.get(field, ""))
        except _Wrong as error:
            wrong.append(Problem(row, COLUMNS[field], text_of(cells.get(field, ""))[:60], str(error)))
            return None

    external_id = take("external_id", _external_id)
    kind = take("kind", lambda cell: _kind(cell, kinds))
    occurred_at = take("occurred_at", _moment)
    if text_of(cells.get("wallet", "")):
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
    told = text_of(cell)
    if not re.fullmatch(r"[!-~]{1,64}", told):
        raise _Wrong(_("공백 없는 영문, 숫자, 기호 1~64자여야 합니다."))
    return told


def _kind(cell: Any, kinds: dict[str, str]) -> str:
    if (told := text_of(cell)) not in kinds:
        raise _Wrong(_("이 기관이 제공하는 활동의 이름이나 코드가 아닙니다."))
    return kinds[told]


def _moment(cell: Any) -> datetime:
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=SEOUL)
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day, tzinfo=SEOUL)
    found = _DATE.fullmatch(text_of(cell))
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
        return str(UUID(text_of(cell)))
    except ValueError:
        raise _Wrong(_("지갑번호(UUID)여야 합니다.")) from None


def _name(cell: Any) -> str:
    if not re.fullmatch(r"[^|\x00-\x1f]{1,40}", told := text_of(cell)):
        raise _Wrong(_("성명이 없거나 너무 깁니다."))
    return told


def _phone(cell: Any) -> str:
    digits = re.sub(r"\D", "", text_of(cell))
    digits = f"0{digits}" if re.fullmatch(r"1[016789]\d{7,8}", digits) else digits
    if not re.fullmatch(r"0\d{8,11}", digits):
        raise _Wrong(_("휴대전화 번호여야 합니다."))
    return digits


def _amount(cell: Any) -> int | None:
    told = re.sub(r"[,\s원]", "", text_of(cell))
    if not told:
        return None
    if not re.fullmatch(r"[0-9]{1,12}", told) or int(told) == 0:
        raise _Wrong(_("1원 이상의 정수여야 합니다."))
    return int(told)


def _quantity(cell: Any) -> str | None:
    told = text_of(cell).replace(",", "")
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
    found = [part.strip() for part in re.split(r"[,;\n]", text_of(cell)) if part.strip()]
    if len(found) > 10 or not all(_PAPER.fullmatch(part) for part in found):
        raise _Wrong(_("서류 이름을 쉼표로 나누어 10개까지 적어야 합니다."))
    return found
