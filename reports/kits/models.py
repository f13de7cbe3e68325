"""QR 키트 인쇄: the kits of a 읍면동 asked for at once, and the sealed files that they are made into, part by part."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from reports.documents.models import PaperState
from vouchers.common.models import TenantModel
from vouchers.municipalities.models import Dong
from vouchers.officials.models import Official


class KitSize(models.TextChoices):
    """The sheet that a kit stands on."""

    A4 = "A4", _("A4(벽면·계산대)")
    A6 = "A6", _("A6(탁자)")


class KitPrint(TenantModel):
    """인쇄 작업: all codes in force at the active shops of a 읍면동, or of all (``dong`` None), as parts and as one file.

    ``rows`` is what was expected when it was asked for.
    """

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    dong = models.ForeignKey(
        Dong, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("읍면동")
    )
    size = models.CharField(_("크기"), max_length=2, choices=KitSize, default=KitSize.A4)
    official = models.ForeignKey(Official, on_delete=models.PROTECT, related_name="+", verbose_name=_("요청자"))
    state = models.CharField(_("상태"), max_length=10, choices=PaperState, default=PaperState.WAITING)
    rows = models.IntegerField(_("키트 수"))
    rows_done = models.IntegerField(default=0)
    asked_at = models.DateTimeField(_("요청일시"))
    ready_at = models.DateTimeField(_("완료일시"), null=True)
    file_key = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name = _("QR 키트 인쇄")
        verbose_name_plural = _("QR 키트 인쇄")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "dong", "size"], name="kit_print_once_at_a_time",
                condition=models.Q(state__in=["waiting", "making"]), nulls_distinct=False,
                violation_error_message=_("이 읍면동의 키트를 이미 만들고 있습니다."),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.dong or _('전체 읍면동')} · {self.size}"

    @property
    def percent(self) -> int:
        """Of the kits made so far."""
        return min(self.rows_done * 100 // self.rows, 100) if self.rows else 0


class KitPart(TenantModel):
    """인쇄 파일: the kits from one shop to another of a 읍면동, in the order of shop number and till, and the list of them."""

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    job = models.ForeignKey(KitPrint, on_delete=models.PROTECT, related_name="parts", verbose_name=_("QR 키트 인쇄"))
    number = models.IntegerField(_("번호"))
    dong = models.ForeignKey(
        Dong, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("읍면동")
    )
    rows = models.IntegerField(_("키트 수"))
    last_shop = models.CharField(_("마지막 가맹점번호"), max_length=10)
    last_terminal = models.CharField(_("마지막 단말번호"), max_length=8)
    file_key = models.CharField(max_length=120)
    list_key = models.CharField(max_length=120)

    class Meta:
        verbose_name = _("QR 키트 파일")
        verbose_name_plural = _("QR 키트 파일")
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "number"], name="kit_part_once")]

    def __str__(self) -> str:
        return f"{self.job} · {self.number}"
