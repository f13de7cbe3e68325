"""포인트 사업, 활동 종류, 적립 기준, 공휴일."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vouchers.common.admin import EditInline, HistoryAdmin, ReadInline, day, unlinked
from vouchers.common.filters import MunicipalityFilter, chosen_municipality
from vouchers.common.korean import document_date
from vouchers.common.pages import find, page, render, require
from vouchers.common.seoul import business_date
from vouchers.currencies.models import Currency
from vouchers.points import examples, selectors
from vouchers.points.models import ActivityKind, PointCap, PointLimits, PointProgramme, PointRule, PointWitness
from vouchers.points.rules import payable_from, period_of, periods_before

VIEW, EDIT = "benefits.view", "points.edit"
PERIODS_OFFERED = 3


class WitnessInline(EditInline):
    """Whose word counts."""

    model = PointWitness
    view_permission = VIEW
    edit_permission = EDIT
    can_delete = True

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only read has no page of the partner to go to."""
        return ["partner"] if self.has_change_permission(request, obj) else [unlinked(PointWitness, "partner")]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The same."""
        return [] if self.has_change_permission(request, obj) else self.get_fields(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What a partner has witnessed stays; it may witness nothing more."""
        return self.has_change_permission(request, obj)


def _opened(row: Any, label: str) -> str:
    """A link to the row's own page, which whoever sees the list may open."""
    return format_html(
        '<a class="jt-link" href="{}">{}</a>',
        reverse(f"admin:vouchers_{row._meta.model_name}_change", args=[row.pk]),
        label,
    )


class KindInline(ReadInline):
    """What the programme rewards."""

    model = ActivityKind
    view_permission = VIEW
    fields: ClassVar = ["named", "code", "unit"]
    readonly_fields: ClassVar = ["named"]

    @admin.display(description=_("활동명"))
    def named(self, kind: ActivityKind) -> str:
        """Leads to the kind and its rules."""
        return _opened(kind, kind.name)


class LimitsInline(ReadInline):
    """Versions of the caps of the whole programme, the latest first."""

    model = PointLimits
    view_permission = VIEW
    fields: ClassVar = ["since", "source"]
    readonly_fields: ClassVar = ["since"]

    @admin.display(description=_("시행일"))
    def since(self, limits: PointLimits) -> str:
        """Leads to the caps."""
        return _opened(limits, document_date(limits.valid_from))


@admin.register(PointProgramme)
class PointProgrammeAdmin(HistoryAdmin):
    """Programmes; their page leads to what they paid and to the next payout."""

    view_permission = VIEW
    edit_permission = EDIT
    list_display: ClassVar = ["name", "currency", "payout", "validity_months", "is_active"]
    list_select_related: ClassVar = ["currency"]
    list_filter: ClassVar = [MunicipalityFilter, "is_active"]
    fieldsets: ClassVar = [(None, {"fields": [
        "currency", "name", "legal_basis", ("payout", "payout_month"), ("validity_months", "late_days"), "usage_rule", "fund",
        "is_active",
    ]})]  # fmt: skip
    inlines: ClassVar = [WitnessInline, KindInline, LimitsInline]
    prefix_search: ClassVar = ["name"]
    search_help_text = _("사업명의 앞부분")
    sortable_by: ClassVar[list[str]] = []
    empty_hint = _(
        "시민의 활동을 포인트로 보상하는 사업을 등록하십시오. 다른 지자체의 사업을 예시로 불러와 고쳐 쓸 수도 있습니다."
    )
    list_before_template = "vouchers/points/programme_links.html"
    change_form_outer_after_template = "vouchers/points/programme_status.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Runs have been computed for wallets of the currency."""
        return ["currency", unlinked(PointProgramme, "currency")] if obj else []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With the next steps for those who may edit."""
        may = request.authority.may(EDIT)  # type: ignore[attr-defined]
        context = {"may_edit_points": may, **(extra_context or {})}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the examples for those who may edit."""
        may = request.authority.may(EDIT)  # type: ignore[attr-defined]
        response: HttpResponse = super().changelist_view(request, {"may_edit_points": may, **(extra_context or {})})
        return response


class RuleInline(ReadInline):
    """Versions of the rule, the latest first."""

    model = PointRule
    view_permission = VIEW
    fields: ClassVar = ["since", "measure", "points", "rate", "source"]
    readonly_fields: ClassVar = ["since"]

    @admin.display(description=_("시행일"))
    def since(self, rule: PointRule) -> str:
        """Leads to the rule and its caps."""
        return _opened(rule, document_date(rule.valid_from))


@admin.register(ActivityKind)
class ActivityKindAdmin(HistoryAdmin):
    """What programmes reward."""

    view_permission = VIEW
    edit_permission = EDIT
    list_display: ClassVar = ["name", "programme", "code", "unit"]
    list_select_related: ClassVar = ["programme"]
    list_filter: ClassVar = [MunicipalityFilter]
    fieldsets: ClassVar = [(None, {"fields": ["programme", "name", ("code", "unit")]})]
    inlines: ClassVar = [RuleInline]
    change_form_outer_after_template = "vouchers/points/kind_links.html"
    prefix_search: ClassVar = ["name"]
    exact_search: ClassVar = ["code"]
    search_help_text = _("활동명의 앞부분 또는 코드")
    sortable_by: ClassVar[list[str]] = []
    empty_hint = _("포인트 사업을 먼저 등록하고, 그 사업이 보상하는 활동을 추가하십시오.")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Partners send the code, and activities hang on the programme."""
        return ["programme", "code"] if obj else []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With the next step for those who may edit."""
        may = request.authority.may(EDIT)  # type: ignore[attr-defined]
        context = {"may_edit_points": may, **(extra_context or {})}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response


class CapInline(EditInline):
    """The most that somebody earns, by age."""

    model = PointCap
    view_permission = VIEW
    edit_permission = EDIT
    fields: ClassVar = ["period", "age_from", "age_until", "points"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and not _in_force(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not _in_force(request, obj)


def _in_force(request: HttpRequest, rule: PointRule | PointLimits | None) -> bool:
    return rule is not None and rule.pk is not None and rule.valid_from <= business_date(request.at)  # type: ignore[attr-defined]


@admin.register(PointRule)
class PointRuleAdmin(HistoryAdmin):
    """Rules by the day from which they hold. One that holds or held is not changed: a later one replaces it."""

    view_permission = VIEW
    edit_permission = EDIT
    list_display: ClassVar = ["kind", "from_day", "measure", "points", "rate", "days"]
    list_select_related: ClassVar = ["kind"]
    list_filter: ClassVar = [MunicipalityFilter, "measure"]
    fieldsets: ClassVar = [
        (None, {"fields": ["kind", "valid_from", "measure", ("points", "rate"), ("unit_size", "whole_units")]}),
        (_("조건"), {"fields": [("days", "week_of"), ("first_of_day", "minimum_age"), "payments", "documents"]}),
        (None, {"fields": ["source"]}),
    ]
    inlines: ClassVar = [CapInline]
    prefix_search: ClassVar = ["kind__name"]
    search_help_text = _("활동명의 앞부분")
    sortable_by: ClassVar[list[str]] = []
    empty_hint = _("활동 종류마다 언제부터 얼마를 적립하는지 등록하십시오.")

    from_day = day("valid_from", _("시행일"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not _in_force(request, obj)


@admin.register(PointLimits)
class PointLimitsAdmin(HistoryAdmin):
    """Caps for whole programmes by the day from which they hold; changed like rules, by later ones."""

    view_permission = VIEW
    edit_permission = EDIT
    list_display: ClassVar = ["programme", "from_day", "source"]
    list_select_related: ClassVar = ["programme"]
    list_filter: ClassVar = [MunicipalityFilter]
    fieldsets: ClassVar = [(None, {"fields": ["programme", "valid_from", "source"]})]
    inlines: ClassVar = [CapInline]
    prefix_search: ClassVar = ["programme__name"]
    search_help_text = _("사업명의 앞부분")
    sortable_by: ClassVar[list[str]] = []
    empty_hint = _(
        "한 사람이 사업의 모든 활동을 합하여 1주, 1개월, 1년에 얼마까지 적립하는지 나이별로 등록하십시오. 한도를 없애려면 "
        "한도가 없는 통합 한도를 새 시행일로 등록합니다."
    )

    from_day = day("valid_from", _("시행일"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not _in_force(request, obj)


@page("vouchers/pointprogramme/examples/", name="point_examples", methods=("POST",))
def load_examples(request: HttpRequest) -> HttpResponse:
    """Make the example programmes for the currency of the official's municipality."""
    code = chosen_municipality(request)
    require(request, EDIT, code)
    currency = Currency.objects.filter(municipality=code, is_active=True).order_by("name").first()
    if currency is None:
        messages.error(request, gettext("상품권이 없어 사업을 만들 수 없습니다. 상품권을 먼저 등록하십시오."))
    else:
        made = examples.load(currency=currency)
        messages.success(
            request,
            gettext("예시 사업 %(count)s개를 만들었습니다. 실적 제공 기관과 재원을 정하면 시작할 수 있습니다.")
            % {"count": len(made)},
        )
    return redirect("admin:vouchers_pointprogramme_changelist")


@page("vouchers/pointprogramme/<uuid:programme_id>/status/", name="point_status")
def status(request: HttpRequest, programme_id: UUID) -> HttpResponse:
    """사업별 적립 현황: activities of this month by state, what was paid, what the fund holds, and what may be computed."""
    programme = find(PointProgramme.objects.select_related("currency", "fund"), programme_id)
    require(request, VIEW, programme.municipality_id)
    today = business_date(request.at)  # type: ignore[attr-defined]
    first, end = period_of(programme.payout, today)
    offered = [
        {"first": begin, "last": until - timedelta(days=1), "payable": payable_from(until, programme.payout_month)}
        for begin, until in periods_before(programme.payout, today, PERIODS_OFFERED)
    ]
    runs = {run.period_from: run for run in programme.runs.filter(period_from__in=[row["first"] for row in offered])}
    return render(
        request, "vouchers/points/status.html", title=programme.name, programme=programme, first=first,
        counts=selectors.counted(programme=programme, first=first, end=end), money=selectors.money_of(programme),
        offered=[row | {"run": runs.get(row["first"]), "open": row["payable"] <= today} for row in offered],
        runs=list(programme.runs.order_by("-period_from")[:12]),
        may_edit=request.authority.may(EDIT, programme.municipality_id),  # type: ignore[attr-defined]
    )  # fmt: skip
