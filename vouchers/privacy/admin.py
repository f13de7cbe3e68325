"""개인정보 접속기록, and the form with which an official says why they need plain data."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from vouchers.common.admin import ListAdmin, moment
from vouchers.common.filters import PeriodFilter
from vouchers.privacy.models import AccessAction, AccessRecord
from vouchers.privacy.services import record_access

SHORTEST_REASON = 5


class ReasonForm(forms.Form):
    """Why somebody needs personal data unmasked or in a file."""

    reason = forms.CharField(
        label=_("사유"),
        min_length=SHORTEST_REASON,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("업무와 관련된 구체적인 사유를 적으십시오. 접속기록에 남습니다."),
    )


def record(
    request: HttpRequest, *, municipality: str, action: AccessAction, subject: str, reason: str, count: int = 1
) -> None:
    """Write the access record of the official who asks."""
    official: Any = request.user
    record_access(
        municipality=municipality, official=official.pk, address=request.META.get("REMOTE_ADDR") or None,
        action=action, subject=subject, reason=reason, count=count, at=request.at,  # type: ignore[attr-defined]
    )  # fmt: skip


@admin.register(AccessRecord)
class AccessRecordAdmin(ListAdmin):
    """What the auditor reads every month."""

    view_permission = "audit.view"
    list_display: ClassVar = ["at_seoul", "official", "address", "action", "subject", "count", "reason"]
    list_select_related: ClassVar = ["official"]
    list_filter: ClassVar = ["action", PeriodFilter]
    fields: ClassVar = ["at_seoul", "official", "address", "action", "subject", "count", "reason"]
    exact_search: ClassVar = ["official__username"]
    search_help_text = _("취급자 아이디")
    empty_hint = _("개인정보를 조회·업로드·다운로드하면 여기에 기록됩니다.")

    at_seoul = moment("at", _("접속일시"))
