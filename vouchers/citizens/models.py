"""시민: who can hold a wallet, identified by name, birth date and phone."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Right
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from vouchers.common.models import Stamped, TenantModel
from vouchers.municipalities.models import Dong
from vouchers.privacy.fields import BlindIndexField, EncryptedTextField
from vouchers.privacy.rules import mask_name


class CitizenStatus(models.TextChoices):
    """Whether a citizen can still be paid."""

    ACTIVE = "active", _("정상")
    MOVED_OUT = "moved_out", _("전출")
    DECEASED = "deceased", _("사망")


class Citizen(TenantModel, Stamped):
    """A member. Name + birth date + phone identify a person; a name alone never does (동명이인)."""

    name = models.CharField(_("성명"), max_length=40)
    birth_date = models.DateField(_("생년월일"))
    phone = models.CharField(
        _("휴대전화"), max_length=15, validators=[RegexValidator(r"^0\d{8,11}$")], help_text=_("숫자만 입력합니다.")
    )
    phone_tail = models.GeneratedField(
        expression=Right("phone", 4), output_field=models.CharField(max_length=4), db_persist=True, editable=False
    )
    dong = models.ForeignKey(
        Dong, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("읍면동")
    )
    resident_since = models.DateField(_("전입일"), null=True, blank=True)
    status = models.CharField(_("상태"), max_length=12, choices=CitizenStatus, default=CitizenStatus.ACTIVE)
    resident_number = EncryptedTextField(_("주민등록번호"), null=True, blank=True)
    resident_number_index = BlindIndexField(null=True, blank=True, editable=False)
    account_bank = models.CharField(_("은행"), max_length=3, blank=True)
    account_number = EncryptedTextField(_("계좌번호"), null=True, blank=True)
    account_number_index = BlindIndexField(null=True, blank=True, editable=False)

    history = HistoricalRecords(
        excluded_fields=[
            "phone_tail",
            "resident_number",
            "resident_number_index",
            "account_number",
            "account_number_index",
        ]
    )

    class Meta:
        verbose_name = _("시민")
        verbose_name_plural = _("시민")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "phone", "birth_date", "name"], name="citizen_identity_once"
            ),
            models.UniqueConstraint(
                fields=["municipality", "resident_number_index"], name="citizen_resident_number_once"
            ),
        ]
        indexes: ClassVar = [
            # What officials search by. Equality and ranges alone: other comparisons wait behind row-level security.
            models.Index(fields=["name"], name="citizen_by_name"),
            models.Index(fields=["phone_tail"], name="citizen_by_phone_tail"),
        ]

    def __str__(self) -> str:
        return mask_name(self.name)
