"""혜택: funds and what came to them, policies, and their dated terms with the step that publishes them."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from vouchers.common.admin import EditInline, HistoryAdmin, day, is_old_version, unlinked
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.korean import grouped
from vouchers.common.models import uuid7
from vouchers.common.money import money
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.common.seoul import business_date
from vouchers.incentives import selectors, services, wording
from vouchers.incentives.forms import TermsForm, TierForm
from vouchers.incentives.models import (
    BenefitFund,
    BenefitKind,
    BenefitPolicy,
    BenefitSimulation,
    BenefitTerms,
    BenefitTier,
    SimulationState,
    TermsState,
)
from vouchers.incentives.sentences import percent
from vouchers.ledger.models import LotKind
from vouchers.ledger.services import call
from vouchers.municipalities.models import Dong

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
        """With how the policy stands, and its latest versions, above the form."""
        if obj is not None:
            authority = request.authority  # type: ignore[attr-defined]
            context |= {
                "standing": selectors.standing(policy=obj, day=business_date(request.at)),  # type: ignore[attr-defined]
                "may_stop": authority.may("benefits.publish", obj.municipality_id),
                "may_write": authority.may("benefits.edit", obj.municipality_id),
                "versions": obj.terms.order_by("-valid_from", "-id")[:10],
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
    form = TierForm

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """What exists is asked for once, not for each row."""
        dongs = Dong.objects.filter(municipality=obj.municipality_id) if obj else Dong.objects.all()
        names = dongs.order_by("name").values_list("name", flat=True).distinct()
        offered = {
            "dong_names": [(name, name) for name in names],
            "category_names": wording.category_names(),
            "funds": [(fund.pk, str(fund)) for fund in BenefitFund.objects.all()],
        }
        return super().get_formset(request, obj, form=type("TierForm", (TierForm,), offered), **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Without a button that opens another form in a window of its own."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Fields to change, or columns to read."""
        edited = ["fund", "rate", "spend_above", "spend_up_to", "sales_above", "sales_up_to", "dongs", "categories"]
        read = ["fund_name", "percent", *edited[2:6], "at_dongs", "at_categories"]
        return edited if self.has_change_permission(request, obj) else read

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The same columns."""
        return [] if self.has_change_permission(request, obj) else self.get_fields(request, obj)

    @admin.display(description=_("재원"))
    def fund_name(self, tier: BenefitTier) -> str:
        """Without a link, which not everybody may follow."""
        return str(tier.fund)

    @admin.display(description=_("지급률"))
    def percent(self, tier: BenefitTier) -> str:
        """7%."""
        return percent(tier.rate)

    @admin.display(description=_("읍면동"))
    def at_dongs(self, tier: BenefitTier) -> Any:
        """Their names, or all."""
        return ", ".join(tier.dongs) or _("관내 전체")

    @admin.display(description=_("업종"))
    def at_categories(self, tier: BenefitTier) -> Any:
        """Their names, or all."""
        names = dict(wording.category_names()) if tier.categories else {}
        return ", ".join(names.get(code, code) for code in tier.categories) or _("모든 업종")

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
    return {
        "trial": trial,
        "stale": changed and changed.history_date > trial.created_at,
        "result": wording.trial(trial) if trial.result else None,
    }


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
    form = TermsForm
    inlines: ClassVar = [TierInline]
    change_form_outer_before_template = "vouchers/incentives/terms.html"
    empty_hint = _("기안자가 정책 내용을 작성하면 여기에 나타납니다. 혜택 재원과 혜택 정책을 먼저 등록하십시오.")

    valid_from_day = day("valid_from", _("시행일"))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Fields to change, or columns to read."""
        editing = obj is None or self.has_change_permission(request, obj) or is_old_version(request)
        kinds, steps = ("base_kinds", "steps") if editing else ("counted_money", "steps_told")
        return [
            "policy", ("valid_from", "legal_basis"), kinds, "for_corporations", ("spend_cap", "benefit_cap"),
            ("budget_month", "budget_year"), steps, "own_fund", ("validity_months", "usage_rule"),
        ]  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Columns are no fields of the form."""
        return [name for name in self.get_fields(request, obj) if name in ("counted_money", "steps_told")]

    @admin.display(description=_("혜택을 주는 돈"))
    def counted_money(self, terms: BenefitTerms) -> str:
        """구매금, 정책수당."""
        return ", ".join(str(LotKind(kind).label) for kind in terms.base_kinds)

    @admin.display(description=_("예산 소진에 따른 지급률"))
    def steps_told(self, terms: BenefitTerms) -> str:
        """소진율 80% 부터 지급률 50%."""
        pairs = zip(terms.step_percents, terms.step_factors, strict=True)
        return (
            ", ".join(gettext("소진율 {}% 부터 지급률 {}%").format(used, f"{factor / 100:g}") for used, factor in pairs)
            or "-"
        )

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
        if found.ceiling and found.exceeds:
            text = _("최고 지급률 %(highest)s가 행정안전부 지침의 상한 %(limit)s를 넘습니다. 출처: %(source)s")
            limit, source = found.ceiling_percent, found.ceiling.source
            messages.warning(request, text % {"highest": found.highest_percent, "limit": limit, "source": source})

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
            sentences = wording.told(obj)
            context |= _trial(obj) | {
                "sentences": sentences,
                "changes": None if _is_published(obj) else wording.changes(obj, new=sentences),
            }
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
        messages.success(request, _("모의 적용을 시작했습니다. 계산이 끝나면 이 화면에 결과가 나타납니다."))
    return redirect("admin:vouchers_benefitterms_change", terms.pk)


@page("vouchers/benefit-terms/<uuid:terms_id>/trial/progress/", name="benefit_trial_progress")
def trial_progress(request: HttpRequest, terms_id: UUID) -> HttpResponse:
    """How far the latest trial has come, for the page that asks every second."""
    terms = find(BenefitTerms.objects, terms_id)
    require(request, "benefits.view", terms.municipality_id)
    trial = terms.simulations.first() or BenefitSimulation(
        state=SimulationState.DONE
    )  # with none, there is nothing to wait for
    text = gettext("결제 %(total)s건 가운데 %(done)s건 계산(%(percent)s%%)") % {
        "total": grouped(trial.payments), "done": grouped(trial.done_payments), "percent": trial.percent,
    }  # fmt: skip
    return JsonResponse({"state": trial.state, "percent": trial.percent, "working": trial.works, "text": text})
