"""가맹점 QR: to show, print, issue and retire."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from merchants.qr_kit.models import MerchantQR
from merchants.qr_kit.rules import svg
from merchants.qr_kit.services import issue, keys_from, payload_of, reissue, retire
from merchants.registry.models import Merchant
from vouchers.common.admin import ListAdmin, moment
from vouchers.common.pages import find, page, refusals_shown, render, require


@admin.register(MerchantQR)
class MerchantQRAdmin(ListAdmin):
    """Every code that was issued; a retired one is refused at payment."""

    view_permission = "merchants.view"
    list_display: ClassVar = ["merchant", "terminal", "issued", "retired"]
    list_select_related: ClassVar = ["merchant"]
    fields: ClassVar = ["merchant", "terminal", "issued", "retired"]
    prefix_search: ClassVar = ["merchant__name"]
    exact_search: ClassVar = ["merchant__code"]
    search_help_text = _("상호의 앞부분 또는 가맹점번호")
    change_form_outer_after_template = "merchants/qr_kit/code_link.html"
    sortable_by: ClassVar[list[str]] = []
    empty_hint = _("가맹점 화면에서 QR 코드를 발급하십시오.")

    issued = moment("created_at", _("발급일시"))
    retired = moment("retired_at", _("폐기일시"))


@page("merchants/merchantqr/<uuid:code_id>/show/", name="qr_show")
def show(request: HttpRequest, code_id: UUID) -> HttpResponse:
    """The code, large, to print and to scan."""
    code = find(MerchantQR.objects.select_related("merchant__category", "merchant__municipality"), code_id)
    require(request, "merchants.view", code.municipality_id)
    payload = code.payload or payload_of(code, keys=keys_from(settings.QR_KEYS))
    picture = mark_safe(svg(payload))  # noqa: S308 - drawn by segno from printable ASCII
    return render(request, "merchants/qr_kit/code.html", title=_("가맹점 QR"), code=code, picture=picture)


@page("merchants/merchant/<uuid:merchant_id>/issue-qr/", name="qr_issue", methods=("POST",))
def issue_code(request: HttpRequest, merchant_id: UUID) -> HttpResponse:
    """A new code at the shop's next till."""
    merchant = find(Merchant.objects.select_related("category", "municipality"), merchant_id)
    require(request, "merchants.edit", merchant.municipality_id)
    with refusals_shown(request):
        code = issue(merchant=merchant, keys=keys_from(settings.QR_KEYS))
        messages.success(request, _("QR 코드를 발급했습니다. 인쇄하여 가맹점에 전달하십시오."))
        return redirect("admin:qr_show", code.pk)
    return redirect("admin:merchants_merchant_change", merchant_id)


@page("merchants/merchantqr/<uuid:code_id>/retire/", name="qr_retire", methods=("POST",))
def retire_code(request: HttpRequest, code_id: UUID) -> HttpResponse:
    """Refuse payments at the code from now on."""
    code = find(MerchantQR.objects, code_id)
    require(request, "merchants.edit", code.municipality_id)
    with refusals_shown(request):
        retire(code=code, at=request.at)  # type: ignore[attr-defined]
        messages.success(request, _("QR 코드를 폐기했습니다. 이 코드로는 더 이상 결제할 수 없습니다."))
    return redirect("admin:merchants_merchant_change", code.merchant_id)


@page("merchants/merchantqr/<uuid:code_id>/reissue/", name="qr_reissue", methods=("POST",))
def reissue_code(request: HttpRequest, code_id: UUID) -> HttpResponse:
    """Retire the code and issue another one in its place: lost, damaged or pasted over."""
    code = find(MerchantQR.objects.select_related("merchant__category", "merchant__municipality"), code_id)
    require(request, "merchants.edit", code.municipality_id)
    with refusals_shown(request):
        new = reissue(code=code, keys=keys_from(settings.QR_KEYS), at=request.at)  # type: ignore[attr-defined]
        messages.success(request, _("QR 코드를 다시 발급했습니다. 새 키트를 인쇄하여 예전 것과 바꾸십시오."))
        return redirect("admin:qr_show", new.pk)
    return redirect("admin:merchants_merchant_change", code.merchant_id)
