"""What the OpenAPI document tells of gifts."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from vouchers.gifts import errors
from vouchers.gifts.api import bodies
from vouchers.ledger import errors as ledger
from vouchers.partners.api.documents import describe, describe_event
from vouchers.webhooks.rules import EventType

_TAG: Final = _("선물")
_WALLET_ID: Final = "019aa9a0-11b2-7f00-8d3c-6a8f0c2e4d55"
_A_GIFT: Final[dict[str, Any]] = {
    "id": "019aa9a7-3d10-7c25-b6e4-9a0f1c2d3e44", "amount": 20000, "message": "",
    "giver": {"name": "김*터", "wallet_id": _WALLET_ID}, "receiver": {"name": "이*음", "wallet_id": None},
    "business_date": "2026-11-22", "given_at": "2026-11-22T03:20:00.000000Z",
}  # fmt: skip

create_gift = describe(
    "createGift", tag=_TAG, summary=_("선물하기"), writes=True, body=bodies.NewGift,
    body_example={
        "wallet_id": _WALLET_ID, "amount": 20000, "receiver_wallet_id": "019aa9a0-2c41-7b66-9e0d-5f7a8b9c0d1e",
    },
    description=_(
        "같은 상품권을 쓰는 다른 시민에게 선물합니다. 구매금만 보낼 수 있으며(상품권의 기준에 따라 다를 수 있음) 정책수당은 보낼 수 "
        "없습니다. 유효기한이 먼저 끝나는 것부터 보내고, 받은 금액의 유효기한과 사용처는 그대로이며 환불되지 않습니다. 받는 분은 "
        "지갑번호나 성명과 휴대전화로 지정하며, 찾을 수 없거나 받을 수 없는 까닭은 알리지 않습니다. "
        "법인 지갑은 선물하거나 받을 수 없습니다. 받는 분의 앱에는 gift.received 알림이 갑니다."
    ),
    reply=bodies.Gift, example=_A_GIFT,
    problems=(
        ledger.WalletUnknown, ledger.WalletNotActive, errors.GiftsNotOffered, errors.GiftToOneself, errors.ReceiverUnknown,
        errors.GiftFromCorporation, errors.GiftExceedsBalance, errors.GiftLimitExceeded, errors.ReceiverHoldsTooMuch,
    ),
)  # fmt: skip
read_gift = describe(
    "readGift", tag=_TAG, summary=_("선물 조회"), reply=bodies.Gift, example=_A_GIFT,
    description=_("이 앱의 지갑이 보내거나 받은 선물입니다. 다른 앱 사이의 선물은 없는 것과 같습니다(404)."),
    parameters=[OpenApiParameter("gift", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("선물번호"))],
    problems=(errors.GiftUnknown,),
)  # fmt: skip
describe_event(
    "gift.received", summary=EventType.GIFT_RECEIVED.label, data=bodies.GiftNotice,
    example={
        "gift_id": "019aa9b0-2c4d-7e5f-8a6b-7c8d9e0f1a2b", "wallet_id": "019aa9a0-11b2-7f00-8d3c-6a8f0c2e4d55",
        "amount": 10_000, "given_at": "2026-11-22T03:04:05.678901Z",
    },
)  # fmt: skip
