"""What requests about endpoints and events may contain, and what answers do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, cast
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from msgspec import Meta, Struct

from vouchers.common.api import RequestBody
from vouchers.partners.api.bodies import Moment
from vouchers.webhooks import models
from vouchers.webhooks.rules import LONGEST_URL, EventType

URL_HINTS: Mapping[str, Any] = {
    "malformed": _("https://로 시작하는 500자 이하의 ASCII 주소여야 합니다. 아이디와 비밀번호, #을 넣을 수 없습니다."),
    "scheme": _("https 주소여야 합니다."),
    "port": _("포트는 443 또는 8443이어야 합니다."),
    "address": _("인터넷에 공개된 서버의 주소여야 합니다."),
}


if TYPE_CHECKING:
    Subscribed = str
else:
    Subscribed = Literal[tuple(EventType.values)]


class NewEndpoint(RequestBody, frozen=True):
    """An address that is to be told of these types."""

    about: ClassVar[Any] = _("이 종류의 알림을 받을 주소.")

    url: Annotated[
        str,
        Meta(
            min_length=1, max_length=LONGEST_URL, pattern=r"^https?://[!-~]+\Z", examples=["https://app.example/hooks"]
        ),
    ]
    event_types: Annotated[list[Subscribed], Meta(min_length=1, max_length=20)]

    hints: ClassVar[Mapping[str, Any]] = {
        "url": URL_HINTS["malformed"],
        "event_types": _("알림 종류를 1개 이상 보내야 합니다."),
    }


class NewRotation(RequestBody, frozen=True):
    """For how many hours the present secret goes on signing beside the new one."""

    about: ClassVar[Any] = _("지금의 비밀값으로 몇 시간 더 함께 서명할지.")

    keep_previous_hours: Annotated[int, Meta(ge=0, le=168)] = 24

    hints: ClassVar[Mapping[str, Any]] = {"keep_previous_hours": _("0 이상 168 이하의 정수여야 합니다.")}


class NewMissedReplay(RequestBody, frozen=True):
    """Everything missed since then."""

    about: ClassVar[Any] = _("이때부터 받지 못한 모든 알림.")

    since: Annotated[datetime, Meta(tz=True)]

    hints: ClassVar[Mapping[str, Any]] = {"since": _("시간대가 있는 RFC 3339 일시여야 합니다.")}


class Nothing(RequestBody, frozen=True):
    """For requests that need no more than their address."""

    about: ClassVar[Any] = _("주소 말고는 보낼 내용이 없습니다.")


class WebhookEndpoint(Struct, frozen=True):
    """``disabled_for`` says why a disabled one gets nothing. ``failing_since``: nothing could be sent since then."""

    about: ClassVar[Any] = _("`disabled_for`는 사용이 중지된 까닭, `failing_since`는 전송이 실패하기 시작한 때입니다.")

    id: UUID
    url: str
    event_types: list[str]
    state: Literal["pending", "active", "disabled", "deleted"]
    disabled_for: Literal["unverified", "gone", "failing", "official"] | None
    failing_since: Moment | None
    created_at: Moment


class WebhookEndpoints(Struct, frozen=True):
    """Newest first."""

    about: ClassVar[Any] = _("최근 것부터.")

    webhook_endpoints: list[WebhookEndpoint]


class NewWebhookEndpoint(Struct, frozen=True):
    """``secret`` is shown in this answer alone; null when it has been replaced meanwhile."""

    about: ClassVar[Any] = _("`secret`은 이 응답에만 있습니다. 그 사이 교체되었으면 null입니다.")

    webhook_endpoint: WebhookEndpoint
    secret: str | None


class Rotation(Struct, frozen=True):
    """``secret`` is shown in this answer alone. Until ``previous_expires_at`` messages carry both signatures."""

    about: ClassVar[Any] = _("`secret`은 이 응답에만 있습니다. `previous_expires_at`까지는 두 비밀값으로 서명합니다.")

    webhook_endpoint: WebhookEndpoint
    secret: str | None
    previous_expires_at: Moment | None


class Event(Struct, frozen=True):
    """What a message says: ``type``, ``timestamp`` and ``data`` are its body, ``id`` is its webhook-id."""

    about: ClassVar[Any] = _("알림. `type`, `timestamp`, `data`가 메시지의 본문이고 `id`가 webhook-id입니다.")

    id: UUID
    type: str
    timestamp: Moment
    data: dict[str, Any]


class Events(Struct, frozen=True):
    """Newest first. ``next_cursor`` leads to the next page; null at the end."""

    about: ClassVar[Any] = _("최근 것부터. `next_cursor`로 다음 쪽을 조회하며, 끝이면 null입니다.")

    events: list[Event]
    next_cursor: str | None


class EventDelivery(Struct, frozen=True):
    """The telling of an event to one endpoint. ``last_error``: why there was no answer to the last attempt."""

    about: ClassVar[Any] = _("수신 주소 한 곳으로의 전송. `last_error`는 마지막 시도에 응답이 없던 까닭입니다.")

    endpoint_id: UUID
    state: Literal["waiting", "delivered", "failed"]
    attempts: int
    last_attempt_at: Moment | None
    last_status: int | None
    last_error: str | None
    next_attempt_at: Moment | None


class PingNotice(Struct, frozen=True):
    """The message that an endpoint answers with 2xx to become active."""

    about: ClassVar[Any] = _("수신 주소가 2xx로 응답하면 사용 중이 되는 확인 메시지.")

    endpoint_id: UUID


class EventWithDeliveries(Struct, frozen=True):
    """An event, and how the telling of it went."""

    about: ClassVar[Any] = _("알림과 전송 상태.")

    event: Event
    deliveries: list[EventDelivery]


def endpoint_of(row: models.WebhookEndpoint) -> WebhookEndpoint:
    """The answer for an endpoint."""
    return WebhookEndpoint(
        id=row.pk, url=row.url, event_types=row.event_types, state=cast("Any", row.state),
        disabled_for=cast("Any", row.disabled_for or None), failing_since=row.failing_since, created_at=row.created_at,
    )  # fmt: skip


def shown(secret: models.WebhookSecret | None) -> str | None:
    """The secret itself."""
    return None if secret is None or secret.secret is None else secret.secret.reveal()


def event_of(row: models.WebhookEvent) -> Event:
    """The answer for an event."""
    return Event(row.pk, row.type, row.at, row.data)


def delivery_of(row: models.WebhookDelivery) -> EventDelivery:
    """The answer for a delivery."""
    return EventDelivery(
        endpoint_id=row.endpoint_id, state=cast("Any", row.state), attempts=row.attempts, last_attempt_at=row.last_at,
        last_status=row.last_status, last_error=row.last_error or None,
        next_attempt_at=row.due_at if row.state == "waiting" else None,
    )  # fmt: skip
