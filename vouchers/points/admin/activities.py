"""실적, with the way to mend what was rejected and to withdraw what was wrong; and one citizen's points."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vouchers.citizens.models import Citizen
from vouchers.common.admin import ListAdmin, moment
from vouchers.common.filters import MunicipalityFilter, PeriodFilter
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.common.seoul import business_date
from vouchers.points import selectors, services
from vouchers.points.admin.programmes import EDIT, VIEW
from vouchers.points.models import Activity, ActivityState, Reason
from vouchers.points.rules import Payout, period_of, periods_before
from vouchers.privacy.admin import record
from vouchers.privacy.models import AccessAction

MONTHS_BACK = 11


@admin.register(Activity)
class ActivityAdmin(ListAdmin):
    """Activities, newest first."""

    view_permission = VIEW
    list_display: ClassVar = ["occurred", "kind", "holder", "partner", "worth", "state", "why"]
    list_select_related: ClassVar = ["kind", "citizen", "partner"]
    list_filter: ClassVar = [MunicipalityFilter, "state", "reason", PeriodFilter]
    exact_search: ClassVar = ["external_id"]
    search_help_text = _("기관의 실적번호 전체")
    sortable_by: ClassVar[list[str]] = []
    fields: ClassVar = [
        "kind", "holder", "occurred", "amount", "quantity", "documents", "partner", "external_id", "upload", "row_number",
        "received", "state", "why", "withdrawal",
    ]  # fmt: skip
    empty_hint = _(
        "연계기관이 API로 보내거나 담당자가 파일로 올린 실적이 여기에 나타납니다. 조건에서 기간을 넓혀 보십시오."
    )
    change_form_outer_after_template = "vouchers/points/activity_actions.html"

    occurred = moment("occurred_at", _("활동일시"))
    received = moment("received_at", _("접수일시"))

    @admin.display(description=_("시민"))
    def holder(self, activity: Activity) -> str:
        """Masked."""
        return str(activity.citizen or "-")

    @admin.display(description=_("실적"))
    def worth(self, activity: Activity) -> str:
        """The amount or the quantity."""
        if activity.quantity is not None:
            return f"{activity.quantity.normalize():f} {activity.kind.unit}"
        return "-" if activity.amount is None else f"{activity.amount:,}"

    @admin.display(description=_("반려 사유"))
    def why(self, activity: Activity) -> Any:
        """Why it does not count."""
        return Reason(activity.reason).label if activity.reason else "-"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With what an official can do about it."""
        activity = self.get_object(request, object_id)
        may = activity is not None and request.authority.may(EDIT, activity.municipality_id)  # type: ignore[attr-defined]
        authority = request.authority  # type: ignore[attr-defined]
        offered = {
            "may_see_citizen": activity is not None and authority.may("citizens.view", activity.municipality_id),
            "may_look_again": may and activity.state == ActivityState.REJECTED,
            "may_withdraw": may and activity.state in {ActivityState.ACCEPTED, ActivityState.COUNTED},
        }
        response: HttpResponse = super().change_view(request, object_id, form_url, offered | (extra_context or {}))
        return response


@page("vouchers/activity/<uuid:activity_id>/look-again/", name="activity_look_again", methods=("POST",))
def look_again(request: HttpRequest, activity_id: UUID) -> HttpResponse:
    """Examine a rejected activity once more."""
    activity = find(Activity.objects, activity_id)
    require(request, EDIT, activity.municipality_id)
    with refusals_shown(request):
        reason = services.look_again(activity=activity, authority=request.authority)  # type: ignore[attr-defined]
        if reason:
            messages.warning(request, gettext("아직 인정할 수 없습니다: %(reason)s") % {"reason": Reason(reason).label})
        else:
            messages.success(request, _("실적을 인정했습니다. 다음 지급에 반영됩니다."))
    return redirect("admin:vouchers_activity_change", activity.pk)


@page("vouchers/activity/<uuid:activity_id>/withdraw/", name="activity_withdraw", methods=("POST",))
def withdraw(request: HttpRequest, activity_id: UUID) -> HttpResponse:
    """Count an activity no more."""
    activity = find(Activity.objects, activity_id)
    require(request, EDIT, activity.municipality_id)
    with refusals_shown(request):
        services.withdraw(
            activity=activity, reason=request.POST.get("reason", ""), official=request.user,  # type: ignore[arg-type]
            authority=request.authority, at=request.at,  # type: ignore[attr-defined]
        )  # fmt: skip
        messages.success(request, _("실적을 취소했습니다. 이미 지급한 포인트는 다음 지급에서 뺍니다."))
    return redirect("admin:vouchers_activity_change", activity.pk)


@page("vouchers/citizen/<uuid:citizen_id>/points/", name="citizen_points")
def citizen_points(request: HttpRequest, citizen_id: UUID) -> HttpResponse:
    """What a citizen did in a month, what it earns and why, and what of it was paid."""
    citizen = find(Citizen.objects, citizen_id)
    require(request, "citizens.view", citizen.municipality_id)
    today = business_date(request.at)  # type: ignore[attr-defined]
    months = [period_of(Payout.MONTH, today), *periods_before(Payout.MONTH, today, MONTHS_BACK)]
    first, end = next((row for row in months if f"{row[0]:%Y-%m}" == request.GET.get("month")), months[0])
    rows = selectors.earned_by(municipality=citizen.municipality_id, citizen=citizen.pk, first=first, end=end)
    record(
        request, municipality=citizen.municipality_id, action=AccessAction.VIEW, subject=f"citizen {citizen.pk}",
        reason=gettext("시민의 포인트 적립 조회"),
    )  # fmt: skip
    return render(
        request, "vouchers/points/citizen.html", title=gettext("%(name)s의 포인트") % {"name": citizen}, citizen=citizen,
        rows=rows, months=[month for month, _end in months], first=first, earned=sum(row.points for row in rows),
        paid=sum(row.paid for row in rows), rejected=selectors.rejected_of(citizen=citizen.pk, first=first, end=end),
    )  # fmt: skip
