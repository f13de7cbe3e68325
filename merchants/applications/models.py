"""가맹점 신청: files of applications, shown with what is wrong before any of them is taken in."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from vouchers.common.models import TenantModel
from vouchers.privacy.fields import EncryptedTextField


class UploadState(models.TextChoices):
    """Read and shown, then taken in whole or not at all."""

    CHECKED = "checked", _("확인 전")
    CONFIRMED = "confirmed", _("접수")
    DISCARDED = "discarded", _("폐기")


class ApplicationUpload(TenantModel):
    """가맹점 신청 파일. What it says of owners and accounts is sealed in the row, and forgotten when it is decided."""

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    file_name = models.CharField(_("파일명"), max_length=200)
    file_sha256 = models.CharField(max_length=64, editable=False)
    state = models.CharField(_("상태"), max_length=10, choices=UploadState, default=UploadState.CHECKED)
    rows = EncryptedTextField(null=True, blank=True, editable=False)
    problems = models.JSONField(default=list, editable=False)
    rows_total = models.IntegerField(_("전체 행"))
    rows_wrong = models.IntegerField(_("고칠 행"))
    uploaded_by = models.ForeignKey(
        "vouchers.Official", on_delete=models.PROTECT, related_name="+", verbose_name=_("올린 사람")
    )
    uploaded_at = models.DateTimeField(_("업로드 일시"))
    decided_by = models.ForeignKey(
        "vouchers.Official", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("처리자")
    )
    decided_at = models.DateTimeField(_("처리일시"), null=True, blank=True)

    class Meta:
        verbose_name = _("가맹점 신청 파일")
        verbose_name_plural = _("가맹점 신청 파일")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state="checked") | models.Q(rows__isnull=True, decided_at__isnull=False),
                name="application_upload_forgets",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="confirmed") | models.Q(rows_wrong=0), name="application_upload_whole"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["municipality", "uploaded_at"], condition=models.Q(state="checked"),
                name="application_upload_waits",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.file_name
