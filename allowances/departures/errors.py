"""What can go wrong with a list of deaths and move-outs."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.errors import DomainError


class DepartureListTooLong(DomainError):
    """More rows than one list may have. ``limit`` of them."""

    code = "departure_list_too_long"
    message = _("한 번에 %(limit)s명까지 올릴 수 있습니다. 파일을 나누어 올리십시오.")


class NobodyFound(DomainError):
    """No row of the list can be applied."""

    code = "nobody_found"
    message = _("반영할 수 있는 행이 없습니다.")


class UndoReasonMissing(DomainError):
    """An entry is taken back only with a reason."""

    code = "undo_reason_missing"
    message = _("되돌리는 사유를 입력하십시오.")
