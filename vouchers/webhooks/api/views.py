"""The views of webhooks: check what is asked, call one service, answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from vouchers.common import problems
from vouchers.common.api import answer, read
from vouchers.common.scope import scope
from vouchers.partners.api import cursors
from vouchers.partners.api.views import PartnerView, moment_of, written
from vouchers.partners.rules import Scope
from vouchers.partners.selectors import Caller
from vouchers.webhooks import errors, selectors, services
from vouchers.webhooks.api import bodies, documents
from vouchers.webhooks.models import WebhookEndpoint, WebhookSecret
from vouchers.webhooks.rules import UrlRefused

_BOTH: Final[Mapping[str, str]] = {"POST": Scope.WEBHOOKS_WRITE, "GET": Scope.WEBHOOKS_WRITE}


class EndpointsView(PartnerView):
    """수신 주소 등록과 목록."""

    scopes: ClassVar[Mapping[str, str]] = _BOTH

    @documents.create_endpoint
    def post(self, request: HttpRequest) -> HttpResponse:
        """Register an address."""
        write, body = self.write(request)
        wanted = read(body, bodies.NewEndpoint)
        try:
            made, replayed = services.create_endpoint(
                write=write, url=wanted.url, event_types=wanted.event_types,
                loopback=settings.WEBHOOKS_TO_LOOPBACK, at=moment_of(request),
            )  # fmt: skip
        except UrlRefused as error:
            wrong = problems.FieldProblem("/url", "invalid", bodies.URL_HINTS[str(error)])
            raise problems.FieldsInvalid([wrong]) from error
        with scope(municipalities=[self.caller.municipality]):
            endpoint, secret = _any(made), WebhookSecret.objects.filter(pk=made).first()
        reply = bodies.NewWebhookEndpoint(bodies.endpoint_of(endpoint), bodies.shown(secret))
        return written(reply, _address(made), replayed=replayed)

    @documents.list_endpoints
    def get(self, request: HttpRequest) -> HttpResponse:
        """All of them."""
        with scope(municipalities=[self.caller.municipality]):
            found = list(selectors.endpoints(partner=self.caller.partner))
        return answer(bodies.WebhookEndpoints([bodies.endpoint_of(row) for row in found]))


class EndpointView(PartnerView):
    """수신 주소 하나."""

    scopes: ClassVar[Mapping[str, str]] = _BOTH

    @documents.read_endpoint
    def get(self, request: HttpRequest, endpoint: UUID) -> HttpResponse:
        """One endpoint as it stands now."""
        with scope(municipalities=[self.caller.municipality]):
            found = selectors.endpoints(partner=self.caller.partner).filter(pk=endpoint).first()
        if found is None:
            raise errors.EndpointUnknown
        return answer(bodies.endpoint_of(found))


class RotationsView(PartnerView):
    """서명 비밀값 교체."""

    scopes: ClassVar[Mapping[str, str]] = _BOTH

    @documents.rotate_secret
    def post(self, request: HttpRequest, endpoint: UUID) -> HttpResponse:
        """A new secret."""
        write, body = self.write(request)
        wanted = read(body or b"{}", bodies.NewRotation)
        made, replayed = services.rotate_secret(
            write=write, endpoint=endpoint, keep=timedelta(hours=wanted.keep_previous_hours), at=moment_of(request)
        )
        with scope(municipalities=[self.caller.municipality]):
            found = _any(endpoint)
            secrets = {row.pk: row for row in found.secrets.all()}
        new = secrets.pop(made, None)
        ending = max((row.expires_at for row in secrets.values() if row.expires_at), default=None)
        reply = bodies.Rotation(bodies.endpoint_of(found), bodies.shown(new), ending)
        return written(reply, _address(endpoint), replayed=replayed)


class VerificationsView(PartnerView):
    """수신 확인 요청."""

    scopes: ClassVar[Mapping[str, str]] = _BOTH

    @documents.verify_endpoint
    def post(self, request: HttpRequest, endpoint: UUID) -> HttpResponse:
        """Send the verification message once more."""
        write, body = self.write(request)
        _refuse_body(body)
        _made, replayed = services.verify_endpoint(write=write, endpoint=endpoint, at=moment_of(request))
        return _endpoint_now(self.caller, endpoint, replayed=replayed)


class DeletionView(PartnerView):
    """수신 주소 삭제."""

    scopes: ClassVar[Mapping[str, str]] = _BOTH

    @documents.delete_endpoint
    def post(self, request: HttpRequest, endpoint: UUID) -> HttpResponse:
        """Send nothing there any more."""
        write, body = self.write(request)
        _refuse_body(body)
        _made, replayed = services.delete_endpoint(write=write, endpoint=endpoint, at=moment_of(request))
        return _endpoint_now(self.caller, endpoint, replayed=replayed)


class MissedReplaysView(PartnerView):
    """받지 못한 알림 재전송."""

    scopes: ClassVar[Mapping[str, str]] = _BOTH

    @documents.replay_missed
    def post(self, request: HttpRequest, endpoint: UUID) -> HttpResponse:
        """Send everything missed since a time."""
        write, body = self.write(request)
        wanted = read(body, bodies.NewMissedReplay)
        _made, replayed = services.replay_missed(
            write=write, endpoint=endpoint, since=_sensible(wanted.since), at=moment_of(request)
        )
        return _endpoint_now(self.caller, endpoint, replayed=replayed)


class EventsView(PartnerView):
    """알림 목록."""

    scopes: ClassVar[Mapping[str, str]] = _BOTH

    @documents.list_events
    def get(self, request: HttpRequest) -> HttpResponse:
        """A page of events."""
        page = cursors.page_of(request, caller=self.caller)
        with scope(municipalities=[self.caller.municipality]):
            found = selectors.events(
                municipality=self.caller.municipality, partner=self.caller.partner, before=page.before, limit=page.fetch
            )
        shown, next_cursor = page.cut(found)
        return answer(bodies.Events([bodies.event_of(row) for row in shown], next_cursor))


class EventView(PartnerView):
    """알림 한 건."""

    scopes: ClassVar[Mapping[str, str]] = _BOTH

    @documents.read_event
    def get(self, request: HttpRequest, event: UUID) -> HttpResponse:
        """One event, and how the telling of it went."""
        return answer(_event_now(self.caller, event))


class ReplaysView(PartnerView):
    """알림 재전송."""

    scopes: ClassVar[Mapping[str, str]] = _BOTH

    @documents.replay_event
    def post(self, request: HttpRequest, event: UUID) -> HttpResponse:
        """Send it once more."""
        write, body = self.write(request)
        _refuse_body(body)
        _made, replayed = services.replay_event(write=write, event=event, at=moment_of(request))
        return written(_event_now(self.caller, event), f"/api/v1/events/{event}", replayed=replayed)


def _any(endpoint: UUID) -> WebhookEndpoint:
    """Also a deleted one: the same request gets the same answer, whatever has happened since."""
    return WebhookEndpoint.objects.get(pk=endpoint)


def _address(endpoint: UUID) -> str:
    return f"/api/v1/webhook-endpoints/{endpoint}"


def _endpoint_now(caller: Caller, endpoint: UUID, *, replayed: bool) -> HttpResponse:
    with scope(municipalities=[caller.municipality]):
        found = _any(endpoint)
    return written(bodies.endpoint_of(found), _address(endpoint), replayed=replayed)


def _event_now(caller: Caller, event: UUID) -> bodies.EventWithDeliveries:
    with scope(municipalities=[caller.municipality]):
        found = selectors.event(partner=caller.partner, event=event)
        if found is None:
            raise errors.EventUnknown
        deliveries = selectors.deliveries(municipality=caller.municipality, event=event)
    return bodies.EventWithDeliveries(bodies.event_of(found), [bodies.delivery_of(row) for row in deliveries])


def _sensible(since: datetime) -> datetime:
    """Within what a database can tell times of. Events are kept for some weeks, so nothing is lost by it."""
    first = datetime(2020, 1, 1, tzinfo=since.tzinfo)
    if since.year < first.year or since.year > 2100:
        raise problems.FieldsInvalid(
            [problems.FieldProblem("/since", "invalid", bodies.NewMissedReplay.hints["since"])]
        )
    return since


def _refuse_body(body: bytes) -> None:
    """These take no body; whoever sends members means something that would not be done."""
    read(body or b"{}", bodies.Nothing)
