"""What the checks against members and the programme can find, beside what is wrong with single cells."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from allowances.batches.reading.fields import FIELD_LABELS
from allowances.batches.reading.problems import PROBLEMS as CELL_PROBLEMS
from allowances.batches.reading.problems import ProblemKind
from allowances.eligibility import problems as eligibility

CHECKS: Final[dict[str, ProblemKind]] = {
    "not_a_member": ProblemKind(
        _("가입한 시민 가운데 성명·생년월일·휴대전화가 모두 같은 사람이 없습니다."),
        _("세 항목을 신청서와 대조하고, 맞다면 본인에게 상품권 앱 가입을 안내하십시오."),
    ),
    "wallet_missing": ProblemKind(
        _("이 상품권의 지갑이 없는 시민입니다."), _("본인이 앱에서 이 상품권을 추가한 뒤 명단을 다시 검증하십시오.")
    ),
    "wallet_closed": ProblemKind(_("해지된 지갑입니다."), _("본인이 지갑을 다시 만든 뒤 명단을 다시 검증하십시오.")),
    "not_a_member_yet": ProblemKind(
        _("아직 가입하지 않은 사람입니다. 지급액을 %(days)s일 동안 보관하고, 그 안에 가입하면 바로 지급합니다."),
        _("세 항목을 신청서와 대조하고, 본인에게 상품권 앱 가입을 안내하십시오."), is_warning=True,
    ),
    "wallet_missing_yet": ProblemKind(
        _("이 상품권의 지갑이 아직 없습니다. 지급액을 %(days)s일 동안 보관하고, 그 안에 지갑을 만들면 바로 지급합니다."),
        _("본인에게 앱에서 이 상품권을 추가하도록 안내하십시오."), is_warning=True,
    ),
    "wallet_frozen": ProblemKind(
        _("사용이 정지된 지갑입니다."),
        _("지급일까지 정지가 풀리지 않으면 지급액을 보관합니다. 지갑 상태를 확인하십시오."), is_warning=True,
    ),
    "duplicate_in_file": ProblemKind(
        _("%(first_row)s행과 같은 사람입니다."), _("한 사람은 한 번만 남기십시오. 동명이인이면 생년월일과 휴대전화를 확인하십시오.")
    ),
    "not_in_parent": ProblemKind(
        _("원 명단에서 지급 대상이 된 사람이 아닙니다."), _("빠진 사람이면 후속 명단으로 올리고, 아니면 행을 지우십시오.")
    ),
    "duplicate_in_cycle": ProblemKind(
        _("이 회차의 다른 명단(%(file_name)s, %(row)s행)에 이미 있는 사람입니다."), _("중복 지급이므로 이 행을 지우십시오.")
    ),
    "moved_out": ProblemKind(_("전출한 시민입니다."), _("주민등록을 확인하고, 대상이 아니면 행을 지우십시오.")),
    "deceased": ProblemKind(_("사망한 시민입니다."), _("행을 지우십시오.")),
    "clawback_not_paid": ProblemKind(
        _("이 명단(회차)에서 지급받은 사람 가운데 같은 사람이 없습니다."),
        _("성명·생년월일·휴대전화를 지급 명단과 대조하고, 지급받지 않았다면 행을 지우십시오."),
    ),
    "clawback_nothing_left": ProblemKind(
        _("지급액 %(paid)s원을 이미 모두 환수하기로 했거나, 유효기간이 지나 사업으로 돌아왔습니다."), _("행을 지우십시오."),
    ),
    "clawback_exceeds": ProblemKind(
        _("지급액 %(paid)s원 가운데 환수할 수 있는 금액은 %(expected)s원입니다. 다른 환수와 유효기간 경과로 돌아온 금액은 뺐습니다."),
        _("환수액을 고치십시오. 비워 두면 환수할 수 있는 금액을 모두 환수합니다."),
    ),
    "clawback_reason_missing": ProblemKind(
        _("환수 사유가 없습니다."), _("환수 사유 열에 사유를 적거나, 명단 전체에 적용할 환수 사유를 적어 다시 올리십시오."),
    ),
    "dong_unknown": ProblemKind(
        _("우리 지자체에 없는 읍면동입니다."), _("지급에는 영향이 없습니다. 읍면동 이름을 확인하십시오."), is_warning=True
    ),
    "dong_differs": ProblemKind(
        _("시민 정보의 읍면동(%(registered)s)과 다릅니다."), _("지급에는 영향이 없습니다. 이사했다면 시민 정보를 고치십시오."),
        is_warning=True,
    ),
    "name_differs": ProblemKind(
        _("휴대전화와 생년월일(또는 주민등록번호)이 같은 시민의 성명(%(registered)s)과 다릅니다."),
        _("개명했는지 확인하여 같은 사람이면 근거를 적어 확인하고, 다른 사람이면 값을 고치거나 행을 제외하십시오."),
        is_warning=True, needs_acceptance=True,
    ),
    "account_shared": ProblemKind(
        _("같은 계좌번호가 %(first_row)s행부터 %(rows)s행에 있습니다."),
        _("한 사람이 여러 명의 몫을 받는 이유를 확인하여 근거를 적거나, 계좌번호를 고치십시오."),
        is_warning=True, needs_acceptance=True,
    ),
    "amount_unlike_last_time": ProblemKind(
        _("지난 회차에 받은 %(expected)s원과 금액이 다릅니다."), _("금액이 바뀐 이유를 확인하여 근거를 적거나, 지급액을 고치십시오."),
        is_warning=True, needs_acceptance=True,
    ),
    "left_out_before": ProblemKind(
        _("고치기 전 명단에서 제외한 사람입니다."), _("다시 지급할 이유를 확인하여 근거를 적거나, 이 행을 제외하십시오."),
        is_warning=True, needs_acceptance=True,
    ),
}  # fmt: skip

_RULES: Final = {
    code: ProblemKind(text.reason, text.remedy, overridable=text.may_be_accepted)
    for code, text in eligibility.PROBLEMS.items()
}

PROBLEMS: Final[dict[str, ProblemKind]] = CELL_PROBLEMS | CHECKS | _RULES


def reason_of(code: str, field: str, params: dict[str, Any]) -> str:
    """One problem in the reader's language, the column's name first."""
    values = eligibility.shown(params)
    text = str(PROBLEMS[code].reason)
    return f"{FIELD_LABELS[field]}: {text % values if values else text}"


def kind_text(code: str, field: str) -> str:
    """The kind of problem without its particulars, for counting: parameters become an ellipsis."""
    text = str(PROBLEMS[code].reason)
    return f"{FIELD_LABELS[field]}: {text % _Ellipses() if '%(' in text else text}"


class _Ellipses(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"
