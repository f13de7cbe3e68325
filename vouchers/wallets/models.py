"""지갑: a citizen's or a corporation's holding of one currency. Its money lies in lots of the ledger."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from vouchers.citizens.models import Citizen, Corporation
from vouchers.common.models import Stamped, TenantModel
from vouchers.currencies.models import Currency
from vouchers.officials.models import Official
from vouchers.partners.models import Partner


class WalletStatus(models.TextChoices):
    """Whether a wallet can pay."""

    ACTIVE = "active", _("정상")
    FROZEN = "frozen", _("사용 정지")
    CLOSED = "closed", _("해지")


class LinkOutcome(models.TextChoices):
    """What became of a citizen's wallet when an app reported them as a member."""

    OPENED = "opened", _("개설")
    KEPT = "kept", _("유지")
    MOVED = "moved", _("앱 이동")


class Wallet(TenantModel, Stamped):
    """Holder × currency; the row is the lock under which the wallet's lots change."""

    app_privileges: ClassVar[str] = "SELECT, UPDATE (status)"

    citizen = models.ForeignKey(
        Citizen, on_delete=models.PROTECT, null=True, related_name="wallets", verbose_name=_("시민")
    )
    corporation = models.ForeignKey(
        Corporation, on_delete=models.PROTECT, null=True, db_index=False, related_name="wallets", verbose_name=_("법인")
    )
    """Who holds it: a citizen or a corporation, never both. The few of corporations have an index of their own."""
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권"))
    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, null=True, db_index=False, related_name="+", verbose_name=_("가입한 앱"),
        editable=False,
    )  # fmt: skip
    """The app through which the citizen joined: no other partner may act on the wallet. None: every partner may."""
    status = models.CharField(_("상태"), max_length=10, choices=WalletStatus, default=WalletStatus.ACTIVE)

    class Meta:
        verbose_name = _("지갑")
        verbose_name_plural = _("지갑")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "citizen", "currency"], name="wallet_once"),
            models.UniqueConstraint(
                fields=["corporation", "currency"], condition=models.Q(corporation__isnull=False),
                name="corporate_wallet_once",
            ),
            models.CheckConstraint(
                condition=models.Q(citizen__isnull=True, corporation__isnull=False)
                | models.Q(citizen__isnull=False, corporation__isnull=True),
                name="wallet_has_one_holder",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(
                fields=["municipality", "id"], condition=~models.Q(status=WalletStatus.ACTIVE), name="wallet_not_active"
            )
        ]

    def __str__(self) -> str:
        return f"{self.holder} · {self.currency}"

    @property
    def holder(self) -> str:
        """Whose it is: a citizen masked, a corporation by its name."""
        return str(self.citizen or self.corporation)


class WalletLink(TenantModel):
    """가입·앱 연결 이력: through which app a citizen joined, and each time the wallet went to another app."""

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="links", verbose_name=_("지갑"))
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", verbose_name=_("앱"))
    previous = models.ForeignKey(
        Partner, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("이전 앱")
    )
    outcome = models.CharField(_("처리"), max_length=10, choices=LinkOutcome)
    guardian_consent = models.BooleanField(_("법정대리인 동의"), default=False)
    credited_lots = ArrayField(models.UUIDField(), default=list, verbose_name=_("가입하며 받은 금액"))
    at = models.DateTimeField(_("일시"))

    class Meta:
        verbose_name = _("가입·앱 연결 이력")
        verbose_name_plural = _("가입·앱 연결 이력")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.partner} · {self.get_outcome_display()}"


class WalletStatusChange(TenantModel):
    """사용 정지·해제 이력: who stopped or released a wallet, when and why."""

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="status_changes", verbose_name=_("지갑"))
    status = models.CharField(_("바뀐 상태"), max_length=10, choices=WalletStatus)
    reason = models.CharField(_("사유"), max_length=200)
    official = models.ForeignKey(Official, on_delete=models.PROTECT, related_name="+", verbose_name=_("처리자"))
    at = models.DateTimeField(_("일시"))

    class Meta:
        verbose_name = _("사용 정지·해제 이력")
        verbose_name_plural = _("사용 정지·해제 이력")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return str(self.get_status_display())
