"""원장: read-only views of what the kernel (``sql/``) writes. Nothing here is ever saved from Python."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from vouchers.common.models import LedgerModel


class AccountKind(models.TextChoices):
    """Chart of accounts of one currency.

    Bank and deposit are assets: money at the operating bank, and money that the funding bank has reported and not yet
    handed over. Every other account is owed to somebody.
    """

    BANK = "bank", _("운영 예치금")
    BUDGET = "budget", _("예산 과목")
    PROGRAMME = "programme", _("사업 예산")
    UNCLAIMED = "unclaimed", _("미가입자 보관금")
    CASH = "cash", _("현금 지급 대기금")
    WALLET = "wallet", _("시민 지갑")
    DEPOSIT = "deposit", _("충전 입금 확인 대기금")
    BENEFIT = "benefit", _("혜택 재원")
    REFUND_PAYABLE = "refund_payable", _("환불 지급 대기금")
    MERCHANT_PENDING = "merchant_pending", _("가맹점 미정산금")
    MERCHANT_SETTLED = "merchant_settled", _("가맹점 정산금")
    PAYOUT_TRANSIT = "payout_transit", _("가맹점 이체 처리 중 대기금")
    OPERATING = "operating", _("수수료·조정금")


class JournalKind(models.TextChoices):
    """Business events that move money."""

    FUND = "fund", _("예산 편성")
    DIVERT = "divert", _("예산 전용")
    ALLOT = "allot", _("예산 재배정")
    DISBURSE = "disburse", _("수당 지급")
    CLAIM = "claim", _("보관금 지급")
    RELEASE = "release", _("보관금 반납")
    CLAW_BACK = "claw_back", _("환수")
    EXPIRE = "expire", _("유효기간 경과 회수")
    REPAY = "repay", _("환수금 납부")
    PAY = "pay", _("결제")
    REFUND = "refund", _("결제 취소")
    SETTLE = "settle", _("정산")
    TOP_UP = "top_up", _("충전")
    TOP_UP_CANCEL = "top_up_cancel", _("충전 취소")
    RECEIVE = "receive", _("충전 입금 확인")
    CASH_OUT = "cash_out", _("잔액 환불")
    CASH_PAID = "cash_paid", _("환불금 지급")
    GIFT = "gift", _("선물")
    ENDOW = "endow", _("재원 수납")
    CASHBACK = "cashback", _("캐시백")
    POINTS = "points", _("포인트 지급")
    EXCHANGE = "exchange", _("수시 환전")
    FEE = "fee", _("가맹점 수수료")
    ADJUST = "adjust", _("정산 조정")
    PAYOUT = "payout", _("가맹점 이체 의뢰")
    PAYOUT_PAID = "payout_paid", _("가맹점 이체 완료")
    PAYOUT_RETURNED = "payout_returned", _("가맹점 이체 반환")


class LotKind(models.TextChoices):
    """Where the money of a lot came from."""

    GRANT = "grant", _("정책수당")
    PURCHASE = "purchase", _("구매금")
    INCENTIVE = "incentive", _("인센티브")
    POINT = "point", _("포인트")


def _municipality() -> models.ForeignKey:
    return models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        verbose_name=_("지자체"),
    )  # fmt: skip


class Account(LedgerModel):
    """계정: a holder of money. A wallet's account has the wallet's id."""

    id = models.UUIDField(primary_key=True)
    municipality = _municipality()
    currency_id = models.UUIDField(_("상품권"))
    kind = models.CharField(_("계정 종류"), max_length=20, choices=AccountKind)
    owner_id = models.UUIDField(_("소유자"), null=True)

    class Meta(LedgerModel.Meta):
        verbose_name = _("계정")
        verbose_name_plural = _("계정")


class Balance(LedgerModel):
    """잔액: monotone debit and credit sums of an account that is drawn on; never below its floor.

    ``returned`` is the part of the credits that came back from recipients: clawed back, expired, repaid, released.
    """

    id = models.UUIDField(_("계정"), primary_key=True, db_column="account_id")
    municipality = _municipality()
    debits = models.BigIntegerField(_("차변 합계"))
    credits = models.BigIntegerField(_("대변 합계"))
    reserved = models.BigIntegerField(_("예약 금액"))
    returned = models.BigIntegerField(_("환수·반납액"))
    floor = models.BigIntegerField(_("하한"), null=True)

    class Meta(LedgerModel.Meta):
        verbose_name = _("잔액")
        verbose_name_plural = _("잔액")


class BusinessEvent(LedgerModel):
    """One business event; its id (uuidv7 of its time) makes it idempotent and places its partition."""

    id = models.UUIDField(_("전표번호"), primary_key=True)
    municipality = _municipality()
    currency_id = models.UUIDField(_("상품권"))
    kind = models.CharField(_("구분"), max_length=20, choices=JournalKind)
    business_date = models.DateField(_("영업일"))
    at = models.DateTimeField(_("일시"))
    request_hash = models.BinaryField()
    reference = models.UUIDField(_("원거래"), null=True)

    class Meta(LedgerModel.Meta):
        abstract = True
        managed = False

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.business_date}"


class Journal(BusinessEvent):
    """분개: every business event but the payments, which are their own journals."""

    class Meta(BusinessEvent.Meta):
        abstract = False
        verbose_name = _("분개")
        verbose_name_plural = _("분개")


class Event(BusinessEvent):
    """원장 전표: every business event, payments among them. A view, in which everybody sees what its tables show them."""

    is_view: ClassVar[bool] = True

    class Meta(BusinessEvent.Meta):
        abstract = False
        verbose_name = _("원장 전표")
        verbose_name_plural = _("원장 전표")
        ordering: ClassVar = ["-id"]


class Transfer(LedgerModel):
    """이동: ``amount`` won from the debit account to the credit account. One row, so it always balances."""

    pk = models.CompositePrimaryKey("municipality_id", "journal_id", "line")
    municipality = _municipality()
    journal_id = models.UUIDField(_("전표번호"))
    line = models.IntegerField(_("순번"))
    debit_account_id = models.UUIDField(_("차변"))
    credit_account_id = models.UUIDField(_("대변"))
    debit_lot_id = models.UUIDField(null=True)
    credit_lot_id = models.UUIDField(null=True)
    amount = models.BigIntegerField(_("금액"))
    business_date = models.DateField(_("영업일"))
    spent = models.BooleanField(null=True)

    class Meta(LedgerModel.Meta):
        verbose_name = _("원장 이동")
        verbose_name_plural = _("원장 이동")


class Lot(LedgerModel):
    """Money in a wallet with one source, one expiry and one usage rule (구매금, 수당, 인센티브, 포인트)."""

    id = models.UUIDField(primary_key=True)
    municipality = _municipality()
    wallet_id = models.UUIDField(_("지갑"))
    kind = models.CharField(_("구분"), max_length=20, choices=LotKind)
    source_id = models.UUIDField(_("원천"))
    programme_id = models.UUIDField(_("사업"), null=True)
    usage_rule_id = models.UUIDField(_("사용처 기준"), null=True)
    granted = models.BigIntegerField(_("지급액"))
    remaining = models.BigIntegerField(_("잔액"))
    held = models.BigIntegerField(_("보류액"))
    expired = models.BigIntegerField(_("유효기간 경과 회수액"))
    expires_at = models.DateTimeField(_("유효기한"))
    created_at = models.DateTimeField(_("지급일시"))
    grace_days = models.SmallIntegerField(_("유효기간 경과 후 취소 시 사용 기간(일)"), null=True)
    lapsed_at = models.DateTimeField(_("당초 유효기한"), null=True)

    class Meta(LedgerModel.Meta):
        verbose_name = _("지갑 잔액 내역")
        verbose_name_plural = _("지갑 잔액 내역")


class BusinessClose(LedgerModel):
    """마감 기준: the last closed business day; later money belongs to a later day."""

    id = models.CharField(primary_key=True, max_length=5, db_column="municipality_id")
    closed_through = models.DateField(_("마감일"))
    tenant_column: ClassVar[str] = "municipality_id"

    class Meta(LedgerModel.Meta):
        verbose_name = _("영업일 마감 기준")
        verbose_name_plural = _("영업일 마감 기준")


class ExpiryMark(LedgerModel):
    """How far the sweep of expired money has come, in the order of expiry."""

    id = models.CharField(primary_key=True, max_length=5, db_column="municipality_id")
    swept_until = models.DateTimeField(_("회수 기준 일시"))
    swept_lot = models.UUIDField()
    tenant_column: ClassVar[str] = "municipality_id"

    class Meta(LedgerModel.Meta):
        verbose_name = _("유효기간 경과 회수 기준")
        verbose_name_plural = _("유효기간 경과 회수 기준")


class LateExpiry(LedgerModel):
    """An expired lot that the sweep has to look at again: money came back to it, or its wallet was busy."""

    pk = models.CompositePrimaryKey("municipality_id", "lot_id")
    municipality = _municipality()
    lot_id = models.UUIDField()

    class Meta(LedgerModel.Meta):
        verbose_name = _("회수 대기 잔액")
        verbose_name_plural = _("회수 대기 잔액")


class LotReturn(LedgerModel):
    """What a fund got back out of a lot of its own before its time ran out."""

    pk = models.CompositePrimaryKey("municipality_id", "lot_id", "journal_id", "account_id")
    municipality = _municipality()
    lot_id = models.UUIDField()
    journal_id = models.UUIDField(_("전표번호"))
    account_id = models.UUIDField(_("계정"))
    amount = models.BigIntegerField(_("금액"))

    class Meta(LedgerModel.Meta):
        verbose_name = _("혜택 반환")
        verbose_name_plural = _("혜택 반환")


class ExpiryReturn(LedgerModel):
    """유효기간 경과 회수: what one step of a sweep returned to one programme, or to one fund of benefits."""

    id = models.UUIDField(_("전표번호"), primary_key=True)
    municipality = _municipality()
    currency_id = models.UUIDField(_("상품권"))
    programme_id = models.UUIDField(_("사업"), null=True)
    fund_id = models.UUIDField(_("혜택 재원"), null=True)
    lots = models.IntegerField(_("지갑 수"))
    amount = models.BigIntegerField(_("회수액"))
    business_date = models.DateField(_("영업일"))
    at = models.DateTimeField(_("회수일시"))

    class Meta(LedgerModel.Meta):
        verbose_name = _("유효기간 경과 회수")
        verbose_name_plural = _("유효기간 경과 회수")
        ordering: ClassVar = ["-id"]
