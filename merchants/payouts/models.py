"""가맹점 이체: what goes to shops, in batches that two people answer for, and what the bank said of it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from merchants.payouts import rules
from merchants.registry.models import Merchant
from vouchers.common.models import LedgerModel, Stamped, TenantModel
from vouchers.currencies.models import Currency
from vouchers.officials.models import Official
from vouchers.privacy.fields import EncryptedTextField

SEALED_AS = "merchants_merchant.account_number"
"""A payout's account is the shop's sealed one, copied as it is."""


def _to(model: Any, label: Any, **options: Any) -> Any:
    return models.ForeignKey(
        model, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, verbose_name=label, **options
    )


class PayoutTerms(TenantModel, Stamped):
    """이체 기준 of a currency from a day on: out of which account shops are paid, and the smallest sum that is sent."""

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", verbose_name=_("상품권"))
    valid_from = models.DateField(_("시행일"))
    minimum = models.BigIntegerField(
        _("최소 이체액(원)"), default=1, help_text=_("이보다 적은 정산금은 모였다가 다음 이체에 함께 나갑니다.")
    )
    account_bank = models.CharField(
        _("출금 은행"), max_length=3, choices=[(code, f"{code} {name}") for code, name in rules.BANKS.items()]
    )
    account_number = EncryptedTextField(_("출금 계좌번호"), help_text=_("암호화하여 저장하며 다시 표시하지 않습니다."))
    account_holder = models.CharField(_("출금 계좌 예금주"), max_length=60)
    shown_as = models.CharField(
        _("가맹점 통장 표시"), max_length=10, help_text=_("가맹점 통장에 찍히는 말입니다. 예: 고양페이정산"),
        validators=[RegexValidator(r"^[^\x00-\x1f=+\-@]")],
    )  # fmt: skip
    legal_basis = models.CharField(_("근거"), max_length=200, help_text=_("예: 조례 제8조, 협약 제5조"))

    class Meta:
        verbose_name = _("이체 기준")
        verbose_name_plural = _("이체 기준")
        ordering: ClassVar = ["-valid_from", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "currency", "valid_from"], name="payout_terms_once_a_day",
                violation_error_message=_("그 시행일의 기준이 이미 있습니다."),
            ),
            models.CheckConstraint(
                condition=models.Q(minimum__gte=1), name="payout_terms_minimum_positive",
                violation_error_message=_("최소 이체액은 1원 이상이어야 합니다."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.currency} · {self.valid_from}"


class BankSheet(TenantModel, Stamped):
    """은행 이체 양식 from a day on. Without a row of its own a bank's sheet is the one that comes with the product."""

    code = models.CharField(
        _("은행"), max_length=10, choices=[(code, sheet.name) for code, sheet in rules.SHEETS.items()]
    )
    valid_from = models.DateField(_("시행일"))
    form = models.CharField(
        _("파일 형식"), max_length=4, choices=[("csv", _("CSV (CP949)")), ("xlsx", _("엑셀 (XLSX)"))], default="csv"
    )
    columns = models.TextField(
        _("열 구성"), max_length=2_000,
        help_text=_("한 줄에 한 열: 열 제목 = 넣을 항목. 등호 뒤를 비우면 빈 열, 따옴표로 묶으면 그 글자가 그대로 들어갑니다."),
    )  # fmt: skip

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("은행 이체 양식")
        verbose_name_plural = _("은행 이체 양식")
        ordering: ClassVar = ["code", "-valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "code", "valid_from"], name="bank_sheet_once_a_day",
                violation_error_message=_("그 시행일의 양식이 이미 있습니다."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_code_display()} · {self.valid_from}"


class BatchState(models.TextChoices):
    """How far a batch has come."""

    MADE = "made", _("승인 대기")
    APPROVED = "approved", _("송신 대기")
    SENT = "sent", _("결과 대기")
    DONE = "done", _("완료")
    CANCELLED = "cancelled", _("취소")


class PayoutBatch(LedgerModel):
    """이체 묶음: rows frozen with count, control total and digest; made by one official and approved by another."""

    id = models.UUIDField(_("묶음번호"), primary_key=True)
    municipality = _to("vouchers.Municipality", _("지자체"))
    currency = _to("vouchers.Currency", _("상품권"))
    year = models.SmallIntegerField(_("연도"))
    number = models.IntegerField(_("번호"))
    state = models.CharField(_("상태"), max_length=10, choices=BatchState)
    through = models.DateField(_("정산 마감일"))
    pay_on = models.DateField(_("이체일"))
    payouts = models.IntegerField(_("건수"))
    amount = models.BigIntegerField(_("합계"))
    digest = models.BinaryField(_("내용 확인값(SHA-256)"))
    made_by = _to(Official, _("작성자"))
    made_at = models.DateTimeField(_("작성일시"))
    approved_by = _to(Official, _("승인자"), null=True)
    approved_at = models.DateTimeField(_("승인일시"), null=True)
    sent_by = _to(Official, _("송신자"), null=True)
    sent_at = models.DateTimeField(_("송신일시"), null=True)
    sent_as = models.TextField(_("송신 형식"), null=True)
    sent_with = models.TextField(_("송신 양식"), null=True)
    sent_digest = models.BinaryField(_("송신 파일 확인값(SHA-256)"), null=True)
    cancelled_by = _to(Official, _("취소자"), null=True)
    cancelled_at = models.DateTimeField(_("취소일시"), null=True)
    cancel_reason = models.TextField(_("취소 사유"), null=True)
    done_at = models.DateTimeField(_("은행 답 완료일시"), null=True)

    class Meta(LedgerModel.Meta):
        verbose_name = _("이체 묶음")
        verbose_name_plural = _("이체 묶음")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return gettext("이체 %(year)s-%(number)s") % {"year": self.year, "number": self.number}


class PayoutKind(models.TextChoices):
    """What made the sum due."""

    SETTLEMENT = "settlement", _("일 마감 정산")
    EXCHANGE = "exchange", _("수시 환전")


class PayoutState(models.TextChoices):
    """How far a payout has come."""

    QUEUED = "queued", _("이체 대기")
    LISTED = "listed", _("이체 처리 중")
    PAID = "paid", _("지급 완료")
    RETURNED = "returned", _("반환")
    CANCELLED = "cancelled", _("취소")


class Payout(LedgerModel):
    """가맹점 이체 건: one sum to one shop. What is returned is settled again and goes with a later batch, as a new payout."""

    id = models.UUIDField(_("이체번호"), primary_key=True)
    municipality = _to("vouchers.Municipality", _("지자체"))
    currency = _to("vouchers.Currency", _("상품권"))
    merchant = _to(Merchant, _("가맹점"))
    kind = models.CharField(_("구분"), max_length=10, choices=PayoutKind)
    amount = models.BigIntegerField(_("이체액"))
    state = models.CharField(_("상태"), max_length=10, choices=PayoutState)
    journal_id = models.UUIDField(_("의뢰 전표번호"))
    at = models.DateTimeField(_("의뢰일시"))
    batch = _to(PayoutBatch, _("이체 묶음"), null=True)
    line = models.IntegerField(_("연번"), null=True)
    bank = models.CharField(_("은행"), max_length=3, null=True)
    account_number = EncryptedTextField(_("계좌번호"), null=True, context=SEALED_AS)
    account_number_index = models.BinaryField(null=True)
    holder = models.CharField(_("예금주"), max_length=60, null=True)
    paid_at = models.DateTimeField(_("지급일시"), null=True)
    paid_journal_id = models.UUIDField(_("지급 전표번호"), null=True)
    returned_at = models.DateTimeField(_("반환일시"), null=True)
    returned_journal_id = models.UUIDField(_("반환 전표번호"), null=True)
    reason = models.TextField(_("반환 사유"), null=True)
    needs_mending = models.BooleanField(_("계좌 정정 필요"), default=False)
    mended_by = _to(Official, _("계좌 확인자"), null=True)
    mended_at = models.DateTimeField(_("계좌 확인일시"), null=True)
    mended_note = models.TextField(_("계좌 확인 내용"), null=True)

    class Meta(LedgerModel.Meta):
        verbose_name = _("가맹점 이체")
        verbose_name_plural = _("가맹점 이체")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.merchant} · {self.amount:,}"


class PayoutResult(LedgerModel):
    """이체 결과 파일: what the bank said, once. Each of its lines has come to something, or is told why not."""

    id = models.UUIDField(primary_key=True)
    municipality = _to("vouchers.Municipality", _("지자체"))
    kind = models.TextField(_("형식"))
    file_name = models.TextField(_("파일 이름"))
    digest = models.BinaryField(_("파일 확인값(SHA-256)"))
    uploaded_by = _to(Official, _("올린 사람"))
    uploaded_at = models.DateTimeField(_("등록일시"))
    paid = models.IntegerField(_("지급으로 반영"))
    returned = models.IntegerField(_("반환으로 반영"))
    repeated = models.IntegerField(_("이미 반영됨"))
    noted = models.IntegerField(_("접수 확인"))
    unknown = models.IntegerField(_("모르는 줄"))
    conflicts = models.IntegerField(_("맞지 않는 줄"))
    account = models.TextField(_("거래내역 계좌"), null=True)
    sequence = models.BigIntegerField(_("거래내역 번호"), null=True)
    first_day = models.DateField(_("시작일"), null=True)
    last_day = models.DateField(_("종료일"), null=True)
    opening = models.BigIntegerField(_("기초 잔액"), null=True)
    closing = models.BigIntegerField(_("기말 잔액"), null=True)
    gap = models.TextField(_("빠진 내용"), null=True)
    gap_amount = models.BigIntegerField(_("빠진 금액"), null=True)

    class Meta(LedgerModel.Meta):
        verbose_name = _("이체 결과 파일")
        verbose_name_plural = _("이체 결과 파일")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.file_name


class PayoutResultLine(LedgerModel):
    """A line of a result file: what the bank says of a payout, and what came of it."""

    id = models.UUIDField(primary_key=True)
    municipality = _to("vouchers.Municipality", _("지자체"))
    result = _to(PayoutResult, _("이체 결과 파일"))
    line = models.IntegerField(_("줄"))
    said_id = models.TextField(_("이체번호"))
    payout = _to(Payout, _("가맹점 이체"), null=True)
    outcome = models.TextField(_("은행 답"))
    reason = models.TextField(_("사유"))
    amount = models.BigIntegerField(_("금액"), null=True)
    effect = models.TextField(_("처리"))

    class Meta(LedgerModel.Meta):
        verbose_name = _("이체 결과")
        verbose_name_plural = _("이체 결과")
        ordering: ClassVar = ["line"]

    def __str__(self) -> str:
        return self.said_id
