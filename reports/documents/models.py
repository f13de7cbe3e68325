"""조서: registers of lists that were asked for, and where the finished papers are kept."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from allowances.batches.models import Batch
from vouchers.common.models import TenantModel
from vouchers.officials.models import Official


class PaperState(models.TextChoices):
    """How far a paper is that is made in the background."""

    WAITING = "waiting", _("대기")
    MAKING = "making", _("만드는 중")
    READY = "ready", _("완료")
    FAILED = "failed", _("실패")


class RegisterPaper(TenantModel):
    """지급 조서 of a list that takes more than a moment to print: the PDF, and for a long list its rows as a workbook.

    Unmasked papers are opened by whoever asked for them and gave the reason, and by nobody else.
    """

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="papers", verbose_name=_("명단"))
    attempt = models.PositiveSmallIntegerField(_("상신 차수"))
    official = models.ForeignKey(Official, on_delete=models.PROTECT, related_name="+", verbose_name=_("요청자"))
    is_plain = models.BooleanField(_("가림 없음"), default=False)
    state = models.CharField(_("상태"), max_length=10, choices=PaperState, default=PaperState.WAITING)
    rows = models.IntegerField(_("인원"))
    rows_done = models.IntegerField(default=0)
    asked_at = models.DateTimeField(_("요청일시"))
    ready_at = models.DateTimeField(_("완료일시"), null=True)
    file_key = models.CharField(max_length=120, blank=True)
    list_key = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name = _("지급 조서")
        verbose_name_plural = _("지급 조서")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.batch} · {self.get_state_display()}"

    @property
    def percent(self) -> int:
        """Of the rows written so far."""
        return self.rows_done * 100 // self.rows if self.rows else 0
