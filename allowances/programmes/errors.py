"""What can go wrong with programmes and their cycles."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import DomainError, StateConflict


class WagePaidByVoucher(DomainError):
    """Wages and contract payments may not be paid in the voucher, and nobody has confirmed that this is neither."""

    code = "programme_is_wage"
    message = _("임금, 공무원 보수, 공사·용역·물품 대금은 상품권으로 지급할 수 없습니다. 해당하지 않음을 확인하십시오.")


class ProgrammeNameTaken(StateConflict):
    """The municipality has a programme of that name in that fiscal year."""

    code = "programme_name_taken"
    message = _("같은 회계연도에 이름이 같은 사업이 있습니다.")


class ProgrammeIncomplete(DomainError):
    """The type leaves a value open, so the programme must give it. ``field`` names it."""

    code = "programme_incomplete"
    message = _("수당 종류에 정해진 값이 없으므로 직접 입력해야 합니다: %(label)s")


class ProgrammeAmountInvalid(DomainError):
    """The fixed amount must be positive and at most the upper limit, and the limit positive."""

    code = "programme_amount_invalid"
    message = _("1인 지급액은 1원 이상, 1인 지급 상한 이하여야 합니다.")


class ProgrammeGraceInvalid(DomainError):
    """Money that comes back when its time has run out is not granted anew for years."""

    code = "programme_grace_invalid"
    message = _("유효기간 경과 후 취소된 금액의 사용 기간은 1일 이상 365일 이하여야 합니다.")


class ProgrammeValidityInvalid(DomainError):
    """Money that expires on the day it is paid is no money."""

    code = "programme_validity_invalid"
    message = _("유효기간(1일 이상)과 사용 기한 가운데 하나를 정해야 합니다.")


class ProgrammeQuotaInvalid(DomainError):
    """A quota, or the days for which money is held for those who have not joined, is zero."""

    code = "programme_quota_invalid"
    message = _("선착순 인원과 미가입자 보관 기간은 1 이상이어야 합니다.")


class TermsMissing(DomainError):
    """The programme has no terms yet, so nobody can be judged by them."""

    code = "terms_missing"
    message = _("지급 기준이 없는 사업입니다. 지급 기준을 먼저 정하십시오.")


class TrancheMissing(DomainError):
    """A programme that pays in tranches needs to know which of them the round pays."""

    code = "tranche_missing"
    message = _("분할 지급 사업입니다. 이 회차가 지급할 차수(1~%(tranches)s)를 정하십시오.")


class ProgrammeAgesInvalid(DomainError):
    """The lowest age is above the highest."""

    code = "programme_ages_invalid"
    message = _("최소 나이가 최대 나이보다 많습니다.")


class CycleNumberTaken(StateConflict):
    """The programme has a cycle of that number."""

    code = "cycle_number_taken"
    message = _("이미 있는 회차 번호입니다.")


class ExclusiveGroupTaken(StateConflict):
    """The municipality has a group of that name from that day on."""

    code = "exclusive_group_taken"
    message = _("같은 시행일에 이름이 같은 중복 지급 제한이 있습니다.")


class ProgrammeEnded(StateConflict):
    """The programme is closed: no cycle, no list and no money any more."""

    code = "programme_ended"
    message = _("종료된 사업입니다.")


register(
    programme_name_once_a_year=ProgrammeNameTaken,
    programme_amount_max_in_range=ProgrammeAmountInvalid,
    programme_validity_positive=ProgrammeValidityInvalid,
    programme_quota_positive=ProgrammeQuotaInvalid,
    programme_claim_days_positive=ProgrammeQuotaInvalid,
    programme_refund_grace_days_in_range=ProgrammeGraceInvalid,
    programme_is_not_wage=WagePaidByVoucher,
    exclusive_group_once_a_day=ExclusiveGroupTaken,
    cycle_number_once=CycleNumberTaken,
)
