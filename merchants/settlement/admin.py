"""정산: closed days and what each shop earned, to read, with the statement to print."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from merchants.settlement.models import DayClose, SettlementLine
from vouchers.common.admin import ListAdmin, day, moment, won
from vouchers.common.filters import MunicipalityFilter


@admin.register(DayClose)
class DayCloseAdmin(ListAdmin):
    """Business days that are closed."""

    view_permission = "settlement.view"
    list_display: ClassVar = ["day_seoul", "currency", "merchants", "paid_won", "refunded_won", "payable_won", "closed"]
    list_select_related: ClassVar = ["currency"]
    list_filter: ClassVar = [MunicipalityFilter]
    fields: ClassVar = [
        "day_seoul", "currency", "merchants", "paid_won", "refunded_won", "payable_won", "closed", "lines", "journal_id",
    ]  # fmt: skip
    sortable_by: ClassVar = []
    empty_hint = _("하루의 영업이 끝나면 다음 날 새벽에 자동으로 마감됩니다.")

    day_seoul = day("business_date", _("영업일"))
    paid_won = won("paid", _("결제금액"))
    refunded_won = won("refunded", _("취소금액"))
    payable_won = won("payable", _("정산금액"))
    closed = moment("closed_at", _("마감일시"))

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
        "day_seoul", "merchant", "payments", "paid_won", "refunds", "refunded_won", "payable_won", "statement",
    ]  # fmt: skip
    list_select_related: ClassVar = ["merchant"]
    list_filter: ClassVar = [MunicipalityFilter]
    fields: ClassVar = [
        "day_seoul", "merchant", "currency", "payments", "paid_won", "refunds", "refunded_won", "carried_in_won",
        "payable_won", "carried_out_won", "statement",
    ]  # fmt: skip
    prefix_search: ClassVar = ["merchant__name"]
    exact_search: ClassVar = ["merchant__code"]
    search_help_text = _("상호의 앞부분 또는 가맹점번호")
    sortable_by: ClassVar = []
    empty_hint = _("일 마감이 끝나면 가맹점별 정산내역이 여기에 나타납니다.")

    day_seoul = day("business_date", _("영업일"))
    paid_won = won("paid", _("결제금액"))
    refunded_won = won("refunded", _("취소금액"))
    carried_in_won = won("carried_in", _("이월(전일)"))
    payable_won = won("payable", _("정산금액"))
    carried_out_won = won("carried_out", _("이월(익일)"))

    def lookup_allowed(self, lookup: str, value: str, request: object = None) -> bool:
        """The link from a closed day."""
        return lookup == "business_date" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("정산내역서"))
    def statement(self, line: SettlementLine) -> SafeString:
        """The paper."""
        address = reverse("documents:settlement_statement", args=[line.pk])
        return format_html(
            '<a href="{}">{}<span class="jt-hidden"> {}</span></a>', address, gettext("PDF 내려받기"), line
        )
