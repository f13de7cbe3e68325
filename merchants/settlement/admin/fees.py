"""가맹점 수수료율표: rates in percent by channel and annual sales, told in sentences before somebody else approves them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from merchants.settlement import errors, fees
from merchants.settlement.admin.decisions import SecondPersonAdmin, decision_page
from merchants.settlement.models import FeeRate, FeeSchedule
from merchants.settlement.rules import share
from vouchers.common.admin import EditInline, TenantForm, day
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.korean import document_date
from vouchers.common.money import brief, money
from vouchers.common.seoul import business_date

_EXAMPLE = 10_000


def sentences(rates: Iterable[FeeRate]) -> list[str]:
    """Each row in words, channel by channel, with what it takes of a payment of 10,000 won."""
    told: list[str] = []
    before: FeeRate | None = None
    for rate in sorted(
        rates, key=lambda one: (not one.channel, one.channel, one.sales_up_to is None, one.sales_up_to or 0)
    ):
        above = before.sales_up_to if before and before.channel == rate.channel else None
        fee = share(_EXAMPLE, rate.rate)
        told.append(
            gettext(
                "%(channel)s · %(band)s: %(paid)s을 결제하면 수수료 %(fee)s(%(rate)s %%)을 빼고 %(net)s을 정산합니다."
            )
            % {
                "channel": rate.get_channel_display(), "band": band(above, rate.sales_up_to), "paid": money(_EXAMPLE),
                "fee": money(fee), "rate": rate.rate, "net": money(_EXAMPLE - fee),
            }
        )  # fmt: skip
        before = rate
    return told


def band(above: int | None, sales_up_to: int | None) -> str:
    """Which shops: by their annual sales."""
    if above is None and sales_up_to is None:
        return gettext("모든 가맹점")
    if above is None:
        return gettext("연매출 %(amount)s 이하") % {"amount": brief(sales_up_to or 0)}
    if sales_up_to is None:
        return gettext("연매출 %(amount)s 초과") % {"amount": brief(above)}
    return gettext("연매출 %(above)s 초과 %(amount)s 이하") % {"above": brief(above), "amount": brief(sales_up_to)}


class FeeScheduleForm(TenantForm):
    """Tells of a day too early before anything typed is lost."""

    today: ClassVar[date]

    def clean_valid_from(self) -> date:
        """After today."""
        chosen: date = self.cleaned_data["valid_from"]
        if chosen <= self.today:
            raise forms.ValidationError(str(errors.FeeTooEarly()))
        return chosen


class FeeRateInline(EditInline):
    """The rows of a table."""

    model = FeeRate
    view_permission = "settlement.view"
    edit_permission = "settlement.edit"
    fields: ClassVar = ["channel", "sales_up_to", "rate"]
    extra = 2

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(FeeSchedule)
class FeeScheduleAdmin(SecondPersonAdmin):
    """Tables by the day from which they hold."""

    list_display: ClassVar = ["currency", "from_day", "reason", "state", "requested_by", "decided_by"]
    list_select_related: ClassVar = ["currency", "requested_by", "decided_by"]
    list_filter: ClassVar = [MunicipalityFilter, "state"]
    add_fieldsets: ClassVar = [(None, {"fields": [("currency", "valid_from"), "reason"]})]
    fieldsets: ClassVar = [
        (None, {"fields": [("currency", "from_day"), "reason"]}),
        (_("결정"), {"fields": ["state", ("requested_by", "asked_at"), ("decided_by", "decided")]}),
    ]
    form = FeeScheduleForm
    decide_page = "fee_decide"
    decide_title = _("수수료율표 결정")
    empty_hint = _(
        "승인한 수수료율표가 없으면 가맹점 수수료는 0원입니다. 수수료를 받으려면 시행일과 결제 방식별 수수료율(%)을 등록하고"
        " 결재권자의 승인을 받으십시오."
    )

    from_day = day("valid_from", _("시행일"))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Knowing the day."""
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"today": business_date(request.at)})  # type: ignore[attr-defined]

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[type[FeeRateInline]]:
        """Rows are typed once; from then on the sentences tell them."""
        return [FeeRateInline] if obj is None else []

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """From the first of the next month on."""
        today = business_date(request.at)  # type: ignore[attr-defined]
        following = (today.replace(day=1) + timedelta(days=31)).replace(day=1)
        return {"valid_from": following, **super().get_changeform_initial_data(request)}

    def sentences(self, row: FeeSchedule) -> list[str]:
        """The day, then each row."""
        told = sentences(row.rates.all())
        begin = gettext("%(day)s부터 %(currency)s에 적용합니다.") % {
            "day": document_date(row.valid_from), "currency": row.currency,
        }  # fmt: skip
        return [begin, *(told or [gettext("가맹점 수수료를 받지 않습니다.")])]

    def save_model(self, request: HttpRequest, obj: FeeSchedule, form: Any, change: bool) -> None:
        """Through the service; the rows follow in the same transaction."""
        fees.request_schedule(
            schedule=obj, official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type,attr-defined]
        )  # fmt: skip


decision_page(
    FeeSchedule, name="fee_decide", approved=_("수수료율표를 승인했습니다."), rejected=_("수수료율표를 반려했습니다."),
    decide=lambda row, approve, acting: fees.decide_schedule(schedule=row, approve=approve, **acting),
)  # fmt: skip
