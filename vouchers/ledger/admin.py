"""원장, to read."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from vouchers.common.admin import ListAdmin, day, moment
from vouchers.common.filters import MunicipalityFilter, PeriodFilter
from vouchers.ledger.models import Event
from vouchers.ledger.selectors import movements_of

SHOWN_MOVEMENTS = 200


@admin.register(Event)
class EventAdmin(ListAdmin):
    """Business events and the movements of money that each made."""

    view_permission = "audit.view"
    list_display: ClassVar = ["id", "kind", "at_seoul", "day_seoul"]
    list_filter: ClassVar = [MunicipalityFilter, PeriodFilter]
    fields: ClassVar = ["id", "kind", "at_seoul", "day_seoul", "reference", "movements"]
    exact_search: ClassVar = ["id"]
    search_help_text = _("전표번호 전체")
    ordering: ClassVar = ["-id"]
    sortable_by: ClassVar[list[str]] = []

    at_seoul = moment("at", _("일시"))
    day_seoul = day("business_date", _("영업일"))

    @admin.display(description=_("이동 내역"))
    def movements(self, event: Event) -> SafeString:
        """From which kind of account to which, and how much; the first ones of a large event."""
        found = movements_of(event, limit=SHOWN_MOVEMENTS + 1)
        context = {"movements": found[:SHOWN_MOVEMENTS], "shortened": len(found) > SHOWN_MOVEMENTS}
        return render_to_string("vouchers/ledger/movements.html", context)
