"""지갑, to read, with the lots of money in it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from vouchers.common.admin import ListAdmin, ReadInline, moment
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.money import money
from vouchers.ledger.selectors import lots_of
from vouchers.wallets.models import Wallet, WalletLink


class WalletLinkInline(ReadInline):
    """Through which app the citizen joined, and where the wallet went since."""

    view_permission = "citizens.view"
    model = WalletLink
    fields: ClassVar = ["link_at", "app", "outcome", "left", "guardian_consent"]
    readonly_fields: ClassVar = ["link_at", "app", "left"]

    link_at = moment("at", _("일시"))

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the names of the apps."""
        return super().get_queryset(request).select_related("partner", "previous")

    @admin.display(description=_("앱"))
    def app(self, link: WalletLink) -> str:
        """The partner, without a link to a page that few may open."""
        return str(link.partner)

    @admin.display(description=_("이전 앱"))
    def left(self, link: WalletLink) -> str:
        """The partner that has lost the wallet."""
        return str(link.previous or "-")


@admin.register(Wallet)
class WalletAdmin(ListAdmin):
    """Found through their holder."""

    view_permission = "citizens.view"
    list_display: ClassVar = ["holder", "currency", "status", "opened"]
    list_select_related: ClassVar = ["citizen", "currency", "partner"]
    list_filter: ClassVar = [MunicipalityFilter, "status"]
    prefix_search: ClassVar = ["citizen__name"]
    exact_search: ClassVar = ["citizen__phone_tail", "citizen__phone"]
    search_help_text = _("성명의 앞부분 또는 휴대전화 끝 4자리")
    sortable_by: ClassVar[list[str]] = []
    fields: ClassVar = ["holder", "currency", "app", "status", "opened", "balance", "lots"]
    inlines: ClassVar = [WalletLinkInline]
    empty_hint = _("시민이 앱에서 상품권을 추가하면 지갑이 만들어집니다.")

    opened = moment("created_at", _("개설일시"))

    @admin.display(description=_("시민"))
    def holder(self, wallet: Wallet) -> str:
        """Masked."""
        return str(wallet.citizen)

    @admin.display(description=_("가입한 앱"))
    def app(self, wallet: Wallet) -> str:
        """The partner, without a link to a page that few may open."""
        return str(wallet.partner or "-")

    @admin.display(description=_("잔액"))
    def balance(self, wallet: Wallet) -> str:
        """The sum of what is left in the lots."""
        return money(sum(lot.remaining for lot in lots_of(municipality=wallet.municipality_id, wallet=wallet.pk)))

    @admin.display(description=_("잔액 내역"))
    def lots(self, wallet: Wallet) -> SafeString:
        """Each lot with its source and expiry."""
        found = lots_of(municipality=wallet.municipality_id, wallet=wallet.pk)
        return render_to_string("vouchers/wallets/lots.html", {"lots": found})
