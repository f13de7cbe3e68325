"""What the OpenAPI document tells of payments."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from merchants.qr_kit import rules as qr
from merchants.qr_kit.errors import MerchantUnknown, QRRetired
from vouchers.common.problems import (
    BodyTooLarge,
    FieldsInvalid,
    JsonInvalid,
    LengthRequired,
    MediaTypeUnsupported,
    RequestProblem,
)
from vouchers.ledger import errors as ledger
from vouchers.partners.api.documents import describe, describe_event
from vouchers.payments import errors
from vouchers.payments.api import bodies
from vouchers.webhooks.rules import EventType

_TAG: Final = _("결제")
_PAYMENT_ID = OpenApiParameter("payment", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("결제번호"))

_A_PAYMENT: Final[dict[str, Any]] = {
    "id": "019aa9a4-7c1e-7a53-9a0e-2f6d5a1c9b10", "state": "paid", "order_id": "ORD-20261122-0001",
    "wallet_id": "019aa9a0-11b2-7f00-8d3c-6a8f0c2e4d55", "merchant": {"code": "M000012345", "name": "행복분식"},
    "channel": "static_qr", "amount": 15000, "discount": 750, "paid_amount": 14250, "drawn": [
        {"kind": "allowance", "programme_id": "019aa9a0-0b7e-7c40-9d11-64f0a1d2c3b4", "amount": 10000},
        {"kind": "purchase", "programme_id": None, "amount": 4250},
    ], "cancelled_amount": 0, "business_date": "2026-11-22", "paid_at": "2026-11-22T03:04:05.678901Z",
}  # fmt: skip
_A_SHARED_CASHBACK: Final = {
    "amount": 425, "funds": [{"payer": "city", "amount": 255}, {"payer": "national", "amount": 170}],
}  # fmt: skip
_DRAWN_BY_NAME: Final = [
    _A_PAYMENT["drawn"][0] | {"name": "2026년 민생회복 소비쿠폰"}, _A_PAYMENT["drawn"][1] | {"name": "구매금"},
]  # fmt: skip
_NEW_PAYMENT: Final = {
    "wallet_id": _A_PAYMENT["wallet_id"],
    "qr": "00020101021126520013KR.GO.JANGTEO0110M0000123450212014FZ6K2QX7A0305412805204581253034105802KR5912HAPPY"
    " BUNSIK6009GOYANG-SI62080704T00163041B7E",
    "amount": 15000, "order_id": _A_PAYMENT["order_id"],
}  # fmt: skip
_A_CANCELLATION: Final = {
    "id": "019aa9a5-02d4-7b11-b1f7-30c9b7d1e8aa", "amount": 5000, "discount": 250, "business_date": "2026-11-22",
    "cancelled_at": "2026-11-22T03:10:00.000000Z",
    "payment": _A_PAYMENT | {"state": "partly_cancelled", "cancelled_amount": 5000},
}  # fmt: skip


create_payment = describe(
    "createPayment", tag=_TAG, summary=_("결제하기"), writes=True, body=bodies.NewPayment, body_example=_NEW_PAYMENT,
    description=_(
        "시민의 지갑에서 가맹점 QR로 결제합니다. 이 가맹점에서 사용할 수 있는 금액 가운데 유효기한이 먼저 끝나는 것부터, "
        "구매금은 마지막에 사용합니다. 가맹점이 스스로 할인하는 곳(혜택+)에서는 amount에서 할인액을 뺀 금액만 "
        "지갑에서 나갑니다. 다른 지방자치단체의 지갑은 없는 것과 같습니다(404)."
    ),
    reply=bodies.Payment, example=_A_PAYMENT,
    problems=(
        qr.QRNotAscii, qr.QRSchemeUnknown, qr.QRChecksumWrong, qr.QRMalformed, qr.QRKeyRetired, qr.QRForged,
        qr.QRExpired, qr.QRUsed, QRRetired, errors.QRElsewhere, errors.QRAmountDiffers, MerchantUnknown, ledger.MerchantNotActive,
        ledger.WalletUnknown, ledger.WalletNotActive, ledger.PaymentLimitExceeded, ledger.InsufficientFunds,
    ),
)  # fmt: skip
_SHOP = OpenApiParameter(
    "shop", {"type": "string", "pattern": "^M[0-9]{9}$"}, OpenApiParameter.PATH, description=_("가맹점번호")
)
_A_SALE_CODE: Final = {
    "id": "019aa9a6-1b2c-7d3e-8f40-5a6b7c8d9e0f", "state": "open", "merchant": _A_PAYMENT["merchant"], "amount": 15000,
    "order_id": "POS1-20261122-0001", "expires_at": "2026-11-22T03:07:05.000000Z", "payment_id": None,
    "qr": "00020101021226660013KR.GO.JANGTEO0110M0000123450212014FZ6K2QX7A0305412800410179537442552045812530341054051"
    "50005802KR5912HAPPY BUNSIK6009GOYANG-SI62530118POS1-20261122-0001052500B9A3X2WQ1D5F7H8J9K0L2M36304A1B2",
}  # fmt: skip
_SHOP_PROBLEMS = (MerchantUnknown, ledger.MerchantNotActive)
_MONEY_PROBLEMS = (
    ledger.WalletUnknown, ledger.WalletNotActive, ledger.PaymentLimitExceeded, ledger.InsufficientFunds,
)  # fmt: skip
create_sale_code = describe(
    "createSaleCode", tag=_TAG, summary=_("거래별 QR 생성"), writes=True, body=bodies.NewSaleCode,
    body_example={"amount": 15000, "order_id": "POS1-20261122-0001"}, reply=bodies.SaleCode, example=_A_SALE_CODE,
    description=_(
        "가맹점 앱이 한 거래의 금액이 담긴 QR을 만듭니다. expires_at까지 한 번만 결제할 수 있고, 같은 order_id로 다시 만들면 앞의 "
        "QR은 폐기됩니다."
    ),
    parameters=[_SHOP], problems=(*_SHOP_PROBLEMS, errors.PaymentTermsMissing, qr.QRFieldInvalid),
)  # fmt: skip
preview_payment = describe(
    "previewPayment", tag=_TAG, summary=_("결제 미리보기"), body=bodies.NewPreview,
    body_example={name: _NEW_PAYMENT[name] for name in ("wallet_id", "qr", "amount")}, reply=bodies.PaymentPreview,
    example={name: _A_PAYMENT[name] for name in ("merchant", "amount", "discount", "paid_amount")} | {
        "drawn": _DRAWN_BY_NAME, "cashback": _A_SHARED_CASHBACK,
    },
    description=_(
        "결제하면 어떤 금액이 어떤 순서로 사용되고 가맹점이 얼마를 할인하며 캐시백이 얼마일지 미리 봅니다. 결제와 같은 기준으로 같은 "
        "code로 거절하며, 아무것도 기록하거나 보류하지 않으므로 Idempotency-Key가 필요 없습니다. 캐시백은 지금까지의 사용액과 예산으로 "
        "계산한 예상액이며, 결제한 뒤 몇 초 안에 확정됩니다."
    ),
    problems=(
        RequestProblem, JsonInvalid, LengthRequired, BodyTooLarge, MediaTypeUnsupported, FieldsInvalid,
        qr.QRNotAscii, qr.QRSchemeUnknown, qr.QRChecksumWrong, qr.QRMalformed, qr.QRKeyRetired, qr.QRForged,
        qr.QRExpired, qr.QRUsed, QRRetired, errors.QRElsewhere, errors.QRAmountDiffers, *_SHOP_PROBLEMS, *_MONEY_PROBLEMS,
    ),
)  # fmt: skip
_A_SHOP_PAYMENT: Final[dict[str, Any]] = {name: _A_PAYMENT[name] for name in (
    "id", "state", "channel", "order_id", "amount", "discount", "paid_amount", "cancelled_amount", "business_date", "paid_at",
)} | {"channel": "dynamic_qr"}  # fmt: skip
list_shop_payments = describe(
    "listShopPayments", tag=_TAG, summary=_("가맹점 결제내역"), reply=bodies.ShopPayments, paged=True,
    example={"payments": [_A_SHOP_PAYMENT], "next_cursor": None},
    description=_("가맹점 앱이 가맹점의 결제를 최근 것부터 조회합니다. 결제한 시민에 관한 것은 없습니다."),
    parameters=[_SHOP], problems=(MerchantUnknown,),
)  # fmt: skip
read_shop_payment = describe(
    "readShopPayment", tag=_TAG, summary=_("가맹점 결제 조회"), reply=bodies.ShopPayment, example=_A_SHOP_PAYMENT,
    description=_("가맹점 앱이 가맹점의 결제 한 건의 현재 상태를 조회합니다. 결제한 시민에 관한 것은 없습니다."),
    parameters=[_SHOP, _PAYMENT_ID], problems=(MerchantUnknown, ledger.PaymentUnknown),
)  # fmt: skip
cancel_shop_payment = describe(
    "cancelShopPayment", tag=_TAG, summary=_("가맹점의 결제 취소"), writes=True, body=bodies.NewCancellation,
    body_required=False, body_example={"amount": 5000}, reply=bodies.ShopCancellation,
    example=_A_CANCELLATION | {"payment": _A_SHOP_PAYMENT | {"state": "partly_cancelled", "cancelled_amount": 5000}},
    description=_(
        "가맹점 앱이 보여 준 거래별 QR이나 읽은 시민 바코드로 결제한 것을 전부 또는 일부 취소합니다. amount가 없으면 남은 금액을 모두 "
        "취소합니다. 취소한 금액은 시민이 결제할 때 사용한 금액으로 되돌아갑니다."
    ),
    parameters=[_SHOP, _PAYMENT_ID],
    problems=(MerchantUnknown, ledger.PaymentUnknown, errors.SaleNotOfThisApp, ledger.RefundExceedsPayment,
              ledger.RefundBelowDiscount),
)  # fmt: skip
read_sale_code = describe(
    "readSaleCode", tag=_TAG, summary=_("거래별 QR 조회"), reply=bodies.SaleCode, example=_A_SALE_CODE,
    description=_("거래별 QR이 결제되었는지 확인합니다. 결제되었으면 payment_id가 있습니다."),
    parameters=[_SHOP, OpenApiParameter("code", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("QR 번호"))],
    problems=(errors.SaleUnknown,),
)  # fmt: skip
create_payment_token = describe(
    "createPaymentToken", tag=_TAG, summary=_("시민 바코드 발급"), writes=True, body=bodies.NoBody, body_required=False,
    reply=bodies.PaymentToken,
    example={
        "digits": "271828182845904523536028", "emv": "hQVDUFYwMWEjTwjwSkFOR1RFT1AHSkFOR1RFT2MP3wEMJxgoGChFkEUjU2Ao",
        "refresh_at": "2026-11-22T03:05:05.678901Z", "expires_at": "2026-11-22T03:07:05.678901Z",
    },
    description=_(
        "시민이 가맹점에 보여 줄 일회용 바코드·QR입니다. refresh_at이 되면 새로 발급받으십시오. 새로 발급하면 앞의 것은 바로 "
        "끝나고, 화면에 오래 두어도 expires_at 이후에는 결제되지 않습니다."
    ),
    parameters=[OpenApiParameter("wallet", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("지갑번호"))],
    problems=(ledger.WalletUnknown, ledger.WalletNotActive, errors.PaymentTermsMissing),
)  # fmt: skip
create_scanned_payment = describe(
    "createScannedPayment", tag=_TAG, summary=_("시민 바코드 결제"), writes=True, body=bodies.NewScannedPayment,
    body_example={"code": "271828182845904523536028", "merchant_code": "M000012345", "amount": 15000,
                  "order_id": _A_PAYMENT["order_id"]},
    description=_("가맹점 앱이 시민의 바코드나 QR을 읽어 결제합니다. 바코드 하나로 한 번만 결제됩니다."),
    reply=bodies.Payment, example=_A_PAYMENT | {"channel": "cpm"},
    problems=(errors.TokenUnknown, errors.TokenExpired, errors.TokenUsed, *_SHOP_PROBLEMS, *_MONEY_PROBLEMS),
)  # fmt: skip
list_payments = describe(
    "listPayments", tag=_TAG, summary=_("주문번호로 결제 조회"), reply=bodies.Payments,
    example={"payments": [_A_PAYMENT]}, problems=(FieldsInvalid,),
    description=_("결제 응답을 받지 못했을 때 주문번호로 찾습니다. 최근 것부터 100건까지이며, 없으면 빈 목록입니다."),
    parameters=[OpenApiParameter(
        "order_id", {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$"}, OpenApiParameter.QUERY,
        required=True, description=_("결제할 때 보낸 주문번호"),
    )],
)  # fmt: skip
read_payment = describe(
    "readPayment", tag=_TAG, summary=_("결제 한 건 조회"), reply=bodies.PaymentInFull,
    example=_A_PAYMENT | {"drawn": _DRAWN_BY_NAME, "cashback": {"state": "credited"} | _A_SHARED_CASHBACK},
    description=_(
        "결제의 현재 상태와 캐시백입니다. 캐시백은 결제한 뒤 몇 초 안에 확정되며(pending → credited 또는 none), 취소하면 그만큼 "
        "회수됩니다. 다른 연계기관이나 다른 지방자치단체의 결제는 없는 것과 같습니다(404)."
    ),
    parameters=[_PAYMENT_ID], problems=(ledger.PaymentUnknown,),
)  # fmt: skip
cancel_payment = describe(
    "cancelPayment", tag=_TAG, summary=_("결제 취소하기"), writes=True, body=bodies.NewCancellation, body_required=False,
    body_example={"amount": 5000}, reply=bodies.Cancellation, example=_A_CANCELLATION,
    description=_(
        "전부 또는 일부를 취소합니다. amount가 없으면 남은 금액을 모두 취소합니다. 취소한 금액은 결제할 때 사용한 금액으로 "
        "되돌아가며, 여러 번 나누어 취소할 수 있습니다."
    ),
    parameters=[_PAYMENT_ID], problems=(ledger.PaymentUnknown, ledger.RefundExceedsPayment, ledger.RefundBelowDiscount),
)  # fmt: skip
_A_NOTICE: Final[dict[str, Any]] = {name: value for name, value in _A_PAYMENT.items() if name != "drawn"}
describe_event("payment.paid", summary=EventType.PAYMENT_PAID.label, data=bodies.PaymentNotice, example=_A_NOTICE)
describe_event(
    "payment.cancelled", summary=EventType.PAYMENT_CANCELLED.label, data=bodies.CancellationNotice,
    example=_A_CANCELLATION | {"payment": _A_NOTICE | {"state": "partly_cancelled", "cancelled_amount": 5000}},
)  # fmt: skip
describe_event(
    "cashback.credited", summary=EventType.CASHBACK_CREDITED.label, data=bodies.CashbackNotice,
    example={
        "wallet_id": _A_PAYMENT["wallet_id"], "currency_id": "019aa9a0-0a11-7b22-8c33-d4e5f6a7b8c9", "amount": 425,
        "credited_at": "2026-11-22T03:04:08.000000Z",
    },
)  # fmt: skip
