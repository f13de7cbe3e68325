"""What keeps applications from being taken in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from merchants.registry import errors as _registry  # noqa: F401  (registers what the register's constraints mean)
from vouchers.common.database import register
from vouchers.common.errors import DomainError, NotFound, StateConflict


class UploadDecided(StateConflict):
    """It was taken in or given up meanwhile."""

    code = "application_upload_decided"
    message = _("이미 접수했거나 폐기한 파일입니다.")


class CellsWrong(Exception):
    """An application whose members cannot be read: ``reasons`` by field."""

    def __init__(self, reasons: Mapping[str, Any]) -> None:
        super().__init__(", ".join(reasons))
        self.reasons = reasons


class ApplicationUnknown(NotFound):
    """No application that this partner has sent."""

    code = "application_unknown"
    message = _("이 앱으로 보낸 신청을 찾을 수 없습니다.")


class ShopAppliedAlready(DomainError):
    """A shop with this business number and name is registered or has applied."""

    code = "merchant_applied_already"
    status = 409
    message = _("사업자등록번호와 상호가 같은 가맹점이 이미 있습니다.")


register(merchant_shop_once=ShopAppliedAlready)
