"""알림 수신 주소 and what became of each message."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from vouchers.common.admin import HistoryAdmin, ListAdmin, day, moment
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.pages import find, page, refusals_shown, require
from vouchers.common.seoul import SEOUL
from vouchers.webhooks import errors, selectors, services
from vouchers.webhooks.models import DeliveryState, EndpointState, WebhookEndpoint, WebhookPolicy
from vouchers.webhooks.rules import PING, EventType

SHOWN = 50


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ListAdmin):
    """Where partners are told. Partners register the addresses themselves; officials see whether it works."""

    view_permission = "partners.edit"
    list_display: ClassVar = ["partner", "url", "state_told", "state_since", "failing_told"]
    list_select_related: ClassVar = ["partner"]
    list_filter: ClassVar = [MunicipalityFilter, "state"]
    exact_search: ClassVar = ["url"]
    search_help_text = _("수신 주소 전체")
    sortable_by: ClassVar[list[str]] = []
    fields: ClassVar = ["partner", "url", "types_told", "state_told", "state_since", "failing_told"]
    change_form_outer_after_template = "vouchers/webhooks/deliveries.html"
    empty_hint = _("연계기관의 앱이 API로 수신 주소를 등록하면 여기에 나타납니다.")

    state_since = moment("state_at", _("상태 변경일시"))
    failing_told = moment("failing_since", _("전송 실패 시작"))

    @admin.display(description=_("상태"))
    def state_told(self, endpoint: WebhookEndpoint) -> str:
        """With the reason, when nothing is sent."""
        if endpoint.state == EndpointState.DISABLED:
            return f"{endpoint.get_state_display()} · {endpoint.get_disabled_for_display()}"
        return str(endpoint.get_state_display())

    @admin.display(description=_("알림 종류"))
    def types_told(self, endpoint: WebhookEndpoint) -> str:
        """By their names."""
        return ", ".join(str(EventType(kind).label) for kind in endpoint.event_types if kind in EventType.values)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With the latest messages."""
        state = request.GET.get("state", "")
        endpoint = self.get_object(request, object_id) if object_id else None
        context = {
            "deliveries": _told(selectors.deliveries_to(endpoint=endpoint, state=state, limit=SHOWN)) if endpoint else [],
            "shown": SHOWN, "chosen": state, "states": DeliveryState.choices,
            "is_active": endpoint is not None and endpoint.state == EndpointState.ACTIVE,
            "is_stoppable": endpoint is not None and endpoint.state in {EndpointState.ACTIVE, EndpointState.PENDING},
            "is_verifiable": endpoint is not None and endpoint.state in {EndpointState.DISABLED, EndpointState.PENDING},
            "today": request.at.astimezone(SEOUL).strftime("%Y-%m-%dT00:00"),  # type: ignore[attr-defined]
        }  # fmt: skip
        return super().changeform_view(request, object_id, form_url, {**context, **(extra_context or {})})


def _told(deliveries: list[Any]) -> list[Any]:
    labels = {PING: _("수신 확인"), **dict(EventType.choices)}
    for row in deliveries:
        row.type_told = labels.get(row.event.type, row.event.type)
        row.can_resend = (row.state != DeliveryState.WAITING or row.attempts > 0) and row.event.type != PING
    return deliveries


@admin.register(WebhookPolicy)
class WebhookPolicyAdmin(HistoryAdmin):
    """What holds from a day on. What holds or held is never changed: another policy is a new row."""

    view_permission = "partners.edit"
    edit_permission = "partners.edit"
    list_display: ClassVar = ["valid_from_told", "kept_days", "failing_days", "municipality"]
    list_select_related: ClassVar = ["municipality"]
    fieldsets: ClassVar = [(None, {"fields": ["valid_from", ("kept_days", "failing_days")]})]
    sortable_by: ClassVar[list[str]] = []
    empty_hint = _("등록하지 않으면 알림을 90일 동안 보관하고, 5일 동안 전송하지 못한 수신 주소의 사용을 중지합니다.")

    valid_from_told = day("valid_from", _("시행일"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _endpoint(request: HttpRequest, endpoint_id: UUID) -> WebhookEndpoint:
    endpoint = find(WebhookEndpoint.objects, endpoint_id)
    require(request, "partners.edit", endpoint.municipality_id)
    return endpoint


def _back(endpoint_id: UUID) -> HttpResponse:
    return redirect("admin:vouchers_webhookendpoint_change", endpoint_id)


@page("vouchers/webhookendpoint/<uuid:endpoint_id>/stop/", name="webhook_stop", methods=("POST",))
def stop(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """Send nothing there any more."""
    endpoint = _endpoint(request, endpoint_id)
    with refusals_shown(request):
        services.stop(endpoint=endpoint, at=request.at)  # type: ignore[attr-defined]
        messages.success(request, _("사용을 중지했습니다. 그동안의 알림은 보관되며 나중에 다시 보낼 수 있습니다."))
    return _back(endpoint_id)


@page("vouchers/webhookendpoint/<uuid:endpoint_id>/verify/", name="webhook_verify", methods=("POST",))
def verify(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """Send the verification message."""
    endpoint = _endpoint(request, endpoint_id)
    with refusals_shown(request):
        services.verify(endpoint=endpoint, at=request.at)  # type: ignore[attr-defined]
        messages.success(request, _("확인 메시지를 보냅니다. 수신 서버가 응답하면 다시 사용합니다."))
    return _back(endpoint_id)


@page("vouchers/webhookendpoint/<uuid:endpoint_id>/resend/", name="webhook_resend", methods=("POST",))
def resend(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """One message once more."""
    endpoint = _endpoint(request, endpoint_id)
    with refusals_shown(request):
        services.resend(endpoint=endpoint, event=_event(request), at=request.at)  # type: ignore[attr-defined]
        messages.success(request, _("알림을 다시 보냅니다."))
    return _back(endpoint_id)


@page("vouchers/webhookendpoint/<uuid:endpoint_id>/resend-missed/", name="webhook_resend_missed", methods=("POST",))
def resend_missed(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """Everything missed since a time."""
    endpoint = _endpoint(request, endpoint_id)
    since = _since(request.POST.get("since", ""))
    if since is None:
        messages.error(request, _("언제부터의 알림을 다시 보낼지 일시를 입력하십시오."))
        return _back(endpoint_id)
    with refusals_shown(request):
        count = services.resend_missed(endpoint=endpoint, since=since, at=request.at)  # type: ignore[attr-defined]
        text = ngettext("알림 %(count)s건을 다시 보냅니다.", "알림 %(count)s건을 다시 보냅니다.", count)
        messages.success(request, text % {"count": f"{count:,}"})
    return _back(endpoint_id)


def _event(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("event", ""))
    except ValueError as error:
        raise errors.NobodyToTell from error


def _since(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    if found is None or not 2020 <= found.year <= 2100:
        return None
    return found.replace(tzinfo=SEOUL) if found.tzinfo is None else found
