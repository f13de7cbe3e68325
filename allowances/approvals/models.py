"""기안·검토·결재: the line a list must pass, and the signatures it has received."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from allowances.batches.models import Batch
from allowances.catalogue.models import AllowanceType
from vouchers.common.models import TenantModel
from vouchers.officials.models import Official
from vouchers.officials.rules import Role


class ApprovalLine(TenantModel):
    """결재선: who signs, in order, for lists up to an amount, of a kind, of a department (전결규정). Effective from a day on.

    Lines of one day are one table, which replaces the tables before it as a whole (``rules.band_for``).
    """

    name = models.CharField(_("결재선명"), max_length=60)
    valid_from = models.DateField(_("시행일"))
    amount_up_to = models.BigIntegerField(
        _("적용 상한액(원)"), null=True, blank=True, help_text=_("비워 두면 금액과 관계없이 적용합니다.")
    )

    type = models.ForeignKey(
        AllowanceType, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("수당 종류"),
        help_text=_("비워 두면 모든 종류에 적용합니다."),
    )  # fmt: skip
    category = models.CharField(
        _("수당 분류"), max_length=40, blank=True, help_text=_("종류 대신 분류로 정할 때 씁니다. 예: 청년")
    )
    department = models.CharField(
        _("담당 부서"), max_length=60, blank=True,
        help_text=_("사업의 담당 부서와 같은 이름. 비워 두면 모든 부서에 적용합니다."),
    )  # fmt: skip
    titles_above = models.CharField(
        _("전결 위의 결재란"), max_length=100, blank=True,
        help_text=_("전결로 서명하지 않는 상급자의 직위를 쉼표로 나누어 적습니다. 조서의 결재란에 빗금으로 인쇄됩니다. 예: 국장, 부시장"),
    )  # fmt: skip

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("결재선")
        verbose_name_plural = pgettext_lazy("several", "결재선")
        ordering: ClassVar = ["-valid_from", "department", "type", "category", "amount_up_to"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "valid_from", "type", "category", "department", "amount_up_to"],
                name="approval_line_once_a_band",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(type__isnull=True) | models.Q(category=""), name="approval_line_type_or_category",
                violation_error_message=_("수당 종류와 분류는 하나만 정하십시오."),
            ),
            models.CheckConstraint(
                condition=models.Q(amount_up_to__isnull=True) | models.Q(amount_up_to__gt=0),
                name="approval_line_limit_positive",
                violation_error_message=_("상한액은 1원 이상이어야 합니다."),
            ),
        ]  # fmt: skip

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
    by_position = models.BooleanField(
        _("직위가 같은 사람만"), default=False, help_text=_("역할이 있어도 직위가 다르면 서명할 수 없습니다.")
    )
    is_delegated = models.BooleanField(
        _("전결"), default=False, help_text=_("이 서명으로 결재가 끝나며 결재란에 ‘전결’로 인쇄됩니다.")
    )
    due_days = models.PositiveSmallIntegerField(
        _("처리 기한(근무일)"),
        null=True,
        blank=True,
        help_text=_("차례가 온 날부터 셉니다. 비워 두면 기한이 없습니다."),
    )

    class Meta:
        verbose_name = _("결재선 단계")
        verbose_name_plural = _("결재선 단계")
        ordering: ClassVar = ["line", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["line", "position"], name="approval_line_position_once"),
            models.CheckConstraint(
                condition=models.Q(is_delegated=False) | models.Q(role="approver"), name="approval_line_delegated_decides",
                violation_error_message=_("전결은 결재권자 단계에만 할 수 있습니다."),
            ),
        ]  # fmt: skip

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

    Position 0 is the drafter, the last one the payer; each official signs at most once per list and attempt. A deputy's
    signature (대결) names the absent official in ``on_behalf_of``, who then counts as having signed, too.
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
    on_behalf_of = models.ForeignKey(
        Official, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("대결(부재자)")
    )
    by_position = models.BooleanField(_("직위가 같은 사람만"), default=False)
    is_delegated = models.BooleanField(_("전결"), default=False)
    titles_above = models.CharField(_("전결 위의 결재란"), max_length=100, blank=True)
    due_days = models.PositiveSmallIntegerField(_("처리 기한(근무일)"), null=True, blank=True)
    decided_at = models.DateTimeField(_("처리일시"), null=True, blank=True)
    digest = models.CharField(_("결재 지문"), max_length=64, blank=True)
    comment = models.CharField(_("의견"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("결재 단계")
        verbose_name_plural = pgettext_lazy("several", "결재 단계")
        ordering: ClassVar = ["batch", "attempt", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "attempt", "position"], name="approval_step_position_once"),
            models.UniqueConstraint(fields=["batch", "attempt", "official"], name="approval_step_official_once"),
            models.CheckConstraint(
                condition=~models.Q(decision__in=["signed", "returned"])
                | models.Q(official__isnull=False, decided_at__isnull=False) & ~models.Q(digest=""),
                name="approval_step_signature_complete",
            ),
            models.CheckConstraint(
                condition=models.Q(on_behalf_of__isnull=True)
                | models.Q(official__isnull=False) & ~models.Q(on_behalf_of=models.F("official")),
                name="approval_step_deputy_is_another",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["municipality", "role"], condition=models.Q(decision="waiting"), name="approval_step_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} · {self.get_decision_display()}"


class DocumentNumber(TenantModel):
    """문서번호: from 1 for each department and year (지역경제과-1234); given to a list when its line is complete, and to a
    report when it is issued (then there is no ``batch``)."""

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    batch = models.ForeignKey(
        Batch, on_delete=models.PROTECT, null=True, related_name="document_numbers", verbose_name=_("명단")
    )
    attempt = models.PositiveSmallIntegerField(_("상신 차수"), null=True)
    department = models.CharField(_("부서"), max_length=60)
    year = models.PositiveSmallIntegerField(_("연도"))
    number = models.PositiveIntegerField(_("번호"))
    issued_at = models.DateTimeField(_("등록일시"))

    class Meta:
        verbose_name = _("문서번호")
        verbose_name_plural = _("문서번호")
        ordering: ClassVar = ["department", "year", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "department", "year", "number"], name="document_number_once_a_year"
            ),
            models.UniqueConstraint(fields=["batch", "attempt"], name="document_number_once_a_list"),
        ]

    def __str__(self) -> str:
        return f"{self.department}-{self.number}"


class DigestMail(TenantModel):
    """알림 메일: that an official was written to on a day. Made before the mail leaves, so nobody gets two in a day."""

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    official = models.ForeignKey(Official, on_delete=models.PROTECT, related_name="+", verbose_name=_("공무원"))
    day = models.DateField(_("날짜"))
    items = models.PositiveIntegerField(_("건수"))
    sent_at = models.DateTimeField(_("보낸 시각"), null=True, blank=True)
    failure = models.CharField(_("보내지 못한 이유"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("알림 메일")
        verbose_name_plural = _("알림 메일")
        ordering: ClassVar = ["-day", "official"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["official", "day"], name="digest_mail_once_a_day")]

    def __str__(self) -> str:
        return f"{self.day} · {self.official}"
