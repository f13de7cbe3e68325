"""What the register of shops refuses."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import DomainError, StateConflict


class BenefitsOverlap(StateConflict):
    """A shop has one 혜택+ agreement on any day."""

    code = "merchant_benefits_overlap"
    message = _("이 가맹점에는 같은 기간의 혜택+ 협약이 이미 있습니다.")


class BenefitRateOutside(DomainError):
    """The rate of a new 혜택+ agreement is not one that the municipality's terms allow on its first day."""

    code = "merchant_benefit_rate_outside"
    message = _("할인율이 시작일의 결제 운영 기준에서 정한 범위를 벗어났습니다.")


class ChangeDoesNotFit(StateConflict):
    """The shop's status does not allow this change, or no longer does."""

    code = "merchant_change_does_not_fit"
    message = _("가맹점의 현재 상태에서는 할 수 없는 처리입니다. 화면을 새로 고쳐 상태를 확인하십시오.")


class ChangeWaitsAlready(StateConflict):
    """Another change of the same shop waits for approval; one after the other."""

    code = "merchant_change_waits_already"
    message = _("이 가맹점에는 결재를 기다리는 처리가 있습니다. 먼저 결재하거나 회수하십시오.")


class ChangeDecided(StateConflict):
    """The change was decided or withdrawn meanwhile; what it says never changes."""

    code = "merchant_change_decided"
    message = _("이미 결재했거나 회수한 처리입니다.")


class ApprovedByOneself(DomainError):
    """Whoever entered a shop or a change of it does not approve it."""

    code = "merchant_approved_by_oneself"
    status = 403
    message = _("입력한 사람은 결재할 수 없습니다. 다른 결재권자가 결재해야 합니다.")


class NeedsApproval(StateConflict):
    """Status, name, owner and account of a registered shop change through an approved change alone."""

    code = "merchant_needs_approval"
    message = _("등록된 가맹점의 상태·상호·대표자·계좌는 변경 신청을 결재해야 바뀝니다.")


class BeginsAsApplication(StateConflict):
    """A shop is inserted as an application; it is registered by another person's approval alone."""

    code = "merchant_begins_as_application"
    message = _("가맹점은 신청으로만 입력합니다. 다른 결재권자가 등록을 승인해야 등록됩니다.")


class WaitsForApproval(StateConflict):
    """An application that was submitted stays as it is until it is decided or withdrawn."""

    code = "merchant_waits_for_approval"
    message = _("결재를 기다리는 신청은 고칠 수 없습니다. 고치려면 먼저 회수하십시오.")


class RegistrationBarred(StateConflict):
    """The registration of a shop with this business number was cancelled, and the bar has not run out."""

    code = "merchant_registration_barred"
    message = _("이 사업자등록번호는 등록취소 후 재등록 제한 기간에 있습니다.")


class RegistrationRefused(DomainError):
    """The registration standard refuses the application; ``reasons`` are its sentences."""

    code = "merchant_registration_refused"
    message = _("등록 기준에 맞지 않아 결재를 올릴 수 없습니다. %(reasons)s")


class NothingChanges(DomainError):
    """A change of details that says nothing else than what is registered."""

    code = "merchant_nothing_changes"
    message = _("등록된 내용과 다른 값이 없습니다. 바꿀 항목을 입력하십시오.")


class TooManyAtOnce(DomainError):
    """More applications than one confirmation shows; ``most`` at once."""

    code = "merchant_too_many_at_once"
    message = _("한 번에 %(most)s건까지 처리할 수 있습니다. 목록을 좁혀 나누어 처리하십시오.")


class PaperUnreadable(DomainError):
    """A paper that is neither a PDF nor a JPEG nor a PNG picture, by its content."""

    code = "merchant_paper_unreadable"
    message = _("PDF, JPG, PNG 파일만 첨부할 수 있습니다.")


register(
    merchant_benefit_rate_within_terms=BenefitRateOutside,
    merchant_benefit_once_a_day=BenefitsOverlap,
    merchant_change_fits_status=ChangeDoesNotFit,
    merchant_change_waits_once=ChangeWaitsAlready,
    merchant_change_is_final=ChangeDecided,
    merchant_change_by_another=ApprovedByOneself,
    merchant_begins_applied=BeginsAsApplication,
    merchant_changed_by_approval=NeedsApproval,
    merchant_waits_for_approval=WaitsForApproval,
    merchant_not_barred=RegistrationBarred,
)
