"""What keeps a list of closed businesses from being acted on."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.errors import DomainError, StateConflict


class CheckDecided(StateConflict):
    """It was noticed or given up meanwhile."""

    code = "closure_check_decided"
    message = _("이미 사전통지했거나 폐기한 확인입니다.")


class NobodyToNotify(DomainError):
    """No shop of the list is closed or dormant without a case already."""

    code = "closure_nobody_to_notify"
    message = _("사전통지할 휴폐업 가맹점이 없습니다.")
