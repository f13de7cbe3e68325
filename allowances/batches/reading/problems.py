"""What can be wrong with one cell or row: a stable code, the reason, and the way to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from django.utils.translation import gettext_lazy as _


class CellProblem(Exception):
    """A cell holds something that its column cannot take; ``code`` is a key of PROBLEMS."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Trouble(NamedTuple):
    """A problem while its chunk is being read. ``place`` counts within the chunk; ``cell`` may hold a plain number."""

    place: int
    field: str
    code: str
    cell: str


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """Texts for an official. A warning is shown but keeps no row out.

    ``needs_acceptance``: a warning that somebody must take upon themselves, with a reason, before the list is submitted.
    ``overridable``: an error that keeps its row out unless somebody does so.
    """

    reason: Any
    remedy: Any
    is_warning: bool = False
    needs_acceptance: bool = False
    overridable: bool = False

    @property
    def acceptable(self) -> bool:
        """Whether an official may take it upon themselves; other warnings are there to be read."""
        return self.needs_acceptance or self.overridable


_PASTE_VALUES: Final = _("해당 칸을 복사해 ‘값만 붙여넣기’ 한 뒤 다시 저장하십시오.")
_AS_TEXT: Final = _("칸 서식을 ‘텍스트’로 바꾸고 원래 번호를 다시 입력하십시오.")
_DATE_FORM: Final = _("‘1985-01-05’와 같이 연-월-일로 입력하십시오.")
_AMOUNT_FORM: Final = _("‘120000’과 같이 원 단위 숫자로 입력하십시오.")

PROBLEMS: Final[dict[str, ProblemKind]] = {
    "missing": ProblemKind(_("값이 비어 있습니다."), _("빈칸을 채우십시오.")),
    "too_long": ProblemKind(_("내용이 너무 깁니다."), _("잘못 붙여 넣은 내용이 없는지 확인하고 줄이십시오.")),
    "too_many_cells": ProblemKind(
        _("제목 행보다 칸이 많아 값이 밀려 있습니다."),
        _("칸 안의 쉼표 때문에 나뉜 값이 없는지 확인하고, 금액은 쉼표 없이 입력하십시오."),
    ),
    "formula": ProblemKind(_("값이 아니라 수식이 들어 있습니다."), _PASTE_VALUES),
    "spreadsheet_error": ProblemKind(_("엑셀 오류 값(#REF!, #N/A 등)이 들어 있습니다."), _("수식을 바로잡거나 값을 직접 입력하십시오.")),
    "column_too_narrow": ProblemKind(
        _("열 너비가 좁아 값이 #####로 저장되었습니다."), _("엑셀에서 열 너비를 넓힌 뒤 다시 저장하십시오.")
    ),
    "rounded": ProblemKind(
        _("엑셀이 숫자를 줄여 저장해 원래 번호를 알 수 없습니다(예: 1.23E+12)."), _AS_TEXT
    ),
    "name_unreadable": ProblemKind(
        _("성명으로 읽을 수 없습니다."), _("성명만 입력하고, 구분이나 설명은 비고 열에 적으십시오.")
    ),
    "name_masked": ProblemKind(_("성명의 일부가 가려져 있습니다."), _("가려지지 않은 성명을 입력하십시오.")),
    "name_of_several": ProblemKind(_("한 칸에 두 사람 이상이 적혀 있습니다."), _("한 행에 한 사람씩 나누어 입력하십시오.")),
    "birth_date_unreadable": ProblemKind(_("날짜로 읽을 수 없습니다."), _DATE_FORM),
    "birth_date_ambiguous": ProblemKind(_("두 가지 날짜로 읽힐 수 있습니다."), _DATE_FORM),
    "birth_date_impossible": ProblemKind(_("달력에 없거나 있을 수 없는 생년월일입니다."), _DATE_FORM),
    "birth_date_future": ProblemKind(_("아직 오지 않은 날짜입니다."), _DATE_FORM),
    "birth_date_differs": ProblemKind(
        _("생년월일이 주민등록번호 앞자리와 다릅니다."), _("신분 확인 자료와 대조해 틀린 쪽을 고치십시오.")
    ),
    "phone_unreadable": ProblemKind(
        _("전화번호로 읽을 수 없습니다."), _("‘010-1234-5678’과 같이 지역번호나 010부터 모두 입력하십시오.")
    ),
    "phones_several": ProblemKind(_("한 칸에 전화번호가 둘 이상입니다."), _("본인 휴대전화 번호 하나만 남기십시오.")),
    "dong_unreadable": ProblemKind(
        _("읍면동 이름으로 읽을 수 없습니다."),
        _("지급에는 영향이 없습니다. ‘행신1동’과 같이 행정동 이름을 입력하십시오."),
        is_warning=True,
    ),
    "amount_unreadable": ProblemKind(_("금액으로 읽을 수 없습니다."), _AMOUNT_FORM),
    "amount_negative": ProblemKind(_("금액이 0보다 작습니다."), _AMOUNT_FORM),
    "amount_zero": ProblemKind(_("금액이 0원입니다."), _("지급 대상이 아니면 행을 지우고, 대상이면 금액을 입력하십시오.")),
    "amount_fraction": ProblemKind(_("1원보다 작은 단위가 있습니다."), _AMOUNT_FORM),
    "amount_too_large": ProblemKind(_("금액이 한도를 넘어 읽지 않았습니다."), _("금액과 단위(원·천원)를 확인하십시오.")),
    "amount_merged": ProblemKind(
        _("여러 행에 걸쳐 병합된 금액이라 누구의 지급액인지 알 수 없습니다."),
        _("병합을 풀고 행마다 그 사람의 지급액을 입력하십시오."),
    ),
    "amount_unit_conflict": ProblemKind(
        _("칸에 적힌 단위가 제목의 금액 단위와 다릅니다."), _("단위를 빼고 제목에 적힌 단위의 숫자로 입력하십시오.")
    ),
    "resident_number_unreadable": ProblemKind(
        _("주민등록번호로 읽을 수 없습니다."), _("앞 6자리와 뒤 7자리를 모두 확인하십시오.")
    ),
    "resident_number_masked": ProblemKind(
        _("주민등록번호 뒷자리가 가려져 있습니다."), _("가려지지 않은 주민등록번호를 입력하십시오.")
    ),
    "resident_number_check": ProblemKind(
        _("주민등록번호의 검증 숫자가 맞지 않습니다."),
        _("잘못 입력하지 않았는지 확인하십시오. 2020년 10월 이후 부여·변경된 번호이면 근거를 적어 확인하십시오."),
        is_warning=True, needs_acceptance=True,
    ),
    "account_number_unclear": ProblemKind(
        _("계좌번호로 읽을 수 없어 비워 두었습니다."), _("지급에는 영향이 없습니다. 계좌번호 열에는 숫자와 ‘-’만 입력하십시오."),
        is_warning=True,
    ),
    "date_unreadable": ProblemKind(_("한 가지 날짜로 읽을 수 없습니다."), _DATE_FORM),
    "date_impossible": ProblemKind(_("달력에 없거나 있을 수 없는 날짜입니다."), _DATE_FORM),
    "number_unreadable": ProblemKind(_("숫자로 읽을 수 없습니다."), _("‘3’과 같이 숫자만 입력하십시오.")),
    "number_not_whole": ProblemKind(_("소수점이 있는 숫자입니다."), _("‘3’과 같이 정수로 입력하십시오.")),
    "flag_unreadable": ProblemKind(_("해당 여부를 알 수 없습니다."), _("해당하면 ‘O’, 해당하지 않으면 ‘X’를 입력하십시오.")),
    "choice_unreadable": ProblemKind(
        _("정해진 구분에 없는 값입니다."), _("사업에서 정한 구분 가운데 하나를 그대로 입력하십시오.")
    ),
    "account_number_unreadable": ProblemKind(_("계좌번호로 읽을 수 없습니다."), _("숫자와 ‘-’만 입력하십시오.")),
}  # fmt: skip
