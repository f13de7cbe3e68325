"""연계기관 and their keys."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from vouchers.common.admin import HistoryAdmin
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.partners.models import Partner, PartnerKey
from vouchers.partners.services import issue_key, revoke_key


@admin.register(Partner)
class PartnerAdmin(HistoryAdmin):
    """Organisations whose app calls the API."""

    view_permission = "partners.edit"
    edit_permission = "partners.edit"
    list_display: ClassVar = ["name", "municipality", "live_keys", "is_active"]
    list_select_related: ClassVar = ["municipality"]
    fieldsets: ClassVar = [(None, {"fields": ["name", "scopes", "requires_signature", "is_active"]})]
    prefix_search: ClassVar = ["name"]
    search_help_text = _("기관명의 앞부분")
    change_form_outer_after_template = "vouchers/partners/keys.html"
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
            request, "vouchers/partners/key_issued.html", title=_("인증키 발급"), partner=partner, token=issued.token,
            signing_secret=issued.signing_secret,
        )  # fmt: skip
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
