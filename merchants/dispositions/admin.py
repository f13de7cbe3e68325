"""행정처분 and the rules they follow."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from merchants.dispositions import selectors, services
from merchants.dispositions.models import Disposition, DispositionState, Measure, Violation
from merchants.registry.models import Merchant
from vouchers.common.admin import ListAdmin, day, moment, won
from vouchers.common.errors import DomainError
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.common.seoul import business_date

VIEW, EDIT, APPROVE = "merchants.view", "merchants.edit", "merchants.approve"
FOLLOW_UPS_SHOWN = 50
_TEXT = UnfoldAdminTextareaWidget(attrs={"rows": 4})


@admin.register(Violation)
class ViolationAdmin(ListAdmin):
    """Loaded by the set-up, with the source of each."""

    view_permission = VIEW
    list_display: ClassVar = [
        "name",
        "starts",
        "first",
        "second",
        "third",
        "counted_months",
        "open_measures",
        "is_confirmed",
    ]
    sortable_by: ClassVar[list[str]] = []
    fields: ClassVar = [
        ("name", "code"), ("starts", "counted_months"), ("first", "second", "third"), ("open_measures", "opinion_days"),
        ("is_confirmed", "source"),
    ]  # fmt: skip

    starts = day("valid_from", _("시행일"))
    first, second = won("fine_first", _("과태료 1차")), won("fine_second", _("과태료 2차"))
    third = won("fine_third", _("과태료 3차 이상"))

    @admin.display(description=_("할 수 있는 처분"))
    def open_measures(self, violation: Violation) -> str:
        """Their names."""
        return ", ".join(str(Measure(measure).label) for measure in violation.measures)


@admin.register(Disposition)
class DispositionAdmin(ListAdmin):
    """Cases against shops, from notice to decision."""

    view_permission = VIEW
    list_display: ClassVar = ["merchant", "violation", "state", "measure", "step", "fine_won", "noticed", "due"]
    list_select_related: ClassVar = ["merchant", "violation"]
    list_filter: ClassVar = [MunicipalityFilter, "state", "measure"]
    sortable_by: ClassVar[list[str]] = []
    prefix_search: ClassVar = ["merchant__name"]
    exact_search: ClassVar = ["merchant__code", "merchant__business_number"]
    search_help_text = _("상호의 앞부분, 가맹점번호 또는 사업자등록번호(숫자)")
    fieldsets: ClassVar = [
        (None, {"fields": [("merchant", "state"), ("violation", "found"), "facts"]}),
        (_("사전통지와 의견"), {"fields": [
            ("noticed", "notice_document"), ("due", "hearing"), ("heard", "opinion"),
        ]}),
        (_("처분"), {"fields": [
            ("measure", "step", "fine_won"), ("starts", "ends"), "reason", "document", ("entered_by", "decided_by"), "note",
        ]}),
    ]  # fmt: skip
    change_form_outer_before_template = "merchants/dispositions/steps.html"
    change_form_outer_after_template = "merchants/dispositions/follow_ups.html"
    empty_hint = _("가맹점 화면에서 위반행위를 사전통지하면 여기에 나타납니다.")

    found, noticed, due = (
        day("found_on", _("적발일")),
        day("notice_on", _("사전통지일")),
        day("opinion_until", _("의견제출 기한")),
    )
    hearing, heard = day("hearing_on", _("청문일")), day("opinion_on", _("의견 접수일"))
    starts, ends = day("effective_from", _("처분일")), day("effective_until", _("정지 종료일"))
    fine_won, entered = won("fine", _("과태료")), moment("entered_at", _("입력일시"))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With what the official may do next."""
        context = dict(extra_context or {})
        if object_id and (case := self.get_object(request, object_id)):
            authority: Any = request.authority  # type: ignore[attr-defined]
            noticed, proposed = case.state == DispositionState.NOTICED, case.state == DispositionState.PROPOSED
            approves = proposed and authority.may(APPROVE, case.municipality_id)
            context |= {
                "may_write": noticed and authority.may(EDIT, case.municipality_id),
                "may_decide": approves and case.entered_by_id != request.user.pk,
                "is_own": approves and case.entered_by_id == request.user.pk,
            } | (self._follow_ups(request, case) if case.state == DispositionState.DECIDED else {})
        return super().changeform_view(request, object_id, form_url, context)

    def _follow_ups(self, request: HttpRequest, case: Disposition) -> dict[str, Any]:
        """What followed from the decision, and what the official may add to it."""
        authority: Any = request.authority  # type: ignore[attr-defined]
        return {
            "is_decided": True, "today": business_date(request.at),  # type: ignore[attr-defined]
            "restitutions": case.restitutions.select_related("entered_by", "closed_by")[:FOLLOW_UPS_SHOWN],
            "referrals": case.referrals.select_related("entered_by")[:FOLLOW_UPS_SHOWN],
            "may_follow_up": authority.may(EDIT, case.municipality_id),
            "may_write_off": authority.may(APPROVE, case.municipality_id),
        }  # fmt: skip


def _day(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}), **options)


def _line(label: Any, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}), **options)


class NoticeForm(forms.Form):
    """What was found, and until when the shop may answer."""

    violation = forms.ModelChoiceField(
        label=_("위반행위"), queryset=Violation.objects.none(), widget=UnfoldAdminSelectWidget
    )
    found_on = _day(_("적발일"))
    facts = forms.CharField(label=_("위반 내용"), max_length=2000, widget=_TEXT)
    notice_on = _day(_("사전통지일"))
    notice_document = _line(_("사전통지 문서"), max_length=120, help_text=_("예: 지역경제과-1234 (2026. 11. 2.)"))
    opinion_until = _day(_("의견제출 기한"), help_text=_("위반행위 기준에서 정한 기간 이상을 둡니다."))
    hearing_on = _day(_("청문일"), required=False, help_text=_("등록취소를 하려면 청문이 필요합니다."))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["violation"]
        field.queryset = Violation.objects.filter(pk__in=[row.pk for row in selectors.violations_on(day=today)])


class HearForm(forms.Form):
    """What the shop said."""

    opinion_on = _day(_("의견 접수일"), required=False)
    opinion = forms.CharField(label=_("제출된 의견"), max_length=2000, required=False, widget=_TEXT)
    hearing_on = _day(_("청문일"), required=False)


class ProposalForm(forms.Form):
    """What shall be done."""

    measure = forms.ChoiceField(label=_("처분"), widget=UnfoldAdminSelectWidget)
    effective_from = _day(_("처분일"))
    effective_until = _day(_("정지 종료일"), required=False, help_text=_("등록정지일 때만 적습니다."))
    reason = _line(_("처분 사유"), max_length=300)
    document = _line(_("처분 문서"), max_length=120, required=False)

    def __init__(self, *args: Any, measures: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["measure"]
        field.choices = [(value, Measure(value).label) for value in measures]

    def clean(self) -> dict[str, Any] | None:
        """The last day is not before the first."""
        said = super().clean() or {}
        first, last = said.get("effective_from"), said.get("effective_until")
        if first and last and last < first:
            self.add_error("effective_until", _("종료일은 시작일보다 빠를 수 없습니다."))
        return said


def _acting(request: HttpRequest) -> dict[str, Any]:
    return {"official": request.user, "authority": request.authority, "at": request.at}  # type: ignore[attr-defined]


def _case(request: HttpRequest, key: UUID, permission: str) -> Disposition:
    case = find(Disposition.objects.select_related("merchant", "violation"), key)
    require(request, permission, case.municipality_id)
    return case


def _form_page(
    request: HttpRequest, form: forms.Form, *, title: Any, merchant: Merchant, **context: Any
) -> HttpResponse:  # fmt: skip
    return render(
        request, "merchants/dispositions/form.html", title=title, form=form, merchant=merchant,
        status=200 if not form.is_bound or form.is_valid() else 422, **context,
    )  # fmt: skip


@page("merchants/merchant/<uuid:merchant_id>/disposition/", name="disposition_new", methods=("GET", "POST"))
def new(request: HttpRequest, merchant_id: UUID) -> HttpResponse:
    """Give notice of a disposition."""
    merchant = find(Merchant.objects.all(), merchant_id)
    require(request, EDIT, merchant.municipality_id)
    today = business_date(request.at)  # type: ignore[attr-defined]
    form = NoticeForm(request.POST or None, today=today, initial={"notice_on": today, "found_on": today})
    if form.is_bound and form.is_valid():
        try:
            case = services.notify(merchant=merchant, **form.cleaned_data, **_acting(request))
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("사전통지를 등록했습니다. 의견이 오면 접수하십시오."))
            return redirect("admin:merchants_disposition_change", case.pk)
    return _form_page(request, form, title=_("행정처분 사전통지"), merchant=merchant)


@page("merchants/disposition/<uuid:case_id>/hear/", name="disposition_hear", methods=("GET", "POST"))
def hear(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Write down the shop's opinion and hearing."""
    case = _case(request, case_id, EDIT)
    now = {"opinion_on": case.opinion_on, "opinion": case.opinion, "hearing_on": case.hearing_on}
    form = HearForm(request.POST or None, initial=now)
    if form.is_bound and form.is_valid():
        with refusals_shown(request):
            services.hear(disposition=case, authority=request.authority, **form.cleaned_data)  # type: ignore[attr-defined]
            messages.success(request, _("의견과 청문을 기록했습니다."))
        return redirect("admin:merchants_disposition_change", case_id)
    return _form_page(request, form, title=_("의견제출·청문 기록"), merchant=case.merchant)


@page("merchants/disposition/<uuid:case_id>/propose/", name="disposition_propose", methods=("GET", "POST"))
def propose(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Choose the measure; how often it happened before is counted, and the fine follows."""
    case = _case(request, case_id, EDIT)
    today = business_date(request.at)  # type: ignore[attr-defined]
    form = ProposalForm(
        request.POST or None,
        measures=selectors.measures(case.violation, case.merchant),
        initial={"effective_from": today},
    )
    if form.is_bound and form.is_valid():
        try:
            services.propose(disposition=case, **form.cleaned_data, **_acting(request))
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("결재를 올렸습니다. 다른 결재권자가 승인하면 시행됩니다."))
            return redirect("admin:merchants_disposition_change", case_id)
    return _form_page(
        request,
        form,
        title=_("처분 결재 올리기"),
        merchant=case.merchant,
        step=selectors.step(case),
        fine=selectors.fine(case),
    )


@page("merchants/disposition/<uuid:case_id>/decide/", name="disposition_decide", methods=("POST",))
def decide(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Decide what was proposed."""
    case = _case(request, case_id, APPROVE)
    with refusals_shown(request):
        services.decide(disposition=case, note=request.POST.get("note", "")[:300], **_acting(request))
        messages.success(request, _("처분을 확정했습니다."))
    return redirect("admin:merchants_disposition_change", case_id)


@page("merchants/disposition/<uuid:case_id>/return/", name="disposition_return", methods=("POST",))
def give_back(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Send it back with a reason."""
    case = _case(request, case_id, APPROVE)
    note = request.POST.get("note", "").strip()[:300]
    if not note:
        messages.error(request, _("반려 사유를 적으십시오."))
        return redirect("admin:merchants_disposition_change", case_id)
    with refusals_shown(request):
        services.give_back(disposition=case, note=note, **_acting(request))
        messages.success(request, _("반려했습니다. 입력한 담당자가 고쳐 다시 올릴 수 있습니다."))
    return redirect("admin:merchants_disposition_change", case_id)


@page("merchants/disposition/<uuid:case_id>/drop/", name="disposition_drop", methods=("POST",))
def drop(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """End it without a measure."""
    case = _case(request, case_id, EDIT)
    note = request.POST.get("note", "").strip()[:300]
    if not note:
        messages.error(request, _("종결 사유를 적으십시오."))
        return redirect("admin:merchants_disposition_change", case_id)
    with refusals_shown(request):
        services.drop(disposition=case, note=note, authority=request.authority)  # type: ignore[attr-defined]
        messages.success(request, _("처분하지 않고 종결했습니다."))
    return redirect("admin:merchants_disposition_change", case_id)
