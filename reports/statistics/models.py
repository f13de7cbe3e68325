"""발급한 보고서: a report of a period as it was issued, which nothing changes any more."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from allowances.approvals.models import DocumentNumber
from vouchers.common.models import TenantModel
from vouchers.officials.models import Official


class IssueState(models.TextChoices):
    """How far it is; what is ready stays as it is."""

    WAITING = "waiting", _("대기")
    MAKING = "making", _("만드는 중")
    READY = "ready", _("발급 완료")
    FAILED = "failed", _("실패")


class IssuedReport(TenantModel):
    """발급한 보고서. ``content`` is what it says (`rules.to_json`), ``digest`` the SHA-256 over it and what it is of.

    PDF and workbook are kept as they were made, in the row: another version of a font, of WeasyPrint or of XlsxWriter
    would make other bytes of the same content. They name nobody in full. A trigger lets nothing change once it is ready.
    """

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    number = models.OneToOneField(
        DocumentNumber, on_delete=models.PROTECT, related_name="report", verbose_name=_("문서번호")
    )
    report = models.CharField(_("보고서 종류"), max_length=30)
    title = models.CharField(_("보고서"), max_length=80)
    first_day = models.DateField(_("시작일"))
    last_day = models.DateField(_("종료일"))
    chosen = models.JSONField(default=dict)
    described = models.CharField(_("조회 조건"), max_length=200, blank=True)
    official = models.ForeignKey(Official, on_delete=models.PROTECT, related_name="+", verbose_name=_("발급자"))
    asked_at = models.DateTimeField(_("발급일시"))
    replaces = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by", verbose_name=_("재발급 전 문서")
    )  # fmt: skip
    state = models.CharField(_("상태"), max_length=10, choices=IssueState, default=IssueState.WAITING)
    steps = models.PositiveSmallIntegerField()
    steps_done = models.PositiveSmallIntegerField(default=0)
    code = models.CharField(_("진위확인 번호"), max_length=20)
    content = models.JSONField(null=True)
    digest = models.CharField(_("검증값(SHA-256)"), max_length=64, blank=True)
    control = models.BigIntegerField(_("대조 합계"), null=True)
    pdf = models.BinaryField(null=True)
    xlsx = models.BinaryField(null=True)
    failure = models.CharField(_("만들지 못한 이유"), max_length=200, blank=True)
    ready_at = models.DateTimeField(_("완료일시"), null=True)

    class Meta:
        verbose_name = _("발급한 보고서")
        verbose_name_plural = _("발급한 보고서")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code"], name="issued_report_code_once"),
            models.CheckConstraint(
                condition=models.Q(first_day__lte=models.F("last_day")), name="issued_report_days_in_order"
            ),
            models.CheckConstraint(
                condition=~models.Q(state=IssueState.READY)
                | models.Q(
                    content__isnull=False,
                    control__isnull=False,
                    pdf__isnull=False,
                    xlsx__isnull=False,
                    ready_at__isnull=False,
                )
                & ~models.Q(digest=""),
                name="issued_report_ready_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def percent(self) -> int:
        """Of the months read so far; the last part is for the paper."""
        return self.steps_done * 100 // (self.steps + 1)
