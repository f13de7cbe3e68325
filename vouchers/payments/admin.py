"""결제, to read; 연계기관 and their keys."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from vouchers.common.admin import HistoryAdmin, ListAdmin, day, moment, won
from vouchers.common.filters import MunicipalityFilter, PeriodFilter
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.ledger.models import Event
from vouchers.ledger.selectors import movements_of
from vouchers.payments.models import Partner, PartnerKey, Payment
from vouchers.payments.services import issue_key, revoke_key


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


@admin.register(Partner)
class PartnerAdmin(HistoryAdmin):
    """Organisations whose app calls the API."""

    view_permission = "partners.edit"
    edit_permission = "partners.edit"
    list_display: ClassVar = ["name", "municipality", "live_keys", "is_active"]
    list_select_related: ClassVar = ["municipality"]
    fieldsets: ClassVar = [(None, {"fields": ["name", "is_active"]})]
    prefix_search: ClassVar = ["name"]
    search_help_text = _("기관명의 앞부분")
    change_form_outer_after_template = "vouchers/payments/keys.html"
    empty_hint = _("결제 앱을 운영하는 기관을 등록하고 인증키를 발급하십시오.")

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the keys, in one more query."""
        return super().get_queryset(request).prefetch_related("keys")

    @admin.display(description=_("사용 중인 키"))
    def live_keys(self, partner: Partner) -> int:
        """At most two, so that a partner can change over."""
        return sum(key.revoked_at is None for key in partner.keys.all())


@page("vouchers/partner/<uuid:partner_id>/issue-key/", name="partner_issue_key", methods=("POST",))
def issue(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """Make a key and show its secret, this once."""
    partner = find(Partner.objects, partner_id)
    require(request, "partners.edit", partner.municipality_id)
    with refusals_shown(request):
        issued = issue_key(partner=partner, at=request.at)  # type: ignore[attr-defined]
        response = render(
            request, "vouchers/payments/key_issued.html", title=_("인증키 발급"), partner=partner, token=issued.token
        )
        response["Cache-Control"] = "no-store"
        return response
    return redirect("admin:vouchers_partner_change", partner_id)


@page("vouchers/partnerkey/<uuid:key_id>/revoke/", name="partner_revoke_key", methods=("POST",))
def revoke(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """End a key."""
    key = find(PartnerKey.objects, key_id)
    require(request, "partners.edit", key.municipality_id)
    with refusals_shown(request):
        revoke_key(key=key, at=request.at)  # type: ignore[attr-defined]
        messages.success(request, _("인증키를 폐기했습니다. 30초 안에 모든 서버에서 거절됩니다."))
    return redirect("admin:vouchers_partner_change", key.partner_id)
