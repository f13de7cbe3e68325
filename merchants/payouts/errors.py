"""What keeps money from going to shops, and files of the bank from being understood."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import DomainError, StateConflict


class PayoutDayOpen(StateConflict):
    """A batch takes the money of closed days only."""

    code = "payout_day_open"
    message = _("아직 마감하지 않은 영업일입니다. 일 마감을 먼저 하십시오.")


class NothingToPayOut(StateConflict):
    """No shop has anything settled that can be paid."""

    code = "nothing_to_pay_out"
    message = _("지금 이체할 수 있는 정산금이 없습니다. 이체하지 못하는 가맹점이 있으면 목록에서 까닭을 확인하십시오.")


class NoPayoutTerms(StateConflict):
    """Nobody has said out of which account the currency's shops are paid."""

    code = "no_payout_terms"
    message = _("오늘 적용되는 이체 기준이 없습니다. 기관 관리자가 출금 계좌와 최소 이체액을 먼저 등록해야 합니다.")


class BatchMovedOn(StateConflict):
    """The batch is no longer in a state for this step."""

    code = "payout_batch_moved_on"
    message = _("이 묶음은 이미 다음 단계로 넘어갔습니다. 화면을 새로 고쳐 상태를 확인하십시오.")


class SamePerson(DomainError):
    """Who made a batch does not approve it."""

    code = "payout_same_person"
    status = 403
    message = _("이체 묶음을 만든 사람은 승인할 수 없습니다. 다른 담당자가 승인해야 합니다.")


class DigestDiffers(StateConflict):
    """The rows are not those that were looked at."""

    code = "payout_digest_differs"
    message = _(
        "이체 묶음의 내용이 확인한 것과 다릅니다. 화면을 새로 고쳐 다시 확인하고, 되풀이되면 감사 담당자에게 알리십시오."
    )


class NotToMend(StateConflict):
    """The payout's account was mended or confirmed already, or never failed."""

    code = "payout_not_to_mend"
    message = _("계좌를 확인할 일이 없거나 이미 확인한 이체입니다.")


class ResultKnown(StateConflict):
    """This very file was taken in before."""

    code = "payout_result_known"
    message = _("이미 올린 결과 파일입니다. 이체 결과 목록에서 처리된 내용을 확인하십시오.")


class ResultUnreadable(DomainError):
    """The file is no result of payouts that we can read. ``reason`` in words."""

    code = "payout_result_unreadable"
    message = _("이체 결과 파일을 읽을 수 없습니다. %(reason)s")


class ResultEmpty(ResultUnreadable):
    """The file has no line that speaks of a payment."""

    code = "payout_result_empty"
    message = _("이체 결과가 한 줄도 없는 파일입니다.")


register(**{
    error.code: error
    for error in (
        PayoutDayOpen, NothingToPayOut, BatchMovedOn, SamePerson, DigestDiffers, NotToMend, ResultKnown
    )
}, payoutbatch_two_people=SamePerson, payoutresult_once=ResultKnown)  # fmt: skip
