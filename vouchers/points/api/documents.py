"""What the OpenAPI document tells of points."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from vouchers.common.problems import FieldsInvalid
from vouchers.ledger.errors import WalletUnknown
from vouchers.partners.api.documents import describe, describe_event
from vouchers.points import errors
from vouchers.points.api import bodies
from vouchers.webhooks.rules import EventType

_TAG: Final = _("포인트")
_AN_ITEM: Final[dict[str, Any]] = {
    "external_id": "BUS-20261102-000123", "kind": "bus_ride", "wallet_id": "019aa9a0-11b2-7f00-8d3c-6a8f0c2e4d55",
    "occurred_at": "2026-11-02T07:30:00+09:00", "amount": 1450,
}  # fmt: skip
_AN_ACTIVITY: Final[dict[str, Any]] = {
    "id": "019aa9b0-3c41-7d52-8a11-5b0c6e2f9d77", "external_id": _AN_ITEM["external_id"], "kind": "bus_ride",
    "state": "accepted", "reason": "", "occurred_at": "2026-11-01T22:30:00Z", "amount": 1450, "quantity": None,
    "received_at": "2026-11-02T15:00:00Z",
}  # fmt: skip
_MONTH = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"

create_activities = describe(
    "createActivities", tag=_TAG, summary=_("활동 실적 등록"), writes=True, body=bodies.NewActivities,
    body_example={"activities": [_AN_ITEM]}, reply=bodies.ActivitiesTaken,
    example={
        "id": "019aa9b0-3c40-7b11-9c2e-0d4f5a6b7c88", "accepted": 1, "rejected": 0, "refused": 0,
        "results": [{
            "external_id": _AN_ITEM["external_id"], "outcome": "accepted", "reason": "", "activity_id": _AN_ACTIVITY["id"],
        }],
    },
    description=_(
        "시민이 한 활동을 한 번에 1,000건까지 등록합니다. 건마다 따로 처리하며, 같은 external_id는 한 번만 인정합니다. "
        "rejected는 사유와 함께 남아 담당 공무원이 볼 수 있고, 고쳐서 같은 external_id로 다시 보낼 수 있습니다. refused는 "
        "남기지 않습니다. kind_unknown은 이 기관이 제공할 수 없는 활동 종류, value_missing은 금액이나 수량이 없는 실적, "
        "external_id_reused는 이미 인정된 번호에 다른 내용을 보낸 것입니다."
    ),
)  # fmt: skip
list_activities = describe(
    "listActivities", tag=_TAG, summary=_("활동 실적 목록"), paged=True, reply=bodies.Activities,
    example={"activities": [_AN_ACTIVITY], "next_cursor": None},
    description=_("이 기관이 등록한 실적을 최근 것부터 조회합니다. state를 주면 그 상태의 것만 조회합니다."),
    parameters=[OpenApiParameter(
        "state", {"type": "string", "enum": ["accepted", "rejected", "counted", "withdrawn"]}, OpenApiParameter.QUERY,
        description=_("실적의 상태"),
    )],
)  # fmt: skip
read_activity = describe(
    "readActivity", tag=_TAG, summary=_("활동 실적 조회"), reply=bodies.ActivityDone, example=_AN_ACTIVITY,
    description=_("실적의 현재 상태입니다. 다른 기관의 실적은 없는 것과 같습니다(404)."),
    parameters=[OpenApiParameter("activity", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("실적번호"))],
    problems=(errors.ActivityUnknown,),
)  # fmt: skip
read_points = describe(
    "readWalletPoints", tag=_TAG, summary=_("지갑의 월별 포인트"), reply=bodies.WalletPoints,
    example={
        "month": "2026-11", "points": 1000, "paid": 0,
        "activities": [{
            "activity_id": _AN_ACTIVITY["id"], "programme": "탄소지움", "kind": "bus_ride", "kind_name": "평일 첫 버스 이용",
            "occurred_at": "2026-11-01T22:30:00Z", "counts_on": "2026-11-02", "points_before_limits": 1450, "points": 1000, "paid": 0,
            "why": "over_cap", "cuts": [{"limit": "programme", "period": "week", "points": 450}],
        }],
    },
    description=_(
        "그달에 적립되는 포인트와, 활동마다 얼마가 적립되는지와 그 까닭입니다. 지급 전에는 지금까지 들어온 실적으로 계산한 "
        "예상액입니다. why는 적립되지 않은 까닭으로, too_young은 나이, day_off는 적립하지 않는 날, not_first는 하루의 첫 활동이 "
        "아님, over_cap은 한도 초과입니다. cuts는 어느 한도에서 얼마가 줄었는지입니다. kind는 그 활동의 한도, programme은 사업의 모든 "
        "활동을 합한 통합 한도입니다. 최근 1,000건까지입니다."
    ),
    parameters=[
        OpenApiParameter("wallet", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("지갑번호")),
        OpenApiParameter(
            "month", {"type": "string", "pattern": _MONTH}, OpenApiParameter.QUERY,
            description=_("조회할 달(예: 2026-11). 없으면 이번 달입니다."),
        ),
    ],
    problems=(WalletUnknown, FieldsInvalid),
)  # fmt: skip
describe_event(
    "points.credited", summary=EventType.POINTS_CREDITED.label, data=bodies.PointsNotice,
    example={
        "wallet_id": "019aa9a0-11b2-7f00-8d3c-6a8f0c2e4d55", "amount": 2_900, "programme": "탄소중립 포인트",
        "period_from": "2026-11-01", "expires_at": "2027-11-30T15:00:00.000000Z",
    },
)  # fmt: skip
