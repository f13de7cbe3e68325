"""선물, to read: who gave whom how much, masked."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from vouchers.common.admin import ListAdmin, day, moment, won
from vouchers.common.filters import MunicipalityFilter, PeriodFilter
from vouchers.gifts.models import Gift
from vouchers.ledger.models import Event
from vouchers.ledger.selectors import movements_of


@admin.register(Gift)
class GiftAdmin(ListAdmin):
    """Gifts, newest first. What citizens write to each other is not shown."""

    view_permission = "payments.view"
    list_display: ClassVar = ["at_seoul", "from_whom", "to_whom", "amount_won", "day_seoul"]
    list_select_related: ClassVar = ["giver__citizen", "receiver__citizen"]
    list_filter: ClassVar = [MunicipalityFilter, PeriodFilter]
    exact_search: ClassVar = ["id"]
    search_help_text = _("선물번호 전체")
    ordering: ClassVar = ["-id"]
    sortable_by: ClassVar[list[str]] = []
    fields: ClassVar = [
        "id",
        "at_seoul",
        "day_seoul",
        "currency",
        "from_whom",
        "to_whom",
        "partner",
        "amount_won",
        "movements",
    ]
    empty_hint = _("시민이 앱에서 다른 시민에게 선물하면 여기에 나타납니다. 조건에서 기간을 넓혀 보십시오.")

    at_seoul = moment("at", _("선물일시"))
    day_seoul = day("business_date", _("영업일"))
    amount_won = won("amount", _("선물금액"))

    @admin.display(description=_("보낸 시민"))
    def from_whom(self, gift: Gift) -> str:
        """Masked."""
        return str(gift.giver.citizen)

    @admin.display(description=_("받은 시민"))
    def to_whom(self, gift: Gift) -> str:
        """Masked."""
        return str(gift.receiver.citizen)

    @admin.display(description=_("이동 내역"))
    def movements(self, gift: Gift) -> SafeString:
        """From which lots into which."""
        events = Event.objects.filter(municipality=gift.municipality_id, pk=gift.pk)
        found = [(event, movements_of(event, limit=100)) for event in events]
        return render_to_string("vouchers/payments/movements.html", {"journals": found})
