"""알림(웹훅): where partners want to be told, what happened, and each telling of it."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from vouchers.common.models import LedgerModel, Stamped, TenantModel
from vouchers.partners.models import Partner
from vouchers.privacy.fields import EncryptedTextField
from vouchers.webhooks.rules import EventType


class EndpointState(models.TextChoices):
    """An endpoint is pending until it has answered its first message."""

    PENDING = "pending", _("확인 중")
    ACTIVE = "active", _("사용 중")
    DISABLED = "disabled", _("중지")
    DELETED = "deleted", _("삭제")


class DisabledFor(models.TextChoices):
    """Why an endpoint gets nothing any more."""

    UNVERIFIED = "unverified", _("확인 메시지에 응답하지 않음")
    GONE = "gone", _("수신 서버가 수신 종료(410)로 응답")
    FAILING = "failing", _("계속된 전송 실패")
    OFFICIAL = "official", _("담당자가 중지")


class WebhookEndpoint(TenantModel, Stamped):
    """수신 주소: an address of a partner that is told of the types it subscribed to."""

    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="webhook_endpoints", verbose_name=_("연계기관")
    )
    url = models.CharField(_("수신 주소"), max_length=500)
    event_types = ArrayField(models.CharField(max_length=40, choices=EventType), verbose_name=_("알림 종류"))
    state = models.CharField(_("상태"), max_length=10, choices=EndpointState, default=EndpointState.PENDING)
    disabled_for = models.CharField(_("중지 사유"), max_length=12, choices=DisabledFor, blank=True, default="")
    state_at = models.DateTimeField(_("상태 변경일시"))
    failing_since = models.DateTimeField(_("전송 실패 시작"), null=True, blank=True)

    class Meta:
        verbose_name = _("알림 수신 주소")
        verbose_name_plural = _("알림 수신 주소")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(
                fields=["municipality", "partner"],
                name="endpoint_not_deleted",
                condition=~models.Q(state=EndpointState.DELETED),
            )
        ]

    def __str__(self) -> str:
        return self.url


class WebhookSecret(TenantModel, Stamped):
    """서명 비밀값. Two may live at once, so that a partner can change over; messages carry a signature by each."""

    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="secrets", verbose_name=_("알림 수신 주소")
    )
    secret = EncryptedTextField(_("서명 비밀값"))
    expires_at = models.DateTimeField(_("만료일시"), null=True, blank=True)

    class Meta:
        verbose_name = _("알림 서명 비밀값")
        verbose_name_plural = _("알림 서명 비밀값")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return str(self.pk)


class WebhookPolicy(TenantModel):
    """알림 운영 기준: what holds from a day on. Without one, 90 and 5 days."""

    valid_from = models.DateField(_("시행일"))
    kept_days = models.IntegerField(_("알림 보관 기간(일)"), default=90)
    failing_days = models.IntegerField(
        _("수신 중지까지의 전송 실패 기간(일)"), default=5,
        help_text=_("이 기간 동안 한 번도 전송하지 못한 수신 주소는 사용이 중지됩니다."),
    )  # fmt: skip

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("알림 운영 기준")
        verbose_name_plural = _("알림 운영 기준")
        ordering: ClassVar = ["-valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "valid_from"], name="webhook_policy_once_a_day"),
            models.CheckConstraint(
                condition=models.Q(kept_days__gte=7, kept_days__lte=3650),
                name="webhook_kept_days_sensible",
                violation_error_message=_("알림 보관 기간은 7일에서 3,650일까지입니다."),
            ),
            models.CheckConstraint(
                condition=models.Q(failing_days__gte=1, failing_days__lte=30),
                name="webhook_failing_days_sensible",
                violation_error_message=_("전송 실패 기간은 1일에서 30일까지입니다."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.valid_from}"


class WebhookEvent(LedgerModel):
    """알림: one thing that happened, for one partner. The id is the ``webhook-id`` of every message about it."""

    id = models.UUIDField(_("알림번호"), primary_key=True)
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        verbose_name=_("지자체"),
    )  # fmt: skip
    partner = models.ForeignKey(
        Partner, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, verbose_name=_("연계기관")
    )
    type = models.CharField(_("알림 종류"), max_length=40)
    data = models.JSONField(_("내용"))
    at = models.DateTimeField(_("발생일시"))

    class Meta(LedgerModel.Meta):
        verbose_name = _("알림")
        verbose_name_plural = _("알림")
        ordering: ClassVar = ["-id"]


class DeliveryState(models.TextChoices):
    """``FAILED``: every try was used up; it is sent again when somebody asks for it."""

    WAITING = "waiting", _("전송 대기")
    DELIVERED = "delivered", _("전송 완료")
    FAILED = "failed", _("전송 실패")


class DeliveryError(models.TextChoices):
    """Why there was no answer."""

    TIMEOUT = "timeout", _("15초 안에 응답하지 않음")
    REFUSED = "refused", _("보낼 수 없는 주소")
    TLS = "tls", _("인증서가 올바르지 않음")
    NAME = "name", _("도메인을 찾을 수 없음")
    CONNECTION = "connection", _("연결할 수 없음")
    PROTOCOL = "protocol", _("HTTP 응답이 아님")
    UNEXPECTED = "unexpected", _("그 밖의 오류")


class WebhookDelivery(LedgerModel):
    """알림 전송: the telling of one event to one endpoint."""

    pk = models.CompositePrimaryKey("municipality_id", "event_id", "endpoint_id")
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    event = models.ForeignKey(WebhookEvent, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False)
    state = models.CharField(_("상태"), max_length=10, choices=DeliveryState)
    attempts = models.IntegerField(_("시도 횟수"))
    due_at = models.DateTimeField(_("다음 시도"))
    claimed_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(_("마지막 시도"), null=True)
    last_status = models.IntegerField(_("응답 코드"), null=True)
    last_ms = models.IntegerField(_("응답 시간(ms)"), null=True)
    last_error = models.CharField(_("오류"), max_length=20, choices=DeliveryError, blank=True)

    class Meta(LedgerModel.Meta):
        verbose_name = _("알림 전송")
        verbose_name_plural = _("알림 전송")
