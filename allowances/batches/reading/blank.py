"""The blank list of a programme as XLSX: its columns, checks while typing, one example row, and how to fill it in."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import xlsxwriter
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allowances.batches.reading.fields import Requirements, label_of
from allowances.eligibility.facts import Fact, FactType

EXAMPLE: Final = "예시"
"""Stands in the first column of the example row, which the reader passes over (``skipping``)."""

_ROWS: Final = 100_000
_WIDTH: Final = 16
_ORDER: Final = ("sequence", "name", "resident_number", "birth_date", "phone", "dong", "amount")
_ALWAYS: Final = frozenset(["sequence", "name", "dong"])
_HOW: Final[dict[str, Any]] = {
    "sequence": _("순서대로 번호를 적습니다. 비워 두어도 됩니다."),
    "name": _("성명만 적습니다. 구분이나 설명은 비고에 적습니다."),
    "resident_number": _("앞 6자리와 뒤 7자리를 모두 적습니다. 암호화한 지문으로만 대조하고 번호는 저장하지 않습니다."),
    "birth_date": _("1985-01-05와 같이 연-월-일로 적습니다."),
    "phone": _("본인 휴대전화 번호를 010부터 적습니다. 칸이 텍스트 형식이므로 앞의 0이 사라지지 않습니다."),
    "dong": _("목록에서 고릅니다. 틀려도 지급되지만 경고로 알려 줍니다."),
    "amount": _("원 단위 숫자로 적습니다."),
    "note": _("지급에는 쓰이지 않습니다."),
}
_HOW_BY_TYPE: Final[dict[FactType, Any]] = {
    FactType.DATE: _("2026-01-05와 같이 연-월-일로 적습니다."),
    FactType.INTEGER: _("숫자만 적습니다."),
    FactType.DECIMAL: _("숫자만 적습니다. 소수점을 쓸 수 있습니다."),
    FactType.BOOLEAN: _("해당하면 O, 해당하지 않으면 X를 고릅니다."),
    FactType.TEXT: _("있는 그대로 적습니다."),
    FactType.CHOICE: _("목록에서 고릅니다."),
}
_EXAMPLES: Final[dict[str, Any]] = {
    "sequence": EXAMPLE, "name": _("예시(이 행은 지우십시오)"), "resident_number": "850105-*******",
    "birth_date": date(1985, 1, 5), "phone": "010-0000-0000", "note": _("이 행은 읽지 않습니다."),
}  # fmt: skip
_EXAMPLES_BY_TYPE: Final[dict[FactType, Any]] = {
    FactType.DATE: date(2026, 1, 5), FactType.INTEGER: 2, FactType.DECIMAL: 1.5, FactType.BOOLEAN: "O",
    FactType.TEXT: _("입력할 내용"),
}  # fmt: skip


def blank_list(
    *, title: str, required: Requirements, extra: Sequence[Fact], dongs: Sequence[str], amount_max: int
) -> bytes:
    """The workbook. Required columns are marked with a star, which the reader does not mind."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        _Blank(book, required, extra, dongs, amount_max).write(title)
    return file.getvalue()


class _Blank:
    def __init__(
        self, book: xlsxwriter.Workbook, required: Requirements, extra: Sequence[Fact], dongs: Sequence[str],
        amount_max: int,
    ) -> None:  # fmt: skip
        self._book = book
        self._needed = {group[0] for group in required}
        self._facts = {fact.name: fact for fact in extra}
        self._dongs, self._amount_max = list(dongs), amount_max
        self._fields = [field for field in _ORDER if field in self._needed | _ALWAYS] + list(self._facts) + ["note"]

    def write(self, title: str) -> None:
        """The list, how to fill it in, and the 읍면동 to choose from."""
        book = self._book
        sheet = book.add_worksheet(gettext("명단"))
        self._headers(sheet)
        for column, field in enumerate(self._fields):
            self._column(sheet, column, field)
            self._example(sheet, column, field)
        sheet.freeze_panes(1, 0)
        self._instructions(book.add_worksheet(gettext("작성 방법")), title)
        places = book.add_worksheet(gettext("읍면동"))
        places.write_column(0, 0, self._dongs)
        sheet.activate()

    def _label(self, field: str) -> str:
        return f"{label_of(field)} *" if field in self._needed else label_of(field)

    def _headers(self, sheet: Any) -> None:
        plain = self._book.add_format({"bold": True, "bg_color": "#E8EDF3", "border": 1})
        needed = self._book.add_format({"bold": True, "bg_color": "#1F4E79", "font_color": "#FFFFFF", "border": 1})
        for column, field in enumerate(self._fields):
            sheet.write_string(0, column, self._label(field), needed if field in self._needed else plain)

    def _column(self, sheet: Any, column: int, field: str) -> None:
        """Format and check of a column. A check warns and lets the official go on: the reader understands more."""
        formats = {"date": "yyyy-mm-dd", "amount": "#,##0", "text": "@"}
        sheet.set_column(
            column, column, _WIDTH, self._book.add_format({"num_format": formats.get(self._kind(field), "General")})
        )
        check = self._check(field)
        if check:
            options = {"ignore_blank": True, "error_type": "warning", "error_title": str(label_of(field)),
                       "error_message": str(self._how(field))[:255]}  # fmt: skip
            sheet.data_validation(2, column, _ROWS, column, check | options)

    def _kind(self, field: str) -> str:
        fact = self._facts.get(field)
        if field == "birth_date" or (fact and fact.type == FactType.DATE):
            return "date"
        if field == "amount":
            return "amount"
        return (
            "general" if field == "sequence" or (fact and fact.type in (FactType.INTEGER, FactType.DECIMAL)) else "text"
        )

    def _check(self, field: str) -> dict[str, Any] | None:
        if field == "dong":
            last = len(self._dongs)
            return {"validate": "list", "source": f"='{gettext('읍면동')}'!$A$1:$A${last}"} if last else None
        if field == "amount":
            return {"validate": "integer", "criteria": "between", "minimum": 1, "maximum": self._amount_max}
        if self._kind(field) == "date":
            return {"validate": "date", "criteria": "between", "minimum": date(1900, 1, 1), "maximum": date(2100, 1, 1)}
        fact = self._facts.get(field)
        return self._check_of_fact(fact) if fact else None

    def _check_of_fact(self, fact: Fact) -> dict[str, Any] | None:
        if fact.type == FactType.BOOLEAN:
            return {"validate": "list", "source": ["O", "X"]}
        if fact.type == FactType.CHOICE:
            offered = [str(label) for label in fact.choice_labels.values()]
            return {"validate": "list", "source": offered} if offered and len(",".join(offered)) < 255 else None
        if fact.type in (FactType.INTEGER, FactType.DECIMAL):
            return {"validate": "decimal" if fact.type == FactType.DECIMAL else "integer", "criteria": ">=", "value": 0}
        return None

    def _example(self, sheet: Any, column: int, field: str) -> None:
        look = {"italic": True, "font_color": "#7A4A00", "bg_color": "#FFF4DE"}
        value = self._example_of(field)
        if isinstance(value, date):
            sheet.write_datetime(1, column, value, self._book.add_format({**look, "num_format": "yyyy-mm-dd"}))
        elif isinstance(value, (int, float)):
            sheet.write_number(1, column, value, self._book.add_format({**look, "num_format": "#,##0.##"}))
        else:
            sheet.write_string(1, column, value, self._book.add_format({**look, "num_format": "@"}))

    def _example_of(self, field: str) -> Any:
        fact = self._facts.get(field)
        if field == "dong":
            return self._dongs[0] if self._dongs else ""
        if field == "amount":
            return min(100_000, self._amount_max)
        if fact and fact.type == FactType.CHOICE:
            return str(next(iter(fact.choice_labels.values()), ""))
        value = _EXAMPLES_BY_TYPE.get(fact.type, "") if fact else _EXAMPLES.get(field, "")
        return value if isinstance(value, (date, int, float)) else str(value)

    def _how(self, field: str) -> str:
        fact = self._facts.get(field)
        return str(_HOW_BY_TYPE[fact.type] if fact else _HOW.get(field, ""))

    def _instructions(self, sheet: Any, title: str) -> None:
        bold, wrap = self._book.add_format({"bold": True}), self._book.add_format({"text_wrap": True, "valign": "top"})
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 14)
        sheet.set_column(2, 2, 80)
        sheet.write_string(0, 0, title, bold)
        for row, text in enumerate(
            (
                gettext("‘명단’ 시트에 한 행에 한 사람씩 적고 저장해 그대로 올립니다."),
                gettext("노란 예시 행은 지우고 쓰십시오. 남겨 두어도 지급되지 않습니다."),
                gettext("제목(첫 행)의 이름은 바꾸지 마십시오. 필요 없는 열은 지워도 됩니다."),
            ),
            start=1,
        ):
            sheet.write_string(row, 0, text)
        sheet.write_row(5, 0, [gettext("열"), gettext("꼭 입력"), gettext("쓰는 방법")], bold)
        for row, field in enumerate(self._fields, start=6):
            needed = gettext("예") if field in self._needed else ""
            sheet.write_row(row, 0, [label_of(field), needed, self._how(field)], wrap)
