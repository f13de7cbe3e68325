"""수당 종류: the catalogue, to search and to start a programme from."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from allowances.catalogue.models import AllowanceType
from vouchers.common.admin import ListAdmin, won


@admin.register(AllowanceType)
class AllowanceTypeAdmin(ListAdmin):
    """Kinds of allowance that municipalities pay, each with the source it was taken from."""

    view_permission = "allowances.view"
    list_display: ClassVar = ["title", "category", "target", "amount_won", "cycle", "start"]
    list_display_links: ClassVar = ["title"]
    list_filter: ClassVar = ["category", "cycle"]
    prefix_search: ClassVar = ["name"]
    search_help_text = _("수당 이름, 지급 대상, 분류 또는 코드")
    fieldsets: ClassVar = [
        (None, {"fields": [("code", "category"), ("name", "name_en"), "target"]}),
        (_("지급"), {"fields": [("amount_won", "cycle", "payout_unit"), ("validity_days", "usage_limit")]}),
        (_("자격"), {"fields": [("age_min", "age_max"), "residency_required"]}),
        (_("출처"), {"fields": ["source"]}),
    ]
    change_form_outer_before_template = "allowances/programmes/start_link.html"
    sortable_by: ClassVar[list[str]] = ["category", "cycle"]

    amount_won = won("amount", _("1회 지급액"))

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """Anywhere in the text: the catalogue has a few hundred rows."""
        for word in search_term.split():
            queryset = queryset.filter(
                Q(name__icontains=word) | Q(name_en__icontains=word) | Q(target__icontains=word)
                | Q(category__icontains=word) | Q(code__istartswith=word)
            )  # fmt: skip
        return queryset, False

    @admin.display(description=_("수당 종류"), ordering="name")
    def title(self, kind: AllowanceType) -> str:
        """In the reader's language."""
        return kind.name_en if get_language() == "en" else kind.name

    @admin.display(description=_("사업"))
    def start(self, kind: AllowanceType) -> SafeString:
        """Where a programme begins."""
        address = f"{reverse('admin:allowances_programme_add')}?type={kind.pk}"
        text = gettext("이 종류로 사업 만들기")
        return format_html('<a href="{}">{}<span class="jt-hidden"> {}</span></a>', address, text, kind.name)

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """The link to start a programme is for those who may."""
        columns = list(self.list_display)
        return columns if request.authority.may("programmes.edit") else columns[:-1]  # type: ignore[attr-defined]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The same on the type's page."""
        context["may_start"] = request.authority.may("programmes.edit")  # type: ignore[attr-defined]
        return super().render_change_form(request, context, *args, **kwargs)
