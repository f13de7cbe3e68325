"""지급: the chunks in which an approved list is posted to the ledger, each exactly once."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from allowances.batches.models import StagingModel
from vouchers.common.models import LedgerModel


class DisbursementChunk(StagingModel):
    """지급 묶음: a range of an approved list's rows with their count, sum and digest; posted when ``posted_at`` is set.

    Posted without a journal: no money moved, because every row was stopped or cancelled.
    """

    app_privileges: ClassVar[str] = "SELECT"

    pk = models.CompositePrimaryKey("municipality_id", "batch_id", "number")
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    batch_id = models.UUIDField()
    number = models.IntegerField(_("묶음"))
    first_row = models.IntegerField()
    last_row = models.IntegerField()
    rows = models.IntegerField(_("건수"))
    amount = models.BigIntegerField(_("금액"))
    digest = models.TextField()
    journal_id = models.UUIDField(null=True)
    posted_at = models.DateTimeField(_("지급일시"), null=True)
    is_cancelled = models.BooleanField(default=False)

    class Meta(StagingModel.Meta):
        verbose_name = _("지급 묶음")
        verbose_name_plural = _("지급 묶음")


class UnpaidReason(models.TextChoices):
    """Why a row of a list was not paid into a wallet or in cash."""

    NOT_A_MEMBER = "not_a_member", _("미가입")
    NO_WALLET = "no_wallet", _("지갑 없음")
    WALLET_CLOSED = "wallet_closed", _("지갑 해지")
    WALLET_FROZEN = "wallet_frozen", _("지갑 사용 정지")
    DECEASED = "deceased", _("사망")
    MOVED_OUT = "moved_out", _("전출")
    CANCELLED = "cancelled", _("잔여 지급 취소")


class UnpaidState(models.TextChoices):
    """Where the money of such a row is."""

    STOPPED = "stopped", _("사망·전출로 중지")
    HELD = "held", _("보관")
    CREDITED = "credited", _("보관 후 지급")
    RETURNED = "returned", _("예산 반납")


class UnpaidEnding(models.TextChoices):
    """How it ended."""

    CLAIMED = "claimed", _("본인에게 지급")
    DEADLINE = "deadline", _("보관 기한 경과")
    GIVEN_UP = "given_up", _("담당자 반납")
    DECEASED = "deceased", _("사망")
    MOVED_OUT = "moved_out", _("전출")
    CANCELLED = "cancelled", _("잔여 지급 취소")


class UnpaidEntitlement(LedgerModel):
    """미지급 건: a row of a list that was not paid when its chunk was. Held money waits in the ledger for its person.

    ``deadline``: who has joined before this moment gets it. Written by SQL functions alone; what has ended is final.
    """

    id = models.UUIDField(primary_key=True)
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    batch_id = models.UUIDField()
    row_number = models.IntegerField(_("행"))
    entitlement_id = models.UUIDField()
    currency_id = models.UUIDField()
    amount = models.BigIntegerField(_("금액"))
    reason = models.TextField(_("사유"), choices=UnpaidReason)
    state = models.TextField(_("상태"), choices=UnpaidState)
    citizen_id = models.UUIDField(null=True)
    wallet_id = models.UUIDField(null=True)
    person = models.TextField(null=True)
    resident_number_index = models.BinaryField(null=True)
    deadline = models.DateTimeField(_("보관 기한"), null=True)
    journal_id = models.UUIDField(null=True)
    ending = models.TextField(_("처리"), choices=UnpaidEnding, null=True)
    ended_at = models.DateTimeField(_("처리일시"), null=True)
    ended_journal_id = models.UUIDField(null=True)

    class Meta(LedgerModel.Meta):
        verbose_name = _("미지급 건")
        verbose_name_plural = _("미지급 건")

    def __str__(self) -> str:
        return f"{self.row_number} · {self.get_state_display()}"
