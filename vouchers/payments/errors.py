"""What can go wrong with payments beyond what the ledger refuses."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from merchants.qr_kit import errors as _qr_errors  # noqa: F401  (registers the codes of shops)
from vouchers.common.errors import DomainError
from vouchers.ledger import errors as _ledger_errors  # noqa: F401  (registers the kernel's codes)
from vouchers.partners import errors as _partner_errors  # noqa: F401  (registers what every request may meet)


class QRAmountDiffers(DomainError):
    """The code has its price printed in it, and another amount was asked for. ``amount`` in won."""

    code = "qr_amount_differs"
    message = _("QR 코드에 정해진 금액 %(amount)s원과 결제금액이 다릅니다.")


class QRElsewhere(DomainError):
    """A genuine code of another municipality, whose currency this partner does not handle."""

    code = "qr_elsewhere"
    message = _("다른 지방자치단체 가맹점의 QR 코드입니다.")
