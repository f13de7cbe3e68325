"""What partners are told of, and how delivery follows the Standard Webhooks specification."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class EventType(models.TextChoices):
    """What an endpoint may subscribe to. The database knows the same names: webhooks.event_type."""

    PAYMENT_PAID = "payment.paid", _("결제 완료")
    PAYMENT_CANCELLED = "payment.cancelled", _("결제 취소")
    CASHBACK_CREDITED = "cashback.credited", _("캐시백 지급")
    TOP_UP_REQUESTED = "top_up.requested", _("충전 요청")
    TOP_UP_COMPLETED = "top_up.completed", _("충전 완료")
    TOP_UP_CANCELLED = "top_up.cancelled", _("충전 취소")
    REFUND_COMPLETED = "refund.completed", _("환불 완료")
    GIFT_RECEIVED = "gift.received", _("선물 받음")
    POINTS_CREDITED = "points.credited", _("포인트 지급")
    WALLET_MOVED = "wallet.moved", _("지갑이 다른 앱으로 이동")


PING = "webhook.ping"
"""The message that an endpoint must answer before it becomes active. Nobody subscribes to it."""
