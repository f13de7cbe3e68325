"""What officials write down of a decided case: the money claimed back, and what the police made of it."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from merchants.dispositions import follow_ups
from merchants.dispositions.models import Disposition, Outcome, Referral, Restitution
from vouchers.common.errors import DomainError
from vouchers.common.pages import find, page, render, require
from vouchers.common.seoul import business_date

EDIT, APPROVE = "merchants.edit", "merchants.approve"


def _line(label: Any, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}), **options)


class DatedForm(forms.Form):
    """Days of what has happened; ``past`` names those that lie before tomorrow."""

    past: tuple[str, ...] = ()

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._today = today

    def clean(self) -> dict[str, Any] | None:
        """Nothing has happened tomorrow."""
        said = super().clean() or {}
        for name in self.past:
            if (day := said.get(name)) and day > self._today:
                self.add_error(name, _("오늘까지의 날짜를 적습니다."))
        return said


def _day(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}), **options)


class RestitutionForm(DatedForm):
    """How much, by what right, and until when."""

    past = ("claimed_on",)

    amount = forms.IntegerField(
        label=_("환수액(원)"), min_value=1, max_value=1_000_000_000_000,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric", "autocomplete": "off"}), localize=True,
        help_text=_("부당하게 얻은 이득을 원 단위로 적습니다. 예: 1500000"),
    )  # fmt: skip
    legal_basis = _line(
        _("환수 근거"), max_length=200,
        help_text=_("예: 지역사랑상품권 이용 활성화에 관한 법률, 지역사랑상품권 관리 및 운영 조례 제15조"),
    )  # fmt: skip
    claimed_on = _day(_("환수 통지일"))
    document = _line(_("환수 통지 문서"), max_length=120, help_text=_("예: 지역경제과-1234 (2026. 11. 2.)"))
    due_on = _day(_("납부 기한"), help_text=_("이날까지 납부하지 않으면 첫 화면에 알립니다."))


class ClosingForm(DatedForm):
    """When it was paid, and how."""

    past = ("closed_on",)

    closed_on = _day(_("납부일"))
    note = _line(_("납부 방법"), max_length=300, required=False, help_text=_("예: 고지서 납부, 정산 조정"))


class WriteOffForm(DatedForm):
    """Since when it is given up, and why."""

    past = ("closed_on",)

    closed_on = _day(_("결손·취소일"))
    note = _line(_("사유"), max_length=300, help_text=_("받을 수 없게 되었거나 잘못 등록한 까닭을 적습니다."))


class ReferralForm(DatedForm):
    """Where it was sent."""

    past = ("referred_on",)

    station = _line(_("수사기관"), max_length=80, help_text=_("예: 고양경찰서 수사과"))
    referred_on = _day(_("의뢰일"))
    document = _line(_("수사의뢰 문서"), max_length=120, help_text=_("예: 지역경제과-1234 (2026. 11. 2.)"))


class OutcomeForm(DatedForm):
    """What came back."""

    past = ("outcome_on",)

    outcome = forms.ChoiceField(label=_("수사 결과"), choices=Outcome.choices, widget=UnfoldAdminSelectWidget)
    outcome_on = _day(_("결과 통보일"), required=False)
    note = _line(_("결과 내용"), max_length=300, required=False, help_text=_("예: 사건번호, 처분 내용"))

    def clean(self) -> dict[str, Any] | None:
        """An outcome has a day, and what is still looked into has none."""
        said = super().clean() or {}
        if said.get("outcome") == Outcome.PENDING:
            said["outcome_on"] = None
        elif not said.get("outcome_on") and "outcome_on" not in self.errors:
            self.add_error("outcome_on", _("결과를 통보받은 날짜를 적습니다."))
        return said


def _today(request: HttpRequest) -> date:
    return business_date(request.at)  # type: ignore[attr-defined]


def _acting(request: HttpRequest) -> dict[str, Any]:
    return {"official": request.user, "authority": request.authority, "at": request.at}  # type: ignore[attr-defined]


def _written(
    request: HttpRequest, case: Disposition, form: forms.Form, *, title: Any, done: Any, act: Any
) -> HttpResponse:
    """The form, until it says what the service takes; then the case."""
    if form.is_bound and form.is_valid():
        try:
            act(**form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, done)
            return redirect("admin:merchants_disposition_change", case.pk)
    return render(
        request, "merchants/dispositions/form.html", title=title, form=form, merchant=case.merchant, case=case,
        status=200 if not form.is_bound or form.is_valid() else 422,
    )  # fmt: skip


@page("merchants/disposition/<uuid:case_id>/restitution/", name="disposition_restitution", methods=("GET", "POST"))
def restitution(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Claim the undue gain back."""
    case = find(Disposition.objects.select_related("merchant"), case_id)
    require(request, EDIT, case.municipality_id)
    form = RestitutionForm(request.POST or None, today=_today(request), initial={"claimed_on": _today(request)})
    return _written(
        request, case, form, title=_("부당이득 환수 등록"), done=_("환수를 등록했습니다."),
        act=lambda **said: follow_ups.claim(disposition=case, **said, **_acting(request)),
    )  # fmt: skip


def _restitution(request: HttpRequest, key: UUID, permission: str) -> Restitution:
    found = find(Restitution.objects.select_related("disposition__merchant"), key)
    require(request, permission, found.municipality_id)
    return found


@page("merchants/restitution/<uuid:key>/pay/", name="restitution_pay", methods=("GET", "POST"))
def pay(request: HttpRequest, key: UUID) -> HttpResponse:
    """It was paid."""
    found = _restitution(request, key, EDIT)
    form = ClosingForm(request.POST or None, today=_today(request), initial={"closed_on": _today(request)})
    return _written(
        request, found.disposition, form, title=_("환수금 납부 확인"), done=_("납부를 기록했습니다."),
        act=lambda **said: follow_ups.pay(restitution=found, **said, **_acting(request)),
    )  # fmt: skip


@page("merchants/restitution/<uuid:key>/write-off/", name="restitution_write_off", methods=("GET", "POST"))
def write_off(request: HttpRequest, key: UUID) -> HttpResponse:
    """It is given up."""
    found = _restitution(request, key, APPROVE)
    form = WriteOffForm(request.POST or None, today=_today(request), initial={"closed_on": _today(request)})
    return _written(
        request, found.disposition, form, title=_("환수 결손·취소"), done=_("환수를 결손·취소했습니다."),
        act=lambda **said: follow_ups.write_off(restitution=found, **said, **_acting(request)),
    )  # fmt: skip


@page("merchants/disposition/<uuid:case_id>/referral/", name="disposition_referral", methods=("GET", "POST"))
def referral(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Send the case to the police."""
    case = find(Disposition.objects.select_related("merchant"), case_id)
    require(request, EDIT, case.municipality_id)
    form = ReferralForm(request.POST or None, today=_today(request), initial={"referred_on": _today(request)})
    return _written(
        request, case, form, title=_("수사의뢰 등록"), done=_("수사의뢰를 등록했습니다."),
        act=lambda **said: follow_ups.refer(disposition=case, **said, **_acting(request)),
    )  # fmt: skip


@page("merchants/referral/<uuid:key>/outcome/", name="referral_outcome", methods=("GET", "POST"))
def outcome(request: HttpRequest, key: UUID) -> HttpResponse:
    """What the police or the prosecution answered."""
    found = find(Referral.objects.select_related("disposition__merchant"), key)
    require(request, EDIT, found.municipality_id)
    now = {"outcome": found.outcome, "outcome_on": found.outcome_on, "note": found.note}
    form = OutcomeForm(request.POST or None, today=_today(request), initial=now)
    return _written(
        request, found.disposition, form, title=_("수사 결과 기록"), done=_("수사 결과를 기록했습니다."),
        act=lambda **said: follow_ups.tell_outcome(referral=found, authority=request.authority, **said),  # type: ignore[attr-defined]
    )  # fmt: skip
