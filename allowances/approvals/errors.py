"""What can go wrong on a list's way through its approval line."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import DomainError, StateConflict


class BadRowsRemain(DomainError):
    """The list has rows with errors, and the drafter has not said that they be left out. ``count`` of them."""

    code = "bad_rows_remain"
    message = _("오류가 있는 행이 %(count)s건 있습니다. 파일을 고쳐 다시 올리거나, 오류 행을 제외하고 상신하십시오.")


class NobodyToPay(DomainError):
    """No row of the list is free of errors."""

    code = "nobody_to_pay"
    message = _("지급할 수 있는 행이 없습니다.")


class NoApprovalLine(DomainError):
    """The table in force has no line for this kind of allowance and this department. ``amount`` in won."""

    code = "no_approval_line"
    message = _(
        "%(table)s 시행 결재선 가운데 '%(department)s'의 '%(type)s' 명단(%(amount)s원)에 적용할 것이 없습니다."
        " 기관 관리자에게 결재선 등록을 요청하십시오."
    )


class NoApprovalTable(NoApprovalLine):
    """No line at all is in force on that day."""

    code = "no_approval_table"
    message = _("시행 중인 결재선이 없습니다(지급액 %(amount)s원). 기관 관리자에게 결재선 등록을 요청하십시오.")


class ApprovalLinesTooLow(NoApprovalLine):
    """The lines for this kind and department end at a lower amount: ``limit`` in won."""

    code = "approval_lines_too_low"
    message = _(
        "%(table)s 시행 결재선은 '%(department)s'의 '%(type)s' 명단에 %(limit)s원까지만 정해져 있습니다(이 명단 %(amount)s원)."
        " 기관 관리자에게 상한액이 더 큰 결재선 등록을 요청하십시오."
    )


class ApprovalLineIncomplete(DomainError):
    """The line does not end with an approver. ``name`` is the line's."""

    code = "approval_line_incomplete"
    message = _("결재선 '%(name)s'이 결재권자 단계로 끝나지 않습니다. 기관 관리자에게 결재선 수정을 요청하십시오.")


class AlreadyEntitled(StateConflict):
    """Somebody on the list is entitled in this cycle by another list. ``count`` people, ``rows`` says who (some)."""

    code = "already_entitled"
    message = _("다른 명단으로 이미 상신되었거나 지급된 대상자가 %(count)s명 있습니다.")


class RowsChanged(StateConflict):
    """The rows are not those that were counted when the list was checked."""

    code = "rows_changed"
    message = _("검증한 뒤에 명단의 내용이 달라졌습니다. 명단을 다시 검증하십시오.")


class ConditionsChanged(StateConflict):
    """The programme's amounts or its eligibility, or the round's reference date, are not those the list was checked by."""

    code = "conditions_changed"
    message = _(
        "명단을 검증한 뒤에 사업의 지급액이나 자격 기준이 바뀌었습니다. 명단을 다시 검증하십시오."
        " 반려되거나 회수한 명단은 폐기하고 다시 올리십시오."
    )


class NotYourTurn(StateConflict):
    """Another role signs now: ``title`` over its box."""

    code = "not_your_turn"
    message = _("지금은 '%(title)s' 단계입니다. 이 단계의 역할을 가진 사람만 처리할 수 있습니다.")


class NotYourPosition(NotYourTurn):
    """The line asks for a position beside the role: ``title``."""

    code = "not_your_position"
    message = _("'%(title)s' 단계는 직위가 '%(title)s'인 사람만 처리할 수 있습니다.")


class ActingHasEnded(StateConflict):
    """The absence is over, was cancelled, or the deputy has taken a role that excludes the acted one."""

    code = "acting_has_ended"
    message = _("대결할 수 있는 기간이 끝났거나 대결자가 바뀌었습니다. 화면을 새로 고쳐 확인하십시오.")


class AbsentHasSigned(StateConflict):
    """Who is signed for has put the list together or signed it themselves."""

    code = "absent_has_signed"
    message = _("부재자가 이 명단을 올렸거나 이미 서명하여, 그를 대신하여 서명할 수 없습니다.")


class ReplacedByRedraft(StateConflict):
    """A corrected list has taken the place of this one: ``file_name``."""

    code = "replaced_by_redraft"
    message = _("이 명단은 고친 명단(%(file_name)s)으로 재기안되었습니다. 새 명단을 상신하십시오.")


class AlreadySigned(StateConflict):
    """Who has signed a list at one step cannot sign it at another."""

    code = "already_signed"
    message = _("이미 이 명단에 서명하였습니다. 한 사람이 같은 명단에 두 번 서명할 수 없습니다.")


class UploaderSigns(StateConflict):
    """Who put the list together cannot judge it, whoever submitted it."""

    code = "uploader_signs"
    message = _("명단을 올린 사람은 그 명단을 검토하거나 결재하거나 지급할 수 없습니다.")


class DigestChanged(StateConflict):
    """What the official saw is not what stands there now."""

    code = "digest_changed"
    message = _("화면을 연 뒤에 명단이 바뀌었습니다. 내용을 다시 확인한 다음 서명하십시오.")


class ReasonMissing(DomainError):
    """Whoever sends a list back or takes it back says why."""

    code = "reason_missing"
    message = _("사유를 입력하십시오.")


class OthersHaveSigned(StateConflict):
    """A list goes back to its drafter only by being sent back, once somebody else has signed it."""

    code = "others_have_signed"
    message = _("다른 사람이 서명한 명단은 회수할 수 없습니다. 결재자에게 반려를 요청하십시오.")


class BatchBusy(StateConflict):
    """Somebody else is changing the list at this moment."""

    code = "batch_busy"
    message = _("다른 사람이 이 명단을 처리하고 있습니다. 잠시 뒤에 다시 시도하십시오.")


class SignatureIsFinal(StateConflict):
    """A signature is never changed."""

    code = "signature_is_final"
    message = _("서명한 결재는 바꿀 수 없습니다.")


class ApprovalIncomplete(StateConflict):
    """The database found the line unsigned, or signed over another digest."""

    code = "approval_incomplete"
    message = _("결재가 끝나지 않았거나 결재한 내용과 다릅니다. 지급하지 않았습니다.")


class TrancheAlreadyPaid(StateConflict):
    """Somebody of the list has received this tranche in an earlier cycle or year."""

    code = "tranche_already_paid"
    message = _("이미 같은 분할 차수를 지급받은 사람이 있습니다. 명단을 다시 검증하십시오.")


class ApprovalLineTaken(StateConflict):
    """There is a line for that amount from that day on."""

    code = "approval_line_taken"
    message = _("같은 시행일에 상한액이 같은 결재선이 있습니다.")


class ApprovalLinePositionTaken(StateConflict):
    """The line has a step of that number."""

    code = "approval_line_position_taken"
    message = _("결재선에 같은 순서의 단계가 있습니다.")


register(
    entitlement_once_a_cycle=AlreadyEntitled,
    entitlement_once_a_cycle_by_person=AlreadyEntitled,
    entitlement_once_a_tranche=TrancheAlreadyPaid,
    approval_step_official_once=AlreadySigned,
    approval_step_position_once=StateConflict,
    approval_line_once_a_band=ApprovalLineTaken,
    approval_line_position_once=ApprovalLinePositionTaken,
    acting_has_ended=ActingHasEnded,
    uploader_signs=UploaderSigns,
    document_number_once_a_year=StateConflict,
    document_number_once_a_list=StateConflict,
    signature_is_final=SignatureIsFinal,
    approval_incomplete=ApprovalIncomplete,
)
