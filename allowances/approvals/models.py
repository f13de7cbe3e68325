"""기안·검토·결재: the line a list must pass, and the signatures it has received."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from allowances.batches.models import Batch
from vouchers.common.models import TenantModel
from vouchers.officials.models import Official
from vouchers.officials.rules import Role


class ApprovalLine(TenantModel):
    """결재선: which roles sign, in order, for lists up to an amount (전결). Effective from a day on."""

    name = models.CharField(_("결재선명"), max_length=60)
    valid_from = models.DateField(_("시행일"))
    amount_up_to = models.BigIntegerField(
        _("적용 상한액(원)"), null=True, blank=True, help_text=_("비워 두면 금액과 관계없이 적용합니다.")
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("결재선")
        verbose_name_plural = _("결재선")
        ordering: ClassVar = ["-valid_from", "amount_up_to"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "valid_from", "amount_up_to"],
                name="approval_line_once_a_band",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return self.name


class ApprovalLineStep(TenantModel):
    """결재선 단계: the role that signs at a place in the line, and the title over its box on paper."""

    line = models.ForeignKey(ApprovalLine, on_delete=models.CASCADE, related_name="steps", verbose_name=_("결재선"))
    position = models.PositiveSmallIntegerField(_("순서"))
    role = models.CharField(
        _("역할"), max_length=20, choices=[(r.value, r.label) for r in (Role.REVIEWER, Role.BUDGET, Role.APPROVER)]
    )
    title = models.CharField(_("직위"), max_length=20, help_text=_("결재란에 인쇄됩니다. 예: 팀장, 과장"))

    class Meta:
        verbose_name = _("결재선 단계")
        verbose_name_plural = _("결재선 단계")
        ordering: ClassVar = ["line", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["line", "position"], name="approval_line_position_once")
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.title}"


class StepDecision(models.TextChoices):
    """What came of a step; a closed attempt leaves its unsigned steps void."""

    WAITING = "waiting", _("대기")
    SIGNED = "signed", _("서명")
    RETURNED = "returned", _("반려")
    VOID = "void", _("무효")


class ApprovalStep(TenantModel):
    """결재 단계 of one list at one attempt. A signature binds to the digest and is never changed afterwards.

    Position 0 is the drafter, the last one the payer; each official signs at most once per list and attempt.
    """

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="steps", verbose_name=_("명단"))
    attempt = models.PositiveSmallIntegerField(_("상신 차수"))
    position = models.PositiveSmallIntegerField(_("순서"))
    role = models.CharField(_("역할"), max_length=20, choices=Role)
    title = models.CharField(_("직위"), max_length=20)
    decision = models.CharField(_("결정"), max_length=10, choices=StepDecision, default=StepDecision.WAITING)
    official = models.ForeignKey(
        Official, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("서명자")
    )
    decided_at = models.DateTimeField(_("처리일시"), null=True, blank=True)
    digest = models.CharField(_("결재 지문"), max_length=64, blank=True)
    comment = models.CharField(_("의견"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("결재 단계")
        verbose_name_plural = _("결재 단계")
        ordering: ClassVar = ["batch", "attempt", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "attempt", "position"], name="approval_step_position_once"),
            models.UniqueConstraint(fields=["batch", "attempt", "official"], name="approval_step_official_once"),
            models.CheckConstraint(
                condition=~models.Q(decision__in=["signed", "returned"])
                | models.Q(official__isnull=False, decided_at__isnull=False) & ~models.Q(digest=""),
                name="approval_step_signature_complete",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["municipality", "role"], condition=models.Q(decision="waiting"), name="approval_step_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} · {self.get_decision_display()}"
