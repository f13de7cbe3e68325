"""결재선, and the page on which a list is submitted, signed, sent back and taken back."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allowances.approvals import services
from allowances.approvals.models import ApprovalLine, ApprovalLineStep, ApprovalStep, StepDecision
from allowances.approvals.rules import titles_of
from allowances.approvals.selectors import (
    SIGNABLE_STATES,
    boxes_of,
    document_number,
    due_of,
    has_part_in,
    history_of,
    line_for,
    next_step,
    redraft_of,
    steps_of,
    turn_since,
    ways_to_sign,
)
from allowances.batches.admin import batch_named, comparisons_shown, stages_of
from allowances.batches.models import Batch, BatchKind, BatchState
from allowances.batches.selectors import acceptances_of, batch_progress, failure_of
from allowances.programmes.selectors import budget_of
from vouchers.common.admin import EditInline, HistoryAdmin, ListAdmin, TenantFormSet, day, moment
from vouchers.common.errors import DomainError, NotFound
from vouchers.common.filters import MunicipalityFilter, PeriodFilter
from vouchers.common.money import money
from vouchers.common.pages import page, refusals_shown, render
from vouchers.common.seoul import business_date
from vouchers.officials.models import Official
from vouchers.officials.rules import Role


class ApprovalLineStepFormSet(TenantFormSet):
    """The steps of one line: the last one decides, and only it may decide by delegation."""

    def clean(self) -> None:
        """Told here rather than to the drafter whose list the line refuses."""
        super().clean()
        kept = [
            form for form in self.forms
            if form.cleaned_data.get("role") and form.cleaned_data.get("position") and not form.cleaned_data.get("DELETE")
        ]  # fmt: skip
        kept.sort(key=lambda form: form.cleaned_data["position"])
        if kept and kept[-1].cleaned_data["role"] != Role.APPROVER:
            kept[-1].add_error("role", _("마지막 단계는 결재권자여야 합니다."))
        for form in kept[:-1]:
            if form.cleaned_data["is_delegated"]:
                form.add_error("is_delegated", _("전결은 마지막 단계에만 할 수 있습니다."))


class ApprovalLineStepInline(EditInline):
    """Who signs, in order."""

    model = ApprovalLineStep
    formset = ApprovalLineStepFormSet
    view_permission = "allowances.view"
    edit_permission = "settings.edit"
    fields: ClassVar = ["position", "role", "title", "by_position", "is_delegated", "due_days"]
    can_delete = True

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A line is edited as a whole; lists that have been submitted keep the steps they got."""
        return self.has_change_permission(request, obj)


@admin.register(ApprovalLine)
class ApprovalLineAdmin(HistoryAdmin):
    """Which roles sign, by amount and from a day on."""

    view_permission = "allowances.view"
    edit_permission = "settings.edit"
    list_display: ClassVar = ["name", "from_day", "scope", "up_to", "signers", "municipality"]
    list_select_related: ClassVar = ["municipality", "type"]
    fieldsets: ClassVar = [
        (None, {"fields": ["name", ("valid_from", "amount_up_to"), "titles_above"]}),
        (
            _("적용 범위"),
            {
                "fields": ["department", ("type", "category")],
                "description": _(
                    "비워 두면 모든 명단에 적용합니다."
                    " 여럿이 맞으면 부서와 종류를 함께 정한 결재선, 종류, 분류, 부서, 나머지의 순서로 하나를 고릅니다."
                    " 시행일이 같은 결재선이 한 벌의 전결규정이며, 새 시행일의 한 벌이 앞의 것을 모두 대신합니다."
                ),
            },
        ),
    ]
    autocomplete_fields: ClassVar = ["type"]
    inlines: ClassVar = [ApprovalLineStepInline]
    prefix_search: ClassVar = ["name"]
    search_help_text = _("결재선명의 앞부분")
    empty_hint = _("결재선이 없으면 명단을 상신할 수 없습니다. 금액 구간별로 검토자와 결재권자를 정하십시오.")

    from_day = day("valid_from", _("시행일"))

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the steps, in one more query."""
        return super().get_queryset(request).prefetch_related("steps")

    @admin.display(description=_("적용 범위"))
    def scope(self, line: ApprovalLine) -> Any:
        """Department, then type or category."""
        parts = [part for part in (line.department, line.type.name if line.type else line.category) if part]
        return " · ".join(parts) or _("모든 명단")

    @admin.display(description=_("적용 상한액"))
    def up_to(self, line: ApprovalLine) -> Any:
        """In won."""
        return _("제한 없음") if line.amount_up_to is None else money(line.amount_up_to)

    @admin.display(description=_("결재 순서"))
    def signers(self, line: ApprovalLine) -> str:
        """팀장 → 과장(전결)."""
        titles = [gettext("%s(전결)") % step.title if step.is_delegated else step.title for step in line.steps.all()]
        return " → ".join(titles) or "-"


@admin.register(ApprovalStep)
class ApprovalStepAdmin(ListAdmin):
    """Every signature, for the auditor."""

    view_permission = "audit.view"
    list_display: ClassVar = [
        "batch",
        "attempt",
        "title",
        "role",
        "decision",
        "official",
        "on_behalf_of",
        "decided",
        "comment",
    ]
    list_select_related: ClassVar = ["batch__cycle__programme", "official", "on_behalf_of"]
    list_filter: ClassVar = [MunicipalityFilter, "decision", "role", PeriodFilter]
    fields: ClassVar = [
        "batch",
        "attempt",
        "position",
        "title",
        "role",
        "decision",
        "official",
        "on_behalf_of",
        "is_delegated",
        "decided",
        "comment",
        "digest",
    ]
    ordering: ClassVar = ["-id"]
    sortable_by: ClassVar[list[str]] = []
    empty_hint = _("명단을 상신하면 결재 단계가 여기에 남습니다.")

    decided = moment("decided_at", _("처리일시"))


@page("allowances/batch/<uuid:batch_id>/approval/", name="batch_approval")
def approval(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """What is being signed, who has signed, and what this official can do now."""
    batch = batch_named(request, batch_id)
    steps = list(steps_of(batch)) if batch.attempt else []
    turn = next_step(batch) if batch.state in SIGNABLE_STATES else None
    since = turn_since(batch) if turn else None
    budget = budget_of(programme=batch.cycle.programme)
    claimed = 0 if batch.state in _CLAIMING else batch.amount_total
    return render(
        request, "allowances/approvals/approval.html", title=batch.file_name, batch=batch, stages=stages_of(batch),
        progress=batch_progress(batch), steps=steps, boxes=boxes_of(steps), turn=turn, since=since, budget=budget,
        due=due_of(turn, since) if turn else None, today=business_date(request.at),  # type: ignore[attr-defined]
        rows=batch.rows_total - batch.rows_bad, budget_before=budget.available + batch.amount_total - claimed,
        budget_after=budget.available - claimed, number=document_number(batch), redraft=redraft_of(batch),
        earlier=history_of(batch).filter(attempt__lt=batch.attempt).exclude(comment=""), failure=failure_of(batch),
        accepted=acceptances_of(batch, limit=ACCEPTANCES_SHOWN), mended=batch.terms.get("mending"),
        warnings=sum(kind["rows"] for kind in batch.problem_kinds if kind["is_warning"]),
        comparisons=comparisons_shown(batch), planned=_planned_line(request, batch), kept_terms=_kept_terms(batch),
        **_possible(request, batch, steps, turn),
    )  # fmt: skip


def _kept_terms(batch: Batch) -> date | None:
    """Since when the terms are in force that a submitted list keeps, where its programme has others by now."""
    kept = batch.terms.get("conditions") if batch.state in _CLAIMING else None
    if not kept or "terms" not in kept or kept == batch.cycle.conditions:
        return None
    return date.fromisoformat(kept["terms"]["valid_from"])


_CLAIMING = (
    BatchState.SUBMITTED, BatchState.APPROVED, BatchState.SCHEDULED, BatchState.PAYING, BatchState.PAUSED, BatchState.PAID,
)  # fmt: skip
ACCEPTANCES_SHOWN = 20
_BACK = (BatchState.RETURNED, BatchState.WITHDRAWN)


def _planned_line(request: HttpRequest, batch: Batch) -> dict[str, Any] | None:
    """The line a list would take if it were submitted now, or what is missing for one."""
    if batch.state not in (BatchState.VALIDATED, *_BACK) or redraft_of(batch) is not None:
        return None
    day = business_date(request.at)  # type: ignore[attr-defined]
    try:
        line = line_for(programme=batch.cycle.programme, total=batch.amount_total, day=day)
    except DomainError as error:
        return {"refusal": error}
    return {"line": line, "steps": list(line.steps.all()), "above": titles_of(line.titles_above)}


def _possible(
    request: HttpRequest, batch: Batch, steps: list[ApprovalStep], turn: ApprovalStep | None
) -> dict[str, Any]:
    """Which buttons the official gets, and in whose place they sign; the services decide again."""
    authority: Any = request.authority  # type: ignore[attr-defined]
    me: Any = request.user.pk
    ways = ways_to_sign(turn, authority) if turn and not has_part_in(batch, me) else []
    ways = [way for way in ways if way is None or not has_part_in(batch, way)]
    pays = bool(ways) and turn is not None and turn.role == Role.PAYER
    signed = [step for step in steps if step.decision == StepDecision.SIGNED]
    drafts = authority.has_role(Role.DRAFTER, batch.municipality_id)
    mine = drafts and bool(signed) and signed[0].official_id == me
    return {
        "acting_for": Official.objects.get(pk=ways[0]) if ways and ways[0] else None,
        "may_sign": bool(ways) and not pays,
        "may_pay": pays,
        "may_return": bool(ways),
        "may_withdraw": batch.state in SIGNABLE_STATES and mine and len(signed) == 1,
        "may_redraft": batch.state in _BACK and drafts and redraft_of(batch) is None,
        "may_claw_back": batch.state == BatchState.PAID and batch.kind != BatchKind.CLAWBACK and drafts,
        "may_resume": batch.state == BatchState.PAYING and bool(batch.failure)
        and authority.has_role(Role.PAYER, batch.municipality_id),
    }  # fmt: skip


def absent_official(request: HttpRequest) -> UUID | None:
    """In whose place the form is signed (대결); NotFound for what is no key."""
    key = request.POST.get("on_behalf_of", "")
    if not key:
        return None
    try:
        return UUID(key)
    except ValueError:
        raise NotFound from None


@page("allowances/batch/<uuid:batch_id>/submit/", name="batch_submit", methods=("POST",))
def submit(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Send the list into its approval line."""
    batch = batch_named(request, batch_id)
    with refusals_shown(request):
        services.submit(
            batch=batch, official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type,attr-defined]
            exclude_bad_rows=request.POST.get("exclude_bad_rows") == "1",
        )  # fmt: skip
        messages.success(request, _("상신했습니다. 결재 지문을 만들고 예산을 예약하고 있습니다."))
        return redirect("admin:batch_approval", batch.pk)
    return redirect("admin:batch_result", batch.pk)


@page("allowances/batch/<uuid:batch_id>/sign/", name="batch_sign", methods=("POST",))
def sign(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Sign what was on the page: its digest comes with the form."""
    batch = batch_named(request, batch_id)
    with refusals_shown(request):
        services.sign(
            batch=batch, official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type,attr-defined]
            digest=request.POST.get("digest", ""), comment=request.POST.get("comment", "")[:500],
            on_behalf_of=absent_official(request),
        )  # fmt: skip
        messages.success(request, _("서명했습니다."))
    return redirect("admin:batch_approval", batch.pk)


@page("allowances/batch/<uuid:batch_id>/return/", name="batch_return", methods=("POST",))
def send_back(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Refuse it, with a reason."""
    batch = batch_named(request, batch_id)
    with refusals_shown(request):
        services.send_back(
            batch=batch, official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type,attr-defined]
            digest=request.POST.get("digest", ""), reason=request.POST.get("reason", "")[:500],
            on_behalf_of=absent_official(request),
        )  # fmt: skip
        messages.success(request, _("기안자에게 반려했습니다. 예약된 예산은 풀렸습니다."))
    return redirect("admin:batch_approval", batch.pk)


@page("allowances/batch/<uuid:batch_id>/withdraw/", name="batch_withdraw", methods=("POST",))
def withdraw(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Take it back, with a reason."""
    batch = batch_named(request, batch_id)
    with refusals_shown(request):
        services.withdraw(
            batch=batch, official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type,attr-defined]
            reason=request.POST.get("reason", "")[:500],
        )  # fmt: skip
        messages.success(request, _("명단을 회수했습니다. 예약된 예산은 풀렸습니다."))
    return redirect("admin:batch_approval", batch.pk)
