"""접속기록: who saw or took whose personal data, when, from where and why (개인정보의 안전성 확보조치 기준)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from vouchers.common.models import TenantModel


class AccessAction(models.TextChoices):
    """What was done with the personal data, or that somebody was kept from it."""

    VIEW = "view", _("조회")
    REVEAL = "reveal", _("마스킹 해제")
    UPLOAD = "upload", _("업로드")
    DOWNLOAD = "download", _("다운로드")
    PRINT = "print", _("출력")
    LOCK = "lock", _("로그인 잠금")


class AccessRecord(TenantModel):
    """One act of access. Append-only: the application role may insert and read, nothing else."""

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    at = models.DateTimeField(_("접속일시"))
    official = models.ForeignKey(
        "vouchers.Official", on_delete=models.PROTECT, related_name="+", verbose_name=_("취급자")
    )
    address = models.GenericIPAddressField(_("접속지"), null=True, blank=True)
    action = models.CharField(_("수행업무"), max_length=10, choices=AccessAction)
    subject = models.CharField(_("처리한 정보주체"), max_length=200)
    count = models.IntegerField(_("정보주체 수"), default=1)
    reason = models.CharField(_("사유"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("개인정보 접속기록")
        verbose_name_plural = _("개인정보 접속기록")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["municipality", "at"], name="access_record_by_time")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_action_display()}"
