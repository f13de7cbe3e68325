"""연계기관: organisations whose apps call the API, their keys, and the requests already answered."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from vouchers.common.models import LedgerModel, Stamped, TenantModel
from vouchers.partners.rules import LARGEST_QUOTA, Algorithm, Scope
from vouchers.privacy.fields import EncryptedTextField


class Partner(TenantModel, Stamped):
    """연계기관: an organisation whose app calls the API for one municipality."""

    name = models.CharField(_("기관명"), max_length=60)
    scopes = ArrayField(
        models.CharField(max_length=20, choices=Scope), verbose_name=_("권한"), default=list, blank=True,
        help_text=_("이 기관의 앱이 하는 일만 고르십시오."),
    )  # fmt: skip
    requires_signature = models.BooleanField(
        _("서명 필수"), default=True,
        help_text=_(
            "결제처럼 무엇인가를 바꾸는 요청에 서명이 없으면 거절합니다. 해제하면 인증키만 훔친 사람도 이 기관의 이름으로 결제할 "
            "수 있으므로, 서명을 아직 만들지 못하는 기관에 한해 잠시만 해제하십시오."
        ),
    )  # fmt: skip
    requests_per_minute = models.PositiveIntegerField(
        _("분당 요청 한도"), default=60_000, validators=[MinValueValidator(1), MaxValueValidator(LARGEST_QUOTA)],
        help_text=_("매분 이 수를 넘는 요청은 429로 거절합니다. 바꾸면 바로 적용됩니다."),
    )  # fmt: skip
    is_active = models.BooleanField(_("사용 여부"), default=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("연계기관")
        verbose_name_plural = _("연계기관")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "name"], name="partner_name_once"),
            models.CheckConstraint(
                condition=models.Q(requests_per_minute__range=(1, LARGEST_QUOTA)), name="partner_may_ask"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PartnerKey(TenantModel, Stamped):
    """연계 인증키: what a partner sends with every request, and what it signs its writes with.

    Of the bearer secret only a hash is kept. The HMAC secret is needed to check signatures, so it is kept sealed; of an
    Ed25519 key the partner gives the public half alone. Two keys may live at once, so a partner can rotate.
    """

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="keys", verbose_name=_("연계기관"))
    key_id = models.CharField(_("키 번호"), max_length=24, unique=True)
    secret_hash = models.BinaryField(editable=False)
    algorithm = models.CharField(_("서명 방식"), max_length=20, choices=Algorithm, default=Algorithm.HMAC)
    signing_secret = EncryptedTextField(_("서명 비밀값"), null=True, blank=True, editable=False)
    public_key = models.BinaryField(_("공개키"), null=True, editable=False)
    last_used_at = models.DateTimeField(_("최근 사용일시"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("폐기일시"), null=True, blank=True)

    class Meta:
        verbose_name = _("연계 인증키")
        verbose_name_plural = _("연계 인증키")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="partnerkey_signs_one_way",
                condition=models.Q(algorithm=Algorithm.HMAC, signing_secret__isnull=False, public_key__isnull=True)
                | models.Q(algorithm=Algorithm.ED25519, signing_secret__isnull=True, public_key__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.key_id


class IdempotencyRecord(LedgerModel):
    """An answered write request of a partner: the same key gets the same answer, another body a refusal."""

    pk = models.CompositePrimaryKey("municipality_id", "partner_id", "key")
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    partner_id = models.UUIDField()
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField()
    result_id = models.UUIDField()
    created_at = models.DateTimeField()

    class Meta(LedgerModel.Meta):
        verbose_name = _("처리된 요청")
        verbose_name_plural = _("처리된 요청")


class PartnerMinute(LedgerModel):
    """How many requests of the present minute were handed out to web processes."""

    pk = models.CompositePrimaryKey("municipality_id", "partner_id")
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    partner_id = models.UUIDField()
    minute = models.DateTimeField()
    taken = models.IntegerField()

    class Meta(LedgerModel.Meta):
        verbose_name = _("연계기관 분당 요청")
        verbose_name_plural = _("연계기관 분당 요청")


class PartnerDay(LedgerModel):
    """How much a partner asked for on a day, up to the last full minute; a process may have used a little less."""

    pk = models.CompositePrimaryKey("municipality_id", "partner_id", "day")
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    partner_id = models.UUIDField()
    day = models.DateField(_("날짜"))
    requests = models.BigIntegerField(_("요청"))
    busiest_minute = models.IntegerField(_("가장 많은 1분"))

    class Meta(LedgerModel.Meta):
        verbose_name = _("연계기관 하루 요청")
        verbose_name_plural = _("연계기관 하루 요청")
