"""판매대행점: agreements, the fees that they name, and what each month comes to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from merchants.settlement import agents
from merchants.settlement.admin.decisions import SecondPersonAdmin, decision_page
from merchants.settlement.models import AgentFee, AgentReckoning, SalesAgent
from vouchers.common.admin import EditInline, HistoryAdmin, day, won
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.money import money
from vouchers.common.seoul import business_date


class AgentFeeInline(EditInline):
    """Fees from a month on. What holds or held is never changed: new fees are new rows."""

    model = AgentFee
    view_permission = "settlement.view"
    edit_permission = "settings.edit"
    fields: ClassVar = [
        "valid_from", "sold_rate", "sold_per_case", "exchanged_rate", "exchanged_per_case", "legal_basis",
    ]  # fmt: skip

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(SalesAgent)
class SalesAgentAdmin(HistoryAdmin):
    """Banks and cooperatives that sell vouchers for the municipality."""

    view_permission = "settlement.view"
    edit_permission = "settings.edit"
    list_display: ClassVar = ["name", "from_day", "until_day", "agreement", "partner"]
    list_select_related: ClassVar = ["partner"]
    list_filter: ClassVar = [MunicipalityFilter]
    fieldsets: ClassVar = [
        (None, {"fields": [("name", "business_number"), "partner", ("agreed_from", "agreed_until"), "agreement"]})
    ]
    inlines: ClassVar = [AgentFeeInline]
    sortable_by: ClassVar[list[str]] = []
    empty_hint = _("은행, 새마을금고 등과 판매대행 협약을 맺으면 협약 기간과 수수료를 여기에 등록하십시오.")

    from_day = day("agreed_from", _("협약 시작일"))
    until_day = day("agreed_until", _("협약 종료일"))


@admin.register(AgentReckoning)
class AgentReckoningAdmin(SecondPersonAdmin):
    """Months of agents: what they did, what they get, and who approved it."""

    list_display: ClassVar = ["agent", "month_told", "sold_won", "exchanged_won", "fee_won", "state", "requested_by"]
    list_select_related: ClassVar = ["agent", "requested_by"]
    list_filter: ClassVar = [MunicipalityFilter, "state"]
    add_fieldsets: ClassVar = [
        (None, {"fields": [("agent", "currency"), "month"]}),
        (_("지류 실적(판매대행점이 보고한 것)"), {"fields": [
            ("paper_sold_cases", "paper_sold"), ("paper_exchanged_cases", "paper_exchanged"),
        ]}),
        (None, {"fields": ["reason"]}),
    ]  # fmt: skip
    fieldsets: ClassVar = [
        (None, {"fields": [("agent", "currency"), ("month_told", "fee_won")]}),
        (_("판매"), {"fields": [("sold_cases", "sold_won"), ("paper_sold_cases", "paper_sold_won")]}),
        (_("환전"), {"fields": [("exchanged_cases", "exchanged_won"), ("paper_exchanged_cases", "paper_exchanged_won")]}),
        (_("결정"), {"fields": ["reason", "state", ("requested_by", "asked_at"), ("decided_by", "decided")]}),
    ]  # fmt: skip
    decide_page = "reckoning_decide"
    decide_title = _("판매대행 수수료 정산 결정")
    empty_hint = _(
        "달이 끝나면 판매대행점마다 그 달의 정산을 등록하십시오. 충전과 수시 환전은 자동으로 집계하고, 지류 실적은 보고받은 대로"
        " 적습니다."
    )

    sold_won = won("sold", _("충전 금액"))
    exchanged_won = won("exchanged", _("수시 환전 금액"))
    paper_sold_won = won("paper_sold", _("지류 판매 금액"))
    paper_exchanged_won = won("paper_exchanged", _("지류 환전 금액"))
    fee_won = won("fee", _("수수료"))

    @admin.display(description=_("정산월"))
    def month_told(self, reckoning: AgentReckoning) -> str:
        """2026. 11., as offices write it."""
        return f"{reckoning.month.year}. {reckoning.month.month}."

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The month that ended last."""
        this = business_date(request.at).replace(day=1)  # type: ignore[attr-defined]
        return {"month": (this - timedelta(days=1)).replace(day=1), **super().get_changeform_initial_data(request)}

    def sentences(self, row: AgentReckoning) -> list[str]:
        """Who gets what."""
        words = {"agent": row.agent, "month": self.month_told(row), "amount": money(row.fee)}
        return [
            gettext("%(agent)s에 %(month)s 판매대행 수수료로 %(amount)s을 지급합니다. 원 미만은 버렸습니다.") % words,
            gettext("승인한 금액은 지출 담당자가 예산에서 지급합니다. 이 시스템의 원장에서는 돈이 움직이지 않습니다."),
        ]

    def save_model(self, request: HttpRequest, obj: AgentReckoning, form: Any, change: bool) -> None:
        """Through the service."""
        agents.request_reckoning(
            reckoning=obj, official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type,attr-defined]
        )  # fmt: skip


decision_page(
    AgentReckoning, name="reckoning_decide", approved=_("판매대행 수수료 정산을 승인했습니다."),
    rejected=_("판매대행 수수료 정산을 반려했습니다."),
    decide=lambda row, approve, acting: agents.decide_reckoning(reckoning=row, approve=approve, **acting),
)  # fmt: skip
