"""Many applications at once: what will be taken and what will not, and why, before it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from merchants.registry import registrations
from merchants.registry.pages import ChangeForm
from merchants.registry.registrations import Done, Examined
from vouchers.common.errors import NotFound
from vouchers.common.korean import grouped
from vouchers.common.pages import page, refusals_shown, render, require
from vouchers.common.seoul import business_date


class NoteForm(forms.Form):
    """What the approver says of all of them."""

    note = forms.CharField(
        label=_("결재 의견"), max_length=300, required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )  # fmt: skip


def confirm_approval(request: HttpRequest, changes: Sequence[UUID]) -> HttpResponse:
    """Which registrations would be approved together."""
    official: Any = request.user
    examined = registrations.to_approve(changes=changes, official=official, authority=request.authority)  # type: ignore[attr-defined]
    return _confirm(
        request, examined, form=NoteForm(), title=_("등록 신청 일괄 승인"), does=_("%(count)s건 승인"),
        address=reverse("admin:merchant_changes_approve"), back=reverse("admin:merchants_merchantchange_changelist"),
    )  # fmt: skip


@page("merchants/merchantchange/approve-many/", name="merchant_changes_approve", methods=("POST",))
def approve(request: HttpRequest) -> HttpResponse:
    """Approve them."""
    require(request, "merchants.approve")
    with refusals_shown(request):
        done = registrations.approve(
            changes=_keys(request), note=request.POST.get("note", "")[:300], **_acting(request)
        )
        _tell(request, done, gettext("등록 신청 %(count)s건을 승인했습니다. 시행일이 된 신청은 바로 등록됩니다."))
    return redirect("admin:merchants_merchantchange_changelist")


def confirm_submission(request: HttpRequest, shops: Sequence[UUID], form: ChangeForm | None = None) -> HttpResponse:
    """Which applications would be submitted together."""
    today = _today(request)
    examined = registrations.to_submit(shops=shops, day=today, authority=request.authority)  # type: ignore[attr-defined]
    return _confirm(
        request, examined, form=form or ChangeForm(initial={"effective_from": today}), title=_("등록 결재 일괄 상신"),
        does=_("%(count)s건 결재 올리기"), address=reverse("admin:merchants_submit"),
        back=reverse("admin:merchants_merchant_changelist"),
    )  # fmt: skip


@page("merchants/merchant/submit-many/", name="merchants_submit", methods=("POST",))
def submit(request: HttpRequest) -> HttpResponse:
    """Submit them."""
    require(request, "merchants.edit")
    form, shops = ChangeForm(request.POST), _keys(request)
    if not form.is_valid():
        return confirm_submission(request, shops, form)
    with refusals_shown(request):
        done = registrations.submit(shops=shops, **form.cleaned_data, **_acting(request))
        _tell(request, done, gettext("등록 신청 %(count)s건의 결재를 올렸습니다. 다른 결재권자가 승인하면 등록됩니다."))
    return redirect("admin:merchants_merchant_changelist")


def _confirm(request: HttpRequest, examined: list[Examined], *, form: forms.Form, does: Any, **context: Any) -> Any:
    taken = [one for one in examined if not one.refused]
    return render(
        request, "merchants/registry/together.html", form=form, taken=taken, left=[one for one in examined if one.refused],
        does=does % {"count": grouped(len(taken))}, status=422 if form.errors else 200, **context,
    )  # fmt: skip


def _tell(request: HttpRequest, done: Done, text: str) -> None:
    if done.taken:
        messages.success(request, text % {"count": grouped(done.taken)})
    if done.left or not done.taken:
        told = (
            gettext("그사이 달라져 처리하지 않은 신청이 %(count)s건 있습니다.")
            if done.left
            else gettext("고른 신청이 없습니다.")
        )
        messages.warning(request, told % {"count": grouped(len(done.left))})


def _keys(request: HttpRequest) -> list[UUID]:
    try:
        return [UUID(key) for key in request.POST.getlist("key")]
    except ValueError as error:
        raise NotFound from error


def _today(request: HttpRequest) -> date:
    return business_date(request.at)  # type: ignore[attr-defined]


def _acting(request: HttpRequest) -> dict[str, Any]:
    return {"official": request.user, "authority": request.authority, "at": request.at}  # type: ignore[attr-defined]
