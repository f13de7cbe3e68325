"""결제: what was paid where, and what of it was given back."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from vouchers.common.models import LedgerModel
from vouchers.partners.models import Partner


class Channel(models.TextChoices):
    """How the payment came about."""

    STATIC_QR = "static_qr", _("가맹점 QR(고정)")
    DYNAMIC_QR = "dynamic_qr", _("가맹점 QR(거래별)")
    CPM = "cpm", _("시민 바코드·QR")
    CARD = "card", _("체크카드")
    ONLINE = "online", _("온라인")


class Payment(LedgerModel):
    """결제 건. The id is the id of its journal; state follows from ``refunded``."""

    id = models.UUIDField(_("결제번호"), primary_key=True)
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        verbose_name=_("지자체"),
    )  # fmt: skip
    currency = models.ForeignKey(
        "vouchers.Currency", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        verbose_name=_("상품권"),
    )  # fmt: skip
    wallet = models.ForeignKey(
        "vouchers.Wallet", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, verbose_name=_("지갑")
    )
    merchant = models.ForeignKey(
        "merchants.Merchant", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        verbose_name=_("가맹점"),
    )  # fmt: skip
    partner = models.ForeignKey(
        Partner, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, verbose_name=_("연계기관")
    )
    order_id = models.CharField(_("주문번호"), max_length=64)
    amount = models.BigIntegerField(_("결제금액"))
    refunded = models.BigIntegerField(_("취소금액"))
    business_date = models.DateField(_("영업일"))
    at = models.DateTimeField(_("결제일시"))
    channel = models.CharField(_("결제 방식"), max_length=12, choices=Channel, default=Channel.STATIC_QR)
    discount = models.BigIntegerField(_("가맹점 할인액"), default=0)
    discount_returned = models.BigIntegerField(_("할인 취소액"), default=0)

    class Meta(LedgerModel.Meta):
        verbose_name = _("결제")
        verbose_name_plural = _("결제")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return str(self.id)


class Cancellation(LedgerModel):
    """결제 취소: what one cancellation gave back, and how much less the shop bears of its discount."""

    id = models.UUIDField(_("전표번호"), primary_key=True)
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    payment_id = models.UUIDField(_("결제번호"))
    amount = models.BigIntegerField(_("돌려준 금액"))
    discount = models.BigIntegerField(_("줄어든 가맹점 할인액"))
    at = models.DateTimeField(_("취소일시"))

    class Meta(LedgerModel.Meta):
        verbose_name = _("결제 취소")
        verbose_name_plural = _("결제 취소")


class Outbox(LedgerModel):
    """A payment or refund whose consequences (cashback, notices) are still to come."""

    id = models.UUIDField(primary_key=True, db_column="event_id")
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    at = models.DateTimeField()

    class Meta(LedgerModel.Meta):
        verbose_name = _("후속 처리 대기")
        verbose_name_plural = _("후속 처리 대기")
