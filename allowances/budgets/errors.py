"""What can go wrong with budget lines and their entries."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import DomainError, StateConflict


class BudgetLineCodeTaken(StateConflict):
    """The municipality has a line of that code in that fiscal year."""

    code = "budget_line_code_taken"
    message = _("같은 회계연도에 코드가 같은 예산 과목이 있습니다.")


class SharesExceedWhole(DomainError):
    """State and province together pay more than everything."""

    code = "budget_shares_exceed_whole"
    message = _("국비와 시도비의 비율은 0 이상이고 합하여 100%를 넘을 수 없습니다.")


class EntrySignWrong(DomainError):
    """An entry adds with all of its parts or takes away with all of them, and not nothing."""

    code = "budget_entry_sign_wrong"
    message = _("국비·시도비·시군구비는 0원 이상이어야 하고, 합계는 1원 이상이어야 합니다.")


class EntryRepeated(StateConflict):
    """That entry has been made before with other values."""

    code = "budget_entry_repeated"
    message = _("같은 화면에서 이미 처리한 건입니다. 예산 과목의 변동 내역을 확인하십시오.")


class CounterpartWrong(DomainError):
    """The other line is missing, or is not one that this kind of entry may come from or go to."""

    code = "budget_counterpart_wrong"
    message = _(
        "상대 예산 과목을 확인하십시오. 전용과 변경사용은 같은 회계연도의 다른 과목으로, 이월은 앞선 회계연도의 과목에서,"
        " 모두 같은 상품권 안에서만 할 수 있습니다."
    )


class EntryKindWrong(DomainError):
    """That kind of entry is made at the other line."""

    code = "budget_entry_kind_wrong"
    message = _("이 구분은 상대 과목에서 처리하면 자동으로 기록됩니다.")


class BudgetPartExceeded(DomainError):
    """More is taken from state, province or municipality than they have given. ``available`` and ``needed`` in won."""

    code = "budget_part_exceeded"
    message = _(
        "%(part)s로 편성된 금액이 부족합니다. 편성된 금액은 %(available)s원이고 줄이려는 금액은 %(needed)s원입니다."
    )


class BudgetEntryReasonMissing(DomainError):
    """Whoever changes the budget says why."""

    code = "budget_entry_reason_missing"
    message = _("변동 사유를 입력하십시오.")


class BudgetEntryNotPosted(StateConflict):
    """The database found no movement of money behind the entry."""

    code = "budget_entry_not_posted"
    message = _("원장에 기록되지 않은 예산 변동입니다. 처리하지 않았습니다.")


class BudgetLineDiffers(StateConflict):
    """The money of a programme comes from its own line alone."""

    code = "budget_line_differs"
    message = _("사업에 정해진 예산 과목이 아니거나, 다른 예산 과목에서 재배정받은 사업입니다.")


class BudgetLineInUse(StateConflict):
    """A programme that has got money from its line keeps the line, and the line its year and currency."""

    code = "budget_line_in_use"
    message = _("예산을 재배정받은 사업의 예산 과목은 바꿀 수 없습니다.")


class BudgetLineMissing(DomainError):
    """The programme has no line that it could get money from."""

    code = "budget_line_missing"
    message = _("사업에 예산 과목이 정해지지 않았습니다. 사업 화면에서 예산 과목을 먼저 고르십시오.")


register(
    budget_line_code_once_a_year=BudgetLineCodeTaken,
    budget_line_shares_make_whole=SharesExceedWhole,
    budget_entry_signed_by_kind=EntrySignWrong,
    budget_entry_posted_once=EntryRepeated,
    budget_allotment_posted_once=EntryRepeated,
    budget_allotment_moves_money=EntrySignWrong,
    budget_entry_not_posted=BudgetEntryNotPosted,
    budget_line_differs=BudgetLineDiffers,
    budget_line_in_use=BudgetLineInUse,
)
