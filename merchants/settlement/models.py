"""정산: closed business days, what each shop earned on them, on-demand exchange, and payouts that are held back."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from merchants.registry.models import Merchant
from vouchers.common.models import LedgerModel, Stamped, TenantModel


class DayClose(LedgerModel):
    """일 마감 of one currency: totals over its settlement lines."""

    id = models.UUIDField(primary_key=True)
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        verbose_name=_("지자체"),
    )  # fmt: skip
    currency = models.ForeignKey(
        "vouchers.Currency", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        verbose_name=_("상품권"),
    )  # fmt: skip
    business_date = models.DateField(_("영업일"))
    merchants = models.IntegerField(_("가맹점 수"))
    paid = models.BigIntegerField(_("결제금액"))
    refunded = models.BigIntegerField(_("취소금액"))
    exchanged = models.BigIntegerField(_("수시 환전액"))
    payable = models.BigIntegerField(_("정산금액"))
    pays_on = models.DateField(_("지급일"), help_text=_("마감한 날의 다음 영업일"))
    closed_at = models.DateTimeField(_("마감일시"))
    journal_id = models.UUIDField(_("전표번호"), null=True)

    class Meta(LedgerModel.Meta):
        verbose_name = _("일 마감")
        verbose_name_plural = _("일 마감")
        ordering: ClassVar = ["-business_date"]

    def __str__(self) -> str:
        return f"{self.business_date}"


class SettlementLine(LedgerModel):
    """A shop's business day: carried_in + paid − refunded − exchanged = payable + carried_out, to the won."""

    id = models.UUIDField(primary_key=True)
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        verbose_name=_("지자체"),
    )  # fmt: skip
    currency = models.ForeignKey(
        "vouchers.Currency", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        verbose_name=_("상품권"),
    )  # fmt: skip
    business_date = models.DateField(_("영업일"))
    merchant = models.ForeignKey(
        Merchant, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, verbose_name=_("가맹점")
    )
    payments = models.IntegerField(_("결제 건수"))
    paid = models.BigIntegerField(_("결제금액"))
    refunds = models.IntegerField(_("취소 건수"))
    refunded = models.BigIntegerField(_("취소금액"))
    exchanged = models.BigIntegerField(_("수시 환전액"))
    carried_in = models.BigIntegerField(_("이월(전일)"))
    payable = models.BigIntegerField(_("정산금액"))
    carried_out = models.BigIntegerField(_("이월(익일)"))
    pays_on = models.DateField(_("지급일"))

    class Meta(LedgerModel.Meta):
        verbose_name = _("가맹점 정산내역")
        verbose_name_plural = _("가맹점 정산내역")
        ordering: ClassVar = ["-business_date", "merchant"]

    def __str__(self) -> str:
        return f"{self.merchant} · {self.business_date}"


class Exchange(LedgerModel):
    """수시 환전: money of days not yet closed that a shop was settled at once, asked for by its app or an official."""

    id = models.UUIDField(_("환전번호"), primary_key=True)
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        verbose_name=_("지자체"),
    )  # fmt: skip
    journal_id = models.UUIDField(_("전표번호"))
    currency = models.ForeignKey(
        "vouchers.Currency", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        verbose_name=_("상품권"),
    )  # fmt: skip
    merchant = models.ForeignKey(
        Merchant, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, verbose_name=_("가맹점")
    )
    amount = models.BigIntegerField(_("환전금액"))
    business_date = models.DateField(_("영업일"))
    at = models.DateTimeField(_("환전일시"))
    official = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="+", null=True, db_constraint=False,
        verbose_name=_("처리한 공무원"),
    )  # fmt: skip
    partner = models.ForeignKey(
        "vouchers.Partner", on_delete=models.DO_NOTHING, related_name="+", null=True, db_constraint=False,
        verbose_name=_("요청한 가맹점 앱"),
    )  # fmt: skip

    class Meta(LedgerModel.Meta):
        verbose_name = _("수시 환전")
        verbose_name_plural = _("수시 환전")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.merchant} · {self.business_date}"


class ExchangeLimit(TenantModel):
    """환전 한도: what shops of a band may exchange on demand in a month, from a day on. The rows of one day are one table."""

    currency = models.ForeignKey(
        "vouchers.Currency", on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권")
    )
    valid_from = models.DateField(_("시행일"))
    monthly_sales_up_to = models.BigIntegerField(
        _("월평균 매출 상한(원)"), null=True, blank=True,
        help_text=_("연매출액의 12분의 1을 기준으로 합니다. 비워 두면 그보다 매출이 많은 모든 가맹점에 적용합니다."),
    )  # fmt: skip
    per_month = models.BigIntegerField(
        _("월 환전 한도(원)"), help_text=_("0이면 이 구간의 가맹점은 수시 환전을 할 수 없습니다. 예: 50000000")
    )
    legal_basis = models.CharField(_("근거"), max_length=200, help_text=_("예: 조례 제12조"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("환전 한도")
        verbose_name_plural = _("환전 한도")
        ordering: ClassVar = ["currency", "-valid_from", "monthly_sales_up_to"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["currency", "valid_from", "monthly_sales_up_to"], name="exchange_limit_once_a_band",
                nulls_distinct=False,
                violation_error_message=_("같은 시행일과 월평균 매출 상한의 한도가 이미 있습니다."),
            ),
            models.CheckConstraint(
                condition=Q(per_month__gte=0) & (Q(monthly_sales_up_to__isnull=True) | Q(monthly_sales_up_to__gte=0)),
                name="exchange_limit_not_negative",
                violation_error_message=_("금액은 0원 이상이어야 합니다."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.currency} · {self.valid_from}"


class Decision(models.TextChoices):
    """What one official asks for counts when another has approved it."""

    REQUESTED = "requested", _("승인 대기")
    APPROVED = "approved", _("승인")
    REJECTED = "rejected", _("반려")


class SecondPerson(TenantModel, Stamped):
    """What one official asks for with a reason, and another decides. Once decided, it stays as it is."""

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    reason = models.CharField(_("사유"), max_length=200)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        verbose_name=_("요청한 공무원"),
    )
    requested_at = models.DateTimeField(_("요청일시"), editable=False)
    state = models.CharField(_("상태"), max_length=10, choices=Decision, default=Decision.REQUESTED, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True, editable=False,
        verbose_name=_("결정한 공무원"),
    )  # fmt: skip
    decided_at = models.DateTimeField(_("결정일시"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state=Decision.REQUESTED, decided_by__isnull=True, decided_at__isnull=True)
                | Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(state=Decision.REQUESTED)
                & ~Q(decided_by=F("requested_by")),
                name="%(class)s_decided_by_another",
            )
        ]  # fmt: skip


class ExchangeUplift(SecondPerson):
    """환전 한도 상향: for some time a shop may exchange more in a month. What its own limit allows beyond that stays."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+", verbose_name=_("가맹점"))
    currency = models.ForeignKey(
        "vouchers.Currency", on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권")
    )
    valid_from = models.DateField(_("시작일"))
    valid_until = models.DateField(_("종료일"))
    per_month = models.BigIntegerField(_("월 환전 한도(원)"), help_text=_("이 기간에 적용할 월 한도. 예: 100000000"))

    class Meta(SecondPerson.Meta):
        verbose_name = _("환전 한도 상향")
        verbose_name_plural = _("환전 한도 상향")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            *SecondPerson.Meta.constraints,
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from")),
                name="exchangeuplift_ends_after_it_begins",
                violation_error_message=_("종료일은 시작일보다 빠를 수 없습니다."),
            ),
            models.CheckConstraint(
                condition=Q(per_month__gt=0),
                name="exchangeuplift_positive",
                violation_error_message=_("한도는 1원 이상이어야 합니다."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merchant} · {self.valid_from} ~ {self.valid_until}"


class PayoutHold(TenantModel, Stamped):
    """지급보류: what a shop earned stays with the municipality from one day to another, or until it is released.

    The days go on being closed. On a day, a hold counts when it has begun, has not ended and is not released.
    """

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="holds", verbose_name=_("가맹점"))
    valid_from = models.DateField(_("시작일"))
    valid_until = models.DateField(
        _("종료일"), null=True, blank=True, help_text=_("비워 두면 해제할 때까지 지급을 보류합니다.")
    )
    reason = models.CharField(_("사유"), max_length=200)
    official = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        verbose_name=_("보류한 공무원"),
    )
    released_at = models.DateTimeField(_("해제일시"), null=True, blank=True, editable=False)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True, editable=False,
        verbose_name=_("해제한 공무원"),
    )  # fmt: skip
    release_reason = models.CharField(_("해제 사유"), max_length=200, blank=True, editable=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("지급보류")
        verbose_name_plural = _("지급보류")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="payouthold_ends_after_it_begins",
                violation_error_message=_("종료일은 시작일보다 빠를 수 없습니다."),
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True, released_by__isnull=True, release_reason="")
                | Q(released_at__isnull=False, released_by__isnull=False) & ~Q(release_reason=""),
                name="payouthold_released_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merchant} · {self.valid_from}"
