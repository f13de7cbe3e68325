"""What can go wrong with clawbacks and receivables."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import DomainError, NotFound, StateConflict


class ClawbackExceedsPaid(StateConflict):
    """A row wants more than was paid and not claimed by another clawback. ``row``, ``needed`` and ``available`` in won."""

    code = "clawback_exceeds_paid"
    message = _(
        "환수할 수 있는 금액을 넘은 행이 %(count)s건 있습니다. %(row)s행: 환수액 %(needed)s원, 환수 가능액 %(available)s원."
        " 다른 환수 명단에 있는지 확인하고 명단을 다시 검증하십시오."
    )


class ClawbackClaimsDiffer(StateConflict):
    """What was claimed at submission is not what was signed; somebody changed the database. Nothing is taken."""

    code = "clawback_claims_differ"
    message = _("상신할 때 확보한 환수액이 결재한 명단과 다릅니다. 환수하지 않았습니다. 감사 담당자에게 알리십시오.")


class NothingPaid(DomainError):
    """The list or cycle to claw back has paid nobody."""

    code = "clawback_of_nothing"
    message = _("지급된 사람이 없어 환수할 수 없습니다.")


class NobodyChosen(DomainError):
    """A clawback by row names at least one payment."""

    code = "clawback_of_nobody"
    message = _("환수할 사람을 한 명 이상 고르십시오.")


class TooManyChosen(DomainError):
    """So many are taken back by a file. ``limit``."""

    code = "clawback_of_too_many"
    message = _("화면에서는 한 번에 %(limit)s명까지 환수할 수 있습니다. 더 많으면 명단 파일로 올리십시오.")


class ReasonMissing(DomainError):
    """A clawback says why."""

    code = "clawback_reason_missing"
    message = _("환수 사유와 근거를 입력하십시오.")


class ReceivableUnknown(NotFound):
    """No such receivable."""

    code = "receivable_unknown"
    message = _("반환금 채권을 찾을 수 없습니다.")


class MoreThanOutstanding(StateConflict):
    """More than is still owed. ``outstanding`` in won."""

    code = "more_than_outstanding"
    message = _("미납액 %(outstanding)s원을 넘는 금액은 처리할 수 없습니다. 화면을 새로 고쳐 미납액을 확인하십시오.")


class PaidInFuture(DomainError):
    """A payment is recorded when it has arrived."""

    code = "paid_in_future"
    message = _("납부일은 오늘까지의 날짜여야 합니다.")


class InstalmentsDiffer(DomainError):
    """Instalments make up what is outstanding, each in won and on a later day. ``outstanding`` in won."""

    code = "instalments_differ"
    message = _(
        "분할 납부액의 합계는 미납액 %(outstanding)s원과 같고, 납부 기한은 오늘 이후의 날짜로 차례대로여야 합니다."
    )


register(
    clawback_exceeds_paid=ClawbackExceedsPaid,
    clawback_claims_differ=ClawbackClaimsDiffer,
    recovery_within_paid=ClawbackExceedsPaid,
    receivable_unknown=ReceivableUnknown,
    receivable_never_overpaid=MoreThanOutstanding,
    more_than_outstanding=MoreThanOutstanding,
    instalment_number_once=StateConflict,
)
