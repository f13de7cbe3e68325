"""What can go wrong with payments beyond what the ledger refuses."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from merchants.qr_kit import errors as _qr_errors  # noqa: F401  (registers the codes of shops)
from vouchers.common.database import register
from vouchers.common.errors import DomainError, NotFound
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


class PaymentTermsMissing(DomainError):
    """The municipality has no payment terms for that day; an official has to enter them."""

    code = "payment_terms_missing"
    status = 503
    message = _("결제 운영 기준이 등록되지 않았습니다. 지방자치단체에 문의하십시오.")


class SaleUnknown(NotFound):
    """This partner made no such code for a sale."""

    code = "qr_unknown"
    message = _("거래별 QR 코드를 찾을 수 없습니다.")


class TokenUnknown(DomainError):
    """No citizen shows this code: it is forged, misread, or a newer one took its place."""

    code = "token_unknown"
    message = _("없거나 새로 바뀐 시민 바코드입니다. 시민의 앱에서 바코드를 다시 열어 주십시오.")


class TokenExpired(DomainError):
    """The citizen's code is too old."""

    code = "token_expired"
    message = _("유효시간이 지난 시민 바코드입니다. 시민의 앱에서 바코드를 다시 열어 주십시오.")


class TokenUsed(DomainError):
    """The citizen's code was paid with before."""

    code = "token_used"
    message = _("이미 결제에 사용한 시민 바코드입니다. 시민의 앱에서 바코드를 다시 열어 주십시오.")


register(
    payment_terms_missing=PaymentTermsMissing, token_unknown=TokenUnknown, token_expired=TokenExpired, token_used=TokenUsed
)  # fmt: skip
