"""결제, to read; 연계기관 and their keys."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from vouchers.common.admin import ListAdmin, day, moment, won
from vouchers.common.filters import MunicipalityFilter, PeriodFilter
from vouchers.ledger.models import Event
from vouchers.ledger.selectors import movements_of
from vouchers.payments.models import Payment


@admin.register(Payment)
class PaymentAdmin(ListAdmin):
    """Payments, newest first."""

    view_permission = "payments.view"
    list_display: ClassVar = ["at_seoul", "merchant", "holder", "amount_won", "refunded_won", "state", "day_seoul"]
    list_select_related: ClassVar = ["merchant", "wallet__citizen"]
    list_filter: ClassVar = [MunicipalityFilter, PeriodFilter]
    exact_search: ClassVar = ["id"]
    search_help_text = _("결제번호 전체")
    ordering: ClassVar = ["-id"]
    sortable_by: ClassVar[list[str]] = []
    fields: ClassVar = [
        "id", "at_seoul", "day_seoul", "merchant", "holder", "partner", "order_id", "amount_won", "refunded_won", "state",
        "movements",
    ]  # fmt: skip
    empty_hint = _("시민이 가맹점에서 QR로 결제하면 여기에 나타납니다. 조건에서 기간을 넓혀 보십시오.")

    at_seoul = moment("at", _("결제일시"))
    day_seoul = day("business_date", _("영업일"))
    amount_won = won("amount", _("결제금액"))
    refunded_won = won("refunded", _("취소금액"))

    @admin.display(description=_("시민"))
    def holder(self, payment: Payment) -> str:
        """Masked."""
        return str(payment.wallet.citizen)

    @admin.display(description=_("상태"))
    def state(self, payment: Payment) -> Any:
        """Told by how much came back."""
        if not payment.refunded:
            return _("결제")
        return _("전액 취소") if payment.refunded == payment.amount else _("부분 취소")

    @admin.display(description=_("이동 내역"))
    def movements(self, payment: Payment) -> SafeString:
        """The movements of the payment and of its cancellations."""
        rows = Event.objects.filter(municipality=payment.municipality_id)
        events: QuerySet[Event] = rows.filter(pk=payment.pk) | rows.filter(reference=payment.pk)
        found = [(event, movements_of(event, limit=100)) for event in events.order_by("id")[:20]]
        return render_to_string("vouchers/payments/movements.html", {"journals": found})
