"""지급 기준을 정하는 화면과 모의 판정 화면."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from allowances.eligibility.errors import RulesInvalid
from allowances.eligibility.facts import needed_by
from allowances.eligibility.rules import check_terms, takes_own_amounts
from allowances.programmes import editing
from allowances.programmes.models import Programme, ProgrammeTerms
from allowances.programmes.selectors import current_terms
from allowances.programmes.sentences import terms_in_words
from allowances.programmes.services import set_terms
from allowances.programmes.trying import Person, Verdict, try_person
from vouchers.citizens.models import Citizen
from vouchers.common.errors import DomainError
from vouchers.common.pages import find, page, render, require
from vouchers.common.seoul import business_date

MATCHES_SHOWN = 10


class TermsForm(forms.ModelForm):
    """What of the terms is neither a condition nor an amount."""

    dongs = forms.CharField(
        label=_("읍면동별 유효기간"), required=False, widget=UnfoldAdminTextInputWidget,
        help_text=_("‘화천읍 90, 사내면 180’과 같이 읍면동과 일수를 적습니다. 적지 않은 읍면동은 위의 유효기간을 따릅니다."),
    )  # fmt: skip

    class Meta:
        model = ProgrammeTerms
        fields = (
            "valid_from", "reason", "residents_only", "amount_max", "payout_cycle", "validity_days", "valid_until",
            "refund_grace_days", "usage_rule", "quota", "quota_period", "claim_days", "cash_choice",
        )  # fmt: skip
        widgets = {
            "valid_from": UnfoldAdminDateWidget, "valid_until": UnfoldAdminDateWidget, "reason": UnfoldAdminTextInputWidget,
            "residents_only": UnfoldBooleanSwitchWidget, "cash_choice": UnfoldBooleanSwitchWidget,
            "payout_cycle": UnfoldAdminSelectWidget, "quota_period": UnfoldAdminSelectWidget,
            "usage_rule": UnfoldAdminSelectWidget,
            **dict.fromkeys(
                ("amount_max", "validity_days", "refund_grace_days", "quota", "claim_days"), UnfoldAdminTextInputWidget
            ),
        }  # fmt: skip

    def clean_dongs(self) -> dict[str, int]:
        """Days by dong."""
        try:
            return editing.parse_validity_by_dong(self.cleaned_data["dongs"])
        except ValueError as error:
            raise forms.ValidationError(_("‘읍면동 일수’를 쉼표로 나누어 적으십시오.")) from error

    def clean(self) -> dict[str, Any]:
        """Money lapses after some days or on a day."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if bool(values.get("validity_days")) == bool(values.get("valid_until")):
            self.add_error("validity_days", _("유효기간과 사용 기한 가운데 하나만 정하십시오."))
        return values

    def values(self) -> dict[str, Any]:
        """As ``set_terms`` takes them."""
        values = {name: value for name, value in self.cleaned_data.items() if name != "dongs"}
        return values | {"validity_by_dong": self.cleaned_data["dongs"]}


@page("allowances/programme/<uuid:programme_id>/terms/", name="programme_terms", methods=("GET", "POST"))
def terms(request: HttpRequest, programme_id: UUID) -> HttpResponse:
    """Write a new version of the terms: the form comes back for every row added or removed, with what it means."""
    programme = find(Programme.objects.select_related("type"), programme_id)
    require(request, "programmes.edit", programme.municipality_id)
    today = business_date(request.at)  # type: ignore[attr-defined]
    now = current_terms(programme=programme, day=today) or ProgrammeTerms(programme=programme, amount_max=0)
    form, rules = _read(request, now, today)
    action, fresh = request.POST.get("do", ""), ""
    if request.method == "POST" and action not in ("save", "preview"):
        fresh = editing.act(rules, action, request.POST)
    saved = request.method == "POST" and action == "save" and form.is_valid() and _save(request, programme, form, rules)
    if saved:
        messages.success(request, _("지급 기준을 정했습니다."))
        return redirect("admin:allowances_programme_change", programme.pk)
    return render(
        request, "allowances/programmes/terms.html", title=_("지급 기준"), programme=programme, form=form, fresh=fresh,
        groups=editing.group_fields(rules["conditions"], "conditions"),
        components=editing.component_fields(rules["amounts"], "amounts"), tranches=editing.tranche_fields(rules["tranches"]),
        kinds=editing.kind_choices(), amount_kinds=editing.amount_kind_choices(), **_preview(programme, form, rules, now),
    )  # fmt: skip


def _read(request: HttpRequest, now: ProgrammeTerms, today: date) -> tuple[TermsForm, dict[str, Any]]:
    if request.method == "POST":
        return TermsForm(request.POST), editing.read_form(request.POST)
    initial = forms.model_to_dict(now) | {"valid_from": today, "reason": ""}
    initial["dongs"] = ", ".join(f"{dong} {days}" for dong, days in now.validity_by_dong.items())
    rules = {"conditions": now.conditions, "amounts": now.amounts, "tranches": now.tranches}
    return TermsForm(initial=initial), rules


def _save(request: HttpRequest, programme: Programme, form: TermsForm, rules: dict[str, Any]) -> bool:
    try:
        set_terms(
            programme=programme, official=request.user, authority=request.authority, **form.values(), **rules,  # type: ignore[arg-type,attr-defined]
        )  # fmt: skip
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return False
    return True


def _preview(programme: Programme, form: TermsForm, rules: dict[str, Any], now: ProgrammeTerms) -> dict[str, Any]:
    """The sentences of what stands in the form, or what is wrong with it."""
    draft = ProgrammeTerms(programme=programme, **{name: getattr(now, name) for name in _PLAIN})
    if form.is_bound and form.is_valid():
        draft = ProgrammeTerms(programme=programme, **form.values())
    draft.conditions, draft.amounts, draft.tranches = rules["conditions"], rules["amounts"], rules["tranches"]
    try:
        check_terms(draft.snapshot())
    except RulesInvalid as error:
        return {"words": None, "refusal": str(error)}
    return {"words": terms_in_words(draft), "refusal": ""}


_PLAIN = (
    "valid_from", "residents_only", "amount_max", "payout_cycle", "validity_days", "valid_until", "validity_by_dong",
    "refund_grace_days", "usage_rule", "quota", "quota_period", "claim_days", "cash_choice",
)  # fmt: skip


class TryForm(forms.Form):
    """Who is tried, on which day."""

    reference_date = forms.DateField(label=_("자격 기준일"), widget=UnfoldAdminDateWidget)
    tranche = forms.IntegerField(label=_("분할 차수"), required=False, min_value=1, widget=UnfoldAdminTextInputWidget)
    name = forms.CharField(label=_("성명"), required=False, max_length=40, widget=UnfoldAdminTextInputWidget)
    phone_tail = forms.RegexField(
        label=_("휴대전화 끝 4자리"), required=False, regex=r"^\d{4}$", widget=UnfoldAdminTextInputWidget,
        error_messages={"invalid": _("숫자 4자리를 입력하십시오.")},
    )  # fmt: skip
    birth_date = forms.DateField(label=_("생년월일"), required=False, widget=UnfoldAdminDateWidget)
    dong = forms.CharField(label=_("읍면동"), required=False, max_length=40, widget=UnfoldAdminTextInputWidget)
    amount = forms.IntegerField(
        label=_("명단의 지급액(원)"), required=False, min_value=1, max_value=10**12, widget=UnfoldAdminTextInputWidget
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """A member is found by name and telephone together."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if bool(values.get("name")) != bool(values.get("phone_tail")) and not self.errors:
            self.add_error("phone_tail", _("가입한 시민은 성명과 휴대전화 끝 4자리로 찾습니다."))
        return values


@page("allowances/programme/<uuid:programme_id>/try/", name="programme_try", methods=("GET", "POST"))
def try_(request: HttpRequest, programme_id: UUID) -> HttpResponse:
    """모의 판정: what one person would get of the programme and why. Nothing of it is kept."""
    programme = find(Programme.objects.select_related("type"), programme_id)
    require(request, "citizens.view", programme.municipality_id)
    today = business_date(request.at)  # type: ignore[attr-defined]
    form = TryForm(request.POST or None, initial={"reference_date": today, "tranche": 1})
    day = form.cleaned_data["reference_date"] if form.is_bound and form.is_valid() else today
    now = current_terms(programme=programme, day=day)
    names = sorted(needed_by(now.snapshot())) if now else []
    facts, wrong = editing.read_facts(request.POST, names)
    verdict: Verdict | None = None
    matches: list[Citizen] = []
    missing = False
    if now and request.method == "POST" and form.is_valid() and not wrong:
        citizen, matches, missing = _find(request, form, programme)
        if not matches and not missing:
            verdict = _try(request, now, form, citizen, facts)
    response = render(
        request, "allowances/programmes/try.html", title=_("모의 판정"), programme=programme, form=form, terms=now,
        words=terms_in_words(now) if now else None, verdict=verdict, matches=matches, missing=missing, wrong=wrong,
        facts=editing.fact_fields(names, request.POST and {name: request.POST.get(f"fact.{name}", "") for name in names}),
        takes_amounts=bool(now and takes_own_amounts(now.amounts)),
    )  # fmt: skip
    response["Cache-Control"] = "no-store"
    return response


def _find(request: HttpRequest, form: TryForm, programme: Programme) -> tuple[Citizen | None, list[Citizen], bool]:
    """The member who is meant; several that could be; or that there is none."""
    name, tail = form.cleaned_data["name"], form.cleaned_data["phone_tail"]
    if not name:
        return None, [], False
    found = Citizen.objects.filter(municipality=programme.municipality_id, name=name, phone_tail=tail).select_related(
        "dong"
    )
    chosen = [citizen for citizen in found[:MATCHES_SHOWN] if str(citizen.pk) == request.POST.get("citizen")]
    matches = chosen or list(found[:MATCHES_SHOWN])
    if len(matches) == 1:
        return matches[0], [], False
    return None, matches, not matches


def _try(
    request: HttpRequest, now: ProgrammeTerms, form: TryForm, citizen: Citizen | None, facts: dict[str, Any]
) -> Verdict | None:  # fmt: skip
    values = form.cleaned_data
    person = Person(
        citizen=citizen, birth_date=values["birth_date"], dong=values["dong"], amount=values["amount"], facts=facts
    )
    try:
        return try_person(
            terms=now, reference_date=values["reference_date"], tranche=values["tranche"] if now.tranches else None, person=person
        )  # fmt: skip
    except DomainError as error:
        messages.error(request, str(error) or gettext("판정할 수 없습니다."))
        return None
