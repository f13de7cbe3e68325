"""지갑, to read, with the lots of money in it."""

from __future__ import annotations

from typing import Any, ClassVar, Final
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from vouchers.citizens.models import Citizen, Corporation
from vouchers.common.admin import ListAdmin, ReadInline, moment
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.money import money
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.currencies.models import Currency
from vouchers.ledger.selectors import lots_of
from vouchers.partners.models import Partner
from vouchers.wallets.models import Wallet, WalletLink, WalletStatus, WalletStatusChange
from vouchers.wallets.rules import TITLES, movement
from vouchers.wallets.selectors import MovementRow, history
from vouchers.wallets.services import open_for_corporation, set_status

PER_PAGE: Final = 50


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


class WalletStatusInline(ReadInline):
    """Who stopped or released the wallet, and why."""

    view_permission = "citizens.view"
    model = WalletStatusChange
    fields: ClassVar = ["changed_at", "status", "reason", "who"]
    readonly_fields: ClassVar = ["changed_at", "who"]

    changed_at = moment("at", _("일시"))

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the officials' names."""
        return super().get_queryset(request).select_related("official")

    @admin.display(description=_("처리자"))
    def who(self, change: WalletStatusChange) -> str:
        """The official, without a link to a page that few may open."""
        return str(change.official)


class WalletStatusForm(forms.Form):
    """What shall become of a wallet, and why."""

    status = forms.ChoiceField(choices=[(one.value, one.label) for one in (WalletStatus.ACTIVE, WalletStatus.FROZEN)])
    reason = forms.CharField(min_length=5, max_length=200)


class HolderFilter(admin.SimpleListFilter):
    """Citizens' wallets, or the few of corporations."""

    title = _("소유자")
    parameter_name = "holder"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Who buys."""
        return [("individual", _("개인")), ("corporate", _("법인"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """By the column that names the corporation."""
        held = {"individual": True, "corporate": False}.get(str(self.value()))
        return queryset if held is None else queryset.filter(corporation__isnull=held)


class CorporateWalletForm(forms.Form):
    """For which currency, and through whose app."""

    currency = forms.ModelChoiceField(Currency.objects.none(), label=_("상품권"), widget=UnfoldAdminSelectWidget)
    partner = forms.ModelChoiceField(
        Partner.objects.none(), label=_("앱"), help_text=_("법인이 충전과 결제에 쓰는 앱의 기관입니다."),
        widget=UnfoldAdminSelectWidget,
    )  # fmt: skip

    def __init__(self, *args: Any, corporation: Corporation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        place = corporation.municipality_id
        self.fields["currency"].queryset = Currency.objects.filter(municipality=place, is_active=True)  # type: ignore[attr-defined]
        self.fields["partner"].queryset = Partner.objects.filter(municipality=place, is_active=True)  # type: ignore[attr-defined]


@admin.register(Wallet)
class WalletAdmin(ListAdmin):
    """Found through their holder."""

    view_permission = "citizens.view"
    list_display: ClassVar = ["holder", "currency", "status", "opened"]
    list_select_related: ClassVar = ["citizen", "corporation", "partner"]
    list_filter: ClassVar = [MunicipalityFilter, HolderFilter, "status"]
    prefix_search: ClassVar = ["citizen__name"]
    exact_search: ClassVar = ["citizen__phone_tail", "citizen__phone"]
    search_help_text = _("성명의 앞부분 또는 휴대전화 끝 4자리. 법인 지갑은 법인 회원 화면에서 찾습니다.")
    sortable_by: ClassVar[list[str]] = []
    fields: ClassVar = ["id", "holder", "currency", "app", "status", "opened", "balance", "lots"]
    inlines: ClassVar = [WalletStatusInline, WalletLinkInline]
    change_form_outer_before_template = "vouchers/wallets/links.html"
    change_form_outer_after_template = "vouchers/wallets/status.html"
    empty_hint = _("시민이 앱에서 상품권을 추가하면 지갑이 만들어집니다.")

    opened = moment("created_at", _("개설일시"))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Currencies apart: joined, they are where the planner begins, and all wallets of a currency are read and sorted."""
        return super().get_queryset(request).prefetch_related("currency")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """Holders of the wallets' own municipality, said for the planner: it looks in the index of that one alone."""
        found, is_distinct = super().get_search_results(request, queryset, search_term)
        return found.filter(citizen__municipality=F("municipality")) if search_term.strip() else found, is_distinct

    @admin.display(description=_("소유자"))
    def holder(self, wallet: Wallet) -> str:
        """A citizen masked, a corporation by its name."""
        return wallet.holder

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

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With the step that stops or releases the wallet and the link to its history, for who may."""
        may = request.authority.may  # type: ignore[attr-defined]
        context = (extra_context or {}) | {
            "may_change_status": may("citizens.edit"), "may_see_payments": may("payments.view"),
        }  # fmt: skip
        response: HttpResponse = super().changeform_view(request, object_id, form_url, context)
        return response


@page("vouchers/wallet/<uuid:wallet_id>/status/", name="wallet_status", methods=("POST",))
def change_status(request: HttpRequest, wallet_id: UUID) -> HttpResponse:
    """Stop or release a wallet."""
    wallet = find(Wallet.objects, wallet_id)
    require(request, "citizens.edit", wallet.municipality_id)
    form = WalletStatusForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("사유를 5자 이상 적으십시오."))
        return redirect("admin:vouchers_wallet_change", wallet_id)
    with refusals_shown(request):
        changed = set_status(
            wallet=wallet.pk, status=WalletStatus(form.cleaned_data["status"]), reason=form.cleaned_data["reason"],
            official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type, attr-defined]
        )  # fmt: skip
        done = (
            _("지갑 사용을 정지했습니다.") if changed.status == WalletStatus.FROZEN else _("사용 정지를 해제했습니다.")
        )
        messages.success(request, done)
    return redirect("admin:vouchers_wallet_change", wallet_id)


@page("vouchers/wallet/<uuid:wallet_id>/transactions/", name="wallet_transactions")
def transactions(request: HttpRequest, wallet_id: UUID) -> HttpResponse:
    """Everything that moved a wallet, newest first: what an official looks up when its holder asks."""
    wallet = find(Wallet.objects.select_related("citizen", "corporation", "currency"), wallet_id)
    require(request, "citizens.view", wallet.municipality_id)
    require(request, "payments.view", wallet.municipality_id)
    before = _uuid(request.GET.get("before", ""))
    found = history(municipality=wallet.municipality_id, wallet=wallet.pk, before=before, limit=PER_PAGE + 1)
    shown = [(row, TITLES[movement(kind=row.kind, amount=row.amount)], _page_of(row)) for row in found[:PER_PAGE]]
    return render(
        request, "vouchers/wallets/transactions.html", title=_("거래내역"), wallet=wallet, rows=shown, later=before,
        next_before=found[PER_PAGE - 1].id if len(found) > PER_PAGE else None,
        balance=sum(lot.remaining for lot in lots_of(municipality=wallet.municipality_id, wallet=wallet.pk)),
    )  # fmt: skip


def _uuid(text: str) -> UUID | None:
    """Where a page begins; whatever is no id begins at the newest."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _page_of(row: MovementRow) -> str:
    """The page of what moved the wallet, where it has one under the same id."""
    models = {"pay": "payment", "gift": "gift"}
    return reverse(f"admin:vouchers_{models[row.kind]}_change", args=[row.id]) if row.kind in models else ""


@page("vouchers/citizen/<uuid:citizen_id>/wallets/", name="citizen_wallets")
def citizen_wallets(request: HttpRequest, citizen_id: UUID) -> HttpResponse:
    """A citizen's wallets; where there is one, that one."""
    citizen = find(Citizen.objects, citizen_id)
    require(request, "citizens.view", citizen.municipality_id)
    wallets = citizen.wallets.select_related("currency", "partner").order_by("id")[:100]
    if len(wallets) == 1:
        return redirect("admin:vouchers_wallet_change", wallets[0].pk)
    return render(
        request, "vouchers/wallets/citizen.html", title=_("시민의 지갑"), citizen=citizen, wallets=wallets,
    )  # fmt: skip


@page("vouchers/corporation/<uuid:corporation_id>/wallets/", name="corporation_wallets", methods=("GET", "POST"))
def corporation_wallets(request: HttpRequest, corporation_id: UUID) -> HttpResponse:
    """A corporation's wallets, and the step that opens one."""
    corporation = find(Corporation.objects, corporation_id)
    require(request, "citizens.view", corporation.municipality_id)
    may_open = request.authority.may("citizens.edit", corporation.municipality_id)  # type: ignore[attr-defined]
    form = CorporateWalletForm(request.POST or None, corporation=corporation)
    if request.method == "POST":
        require(request, "citizens.edit", corporation.municipality_id)
        if form.is_valid():
            with refusals_shown(request):
                wallet = open_for_corporation(
                    corporation=corporation, currency=form.cleaned_data["currency"], partner=form.cleaned_data["partner"],
                    official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type, attr-defined]
                )  # fmt: skip
                messages.success(request, _("법인 지갑을 열었습니다. 지갑번호를 법인이 쓰는 앱의 기관에 알리십시오."))
                return redirect("admin:vouchers_wallet_change", wallet.pk)
    return render(
        request, "vouchers/wallets/corporation.html", title=_("법인 지갑"), corporation=corporation, form=form,
        may_open=may_open, back=reverse("admin:vouchers_corporation_change", args=[corporation.pk]),
        wallets=corporation.wallets.select_related("currency", "partner").order_by("id")[:100],
    )  # fmt: skip
