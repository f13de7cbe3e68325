"""What is told of a row that does not meet a programme's rules: the reason, and the way to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from allowances.eligibility.facts import FACTS
from allowances.eligibility.kinds import sentence_of, sentence_of_group
from allowances.eligibility.words import day, value_of


@dataclass(frozen=True, slots=True)
class Text:
    """``may_be_accepted``: an official may take the problem upon themselves, with a reason."""

    reason: Any
    remedy: Any
    may_be_accepted: bool = False


_NOT_ENTITLED: Final = _("대상이 아니면 행을 지우십시오.")
_CHECK_BIRTH: Final = _("생년월일을 확인하고, 대상이 아니면 행을 지우십시오.")
_CHECK_MOVED_IN: Final = _("전입일을 확인하고, 대상이 아니면 행을 지우십시오.")
_CHECK_HOUSEHOLD: Final = _("세대 구성을 확인하고, 대상이 아니면 행을 지우십시오.")

PROBLEMS: Final[dict[str, Text]] = {
    "too_young": Text(_("조건(%(sentence)s)의 최소 %(expected)s보다 적은 %(years)s입니다."), _CHECK_BIRTH),
    "too_old": Text(_("조건(%(sentence)s)의 최대 %(expected)s을 넘는 %(years)s입니다."), _CHECK_BIRTH),
    "born_outside": Text(_("%(birth)s 출생이어서 조건(%(sentence)s)에 맞지 않습니다."), _CHECK_BIRTH),
    "residence_too_short": Text(
        _("%(since)s에 전입하여 거주 기간(%(sentence)s)을 채우지 못했습니다."), _CHECK_MOVED_IN
    ),
    "residence_total_too_short": Text(
        _("%(since)s에 전입했고, 이전 거주 기간을 더해도 조건(%(sentence)s)에 모자랍니다."),
        _("시민 정보의 전입일과 이전 거주 기간을 확인하고, 대상이 아니면 행을 지우십시오."),
    ),
    "resident_too_late": Text(_("%(since)s에 전입하여 조건(%(sentence)s)에 맞지 않습니다."), _CHECK_MOVED_IN),
    "not_still_resident": Text(
        _("%(since)s에 전입하여 조건(%(sentence)s)을 아직 채우지 못했습니다."),
        _("기간이 지난 회차에 다시 올리거나, 대상이 아니면 행을 지우십시오."),
    ),
    "lived_here_before": Text(
        _("%(left)s에 전출했다가 %(since)s에 다시 전입하여 조건(%(sentence)s)에 맞지 않습니다."),
        _("전입일과 직전 전출일을 확인하고, 대상이 아니면 행을 지우십시오."),
    ),
    "residence_unknown": Text(
        _("전입일을 알 수 없어 거주 조건(%(sentence)s)을 판단할 수 없습니다."),
        _("시민 정보에 전입일을 입력하거나 명단에 ‘전입일’ 열을 넣은 뒤 다시 검증하십시오."),
    ),
    "moved_in_later": Text(_("자격 기준일 뒤인 %(since)s에 전입했습니다."), _CHECK_MOVED_IN),
    "dong_outside": Text(_("읍면동이 %(dong)s이어서 조건(%(sentence)s)에 맞지 않습니다."),
                         _("시민 정보의 읍면동을 확인하고, 대상이 아니면 행을 지우십시오.")),
    "dong_missing": Text(_("읍면동을 알 수 없어 조건(%(sentence)s)을 판단할 수 없습니다."),
                         _("시민 정보에 읍면동을 입력하거나 명단의 ‘읍면동’ 열을 채우십시오.")),
    "birth_unknown": Text(_("생년월일을 알 수 없어 조건(%(sentence)s)을 판단할 수 없습니다."),
                          _("명단의 생년월일(%(facts)s)을 채운 뒤 다시 검증하십시오.")),
    "household_size_differs": Text(_("세대원이 %(people)s명이어서 조건(%(sentence)s)에 맞지 않습니다."), _CHECK_HOUSEHOLD),
    "children_differ": Text(_("자녀가 %(children)s명이어서 조건(%(sentence)s)에 맞지 않습니다."), _CHECK_HOUSEHOLD),
    "household_member_missing": Text(
        _("해당하는 세대원이 %(people)s명이어서 조건(%(sentence)s)에 맞지 않습니다."), _CHECK_HOUSEHOLD
    ),
    "not_head_of_household": Text(_("세대주가 아닙니다."), _CHECK_HOUSEHOLD),
    "household_unknown": Text(
        _("세대를 알 수 없어 조건(%(sentence)s)을 판단할 수 없습니다."),
        _("시민 정보에 세대를 등록하거나 명단에 세대 관련 열(세대원 수, 자녀 수, 세대주 여부, 세대 번호)을 넣으십시오."),
    ),
    "household_full": Text(_("같은 곳의 %(place)s번째 사람이어서 조건(%(sentence)s)을 넘습니다."),
                           _("함께 오른 사람을 확인하고 이 행을 지우십시오.")),
    "category_missing": Text(
        _("%(sentence)s이 확인되지 않습니다."),
        _("자격이 있다면 시민 정보에 등록하거나 명단에 해당 여부 열을 넣고, 대상이 아니면 행을 지우십시오."),
    ),
    "applied_too_early": Text(_("%(applied)s에 신청하여 사유일(%(event)s)보다 이릅니다(%(sentence)s)."),
                              _("신청일과 사유일을 확인하십시오.")),
    "applied_too_late": Text(_("%(applied)s에 신청하여 기한을 넘겼습니다(사유일 %(event)s, %(sentence)s)."),
                             _("신청일과 사유일을 확인하고, 기한을 넘겼으면 행을 지우십시오.")),
    "fact_differs": Text(_("명단의 값이 %(value)s이어서 조건(%(sentence)s)에 맞지 않습니다."),
                         _("값을 확인하고, 대상이 아니면 행을 지우십시오.")),
    "fact_missing": Text(_("‘%(facts)s’ 칸이 비어 있어 조건(%(sentence)s)을 판단할 수 없습니다."),
                         _("명단의 빈칸을 채운 뒤 다시 검증하십시오.")),
    "fact_without_column": Text(
        _("명단에 ‘%(facts)s’ 열이 없어 조건(%(sentence)s)을 판단할 수 없습니다."),
        _("명단에 그 열을 넣거나, 열 지정에서 해당 열을 고르십시오.")
    ),
    "received_before": Text(_("이미 %(times)s회 받아 조건(%(sentence)s)을 넘습니다."),
                            _("중복 지급이므로 이 행을 지우십시오.")),
    "received_too_much": Text(
        _("이미 %(before)s원을 받아, 이번에 받을 수 있는 금액은 %(expected)s원입니다(%(sentence)s)."),
        _("지급액을 남은 금액 이하로 고치거나 이 행을 지우십시오."),
    ),
    "not_known": Text(_("조건(%(sentence)s)을 판단할 수 없습니다."), _("명단의 성명·생년월일·휴대전화를 확인하십시오.")),
    "tranche_too_early": Text(_("%(sentence)s 조건을 채우지 못했습니다(이전 차수 지급: %(paid)s)."),
                              _("기간이 지난 회차에 다시 올리십시오.")),
    "tranche_paid_before": Text(_("%(paid)s 기준 회차에서 이미 받은 차수입니다."), _("중복 지급이므로 이 행을 지우십시오.")),
    "condition_excludes": Text(_("제외 대상입니다: %(sentence)s"), _("사실과 다르면 자료를 고치고, 맞으면 행을 지우십시오.")),
    "no_alternative": Text(_("다음 가운데 하나도 충족하지 않습니다: %(sentence)s"), _NOT_ENTITLED),
    "alternatives_unknown": Text(
        _("다음 조건을 판단할 자료가 모자랍니다: %(sentence)s"), _("시민 정보나 명단의 열을 채운 뒤 다시 검증하십시오.")
    ),
    "amount_undetermined": Text(
        _("지급액을 정할 수 없습니다. 금액 구간의 조건에 맞지 않거나 필요한 값이 없습니다."),
        _("금액을 정하는 열과 시민 정보를 확인하고, 대상이 아니면 행을 지우십시오."),
    ),
    "amount_differs": Text(
        _("사업의 지급 기준으로 계산한 %(expected)s원과 다릅니다."), _("지급액을 고치거나, 사업의 지급 기준을 확인하십시오.")
    ),
    "amount_over_limit": Text(
        _("1인 지급 상한 %(expected)s원을 넘습니다."), _("지급액을 고치거나, 사업의 지급 상한을 확인하십시오.")
    ),
    "excluded_by_group": Text(
        _("중복 지급 제한(%(group)s): ‘%(programme)s’ %(cycle)s에서 이미 받았거나 결재 중입니다. 근거: %(basis)s"),
        _("중복이 맞으면 행을 지우십시오. 예외로 지급하려면 사유를 적어 확인하십시오."),
        may_be_accepted=True,
    ),
    "quota_reached": Text(
        _("선착순 %(quota)s명을 넘었습니다(신청일 순서 %(place)s번째)."),
        _("정원을 늘리려면 사업의 지급 기준을 새로 정하고, 아니면 행을 지우십시오."),
    ),
}  # fmt: skip

_DAYS: Final = ("birth", "since", "left", "applied", "event", "paid")


def shown(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a problem as its text shows them, in the reader's language."""
    values = {name: _shown(name, value) for name, value in params.items()}
    if spec := params.get("condition"):
        values["sentence"] = sentence_of(spec)
        if "fact" in spec and params.get("value") is not None:
            values["value"] = value_of(spec["fact"], params["value"])
    if group := params.get("alternatives"):
        values["sentence"] = sentence_of_group(group)
    if "facts" in params:
        values["facts"] = ", ".join(str(FACTS[name].label) for name in params["facts"])
    return values


def _shown(name: str, value: Any) -> Any:
    if value is None:
        return "-"
    if name in _DAYS:
        return day(str(value))
    return f"{value:,}" if isinstance(value, int) and name in ("expected", "before", "quota", "place") else value
