"""정산: closed days and what each shop earned, to read, with the statement to print."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from merchants.settlement.holds import in_force
from merchants.settlement.models import DayClose, SettlementFee, SettlementLine
from merchants.settlement.services import request_close
from vouchers.common.admin import ListAdmin, day, moment, won
from vouchers.common.filters import MunicipalityFilter, chosen_municipality
from vouchers.common.korean import document_date
from vouchers.common.pages import page, refusals_shown, require
from vouchers.common.seoul import business_date


@admin.register(DayClose)
class DayCloseAdmin(ListAdmin):
    """Business days that are closed."""

    view_permission = "settlement.view"
    list_display: ClassVar = [
        "day_seoul",
        "currency",
        "merchants",
        "paid_won",
        "refunded_won",
        "exchanged_won",
        "fee_won",
        "payable_won",
        "closed",
    ]
    list_select_related: ClassVar = ["currency"]
    list_filter: ClassVar = [MunicipalityFilter]
    fields: ClassVar = [
        "day_seoul", "currency", "merchants", "paid_won", "refunded_won", "exchanged_won", "fee_won", "adjusted_won", "payable_won",
        "pays_seoul", "closed", "lines", "journal_id", "fee_journal_id",
    ]  # fmt: skip
    sortable_by: ClassVar[list[str]] = []
    list_before_template = "merchants/settlement/close.html"
    empty_hint = _("하루의 영업이 끝나면 다음 날 새벽에 자동으로 마감됩니다.")

    day_seoul = day("business_date", _("영업일"))
    paid_won = won("paid", _("결제금액"))
    refunded_won = won("refunded", _("취소금액"))
    exchanged_won = won("exchanged", _("수시 환전액"))
    fee_won = won("fee", _("수수료"))
    adjusted_won = won("adjusted", _("조정액"))
    payable_won = won("payable", _("정산금액"))
    pays_seoul = day("pays_on", _("지급일"))
    closed = moment("closed_at", _("마감일시"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the way to close by hand for those who may."""
        may = request.authority.may("settlement.close", chosen_municipality(request))  # type: ignore[attr-defined]
        response: HttpResponse = super().changelist_view(request, {"may_close": may, **(extra_context or {})})
        return response

    @admin.display(description=_("가맹점 정산내역"))
    def lines(self, close: DayClose) -> SafeString:
        """The shops of that day."""
        address = reverse("admin:merchants_settlementline_changelist")
        return format_html(
            '<a class="jt-button" href="{}?business_date={}">{}</a>',
            address,
            close.business_date.isoformat(),
            gettext("가맹점별 내역 보기"),
        )


@admin.register(SettlementLine)
class SettlementLineAdmin(ListAdmin):
    """What each shop earned on a day."""

    view_permission = "settlement.view"
    list_display: ClassVar = [
        "day_seoul", "merchant", "payments", "paid_won", "refunded_won", "exchanged_won", "fee_won",
        "payable_won", "pays_seoul", "held", "statement",
    ]  # fmt: skip
    list_select_related: ClassVar = ["merchant"]
    list_filter: ClassVar = [MunicipalityFilter]
    fields: ClassVar = [
        "day_seoul", "merchant", "currency", "payments", "paid_won", "refunds", "refunded_won", "exchanged_won",
        "fee_won", "adjusted_won", "carried_in_won", "payable_won", "carried_out_won", "pays_seoul", "held", "statement",
    ]  # fmt: skip
    prefix_search: ClassVar = ["merchant__name"]
    exact_search: ClassVar = ["merchant__code"]
    search_help_text = _("상호의 앞부분 또는 가맹점번호")
    ordering: ClassVar = ["-id"]  # days are closed in their order
    sortable_by: ClassVar[list[str]] = []
    change_form_outer_after_template = "merchants/settlement/fees.html"
    empty_hint = _("일 마감이 끝나면 가맹점별 정산내역이 여기에 나타납니다.")

    day_seoul = day("business_date", _("영업일"))
    paid_won = won("paid", _("결제금액"))
    refunded_won = won("refunded", _("취소금액"))
    exchanged_won = won("exchanged", _("수시 환전액"))
    fee_won = won("fee", _("수수료"))
    adjusted_won = won("adjusted", _("조정액"))
    carried_in_won = won("carried_in", _("이월(전일)"))
    payable_won = won("payable", _("정산금액"))
    carried_out_won = won("carried_out", _("이월(익일)"))
    pays_seoul = day("pays_on", _("지급일"))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """The link from a closed day."""
        return lookup == "business_date" or super().lookup_allowed(lookup, value, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SettlementLine]:
        """With whether the shop's money is held back today."""
        today = business_date(request.at)  # type: ignore[attr-defined]
        held = in_force(day=today).filter(merchant=OuterRef("merchant"))
        rows: QuerySet[SettlementLine] = super().get_queryset(request).annotate(is_held=Exists(held))
        return rows

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With the fees of the day, channel by channel."""
        line = self.get_object(request, object_id) if object_id else None
        told = SettlementFee.objects.filter(
            currency=line.currency_id, merchant=line.merchant_id, business_date=line.business_date
        ) if line else []  # fmt: skip
        return super().changeform_view(request, object_id, form_url, {"fees": told, **(extra_context or {})})

    @admin.display(description=_("지급보류"))
    def held(self, line: SettlementLine) -> str:
        """Whether an officer keeps back what the shop is owed."""
        return gettext("보류 중") if line.is_held else "-"  # type: ignore[attr-defined]

    @admin.display(description=_("정산내역서"))
    def statement(self, line: SettlementLine) -> SafeString:
        """The paper."""
        address = reverse("documents:settlement_statement", args=[line.pk])
        return format_html(
            '<a href="{}">{}<span class="jt-hidden"> {}</span></a>', address, gettext("PDF 내려받기"), line
        )


@page("merchants/dayclose/close/", name="day_close", methods=("POST",))
def close(request: HttpRequest) -> HttpResponse:
    """Have yesterday closed now, for when the night's run did not."""
    require(request, "settlement.close")
    municipality = chosen_municipality(request)
    require(request, "settlement.close", municipality)
    yesterday = business_date(request.at) - timedelta(days=1)  # type: ignore[attr-defined]
    with refusals_shown(request):
        request_close(
            municipality=municipality, day=yesterday, official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type,attr-defined]
        )  # fmt: skip
        messages.success(
            request, _("%(day)s 마감을 요청했습니다. 잠시 뒤 목록에 나타납니다.") % {"day": document_date(yesterday)}
        )
    return redirect("admin:merchants_dayclose_changelist")
