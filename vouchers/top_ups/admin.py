"""충전 and 환불: what was bought, what goes back, and the bank files with which it is paid."""

from __future__ import annotations

from typing import Any, ClassVar, Final
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from vouchers.common.admin import ListAdmin, moment, won
from vouchers.common.filters import MunicipalityFilter, PeriodFilter, chosen_municipality
from vouchers.common.korean import document_datetime
from vouchers.common.money import money
from vouchers.common.pages import find, page, refusals_shown, require
from vouchers.common.seoul import business_date
from vouchers.incentives.models import BenefitFund
from vouchers.ledger.models import Event
from vouchers.ledger.selectors import movements_of
from vouchers.privacy.admin import ReasonForm, record
from vouchers.privacy.models import AccessAction
from vouchers.privacy.rules import mask_account, mask_name
from vouchers.top_ups import errors, selectors, services
from vouchers.top_ups.models import AutoKind, AutoState, AutoTopUp, TopUp, TopUpRefund, TopUpState
from vouchers.top_ups.rules import ENCODING, bank_file

_LIST = "admin:vouchers_topuprefund_changelist"
_FAILURES: Final = {
    "deposit_missed": _("입금 기한까지 입금되지 않음"),
    "purchase_not_open": _("상품권을 구매할 수 없는 기간"),
    "top_up_below_minimum": _("1회 최소 구매액 미달"),
    "top_up_not_in_units": _("구매 단위에 맞지 않는 금액"),
    "purchase_limit_day": _("1일 구매 한도 초과"),
    "purchase_limit_month": _("월 구매 한도 초과"),
    "purchase_limit_year": _("연 구매 한도 초과"),
    "holding_limit": _("보유 한도 초과"),
    "wallet_not_active": _("사용 정지되거나 해지된 지갑"),
    "wallet_unknown": _("다른 앱으로 옮겨 간 지갑"),
    "amount_not_positive": _("충전할 수 없는 금액"),
}
"""Why an automatic top-up failed, by the codes of what refuses a request."""


def _events(municipality: Any, *keys: UUID | None) -> SafeString:
    rows: QuerySet[Event] = Event.objects.filter(municipality=municipality, pk__in=[key for key in keys if key])
    found = [(event, movements_of(event, limit=100)) for event in rows.order_by("id")[:20]]
    return render_to_string("vouchers/payments/movements.html", {"journals": found})


@admin.register(TopUp)
class TopUpAdmin(ListAdmin):
    """Top-ups, newest first."""

    view_permission = "payments.view"
    list_display: ClassVar = [
        "at_seoul", "holder", "currency", "kind", "paid_won", "benefit_won", "face_won", "stage", "refunded_won",
    ]  # fmt: skip
    list_select_related: ClassVar = ["wallet__citizen", "wallet__corporation", "currency"]
    list_filter: ClassVar = [MunicipalityFilter, PeriodFilter]
    exact_search: ClassVar = ["id"]
    search_help_text = _("충전번호 전체")
    ordering: ClassVar = ["-id"]
    sortable_by: ClassVar[list[str]] = []
    fields: ClassVar = [
        "id", "at_seoul", "holder", "buyer_kind", "currency", "app", "order_id", "kind", "amount_won", "paid_won", "benefit_won",
        "face_won", "payers", "stage", "deadline_seoul", "completed_seoul", "bank", "deposit_reference", "cancelled_seoul",
        "refunded_won", "movements",
    ]  # fmt: skip
    empty_hint = _("앱에서 충전을 신청하면 여기에 나타납니다. 먼저 상품권의 구매 기준을 등록하십시오.")

    at_seoul = moment("at", _("신청일시"))
    deadline_seoul = moment("deadline", _("입금 기한"))
    completed_seoul = moment("completed_at", _("충전일시"))
    cancelled_seoul = moment("cancelled_at", _("취소일시"))
    amount_won = won("amount", _("신청액"))
    paid_won = won("paid", _("입금액"))
    benefit_won = won("benefit", _("혜택"))
    face_won = won("face", _("충전액"))
    refunded_won = won("refunded", _("환불액"))

    @admin.display(description=_("구매자"))
    def holder(self, top_up: TopUp) -> str:
        """Masked."""
        return top_up.wallet.holder

    @admin.display(description=_("구매자 구분"))
    def buyer_kind(self, top_up: TopUp) -> str:
        """A person, or a corporation with limits of its own."""
        return top_up.get_buyer_display()

    @admin.display(description=_("앱"))
    def app(self, top_up: TopUp) -> str:
        """The partner, without a link to a page that few may open."""
        return str(top_up.partner)

    @admin.display(description=_("입금 확인 기관"))
    def bank(self, top_up: TopUp) -> str:
        """The partner, without a link to a page that few may open."""
        return str(top_up.depositor or "-")

    @admin.display(description=_("상태"))
    def stage(self, top_up: TopUp) -> Any:
        """A completed one says when some of it went back."""
        if top_up.state == TopUpState.COMPLETED and top_up.refunded:
            return _("잔액 환불")
        return top_up.get_state_display()

    @admin.display(description=_("재원별 혜택"))
    def payers(self, top_up: TopUp) -> SafeString:
        """Who bears what, and what came back to them."""
        names = dict(BenefitFund.objects.filter(pk__in=top_up.funds).values_list("pk", "name"))
        rows = [
            (names.get(fund, "-"), benefit, back)
            for fund, benefit, back in zip(top_up.funds, top_up.benefits, top_up.returned, strict=True)
        ]
        return render_to_string("vouchers/top_ups/payers.html", {"rows": rows})

    @admin.display(description=_("이동 내역"))
    def movements(self, top_up: TopUp) -> SafeString:
        """The movements of the purchase and of its way back."""
        lots = [top_up.journal_id]
        lots += list(
            Event.objects.filter(municipality=top_up.municipality, reference=top_up.pk).values_list("pk", flat=True)[
                :20
            ]
        )
        return _events(top_up.municipality, *lots)


class StageFilter(admin.SimpleListFilter):
    """How far the money has come."""

    title = _("지급 상태")
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """From the citizen's request to the bank."""
        return [("waiting", _("지급 대기")), ("sent", _("지급 확인 대기")), ("paid", _("지급 완료"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """By the index of what is unpaid."""
        stage = self.value()
        if stage == "paid":
            return queryset.exclude(paid_at=None)
        if stage in {"waiting", "sent"}:
            return queryset.filter(paid_at=None, payout_id__isnull=stage == "waiting")
        return queryset


@admin.register(TopUpRefund)
class TopUpRefundAdmin(ListAdmin):
    """Refunds, newest first, above them what the payer has to do."""

    view_permission = "payments.view"
    list_display: ClassVar = [
        "at_seoul",
        "kind",
        "holder",
        "amount_won",
        "benefit_won",
        "account",
        "stage",
        "paid_seoul",
    ]
    list_select_related: ClassVar = ["wallet__citizen", "wallet__corporation"]
    list_filter: ClassVar = [MunicipalityFilter, StageFilter, PeriodFilter]
    exact_search: ClassVar = ["id"]
    search_help_text = _("환불번호 전체")
    ordering: ClassVar = ["-id"]
    sortable_by: ClassVar[list[str]] = []
    list_before_template = "vouchers/top_ups/queue.html"
    change_form_outer_before_template = "vouchers/top_ups/return.html"
    fields: ClassVar = [
        "id", "at_seoul", "kind", "holder", "currency", "amount_won", "benefit_won", "account", "account_owner", "stage",
        "payout_seoul", "paid_seoul", "payer", "movements",
    ]  # fmt: skip
    empty_hint = _("시민이 앱에서 청약철회나 잔액 환불을 신청하면 여기에 나타납니다.")

    at_seoul = moment("at", _("신청일시"))
    paid_seoul = moment("paid_at", _("지급일시"))
    payout_seoul = moment("payout_at", _("이체 파일 생성일시"))
    amount_won = won("amount", _("환불액"))
    benefit_won = won("benefit", _("재원 반납액"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the bank files to make and to confirm, for those who may."""
        municipality = _municipality(request)
        may = request.authority.may("topups.refund", municipality)  # type: ignore[attr-defined]
        queue = selectors.queue_of(municipality=municipality) if may else None
        context = {"queue": queue, "reason": ReasonForm(auto_id="id_%s_file"), **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With the way to take it out of a file, for those who may."""
        may = request.authority.may("topups.refund", None)  # type: ignore[attr-defined]
        response: HttpResponse = super().changeform_view(
            request, object_id, form_url, {"may_refund": may, **(extra_context or {})}
        )
        return response

    @admin.display(description=_("구매자"))
    def holder(self, refund: TopUpRefund) -> str:
        """Masked."""
        return refund.wallet.holder

    @admin.display(description=_("계좌"))
    def account(self, refund: TopUpRefund) -> str:
        """Masked."""
        number = refund.account_number.reveal() if refund.account_number else ""
        return f"{refund.account_bank} {mask_account(number)}"

    @admin.display(description=_("예금주"))
    def account_owner(self, refund: TopUpRefund) -> str:
        """Masked."""
        return mask_name(refund.account_holder)

    @admin.display(description=_("지급 확인자"))
    def payer(self, refund: TopUpRefund) -> str:
        """Who said that the bank has paid."""
        return str(refund.paid_by or "-")

    @admin.display(description=_("지급 상태"))
    def stage(self, refund: TopUpRefund) -> Any:
        """How far the money has come."""
        if refund.paid_at:
            return _("지급 완료")
        return _("지급 확인 대기") if refund.payout_id else _("지급 대기")

    @admin.display(description=_("이동 내역"))
    def movements(self, refund: TopUpRefund) -> SafeString:
        """Out of the wallet, and out of the bank."""
        return _events(refund.municipality, refund.pk, refund.journal_id)


def _municipality(request: HttpRequest) -> str:
    """The one whose list is shown."""
    asked = request.POST.get("municipality") or request.GET.get("municipality") or ""
    known = request.authority.municipalities  # type: ignore[attr-defined]
    return asked if asked in known else chosen_municipality(request)


@page("vouchers/topuprefund/begin/", name="refund_begin", methods=("POST",))
def begin(request: HttpRequest) -> HttpResponse:
    """Put what waits into a bank file."""
    municipality = _municipality(request)
    require(request, "topups.refund", municipality)
    with refusals_shown(request):
        payout = services.begin_payout(
            municipality=municipality, authority=request.authority, at=request.at,  # type: ignore[attr-defined]
        )  # fmt: skip
        text = ngettext(
            "환불 %(count)d건을 이체 파일에 담았습니다. 파일을 내려받아 은행에서 이체한 뒤 지급을 확인하십시오.",
            "환불 %(count)d건을 이체 파일에 담았습니다. 파일을 내려받아 은행에서 이체한 뒤 지급을 확인하십시오.",
            payout.refunds,
        )
        messages.success(request, text % {"count": payout.refunds})
    return redirect(_LIST)


@page("vouchers/topuprefund/<uuid:refund_id>/file/", name="refund_file", methods=("POST",))
def file(request: HttpRequest, refund_id: UUID) -> HttpResponse:
    """The bank file in which this refund stands. It holds plain account numbers, so it takes a reason."""
    refund = find(TopUpRefund.objects.all(), refund_id)
    municipality = refund.municipality.pk
    require(request, "topups.refund", municipality)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("이체 파일에는 계좌번호가 들어 있습니다. 내려받는 사유를 5자 이상 적으십시오."))
        return redirect(_LIST)
    if refund.payout_id is None or refund.paid_at is not None:
        messages.error(request, str(errors.RefundNotInFile()))
        return redirect(_LIST)
    lines = selectors.lines_of_payout(municipality=municipality, payout=refund.payout_id)
    record(
        request, municipality=municipality, action=AccessAction.DOWNLOAD, subject=f"payout {refund.payout_id}",
        reason=form.cleaned_data["reason"], count=len(lines),
    )  # fmt: skip
    name = f"refunds-{business_date(request.at):%Y%m%d}-{str(refund.payout_id)[-6:]}.csv"  # type: ignore[attr-defined]
    return HttpResponse(
        bank_file(lines), content_type=f"text/csv; charset={ENCODING}",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )  # fmt: skip


@page("vouchers/topuprefund/<uuid:refund_id>/paid/", name="refund_finish", methods=("POST",))
def finish(request: HttpRequest, refund_id: UUID) -> HttpResponse:
    """The bank has paid the file in which this refund stands."""
    refund = find(TopUpRefund.objects.all(), refund_id)
    municipality = refund.municipality.pk
    require(request, "topups.refund", municipality)
    with refusals_shown(request):
        if refund.payout_id is None:
            raise errors.RefundNotInFile
        count, amount = services.finish_payout(
            municipality=municipality, payout=refund.payout_id, official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type,attr-defined]
        )  # fmt: skip
        text = ngettext(
            "환불 %(count)d건, %(amount)s의 지급을 확인했습니다.",
            "환불 %(count)d건, %(amount)s의 지급을 확인했습니다.",
            count,
        )
        messages.success(request, text % {"count": count, "amount": money(amount)})
    return redirect(_LIST)


@page("vouchers/topuprefund/<uuid:refund_id>/return/", name="refund_return", methods=("POST",))
def take_out(request: HttpRequest, refund_id: UUID) -> HttpResponse:
    """The bank did not pay this one; it waits for the next file."""
    refund = find(TopUpRefund.objects.all(), refund_id)
    require(request, "topups.refund", refund.municipality.pk)
    with refusals_shown(request):
        services.take_from_payout(refund=refund, authority=request.authority)  # type: ignore[attr-defined]
        messages.success(request, _("이체 파일에서 뺐습니다. 다음 이체 파일에 다시 담깁니다."))
    return redirect("admin:vouchers_topuprefund_change", refund_id)


@admin.register(AutoTopUp)
class AutoTopUpAdmin(ListAdmin):
    """Automatic rules, newest first: a wallet's latest rule above those that it has replaced."""

    view_permission = "citizens.view"
    list_display: ClassVar = ["holder", "condition", "amount_won", "stage", "next_seoul", "result", "why"]
    list_select_related: ClassVar = ["wallet__citizen", "wallet__corporation", "wallet__currency", "stopped_by"]
    list_filter: ClassVar = [MunicipalityFilter, "state", "kind"]
    prefix_search: ClassVar = ["wallet__citizen__name"]
    exact_search: ClassVar = ["wallet__citizen__phone_tail", "wallet__citizen__phone"]
    search_help_text = _("성명의 앞부분, 휴대전화 끝 4자리 또는 지갑번호 전체")
    ordering: ClassVar = ["-id"]
    sortable_by: ClassVar[list[str]] = []
    fields: ClassVar = [
        "id", "holder", "currency", "app", "condition", "amount_won", "stage", "why", "next_seoul", "set_seoul", "failures",
        "result", "last_request", "stopped_seoul", "stopper", "stop_reason",
    ]  # fmt: skip
    change_form_outer_after_template = "vouchers/top_ups/stop.html"
    empty_hint = _("회원이 앱에서 자동충전을 설정하면 여기에 나타납니다.")

    amount_won = won("amount", _("충전액"))
    set_seoul = moment("created_at", _("설정일시"))
    stopped_seoul = moment("stopped_at", _("해지일시"))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what became of the latest request."""
        return selectors.with_last_request(super().get_queryset(request))

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """The number of a wallet or a member finds its rules: the pages of both lead here by it."""
        try:
            key = UUID(search_term.strip())
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(Q(wallet=key) | Q(wallet__citizen=key)), False

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With the step that ends the rule, for who may take it."""
        may = request.authority.may("citizens.edit")  # type: ignore[attr-defined]
        response: HttpResponse = super().changeform_view(
            request, object_id, form_url, {"may_stop": may, **(extra_context or {})}
        )
        return response

    @admin.display(description=_("지갑"))
    def holder(self, rule: AutoTopUp) -> str:
        """Masked."""
        return rule.wallet.holder

    @admin.display(description=_("상품권"))
    def currency(self, rule: AutoTopUp) -> str:
        """What it buys."""
        return str(rule.wallet.currency)

    @admin.display(description=_("앱"))
    def app(self, rule: AutoTopUp) -> str:
        """The partner, without a link to a page that few may open."""
        return str(rule.partner)

    @admin.display(description=_("조건"))
    def condition(self, rule: AutoTopUp) -> str:
        """When it asks, in words."""
        if rule.kind == AutoKind.BELOW:
            return gettext("잔액 %(threshold)s 미만") % {"threshold": money(rule.threshold or 0)}
        return gettext("매월 %(day)s일") % {"day": rule.day_of_month}

    @admin.display(description=_("상태"))
    def stage(self, rule: AutoTopUp) -> str:
        return str(rule.get_state_display())

    @admin.display(description=_("다음 확인일시"))
    def next_seoul(self, rule: AutoTopUp) -> str:
        """When it is looked at next; one that does not ask has no such time."""
        return document_datetime(rule.due_at) if rule.state == AutoState.ACTIVE else "-"

    @admin.display(description=_("최근 결과"))
    def result(self, rule: Any) -> str:
        """What became of its latest attempt."""
        if rule.state == AutoState.PAUSED:
            return gettext("연속 %(times)s회 실패") % {"times": rule.failures}
        if rule.reason:
            return gettext("%(failure)s (연속 %(times)s회)") % {"failure": _failure(rule), "times": rule.failures}
        if rule.last_state is None:
            return gettext("아직 신청하지 않음")
        return f"{TopUpState(rule.last_state).label} · {document_datetime(rule.last_at)}"

    @admin.display(description=_("멈춘 까닭"))
    def why(self, rule: AutoTopUp) -> str:
        """Why it asks no more."""
        if rule.state == AutoState.PAUSED:
            return _failure(rule)
        if rule.state == AutoState.STOPPED:
            return f"{rule.get_stopped_how_display()}{f': {rule.stop_reason}' if rule.stop_reason else ''}"
        return "-"

    @admin.display(description=_("최근 신청한 충전번호"))
    def last_request(self, rule: Any) -> str:
        """Under which number those who see money find it."""
        return str(rule.last_id or "-")

    @admin.display(description=_("해지한 사람"))
    def stopper(self, rule: AutoTopUp) -> str:
        """The official, without a link to a page that few may open."""
        return str(rule.stopped_by or "-")


def _failure(rule: AutoTopUp) -> str:
    return str(_FAILURES.get(rule.reason, rule.reason))


class StopForm(forms.Form):
    """Why a rule ends."""

    reason = forms.CharField(min_length=5, max_length=200)


@page("vouchers/autotopup/<uuid:rule_id>/stop/", name="auto_top_up_stop", methods=("POST",))
def stop(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    """End a member's rule."""
    rule = find(AutoTopUp.objects.all(), rule_id)
    require(request, "citizens.edit", rule.municipality_id)
    form = StopForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("사유를 5자 이상 적으십시오."))
        return redirect("admin:vouchers_autotopup_change", rule_id)
    with refusals_shown(request):
        services.stop_auto_for_member(
            rule=rule, reason=form.cleaned_data["reason"], official=request.user, authority=request.authority,  # type: ignore[arg-type,attr-defined]
            at=request.at,  # type: ignore[attr-defined]
        )  # fmt: skip
        messages.success(request, _("자동충전을 해지했습니다. 이미 신청한 충전은 입금 기한까지 남습니다."))
    return redirect("admin:vouchers_autotopup_change", rule_id)
