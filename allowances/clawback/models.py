"""환수: what a list takes back and why, and the receivables of what could not be taken at once (반환금 채권)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from allowances.batches.models import Batch, StagingModel
from vouchers.common.models import TenantModel
from vouchers.officials.models import Official


class Clawback(TenantModel):
    """환수 결정: what a clawback's list says as a whole. Its rows may give reasons of their own."""

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    batch = models.OneToOneField(Batch, on_delete=models.PROTECT, related_name="clawback", verbose_name=_("명단"))
    reason = models.CharField(
        _("환수 사유"), max_length=200, blank=True, help_text=_("행에 환수 사유가 없는 사람에게 적용합니다.")
    )
    basis = models.CharField(_("환수 근거"), max_length=200, help_text=_("예: 고양시 청년 지원 조례 제15조"))
    pay_within_days = models.PositiveSmallIntegerField(
        _("납부 기한(일)"),
        default=30,
        help_text=_("지갑에서 다 거두지 못한 금액을 환수일부터 며칠 안에 내야 하는지 적습니다."),
    )

    class Meta:
        verbose_name = _("환수")
        verbose_name_plural = _("환수")

    def __str__(self) -> str:
        return f"{self.batch}"


def _municipality() -> models.ForeignKey:
    return models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        verbose_name=_("지자체"),
    )  # fmt: skip


class WrittenBySql(StagingModel):
    """Tables that only the functions of schema ``clawback`` write."""

    app_privileges: ClassVar[str] = "SELECT"

    class Meta(StagingModel.Meta):
        abstract = True


class Recovery(WrittenBySql):
    """What all clawbacks together claim of one payment; never more than was paid."""

    pk = models.CompositePrimaryKey("municipality_id", "source_id")
    municipality = _municipality()
    source_id = models.UUIDField()
    wallet_id = models.UUIDField(null=True)
    paid = models.BigIntegerField(_("지급액"))
    claimed = models.BigIntegerField(_("환수액"))
    lapsed = models.BigIntegerField(_("유효기간 경과 회수액"))

    class Meta(WrittenBySql.Meta):
        verbose_name = _("지급 건별 환수")
        verbose_name_plural = _("지급 건별 환수")


class ClawbackItem(WrittenBySql):
    """What a row of a clawback takes from which payment; ``taken`` is known once it is posted."""

    pk = models.CompositePrimaryKey("municipality_id", "batch_id", "row_number", "source_id")
    municipality = _municipality()
    batch_id = models.UUIDField()
    row_number = models.IntegerField(_("행"))
    source_id = models.UUIDField()
    entitlement_id = models.UUIDField()
    wallet_id = models.UUIDField(null=True)
    amount = models.BigIntegerField(_("환수 결정액"))
    expired_before = models.BigIntegerField()
    taken = models.BigIntegerField(_("지갑에서 거둔 금액"), null=True)
    lapsed = models.BigIntegerField(_("유효기간 경과 회수액"), null=True)

    class Meta(WrittenBySql.Meta):
        verbose_name = _("환수 내역")
        verbose_name_plural = _("환수 내역")


class Receivable(WrittenBySql):
    """반환금 채권: what a person still owes of a clawback. Its id is the clawback's entitlement. Won."""

    id = models.UUIDField(primary_key=True)
    municipality = _municipality()
    batch = models.ForeignKey(
        Batch, on_delete=models.DO_NOTHING, related_name="receivables", db_constraint=False, verbose_name=_("환수 명단")
    )
    row_number = models.IntegerField(_("행"))
    programme = models.ForeignKey(
        "allowances.Programme",
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        verbose_name=_("사업"),
    )
    currency_id = models.UUIDField(_("상품권"))
    citizen = models.ForeignKey(
        "vouchers.Citizen", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, null=True,
        verbose_name=_("시민"),
    )  # fmt: skip
    decided = models.BigIntegerField(_("환수 결정액"))
    from_lots = models.BigIntegerField(_("지갑에서 거둔 금액"))
    lapsed = models.BigIntegerField(_("유효기간 경과 회수액"))
    repaid = models.BigIntegerField(_("납부액"))
    set_off = models.BigIntegerField(_("상계액"))
    written_off = models.BigIntegerField(_("결손액"))
    outstanding = models.BigIntegerField(_("미납액"))
    decided_at = models.DateTimeField(_("환수일시"))
    due_on = models.DateField(_("납부 기한"))

    class Meta(WrittenBySql.Meta):
        verbose_name = _("반환금 채권")
        verbose_name_plural = _("반환금 채권")

    def __str__(self) -> str:
        return f"{self.programme} · {self.citizen or '-'}"


class EntryKind(models.TextChoices):
    """What lowers a receivable."""

    REPAID = "repaid", _("납부")
    SET_OFF = "set_off", _("상계(결제 취소금)")
    WRITTEN_OFF = "written_off", _("결손 처분")


class PaymentMethod(models.TextChoices):
    """How somebody paid back."""

    TRANSFER = "transfer", _("계좌이체")
    NOTICE = "notice", _("고지서 납부")
    CASH = "cash", _("현금")


class ReceivableEntry(WrittenBySql):
    """납부·상계·결손: append-only. The id of what moved money is its journal's."""

    id = models.UUIDField(_("전표번호"), primary_key=True)
    municipality = _municipality()
    receivable = models.ForeignKey(
        Receivable,
        on_delete=models.DO_NOTHING,
        related_name="entries",
        db_constraint=False,
        verbose_name=_("반환금 채권"),
    )
    kind = models.CharField(_("구분"), max_length=12, choices=EntryKind)
    amount = models.BigIntegerField(_("금액"))
    paid_on = models.DateField(_("납부일"))
    method = models.CharField(_("납부 방법"), max_length=10, choices=PaymentMethod)
    document_number = models.CharField(_("문서번호"), max_length=60)
    reason = models.CharField(_("사유"), max_length=200)
    official = models.ForeignKey(
        Official,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        null=True,
        verbose_name=_("처리자"),
    )
    at = models.DateTimeField(_("처리일시"))

    class Meta(WrittenBySql.Meta):
        verbose_name = _("채권 수납 내역")
        verbose_name_plural = _("채권 수납 내역")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount:,}"


class Instalment(TenantModel):
    """분할 납부: one part of a plan for what is outstanding. The plan with the highest number holds; none is changed."""

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    receivable = models.ForeignKey(
        Receivable, on_delete=models.DO_NOTHING, related_name="instalments", db_constraint=False,
        verbose_name=_("반환금 채권"),
    )  # fmt: skip
    plan = models.PositiveSmallIntegerField(_("계획 차수"))
    number = models.PositiveSmallIntegerField(_("회"))
    due_on = models.DateField(_("납부 기한"))
    amount = models.BigIntegerField(_("금액"))
    repaid_before = models.BigIntegerField(_("계획 이전 수납액"))
    document_number = models.CharField(_("문서번호"), max_length=60, blank=True)
    official = models.ForeignKey(Official, on_delete=models.PROTECT, related_name="+", verbose_name=_("처리자"))
    at = models.DateTimeField(_("처리일시"))

    class Meta:
        verbose_name = _("분할 납부 계획")
        verbose_name_plural = _("분할 납부 계획")
        ordering: ClassVar = ["receivable", "-plan", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "receivable", "plan", "number"], name="instalment_number_once"
            ),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="instalment_amount_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.due_on} {self.amount:,}"
