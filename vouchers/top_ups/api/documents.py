"""What the OpenAPI document tells of top-ups."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from vouchers.common.problems import FieldsInvalid
from vouchers.ledger import errors as ledger
from vouchers.partners.api.documents import describe, describe_event
from vouchers.top_ups import errors
from vouchers.top_ups.api import bodies
from vouchers.webhooks.rules import EventType

_TAG: Final = _("충전")
_TOP_UP_ID = OpenApiParameter("top_up", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("충전번호"))
_WALLET_ID = OpenApiParameter("wallet", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("지갑번호"))

_A_TOP_UP: Final[dict[str, Any]] = {
    "id": "019aa9b1-52c0-7c11-8a4b-90d1c3a5e7f2", "state": "requested", "order_id": "TOP-20261122-0001",
    "wallet_id": "019aa9a0-11b2-7f00-8d3c-6a8f0c2e4d55", "kind": "discount", "amount": 500_000, "pays": 450_000,
    "benefit": 50_000, "gets": 500_000, "payers": [
        {"name": "국비 지원금", "kind": "national", "amount": 20_000}, {"name": "시비", "kind": "city", "amount": 30_000},
    ],
    "refunded": 0, "requested_at": "2026-11-22T03:04:05.678901Z", "expires_at": "2026-11-22T03:34:05.678901Z",
    "completed_at": None, "cancelled_at": None, "refund_id": None,
}  # fmt: skip
_COMPLETED: Final = _A_TOP_UP | {"state": "completed", "completed_at": "2026-11-22T03:06:07.123456Z"}
_CANCELLED: Final = _COMPLETED | {
    "state": "cancelled", "cancelled_at": "2026-11-22T05:00:00.000000Z", "refunded": 450_000,
    "refund_id": "019aaa1b-7d7e-7001-9be5-0f5a3c2b1d44",
}  # fmt: skip
_A_REFUND: Final = {
    "id": "019aaa1b-7d7e-7001-9be5-0f5a3c2b1d44", "wallet_id": _A_TOP_UP["wallet_id"], "state": "waiting",
    "amount": 180_000, "benefit_returned": 20_000, "requested_at": "2026-11-22T05:00:00.000000Z", "paid_at": None,
    "kept": [{
        "top_up_id": "019aa9c0-0a51-7d0e-8d6f-4b1b2f3c9a10", "amount": 100_000, "reason": "not_used_enough",
        "needed": 60_000,
    }],
}  # fmt: skip
_ACCOUNT: Final = {"account": {"bank": "088", "number": "110123456789", "holder": "KIM JANGTEO"}}
_LIMITS = (errors.DayLimit, errors.MonthLimit, errors.YearLimit, errors.HoldingLimit)

create_top_up = describe(
    "createTopUp", tag=_TAG, summary=_("충전 신청"), writes=True, body=bodies.NewTopUp, reply=bodies.TopUp,
    body_example={"wallet_id": _A_TOP_UP["wallet_id"], "amount": 500_000, "order_id": _A_TOP_UP["order_id"]},
    example=_A_TOP_UP,
    description=_(
        "충전을 신청합니다. 응답의 pays가 구매자가 낼 금액, gets가 지갑에 들어올 금액입니다. 선할인 상품권은 amount가 액면이고 "
        "(50만 원권을 45만 원에), 충전 인센티브 상품권은 amount가 낼 금액입니다(50만 원을 내면 55만 원). expires_at까지 "
        "펀딩은행이 입금을 확인하면 충전되고, 그때까지 한도에 포함됩니다."
    ),
    problems=(
        ledger.WalletUnknown, ledger.WalletNotActive, errors.PurchaseNotOpen, errors.BelowMinimum, errors.NotInUnits,
        *_LIMITS,
    ),
)  # fmt: skip
list_top_ups = describe(
    "listTopUps", tag=_TAG, summary=_("주문번호로 충전 조회"), reply=bodies.TopUps, example={"top_ups": [_A_TOP_UP]},
    problems=(FieldsInvalid,),
    description=_("충전 응답을 받지 못했을 때 주문번호로 찾습니다. 최근 것부터 100건까지이며, 없으면 빈 목록입니다."),
    parameters=[OpenApiParameter(
        "order_id", {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$"}, OpenApiParameter.QUERY,
        required=True, description=_("충전을 신청할 때 보낸 주문번호"),
    )],
)  # fmt: skip
read_top_up = describe(
    "readTopUp", tag=_TAG, summary=_("충전 조회"), reply=bodies.TopUp, example=_COMPLETED,
    description=_("충전의 현재 상태입니다. 신청한 앱, 입금을 확인한 기관, 지갑의 앱에만 보입니다."),
    parameters=[_TOP_UP_ID], problems=(errors.TopUpUnknown,),
)  # fmt: skip
confirm_deposit = describe(
    "confirmDeposit", tag=_TAG, summary=_("입금 확인(펀딩은행)"), writes=True, body=bodies.NewDeposit, reply=bodies.TopUp,
    body_example={"amount": 450_000, "reference": "20261122-000123"}, example=_COMPLETED,
    description=_(
        "구매자가 낸 돈을 받았음을 알립니다. 금액은 pays와 같아야 하고, 은행 거래번호(reference)는 한 번만 쓸 수 있습니다. "
        "같은 입금을 다시 알리면 처음과 같은 응답을 받습니다. 거절되면 입금액을 구매자에게 돌려주십시오."
    ),
    parameters=[_TOP_UP_ID],
    problems=(
        errors.TopUpUnknown, errors.TopUpExpired, errors.TopUpCancelled, errors.TopUpCompleted, errors.DepositDiffers,
        errors.DepositUsed, errors.PurchaseNotOpen, *_LIMITS, ledger.WalletNotActive, ledger.BenefitFundShort,
    ),
)  # fmt: skip
cancel_top_up = describe(
    "cancelTopUp", tag=_TAG, summary=_("충전 취소(청약철회)"), writes=True, body=bodies.NewTopUpCancellation,
    body_required=False, body_example=_ACCOUNT, reply=bodies.TopUp, example=_CANCELLED,
    description=_(
        "입금 전이면 신청을 거두고, 충전한 뒤에는 청약철회 기간에 한 푼도 쓰지 않았을 때 취소합니다. 낸 돈은 계좌로 돌려주고, "
        "혜택은 재원으로 돌아갑니다. account가 없으면 회원이 등록한 계좌로 보냅니다."
    ),
    parameters=[_TOP_UP_ID],
    problems=(
        errors.TopUpUnknown, errors.TopUpCancelled, errors.WithdrawalPeriodOver, errors.TopUpUsed,
        errors.RefundAccountMissing,
    ),
)  # fmt: skip
refund_balance = describe(
    "refundBalance", tag=_TAG, summary=_("잔액 환불 신청"), writes=True, body=bodies.NewRefund, body_required=False,
    body_example=_ACCOUNT, reply=bodies.BalanceRefund, example=_A_REFUND,
    description=_(
        "조례가 정한 비율(60~80%) 이상 사용한 충전마다 남은 금액 중 구매자가 낸 부분을 환불합니다. 혜택 부분은 환불되지 않고 "
        "재원으로 돌아갑니다. 사용률은 사용액 ÷ (충전액 − 선물로 보낸 금액)이며, 선물받은 금액은 환불되지 않습니다. kept는 지갑에 "
        "남은 충전과 그 까닭, 더 사용해야 할 금액입니다."
    ),
    parameters=[_WALLET_ID],
    problems=(
        ledger.WalletUnknown, ledger.WalletNotActive, errors.RefundTooEarly, errors.NothingToRefund,
        errors.RefundAccountMissing,
    ),
)  # fmt: skip

_A_RULE: Final = {
    "id": "019aaa20-1f0a-7b6e-8c9d-2d3e4f5a6b7c", "wallet_id": _A_TOP_UP["wallet_id"], "state": "active",
    "amount": 100_000, "below": 10_000, "day_of_month": None, "failures": 0, "reason": "",
}  # fmt: skip
set_auto_top_up = describe(
    "setAutoTopUp", tag=_TAG, summary=_("자동충전 설정"), writes=True, body=bodies.NewAutoTopUp,
    body_example={"amount": 100_000, "below": 10_000}, reply=bodies.AutoTopUpRule, example=_A_RULE,
    description=_(
        "잔액이 below보다 적을 때, 또는 매월 day_of_month에 amount만큼 충전을 신청합니다. 신청마다 top_up.requested 알림이 "
        "펀딩은행에 가고, 한도는 보통 충전과 같습니다. 앞의 설정은 새 설정으로 바뀝니다."
    ),
    parameters=[_WALLET_ID], problems=(ledger.WalletUnknown, errors.AutoTopUpChanged),
)  # fmt: skip
read_auto_top_up = describe(
    "readAutoTopUp", tag=_TAG, summary=_("자동충전 조회"), reply=bodies.AutoTopUpRule, example=_A_RULE,
    description=_(
        "세 번 이어서 실패하면 state가 paused가 되고 reason에 까닭이 남습니다. 다시 설정하면 다시 시작합니다. 회원의 요청으로 지자체가 "
        "해지한 뒤에도 없는 것과 같습니다(404)."
    ),
    parameters=[_WALLET_ID], problems=(errors.AutoTopUpUnknown,),
)  # fmt: skip
stop_auto_top_up = describe(
    "stopAutoTopUp", tag=_TAG, summary=_("자동충전 해지"), writes=True, reply=bodies.AutoTopUpRule,
    example=_A_RULE | {"state": "stopped"},
    description=_("언제든지 해지할 수 있습니다. 이미 신청한 충전은 입금 기한까지 남습니다."),
    parameters=[_WALLET_ID], problems=(ledger.WalletUnknown, errors.AutoTopUpUnknown),
)  # fmt: skip
_A_NOTICE: Final = {
    "top_up_id": "019aa9b0-2c4d-7e5f-8a6b-7c8d9e0f1a2b", "order_id": "TOP-20261122-0001",
    "wallet_id": "019aa9a0-11b2-7f00-8d3c-6a8f0c2e4d55", "pays": 450_000, "gets": 500_000,
    "expires_at": "2026-11-23T03:00:00.000000Z",
}  # fmt: skip
for _state, _kind in (
    ("requested", EventType.TOP_UP_REQUESTED), ("completed", EventType.TOP_UP_COMPLETED), ("cancelled", EventType.TOP_UP_CANCELLED),
):  # fmt: skip
    describe_event(str(_kind), summary=_kind.label, data=bodies.TopUpNotice, example=_A_NOTICE | {"state": _state})
describe_event(
    "refund.completed", summary=EventType.REFUND_COMPLETED.label, data=bodies.RefundNotice,
    example={
        "refund_id": "019aa9b1-3d5e-7f60-9b7c-8d9e0f1a2b3c", "state": "paid", "wallet_id": _A_NOTICE["wallet_id"],
        "top_up_id": _A_NOTICE["top_up_id"], "amount": 450_000,
    },
)  # fmt: skip
