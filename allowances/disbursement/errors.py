"""What can go wrong when a list is paid."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import DomainError, StateConflict


class DigestMismatch(StateConflict):
    """The rows make another digest than the one that was signed. Nothing is paid. ``digest`` is the signed one."""

    code = "digest_mismatch"
    message = _("명단의 내용이 결재한 내용과 다릅니다. 지급하지 않았습니다. 감사 담당자에게 알리십시오.")


class PaymentTimeInvalid(DomainError):
    """The appointed time has passed, or lies too far ahead. ``days`` is the farthest."""

    code = "payment_time_invalid"
    message = _("지급 예약 일시는 지금부터 %(days)s일 안이어야 합니다.")


class RestChanged(StateConflict):
    """What is left of a payment is not what the official confirmed to give up."""

    code = "rest_changed"
    message = _("그사이 지급이 더 진행되었습니다. 화면을 새로 고쳐 남은 금액을 다시 확인하십시오.")


class NotToBeFollowed(StateConflict):
    """A list can be followed by another one only when it has been paid."""

    code = "not_to_be_followed"
    message = _("지급을 마친 명단에만 후속 명단이나 추가 지급 명단을 올릴 수 있습니다.")


register(digest_mismatch=DigestMismatch)
