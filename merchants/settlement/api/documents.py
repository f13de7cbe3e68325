"""What the OpenAPI document tells of on-demand exchange."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from merchants.qr_kit.errors import MerchantUnknown
from merchants.settlement import errors
from merchants.settlement.api import bodies
from vouchers.ledger.errors import MerchantNotActive
from vouchers.partners.api.documents import describe
from vouchers.wallets.errors import CurrencyUnknown

_TAG: Final = _("수시 환전")
_SHOP = OpenApiParameter(
    "shop", {"type": "string", "pattern": "^M[0-9]{9}$"}, OpenApiParameter.PATH, description=_("가맹점번호")
)
_CURRENCY_ID: Final = "019aa9a0-0c11-7d52-8a4e-3f1b2c3d4e5f"
_AN_EXCHANGE: Final[dict[str, Any]] = {
    "id": "019aa9b4-5d21-7a36-9c7d-8e9f0a1b2c3d", "currency_id": _CURRENCY_ID, "amount": 350000,
    "business_date": "2026-11-22", "exchanged_at": "2026-11-22T06:30:00.000000Z",
}  # fmt: skip

create_exchange = describe(
    "createExchange", tag=_TAG, summary=_("수시 환전"), writes=True, body=bodies.NewExchange,
    body_example={"currency_id": _CURRENCY_ID, "amount": 350000}, reply=bodies.Exchange, example=_AN_EXCHANGE,
    description=_(
        "아직 마감하지 않은 영업일의 매출을 바로 정산하여 이체 대기 목록에 넣습니다. 이 앱을 가맹점 앱으로 지정한 가맹점만 환전할 수 있고, "
        "취소와 수수료를 뺀 매출과 월 환전 한도 안에서 환전합니다. 환전한 뒤의 취소는 다음 정산에서 뺍니다."
    ),
    parameters=[_SHOP],
    problems=(
        MerchantUnknown, MerchantNotActive, CurrencyUnknown, errors.PayoutHeld, errors.ExchangeNotOffered,
        errors.ExchangeExceedsPending, errors.ExchangeLimitExceeded,
    ),
)  # fmt: skip
read_exchange = describe(
    "readExchange", tag=_TAG, summary=_("수시 환전 조회"), reply=bodies.Exchange, example=_AN_EXCHANGE,
    description=_("이 가맹점의 환전 한 건입니다. 공무원이 처리한 환전도 조회됩니다."),
    parameters=[
        _SHOP, OpenApiParameter("exchange", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("환전번호")),
    ],
    problems=(MerchantUnknown, errors.ExchangeUnknown),
)  # fmt: skip
read_exchangeable = describe(
    "readExchangeable", tag=_TAG, summary=_("환전 가능액 조회"), reply=bodies.ExchangeableByCurrency,
    example={
        "currencies": [{
            "currency_id": _CURRENCY_ID, "currency_name": "고양페이", "pending_amount": 420000, "monthly_limit": 50000000,
            "exchanged_this_month": 1200000, "available_amount": 420000, "on_hold": False,
        }]
    },
    description=_("지금 환전하면 얼마까지 환전할 수 있는지 상품권별로 알립니다. 금액을 잡아 두지는 않습니다."),
    parameters=[_SHOP], problems=(MerchantUnknown,),
)  # fmt: skip
