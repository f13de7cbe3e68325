"""Tenants: municipalities, their province, their administrative dongs, and the days on which they rest."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from vouchers.common.models import TenantModel


class Municipality(models.Model):
    """지자체. The key is the 5-digit region code (41280 고양시); a province (광역) has no parent."""

    tenant_column: ClassVar[str] = "code"

    code = models.CharField(
        _("지역코드"), max_length=5, primary_key=True, validators=[RegexValidator(r"^\d{5}$")],
        help_text=_("법정동 코드의 앞 5자리"),
    )  # fmt: skip
    name = models.CharField(_("지자체명"), max_length=40)
    name_en = models.CharField(_("영문명"), max_length=60)
    province = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="cities", verbose_name=_("광역자치단체"),
        db_constraint=False,
    )  # fmt: skip

    class Meta:
        verbose_name = _("지자체")
        verbose_name_plural = pgettext_lazy("several", "지자체")
        ordering: ClassVar = ["code"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(code__regex=r"^\d{5}$"), name="municipality_code_is_5_digits")
        ]

    def __str__(self) -> str:
        return self.name


class Dong(TenantModel):
    """행정동·읍·면: where a citizen lives, as lists name it."""

    code = models.CharField(_("행정동 코드"), max_length=10)
    name = models.CharField(_("읍면동"), max_length=40)

    class Meta:
        verbose_name = _("읍면동")
        verbose_name_plural = _("읍면동")
        ordering: ClassVar = ["code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "code"], name="dong_code_once"),
            models.UniqueConstraint(fields=["municipality", "name"], name="dong_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Holiday(TenantModel):
    """공휴일: a day from Monday to Friday that is no working day, also one declared at short notice (임시공휴일)."""

    day = models.DateField(_("날짜"))
    name = models.CharField(_("공휴일명"), max_length=40)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("공휴일")
        verbose_name_plural = _("공휴일")
        ordering: ClassVar = ["-day"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["municipality", "day"], name="holiday_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
