"""혜택: funds and what came to them, policies, and their dated terms with the step that publishes them."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from vouchers.common.admin import EditInline, HistoryAdmin, day, unlinked
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.models import uuid7
from vouchers.common.money import money
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.common.seoul import business_date
from vouchers.incentives import selectors, services
from vouchers.incentives.models import (
    BenefitFund,
    BenefitKind,
    BenefitPolicy,
    BenefitTerms,
    BenefitTier,
    TermsState,
)
from vouchers.ledger.services import call

SHOWN = 100


@admin.register(BenefitFund)
class BenefitFundAdmin(HistoryAdmin):
    """Funds with what they have left."""

    view_permission = "benefits.view"
    edit_permission = "benefits.fund"
    list_display: ClassVar = ["name", "currency", "payer", "left_won"]
    list_filter: ClassVar = [MunicipalityFilter]
    list_select_related: ClassVar = ["currency"]
    sortable_by: ClassVar[list[str]] = []
    fields: ClassVar = ["currency", "name", "payer"]
    change_form_outer_before_template = "vouchers/incentives/fund.html"
    empty_hint = _(
        "예산 담당자가 국비, 시·도비, 시·군비처럼 부담 주체별로 재원을 등록하면 혜택 정책에서 고를 수 있습니다."
    )

    @admin.display(description=_("재원 잔액"))
    def left_won(self, fund: BenefitFund) -> str:
        """What is neither credited nor given back."""
        return money(call("incentives.left_of", fund.municipality_id, fund.pk)[0])

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The ledger account was opened with the currency."""
        return ["currency", unlinked(BenefitFund, "currency")] if obj else []

    def save_model(self, request: HttpRequest, obj: BenefitFund, form: Any, change: bool) -> None:
        """Through the service, which opens the ledger account."""
        services.save_fund(fund=obj, official=request.user, authority=request.authority)  # type: ignore[arg-type,attr-defined]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], add: bool = False, change: bool = False, form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:  # fmt: skip
        """With the balance and the entries above the form."""
        if obj is not None:
            left = call("incentives.left_of", obj.municipality_id, obj.pk)[0]
            endowed = obj.entries.aggregate(won=Sum("amount"))["won"] or 0
            context |= {
                "left": left,
                "endowed": endowed,
                "spent": endowed - left,
                "entries": obj.entries.select_related("official")[:SHOWN],
                "may_enter": request.authority.may("benefits.fund", obj.municipality_id),  # type: ignore[attr-defined]
            }
        response: HttpResponse = super().render_change_form(request, context, add, change, form_url, obj)
        return response


class EntryForm(forms.Form):
    """What came to a fund, or left it."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    amount = forms.IntegerField(
        label=_("금액(원)"), help_text=_("되돌려 줄 때는 앞에 -를 붙입니다."), widget=UnfoldAdminTextInputWidget
    )
    reason = forms.CharField(label=_("사유"), max_length=300, widget=UnfoldAdminTextInputWidget)
    document_number = forms.CharField(
        label=_("문서번호"), max_length=60, required=False, widget=UnfoldAdminTextInputWidget
    )


@page("vouchers/benefit-fund/<uuid:fund_id>/entry/", name="fund_entry", methods=("GET", "POST"))
def fund_entry(request: HttpRequest, fund_id: UUID) -> HttpResponse:
    """재원 변동: the entry first, then once more to confirm, then the posting."""
    fund = find(BenefitFund.objects.select_related("currency"), fund_id)
    require(request, "benefits.fund", fund.municipality_id)
    form = EntryForm(request.POST or None, initial={"id": uuid7()})
    ready = form.is_bound and form.is_valid()
    if ready and "confirmed" in request.POST:
        values = form.cleaned_data
        with refusals_shown(request):
            services.endow(
                fund=fund, amount=values["amount"], reason=values["reason"], document_number=values["document_number"],
                id=values["id"], official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type,attr-defined]
            )  # fmt: skip
            messages.success(request, _("%(amount)s을 기록했습니다.") % {"amount": money(values["amount"])})
        return redirect("admin:vouchers_benefitfund_change", fund.pk)
    return render(
        request, "vouchers/incentives/entry.html", title=_("재원 변동"), fund=fund, form=form, ready=ready,
        left=call("incentives.left_of", fund.municipality_id, fund.pk)[0],
        sent=[(name, form.data.get(name, "")) for name in form.fields if name != "id"] if ready else [],
    )  # fmt: skip


@admin.register(BenefitPolicy)
class BenefitPolicyAdmin(HistoryAdmin):
    """Policies of a currency."""

    view_permission = "benefits.view"
    edit_permission = "benefits.edit"
    list_display: ClassVar = ["name", "currency", "kind"]
    list_filter: ClassVar = [MunicipalityFilter]
    list_select_related: ClassVar = ["currency"]
    sortable_by: ClassVar[list[str]] = []
    fields: ClassVar = ["currency", "kind", "name"]
    empty_hint = _("기안자가 혜택 정책을 등록하고 정책 내용을 작성하면, 결재권자가 공포합니다.")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Payments have been reckoned by them."""
        return ["currency", "kind", unlinked(BenefitPolicy, "currency")] if obj else []

    change_form_outer_before_template = "vouchers/incentives/policy.html"

    def save_model(self, request: HttpRequest, obj: BenefitPolicy, form: Any, change: bool) -> None:
        """Through the service."""
        services.save_policy(policy=obj, official=request.user, authority=request.authority)  # type: ignore[arg-type,attr-defined]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], add: bool = False, change: bool = False, form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:  # fmt: skip
        """With how a cashback stands this month above the form."""
        if obj is not None and obj.kind == BenefitKind.CASHBACK:
            context |= {
                "standing": selectors.standing(policy=obj, day=business_date(request.at)),  # type: ignore[attr-defined]
                "may_stop": request.authority.may("benefits.publish", obj.municipality_id),  # type: ignore[attr-defined]
            }
        response: HttpResponse = super().render_change_form(request, context, add, change, form_url, obj)
        return response


@page("vouchers/benefit-policy/<uuid:policy_id>/halt/", name="benefit_halt", methods=("POST",))
def halt(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """중지: payments earn nothing from now on."""
    policy = find(BenefitPolicy.objects, policy_id)
    require(request, "benefits.publish", policy.municipality_id)
    with refusals_shown(request):
        services.halt(
            policy=policy, reason=request.POST.get("reason", "")[:300], official=request.user,  # type: ignore[arg-type]
            authority=request.authority, at=request.at,  # type: ignore[attr-defined]
        )  # fmt: skip
        messages.success(request, _("혜택 지급을 중지했습니다. 지금부터의 결제에는 혜택이 없습니다."))
    return redirect("admin:vouchers_benefitpolicy_change", policy.pk)


@page("vouchers/benefit-policy/<uuid:policy_id>/resume/", name="benefit_resume", methods=("POST",))
def resume(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """재개: an official's stop ends, or a month goes on whose budget has been raised."""
    policy = find(BenefitPolicy.objects, policy_id)
    require(request, "benefits.publish", policy.municipality_id)
    with refusals_shown(request):
        services.resume(
            policy=policy, month=business_date(request.at).replace(day=1),  # type: ignore[attr-defined]
            reason=request.POST.get("reason", "")[:300], official=request.user,  # type: ignore[arg-type]
            authority=request.authority, at=request.at,  # type: ignore[attr-defined]
        )  # fmt: skip
        messages.success(request, _("혜택 지급을 재개했습니다."))
    return redirect("admin:vouchers_benefitpolicy_change", policy.pk)


class TierInline(EditInline):
    """혜택 구간: a row is one fund's share under its conditions."""

    model = BenefitTier
    view_permission = "benefits.view"
    edit_permission = "benefits.edit"
    can_delete = True
    extra = 1
    fields: ClassVar = [
        "fund", "rate", "spend_above", "spend_up_to", "sales_above", "sales_up_to", "dongs", "categories",
    ]  # fmt: skip

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """While the terms are a draft."""
        return super().has_change_permission(request, obj) and not _is_published(obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """While the terms are a draft."""
        return super().has_add_permission(request, obj) and not _is_published(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """While the terms are a draft."""
        return self.has_change_permission(request, obj)


def _is_published(terms: Any) -> bool:
    return isinstance(terms, BenefitTerms) and terms.state == TermsState.PUBLISHED


def _trial(terms: BenefitTerms) -> dict[str, Any]:
    """The latest trial of the terms, and whether they were changed after it was asked for."""
    trial = terms.simulations.first()
    if trial is None:
        return {"trial": None}
    changed = terms.history.first()
    shown: dict[str, Any] = {"trial": trial, "stale": changed and changed.history_date > trial.created_at}
    if trial.result:
        funds = BenefitFund.objects.filter(pk__in=list(trial.result["funds"]))
        names = {str(key): name for key, name in funds.values_list("pk", "name")}
        shown["funds"] = sorted((names.get(key, key), won) for key, won in trial.result["funds"].items())
        ended = trial.result["ended"]
        shown["ended"] = date.fromisoformat(ended) if ended else None
    return shown


@admin.register(BenefitTerms)
class BenefitTermsAdmin(HistoryAdmin):
    """Versions of policies, drafts to change and published ones to read."""

    view_permission = "benefits.view"
    edit_permission = "benefits.edit"
    list_display: ClassVar = ["policy", "valid_from_day", "state", "author", "publisher"]
    list_filter: ClassVar = [MunicipalityFilter]
    list_select_related: ClassVar = ["policy", "author", "publisher"]
    sortable_by: ClassVar[list[str]] = []
    ordering: ClassVar = ["-id"]
    fields: ClassVar = [
        "policy", "valid_from", "legal_basis", ("spend_cap", "benefit_cap"), ("budget_month", "budget_year"),
        ("step_percents", "step_factors"), "own_fund", ("validity_months", "usage_rule"),
    ]  # fmt: skip
    inlines: ClassVar = [TierInline]
    change_form_outer_before_template = "vouchers/incentives/terms.html"
    empty_hint = _("기안자가 정책 내용을 작성하면 여기에 나타납니다. 혜택 재원과 혜택 정책을 먼저 등록하십시오.")

    valid_from_day = day("valid_from", _("시행일"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """While it is a draft."""
        return super().has_change_permission(request, obj) and not _is_published(obj)

    def save_model(self, request: HttpRequest, obj: BenefitTerms, form: Any, change: bool) -> None:
        """Whoever changes a draft is its author."""
        services.save_draft(terms=obj, official=request.user, authority=request.authority)  # type: ignore[arg-type,attr-defined]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Tell at once when the tiers give more than the guideline allows."""
        super().save_related(request, form, formsets, change)
        found = selectors.against_guideline(terms=form.instance)
        if found.exceeds:
            told = {"highest": found.highest_percent, "limit": found.ceiling_percent}
            messages.warning(
                request, _("최고 지급률 %(highest)s가 행정안전부 지침의 상한 %(limit)s를 넘습니다.") % told
            )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], add: bool = False, change: bool = False, form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:  # fmt: skip
        """With the state above the form, and the way to publish."""
        if obj is not None:
            authority = request.authority  # type: ignore[attr-defined]
            context["may_publish"] = (
                not _is_published(obj)
                and obj.author_id != request.user.pk
                and authority.may("benefits.publish", obj.municipality_id)
            )
            context |= _trial(obj)
            context["guideline"] = selectors.against_guideline(terms=obj)
            context["may_name_region"] = authority.may("settings.edit", obj.municipality_id)
            context["may_try"] = obj.policy.kind == BenefitKind.CASHBACK and any(
                authority.may(permission, obj.municipality_id) for permission in ("benefits.edit", "benefits.publish")
            )
        response: HttpResponse = super().render_change_form(request, context, add, change, form_url, obj)
        return response


@page("vouchers/benefit-terms/<uuid:terms_id>/publish/", name="benefit_publish", methods=("POST",))
def publish(request: HttpRequest, terms_id: UUID) -> HttpResponse:
    """공포: from its day on the terms hold and are never changed."""
    terms = find(BenefitTerms.objects.select_related("policy"), terms_id)
    require(request, "benefits.publish", terms.municipality_id)
    with refusals_shown(request):
        services.publish(terms=terms, official=request.user, authority=request.authority, at=request.at)  # type: ignore[arg-type,attr-defined]
        messages.success(request, _("정책 내용을 공포했습니다."))
    return redirect("admin:vouchers_benefitterms_change", terms.pk)


@page("vouchers/benefit-terms/<uuid:terms_id>/trial/", name="benefit_trial", methods=("POST",))
def trial(request: HttpRequest, terms_id: UUID) -> HttpResponse:
    """모의 적용: what the terms would have cost on last month's payments, computed in the background."""
    terms = find(BenefitTerms.objects.select_related("policy"), terms_id)
    if not request.authority.may("benefits.edit", terms.municipality_id):  # type: ignore[attr-defined]
        require(request, "benefits.publish", terms.municipality_id)
    with refusals_shown(request):
        services.request_trial(terms=terms, official=request.user, authority=request.authority, at=request.at)  # type: ignore[arg-type,attr-defined]
        messages.success(request, _("모의 적용을 시작했습니다. 잠시 뒤 이 화면에서 결과를 확인하십시오."))
    return redirect("admin:vouchers_benefitterms_change", terms.pk)
