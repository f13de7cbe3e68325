"""What can go wrong with payments beyond what the ledger refuses."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from merchants.qr_kit import errors as _qr_errors  # noqa: F401  (registers the codes of shops)
from vouchers.common.database import register
from vouchers.common.errors import DomainError, StateConflict
from vouchers.ledger import errors as _ledger_errors  # noqa: F401  (registers the kernel's codes)


class IdempotencyKeyReused(DomainError):
    """The same Idempotency-Key came with another request: another path or body."""

    code = "idempotency_key_reused"
    message = _("이미 다른 요청에 사용된 Idempotency-Key입니다.")


class QRAmountDiffers(DomainError):
    """The code has its price printed in it, and another amount was asked for. ``amount`` in won."""

    code = "qr_amount_differs"
    message = _("QR 코드에 정해진 금액 %(amount)s원과 결제금액이 다릅니다.")


class QRElsewhere(DomainError):
    """A genuine code of another municipality, whose currency this partner does not handle."""

    code = "qr_elsewhere"
    message = _("다른 지방자치단체 가맹점의 QR 코드입니다.")


class TooManyLiveKeys(StateConflict):
    """A partner has two live keys at most: the present one and its successor."""

    code = "too_many_live_keys"
    message = _("사용 중인 인증키가 이미 2개입니다. 이전 인증키를 폐기한 뒤 발급하십시오.")


register(idempotency_key_reused=IdempotencyKeyReused)
