"""포인트 지급: compute, look, confirm, and follow."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Final
from uuid import UUID

from django.contrib import admin, messages
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vouchers.common.admin import ListAdmin, moment, won
from vouchers.common.errors import NotFound
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.korean import grouped
from vouchers.common.money import money
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.points import selectors, services, workbook
from vouchers.points.admin.programmes import EDIT, VIEW
from vouchers.points.models import PointProgramme, PointRun, RunState
from vouchers.points.rules import period_of

PAY = "points.pay"
CUTS_SHOWN: Final = 100


@admin.register(PointRun)
class PointRunAdmin(ListAdmin):
    """Payouts, newest first. Opening one shows its page."""

    view_permission = VIEW
    list_display: ClassVar = ["programme", "period_from", "state", "members", "amount_won", "held", "computed", "paid"]
    list_select_related: ClassVar = ["programme"]
    list_filter: ClassVar = [MunicipalityFilter, "state"]
    exact_search: ClassVar = ["programme__name"]
    search_help_text = _("사업명 전체")
    sortable_by: ClassVar[list[str]] = []
    empty_hint = _("포인트 사업의 적립 현황 화면에서 끝난 기간을 골라 지급을 산정하십시오.")

    amount_won = won("amount", _("지급액"))
    computed = moment("computed_at", _("산정일시"))
    paid = moment("paid_at", _("지급 완료일시"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A payout is no form."""
        run = self.get_object(request, object_id)
        if run is None or not self.has_view_permission(request, run):
            return super().change_view(request, object_id, form_url, extra_context)
        return redirect("admin:point_run", run.pk)


def _run_named(request: HttpRequest, key: UUID) -> PointRun:
    run = find(PointRun.objects.select_related("programme__fund", "author", "confirmed_by"), key)
    require(request, VIEW, run.municipality_id)
    return run


def _acting(request: HttpRequest) -> dict[str, Any]:
    return {"official": request.user, "authority": request.authority, "at": request.at}  # type: ignore[attr-defined]


@page("vouchers/pointprogramme/<uuid:programme_id>/compute/", name="point_compute", methods=("POST",))
def compute(request: HttpRequest, programme_id: UUID) -> HttpResponse:
    """Compute a period's payout, or compute it anew."""
    programme = find(PointProgramme.objects, programme_id)
    require(request, EDIT, programme.municipality_id)
    try:
        first, end = period_of(programme.payout, date.fromisoformat(request.POST.get("first", "")))
    except ValueError:
        messages.error(request, gettext("산정할 기간을 고르십시오."))
        return redirect("admin:point_status", programme.pk)
    with refusals_shown(request):
        run = services.compute(programme=programme, first=first, end=end, **_acting(request))
        return redirect("admin:point_run", run.pk)
    return redirect("admin:point_status", programme.pk)


@page("vouchers/pointrun/<uuid:run_id>/show/", name="point_run")
def show(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Who gets how much, who does not and why, and whether the fund suffices."""
    run = _run_named(request, run_id)
    authority: Any = request.authority  # type: ignore[attr-defined]
    money, own = selectors.money_of(run.programme), run.author_id == request.user.pk
    draft = run.state == RunState.DRAFT
    return render(
        request, "vouchers/points/run.html", title=str(run), run=run, money=money, short=max(0, run.amount - money.free),
        sample=selectors.sample_of(run), exceptions=selectors.exceptions_of(run), draft=draft, cuts=selectors.cuts_of(run),
        failure=selectors.failure_of(run),
        may_see_citizens=authority.may("citizens.view", run.municipality_id),
        paying=run.state == RunState.PAYING, progress=selectors.progress(run), own=own,
        may_compute=draft and authority.may(EDIT, run.municipality_id),
        may_confirm=draft and not own and authority.may(PAY, run.municipality_id),
        may_cancel=run.state == RunState.PAYING and authority.may(PAY, run.municipality_id),
        may_resume=run.state == RunState.PAYING and bool(run.failure) and authority.may(PAY, run.municipality_id),
    )  # fmt: skip


@page("vouchers/pointrun/<uuid:run_id>/confirm/", name="point_confirm", methods=("POST",))
def confirm(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Confirm what was shown."""
    run = find(PointRun.objects.select_related("programme"), run_id)
    require(request, PAY, run.municipality_id)
    told = request.POST.get("amount", "")
    if not (told.isascii() and told.isdecimal() and len(told) < 16):
        messages.error(request, gettext("확정할 금액을 확인하십시오."))
        return redirect("admin:point_run", run.pk)
    with refusals_shown(request):
        services.confirm(run=run, amount=int(told), **_acting(request))
        messages.success(request, _("확정했습니다. 시민의 지갑에 지급하고 있습니다."))
    return redirect("admin:point_run", run.pk)


@page("vouchers/pointrun/<uuid:run_id>/cancel/", name="point_cancel", methods=("POST",))
def cancel(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Pay no more of a confirmed run."""
    run = find(PointRun.objects, run_id)
    require(request, PAY, run.municipality_id)
    with refusals_shown(request):
        left = services.cancel(run=run, authority=request.authority, at=request.at)  # type: ignore[attr-defined]
        if left.state == RunState.DRAFT:
            messages.success(request, _("확정을 취소했습니다. 아무에게도 지급하지 않았고, 재원의 예약을 풀었습니다."))
        else:
            messages.success(request, _("남은 지급을 중단했습니다. 지급하지 않은 포인트는 다음 지급에 들어갑니다."))
    return redirect("admin:point_run", run.pk)


@page("vouchers/pointrun/<uuid:run_id>/cuts/", name="point_cuts")
def cuts(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """From which activities a cap took points off: the largest on the page, all of them as a file."""
    run = _run_named(request, run_id)
    taken = selectors.cuts_of(run)
    chosen = next((row for row in taken if row.cap == request.GET.get("cap")), taken[0] if taken else None)
    return render(
        request, "vouchers/points/cuts.html", title=gettext("한도로 줄어든 실적"), run=run, taken=taken, chosen=chosen,
        rows=selectors.cut_activities(run, cap=chosen.cap)[:CUTS_SHOWN] if chosen else [],
        more=max(0, chosen.activities - CUTS_SHOWN) if chosen else 0,
        may_see_citizens=request.authority.may("citizens.view", run.municipality_id),  # type: ignore[attr-defined]
    )  # fmt: skip


@page("vouchers/pointrun/<uuid:run_id>/cuts/file/", name="point_cuts_file")
def cuts_file(request: HttpRequest, run_id: UUID) -> FileResponse:
    """Every activity from which caps took points off, as a workbook."""
    run = _run_named(request, run_id)
    name = f"{run.programme.name}_{run.period_from:%Y%m}_{gettext('한도적용')}.xlsx"
    return FileResponse(workbook.cuts(run), as_attachment=True, filename=name)


@page("vouchers/pointrun/<uuid:run_id>/resume/", name="point_resume", methods=("POST",))
def resume(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Go on with a payout that stands still."""
    run = find(PointRun.objects, run_id)
    require(request, PAY, run.municipality_id)
    with refusals_shown(request):
        services.resume(run=run, authority=request.authority)  # type: ignore[attr-defined]
        messages.success(request, _("멈춘 곳부터 다시 지급합니다."))
    return redirect("admin:point_run", run.pk)


@page("vouchers/pointrun/<uuid:run_id>/progress/", name="point_progress")
def progress(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """How far a payout has come, for the page that asks every second."""
    run = _run_named(request, run_id)
    if run.state == RunState.DRAFT:
        raise NotFound
    now = selectors.progress(run)
    percent = 100 * now.posted // now.chunks if now.chunks else 100
    text = gettext("%(rows)s명 · %(amount)s 처리(%(percent)s%%)") % {
        "rows": grouped(now.people), "amount": money(now.amount), "percent": percent,
    }  # fmt: skip
    working = run.state == RunState.PAYING and not run.failure
    return JsonResponse({"state": run.state, "percent": percent, "working": working, "text": text})
