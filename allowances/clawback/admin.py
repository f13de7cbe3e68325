"""환수 screens: choosing whom to claw back, receivables and what comes in for them, and what expires soon."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, urlencode
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from allowances.batches.admin import batch_named, stages_of
from allowances.batches.files import list_store
from allowances.batches.models import Batch, BatchKind, BatchRow
from allowances.clawback import expiring, services
from allowances.clawback.expiring import Wanted
from allowances.clawback.models import EntryKind, PaymentMethod, Receivable
from allowances.clawback.rules import split_evenly
from allowances.clawback.selectors import (
    Payment,
    latest_plan,
    outcome_of,
    overdue_of,
    payments_after,
    payments_of,
    payments_to,
    received_by,
)
from allowances.programmes.models import Programme
from vouchers.citizens.models import Citizen
from vouchers.common.admin import ListAdmin, day, moment, won
from vouchers.common.errors import DomainError, NotFound, NotPermitted, StateConflict
from vouchers.common.filters import MunicipalityFilter, chosen_municipality
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.common.seoul import business_date
from vouchers.ledger.services import call
from vouchers.municipalities.models import Dong
from vouchers.officials.rules import Role
from vouchers.privacy.admin import ReasonForm, record
from vouchers.privacy.models import AccessAction
from vouchers.privacy.rules import mask_birth_date, mask_name, mask_phone

SHOWN = 50
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_READ_BYTES = 256 * 1024


# Beginning a clawback ----------------------------------------------------------------------------------------------


class DecisionForm(forms.Form):
    """Why, on which basis, and until when the rest is to be paid."""

    reason = forms.CharField(
        label=_("환수 사유"), max_length=200, required=False, widget=UnfoldAdminTextInputWidget,
        help_text=_("예: 전출로 지급 요건 미충족"),
    )  # fmt: skip
    basis = forms.CharField(
        label=_("환수 근거"), max_length=200, widget=UnfoldAdminTextInputWidget,
        help_text=_("예: 고양시 청년 지원 조례 제15조"),
    )  # fmt: skip
    pay_within_days = forms.IntegerField(
        label=_("납부 기한(일)"), min_value=1, max_value=365, initial=30,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
        help_text=_("지갑에서 다 거두지 못한 금액을 환수일부터 며칠 안에 내야 하는지 적습니다."),
    )  # fmt: skip


class FileForm(DecisionForm):
    """The same with a file."""

    file = forms.FileField(
        label=_("환수 명단 파일"), max_length=200, widget=UnfoldAdminFileFieldWidget,
        help_text=_("성명·생년월일·휴대전화와 환수액·환수 사유 열. 환수액을 비우면 모두 환수합니다."),
    )  # fmt: skip


@page("allowances/batch/<uuid:batch_id>/clawback/", name="clawback_start", methods=("GET", "POST"))
def start(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Choose rows of a paid list and say how much; what follows is a list of its own."""
    batch = _paid_list(request, batch_id)
    form = DecisionForm(request.POST or None, auto_id="rows-%s")
    wrong = ""
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("admin:batch_result", _from_rows(request, batch, form).pk)
        except DomainError as error:
            wrong = str(error)
    return _start_page(request, batch, form=form, wrong=wrong)


@page("allowances/batch/<uuid:batch_id>/clawback/file/", name="clawback_file", methods=("POST",))
def start_with_file(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Claw back by a file."""
    batch = _paid_list(request, batch_id)
    form = FileForm(request.POST, request.FILES, auto_id="file-%s")
    if form.is_valid():
        data = form.cleaned_data
        try:
            made = services.from_file(
                cycle=batch.cycle, parent=batch, store=list_store(), limit=settings.UPLOAD_LIMIT_BYTES, **data,
                **_acting(request),
            )  # fmt: skip
        except DomainError as error:
            form.add_error("file", str(error))
        else:
            _record_upload(request, made)
            return redirect("admin:batch_result", made.pk)
    return _start_page(request, batch, file_form=form)


def _paid_list(request: HttpRequest, batch_id: UUID) -> Batch:
    batch = batch_named(request, batch_id)
    require(request, "batches.edit", batch.municipality_id)
    if batch.kind == BatchKind.CLAWBACK:
        raise NotFound
    return batch


def _acting(request: HttpRequest) -> dict[str, Any]:
    return {"official": request.user, "authority": request.authority, "at": request.at}  # type: ignore[attr-defined]


def _from_rows(request: HttpRequest, batch: Batch, form: DecisionForm) -> Batch:
    amounts = []
    for text in request.POST.getlist("row")[: services.BY_ROW_LIMIT + 1]:
        row = _number(text)
        amounts.append((row, _number(request.POST.get(f"amount-{row}", "").replace(",", "")) or None))
    made = services.from_rows(batch=batch, amounts=amounts, store=list_store(), **form.cleaned_data, **_acting(request))
    _record_upload(request, made)
    return made


def _record_upload(request: HttpRequest, batch: Batch) -> None:
    record(
        request, municipality=batch.municipality_id, action=AccessAction.UPLOAD, subject=f"batch {batch.pk}",
        reason=gettext("환수 명단 작성"),
    )  # fmt: skip


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 14 else 0


def _start_page(
    request: HttpRequest, batch: Batch, *, form: DecisionForm | None = None, file_form: FileForm | None = None,
    wrong: str = "",
) -> HttpResponse:  # fmt: skip
    name, after = request.GET.get("name", "").strip()[:40], _number(request.GET.get("after"))
    picked = [_number(text) for text in request.GET.getlist("row")][:SHOWN]
    if picked:
        payments = payments_of(batch=batch, rows=picked)
    elif name:
        payments = payments_to(batch=batch, name=name, row=after, limit=SHOWN + 1)
    else:
        payments = payments_after(batch=batch, row=after, limit=SHOWN + 1)
    chosen = set(request.POST.getlist("row")) | {str(row) for row in picked}
    more = payments[SHOWN - 1].row_number if len(payments) > SHOWN else None
    return render(
        request, "allowances/clawback/start.html", title=_("환수"), batch=batch, name=name, wrong=wrong,
        payments=[_masked(payment, chosen, request) for payment in payments[:SHOWN]], after=after,
        go_on=urlencode({"name": name, "after": more}) if more else "", form=form or DecisionForm(auto_id="rows-%s"),
        file_form=file_form or FileForm(auto_id="file-%s"), limit=services.BY_ROW_LIMIT,
    )  # fmt: skip


def _masked(payment: Payment, chosen: set[str], request: HttpRequest) -> dict[str, Any]:
    return {
        "row": payment.row_number, "name": mask_name(payment.name), "birth": mask_birth_date(payment.birth_date),
        "phone": mask_phone(payment.phone), "paid": payment.paid, "remaining": payment.remaining, "free": payment.free,
        "owed": max(0, payment.free - payment.remaining), "chosen": str(payment.row_number) in chosen,
        "amount": request.POST.get(f"amount-{payment.row_number}", ""),
    }  # fmt: skip


@page("allowances/batch/<uuid:batch_id>/clawback/outcome/", name="clawback_outcome")
def outcome(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """What a clawback has taken, and what is still owed."""
    batch = batch_named(request, batch_id)
    if batch.kind != BatchKind.CLAWBACK:
        return redirect("admin:batch_approval", batch.pk)
    debts = Receivable.objects.filter(batch=batch.pk).select_related("citizen").order_by("row_number")[:SHOWN]
    return render(
        request, "allowances/clawback/outcome.html", title=batch.file_name, batch=batch, outcome=outcome_of(batch),
        decision=batch.clawback, debts=debts, shown=SHOWN, stages=stages_of(batch),
    )  # fmt: skip


@page("vouchers/citizen/<uuid:citizen_id>/received/", name="citizen_received")
def received(request: HttpRequest, citizen_id: UUID) -> HttpResponse:
    """What a citizen got, with the way to claw it back."""
    citizen = find(Citizen.objects.all(), citizen_id)
    require(request, "citizens.view", citizen.municipality_id)
    require(request, "allowances.view", citizen.municipality_id)
    return render(
        request, "allowances/clawback/received.html", title=_("받은 수당"), citizen=citizen,
        payments=received_by(municipality=citizen.municipality_id, citizen=citizen.pk),
        may_claw_back=request.authority.may("batches.edit", citizen.municipality_id),  # type: ignore[attr-defined]
    )  # fmt: skip


# Receivables -------------------------------------------------------------------------------------------------------


class StateFilter(admin.SimpleListFilter):
    """Whether something is still owed."""

    title = _("상태")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """What an official follows up."""
        return [("open", _("미납")), ("overdue", _("납부 기한 경과")), ("closed", _("완료"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """By what is outstanding; overdue goes by the term, a plan of instalments is judged on the row's own page."""
        if self.value() == "closed":
            return queryset.filter(outstanding=0)
        if self.value() == "overdue":
            return queryset.filter(outstanding__gt=0, due_on__lt=business_date(request.at))  # type: ignore[attr-defined]
        return queryset.filter(outstanding__gt=0) if self.value() == "open" else queryset


@admin.register(Receivable)
class ReceivableAdmin(ListAdmin):
    """What people still owe; opening one shows what came in for it."""

    view_permission = "allowances.view"
    list_display: ClassVar = [
        "debtor", "programme", "decided_won", "taken_won", "repaid_won", "outstanding_won", "due", "decided_when",
    ]  # fmt: skip
    list_display_links = None
    list_select_related: ClassVar = ["programme", "citizen"]
    list_filter: ClassVar = [MunicipalityFilter, StateFilter]
    prefix_search: ClassVar = ["citizen__name"]
    exact_search: ClassVar = ["citizen__phone_tail"]
    search_help_text = _("성명의 앞부분 또는 휴대전화 끝 4자리")
    sortable_by: ClassVar[list[str]] = []
    ordering: ClassVar = ["due_on", "id"]
    empty_hint = _("환수할 때 지갑에 남은 금액이 모자라면 나머지가 반환금 채권으로 여기에 나타납니다.")

    decided_won = won("decided", _("환수 결정액"))
    taken_won = won("from_lots", _("지갑에서 거둔 금액"))
    repaid_won = won("repaid", _("납부액"))
    outstanding_won = won("outstanding", _("미납액"))
    due = day("due_on", _("납부 기한"))
    decided_when = moment("decided_at", _("환수일시"))

    @admin.display(description=_("시민"))
    def debtor(self, receivable: Receivable) -> str:
        """To the receivable's page; masked."""
        name = str(receivable.citizen or gettext("미가입자"))
        return format_html('<a href="{}">{}</a>', reverse("admin:receivable", args=[receivable.pk]), name)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A receivable is no form: its page tells what came in."""
        receivable = self.get_object(request, object_id)
        if receivable is None or not self.has_view_permission(request, receivable):
            return super().change_view(request, object_id, form_url, extra_context)
        return redirect("admin:receivable", receivable.pk)


class RepaymentForm(forms.Form):
    """What somebody paid back."""

    amount = forms.IntegerField(
        label=_("납부액(원)"), min_value=1, widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"})
    )
    paid_on = forms.DateField(label=_("납부일"), widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}))
    method = forms.ChoiceField(
        label=_("납부 방법"), choices=PaymentMethod.choices, widget=forms.Select(attrs={"class": "jt-input"})
    )
    document_number = forms.CharField(
        label=_("문서번호"), max_length=60, required=False, widget=UnfoldAdminTextInputWidget
    )


@page("allowances/receivable/<uuid:receivable_id>/", name="receivable")
def receivable(request: HttpRequest, receivable_id: UUID) -> HttpResponse:
    """How a debt came about, what came in for it, and what is overdue."""
    return _receivable_page(request, _debt(request, receivable_id))


def _debt(request: HttpRequest, receivable_id: UUID) -> Receivable:
    debt = find(Receivable.objects.select_related("programme", "citizen", "batch__cycle"), receivable_id)
    require(request, "allowances.view", debt.municipality_id)
    return debt


def _receivable_page(request: HttpRequest, debt: Receivable, form: RepaymentForm | None = None) -> HttpResponse:
    authority, today = request.authority, business_date(request.at)  # type: ignore[attr-defined]
    plan = latest_plan(debt)
    collects = authority.may("receivables.edit", debt.municipality_id) and debt.outstanding > 0
    initial = {"paid_on": today.isoformat(), "amount": debt.outstanding}
    return render(
        request, "allowances/clawback/receivable.html", title=_("반환금 채권"), debt=debt, plan=plan,
        name=mask_name(debt.citizen.name) if debt.citizen else gettext("미가입자"),
        entries=debt.entries.select_related("official").order_by("at", "id")[:200], kinds=EntryKind,
        overdue=overdue_of(debt, plan=plan, today=today), today=today, may_collect=collects,
        may_write_off=authority.has_role(Role.APPROVER, debt.municipality_id) and debt.outstanding > 0,
        form=form or RepaymentForm(initial=initial), key=call("ledger.id_at", request.at)[0],  # type: ignore[attr-defined]
        reason=_reason_of(debt),
    )  # fmt: skip


def _reason_of(debt: Receivable) -> str:
    facts = BatchRow.objects.filter(
        municipality=debt.municipality_id, batch_id=debt.batch_id, row_number=debt.row_number
    ).values_list("facts", flat=True)
    return str((next(iter(facts), None) or {}).get("clawback_reason", ""))


@page("allowances/receivable/<uuid:receivable_id>/pay/", name="receivable_pay", methods=("POST",))
def pay(request: HttpRequest, receivable_id: UUID) -> HttpResponse:
    """Record what came in."""
    debt = _debt(request, receivable_id)
    require(request, "receivables.edit", debt.municipality_id)
    form = RepaymentForm(request.POST)
    if not form.is_valid():
        return _receivable_page(request, debt, form)
    with refusals_shown(request):
        services.record_payment(receivable=debt, id=_key(request), **form.cleaned_data, **_acting(request))
        messages.success(request, _("납부를 기록했습니다."))
    return redirect("admin:receivable", debt.pk)


@page("allowances/receivable/<uuid:receivable_id>/write-off/", name="receivable_write_off", methods=("POST",))
def write_off(request: HttpRequest, receivable_id: UUID) -> HttpResponse:
    """Give it up, in full or in part."""
    debt = _debt(request, receivable_id)
    if not request.authority.has_role(Role.APPROVER, debt.municipality_id):  # type: ignore[attr-defined]
        raise NotPermitted
    with refusals_shown(request):
        services.write_off(
            receivable=debt, id=_key(request), amount=_number(request.POST.get("amount", "").replace(",", "")),
            reason=request.POST.get("reason", "")[:200], document_number=request.POST.get("document_number", "")[:60],
            **_acting(request),
        )  # fmt: skip
        messages.success(request, _("결손 처분했습니다."))
    return redirect("admin:receivable", debt.pk)


@page("allowances/receivable/<uuid:receivable_id>/instalments/", name="receivable_plan", methods=("POST",))
def plan(request: HttpRequest, receivable_id: UUID) -> HttpResponse:
    """Let it be paid in equal parts, month by month."""
    debt = _debt(request, receivable_id)
    require(request, "receivables.edit", debt.municipality_id)
    dates = list(_monthly(request.POST.get("first", ""), min(_number(request.POST.get("parts")), 60)))
    with refusals_shown(request):
        services.plan_instalments(
            receivable=debt, plan=split_evenly(outstanding=debt.outstanding, dates=dates),
            document_number=request.POST.get("document_number", "")[:60], **_acting(request),
        )  # fmt: skip
        messages.success(request, _("분할 납부 계획을 세웠습니다."))
    return redirect("admin:receivable", debt.pk)


def _monthly(first: str, parts: int) -> Iterator[date]:
    """The same day of each month, or its last; nothing for what is no date."""
    try:
        begin = date.fromisoformat(first)
    except ValueError:
        return
    for number in range(parts):
        month = begin.month - 1 + number
        start = date(begin.year + month // 12, month % 12 + 1, 1)
        last = (start.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        yield start.replace(day=min(begin.day, last.day))


def _key(request: HttpRequest) -> UUID:
    """The id that the form carries, so that a second press does nothing."""
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError as error:
        raise StateConflict from error


# Expiry ------------------------------------------------------------------------------------------------------------

DAYS = (7, 30, 60, 90)


@page("allowances/expiry/", name="expiry_notice")
def expiry(request: HttpRequest) -> HttpResponse:
    """What expires soon, by page; and what sweeps have returned of late."""
    wanted = _wanted(request)
    rows, place = expiring.expiring(wanted=wanted, after=_place(request), limit=SHOWN)
    programmes = _programmes(wanted.municipality)
    authority, today = request.authority, business_date(request.at)  # type: ignore[attr-defined]
    return render(
        request, "allowances/clawback/expiry.html", title=_("만료 예정"), wanted=wanted, days=DAYS,
        rows=[
            {
                "name": mask_name(row.name), "birth": mask_birth_date(row.birth_date), "phone": mask_phone(row.phone),
                "dong": row.dong, "amount": row.amount, "last_day": row.last_day,
                "programme": programmes.get(row.programme_id, ""),
            }
            for row in rows
        ],
        go_on=_address(wanted, place) if place else "", address=_address(wanted), programmes=programmes,
        dongs=Dong.objects.filter(municipality=wanted.municipality).order_by("code")[:300],
        swept=expiring.swept_since(municipality=wanted.municipality, day=today - timedelta(days=30)),
        may_sweep=authority.may("receivables.edit", wanted.municipality), reason_form=ReasonForm(auto_id="download-%s"),
        may_download=authority.may("citizens.view", wanted.municipality),
    )  # fmt: skip


@page("allowances/expiry/file/", name="expiry_file", methods=("POST",))
def expiry_file(request: HttpRequest) -> HttpResponseBase:
    """The whole notice list with names and telephones, after saying why it is needed."""
    wanted = _wanted(request)
    require(request, "citizens.view", wanted.municipality)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("내려받는 사유를 5자 이상 입력하십시오."))
        return redirect(f"{reverse('admin:expiry_notice')}?{_address(wanted)}")
    path = expiring.workbook(wanted=wanted, programmes=_programmes(wanted.municipality))
    record(
        request, municipality=wanted.municipality, action=AccessAction.DOWNLOAD,
        subject=f"expiring {wanted.days} days", reason=form.cleaned_data["reason"],
    )  # fmt: skip
    name = f"{gettext('만료예정')}_{business_date(wanted.at):%Y%m%d}.xlsx"
    return StreamingHttpResponse(
        _then_gone(path), content_type=_XLSX,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )  # fmt: skip


def _then_gone(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while part := file.read(_READ_BYTES):
                yield part
    finally:
        path.unlink(missing_ok=True)


@page("allowances/expiry/sweep/", name="expiry_sweep", methods=("POST",))
def sweep(request: HttpRequest) -> HttpResponse:
    """Have a sweep run now."""
    municipality = chosen_municipality(request)
    require(request, "receivables.edit", municipality)
    with refusals_shown(request):
        expiring.request_sweep(municipality=municipality, authority=request.authority)  # type: ignore[attr-defined]
        messages.success(request, _("유효기간이 지난 잔액의 회수를 요청했습니다. 잠시 뒤 회수 내역에 나타납니다."))
    return redirect("admin:expiry_notice")


def _wanted(request: HttpRequest) -> Wanted:
    """What the address asks for; what it says wrongly is a 404."""
    require(request, "allowances.view")
    code = request.GET.get("municipality") or chosen_municipality(request)
    if code not in request.authority.municipalities:  # type: ignore[attr-defined]
        raise NotFound
    require(request, "allowances.view", code)
    days = _number(request.GET.get("days")) or 30
    try:
        programme, dong = (UUID(text) if (text := request.GET.get(name)) else None for name in ("programme", "dong"))
    except ValueError as error:
        raise NotFound from error
    return Wanted(
        municipality=code, at=request.at, days=min(days, 366), programme=programme, dong=dong,  # type: ignore[attr-defined]
    )  # fmt: skip


def _place(request: HttpRequest) -> expiring.Place | None:
    try:
        at, lot = datetime.fromisoformat(request.GET["after"]), UUID(request.GET["lot"])
    except (KeyError, ValueError):
        return None
    return (at, lot) if at.tzinfo else None


def _address(wanted: Wanted, place: expiring.Place | None = None) -> str:
    values: dict[str, Any] = {
        "municipality": wanted.municipality, "days": wanted.days, "programme": wanted.programme, "dong": wanted.dong,
    }  # fmt: skip
    if place:
        values |= {"after": place[0].isoformat(), "lot": place[1]}
    return urlencode({name: value for name, value in values.items() if value})


def _programmes(municipality: str) -> dict[UUID, str]:
    """The names of the latest programmes, newest year first."""
    rows = Programme.objects.filter(municipality=municipality).order_by(F("fiscal_year").desc(), "name")[:500]
    return {row.pk: str(row) for row in rows}
