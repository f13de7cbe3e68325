"""지급: the payer's signature, the progress, and going on after a stop."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allowances.approvals.admin import absent_official
from allowances.batches.admin import batch_named
from allowances.batches.models import BatchState
from allowances.disbursement import selectors, services
from vouchers.common.korean import grouped
from vouchers.common.money import money
from vouchers.common.pages import page, refusals_shown


@page("allowances/batch/<uuid:batch_id>/pay/", name="batch_pay", methods=("POST",))
def pay(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Sign as the payer. The total that was on the page comes with the form and has to be the list's."""
    batch = batch_named(request, batch_id)
    if request.POST.get("amount") != str(batch.amount_total):
        messages.error(request, _("확인란에 표시하여 지급 총액을 확인하십시오."))
        return redirect("admin:batch_approval", batch.pk)
    with refusals_shown(request):
        services.start(
            batch=batch, official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type,attr-defined]
            digest=request.POST.get("digest", ""), comment=request.POST.get("comment", "")[:500],
            on_behalf_of=absent_official(request),
        )  # fmt: skip
        messages.success(request, _("지급을 시작했습니다."))
    return redirect("admin:batch_approval", batch.pk)


@page("allowances/batch/<uuid:batch_id>/payment-progress/", name="batch_payment_progress")
def payment_progress(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """How much is posted, for the page that asks every second."""
    batch = batch_named(request, batch_id)
    now = selectors.progress(batch)
    text = gettext("%(rows)s명 · %(amount)s 지급(%(percent)s%%)") % {
        "rows": grouped(now.rows_posted), "amount": money(now.amount_posted), "percent": now.percent,
    }  # fmt: skip
    working = batch.state == BatchState.PAYING and not batch.failure
    return JsonResponse({"state": batch.state, "percent": now.percent, "working": working, "text": text})


@page("allowances/batch/<uuid:batch_id>/resume/", name="batch_resume", methods=("POST",))
def resume(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Go on where the payment stopped; nobody is paid twice."""
    batch = batch_named(request, batch_id)
    with refusals_shown(request):
        services.resume(batch=batch, official=request.user, authority=request.authority, at=request.at)  # type: ignore[arg-type,attr-defined]
        messages.success(request, _("멈춘 곳부터 지급을 다시 시작했습니다."))
    return redirect("admin:batch_approval", batch.pk)
