"""지침: what the Ministry of the Interior and Safety lets municipalities give, and what kind of region each one is."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from vouchers.common.models import IdModel, TenantModel


class LimitKind(models.TextChoices):
    """What the guideline limits. Rates are in 1/10000, the others in won."""

    RATE = "rate", _("할인율")
    DISASTER = "disaster", _("특별재난지역 할인율 가산")
    PURCHASE = "purchase", _("1인 월 구매 한도")
    HOLDING = "holding", _("1인 보유 한도")


class Region(models.TextChoices):
    """Classes of municipalities that have a discount rate of their own."""

    NO_GRANT = "no_grant", _("지방교부세 불교부단체")
    CAPITAL = "capital", _("수도권")
    OTHER = "other", _("비수도권")
    DECLINE = "decline", _("인구감소지역")


class GuidelineLimit(IdModel):
    """지침 한도: the highest value from a day on, until a later row of the same kind replaces it. The same everywhere."""

    app_privileges: ClassVar[str] = "SELECT"

    kind = models.CharField(_("항목"), max_length=10, choices=LimitKind)
    region = models.CharField(_("지자체 구분"), max_length=10, choices=Region, blank=True)
    valid_from = models.DateField(_("시행일"))
    value = models.BigIntegerField(_("한도(원 또는 1/10000)"))
    is_confirmed = models.BooleanField(_("확인됨"))
    source = models.CharField(_("출처"), max_length=300)

    class Meta:
        verbose_name = _("행정안전부 지침 한도")
        verbose_name_plural = pgettext_lazy("several", "행정안전부 지침 한도")
        ordering: ClassVar = ["kind", "-valid_from", "region"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "region", "valid_from"], name="guideline_limit_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.get_region_display()} {self.valid_from}".replace("  ", " ")


class StatusKind(models.TextChoices):
    """What a municipality is or was told: a class of region, a named disaster area, or a rate of its own."""

    NO_GRANT = Region.NO_GRANT.value, Region.NO_GRANT.label
    CAPITAL = Region.CAPITAL.value, Region.CAPITAL.label
    OTHER = Region.OTHER.value, Region.OTHER.label
    DECLINE = Region.DECLINE.value, Region.DECLINE.label
    DISASTER = "disaster", _("특별재난지역")
    NOTIFIED = "notified", _("할인율 별도 통보")


class RegionStatus(TenantModel):
    """지자체 구분: what a municipality is from a day on, until another day or until a later class replaces it.

    A rate that the ministry told it by letter stands in the place of the guideline's, with the uplift for a disaster.
    """

    kind = models.CharField(_("구분"), max_length=10, choices=StatusKind)
    valid_from = models.DateField(_("시작일"))
    valid_until = models.DateField(
        _("종료일"), null=True, blank=True, help_text=_("특별재난지역처럼 끝나는 날이 있을 때만 적습니다.")
    )
    rate = models.PositiveIntegerField(_("통보받은 할인율(1/10000)"), null=True, blank=True)
    document = models.CharField(_("근거"), max_length=200, help_text=_("예: 행정안전부 고시·공문 번호"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("지자체 구분")
        verbose_name_plural = pgettext_lazy("several", "지자체 구분")
        ordering: ClassVar = ["-valid_from", "kind"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "kind", "valid_from"], name="region_status_once_a_day"),
            models.CheckConstraint(
                condition=models.Q(valid_until=None) | models.Q(valid_until__gte=models.F("valid_from")),
                name="region_status_ends_after_it_began",
                violation_error_message=_("종료일은 시작일보다 빠를 수 없습니다."),
            ),
            models.CheckConstraint(
                condition=models.Q(kind="notified", rate__isnull=False, rate__gt=0, rate__lte=10_000)
                | ~models.Q(kind="notified") & models.Q(rate=None),
                name="region_status_rate_when_notified",
                violation_error_message=_("할인율을 별도로 통보받은 때에만, 그리고 그때는 반드시 할인율을 적습니다."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.valid_from}"
