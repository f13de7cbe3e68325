"""What is wrong with the shop behind a genuine QR code. What is wrong with the code itself: rules.py."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from merchants.qr_kit.rules import QRExpired, QRUsed
from vouchers.common.database import register
from vouchers.common.errors import DomainError, NotFound


class MerchantUnknown(NotFound):
    """The municipality has no such shop, or the shop no such terminal."""

    code = "merchant_unknown"
    message = _("등록된 가맹점을 찾을 수 없습니다.")


class QRRetired(DomainError):
    """The code is genuine, but was retired: lost, stolen or replaced."""

    code = "qr_retired"
    message = _("폐기된 QR 코드입니다. 가맹점의 새 QR 코드를 사용하십시오.")


class QRKeysUnusable(ValueError):
    """The configured keys for QR codes cannot be read; the text says why, without the keys."""


register(merchant_unknown=MerchantUnknown, qr_retired=QRRetired, qr_expired=QRExpired, qr_used=QRUsed)
