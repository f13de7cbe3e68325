"""수당 종류: the kinds of allowance that Korean municipalities pay, shared by all of them. Data, not code."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from vouchers.common.models import IdModel


class PayoutCycle(models.TextChoices):
    """How often a kind is paid, as the catalogue writes it."""

    MONTHLY = "월", _("월")
    QUARTERLY = "분기", _("분기")
    HALF_YEARLY = "반기", _("반기")
    YEARLY = "연", _("연")
    ONCE = "1회", _("1회")
    AD_HOC = "수시", _("수시")
    WEEKLY = "주(월 지급)", _("주(월 지급)")


class AllowanceType(IdModel):
    """One of the catalogue's kinds, with the values a programme starts from and the source they come from."""

    app_privileges: ClassVar[str] = "SELECT"

    code = models.CharField(_("코드"), max_length=12, unique=True)
    name = models.CharField(_("수당 종류"), max_length=120)
    name_en = models.CharField(_("영문명"), max_length=160)
    category = models.CharField(_("분류"), max_length=40)
    target = models.CharField(_("지급 대상"), max_length=300)
    amount = models.BigIntegerField(_("1회 지급액(원)"), null=True, blank=True)
    cycle = models.CharField(_("지급 주기"), max_length=12, choices=PayoutCycle)
    validity_days = models.PositiveIntegerField(_("유효기간(일)"), null=True, blank=True)
    usage_limit = models.CharField(_("사용처"), max_length=200, blank=True)
    age_min = models.PositiveSmallIntegerField(_("최소 나이(만)"), null=True, blank=True)
    age_max = models.PositiveSmallIntegerField(_("최대 나이(만)"), null=True, blank=True)
    residency_required = models.BooleanField(_("관내 거주 요건"), default=True)
    payout_unit = models.CharField(_("지급 단위"), max_length=40)
    source = models.CharField(_("출처"), max_length=500)

    class Meta:
        verbose_name = _("수당 종류")
        verbose_name_plural = _("수당 종류")
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return self.name


class ExclusionPeriod(models.TextChoices):
    """Within what time the types of a group exclude each other."""

    LIFETIME = "lifetime", _("평생")
    FISCAL_YEAR = "fiscal_year", _("회계연도")
    MONTH = "month", _("같은 달")


class ExclusiveGroup(IdModel):
    """중복 지급 제한 of the whole country: types of which nobody gets more than one in a period (statutory)."""

    app_privileges: ClassVar[str] = "SELECT"

    code = models.CharField(_("코드"), max_length=20, unique=True)
    name = models.CharField(_("이름"), max_length=120)
    legal_basis = models.CharField(_("근거"), max_length=200)
    type_codes = ArrayField(models.CharField(max_length=12), verbose_name=_("수당 종류 코드"))
    period = models.CharField(_("기간"), max_length=12, choices=ExclusionPeriod)
    valid_from = models.DateField(_("시행일"))
    valid_until = models.DateField(_("종료일"), null=True, blank=True)
    source = models.CharField(_("출처"), max_length=500)

    class Meta:
        verbose_name = _("전국 중복 지급 제한")
        verbose_name_plural = _("전국 중복 지급 제한")
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return self.name
