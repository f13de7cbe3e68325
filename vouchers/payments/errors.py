"""What can go wrong with payments beyond what the ledger refuses."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from merchants.qr_kit import errors as _qr_errors  # noqa: F401  (registers the codes of shops)
from vouchers.common.database import register
from vouchers.common.errors import DomainError, NotFound, StateConflict
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


class SaleNotOfThisApp(DomainError):
    """The shop's app neither showed nor scanned the code of this payment."""

    code = "sale_not_of_this_app"
    message = _(
        "이 앱이 보여 준 거래별 QR이나 이 앱이 읽은 시민 바코드로 결제한 것만 취소할 수 있습니다. 다른 결제는 시민의 앱이나 카드사에서 "
        "취소합니다."
    )


class CardUnknown(NotFound):
    """The processor registered no such card."""

    code = "card_unknown"
    message = _("등록되지 않은 카드입니다.")


class CardEnded(DomainError):
    """The card was lost or given back."""

    code = "card_ended"
    message = _("해지되었거나 분실 신고된 카드입니다.")


class CardRegistered(StateConflict):
    """The processor's token is registered already."""

    code = "card_registered"
    message = _("이미 등록된 카드입니다.")


class TraceNumberUsed(StateConflict):
    """An approval with this trace number exists."""

    code = "trace_number_used"
    message = _("이미 승인에 사용한 거래고유번호입니다. 결과는 거래고유번호로 조회하십시오.")


class ApprovalReversed(StateConflict):
    """The reversal of this trace number came before the request for approval."""

    code = "approval_reversed"
    message = _("이미 망취소된 거래고유번호이므로 승인하지 않습니다.")


class ApprovalUnknown(NotFound):
    """This processor has no such approval."""

    code = "approval_unknown"
    message = _("승인 내역을 찾을 수 없습니다.")


class ChannelUnknown(NotFound):
    """This partner runs no such channel here."""

    code = "channel_unknown"
    message = _("등록된 온라인 채널을 찾을 수 없습니다.")


class OrderUnknown(NotFound):
    """No such order for this channel, or for this wallet."""

    code = "order_unknown"
    message = _("온라인 주문을 찾을 수 없습니다.")


class OrderPrepared(StateConflict):
    """The channel has prepared an order of that number."""

    code = "order_prepared"
    message = _("이미 준비한 주문번호입니다. 결과는 주문번호로 조회하십시오.")


class OrderPaid(StateConflict):
    """The order was paid before."""

    code = "order_paid"
    message = _("이미 결제된 주문입니다.")


class OrderNotPaid(StateConflict):
    """Nothing was paid that could be cancelled."""

    code = "order_not_paid"
    message = _("아직 결제되지 않은 주문입니다.")


class OrderExpired(DomainError):
    """The order was not confirmed in time."""

    code = "order_expired"
    message = _("승인 기한이 지난 주문입니다. 다시 주문해 주십시오.")


class OrderAmountDiffers(DomainError):
    """The amount that the citizen confirms is not that of the order."""

    code = "order_amount_differs"
    message = _("주문 금액과 승인하려는 금액이 다릅니다. 주문을 다시 확인하십시오.")


class OrderAmountExceedsItems(DomainError):
    """More would be paid than the items cost. ``items`` in won."""

    code = "order_amount_exceeds_items"
    message = _("결제금액이 상품 합계 %(items)s원보다 많습니다.")


register(
    payment_terms_missing=PaymentTermsMissing, token_unknown=TokenUnknown, token_expired=TokenExpired, token_used=TokenUsed,
    card_unknown=CardUnknown, card_ended=CardEnded, paymentcard_token_once=CardRegistered, trace_number_used=TraceNumberUsed,
    approval_reversed=ApprovalReversed, channel_unknown=ChannelUnknown, order_unknown=OrderUnknown, order_paid=OrderPaid,
    order_expired=OrderExpired, order_amount_differs=OrderAmountDiffers, onlineorder_once=OrderPrepared,
    order_amount_exceeds_items=OrderAmountExceedsItems, sale_not_of_this_app=SaleNotOfThisApp,
)  # fmt: skip
