"""결제: what was paid where, and what of it was given back."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from vouchers.common.models import LedgerModel, TenantModel
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


def _positive(label: Any, default: int) -> Any:
    return models.PositiveIntegerField(label, default=default, validators=[MinValueValidator(1)])


class PaymentTerms(TenantModel):
    """결제 운영 기준: what holds for all payments of a municipality from a day on, until a later row replaces it."""

    valid_from = models.DateField(_("시행일"))
    qr_seconds = _positive(_("거래별 QR 유효시간(초)"), 180)
    token_refresh_seconds = _positive(_("시민 바코드 갱신 주기(초)"), 60)
    token_seconds = _positive(_("시민 바코드 유효시간(초)"), 180)
    order_minutes = _positive(_("온라인 주문 승인 기한(분)"), 30)
    benefit_rate_min = models.DecimalField(_("혜택+ 최저 할인율(%)"), max_digits=4, decimal_places=2, default=3)
    benefit_rate_max = models.DecimalField(_("혜택+ 최고 할인율(%)"), max_digits=4, decimal_places=2, default=7)
    request_days = _positive(_("처리한 요청 보관 기간(일)"), 90)
    code_days = _positive(_("쓰지 않은 QR·바코드·주문 보관 기간(일)"), 90)
    legal_basis = models.CharField(_("근거"), max_length=200, help_text=_("예: 조례 제8조"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("결제 운영 기준")
        verbose_name_plural = _("결제 운영 기준")
        ordering: ClassVar = ["-valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "valid_from"], name="payment_terms_once_a_day",
                violation_error_message=_("그 시행일의 기준이 이미 있습니다."),
            ),
            models.CheckConstraint(
                condition=models.Q(qr_seconds__range=(1, 180), token_seconds__range=(1, 180)),
                name="payment_terms_codes_last_three_minutes",
                violation_error_message=_("QR과 바코드의 유효시간은 180초를 넘을 수 없습니다(금융위원회 QR 결제 표준)."),
            ),
            models.CheckConstraint(
                condition=models.Q(token_refresh_seconds__gte=1, token_refresh_seconds__lte=models.F("token_seconds")),
                name="payment_terms_refresh_before_end",
                violation_error_message=_("갱신 주기는 유효시간보다 길 수 없습니다."),
            ),
            models.CheckConstraint(
                condition=models.Q(benefit_rate_min__gt=0, benefit_rate_max__gte=models.F("benefit_rate_min")),
                name="payment_terms_rates_in_order",
                violation_error_message=_("혜택+ 최저 할인율은 0보다 크고 최고 할인율 이하여야 합니다."),
            ),
            models.CheckConstraint(condition=models.Q(order_minutes__gte=1), name="payment_terms_order_minutes_positive"),
            models.CheckConstraint(
                condition=models.Q(request_days__range=(30, 365), code_days__range=(30, 365)),
                name="payment_terms_kept_days_sensible",
                violation_error_message=_("보관 기간은 30일에서 365일까지입니다."),
            ),
            models.CheckConstraint(
                condition=models.Q(code_days__gte=models.F("request_days")),
                name="payment_terms_codes_kept_as_long_as_requests",
                violation_error_message=_(
                    "QR·바코드·주문은 처리한 요청보다 먼저 지울 수 없습니다. 다시 보낸 요청에 같은 답을 해야 합니다."
                ),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.municipality} · {self.valid_from}"


class SaleQR(LedgerModel):
    """거래별 QR: a shop's code for one sale, good for one payment within minutes."""

    id = models.UUIDField(primary_key=True)
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    merchant_id = models.UUIDField()
    partner_id = models.UUIDField()
    order_id = models.CharField(max_length=25)
    amount = models.BigIntegerField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    payment_id = models.UUIDField(null=True)

    class Meta(LedgerModel.Meta):
        verbose_name = _("거래별 QR")
        verbose_name_plural = _("거래별 QR")


class PaymentToken(LedgerModel):
    """시민 바코드: the one live token of a wallet, of which only a keyed hash is kept."""

    pk = models.CompositePrimaryKey("municipality_id", "wallet_id")
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    wallet_id = models.UUIDField()
    id = models.UUIDField()
    hash = models.BinaryField()
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    payment_id = models.UUIDField(null=True)

    class Meta(LedgerModel.Meta):
        verbose_name = _("시민 바코드")
        verbose_name_plural = _("시민 바코드")


class PaymentCard(LedgerModel):
    """등록 카드: a processor's card that pays from a wallet. Of its token only a keyed hash is kept."""

    id = models.UUIDField(primary_key=True)
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    wallet_id = models.UUIDField()
    partner_id = models.UUIDField()
    token_hash = models.BinaryField()
    last4 = models.CharField(max_length=4)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(LedgerModel.Meta):
        verbose_name = _("등록 카드")
        verbose_name_plural = _("등록 카드")


class CardApproval(LedgerModel):
    """카드 승인: what stands under a processor's trace number; without ``number``, the mark of a reversal."""

    pk = models.CompositePrimaryKey("municipality_id", "partner_id", "trace_number")
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    partner_id = models.UUIDField()
    trace_number = models.CharField(max_length=40)
    id = models.UUIDField()
    number = models.CharField(max_length=8, null=True)
    card_id = models.UUIDField(null=True)
    terminal = models.CharField(max_length=20, null=True)
    at = models.DateTimeField()
    reversed_at = models.DateTimeField(null=True)

    class Meta(LedgerModel.Meta):
        verbose_name = _("카드 승인")
        verbose_name_plural = _("카드 승인")


class ChannelKind(models.TextChoices):
    """What is ordered there."""

    DELIVERY = "delivery", _("배달")
    TAXI = "taxi", _("택시")
    MALL = "mall", _("온라인몰")


class OnlineChannel(TenantModel):
    """온라인 채널: a delivery app, a taxi app or a mall that prepares orders."""

    code = models.CharField(
        _("채널 코드"), max_length=20, validators=[RegexValidator(r"^[a-z0-9_-]+$")],
        help_text=_("연계기관이 주문에 적는 영문 소문자와 숫자. 예: delivery"),
    )  # fmt: skip
    name = models.CharField(_("채널명"), max_length=60)
    kind = models.CharField(_("종류"), max_length=10, choices=ChannelKind)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", verbose_name=_("연계기관"))
    is_active = models.BooleanField(_("운영 여부"), default=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("온라인 채널")
        verbose_name_plural = _("온라인 채널")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "code"], name="online_channel_code_once",
                violation_error_message=_("이미 있는 채널 코드입니다."),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class ChannelFee(TenantModel):
    """채널 수수료: the rate of a band of shops from a day on. The rows of one day are one whole table."""

    channel = models.ForeignKey(
        OnlineChannel, on_delete=models.PROTECT, related_name="fees", verbose_name=_("온라인 채널")
    )
    valid_from = models.DateField(_("시행일"))
    sales_up_to = models.BigIntegerField(
        _("연매출 상한(원)"), null=True, blank=True, help_text=_("비워 두면 그보다 매출이 많은 모든 가맹점에 적용합니다."),
    )  # fmt: skip
    rate = models.DecimalField(_("수수료율(%)"), max_digits=4, decimal_places=2)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("채널 수수료")
        verbose_name_plural = _("채널 수수료")
        ordering: ClassVar = ["-valid_from", "sales_up_to"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["channel", "valid_from", "sales_up_to"], name="channel_fee_once_a_band", nulls_distinct=False,
                violation_error_message=_("같은 시행일과 연매출 상한의 수수료가 이미 있습니다."),
            ),
            models.CheckConstraint(
                condition=models.Q(rate__gte=0, rate__lte=30), name="channel_fee_rate_sensible",
                violation_error_message=_("수수료율은 0%부터 30%까지입니다."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.channel} · {self.valid_from}"


class OnlineOrder(LedgerModel):
    """온라인 주문: prepared by a channel, paid when the citizen's app confirms it. ``fee`` is the channel's."""

    id = models.UUIDField(primary_key=True)
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    channel_id = models.UUIDField()
    partner_id = models.UUIDField()
    merchant_code = models.CharField(max_length=10)
    order_id = models.CharField(max_length=64)
    amount = models.BigIntegerField()
    items_total = models.BigIntegerField()
    wallet_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    payment_id = models.UUIDField(null=True)
    paid_at = models.DateTimeField(null=True)
    fee = models.BigIntegerField()

    class Meta(LedgerModel.Meta):
        verbose_name = _("온라인 주문")
        verbose_name_plural = _("온라인 주문")
