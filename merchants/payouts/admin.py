"""가맹점 이체: what is owed to shops, batches of it with two people's consent, files for the bank, and its answers."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from merchants.payouts import rules, selectors, services
from merchants.payouts.models import (
    BankSheet,
    BatchState,
    Payout,
    PayoutBatch,
    PayoutResult,
    PayoutResultLine,
    PayoutTerms,
)
from vouchers.common.admin import EditAdmin, HistoryAdmin, ListAdmin, TenantForm, day, moment, won
from vouchers.common.errors import DomainError
from vouchers.common.filters import MunicipalityFilter, chosen_municipality
from vouchers.common.korean import document_datetime
from vouchers.common.money import money
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.common.seoul import business_date
from vouchers.currencies.models import Currency
from vouchers.ledger.models import Event
from vouchers.ledger.selectors import movements_of
from vouchers.municipalities.selectors import business_day_after
from vouchers.privacy.admin import ReasonForm, record
from vouchers.privacy.models import AccessAction
from vouchers.privacy.rules import mask_account, mask_name

_LINES_SHOWN = 200
_OUTCOMES = {
    rules.PAID: _("지급"), rules.REJECTED: _("지급 거절"), rules.RETURNED: _("지급 후 반환"), rules.NOTED: _("접수"),
}  # fmt: skip
_EFFECTS = {
    "applied": _("원장에 반영"), "repeated": _("이미 반영됨"), "noted": _("돈의 이동 없음"), "unknown": _("모르는 이체"),
    "conflict": _("앞의 답과 맞지 않음 — 은행에 확인"),
}  # fmt: skip
_GAPS = {
    "entries": _("거래내역의 합계가 잔액과 맞지 않습니다. 빠진 거래가 있으니 은행에서 다시 내려받으십시오."),
    "balance": _("앞 거래내역의 기말 잔액과 이어지지 않습니다. 그 사이의 거래내역을 올리십시오."),
    "sequence": _("거래내역 번호가 이어지지 않습니다. 빠진 거래내역을 올리십시오."),
}


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
    done = moment("done_at", _("완료일시"))

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

    @admin.display(description=_("묶음"))
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
        return _who(batch.made_by, batch.made_at)

    @admin.display(description=_("승인"))
    def approver(self, batch: PayoutBatch) -> str:
        """Who and when."""
        return _who(batch.approved_by, batch.approved_at)

    @admin.display(description=_("송신"))
    def sender(self, batch: PayoutBatch) -> str:
        """Who and when."""
        return _who(batch.sent_by, batch.sent_at)

    @admin.display(description=_("송신 파일"))
    def sent_form(self, batch: PayoutBatch) -> str:
        """Its form and its digest."""
        if batch.sent_as is None:
            return "-"
        name = rules.SHEETS[batch.sent_as].name if batch.sent_as in rules.SHEETS else batch.sent_as
        return f"{name} · SHA-256 {bytes(batch.sent_digest or b'').hex()}"

    @admin.display(description=_("취소"))
    def canceller(self, batch: PayoutBatch) -> str:
        """Who, when and why."""
        return f"{_who(batch.cancelled_by, batch.cancelled_at)} · {batch.cancel_reason}" if batch.cancelled_at else "-"


def _who(official: Any, at: Any) -> str:
    return f"{official} · {document_datetime(at)}" if at else "-"


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
    fields: ClassVar = [
        "merchant", "currency", "kind", "amount_won", "state", "batch", "line", "account", "owner", "at_seoul",
        "paid_seoul", "returned_seoul", "why", "mended", "movements", "id",
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
        context = {"waits": waits, "payout": payout}
        if payout is not None:
            may = partial(request.authority.may, municipality=payout.municipality_id)  # type: ignore[attr-defined]
            context |= {"may_mend": waits and may("payouts.make"), "may_open_shop": may("merchants.view")}
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
        return _reason(payout.reason) if payout.reason else "-"

    @admin.display(description=_("계좌 확인"))
    def mended(self, payout: Payout) -> str:
        """Who said that the account takes money after all."""
        return f"{_who(payout.mended_by, payout.mended_at)} · {payout.mended_note}" if payout.mended_at else "-"

    @admin.display(description=_("원장 전표"))
    def movements(self, payout: Payout) -> SafeString:
        """The events it was part of, the movements of the first shops among them."""
        keys = [key for key in (payout.journal_id, payout.paid_journal_id, payout.returned_journal_id) if key]
        rows = Event.objects.filter(municipality=payout.municipality_id, pk__in=keys).order_by("id")
        found = [(event, movements_of(event, limit=20)) for event in rows]
        return render_to_string("vouchers/payments/movements.html", {"journals": found})


def _reason(code: str) -> str:
    words = rules.REASONS.get(code)
    return f"{code} {words}" if words else code


@admin.register(PayoutResult)
class PayoutResultAdmin(ListAdmin):
    """What the bank said, newest first."""

    view_permission = "settlement.view"
    list_display: ClassVar = [
        "file_name", "kind", "uploaded", "uploaded_by", "paid", "returned", "repeated", "unknown", "conflicts", "complete",
    ]  # fmt: skip
    list_select_related: ClassVar = ["uploaded_by"]
    list_filter: ClassVar = [MunicipalityFilter]
    exact_search: ClassVar = ["file_name"]
    search_help_text = _("파일 이름 전체")
    ordering: ClassVar = ["-id"]
    sortable_by: ClassVar[list[str]] = []
    list_before_template = "merchants/payouts/start.html"
    change_form_outer_before_template = "merchants/payouts/answers.html"
    fields: ClassVar = [
        "file_name", "kind", "uploaded", "uploaded_by", "paid", "returned", "repeated", "noted", "unknown", "conflicts",
        "complete", "first", "last", "opening_won", "closing_won",
    ]  # fmt: skip
    empty_hint = _(
        "은행에서 받은 이체 결과(pain.002, camt.053 또는 결과 파일)를 올리면 지급과 반환이 원장에 반영됩니다."
    )

    uploaded = moment("uploaded_at", _("등록일시"))
    first = day("first_day", _("거래내역 시작일"))
    last = day("last_day", _("거래내역 종료일"))
    opening_won = won("opening", _("기초 잔액"))
    closing_won = won("closing", _("기말 잔액"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the way to upload, for those who may."""
        may = request.authority.may("payouts.make")  # type: ignore[attr-defined]
        response: HttpResponse = super().changelist_view(request, {"may_upload": may, **(extra_context or {})})
        return response

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With its lines: first those that came to nothing."""
        result = self.get_object(request, object_id) if object_id else None
        lines: list[Any] = []
        if result is not None:
            rows = PayoutResultLine.objects.filter(result=result).select_related("payout__merchant")
            odd = list(rows.filter(effect__in=("unknown", "conflict")).order_by("line")[:_LINES_SHOWN])
            rest = rows.exclude(effect__in=("unknown", "conflict")).order_by("line")[: _LINES_SHOWN - len(odd)]
            lines = [
                (row, _OUTCOMES.get(row.outcome, row.outcome), _reason(row.reason) if row.reason else "",
                 _EFFECTS.get(row.effect, row.effect))
                for row in [*odd, *rest]
            ]  # fmt: skip
        response: HttpResponse = super().changeform_view(
            request, object_id, form_url,
            {"lines": lines, "gap": _gap_words(result) if result else "", "limit": _LINES_SHOWN, **(extra_context or {})},
        )  # fmt: skip
        return response

    @admin.display(description=_("빠진 내용"))
    def complete(self, result: PayoutResult) -> str:
        """What the statement lacks."""
        return _gap_words(result) or "-"


def _gap_words(result: PayoutResult) -> str:
    if not result.gap:
        return ""
    said = str(_GAPS.get(result.gap, result.gap))
    return f"{said} ({money(result.gap_amount)})" if result.gap_amount else said


class TermsForm(TenantForm):
    """Terms begin today at the earliest: what was sent before was sent under those before."""

    today: Any = None

    class Meta:
        model = PayoutTerms
        fields: ClassVar = [
            "municipality", "currency", "valid_from", "minimum", "account_bank", "account_number", "account_holder",
            "shown_as", "legal_basis",
        ]  # fmt: skip
        widgets: ClassVar = {"account_number": UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"})}

    def clean_valid_from(self) -> Any:
        """Not before today."""
        first = self.cleaned_data["valid_from"]
        if self.today and first < self.today:
            raise forms.ValidationError(_("시행일은 오늘부터 정할 수 있습니다."))
        return first

    def clean(self) -> Any:
        """An account that a bank could debit."""
        data = super().clean() or self.cleaned_data
        number = data.get("account_number")
        if number and not rules.account_is_usable(bank=data.get("account_bank", ""), number=str(number)):
            self.add_error("account_number", _("계좌번호는 숫자 8~16자리입니다. 붙임표와 빈칸은 넣어도 됩니다."))
        return data


@admin.register(PayoutTerms)
class PayoutTermsAdmin(EditAdmin):
    """Out of which account shops are paid. What holds or held is never changed: new terms are a new row."""

    view_permission = "settlement.view"
    edit_permission = "settings.edit"
    form = TermsForm
    list_display: ClassVar = [
        "starts",
        "currency",
        "minimum_won",
        "account",
        "account_holder",
        "shown_as",
        "legal_basis",
    ]
    list_select_related: ClassVar = ["currency"]
    list_filter: ClassVar = [MunicipalityFilter]
    sortable_by: ClassVar[list[str]] = []
    fieldsets: ClassVar = [
        (None, {"fields": [("currency", "valid_from"), ("minimum", "legal_basis")]}),
        (_("출금 계좌"), {"fields": [("account_bank", "account_holder"), "account_number", "shown_as"]}),
    ]
    empty_hint = _("출금 계좌와 최소 이체액을 등록해야 가맹점에 이체할 수 있습니다.")

    starts = day("valid_from", _("시행일"))
    minimum_won = won("minimum", _("최소 이체액"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        """That knows what day it is."""
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"today": business_date(request.at)})  # type: ignore[attr-defined]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """To read: the account masked."""
        if obj is None:
            return super().get_fieldsets(request, obj)
        shown = ["currency", "starts", "minimum_won", "account", "account_holder", "shown_as", "legal_basis"]
        return [(None, {"fields": shown})]

    @admin.display(description=_("출금 계좌"))
    def account(self, terms: PayoutTerms) -> str:
        """Masked."""
        number = terms.account_number.reveal() if terms.account_number else ""
        return f"{rules.BANKS.get(terms.account_bank, terms.account_bank)} {mask_account(number)}"


class SheetForm(TenantForm):
    """A bank's columns, one a line."""

    class Meta:
        model = BankSheet
        fields: ClassVar = ["municipality", "code", "valid_from", "form", "columns"]
        widgets: ClassVar = {"columns": UnfoldAdminTextareaWidget(attrs={"rows": 14, "spellcheck": "false"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "columns" in self.fields:
            items = ", ".join(rules.ITEMS)
            self.fields["columns"].help_text = format_html(
                "{} {}", self.fields["columns"].help_text, gettext("넣을 수 있는 항목: %(items)s.") % {"items": items}
            )

    def clean_columns(self) -> str:
        """Every line names a column, and one of them holds the amount."""
        text: str = self.cleaned_data["columns"]
        try:
            rules.parse_columns(text)
        except rules.ColumnsUnreadable as error:
            raise forms.ValidationError(
                _("%(line)s번째 줄을 읽을 수 없거나 ‘금액’ 열이 없습니다: %(text)s"),
                params={"line": error.line, "text": error.text},
            ) from error
        return text


@admin.register(BankSheet)
class BankSheetAdmin(HistoryAdmin):
    """Sheets that differ from those that come with the product."""

    view_permission = "settlement.view"
    edit_permission = "payouts.make"
    form = SheetForm
    list_display: ClassVar = ["bank", "starts", "form", "titles"]
    list_filter: ClassVar = [MunicipalityFilter]
    sortable_by: ClassVar[list[str]] = []
    list_before_template = "merchants/payouts/sheets.html"
    fieldsets: ClassVar = [(None, {"fields": [("code", "valid_from"), "form", "columns"]})]
    empty_hint = _("등록한 양식이 없으면 기본 양식을 씁니다. 은행이 열을 바꾸었을 때만 새 양식을 등록하십시오.")

    starts = day("valid_from", _("시행일"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the sheets that come with the product, from each of which a new one may begin."""
        may = request.authority.may("payouts.make")  # type: ignore[attr-defined]
        context = {"defaults": rules.SHEETS.items(), "may_make": may, **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new one begins as the one that is in use."""
        code = request.GET.get("code", "")
        if code not in rules.SHEETS:
            return {}
        today = business_date(request.at)  # type: ignore[attr-defined]
        sheet = selectors.sheet_on(municipality=chosen_municipality(request), code=code, day=today)
        return {"code": code, "valid_from": today, "form": sheet.form, "columns": sheet.columns}

    @admin.display(description=_("은행"))
    def bank(self, sheet: BankSheet) -> str:
        """Its name."""
        return sheet.get_code_display()

    @admin.display(description=_("열"))
    def titles(self, sheet: BankSheet) -> str:
        """The headings in order."""
        return " · ".join(column.title for column in rules.parse_columns(sheet.columns))


# Pages -------------------------------------------------------------------------------------------------------------


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
    codes = _may_make_at(request)
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
                currency=form.cleaned_data["currency"], pay_on=form.cleaned_data["pay_on"], **_acting(request)
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


def _may_make_at(request: HttpRequest) -> list[str]:
    require(request, "payouts.make")
    authority: Any = request.authority  # type: ignore[attr-defined]
    return [code for code in sorted(authority.municipalities) if authority.may("payouts.make", code)]


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
        services.approve(batch=batch, digest=request.POST.get("digest", ""), **_acting(request))
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
        services.cancel(batch=batch, reason=form.cleaned_data["reason"], **_acting(request))
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
        lambda: services.send(batch=batch, form=form if form in known else services.PAIN001, **_acting(request)),
    )  # fmt: skip


@page("merchants/payoutbatch/<uuid:batch_id>/copy/", name="payout_copy", methods=("POST",))
def copy(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The file that was sent, marked as a copy."""
    batch = _batch(request, batch_id, "payouts.make")
    acting = _acting(request)
    return _handed_out(
        request, batch,
        lambda: services.copy_of(batch=batch, official=acting["official"], authority=acting["authority"]),
    )  # fmt: skip


@page("merchants/payoutbatch/<uuid:batch_id>/expenditure/", name="payout_expenditure", methods=("POST",))
def expenditure(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The lines for e호조."""
    batch = _batch(request, batch_id, "payouts.make")
    return _handed_out(request, batch, lambda: services.expenditure(batch=batch, **_acting(request)))


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
        services.mended(payout=payout, note=form.cleaned_data["reason"], **_acting(request))
        messages.success(request, _("다음 이체 묶음부터 이 계좌로 다시 보냅니다."))
    return redirect("admin:merchants_payout_change", payout_id)


class ResultForm(forms.Form):
    """The bank's file."""

    file = forms.FileField(
        label=_("은행 결과 파일"), max_length=200,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".xml,.xlsx,.xls,.csv,.txt"}),
    )  # fmt: skip

    def clean_file(self) -> Any:
        """Of a size that one of these files can have."""
        file = self.cleaned_data["file"]
        largest = min(services.LARGEST_FILE, settings.UPLOAD_LIMIT_BYTES)
        if file.size > largest:
            raise forms.ValidationError(
                _("파일이 너무 큽니다. %(limit)s MiB 이하의 파일만 올릴 수 있습니다."),
                params={"limit": largest // 2**20},
            )
        return file


@page("merchants/payoutresult/upload/", name="payout_result_upload", methods=("GET", "POST"))
def upload(request: HttpRequest) -> HttpResponse:
    """Take in what the bank says."""
    codes = _may_make_at(request)
    asked = request.POST.get("municipality", "")
    own = chosen_municipality(request)
    municipality = asked if asked in codes else own if own in codes else codes[0]
    form = ResultForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            with transaction.atomic():
                result = services.take_in(
                    municipality=municipality, content=file.read(), file_name=file.name, **_acting(request)
                )
        except DomainError as error:
            form.add_error("file", str(error))
        else:
            messages.success(
                request,
                gettext("지급 %(paid)s건과 반환 %(returned)s건을 원장에 반영했습니다.")
                % {"paid": result.paid, "returned": result.returned},
            )
            return redirect("admin:merchants_payoutresult_change", result.pk)
    return render(
        request, "merchants/payouts/upload.html", title=_("이체 결과 올리기"), form=form, codes=codes,
        municipality=municipality, status=422 if form.is_bound and not form.is_valid() else 200,
    )  # fmt: skip


def _batch(request: HttpRequest, key: UUID, permission: str) -> PayoutBatch:
    batch = find(PayoutBatch.objects.all(), key)
    require(request, permission, batch.municipality_id)
    return batch


def _acting(request: HttpRequest) -> dict[str, Any]:
    return {"official": request.user, "authority": request.authority, "at": request.at}  # type: ignore[attr-defined]
