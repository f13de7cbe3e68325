"""휴폐업 확인: the numbers to ask about, the answers, and what follows."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from merchants.closures import selectors, services
from merchants.closures.models import BusinessStatus, CheckState, ClosureCheck
from vouchers.common.admin import ListAdmin, day, moment
from vouchers.common.errors import DomainError
from vouchers.common.filters import MunicipalityFilter, chosen_municipality
from vouchers.common.korean import grouped
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.common.seoul import business_date
from vouchers.privacy.admin import record
from vouchers.privacy.models import AccessAction
from vouchers.privacy.upload_pages import FileForm, file_field

VIEW, EDIT, APPROVE = "merchants.view", "merchants.edit", "merchants.approve"
FINDINGS_SHOWN: Final = 300
LETTERS: Final = 200
"""Notices of one print."""
USUAL_DAYS: Final = timedelta(days=14)
"""What the form suggests for the shops' answers: the notice has to arrive by post first. The rule's minimum is data."""


@admin.register(ClosureCheck)
class ClosureCheckAdmin(ListAdmin):
    """Lists of the tax office, newest first. Opening one shows what it found."""

    view_permission = VIEW
    list_display: ClassVar = ["file_name", "checked", "state", "rows_total", "rows_open", "rows_unknown", "uploaded"]
    list_filter: ClassVar = [MunicipalityFilter, "state"]
    prefix_search: ClassVar = ["file_name"]
    search_help_text = _("파일명의 앞부분")
    sortable_by: ClassVar[list[str]] = []
    empty_hint = _(
        "확인할 사업자번호를 내려받아 국세청(홈택스)에서 조회한 뒤, 그 결과를 올리면 휴폐업 가맹점을 찾습니다."
    )
    list_before_template = "merchants/closures/link.html"

    checked, uploaded = day("checked_on", _("조회일")), moment("uploaded_at", _("업로드 일시"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the ways in for those who may."""
        may = request.authority.may(EDIT)  # type: ignore[attr-defined]
        response: HttpResponse = super().changelist_view(request, {"may_edit_merchants": may, **(extra_context or {})})
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A list is no form."""
        check = self.get_object(request, object_id)
        if check is None or not self.has_view_permission(request, check):
            return super().change_view(request, object_id, form_url, extra_context)
        return redirect("admin:closure_check", check.pk)


def _day(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}), **options)


class CheckForm(FileForm):
    """The list, and when the tax office was asked."""

    checked_on = _day(_("조회일"))
    file = file_field(_("조회 결과 파일(엑셀 또는 CSV)"), accept=".xlsx,.csv")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._today = today

    def clean_checked_on(self) -> date:
        """Nobody has asked tomorrow."""
        found: date = self.cleaned_data["checked_on"]
        if found > self._today:
            raise forms.ValidationError(_("오늘까지의 날짜를 적습니다."))
        return found


class NoticeForm(forms.Form):
    """One notice for all that were found."""

    notice_on = _day(_("사전통지일"))
    notice_document = forms.CharField(
        label=_("사전통지 문서"), max_length=120, widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("예: 지역경제과-1234 (2026. 11. 2.)"),
    )  # fmt: skip
    opinion_until = _day(_("의견제출 기한"), help_text=_("위반행위 기준에서 정한 기간 이상을 둡니다."))


def _acting(request: HttpRequest) -> dict[str, Any]:
    return {"official": request.user, "authority": request.authority, "at": request.at}  # type: ignore[attr-defined]


def _city(request: HttpRequest) -> str:
    """Where the official may act: their own municipality, when they may there."""
    authority: Any = request.authority  # type: ignore[attr-defined]
    own = [code for code in sorted(authority.municipalities) if authority.may(EDIT, code)]
    chosen = chosen_municipality(request)
    return chosen if chosen in own else own[0]


@page("merchants/closurecheck/new/", name="closure_new", methods=("GET", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """Upload what the tax office answered."""
    require(request, EDIT)
    today = business_date(request.at)  # type: ignore[attr-defined]
    form = CheckForm(request.POST or None, request.FILES or None, today=today, initial={"checked_on": today})
    if form.is_bound and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            made = services.take_in(
                municipality=_city(request), file=file, file_name=file.name, checked_on=form.cleaned_data["checked_on"],
                **_acting(request),
            )  # fmt: skip
        except DomainError as error:
            form.add_error("file", str(error))
        else:
            return redirect("admin:closure_check", made.pk)
    return render(
        request, "merchants/closures/new.html", title=_("휴폐업 조회 결과 올리기"), form=form,
        status=200 if not form.is_bound or form.is_valid() else 422,
    )  # fmt: skip


@page("merchants/closurecheck/numbers/", name="closure_numbers", methods=("POST",))
def numbers(request: HttpRequest) -> HttpResponse:
    """The business numbers to ask the tax office about, as CSV: digits alone, one a line."""
    require(request, EDIT)
    city = _city(request)
    found = selectors.numbers_to_check(municipality=city)
    record(
        request, municipality=city, action=AccessAction.DOWNLOAD, subject="business numbers",
        reason=gettext("휴폐업 조회용 사업자등록번호 내려받기"), count=len(found),
    )  # fmt: skip
    text = io.StringIO()
    csv.writer(text).writerows([["b_no"], *([number] for number in found)])
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"business_numbers_{business_date(request.at):%Y%m%d}.csv"  # type: ignore[attr-defined]
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


@page("merchants/closurecheck/<uuid:check_id>/show/", name="closure_check", methods=("GET", "POST"))
def show(request: HttpRequest, check_id: UUID) -> HttpResponse:
    """What a list found, and what the official may do next."""
    check = find(ClosureCheck.objects.select_related("uploaded_by", "decided_by"), check_id)
    require(request, VIEW, check.municipality_id)
    authority: Any = request.authority  # type: ignore[attr-defined]
    may_edit, official = authority.may(EDIT, check.municipality_id), request.user
    today = business_date(request.at)  # type: ignore[attr-defined]
    waits = check.state == CheckState.CHECKED
    form = NoticeForm(
        request.POST or None, initial={"notice_on": today, "opinion_until": today + USUAL_DAYS}
    ) if waits and may_edit else None  # fmt: skip
    if request.method == "POST":
        require(request, EDIT, check.municipality_id)
        if form is not None and form.is_valid():
            try:
                noticed = services.notify(check=check, **form.cleaned_data, **_acting(request))
            except DomainError as error:
                form.add_error(None, str(error))
            else:
                said = gettext("가맹점 %(count)s곳의 사전통지를 등록했습니다. 통지서를 보내고 의견을 기다리십시오.")
                messages.success(request, said % {"count": grouped(noticed)})
                return redirect("admin:closure_check", check_id)
    findings = check.findings.select_related("merchant", "disposition").order_by("status", "merchant__name")
    return render(
        request, "merchants/closures/show.html", title=check.file_name, check=check, form=form, waits=waits,
        may_edit=may_edit, findings=findings[:FINDINGS_SHOWN],
        more=max(0, check.findings.count() - FINDINGS_SHOWN), to_notify=selectors.without_case(check).count() if waits else 0,
        counts=[(label, check.findings.filter(status=status).count()) for status, label in BusinessStatus.choices],
        letters=range(0, selectors.noticed(check).count(), LETTERS) if may_edit else [],
        unanswered=selectors.unanswered(check, day=today).count() if may_edit else 0, today=today,
        to_decide=selectors.to_decide(check, official=official).count()  # type: ignore[arg-type]
        if authority.may(APPROVE, check.municipality_id) else 0,
        status=200 if form is None or not form.is_bound or form.is_valid() else 422,
    )  # fmt: skip


@page("merchants/closurecheck/<uuid:check_id>/discard/", name="closure_discard", methods=("POST",))
def discard(request: HttpRequest, check_id: UUID) -> HttpResponse:
    """Give a list up."""
    check = find(ClosureCheck.objects, check_id)
    require(request, EDIT, check.municipality_id)
    with refusals_shown(request):
        services.discard(check=check, **_acting(request))
        messages.success(request, _("폐기했습니다. 가맹점은 그대로입니다."))
    return redirect("admin:closure_check", check_id)


@page("merchants/closurecheck/<uuid:check_id>/propose/", name="closure_propose", methods=("POST",))
def propose(request: HttpRequest, check_id: UUID) -> HttpResponse:
    """Submit closing or suspension of all who did not answer, from today."""
    check = find(ClosureCheck.objects, check_id)
    require(request, EDIT, check.municipality_id)
    with refusals_shown(request):
        today = business_date(request.at)  # type: ignore[attr-defined]
        done = services.propose_unanswered(check=check, effective_from=today, **_acting(request))
        said = gettext("%(count)s곳의 처분 결재를 올렸습니다. 다른 결재권자가 승인하면 시행됩니다.")
        messages.success(request, said % {"count": grouped(done)})
    return redirect("admin:closure_check", check_id)


@page("merchants/closurecheck/<uuid:check_id>/decide/", name="closure_decide", methods=("POST",))
def decide(request: HttpRequest, check_id: UUID) -> HttpResponse:
    """Decide all that somebody else has submitted."""
    check = find(ClosureCheck.objects, check_id)
    require(request, APPROVE, check.municipality_id)
    with refusals_shown(request):
        waiting = selectors.to_decide(check, official=request.user).count()  # type: ignore[arg-type]
        done = services.decide_proposed(check=check, **_acting(request))
        messages.success(request, gettext("%(count)s곳의 처분을 확정했습니다.") % {"count": grouped(done)})
        if left := waiting - done:
            said = gettext("%(count)s곳은 그사이 상태가 달라져 확정하지 못했습니다. 처분 화면에서 하나씩 확인하십시오.")
            messages.warning(request, said % {"count": grouped(left)})
    return redirect("admin:closure_check", check_id)
