"""What keeps a disposition from being noticed, proposed or decided."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from merchants.registry.errors import ApprovedByOneself
from vouchers.common.database import register
from vouchers.common.errors import DomainError, StateConflict


class DispositionFinal(StateConflict):
    """It was decided, proposed or dropped meanwhile."""

    code = "disposition_final"
    message = _("이미 결재를 올렸거나 끝난 처분입니다. 화면을 새로 고쳐 상태를 확인하십시오.")


class OpinionTimeTooShort(DomainError):
    """The shop has less time for its opinion than the rule gives it; ``days`` at least."""

    code = "disposition_opinion_time_too_short"
    message = _("의견제출 기한은 사전통지일부터 %(days)s일 이상이어야 합니다.")


class StillToBeHeard(StateConflict):
    """The time for the shop's opinion has not ended and no opinion has come."""

    code = "disposition_still_to_be_heard"
    message = _("의견제출 기한이 지나거나 의견이 접수된 뒤에 처분할 수 있습니다.")


class HearingMissing(StateConflict):
    """A cancellation needs a hearing (청문) that has taken place."""

    code = "disposition_hearing_missing"
    message = _("등록취소는 청문을 마친 뒤에 처분할 수 있습니다. 청문일을 먼저 입력하십시오.")


class MeasureNotOpen(DomainError):
    """The law or the shop's status does not leave this measure open."""

    code = "disposition_measure_not_open"
    message = _("이 위반행위와 가맹점 상태에서는 고를 수 없는 처분입니다.")


class StepChanged(StateConflict):
    """Another disposition was decided meanwhile, so this violation is another time and has another fine."""

    code = "disposition_step_changed"
    message = _("그 사이 위반 차수가 달라졌습니다. 반려하고 다시 올리게 하십시오.")


class NothingDecided(StateConflict):
    """Money is claimed back, and a case goes to the police, when the case was decided."""

    code = "disposition_nothing_decided"
    message = _("처분이 확정된 뒤에 환수와 수사의뢰를 등록할 수 있습니다.")


class FollowUpFinal(StateConflict):
    """The claim was paid or given up meanwhile; what was written of a claim or a referral stays."""

    code = "disposition_follow_up_final"
    message = _("이미 끝난 환수입니다. 화면을 새로 고쳐 상태를 확인하십시오.")


class DaysOutOfOrder(DomainError):
    """Something that follows is dated before what it follows from."""

    code = "disposition_days_out_of_order"
    message = _("납부 기한·처리일·통보일은 환수 통지일이나 의뢰일보다 빠를 수 없습니다.")


register(
    disposition_by_another=ApprovedByOneself,
    disposition_is_final=DispositionFinal,
    disposition_cancels_after_hearing=HearingMissing,
    follow_up_of_a_decision=NothingDecided,
    follow_up_is_final=FollowUpFinal,
    restitution_due_after_claim=DaysOutOfOrder,
    restitution_closed_whole=DaysOutOfOrder,
    restitution_written_off_by_another=ApprovedByOneself,
    referral_outcome_after_referral=DaysOutOfOrder,
)
