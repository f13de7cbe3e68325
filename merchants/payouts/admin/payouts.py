"""가맹점 이체: what goes to each shop, and accounts that the bank refused."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from merchants.payouts import rules, selectors, services
from merchants.payouts.admin.shared import acting, reason_words, who
from merchants.payouts.models import (
    Payout,
)
from vouchers.common.admin import ListAdmin, moment, won
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.pages import find, page, refusals_shown, require
from vouchers.ledger.models import Account, AccountKind, Event
from vouchers.ledger.selectors import Movement, movements_of
from vouchers.privacy.admin import ReasonForm
from vouchers.privacy.rules import mask_account, mask_name


class MendFilter(admin.SimpleListFilter):
    """What waits for an officer."""

    title = _("할 일")
    parameter_name = "task"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """One task."""
        return [("mend", _("계좌 정정 필요"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """By the index of what was refused."""
        return selectors.to_mend(queryset) if self.value() == "mend" else queryset


@admin.register(Payout)
class PayoutAdmin(ListAdmin):
    """What goes to each shop, newest first."""

    view_permission = "settlement.view"
    list_display: ClassVar = ["merchant", "amount_won", "kind", "batch", "account", "state", "why", "at_seoul"]
    list_select_related: ClassVar = ["merchant", "batch"]
    list_filter: ClassVar = [MunicipalityFilter, MendFilter, "state"]
    prefix_search: ClassVar = ["merchant__name"]
    exact_search: ClassVar = ["merchant__code", "id"]
    search_help_text = _("상호의 앞부분, 가맹점번호 또는 이체번호 전체")
    ordering: ClassVar = ["-id"]
    sortable_by: ClassVar[list[str]] = []
    change_form_outer_before_template = "merchants/payouts/mend.html"
    change_form_outer_after_template = "merchants/payouts/journals.html"
    fields: ClassVar = [
        "merchant", "currency", "kind", "amount_won", "state", "batch", "line", "account", "owner", "at_seoul",
        "paid_seoul", "returned_seoul", "why", "mended", "id",
    ]  # fmt: skip
    empty_hint = _("이체 묶음을 만들면 가맹점별 이체 건이 여기에 나타납니다.")

    amount_won = won("amount", _("이체액"))
    at_seoul = moment("at", _("의뢰일시"))
    paid_seoul = moment("paid_at", _("지급일시"))
    returned_seoul = moment("returned_at", _("반환일시"))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """The links from a batch and from a shop."""
        return lookup in {"batch__id__exact", "merchant__id__exact"} or super().lookup_allowed(lookup, value, request)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With the step that lets it be paid there again."""
        payout = self.get_object(request, object_id) if object_id else None
        waits = payout is not None and selectors.to_mend(Payout.objects.filter(pk=payout.pk)).exists()
        context: dict[str, Any] = {"waits": waits, "payout": payout}
        if payout is not None:
            may = partial(request.authority.may, municipality=payout.municipality_id)  # type: ignore[attr-defined]
            context |= {"may_mend": waits and may("payouts.make"), "may_open_shop": may("merchants.view")}
            context["journals"] = _journals(payout)
        response: HttpResponse = super().changeform_view(
            request, object_id, form_url, {**context, **(extra_context or {})}
        )
        return response

    @admin.display(description=_("입금 계좌"))
    def account(self, payout: Payout) -> str:
        """Masked."""
        if payout.account_number is None:
            return "-"
        bank = rules.BANKS.get(payout.bank or "", payout.bank)
        return f"{bank} {mask_account(payout.account_number.reveal())}"

    @admin.display(description=_("예금주"))
    def owner(self, payout: Payout) -> str:
        """Masked."""
        return mask_name(payout.holder) if payout.holder else "-"

    @admin.display(description=_("반환 사유"))
    def why(self, payout: Payout) -> str:
        """The code and its words."""
        return reason_words(payout.reason) if payout.reason else "-"

    @admin.display(description=_("계좌 확인"))
    def mended(self, payout: Payout) -> str:
        """Who said that the account takes money after all."""
        return f"{who(payout.mended_by, payout.mended_at)} · {payout.mended_note}" if payout.mended_at else "-"


def _journals(payout: Payout) -> list[tuple[Event, list[Movement]]]:
    """The events it was part of, and of a whole batch's movements the shop's own."""
    keys = [key for key in (payout.journal_id, payout.paid_journal_id, payout.returned_journal_id) if key]
    rows = Event.objects.filter(municipality=payout.municipality_id, pk__in=keys).order_by("id")
    own = Account.objects.filter(
        municipality=payout.municipality_id, currency_id=payout.currency_id, owner_id=payout.merchant_id,
        kind=AccountKind.MERCHANT_SETTLED,
    ).values_list("pk", flat=True).first()  # fmt: skip
    return [
        (event, movements_of(event, limit=20, account=None if event.pk == payout.paid_journal_id else own))
        for event in rows
    ]  # fmt: skip


@page("merchants/payout/<uuid:payout_id>/mended/", name="payout_mended", methods=("POST",))
def mended(request: HttpRequest, payout_id: UUID) -> HttpResponse:
    """The account takes money after all."""
    payout = find(Payout.objects.all(), payout_id)
    require(request, "payouts.make", payout.municipality_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("어떻게 확인했는지 5자 이상 적으십시오."))
        return redirect("admin:merchants_payout_change", payout_id)
    with refusals_shown(request):
        services.mended(payout=payout, note=form.cleaned_data["reason"], **acting(request))
        messages.success(request, _("다음 이체 묶음부터 이 계좌로 다시 보냅니다."))
    return redirect("admin:merchants_payout_change", payout_id)
