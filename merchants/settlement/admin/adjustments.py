"""정산 조정: proposals on paper, and the second person's decision that moves their money."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from merchants.settlement import adjustments
from merchants.settlement.admin.decisions import SecondPersonAdmin, decision_page
from merchants.settlement.models import Adjustment, Decision
from vouchers.common.admin import day, won
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.money import money


@admin.register(Adjustment)
class AdjustmentAdmin(SecondPersonAdmin):
    """Corrections of what shops get, and the money that the municipality keeps for them."""

    list_display: ClassVar = ["paper_number", "who", "amount_won", "reason", "state", "requested_by", "day_seoul"]
    list_select_related: ClassVar = ["currency", "merchant", "requested_by"]
    list_filter: ClassVar = [MunicipalityFilter, "state"]
    add_fieldsets: ClassVar = [
        (None, {"fields": ["merchant", ("currency", "amount"), ("paper_number", "reason")]}),
    ]
    fieldsets: ClassVar = [
        (None, {"fields": ["who", ("currency", "amount_won"), ("paper_number", "reason")]}),
        (_("결정"), {"fields": ["state", ("requested_by", "asked_at"), ("decided_by", "decided"), ("day_seoul", "journal_id")]}),
    ]  # fmt: skip
    exact_search: ClassVar = ["paper_number", "merchant__code"]
    search_help_text = _("근거 문서번호 또는 가맹점번호")
    autocomplete_fields: ClassVar = ["merchant"]
    decide_page = "adjustment_decide"
    decide_title = _("정산 조정 결정")
    empty_hint = _(
        "가맹점에 잘못 정산한 금액이 있으면 근거 문서와 금액을 적어 조정을 요청하십시오. 결재권자가 승인하면 다음 정산에 반영합니다."
    )

    amount_won = won("amount", _("조정액"))
    day_seoul = day("business_date", _("반영한 영업일"))

    @admin.display(description=_("가맹점"))
    def who(self, adjustment: Adjustment) -> str:
        """A shop, or the municipality's own account."""
        return str(adjustment.merchant or gettext("수수료·조정금 계정 입출금"))

    def sentences(self, row: Adjustment) -> list[str]:
        """What approval does, and what the operating account has for it."""
        words = {"amount": money(abs(row.amount)), "shop": row.merchant}
        told = {
            (True, True): gettext("승인하면 %(shop)s의 다음 정산에 %(amount)s을 더합니다."),
            (True, False): gettext(
                "승인하면 %(shop)s의 다음 정산에서 %(amount)s을 뺍니다. 모자라면 그다음 정산으로 이월합니다."
            ),
            (False, True): gettext("승인하면 운영 계좌에 넣은 예산 %(amount)s을 수수료·조정금 계정에 기록합니다."),
            (False, False): gettext(
                "승인하면 수수료·조정금 %(amount)s을 운영 계좌에서 세입으로 빼는 것으로 기록합니다."
            ),
        }[row.merchant_id is not None, row.amount > 0] % words
        if row.state != Decision.REQUESTED:
            return []
        left = adjustments.operating_balance(currency=row.currency_id)
        return [told, gettext("수수료·조정금 계정 잔액: %(amount)s") % {"amount": money(left)}]

    def save_model(self, request: HttpRequest, obj: Adjustment, form: Any, change: bool) -> None:
        """Through the service."""
        adjustments.request_adjustment(
            adjustment=obj, official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type,attr-defined]
        )  # fmt: skip


decision_page(
    Adjustment, name="adjustment_decide", approved=_("조정을 승인하여 반영했습니다."), rejected=_("조정 요청을 반려했습니다."),
    decide=lambda row, approve, acting: adjustments.decide_adjustment(adjustment=row, approve=approve, **acting),
)  # fmt: skip
