"""결제, to read, and the terms that hold for all of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from vouchers.common.admin import EditAdmin, EditInline, HistoryAdmin, ListAdmin, day, moment, won
from vouchers.common.filters import MunicipalityFilter, PeriodFilter, id_floor
from vouchers.common.money import money
from vouchers.common.seoul import business_date, start_of_day
from vouchers.incentives.models import PayerKind
from vouchers.ledger.models import Event
from vouchers.ledger.selectors import movements_of
from vouchers.payments.models import Channel, ChannelFee, OnlineChannel, Payment, PaymentTerms
from vouchers.payments.selectors import cashback_of, drawn_by


class ChannelFilter(admin.SimpleListFilter):
    """How payments came about, of the last days where no period is chosen: a channel that nobody uses would otherwise be
    looked for among all payments that there ever were."""

    title = _("결제 방식(기간을 고르지 않으면 어제부터)")
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Every channel."""
        return list(Channel.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Payments of that channel, since yesterday unless a period is chosen."""
        if self.value() not in Channel.values:
            return queryset
        if not request.GET.get(PeriodFilter.parameter_name):
            yesterday = business_date(request.at) - timedelta(days=1)  # type: ignore[attr-defined]
            queryset = queryset.filter(id__gte=id_floor(start_of_day(yesterday)))
        return queryset.filter(channel=self.value())


@admin.register(Payment)
class PaymentAdmin(ListAdmin):
    """Payments, newest first."""

    view_permission = "payments.view"
    list_display: ClassVar = [
        "at_seoul",
        "merchant",
        "holder",
        "channel",
        "amount_won",
        "discount_won",
        "refunded_won",
        "state",
        "day_seoul",
    ]
    list_select_related: ClassVar = ["merchant", "wallet__citizen", "wallet__corporation"]
    list_filter: ClassVar = [MunicipalityFilter, PeriodFilter, ChannelFilter]
    exact_search: ClassVar = ["id"]
    search_help_text = _("결제번호 전체")
    ordering: ClassVar = ["-id"]
    sortable_by: ClassVar[list[str]] = []
    fields: ClassVar = [
        "id", "at_seoul", "day_seoul", "merchant", "holder", "partner", "channel", "order_id", "price_won", "discount_won",
        "amount_won", "drawn", "refunded_won", "state", "cashback", "movements",
    ]  # fmt: skip
    empty_hint = _("시민이 가맹점에서 QR로 결제하면 여기에 나타납니다. 조건에서 기간을 넓혀 보십시오.")

    at_seoul = moment("at", _("결제일시"))
    day_seoul = day("business_date", _("영업일"))
    amount_won = won("amount", _("결제금액"))
    discount_won = won("discount", _("가맹점 할인액"))
    refunded_won = won("refunded", _("취소금액"))

    @admin.display(description=_("정가"))
    def price_won(self, payment: Payment) -> str:
        """What the shop asked for."""
        return money(payment.amount + payment.discount)

    @admin.display(description=_("사용한 금액의 종류"))
    def drawn(self, payment: Payment) -> SafeString:
        """Lot by lot, in the order of drawing."""
        return format_html_join(mark_safe("<br>"), "{} {}", drawn_by(payment))

    @admin.display(description=_("결제자"))
    def holder(self, payment: Payment) -> str:
        """Masked."""
        return payment.wallet.holder

    @admin.display(description=_("상태"))
    def state(self, payment: Payment) -> Any:
        """Told by how much came back."""
        if not payment.refunded:
            return _("결제")
        return _("전액 취소") if payment.refunded == payment.amount else _("부분 취소")

    @admin.display(description=_("캐시백"))
    def cashback(self, payment: Payment) -> Any:
        """What the payment earned, and whose money it is."""
        found = cashback_of(payment)
        if found.state == "none":
            return _("없음")
        if not found.funds:
            return _("계산 대기 중")
        state = _("지급 완료") if found.state == "credited" else _("지급 대기 중")
        shares = ((PayerKind(share.payer).label, money(share.amount)) for share in found.funds)
        return format_html(
            "{} ({})<br>{}", money(found.amount), state, format_html_join(mark_safe("<br>"), "{} {}", shares)
        )

    @admin.display(description=_("이동 내역"))
    def movements(self, payment: Payment) -> SafeString:
        """The movements of the payment and of its cancellations."""
        rows = Event.objects.filter(municipality=payment.municipality_id)
        # Asked one after the other: no index serves the two of them together.
        events = [*rows.filter(pk=payment.pk), *rows.filter(reference=payment.pk).order_by("id")[:20]]
        found = [(event, movements_of(event, limit=100)) for event in events]
        return render_to_string("vouchers/payments/movements.html", {"journals": found})


@admin.register(PaymentTerms)
class PaymentTermsAdmin(EditAdmin):
    """Terms that hold from a day on. What holds or held is never changed: new terms are a new row."""

    view_permission = "payments.view"
    edit_permission = "settings.edit"
    list_display: ClassVar = ["starts", "qr_seconds", "token_seconds", "order_minutes", "rates", "legal_basis"]
    list_filter: ClassVar = [MunicipalityFilter]
    sortable_by: ClassVar[list[str]] = []
    fieldsets: ClassVar = [
        (None, {"fields": ["valid_from", "legal_basis"]}),
        (_("QR과 바코드"), {"fields": [("qr_seconds", "token_seconds", "token_refresh_seconds")]}),
        (_("온라인 주문"), {"fields": ["order_minutes"]}),
        (_("보관 기간"), {"fields": [("request_days", "code_days")]}),
        (_("혜택+"), {"fields": [("benefit_rate_min", "benefit_rate_max")]}),
    ]
    empty_hint = _(
        "결제 운영 기준이 없으면 거래별 QR, 시민 바코드, 온라인 주문을 쓸 수 없습니다. 시행일과 함께 등록하십시오."
    )

    starts = day("valid_from", _("시행일"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("혜택+ 할인율"))
    def rates(self, terms: PaymentTerms) -> str:
        """3~7%."""
        return "{:f}~{:f}%".format(*(rate.normalize() for rate in (terms.benefit_rate_min, terms.benefit_rate_max)))


class ChannelFeeInline(EditInline):
    """Fees that hold from a day on. What holds or held is never changed: new fees are new rows."""

    model = ChannelFee
    view_permission = "payments.view"
    edit_permission = "settings.edit"
    fields: ClassVar = ["valid_from", "sales_up_to", "rate"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(OnlineChannel)
class OnlineChannelAdmin(HistoryAdmin):
    """Delivery apps, taxi apps and malls."""

    view_permission = "payments.view"
    edit_permission = "settings.edit"
    list_display: ClassVar = ["name", "code", "kind", "partner", "is_active"]
    list_select_related: ClassVar = ["partner"]
    list_filter: ClassVar = [MunicipalityFilter, "kind", "is_active"]
    prefix_search: ClassVar = ["name"]
    search_help_text = _("채널명의 앞부분")
    fieldsets: ClassVar = [(None, {"fields": [("name", "code"), ("kind", "partner"), "is_active"]})]
    inlines: ClassVar = [ChannelFeeInline]
    empty_hint = _("채널을 등록하면 그 연계기관이 온라인 주문을 준비할 수 있습니다.")
