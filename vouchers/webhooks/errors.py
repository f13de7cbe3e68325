"""Why an endpoint is not made, found or changed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.errors import NotFound, StateConflict
from vouchers.partners import errors as _partner_errors  # noqa: F401  (registers what every request may meet)


class EndpointUnknown(NotFound):
    """No such endpoint of this partner, or it was deleted."""

    code = "webhook_endpoint_unknown"
    message = _("등록된 알림 수신 주소가 아닙니다.")


class EventUnknown(NotFound):
    """No such event of this partner, or it is older than events are kept."""

    code = "event_unknown"
    message = _("알림을 찾을 수 없습니다. 보관 기간이 지났을 수 있습니다.")


class TooManyEndpoints(StateConflict):
    """A partner has ten at most. ``limit`` is that number."""

    code = "too_many_webhook_endpoints"
    message = _("알림 수신 주소는 %(limit)s개까지 등록할 수 있습니다. 사용하지 않는 주소를 삭제하십시오.")


class EndpointNotActive(StateConflict):
    """Nothing is sent to an endpoint that has not answered its verification message, or was disabled."""

    code = "webhook_endpoint_not_active"
    message = _("사용 중인 수신 주소가 아닙니다. 수신 확인을 먼저 요청하십시오.")


class NobodyToTell(StateConflict):
    """The partner has no active endpoint that subscribed to this type."""

    code = "no_webhook_endpoint"
    message = _("이 종류의 알림을 받는 수신 주소가 없습니다.")
