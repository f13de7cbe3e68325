"""충전: what was bought, and what of it went back."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from vouchers.common.models import LedgerModel, Stamped, TenantModel
from vouchers.currencies.models import BuyerType
from vouchers.officials.models import Official
from vouchers.partners.models import Partner
from vouchers.privacy.fields import EncryptedTextField
from vouchers.wallets.models import Wallet


class TopUpKind(models.TextChoices):
    """Which formula: a discount lessens what is paid, an incentive adds to what arrives."""

    PLAIN = "plain", _("혜택 없음")
    DISCOUNT = "discount", _("선할인")
    TOP_UP = "top_up", _("충전 인센티브")


class TopUpState(models.TextChoices):
    """How far it has come. A request whose deadline has passed stays a request that nothing can complete."""

    REQUESTED = "requested", _("입금 대기")
    COMPLETED = "completed", _("충전 완료")
    CANCELLED = "cancelled", _("취소")


def _to(model: str | type[models.Model], name: Any, *, null: bool = False) -> models.ForeignKey:
    return models.ForeignKey(
        model, on_delete=models.DO_NOTHING, null=null, related_name="+", db_constraint=False, verbose_name=name
    )


class TopUp(LedgerModel):
    """충전: a request, and when its deposit was confirmed the money that it became. Its id is the source of the lot."""

    id = models.UUIDField(_("충전번호"), primary_key=True)
    municipality = _to("vouchers.Municipality", _("지자체"))
    currency = _to("vouchers.Currency", _("상품권"))
    wallet = _to("vouchers.Wallet", _("지갑"))
    partner = _to(Partner, _("연계기관"))
    order_id = models.CharField(_("주문번호"), max_length=64)
    buyer = models.CharField(_("구매자"), max_length=10, choices=BuyerType)
    kind = models.CharField(_("혜택 방식"), max_length=10, choices=TopUpKind)
    amount = models.BigIntegerField(_("신청액"))
    paid = models.BigIntegerField(_("입금액"))
    benefit_base = models.BigIntegerField(_("혜택 대상 금액"))
    funds = ArrayField(models.UUIDField(), verbose_name=_("재원"))
    benefits = ArrayField(models.BigIntegerField(), verbose_name=_("재원별 혜택"))
    returned = ArrayField(models.BigIntegerField(), verbose_name=_("재원별 반납액"))
    refunded = models.BigIntegerField(_("환불액"))
    usage_rule_id = models.UUIDField(null=True)
    benefit_rule_id = models.UUIDField(null=True)
    expires_at = models.DateTimeField(_("유효기한"), null=True)
    benefit_expires_at = models.DateTimeField(_("혜택 유효기한"), null=True)
    rule_id = models.UUIDField(_("자동충전 규칙"), null=True)
    state = models.CharField(_("상태"), max_length=10, choices=TopUpState)
    at = models.DateTimeField(_("신청일시"))
    deadline = models.DateTimeField(_("입금 기한"))
    depositor = _to(Partner, _("입금 확인 기관"), null=True)
    deposit_reference = models.CharField(_("은행 거래번호"), max_length=64, null=True)
    completed_at = models.DateTimeField(_("충전일시"), null=True)
    journal_id = models.UUIDField(_("전표번호"), null=True)
    purchase_lot_id = models.UUIDField(null=True)
    incentive_lot_id = models.UUIDField(null=True)
    cancelled_at = models.DateTimeField(_("취소일시"), null=True)
    received_line_id = models.UUIDField(null=True)

    class Meta(LedgerModel.Meta):
        verbose_name = _("충전")
        verbose_name_plural = _("충전")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def benefit(self) -> int:
        """What the funds add, in won."""
        return sum(self.benefits)

    @property
    def face(self) -> int:
        """What arrives in the wallet."""
        return self.paid + self.benefit


class RefundKind(models.TextChoices):
    """Why money goes back."""

    CANCELLATION = "cancellation", _("청약철회")
    BALANCE = "balance", _("잔액 환불")


class TopUpRefund(LedgerModel):
    """환불: money that the bank owes a buyer. It waits, stands in a bank file, and was paid. The id is its journal's."""

    id = models.UUIDField(_("환불번호"), primary_key=True)
    municipality = _to("vouchers.Municipality", _("지자체"))
    currency = _to("vouchers.Currency", _("상품권"))
    wallet = _to("vouchers.Wallet", _("지갑"))
    partner = _to(Partner, _("연계기관"))
    kind = models.CharField(_("구분"), max_length=12, choices=RefundKind)
    top_up_id = models.UUIDField(_("충전번호"), null=True)
    amount = models.BigIntegerField(_("환불액"))
    benefit = models.BigIntegerField(_("재원 반납액"))
    account_bank = models.CharField(_("은행"), max_length=3)
    account_number = EncryptedTextField(_("계좌번호"))
    account_holder = models.CharField(_("예금주"), max_length=40)
    at = models.DateTimeField(_("신청일시"))
    payout_id = models.UUIDField(_("이체 파일"), null=True)
    payout_at = models.DateTimeField(_("이체 파일 생성일시"), null=True)
    paid_at = models.DateTimeField(_("지급일시"), null=True)
    paid_by = _to(Official, _("지급 확인자"), null=True)
    journal_id = models.UUIDField(_("지급 전표번호"), null=True)

    class Meta(LedgerModel.Meta):
        verbose_name = _("환불")
        verbose_name_plural = _("환불")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return str(self.id)


class AutoKind(models.TextChoices):
    """When a rule asks for a top-up."""

    BELOW = "below", _("잔액이 기준보다 적을 때")
    MONTHLY = "monthly", _("매월 정한 날")


class AutoState(models.TextChoices):
    """Whether a rule asks. A paused one begins again when the member sets it anew."""

    ACTIVE = "active", _("사용 중")
    PAUSED = "paused", _("일시 정지")
    STOPPED = "stopped", _("해지")


class AutoEnd(models.TextChoices):
    """Who ended a rule."""

    MEMBER = "member", _("회원이 앱에서 해지")
    REPLACED = "replaced", _("회원이 새로 설정")
    OFFICIAL = "official", _("담당 공무원이 해지")


class AutoTopUp(TenantModel, Stamped):
    """자동충전 규칙: a wallet's only one that is not stopped. Three failures in a row pause it with the last reason.

    One that is stopped stays so: it says who ended it and why, and a wallet's rules one after the other are its history.
    """

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="+", verbose_name=_("지갑"))
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", verbose_name=_("앱"))
    kind = models.CharField(_("방식"), max_length=10, choices=AutoKind)
    threshold = models.BigIntegerField(_("기준 잔액(원)"), null=True)
    day_of_month = models.PositiveSmallIntegerField(_("충전일"), null=True)
    amount = models.BigIntegerField(_("충전액(원)"))
    state = models.CharField(_("상태"), max_length=10, choices=AutoState, default=AutoState.ACTIVE)
    failures = models.PositiveSmallIntegerField(_("연속 실패"), default=0)
    reason = models.CharField(_("실패 사유"), max_length=60, blank=True)
    due_at = models.DateTimeField(_("다음 확인일시"))
    next_on = models.DateField(_("다음 충전일"), null=True)
    counted_id = models.UUIDField(null=True)
    stopped_at = models.DateTimeField(_("해지일시"), null=True)
    stopped_how = models.CharField(_("해지 구분"), max_length=10, choices=AutoEnd, blank=True)
    stopped_by = models.ForeignKey(
        Official, on_delete=models.PROTECT, null=True, db_index=False, related_name="+", verbose_name=_("해지한 사람")
    )
    stop_reason = models.CharField(_("해지 사유"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("자동충전 규칙")
        verbose_name_plural = _("자동충전 규칙")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["wallet"], condition=~models.Q(state="stopped"), name="auto_top_up_once_a_wallet"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="below", threshold__gt=0, day_of_month=None)
                | models.Q(kind="monthly", threshold=None, day_of_month__gte=1, day_of_month__lte=31),
                name="auto_top_up_has_its_condition",
            ),
            models.CheckConstraint(
                condition=models.Q(state="stopped", stopped_at__isnull=False) & ~models.Q(stopped_how="")
                | ~models.Q(state="stopped") & models.Q(stopped_at=None, stopped_how=""),
                name="auto_top_up_stopped_once",
            ),
            models.CheckConstraint(
                condition=models.Q(stopped_how="official", stopped_by__isnull=False) & ~models.Q(stop_reason="")
                | ~models.Q(stopped_how="official") & models.Q(stopped_by=None, stop_reason=""),
                name="auto_top_up_stopped_with_a_reason",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["municipality", "due_at"], condition=models.Q(state="active"), name="auto_top_up_due"),
            models.Index(fields=["municipality", "state", "-id"], name="auto_top_up_by_state"),
        ]

    def __str__(self) -> str:
        return str(self.wallet)
