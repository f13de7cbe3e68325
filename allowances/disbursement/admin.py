"""지급: the payer's signature, the payment of a list and what became of it, and the lists that follow it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget

from allowances.approvals.admin import absent_official
from allowances.approvals.selectors import next_step
from allowances.batches.admin import batch_named, stages_of
from allowances.batches.admin.uploading import ACCEPTED
from allowances.batches.files import list_store
from allowances.batches.models import Batch, BatchKind, BatchState
from allowances.batches.reading.rewriting import suffix_of
from allowances.batches.selectors import failure_of
from allowances.disbursement import selectors, services
from allowances.disbursement.errors import PaymentTimeInvalid
from allowances.disbursement.files import cash_list, result_copy
from allowances.disbursement.rules import OUTCOMES
from vouchers.common.errors import DomainError
from vouchers.common.korean import grouped
from vouchers.common.money import money
from vouchers.common.pages import page, refusals_shown, render, require
from vouchers.common.seoul import SEOUL
from vouchers.officials.rules import Role
from vouchers.privacy.admin import ReasonForm, record
from vouchers.privacy.models import AccessAction

ROWS_SHOWN = 50
PAYABLE = (BatchState.APPROVED, BatchState.SCHEDULED, BatchState.PAYING, BatchState.PAUSED, BatchState.PAID)
PART_LABELS = {
    "paid": _("지갑 지급"), "cash": _("현금 지급 대상"), "claimed": _("보관 후 지급"), "held": _("보관(미가입·지갑 없음)"),
    "failed": _("실패(지갑 해지·정지)"), "stopped": _("중지(사망·전출)"), "returned": _("예산 반납"),
    "cancelled": _("잔여 지급 취소"), "open": _("지급 전"),
}  # fmt: skip


# Paying


@page("allowances/batch/<uuid:batch_id>/pay/", name="batch_pay", methods=("POST",))
def pay(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Sign as the payer, for now or for a set time. The total that was on the page comes with the form and has to be the
    list's."""
    batch = batch_named(request, batch_id)
    if request.POST.get("amount") != str(batch.amount_total):
        messages.error(request, _("확인란에 표시하여 지급 총액을 확인하십시오."))
        return redirect("admin:batch_approval", batch.pk)
    with refusals_shown(request):
        pay_at = _time_of(request) if request.POST.get("pay_at") else None
        services.start(
            batch=batch, digest=request.POST.get("digest", ""), comment=request.POST.get("comment", "")[:500],
            on_behalf_of=absent_official(request), pay_at=pay_at, **_acting(request),
        )  # fmt: skip
        messages.success(request, _("지급을 예약했습니다.") if pay_at else _("지급을 시작했습니다."))
        return redirect("admin:batch_payment", batch.pk)
    return redirect("admin:batch_approval", batch.pk)


def _acting(request: HttpRequest) -> dict[str, Any]:
    return {"official": request.user, "authority": request.authority, "at": request.at}  # type: ignore[attr-defined]


def _time_of(request: HttpRequest) -> datetime:
    """What the field of date and time holds, as a time in Seoul."""
    try:
        return datetime.fromisoformat(request.POST.get("pay_at", "")).replace(tzinfo=SEOUL)
    except ValueError:
        raise PaymentTimeInvalid(days=services.FARTHEST.days) from None


@page("allowances/batch/<uuid:batch_id>/payment-progress/", name="batch_payment_progress")
def payment_progress(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """How much is posted, for the page that asks every second."""
    batch = batch_named(request, batch_id)
    now = selectors.progress(batch)
    text = gettext("%(rows)s명 · %(amount)s 처리(%(percent)s%%)") % {
        "rows": grouped(now.rows_posted), "amount": money(now.amount_posted), "percent": now.percent,
    }  # fmt: skip
    working = batch.state == BatchState.PAYING and not batch.failure
    return JsonResponse({"state": batch.state, "percent": now.percent, "working": working, "text": text})


# The page


@page("allowances/batch/<uuid:batch_id>/payment/", name="batch_payment")
def payment(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Where the payment stands, what became of the rows, and what can be done about it."""
    batch = batch_named(request, batch_id)
    if batch.kind == BatchKind.CLAWBACK and batch.state == BatchState.PAID:
        return redirect("admin:clawback_outcome", batch.pk)
    outcome = selectors.outcome(batch) if batch.state in PAYABLE else None
    kind = request.GET.get("kind") if request.GET.get("kind") in OUTCOMES else None
    after = request.GET.get("after", "")
    rows, go_on = selectors.unpaid_rows(
        batch, kind=kind, after_row=int(after) if after.isdigit() and len(after) < 10 else 0, limit=ROWS_SHOWN
    )
    return render(
        request, "allowances/disbursement/payment.html", title=batch.file_name, batch=batch, stages=stages_of(batch),
        outcome=outcome, parts=_parts(outcome) if outcome else [], progress=selectors.progress(batch),
        unposted=selectors.unposted_amount(batch), failure=failure_of(batch), unpaid=rows, go_on=go_on,
        kind=kind, kind_label=PART_LABELS.get(kind or ""),
        events=selectors.events_of(batch), followers=selectors.followers_of(batch),
        may=_possible(request, batch, outcome),
    )  # fmt: skip


def _parts(outcome: Any) -> list[dict[str, Any]]:
    """The lines of the table; parts that are empty are left out, but for the paid ones."""
    shares = [(name, getattr(outcome, name)) for name in PART_LABELS]
    return [
        {"kind": name, "label": PART_LABELS[name], "share": share, "listed": name in OUTCOMES}
        for name, share in shares
        if share.rows or name == "paid"
    ]


def _possible(request: HttpRequest, batch: Batch, outcome: Any) -> dict[str, bool]:
    """Which buttons the official gets; the services decide again."""
    authority: Any = request.authority  # type: ignore[attr-defined]
    payer = authority.has_role(Role.PAYER, batch.municipality_id)
    stuck = batch.state == BatchState.PAYING and bool(batch.failure)
    return {
        "start": payer and batch.state == BatchState.APPROVED and next_step(batch) is None,
        "reschedule": payer and batch.state == BatchState.SCHEDULED,
        "pause": payer and batch.state == BatchState.PAYING and not batch.failure,
        "resume": payer and (batch.state == BatchState.PAUSED or stuck),
        "cancel": payer and (batch.state == BatchState.PAUSED or stuck),
        "retry": payer and bool(outcome and (outcome.failed.rows or outcome.held.rows)),
        "give_up": payer and bool(outcome and outcome.failed.rows),
        "download": bool(outcome) and authority.may("citizens.view", batch.municipality_id),
        "follow": batch.state == BatchState.PAID
        and batch.kind != BatchKind.CLAWBACK
        and authority.has_role(Role.DRAFTER, batch.municipality_id),
        "cash": bool(outcome and outcome.cash.rows) and authority.may("citizens.view", batch.municipality_id),
    }


# Steps


def _step(request: HttpRequest, batch: Batch, act: Any, done: Any) -> HttpResponse:
    """Take a step, tell what came of it, and show the page again."""
    require(request, "batches.pay", batch.municipality_id)
    with refusals_shown(request):
        result = act()
        messages.success(request, done(result) if callable(done) else done)
    return redirect("admin:batch_payment", batch.pk)


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "")[:500]


@page("allowances/batch/<uuid:batch_id>/start/", name="batch_start", methods=("POST",))
def start(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Start a list whose payer has signed and whose appointment was taken back."""
    batch = batch_named(request, batch_id)
    return _step(
        request, batch, lambda: services.start(batch=batch, digest=request.POST.get("digest", ""), **_acting(request)),
        _("지급을 시작했습니다."),
    )  # fmt: skip


@page("allowances/batch/<uuid:batch_id>/reschedule/", name="batch_reschedule", methods=("POST",))
def reschedule(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Another time."""
    batch = batch_named(request, batch_id)
    return _step(
        request, batch, lambda: services.reschedule(batch=batch, pay_at=_time_of(request), **_acting(request)),
        _("지급 예약 일시를 바꾸었습니다."),
    )  # fmt: skip


@page("allowances/batch/<uuid:batch_id>/unschedule/", name="batch_unschedule", methods=("POST",))
def unschedule(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """No time."""
    batch = batch_named(request, batch_id)
    return _step(
        request, batch, lambda: services.unschedule(batch=batch, reason=_reason(request), **_acting(request)),
        _("지급 예약을 취소했습니다. 지급 담당자가 다시 시작할 수 있습니다."),
    )  # fmt: skip


@page("allowances/batch/<uuid:batch_id>/pause/", name="batch_pause", methods=("POST",))
def pause(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Stop between two chunks."""
    batch = batch_named(request, batch_id)
    return _step(
        request, batch, lambda: services.pause(batch=batch, reason=_reason(request), **_acting(request)),
        _("지급을 멈추었습니다. 이 뒤로는 지급되지 않습니다."),
    )  # fmt: skip


@page("allowances/batch/<uuid:batch_id>/resume/", name="batch_resume", methods=("POST",))
def resume(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Go on where the payment stopped; nobody is paid twice."""
    batch = batch_named(request, batch_id)
    return _step(
        request,
        batch,
        lambda: services.resume(batch=batch, **_acting(request)),
        _("멈춘 곳부터 지급을 다시 시작했습니다."),
    )


@page("allowances/batch/<uuid:batch_id>/cancel-rest/", name="batch_cancel_rest", methods=("POST",))
def cancel_rest(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Give up the rest. The amount that was on the page comes with the form and has to be what is left."""
    batch = batch_named(request, batch_id)
    shown = request.POST.get("unposted", "")
    return _step(
        request, batch,
        lambda: services.cancel_rest(
            batch=batch, reason=_reason(request), unposted=int(shown) if shown.isdigit() else -1, **_acting(request)
        ),
        lambda released: gettext("남은 %(amount)s의 지급을 취소했습니다. 예약된 예산은 풀렸습니다.") % {"amount": money(released)},
    )  # fmt: skip


@page("allowances/batch/<uuid:batch_id>/retry/", name="batch_retry", methods=("POST",))
def retry(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Try again what could not be paid."""
    batch = batch_named(request, batch_id)
    return _step(
        request, batch, lambda: services.retry_unpaid(batch=batch, **_acting(request)),
        lambda rows: gettext("%(rows)s명에게 지급했습니다.") % {"rows": grouped(rows)}
        if rows else gettext("지금 지급할 수 있는 사람이 없습니다. 지갑 상태와 시민 정보를 확인하십시오."),
    )  # fmt: skip


@page("allowances/batch/<uuid:batch_id>/give-up/", name="batch_give_up", methods=("POST",))
def give_up(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Return what cannot be paid to the budget."""
    batch = batch_named(request, batch_id)
    return _step(
        request, batch, lambda: services.give_up_failed(batch=batch, reason=_reason(request), **_acting(request)),
        lambda rows: gettext("%(rows)s건을 예산으로 반납했습니다.") % {"rows": grouped(rows)},
    )  # fmt: skip


# Files


@page("allowances/batch/<uuid:batch_id>/payment-result/", name="batch_payment_result", methods=("POST",))
def payment_result(request: HttpRequest, batch_id: UUID) -> HttpResponseBase:
    """The official's own file with what became of each row, after saying why it is needed."""
    batch = batch_named(request, batch_id)
    require(request, "citizens.view", batch.municipality_id)
    if batch.state not in PAYABLE or "header_row" not in batch.layout or not _noted(request, batch):
        return redirect("admin:batch_payment", batch.pk)
    name = batch.file_name.rsplit(".", 1)[0] + gettext("_지급결과")
    return _download(result_copy(batch, store=list_store()), name, suffix_of(batch.layout))


@page("allowances/batch/<uuid:batch_id>/cash-list/", name="batch_cash_list", methods=("POST",))
def cash(request: HttpRequest, batch_id: UUID) -> HttpResponseBase:
    """The rows that the bank pays; names and accounts are masked unless they are asked for."""
    batch = batch_named(request, batch_id)
    require(request, "citizens.view", batch.municipality_id)
    if batch.state not in PAYABLE or not _noted(request, batch):
        return redirect("admin:batch_payment", batch.pk)
    name = batch.file_name.rsplit(".", 1)[0] + gettext("_현금지급")
    return _download(cash_list(batch, plain=request.POST.get("plain") == "1"), name, ".xlsx")


def _noted(request: HttpRequest, batch: Batch) -> bool:
    """Write down who takes the file and why; False when no reason was given."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("내려받는 사유를 5자 이상 입력하십시오."))
        return False
    record(
        request, municipality=batch.municipality_id, action=AccessAction.DOWNLOAD, subject=f"batch {batch.pk}",
        reason=form.cleaned_data["reason"], count=batch.rows_total,
    )  # fmt: skip
    return True


def _download(content: Any, name: str, suffix: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}{suffix}"
    return response


# Lists that follow


class FollowForm(forms.Form):
    """A file, and whether its people are new or get more."""

    kind = forms.ChoiceField(
        label=_("어떤 명단입니까"), widget=forms.RadioSelect,
        choices=[
            (BatchKind.PAYMENT, _("후속 명단: 빠진 사람, 지급되지 않은 사람에게 이 회차 지급액을 지급")),
            (BatchKind.TOP_UP, _("추가 지급 명단: 이 명단에서 지급받은 사람에게 더 지급")),
        ],
    )  # fmt: skip
    file = forms.FileField(
        label=_("명단 파일(엑셀 또는 CSV)"), widget=UnfoldAdminFileFieldWidget(attrs={"accept": ",".join(ACCEPTED)}),
        max_length=200, error_messages={"empty": _("파일에 내용이 없습니다. 저장된 파일을 열어 내용을 확인한 뒤 다시 올리십시오.")},
    )  # fmt: skip


@page("allowances/batch/<uuid:batch_id>/follow/", name="batch_follow", methods=("GET", "POST"))
def follow(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Upload a list that follows this one, or that gives its people more; it is checked and approved on its own."""
    parent = batch_named(request, batch_id)
    require(request, "batches.edit", parent.municipality_id)
    form = FollowForm(request.POST or None, request.FILES or None, initial={"kind": request.GET.get("kind")})
    if form.is_bound and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            batch = services.follow(
                parent=parent, kind=BatchKind(form.cleaned_data["kind"]), file=file, file_name=file.name,
                store=list_store(), limit=settings.UPLOAD_LIMIT_BYTES, **_acting(request),
            )  # fmt: skip
        except DomainError as error:
            form.add_error("file", str(error))
        else:
            record(
                request, municipality=batch.municipality_id, action=AccessAction.UPLOAD, subject=f"batch {batch.pk}",
                reason=gettext("지급 대상자 명단 업로드"),
            )  # fmt: skip
            return redirect("admin:batch_result", batch.pk)
    status = 200 if not form.is_bound or form.is_valid() else 422
    return render(
        request, "allowances/disbursement/follow.html", title=_("후속·추가 지급 명단 올리기"), form=form, batch=parent,
        stages=stages_of(parent), status=status,
    )  # fmt: skip
