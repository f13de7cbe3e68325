"""연계기관 and their keys."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import get_resolver
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from vouchers.common.admin import HistoryAdmin, TenantForm
from vouchers.common.korean import document_datetime
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.common.seoul import business_date
from vouchers.partners import selectors
from vouchers.partners.models import Partner, PartnerKey
from vouchers.partners.rules import SCOPES_OF, Kind, Scope
from vouchers.partners.services import issue_key, revoke_key


class PartnerForm(TenantForm):
    """Scopes as boxes to tick, each with the addresses that it opens; a kind of partner ticks the least it needs."""

    kind = forms.ChoiceField(
        label=_("기관 종류"), required=False, choices=[("", _("직접 고르기")), *Kind.choices],
        widget=UnfoldAdminSelectWidget(attrs={
            "data-ticks": "scopes", "data-sets": json.dumps({kind: list(scopes) for kind, scopes in SCOPES_OF.items()}),
        }),
        help_text=_("고르면 그 종류의 기관이 일하는 데 필요한 최소한의 권한을 표시합니다."),
    )  # fmt: skip
    scopes = forms.MultipleChoiceField(
        label=_("권한"), required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("이 기관의 앱이 하는 일만 고르십시오."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "scopes" in self.fields:
            opened, nothing = _addresses(), _("여는 주소 없음")
            self.fields["scopes"].choices = [  # type: ignore[attr-defined]
                (scope.value, f"{scope.label} — {', '.join(opened.get(scope.value, ())) or nothing}") for scope in Scope
            ]

    def clean(self) -> dict[str, Any] | None:
        """A browser without scripts sends the kind alone."""
        said = super().clean()
        if said and said.get("kind") and not said.get("scopes"):
            said["scopes"] = list(SCOPES_OF[Kind(said["kind"])])
        return said


@cache
def _addresses() -> dict[str, list[str]]:
    """What each scope opens, as the routes themselves say."""
    opened: defaultdict[str, list[str]] = defaultdict(list)
    for route, view in _routes(get_resolver().url_patterns):
        for method, scope in getattr(view, "scopes", {}).items():
            if hasattr(view, method.lower()):
                opened[str(scope)].append(f"{method} /{route}")
    return dict(opened)


def _routes(patterns: Iterable[Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            if not route or route.startswith("api/v1/"):
                yield from _routes(pattern.url_patterns, route)
        else:
            yield (
                re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route).removeprefix("api/v1/"),
                getattr(pattern.callback, "cls", None),
            )


@admin.register(Partner)
class PartnerAdmin(HistoryAdmin):
    """Organisations whose app calls the API."""

    view_permission = "partners.edit"
    edit_permission = "partners.edit"
    form = PartnerForm
    list_display: ClassVar = ["name", "municipality", "live_keys", "last_used", "requires_signature", "is_active"]
    list_select_related: ClassVar = ["municipality"]
    fieldsets: ClassVar = [
        (None, {"fields": ["name", "kind", "scopes"]}),
        (None, {"fields": ["requires_signature", "requests_per_minute", "is_active"]}),
    ]
    prefix_search: ClassVar = ["name"]
    search_help_text = _("기관명의 앞부분")
    change_form_outer_after_template = "vouchers/partners/keys.html"
    empty_hint = _("결제 앱을 운영하는 기관을 등록하고 인증키를 발급하십시오.")

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With what the partner did lately."""
        context = dict(extra_context or {})
        if object_id and request.method == "GET" and (partner := self.get_object(request, object_id)):
            at: datetime = request.at  # type: ignore[attr-defined]
            context |= {
                "days": selectors.days(partner=partner.pk, until=business_date(at)),
                "writes": selectors.recent_writes(partner=partner.pk, at=at),
                "live": self.live_keys(partner),
            }
        return super().changeform_view(request, object_id, form_url, context)

    def save_model(self, request: HttpRequest, obj: Partner, form: Any, change: bool) -> None:
        """Say what a dangerous choice means once it is made."""
        super().save_model(request, obj, form, change)
        if not obj.requires_signature:
            messages.warning(request, _("서명 없이도 이 기관의 요청을 처리합니다. 서명을 준비하는 대로 다시 켜십시오."))
        if not obj.is_active:
            messages.warning(request, _("이 기관의 모든 인증키가 30초 안에 모든 서버에서 거절됩니다."))

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the keys, in one more query."""
        return super().get_queryset(request).prefetch_related("keys")

    @admin.display(description=_("사용 중인 키"))
    def live_keys(self, partner: Partner) -> int:
        """At most two, so that a partner can change over."""
        return sum(key.revoked_at is None for key in partner.keys.all())

    @admin.display(description=_("최근 사용"))
    def last_used(self, partner: Partner) -> str:
        """To the minute; a key that nobody uses can go."""
        moments = [key.last_used_at for key in partner.keys.all() if key.last_used_at]
        return document_datetime(max(moments)) if moments else "-"


@page("vouchers/partner/<uuid:partner_id>/issue-key/", name="partner_issue_key", methods=("POST",))
def issue(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """Make a key and show its secret, this once."""
    partner = find(Partner.objects, partner_id)
    require(request, "partners.edit", partner.municipality_id)
    with refusals_shown(request):
        issued = issue_key(
            partner=partner, at=request.at, public_key=request.POST.get("public_key", "").strip()  # type: ignore[attr-defined]
        )  # fmt: skip
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
