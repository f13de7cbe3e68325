"""What can go wrong when a list is paid."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import StateConflict


class DigestMismatch(StateConflict):
    """The rows make another digest than the one that was signed. Nothing is paid. ``digest`` is the signed one."""

    code = "digest_mismatch"
    message = _("명단의 내용이 결재한 내용과 다릅니다. 지급하지 않았습니다. 감사 담당자에게 알리십시오.")


register(digest_mismatch=DigestMismatch)
