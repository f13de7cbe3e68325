"""이체 결과: taking in what the bank says, and what came of each line."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
)

from merchants.payouts import rules, selectors, services
from merchants.payouts.admin.shared import acting, may_make_at, reason_words
from merchants.payouts.models import (
    PayoutResult,
    PayoutResultLine,
)
from vouchers.common.admin import ListAdmin, day, moment, won
from vouchers.common.errors import DomainError
from vouchers.common.filters import MunicipalityFilter, chosen_municipality
from vouchers.common.money import money
from vouchers.common.pages import page, render

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
                (row, _OUTCOMES.get(row.outcome, row.outcome), reason_words(row.reason) if row.reason else "",
                 _EFFECTS.get(row.effect, row.effect))
                for row in [*odd, *rest]
            ]  # fmt: skip
        response: HttpResponse = super().changeform_view(
            request, object_id, form_url,
            {"lines": lines, "gap": _gap_words(result) if result else "",
             "filled": result is not None and _is_filled(result), "limit": _LINES_SHOWN, **(extra_context or {})},
        )  # fmt: skip
        return response

    @admin.display(description=_("빠진 내용"))
    def complete(self, result: PayoutResult) -> str:
        """What the statement lacks."""
        return _gap_words(result) or "-"


def _is_filled(result: PayoutResult) -> bool:
    """Whether a later file has brought what the statement lacked."""
    return bool(result.gap) and not selectors.without_filled(PayoutResult.objects.filter(pk=result.pk)).exists()


def _gap_words(result: PayoutResult) -> str:
    if not result.gap:
        return ""
    said = str(_GAPS.get(result.gap, result.gap))
    return f"{said} ({money(result.gap_amount)})" if result.gap_amount else said


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
    codes = may_make_at(request)
    asked = request.POST.get("municipality", "")
    own = chosen_municipality(request)
    municipality = asked if asked in codes else own if own in codes else codes[0]
    form = ResultForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            with transaction.atomic():
                result = services.take_in(
                    municipality=municipality, content=file.read(), file_name=file.name, **acting(request)
                )
        except DomainError as error:
            form.add_error("file", str(error))
        else:
            messages.success(
                request,
                gettext("지급 %(paid)s건과 반환 %(returned)s건을 원장에 반영했습니다.")
                % {"paid": result.paid, "returned": result.returned},
            )
            if result.unknown or result.conflicts:
                messages.warning(request, _("반영하지 못한 줄이 있습니다. 아래 표의 위쪽에서 까닭을 확인하십시오."))
            return redirect("admin:merchants_payoutresult_change", result.pk)
    return render(
        request, "merchants/payouts/upload.html", title=_("이체 결과 올리기"), form=form, codes=codes,
        municipality=municipality, status=422 if form.is_bound and not form.is_valid() else 200,
    )  # fmt: skip
