"""What officials do with a shop beyond its form: ask for a change, decide it, hand in papers and read them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from merchants.registry import services
from merchants.registry.errors import PaperUnreadable
from merchants.registry.files import paper_store
from merchants.registry.models import ChangeKind, Merchant, MerchantChange, MerchantPaper, PaperKind
from merchants.registry.rules import GUARDED, possible_kinds
from merchants.registry.selectors import SHOWN_DUPLICATES, details_of
from merchants.registry.selectors import duplicates as duplicates_of
from vouchers.common.errors import DomainError, NotFound
from vouchers.common.filters import chosen_municipality
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.common.seoul import business_date
from vouchers.privacy.admin import record
from vouchers.privacy.models import AccessAction

_INK = {"autocomplete": "off"}


def _acting(request: HttpRequest) -> dict[str, Any]:
    return {"official": request.user, "authority": request.authority, "at": request.at}  # type: ignore[attr-defined]


def _text(label: Any, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, widget=UnfoldAdminTextInputWidget(attrs=_INK), **options)


def _day(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}), **options)


class ChangeForm(forms.Form):
    """From when, why, and by which paper."""

    effective_from = _day(_("시행일"))
    reason = forms.CharField(label=_("사유"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))
    document = _text(_("근거 문서"), max_length=120, required=False, help_text=_("예: 지역경제과-1234 (2026. 11. 2.)"))

    def details(self) -> dict[str, str]:
        """The new values of what only approval changes."""
        return {name: self.cleaned_data[name] for name in GUARDED if self.cleaned_data.get(name)}


class SuspensionForm(ChangeForm):
    """A suspension may say its last day."""

    effective_until = _day(
        _("정지 종료일"), required=False, help_text=_("비워 두면 해제할 때까지 정지합니다. 다음 날 저절로 풀립니다.")
    )

    field_order = ("effective_from", "effective_until", "reason", "document")

    def clean(self) -> dict[str, Any] | None:
        """The last day is not before the first."""
        said = super().clean() or {}
        first, last = said.get("effective_from"), said.get("effective_until")
        if first and last and last < first:
            self.add_error("effective_until", _("종료일은 시작일보다 빠를 수 없습니다."))
        return said


class DetailsForm(ChangeForm):
    """New values; what is left empty stays as it is."""

    name = _text(_("새 상호"), max_length=60, required=False)
    name_ascii = forms.RegexField(
        r"^[\x20-\x7e]+$", label=_("새 영문 상호"), max_length=25, required=False,
        widget=UnfoldAdminTextInputWidget(attrs=_INK), help_text=_("QR 표준은 영문·숫자만 허용합니다."),
    )  # fmt: skip
    representative = _text(_("새 대표자"), max_length=40, required=False)
    account_bank = forms.RegexField(
        r"^\d{3}$", label=_("새 정산 은행"), required=False, widget=UnfoldAdminTextInputWidget(attrs=_INK),
        help_text=_("금융회사 코드 3자리. 예: 004"),
    )  # fmt: skip
    account_number = forms.RegexField(
        r"^[\d-]{8,20}$", label=_("새 정산 계좌"), required=False, widget=UnfoldAdminTextInputWidget(attrs=_INK),
        help_text=_("숫자와 붙임표. 암호화하여 저장합니다."),
    )  # fmt: skip
    account_holder = _text(_("새 예금주"), max_length=60, required=False)

    field_order = (*GUARDED, "reason", "document")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["effective_from"]


_FORMS: dict[str, type[ChangeForm]] = {ChangeKind.SUSPEND: SuspensionForm, ChangeKind.DETAILS: DetailsForm}


@page("merchants/merchant/<uuid:merchant_id>/request/", name="merchant_request", methods=("GET", "POST"))
def ask(request: HttpRequest, merchant_id: UUID) -> HttpResponse:
    """Ask for what another person then approves; the kind stands in the address."""
    merchant = find(Merchant.objects.all(), merchant_id)
    require(request, "merchants.edit", merchant.municipality_id)
    kinds = possible_kinds(merchant.status)
    kind = request.GET.get("kind") or next(iter(kinds), "")
    if kind not in kinds:
        messages.warning(
            request, _("가맹점의 현재 상태에서는 할 수 없는 처리입니다. 화면을 새로 고쳐 상태를 확인하십시오.")
        )
        return redirect("admin:merchants_merchant_change", merchant_id)
    today = business_date(request.at)  # type: ignore[attr-defined]
    form = _FORMS.get(kind, ChangeForm)(request.POST or None, initial={"effective_from": today})
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        try:
            change = services.request_change(
                merchant=merchant, kind=kind, effective_from=said.get("effective_from") or today, reason=said["reason"],
                document=said["document"], effective_until=said.get("effective_until"), details=form.details(),
                **_acting(request),
            )  # fmt: skip
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("결재를 올렸습니다. 다른 결재권자가 승인하면 시행됩니다."))
            return redirect("admin:merchants_merchantchange_change", change.pk)
    return render(
        request, "merchants/registry/request.html", title=ChangeKind(kind).label, merchant=merchant, form=form,
        kind=kind, now=details_of(merchant) if kind == ChangeKind.DETAILS else {},
        status=200 if not form.is_bound or form.is_valid() else 422,
    )  # fmt: skip


def _change(request: HttpRequest, key: UUID, permission: str) -> MerchantChange:
    change = find(MerchantChange.objects.select_related("merchant"), key)
    require(request, permission, change.municipality_id)
    return change


@page("merchants/merchantchange/<uuid:change_id>/approve/", name="merchant_change_approve", methods=("POST",))
def approve(request: HttpRequest, change_id: UUID) -> HttpResponse:
    """Let it count from its first day."""
    change = _change(request, change_id, "merchants.approve")
    with refusals_shown(request):
        services.approve(change=change, note=request.POST.get("note", "")[:300], **_acting(request))
        messages.success(request, _("승인했습니다. 시행일이 된 처리는 바로 반영됩니다."))
    return redirect("admin:merchants_merchantchange_change", change_id)


@page("merchants/merchantchange/<uuid:change_id>/return/", name="merchant_change_return", methods=("POST",))
def give_back(request: HttpRequest, change_id: UUID) -> HttpResponse:
    """Send it back with a reason."""
    change = _change(request, change_id, "merchants.approve")
    note = request.POST.get("note", "").strip()[:300]
    if not note:
        messages.error(request, _("반려 사유를 적으십시오."))
        return redirect("admin:merchants_merchantchange_change", change_id)
    with refusals_shown(request):
        services.give_back(change=change, note=note, **_acting(request))
        messages.success(request, _("반려했습니다. 입력한 담당자가 고쳐 다시 올릴 수 있습니다."))
    return redirect("admin:merchants_merchantchange_change", change_id)


@page("merchants/merchantchange/<uuid:change_id>/withdraw/", name="merchant_change_withdraw", methods=("POST",))
def withdraw(request: HttpRequest, change_id: UUID) -> HttpResponse:
    """Take it back before it is decided."""
    change = _change(request, change_id, "merchants.edit")
    with refusals_shown(request):
        services.withdraw(change=change, authority=request.authority)  # type: ignore[attr-defined]
        messages.success(request, _("회수했습니다. 가맹점은 그대로입니다."))
    return redirect("admin:merchants_merchant_change", change.merchant_id)


@page("merchants/merchant/<uuid:merchant_id>/papers/", name="merchant_paper_add", methods=("POST",))
def add_paper(request: HttpRequest, merchant_id: UUID) -> HttpResponse:
    """Keep a paper that the shop handed in."""
    merchant = find(Merchant.objects.all(), merchant_id)
    require(request, "merchants.edit", merchant.municipality_id)
    file, kind = request.FILES.get("file"), request.POST.get("kind", "")
    with refusals_shown(request):
        if file is None or kind not in PaperKind.values:
            raise PaperUnreadable
        services.add_paper(
            merchant=merchant, kind=kind, file_name=file.name or "", content=file.chunks(), store=paper_store(),
            **_acting(request),
        )  # fmt: skip
        messages.success(request, _("서류를 첨부했습니다."))
    return redirect("admin:merchants_merchant_change", merchant_id)


@page("merchants/merchantpaper/<uuid:paper_id>/", name="merchant_paper", methods=("POST",))
def paper(request: HttpRequest, paper_id: UUID) -> HttpResponseBase:
    """The paper itself; who read it is written down, for it names its owner."""
    found = find(MerchantPaper.objects.all(), paper_id)
    require(request, "merchants.view", found.municipality_id)
    try:
        content = paper_store().open(found.file_key)
    except NotFound:
        messages.error(request, _("서류 파일을 찾을 수 없습니다. 다시 첨부하십시오."))
        return redirect("admin:merchants_merchant_change", found.merchant_id)
    record(
        request, municipality=found.municipality_id, action=AccessAction.DOWNLOAD, subject=f"merchant {found.merchant_id}",
        reason=str(_("가맹점 서류 확인")),
    )  # fmt: skip
    response = FileResponse(content, as_attachment=True, filename=found.file_name)
    response["Cache-Control"] = "no-store"
    return response


@page("merchants/duplicates/", name="merchant_duplicates")
def duplicates(request: HttpRequest) -> HttpResponse:
    """Shops of the official's municipality that may be registered twice."""
    city = chosen_municipality(request)
    require(request, "merchants.view", city)
    return render(
        request, "merchants/registry/duplicates.html", title=_("중복 가맹점 확인"), most=SHOWN_DUPLICATES,
        found=duplicates_of(municipality=city),
    )  # fmt: skip
