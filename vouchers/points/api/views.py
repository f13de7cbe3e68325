"""The views: check what is asked, call one service, answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import ClassVar, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from vouchers.common.api import answer
from vouchers.common.problems import FieldProblem, FieldsInvalid
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.ledger.errors import WalletUnknown
from vouchers.partners.api import cursors
from vouchers.partners.api.views import PartnerView, moment_of, written
from vouchers.partners.rules import Scope
from vouchers.points import errors, selectors, services
from vouchers.points.api import bodies, documents
from vouchers.points.models import ActivityState
from vouchers.points.rules import Payout, period_of

_MONTH: Final = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])\Z")
_STATE_HINT: Final = _("accepted, rejected, counted, withdrawn 가운데 하나여야 합니다.")
_MONTH_HINT: Final = _("2026-11과 같은 연월이어야 합니다.")


class ActivitiesView(PartnerView):
    """활동 실적 등록과 목록."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.ACTIVITIES_WRITE, "GET": Scope.ACTIVITIES_WRITE}
    largest_body: ClassVar[int] = bodies.LARGEST_DELIVERY

    @documents.create_activities
    def post(self, request: HttpRequest) -> HttpResponse:
        """Take activities in."""
        write, body = self.write(request)
        told = bodies.activities_of(body)
        done = services.deliver(write=write, items=[bodies.item_of(item) for item in told], at=moment_of(request))
        return written(bodies.delivery_of(done.id, told, done.outcomes), "/api/v1/activities", replayed=done.replayed)

    @documents.list_activities
    def get(self, request: HttpRequest) -> HttpResponse:
        """The partner's activities, the newest first."""
        page = cursors.page_of(request, caller=self.caller, also=("state",))
        states = request.GET.getlist("state")
        if len(states) > 1 or (states and states[0] not in ActivityState.values):
            raise FieldsInvalid([FieldProblem("/state", "invalid", _STATE_HINT)])
        found = selectors.activities(
            caller=self.caller, state=states[0] if states else None, before=page.before, limit=page.fetch
        )
        shown, next_cursor = page.cut(found)
        return answer(bodies.Activities([bodies.activity_of(row) for row in shown], next_cursor))


class ActivityView(PartnerView):
    """활동 실적 한 건."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": Scope.ACTIVITIES_WRITE}

    @documents.read_activity
    def get(self, request: HttpRequest, activity: UUID) -> HttpResponse:
        """One activity as it stands now."""
        found = selectors.activity(caller=self.caller, activity=activity)
        if found is None:
            raise errors.ActivityUnknown
        return answer(bodies.activity_of(found))


class WalletPointsView(PartnerView):
    """지갑의 월별 포인트."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": Scope.WALLETS_READ}

    @documents.read_points
    def get(self, request: HttpRequest, wallet: UUID) -> HttpResponse:
        """What the wallet's holder earns in a month, and why."""
        first = self._month(request)
        end = period_of(Payout.MONTH, first)[1]
        with scope(municipalities=[self.caller.municipality]):
            citizen = selectors.citizen_of_wallet(caller=self.caller, wallet=wallet)
            if citizen is None:
                raise WalletUnknown
            rows = selectors.earned_by(municipality=self.caller.municipality, citizen=citizen, first=first, end=end)
        return answer(bodies.points_of(f"{first:%Y-%m}", rows))

    @staticmethod
    def _month(request: HttpRequest) -> date:
        wrong = [
            FieldProblem(f"/{name[:64]}", "unknown", cursors.UNKNOWN_HINT)
            for name in sorted(request.GET.keys() - {"month"})[:10]
        ]
        months = request.GET.getlist("month")
        if len(months) > 1 or (months and not _MONTH.match(months[0])):
            wrong.append(FieldProblem("/month", "invalid", _MONTH_HINT))
        if wrong:
            raise FieldsInvalid(wrong)
        return date.fromisoformat(f"{months[0]}-01") if months else business_date(moment_of(request)).replace(day=1)
