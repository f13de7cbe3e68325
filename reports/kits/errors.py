"""Why a kit is not printed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.errors import DomainError, StateConflict


class KitNotInForce(StateConflict):
    """A kit on a wall says that one can pay there: none for a retired code, or a shop that is not active."""

    code = "kit_not_in_force"
    message = _("사용 중인 QR 코드가 있는 등록 가맹점만 키트를 인쇄할 수 있습니다.")


class NoKitsThere(DomainError):
    """No active shop of the 읍면동, or of all, has a code in force."""

    code = "no_kits_there"
    message = _("사용 중인 QR 코드가 있는 등록 가맹점이 없습니다.")


class KitFileNotThere(StateConflict):
    """The print has no such part, or not yet."""

    code = "kit_file_not_there"
    message = _("그 키트 파일은 아직 없습니다.")
