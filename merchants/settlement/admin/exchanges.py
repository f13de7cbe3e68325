"""수시 환전: what was exchanged, exchanging for a shop, the limits and who may exchange more for some time."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminRadioSelectWidget

from merchants.registry.models import Merchant
from merchants.settlement import exchanges
from merchants.settlement.admin.decisions import SecondPersonAdmin, decision_page
from merchants.settlement.exchanges import Exchangeable
from merchants.settlement.models import Exchange, ExchangeLimit, ExchangeUplift
from vouchers.common.admin import HistoryAdmin, ListAdmin, day, moment, won
from vouchers.common.filters import MunicipalityFilter, PeriodFilter
from vouchers.common.models import uuid7
from vouchers.common.money import money
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.common.seoul import business_date


@admin.register(Exchange)
class ExchangeAdmin(ListAdmin):
    """What shops were settled before the close of a day."""

    view_permission = "settlement.view"
    list_display: ClassVar = ["exchanged", "merchant", "amount_won", "day_seoul", "asked_by"]
    list_select_related: ClassVar = ["merchant", "official", "partner"]
    list_filter: ClassVar = [MunicipalityFilter, PeriodFilter]
    fields: ClassVar = ["exchanged", "merchant", "currency", "amount_won", "day_seoul", "asked_by", "journal_id"]
    prefix_search: ClassVar = ["merchant__name"]
    exact_search: ClassVar = ["merchant__code"]
    search_help_text = _("상호의 앞부분 또는 가맹점번호")
    sortable_by: ClassVar[list[str]] = []
    empty_hint = _("가맹점 화면의 '수시 환전'에서 마감 전의 매출을 바로 정산할 수 있습니다.")

    exchanged = moment("at", _("환전일시"))
    amount_won = won("amount", _("환전금액"))
    day_seoul = day("business_date", _("영업일"))

    @admin.display(description=_("요청"))
    def asked_by(self, exchange: Exchange) -> str:
        """An official, or the shop through its app."""
        return str(exchange.partner or exchange.official)


class ExchangeForm(forms.Form):
    """How much of which currency. Empty: all that may be."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    currency = forms.ChoiceField(label=_("상품권"), widget=UnfoldAdminRadioSelectWidget)
    amount = forms.IntegerField(
        label=_("금액(원)"), required=False, min_value=1, widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("비워 두면 환전할 수 있는 금액을 모두 환전합니다."),
    )  # fmt: skip

    def __init__(self, *args: Any, offered: list[Exchangeable], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["currency"]
        choice.choices = [(str(row.currency_id), row.currency) for row in offered]


@page("merchants/merchant/<uuid:merchant_id>/exchange/", name="exchange", methods=("GET", "POST"))
def exchange(request: HttpRequest, merchant_id: UUID) -> HttpResponse:
    """Settle a shop at once: what it could exchange first, then the exchange. Sending the page twice exchanges once."""
    merchant = find(Merchant.objects, merchant_id)
    require(request, "settlement.exchange", merchant.municipality_id)
    at = request.at  # type: ignore[attr-defined]
    rows = exchanges.exchangeable(municipality=merchant.municipality_id, merchant=merchant.pk, at=at)
    offered = [row for row in rows if row.available]
    first = {"id": uuid7(), "currency": str(offered[0].currency_id) if offered else None}
    form = ExchangeForm(request.POST or None, offered=rows, initial=first)
    if form.is_bound and form.is_valid():
        values = form.cleaned_data
        with refusals_shown(request):
            moved = exchanges.exchange(
                id=values["id"], merchant=merchant, currency=UUID(values["currency"]), amount=values["amount"],
                official=request.user, authority=request.authority, at=at,  # type: ignore[arg-type,attr-defined]
            )  # fmt: skip
            messages.success(
                request, _("%(amount)s을 환전하여 이체 대기 목록에 넣었습니다.") % {"amount": money(moved)}
            )
        return redirect("admin:exchange", merchant.pk)
    return render(
        request, "merchants/settlement/exchange.html", title=_("수시 환전"), merchant=merchant, rows=rows, form=form,
        offered=offered,
    )  # fmt: skip


@admin.register(ExchangeLimit)
class ExchangeLimitAdmin(HistoryAdmin):
    """Tables of limits by the day from which they hold; one in force is changed by a later one."""

    view_permission = "settlement.view"
    edit_permission = "settings.edit"
    list_display: ClassVar = ["currency", "from_day", "band", "per_month_won", "legal_basis"]
    list_select_related: ClassVar = ["currency"]
    list_filter: ClassVar = [MunicipalityFilter]
    fieldsets: ClassVar = [
        (None, {"fields": [("currency", "valid_from"), ("monthly_sales_up_to", "per_month"), "legal_basis"]})
    ]
    sortable_by: ClassVar[list[str]] = []
    empty_hint = _("환전 한도를 등록해야 가맹점이 수시 환전을 할 수 있습니다. 월평균 매출 구간마다 한 줄씩 등록합니다.")

    from_day = day("valid_from", _("시행일"))
    per_month_won = won("per_month", _("월 환전 한도"))

    @admin.display(description=_("월평균 매출"))
    def band(self, limit: ExchangeLimit) -> Any:
        """Up to an amount, or all above the other bands."""
        if limit.monthly_sales_up_to is None:
            return _("상한 없음")
        return _("%(amount)s 이하") % {"amount": money(limit.monthly_sales_up_to)}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        in_force = obj is not None and obj.valid_from <= business_date(request.at)  # type: ignore[attr-defined]
        return super().has_change_permission(request, obj) and not in_force


@admin.register(ExchangeUplift)
class ExchangeUpliftAdmin(SecondPersonAdmin):
    """Higher limits of single shops."""

    list_display: ClassVar = ["merchant", "currency", "from_day", "until_day", "per_month_won", "state", "requested_by"]
    list_select_related: ClassVar = ["merchant", "currency", "requested_by"]
    list_filter: ClassVar = [MunicipalityFilter, "state"]
    add_fieldsets: ClassVar = [
        (None, {"fields": ["merchant", ("currency", "per_month"), ("valid_from", "valid_until"), "reason"]})
    ]
    fieldsets: ClassVar = [
        (None, {"fields": ["merchant", ("currency", "per_month_won"), ("from_day", "until_day"), "reason"]}),
        (_("결정"), {"fields": ["state", ("requested_by", "asked_at"), ("decided_by", "decided")]}),
    ]
    prefix_search: ClassVar = ["merchant__name"]
    exact_search: ClassVar = ["merchant__code"]
    search_help_text = _("상호의 앞부분 또는 가맹점번호")
    autocomplete_fields: ClassVar = ["merchant"]
    decide_page = "uplift_decide"
    decide_title = _("한도 상향 결정")
    empty_hint = _(
        "월 환전 한도가 모자란 가맹점이 있으면 기간을 정하여 한도 상향을 요청하십시오. 결재권자가 승인하면 적용됩니다."
    )

    from_day = day("valid_from", _("시작일"))
    until_day = day("valid_until", _("종료일"))
    per_month_won = won("per_month", _("월 환전 한도"))

    def save_model(self, request: HttpRequest, obj: ExchangeUplift, form: Any, change: bool) -> None:
        """Through the service."""
        exchanges.request_uplift(
            uplift=obj, official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type,attr-defined]
        )  # fmt: skip


decision_page(
    ExchangeUplift, name="uplift_decide", approved=_("한도 상향을 승인했습니다."), rejected=_("한도 상향 요청을 반려했습니다."),
    decide=lambda row, approve, acting: exchanges.decide_uplift(uplift=row, approve=approve, **acting),
)  # fmt: skip
