"""이체 묶음: making them of what is owed, the other person's consent, and the files for the bank."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
)

from merchants.payouts import rules, selectors, services
from merchants.payouts.admin.shared import acting, may_make_at, who
from merchants.payouts.models import (
    BatchState,
    PayoutBatch,
)
from vouchers.common.admin import ListAdmin, day, moment, won
from vouchers.common.filters import MunicipalityFilter
from vouchers.common.money import money
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.common.seoul import business_date
from vouchers.currencies.models import Currency
from vouchers.municipalities.selectors import business_day_after
from vouchers.privacy.admin import ReasonForm, record
from vouchers.privacy.models import AccessAction


@admin.register(PayoutBatch)
class PayoutBatchAdmin(ListAdmin):
    """Batches, newest first; each page says what is to be done next, and by whom."""

    view_permission = "settlement.view"
    list_display: ClassVar = [
        "title", "currency", "through_day", "pay_day", "payouts", "amount_won", "state", "made_by", "approved_by",
    ]  # fmt: skip
    list_select_related: ClassVar = ["currency", "made_by", "approved_by"]
    list_filter: ClassVar = [MunicipalityFilter, "state"]
    exact_search: ClassVar = ["id"]
    search_help_text = _("묶음번호 전체")
    ordering: ClassVar = ["-id"]
    sortable_by: ClassVar[list[str]] = []
    list_before_template = "merchants/payouts/start.html"
    change_form_outer_before_template = "merchants/payouts/batch.html"
    fields: ClassVar = [
        "title", "currency", "state", "through_day", "pay_day", "payouts", "amount_won", "digest_hex", "maker", "approver",
        "sender", "sent_form", "canceller", "done", "id",
    ]  # fmt: skip
    empty_hint = _("일 마감이 끝난 정산금을 묶어 은행으로 보냅니다. ‘이체 묶음 만들기’로 시작하십시오.")

    through_day = day("through", _("정산 마감일"))
    pay_day = day("pay_on", _("이체일"))
    amount_won = won("amount", _("합계"))
    done = moment("done_at", _("은행 답 완료일시"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the way to begin, for those who may."""
        may = request.authority.may("payouts.make")  # type: ignore[attr-defined]
        response: HttpResponse = super().changelist_view(request, {"may_make": may, **(extra_context or {})})
        return response

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With the next step, for those who may take it."""
        batch = self.get_object(request, object_id) if object_id else None
        context = {} if batch is None else _next_step(request, batch)
        response: HttpResponse = super().changeform_view(
            request, object_id, form_url, {**context, **(extra_context or {})}
        )
        return response

    @admin.display(description=_("이체 묶음명"))
    def title(self, batch: PayoutBatch) -> str:
        """이체 2026-7."""
        return str(batch)

    @admin.display(description=_("내용 확인값(SHA-256)"))
    def digest_hex(self, batch: PayoutBatch) -> str:
        """What the approver signs."""
        return bytes(batch.digest).hex()

    @admin.display(description=_("작성"))
    def maker(self, batch: PayoutBatch) -> str:
        """Who and when."""
        return who(batch.made_by, batch.made_at)

    @admin.display(description=_("승인"))
    def approver(self, batch: PayoutBatch) -> str:
        """Who and when."""
        return who(batch.approved_by, batch.approved_at)

    @admin.display(description=_("송신"))
    def sender(self, batch: PayoutBatch) -> str:
        """Who and when."""
        return who(batch.sent_by, batch.sent_at)

    @admin.display(description=_("송신 파일"))
    def sent_form(self, batch: PayoutBatch) -> str:
        """Its form and its digest."""
        if batch.sent_as is None:
            return "-"
        name = rules.SHEETS[batch.sent_as].name if batch.sent_as in rules.SHEETS else batch.sent_as
        return f"{name} · SHA-256 {bytes(batch.sent_digest or b'').hex()}"

    @admin.display(description=_("취소자와 사유"))
    def canceller(self, batch: PayoutBatch) -> str:
        """Who, when and why."""
        return f"{who(batch.cancelled_by, batch.cancelled_at)} · {batch.cancel_reason}" if batch.cancelled_at else "-"


def _next_step(request: HttpRequest, batch: PayoutBatch) -> dict[str, Any]:
    authority: Any = request.authority  # type: ignore[attr-defined]
    may_make = authority.may("payouts.make", batch.municipality_id)
    may_approve = authority.may("payouts.approve", batch.municipality_id)
    today = business_date(request.at)  # type: ignore[attr-defined]
    forms_offered: list[tuple[str, Any]] = [(services.PAIN001, "ISO 20022 pain.001")]
    forms_offered += [(code, sheet.name) for code, sheet in rules.SHEETS.items() if code != rules.EHOJO]
    return {
        "batch": batch, "progress": selectors.progress_of(batch), "may_make": may_make, "may_approve": may_approve,
        "own": batch.made_by_id == request.user.pk, "forms": forms_offered,
        "is_open": batch.state in (BatchState.MADE, BatchState.APPROVED), "digest": bytes(batch.digest).hex(),
        "late": batch.state in (BatchState.MADE, BatchState.APPROVED) and batch.pay_on < today,
    }  # fmt: skip


class NewForm(forms.Form):
    """Which currency, and on which day the bank pays."""

    currency = forms.ModelChoiceField(
        label=_("상품권"), queryset=Currency.objects.none(), empty_label=None, widget=UnfoldAdminSelectWidget
    )
    pay_on = forms.DateField(label=_("이체일"), widget=UnfoldAdminSingleDateWidget)

    def __init__(self, *args: Any, municipalities: list[str], today: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        field: Any = self.fields["currency"]
        field.queryset = Currency.objects.filter(municipality__in=municipalities).order_by("municipality", "name")
        self.fields["pay_on"].help_text = gettext("은행이 쉬는 날이면 은행이 다음 영업일에 지급합니다.")

    def clean_pay_on(self) -> Any:
        """Not before today."""
        pay_on = self.cleaned_data["pay_on"]
        if pay_on < self.today:
            raise forms.ValidationError(_("이체일은 오늘이거나 그 뒤여야 합니다."))
        return pay_on


@page("merchants/payoutbatch/new/", name="payout_new", methods=("GET", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """What a batch would hold and what it would leave, and the step that makes it."""
    codes = may_make_at(request)
    today = business_date(request.at)  # type: ignore[attr-defined]
    first = Currency.objects.filter(municipality__in=codes, is_active=True).order_by("municipality", "name").first()
    initial = {
        "currency": request.GET.get("currency") or (first.pk if first else None),
        "pay_on": business_day_after(municipality=first.municipality_id, day=today - timedelta(days=1))
        if first
        else today,
    }
    form = NewForm(request.POST or None, municipalities=codes, today=today, initial=initial)
    if form.is_bound and form.is_valid():
        with refusals_shown(request):
            batch = services.make(
                currency=form.cleaned_data["currency"], pay_on=form.cleaned_data["pay_on"], **acting(request)
            )
            text = ngettext(
                "이체 %(count)s건, %(amount)s을 묶었습니다. 다른 담당자의 승인을 받으십시오.",
                "이체 %(count)s건, %(amount)s을 묶었습니다. 다른 담당자의 승인을 받으십시오.",
                batch.payouts,
            )
            messages.success(request, text % {"count": batch.payouts, "amount": money(batch.amount)})
            return redirect("admin:merchants_payoutbatch_change", batch.pk)
        return redirect(f"{reverse('admin:payout_new')}?{urlencode({'currency': form.cleaned_data['currency'].pk})}")
    currency = _currency(request, codes) or first
    terms = selectors.terms_on(currency=currency.pk, day=today) if currency else None
    preview = selectors.preview(currency=currency, day=today, minimum=terms.minimum) if currency and terms else None
    return render(
        request, "merchants/payouts/new.html", title=_("이체 묶음 만들기"), form=form, currency=currency, terms=terms,
        preview=preview, several=form.fields["currency"].queryset.count() > 1,  # type: ignore[attr-defined]
        may_edit_shops=request.authority.may("merchants.view"),  # type: ignore[attr-defined]
        status=422 if form.is_bound else 200,
    )  # fmt: skip


def _currency(request: HttpRequest, codes: list[str]) -> Currency | None:
    wanted = request.POST.get("currency") or request.GET.get("currency") or ""
    try:
        return Currency.objects.filter(municipality__in=codes, pk=UUID(wanted)).first()
    except ValueError:
        return None


@page("merchants/payoutbatch/<uuid:batch_id>/approve/", name="payout_approve", methods=("POST",))
def approve(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The second person's consent."""
    batch = _batch(request, batch_id, "payouts.approve")
    with refusals_shown(request):
        services.approve(batch=batch, digest=request.POST.get("digest", ""), **acting(request))
        messages.success(request, _("이체 묶음을 승인했습니다. 작성 부서가 은행으로 보낼 수 있습니다."))
    return redirect("admin:merchants_payoutbatch_change", batch_id)


@page("merchants/payoutbatch/<uuid:batch_id>/cancel/", name="payout_cancel", methods=("POST",))
def cancel(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Take back what was not sent."""
    batch = find(PayoutBatch.objects.all(), batch_id)
    if not request.authority.may("payouts.make", batch.municipality_id):  # type: ignore[attr-defined]
        require(request, "payouts.approve", batch.municipality_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("취소하는 사유를 5자 이상 적으십시오."))
        return redirect("admin:merchants_payoutbatch_change", batch_id)
    with refusals_shown(request):
        services.cancel(batch=batch, reason=form.cleaned_data["reason"], **acting(request))
        messages.success(
            request, _("이체 묶음을 취소했습니다. 금액은 가맹점 정산금으로 돌아갔고 다음 묶음에 담깁니다.")
        )
    return redirect("admin:merchants_payoutbatch_change", batch_id)


@page("merchants/payoutbatch/<uuid:batch_id>/send/", name="payout_send", methods=("POST",))
def send(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Decide that it goes to the bank, and hand out the file; nobody gets it as the original again."""
    batch = _batch(request, batch_id, "payouts.make")
    form = request.POST.get("form", "")
    known = {services.PAIN001, *rules.SHEETS} - {rules.EHOJO}
    return _handed_out(
        request, batch,
        lambda: services.send(batch=batch, form=form if form in known else services.PAIN001, **acting(request)),
    )  # fmt: skip


@page("merchants/payoutbatch/<uuid:batch_id>/copy/", name="payout_copy", methods=("POST",))
def copy(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The file that was sent, marked as a copy."""
    batch = _batch(request, batch_id, "payouts.make")
    whose = acting(request)
    return _handed_out(
        request, batch,
        lambda: services.copy_of(batch=batch, official=whose["official"], authority=whose["authority"]),
    )  # fmt: skip


@page("merchants/payoutbatch/<uuid:batch_id>/expenditure/", name="payout_expenditure", methods=("POST",))
def expenditure(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The lines for e호조."""
    batch = _batch(request, batch_id, "payouts.make")
    return _handed_out(request, batch, lambda: services.expenditure(batch=batch, **acting(request)))


def _handed_out(request: HttpRequest, batch: PayoutBatch, made: Any) -> HttpResponse:
    """A file of plain account numbers, for a reason that is written down in the same transaction."""
    back = redirect("admin:merchants_payoutbatch_change", batch.pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("파일에는 계좌번호가 들어 있습니다. 내려받는 사유를 5자 이상 적으십시오."))
        return back
    with refusals_shown(request):
        file = made()
        record(
            request, municipality=batch.municipality_id, action=AccessAction.DOWNLOAD,
            subject=f"payout batch {batch.pk}{' copy' if file.is_copy else ''}", reason=form.cleaned_data["reason"],
            count=file.lines,
        )  # fmt: skip
        return HttpResponse(
            file.content, content_type=file.content_type,
            headers={"Content-Disposition": f'attachment; filename="{file.name}"', "Cache-Control": "no-store"},
        )  # fmt: skip
    return back


def _batch(request: HttpRequest, key: UUID, permission: str) -> PayoutBatch:
    batch = find(PayoutBatch.objects.all(), key)
    require(request, permission, batch.municipality_id)
    return batch
