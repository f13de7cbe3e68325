"""가맹점 월 정산내역서: the statement of each shop for a month, made once, bound by 읍면동, and the prints that ask for them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from merchants.registry.models import Merchant
from vouchers.common.models import TenantModel
from vouchers.currencies.models import Currency
from vouchers.municipalities.models import Dong
from vouchers.officials.models import Official


class RunState(models.TextChoices):
    """How far a print is. A cancelled one goes on, and a ready one tries what failed, when it is asked for again."""

    WAITING = "waiting", _("대기")
    MAKING = "making", _("만드는 중")
    READY = "ready", _("완료")
    CANCELLED = "cancelled", _("중단")


class StatementRun(TenantModel):
    """정산내역서 일괄 출력: the statements of all shops of a month, or of one 읍면동 (``dong``). There is one of each.

    ``shops`` is how many it has, once the job has counted them; ``done`` and ``failed`` are of those. Official and time are
    of whoever asked last.
    """

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권"))
    month = models.DateField(_("정산월"))
    dong = models.ForeignKey(
        Dong, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("읍면동")
    )
    official = models.ForeignKey(Official, on_delete=models.PROTECT, related_name="+", verbose_name=_("요청자"))
    state = models.CharField(_("상태"), max_length=10, choices=RunState, default=RunState.WAITING)
    shops = models.IntegerField(_("가맹점 수"), default=0)
    done = models.IntegerField(_("만든 정산내역서"), default=0)
    failed = models.IntegerField(_("만들지 못한 정산내역서"), default=0)
    asked_at = models.DateTimeField(_("요청일시"))
    ready_at = models.DateTimeField(_("완료일시"), null=True)

    class Meta:
        verbose_name = _("정산내역서 일괄 출력")
        verbose_name_plural = _("정산내역서 일괄 출력")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "currency", "month", "dong"], name="statement_run_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="statement_run_month_begins"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} · {self.dong or _('전체 읍면동')}"

    @property
    def percent(self) -> int:
        """Of the statements made or failed so far."""
        return min((self.done + self.failed) * 100 // self.shops, 100) if self.shops else 0

    @property
    def is_working(self) -> bool:
        """Whether a job makes it, or is about to."""
        return self.state in (RunState.WAITING, RunState.MAKING)


class ShopStatement(TenantModel):
    """가맹점 월 정산내역서: its number from the day the month was first asked for, its paper once that is made.

    What is made is final (a trigger sees to it): asked for again, it is the same number and the same bytes. ``dong`` is
    where the shop was when the number was given.
    """

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권"))
    month = models.DateField(_("정산월"))
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+", verbose_name=_("가맹점"))
    dong = models.ForeignKey(
        Dong, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("읍면동")
    )
    number = models.IntegerField(_("번호"))
    file_key = models.CharField(max_length=120, blank=True, db_default="")
    digest = models.CharField(_("검증값(SHA-256)"), max_length=64, blank=True, db_default="")
    payable = models.BigIntegerField(_("정산지급액"), null=True)
    pages = models.IntegerField(_("쪽수"), default=0, db_default=0)
    made_at = models.DateTimeField(_("만든 일시"), null=True)
    failure = models.CharField(_("만들지 못한 이유"), max_length=200, blank=True, db_default="")

    class Meta:
        verbose_name = _("가맹점 월 정산내역서")
        verbose_name_plural = _("가맹점 월 정산내역서")
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "currency", "month", "merchant"], name="shop_statement_once"
            ),
            models.UniqueConstraint(fields=["municipality", "month", "number"], name="shop_statement_number_once"),
            models.CheckConstraint(
                condition=Q(file_key="") | ~Q(digest="") & Q(payable__isnull=False, made_at__isnull=False, failure=""),
                name="shop_statement_made_is_whole",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["currency", "month", "dong", "number"], name="shop_statement_by_dong")
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.document_number

    @property
    def document_number(self) -> str:
        """문서번호: region, month, and the number within it."""
        return f"{self.municipality_id}-{self.month:%Y%m}-{self.number:06d}"


class DongStatements(TenantModel):
    """읍면동 정산내역서 묶음: the statements of a 읍면동 behind a list of them, bound anew when one was added."""

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권"))
    month = models.DateField(_("정산월"))
    dong = models.ForeignKey(
        Dong, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("읍면동")
    )
    file_key = models.CharField(max_length=120)
    shops = models.IntegerField(_("가맹점 수"))
    pages = models.IntegerField(_("쪽수"))
    payable = models.BigIntegerField(_("정산지급액"))
    made_at = models.DateTimeField(_("만든 일시"))

    class Meta:
        verbose_name = _("읍면동 정산내역서 묶음")
        verbose_name_plural = _("읍면동 정산내역서 묶음")
        ordering: ClassVar = ["dong__code"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "currency", "month", "dong"], name="dong_statements_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} · {self.dong or '-'}"
