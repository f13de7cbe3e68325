"""What the OpenAPI document tells of webhooks."""

from __future__ import annotations

from typing import Any, Final

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from vouchers.partners.api.documents import describe, describe_event
from vouchers.webhooks import errors
from vouchers.webhooks.api import bodies
from vouchers.webhooks.rules import PING

_TAG: Final = _("알림(웹훅)")
_ENDPOINT: Final = OpenApiParameter(
    "endpoint", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("수신 주소 번호")
)
_EVENT: Final = OpenApiParameter("event", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("알림번호"))

_AN_ENDPOINT: Final[dict[str, Any]] = {
    "id": "019aa9a1-3c5d-7e20-b4a6-8d7c6b5a4f30", "url": "https://app.example/hooks",
    "event_types": ["payment.paid", "payment.cancelled"], "state": "pending", "disabled_for": None,
    "failing_since": None, "created_at": "2026-11-22T03:00:00.000000Z",
}  # fmt: skip
_ACTIVE: Final = _AN_ENDPOINT | {"state": "active"}
_A_SECRET: Final = "whsec_" + "A" * 43 + "="
_AN_EVENT: Final[dict[str, Any]] = {
    "id": "019aa9a4-7c20-7d41-8e5f-9a0b1c2d3e4f", "type": "payment.paid", "timestamp": "2026-11-22T03:04:05.678901Z",
    "data": {"id": "019aa9a4-7c1e-7a53-9a0e-2f6d5a1c9b10", "amount": 15000},
}  # fmt: skip
_TOLD: Final[dict[str, Any]] = {
    "event": _AN_EVENT,
    "deliveries": [{
        "endpoint_id": _AN_ENDPOINT["id"], "state": "delivered", "attempts": 1,
        "last_attempt_at": "2026-11-22T03:04:06.800000Z", "last_status": 200, "last_error": None,
        "next_attempt_at": None,
    }],
}  # fmt: skip
_SPECIFICATION: Final = format_lazy(
    "{0}\n\n{1}\n\n```\nwebhook-id: 019aa9a4-7c20-7d41-8e5f-9a0b1c2d3e4f\nwebhook-timestamp: 1795316646\n"
    "webhook-signature: v1,…\n\n"
    '{{"type":"payment.paid","timestamp":"2026-11-22T03:04:05.678901Z","data":{{"amount":15000,"id":"…"}}}}\n'
    "```\n\n{2}\n\n{3}\n\n{4}",
    _(
        "등록하면 확인 메시지(webhook.ping)를 보내며, 수신 서버가 2xx로 응답하면 사용 중(active)이 됩니다. 그 전에 일어난 일은 "
        "재전송을 요청하여 받으십시오. 응답의 secret은 다시 볼 수 없으니 안전하게 보관하십시오."
    ),
    _("메시지는 Standard Webhooks 규격(https://www.standardwebhooks.com)을 따르는 POST 요청입니다."),
    _(
        "webhook-signature는 `webhook-id.webhook-timestamp.본문`의 HMAC-SHA256 값을 Base64로 쓴 것으로, 키는 secret에서 whsec_를 뺀 "
        "나머지를 Base64로 푼 값입니다. 비밀값을 바꾸는 동안에는 서명이 공백으로 나뉘어 여럿 있으며 하나만 맞으면 됩니다. "
        "webhook-timestamp가 현재 시각과 5분 넘게 다르면 거절하십시오."
    ),
    _(
        "15초 안에 2xx로 응답해야 받은 것으로 봅니다. 아니면 5초, 5분, 30분, 2시간, 5시간, 10시간, 14시간, 20시간, 24시간 뒤에 다시 "
        "보냅니다. 410으로 응답하거나 며칠 동안 계속 실패하면 수신 주소의 사용이 중지됩니다. 주소 이동(3xx)은 따라가지 않습니다."
    ),
    _(
        "같은 메시지가 두 번 갈 수 있고 순서가 바뀔 수 있습니다. webhook-id가 같으면 한 번만 처리하십시오. 메시지에는 개인정보가 "
        "없으므로 자세한 내용은 조회하십시오."
    ),
)

create_endpoint = describe(
    "createWebhookEndpoint", tag=_TAG, summary=_("수신 주소 등록"), writes=True, body=bodies.NewEndpoint,
    body_example={"url": "https://app.example/hooks", "event_types": ["payment.paid", "payment.cancelled"]},
    description=_SPECIFICATION, reply=bodies.NewWebhookEndpoint,
    example={"webhook_endpoint": _AN_ENDPOINT, "secret": _A_SECRET}, problems=(errors.TooManyEndpoints,),
)  # fmt: skip
list_endpoints = describe(
    "listWebhookEndpoints", tag=_TAG, summary=_("수신 주소 목록"), reply=bodies.WebhookEndpoints,
    example={"webhook_endpoints": [_ACTIVE]}, description=_("등록한 수신 주소를 최근 것부터 모두 조회합니다."),
)  # fmt: skip
read_endpoint = describe(
    "readWebhookEndpoint", tag=_TAG, summary=_("수신 주소 조회"), reply=bodies.WebhookEndpoint, example=_ACTIVE,
    description=_("수신 주소의 현재 상태입니다."), parameters=[_ENDPOINT], problems=(errors.EndpointUnknown,),
)  # fmt: skip
rotate_secret = describe(
    "rotateWebhookSecret", tag=_TAG, summary=_("서명 비밀값 교체"), writes=True, body=bodies.NewRotation,
    body_example={"keep_previous_hours": 24}, body_required=False, reply=bodies.Rotation,
    description=_(
        "새 비밀값을 발급합니다. keep_previous_hours 동안은 이전 비밀값으로도 서명하므로 그동안 바꾸십시오. 비밀값이 유출되었으면 0을 "
        "보내십시오. 그보다 먼저 쓰던 비밀값은 바로 만료됩니다."
    ),
    example={"webhook_endpoint": _ACTIVE, "secret": _A_SECRET, "previous_expires_at": "2026-11-23T03:00:00.000000Z"},
    parameters=[_ENDPOINT], problems=(errors.EndpointUnknown,),
)  # fmt: skip
verify_endpoint = describe(
    "verifyWebhookEndpoint", tag=_TAG, summary=_("수신 확인 요청"), writes=True, reply=bodies.WebhookEndpoint,
    example=_AN_ENDPOINT, parameters=[_ENDPOINT], problems=(errors.EndpointUnknown,),
    description=_(
        "확인 메시지(webhook.ping)를 다시 보냅니다. 사용이 중지된 수신 주소도 2xx로 응답하면 다시 사용할 수 있습니다. 중지된 동안의 "
        "알림은 재전송을 요청하여 받으십시오."
    ),
)  # fmt: skip
delete_endpoint = describe(
    "deleteWebhookEndpoint", tag=_TAG, summary=_("수신 주소 삭제"), writes=True, reply=bodies.WebhookEndpoint,
    example=_AN_ENDPOINT | {"state": "deleted"}, parameters=[_ENDPOINT], problems=(errors.EndpointUnknown,),
    description=_("더 이상 보내지 않습니다. 보내지 못한 알림도 보내지 않습니다."),
)  # fmt: skip
replay_missed = describe(
    "replayMissedEvents", tag=_TAG, summary=_("받지 못한 알림 모두 재전송"), writes=True, body=bodies.NewMissedReplay,
    body_example={"since": "2026-11-22T00:00:00+09:00"}, reply=bodies.WebhookEndpoint, example=_ACTIVE,
    description=_("since 이후의 알림 가운데 이 수신 주소가 끝내 받지 못했거나 사용 중이 아닐 때 일어난 것을 모두 다시 보냅니다."),
    parameters=[_ENDPOINT], problems=(errors.EndpointUnknown, errors.EndpointNotActive),
)  # fmt: skip
list_events = describe(
    "listEvents", tag=_TAG, summary=_("알림 목록"), reply=bodies.Events, paged=True,
    example={"events": [_AN_EVENT], "next_cursor": None},
    description=_("구독한 종류의 알림을 최근 것부터 조회합니다. 보관 기간이 지난 알림은 없습니다."),
)  # fmt: skip
read_event = describe(
    "readEvent", tag=_TAG, summary=_("알림 조회"), reply=bodies.EventWithDeliveries, example=_TOLD,
    description=_("알림의 내용과 수신 주소마다의 전송 상태입니다."), parameters=[_EVENT], problems=(errors.EventUnknown,),
)  # fmt: skip
replay_event = describe(
    "replayEvent", tag=_TAG, summary=_("알림 재전송"), writes=True, reply=bodies.EventWithDeliveries,
    example=_TOLD | {"deliveries": [_TOLD["deliveries"][0] | {
        "state": "waiting", "attempts": 0, "next_attempt_at": "2026-11-22T04:00:00.000000Z",
    }]},
    description=_("이 종류를 구독한 사용 중인 모든 수신 주소로 다시 보냅니다. webhook-id는 처음과 같습니다."),
    parameters=[_EVENT], problems=(errors.EventUnknown, errors.NobodyToTell),
)  # fmt: skip
describe_event(
    PING, summary=_("수신 확인 메시지"), data=bodies.PingNotice, example={"endpoint_id": _AN_ENDPOINT["id"]},
)  # fmt: skip
