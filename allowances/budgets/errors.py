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


register(
    budget_line_code_once_a_year=BudgetLineCodeTaken,
    budget_line_shares_make_whole=SharesExceedWhole,
    budget_entry_signed_by_kind=EntrySignWrong,
    budget_entry_posted_once=EntryRepeated,
    budget_allotment_posted_once=EntryRepeated,
    budget_allotment_moves_money=EntrySignWrong,
)
