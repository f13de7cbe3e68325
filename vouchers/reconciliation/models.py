"""일일 대사: what the bank says, what the ledger says, and what explains the difference.

Statements, their lines, matches and notes are added and never changed, so a reconciliation can be read again years later
as it stood. ``DayReview`` holds figures alone and can be worked out anew at any time (``sql/0002_review.sql``).
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from vouchers.common.models import LedgerModel, TenantModel
from vouchers.currencies.models import Currency
from vouchers.ledger.models import AccountKind
from vouchers.officials.models import Official
from vouchers.partners.models import Partner


class DailySum(LedgerModel):
    """일별 계정 합계: what moved on accounts of a kind on a closed day, and their balance at its end (credits − debits)."""

    pk = models.CompositePrimaryKey("municipality_id", "currency_id", "business_date", "kind")
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        verbose_name=_("지자체"),
    )  # fmt: skip
    currency_id = models.UUIDField(_("상품권"))
    business_date = models.DateField(_("영업일"))
    kind = models.CharField(_("계정 종류"), max_length=20, choices=AccountKind)
    debits = models.BigIntegerField(_("차변 합계"))
    credits = models.BigIntegerField(_("대변 합계"))
    balance = models.BigIntegerField(_("잔액"))

    class Meta(LedgerModel.Meta):
        verbose_name = _("일별 계정 합계")
        verbose_name_plural = _("일별 계정 합계")


class BankStatement(TenantModel):
    """은행 거래내역: a file of an official, or a call of the funding partner. It speaks for each day it covers."""

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권"))
    file_name = models.CharField(_("파일명"), max_length=200, blank=True)
    digest = models.BinaryField(max_length=32)
    first_day = models.DateField(_("첫날"))
    last_day = models.DateField(_("마지막 날"))
    opening_balance = models.BigIntegerField(_("기초 잔액"))
    closing_balance = models.BigIntegerField(_("기말 잔액"))
    lines_total = models.IntegerField(_("거래 수"))
    lines_new = models.IntegerField(_("새 거래 수"))
    uploaded_by = models.ForeignKey(
        Official, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("올린 사람")
    )
    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("연계기관")
    )
    uploaded_at = models.DateTimeField(_("등록일시"))

    class Meta:
        verbose_name = _("은행 거래내역")
        verbose_name_plural = _("은행 거래내역")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "currency", "digest"], name="bank_statement_once"),
            models.CheckConstraint(condition=models.Q(first_day__lte=models.F("last_day")), name="bank_statement_days"),
            models.CheckConstraint(
                condition=models.Q(uploaded_by__isnull=False, partner__isnull=True)
                | models.Q(uploaded_by__isnull=True, partner__isnull=False),
                name="bank_statement_from_one",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name or str(self.partner)


class BankDay(TenantModel):
    """일별 은행 잔액: what a statement says stood in the account at the end of a day. The latest statement counts."""

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권"))
    statement = models.ForeignKey(
        BankStatement, on_delete=models.PROTECT, related_name="days", verbose_name=_("은행 거래내역")
    )
    day = models.DateField(_("일자"))
    balance = models.BigIntegerField(_("은행 예금 잔액"))

    class Meta:
        verbose_name = _("일별 은행 잔액")
        verbose_name_plural = _("일별 은행 잔액")
        constraints: ClassVar = [models.UniqueConstraint(fields=["statement", "day"], name="bank_day_once")]
        indexes: ClassVar = [
            models.Index(fields=["municipality", "currency", "day", "-statement"], name="bank_day_latest"),
        ]

    def __str__(self) -> str:
        return str(self.day)


class BankLine(TenantModel):
    """은행 거래: one line of the account. ``amount`` is positive for a deposit and negative for a withdrawal.

    ``ordinal`` counts lines of a day that have both amount and balance in common, so that a line which comes again in
    another file is known, whatever else that file writes next to it.
    """

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권"))
    statement = models.ForeignKey(
        BankStatement, on_delete=models.PROTECT, related_name="lines", verbose_name=_("은행 거래내역")
    )
    row = models.IntegerField(_("행"))
    day = models.DateField(_("거래일"))
    clock = models.TimeField(_("거래시각"), null=True)
    amount = models.BigIntegerField(_("금액"))
    balance = models.BigIntegerField(_("거래 후 잔액"))
    ordinal = models.SmallIntegerField(default=1)
    memo = models.CharField(_("적요"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("은행 거래")
        verbose_name_plural = _("은행 거래")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "currency", "day", "amount", "balance", "ordinal"], name="bank_line_once"
            ),
            models.CheckConstraint(condition=~models.Q(amount=0), name="bank_line_moves_money"),
        ]

    def __str__(self) -> str:
        return f"{self.day} · {self.amount:,}"


class BankMatch(TenantModel):
    """대사 연결: this line of the bank is that movement of the ledger. Without an official: the rules found it.

    ``amount`` is the movement's, signed like a line's. A match that was wrong is undone, and stays to be seen.
    """

    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권"))
    line = models.ForeignKey(BankLine, on_delete=models.PROTECT, related_name="matches", verbose_name=_("은행 거래"))
    journal_id = models.UUIDField(_("전표번호"))
    amount = models.BigIntegerField(_("금액"))
    line_day = models.DateField(_("거래일"))
    business_date = models.DateField(_("영업일"))
    matched_by = models.ForeignKey(
        Official, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("연결한 사람")
    )
    matched_at = models.DateTimeField(_("연결일시"))
    undone_by = models.ForeignKey(
        Official, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("해제한 사람")
    )
    undone_at = models.DateTimeField(_("해제일시"), null=True)

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    class Meta:
        verbose_name = _("대사 연결")
        verbose_name_plural = _("대사 연결")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "journal_id"], condition=models.Q(undone_at=None), name="bank_match_once"
            ),
            models.CheckConstraint(
                condition=models.Q(undone_at=None, undone_by=None) | models.Q(undone_at__isnull=False, undone_by__isnull=False),
                name="bank_match_undone_by_somebody",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["line", "undone_at"], name="bank_match_by_line")]

    def __str__(self) -> str:
        return str(self.journal_id)


class DayReview(TenantModel):
    """일일 대사: the figures of one closed day of one currency, written by ``reconciliation.review`` alone.

    ``unexplained`` = bank − ledger − timing. ``open_lines`` and ``open_movements`` are what stands on one side only, so
    that unexplained = open_lines − open_movements + what nothing accounts for.
    """

    app_privileges: ClassVar[str] = "SELECT"

    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권"))
    business_date = models.DateField(_("영업일"))
    bank_balance = models.BigIntegerField(_("은행 예금 잔액"), null=True)
    ledger_balance = models.BigIntegerField(_("있어야 할 잔액"))
    timing = models.BigIntegerField(_("반영일 차이"))
    open_lines = models.BigIntegerField(_("원장에 없는 은행 거래"))
    open_movements = models.BigIntegerField(_("은행에 없는 원장 이동"))
    unexplained = models.BigIntegerField(_("설명되지 않은 차이"), null=True)

    class Meta:
        verbose_name = _("일일 대사")
        verbose_name_plural = _("일일 대사")
        ordering: ClassVar = ["-business_date"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "currency", "business_date"], name="day_review_once")
        ]

    def __str__(self) -> str:
        return str(self.business_date)

    @property
    def rest(self) -> int:
        """The part of the difference that neither an open line nor an open movement accounts for."""
        return (self.unexplained or 0) - self.open_lines + self.open_movements


class ReviewNote(TenantModel):
    """차이 설명: what a settlement officer wrote about a day's difference, and the figure they signed for.

    It holds for that day and on, as long as the difference stays the same to the won.
    """

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권"))
    business_date = models.DateField(_("영업일"))
    unexplained = models.BigIntegerField(_("서명한 차이"))
    text = models.CharField(_("설명"), max_length=500)
    official = models.ForeignKey(Official, on_delete=models.PROTECT, related_name="+", verbose_name=_("서명한 사람"))
    at = models.DateTimeField(_("서명일시"))

    class Meta:
        verbose_name = _("차이 설명")
        verbose_name_plural = _("차이 설명")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["municipality", "currency", "-business_date", "-id"], name="review_note_latest")
        ]

    def __str__(self) -> str:
        return self.text
