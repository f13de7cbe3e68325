"""가맹점: registered shops and the categories they belong to."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from vouchers.common.models import Stamped, TenantModel
from vouchers.municipalities.models import Dong
from vouchers.privacy.fields import BlindIndexField, EncryptedTextField


class MerchantCategory(models.Model):
    """업종, shared by all municipalities; usage rules name its code."""

    app_privileges: ClassVar[str] = "SELECT"

    code = models.CharField(_("업종코드"), max_length=20, primary_key=True)
    name = models.CharField(_("업종명"), max_length=60)
    name_en = models.CharField(_("영문명"), max_length=60)
    mcc = models.CharField(
        _("MCC"), max_length=4, validators=[RegexValidator(r"^\d{4}$")], help_text=_("QR에 넣는 ISO 18245 코드")
    )

    class Meta:
        verbose_name = _("업종")
        verbose_name_plural = _("업종")
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return self.name


class MerchantStatus(models.TextChoices):
    """A shop takes payments only while active."""

    APPLIED = "applied", _("신청")
    ACTIVE = "active", _("등록")
    SUSPENDED = "suspended", _("등록정지")
    CANCELLED = "cancelled", _("등록취소")
    CLOSED = "closed", _("해지·폐업")


class Merchant(TenantModel, Stamped):
    """가맹점. ``code`` is what its QR carries."""

    code = models.CharField(_("가맹점번호"), max_length=10, validators=[RegexValidator(r"^M\d{9}$")])
    name = models.CharField(_("상호"), max_length=60)
    name_ascii = models.CharField(
        _("영문 상호"),
        max_length=25,
        validators=[RegexValidator(r"^[\x20-\x7e]+$")],
        help_text=_("QR 표준은 영문·숫자만 허용합니다."),
    )
    business_number = models.CharField(_("사업자등록번호"), max_length=10, validators=[RegexValidator(r"^\d{10}$")])
    representative = models.CharField(_("대표자"), max_length=40)
    category = models.ForeignKey(MerchantCategory, on_delete=models.PROTECT, related_name="+", verbose_name=_("업종"))
    ksic_code = models.CharField(
        _("표준산업분류코드"), max_length=5, blank=True, db_default="", validators=[RegexValidator(r"^\d{2,5}$")],
        help_text=_("통계청 한국표준산업분류(KSIC) 숫자 2~5자리. 예: 56111"),
    )  # fmt: skip
    is_chain = models.BooleanField(_("직영점·체인점"), default=False, db_default=False)
    annual_sales = models.BigIntegerField(_("연매출액(원)"), default=0)
    address = models.CharField(_("소재지"), max_length=200)
    lot_address = models.CharField(_("소재지 지번주소"), max_length=200, blank=True, db_default="", default="")
    main_products = models.CharField(
        _("주요상품"), max_length=200, blank=True, db_default="", default="",
        help_text=_("공개 데이터에 싣습니다. 여럿은 +로 나눕니다. 예: 김밥+떡볶이"),
    )  # fmt: skip
    dong = models.ForeignKey(
        Dong, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("읍면동")
    )
    phone = models.CharField(_("전화번호"), max_length=15, blank=True)
    status = models.CharField(_("상태"), max_length=10, choices=MerchantStatus, default=MerchantStatus.APPLIED)
    registered_on = models.DateField(_("등록일"), null=True, blank=True)
    account_bank = models.CharField(_("정산 은행"), max_length=3, blank=True)
    account_number = EncryptedTextField(_("정산 계좌"), null=True, blank=True)
    account_number_index = BlindIndexField(null=True, blank=True, editable=False)
    account_holder = models.CharField(_("예금주"), max_length=60, blank=True)
    partner = models.ForeignKey(
        "vouchers.Partner", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("가맹점 앱"),
        help_text=_("이 연계기관의 앱만 이 가맹점의 거래별 QR을 만들고 시민 바코드를 읽습니다. 비워 두면 모든 가맹점 앱이 할 수 있습니다."),
    )  # fmt: skip
    entered_by = models.ForeignKey(
        "vouchers.Official", on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False,
        verbose_name=_("입력자"),
    )  # fmt: skip
    applied_through = models.ForeignKey(
        "vouchers.Partner", on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False,
        verbose_name=_("신청한 앱"),
    )  # fmt: skip

    history = HistoricalRecords(excluded_fields=["account_number", "account_number_index"])

    class Meta:
        verbose_name = _("가맹점")
        verbose_name_plural = _("가맹점")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "code"], name="merchant_code_once"),
            models.UniqueConstraint(
                fields=["municipality", "business_number", "name"], name="merchant_shop_once",
                condition=~models.Q(status__in=["cancelled", "closed"]),
                violation_error_message=_("사업자등록번호와 상호가 같은 가맹점이 이미 있습니다."),
            ),
            models.CheckConstraint(condition=models.Q(annual_sales__gte=0), name="merchant_sales_not_negative"),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["municipality", "business_number"], name="merchant_by_business")]

    def __str__(self) -> str:
        return self.name


class MerchantBenefit(TenantModel, Stamped):
    """혜택+ 협약: a discount that the shop gives and bears by itself, at every payment from one day to another."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="benefits", verbose_name=_("가맹점"))
    rate = models.DecimalField(
        _("할인율(%)"), max_digits=4, decimal_places=2, help_text=_("결제금액에서 바로 빼는 비율입니다. 원 미만은 버립니다."),
    )  # fmt: skip
    valid_from = models.DateField(_("시작일"))
    valid_until = models.DateField(_("종료일"))
    document = models.CharField(_("협약 문서"), max_length=120, help_text=_("예: 지역경제과-1234 (2026. 11. 2.)"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("혜택+ 협약")
        verbose_name_plural = _("혜택+ 협약")
        ordering: ClassVar = ["-valid_from", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(rate__gt=0, rate__lt=50),
                name="merchant_benefit_rate_below_half",
                violation_error_message=_("할인율은 0%보다 높고 50%보다 낮아야 합니다."),
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until__gte=models.F("valid_from")),
                name="merchant_benefit_ends_after_it_begins",
                violation_error_message=_("종료일은 시작일보다 빠를 수 없습니다."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merchant} · {self.rate.normalize():f}%"


class ChainRule(models.TextChoices):
    """Whether shops that a company runs itself, and franchises, are registered."""

    ALLOW = "allow", _("허용")
    WARN = "warn", _("확인 후 등록")
    REFUSE = "refuse", _("등록 제한")


class RegistrationStandard(TenantModel):
    """가맹점 등록 기준: what the municipality asks of shops from a day on, until a later row replaces it."""

    valid_from = models.DateField(_("시행일"))
    refused_ksic = ArrayField(
        models.CharField(max_length=5, validators=[RegexValidator(r"^\d{2,5}$")]), verbose_name=_("등록 제한 업종코드"),
        default=list, blank=True, help_text=_("쉼표로 나눕니다. 앞자리만 적으면 그 아래 모든 업종입니다. 예: 56211, 9124"),
    )  # fmt: skip
    warned_ksic = ArrayField(
        models.CharField(max_length=5, validators=[RegexValidator(r"^\d{2,5}$")]), verbose_name=_("확인할 업종코드"),
        default=list, blank=True, help_text=_("등록할 수 있으나 담당자에게 확인을 요청합니다."),
    )  # fmt: skip
    annual_sales_cap = models.BigIntegerField(
        _("연매출 상한(원)"), null=True, blank=True, help_text=_("비워 두면 제한하지 않습니다. 예: 3000000000")
    )
    chains = models.CharField(_("직영점·체인점"), max_length=6, choices=ChainRule, default=ChainRule.WARN)
    bar_months = models.PositiveSmallIntegerField(
        _("재등록 제한(개월)"), default=12, validators=[MaxValueValidator(12)],
        help_text=_("등록취소한 날부터 다시 등록할 수 없는 기간입니다. 1년을 넘을 수 없습니다."),
    )  # fmt: skip
    legal_basis = models.CharField(_("근거"), max_length=200, help_text=_("예: 조례 제8조"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("가맹점 등록 기준")
        verbose_name_plural = _("가맹점 등록 기준")
        ordering: ClassVar = ["-valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "valid_from"], name="registration_standard_once_a_day",
                violation_error_message=_("그 시행일의 기준이 이미 있습니다."),
            ),
            models.CheckConstraint(
                condition=models.Q(bar_months__lte=12), name="registration_bar_one_year_at_most",
                violation_error_message=_("재등록 제한은 12개월을 넘을 수 없습니다."),
            ),
            models.CheckConstraint(
                condition=models.Q(annual_sales_cap__isnull=True) | models.Q(annual_sales_cap__gt=0),
                name="registration_sales_cap_positive",
                violation_error_message=_("연매출 상한은 0보다 커야 합니다."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.valid_from} · {self.legal_basis}"


class ChangeKind(models.TextChoices):
    """What becomes of a shop."""

    REGISTER = "register", _("등록 신청")
    DETAILS = "details", _("상호·대표자·계좌 변경")
    SUSPEND = "suspend", _("등록정지")
    RESUME = "resume", _("정지 해제")
    CANCEL = "cancel", _("등록취소")
    CLOSE = "close", _("해지·폐업")


class ChangeState(models.TextChoices):
    """A change is entered by one person and decided by another; it counts from its first day."""

    WAITING = "waiting", _("결재 대기")
    APPROVED = "approved", _("시행 예정")
    APPLIED = "applied", _("시행")
    RETURNED = "returned", _("반려")
    WITHDRAWN = "withdrawn", _("회수")


class MerchantChange(TenantModel):
    """가맹점 처리: one entered, approved and dated change of a shop. Those that were applied are its status history.

    The database applies a change to the shop when its state becomes ``applied``, and changes neither status nor name,
    owner or account of a registered shop otherwise (sql/0002_changes.sql).
    """

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="changes", verbose_name=_("가맹점"))
    kind = models.CharField(_("처리"), max_length=10, choices=ChangeKind)
    effective_from = models.DateField(_("시행일"))
    effective_until = models.DateField(_("정지 종료일"), null=True, blank=True)
    reason = models.CharField(_("사유"), max_length=300)
    document = models.CharField(_("근거 문서"), max_length=120, blank=True)
    barred_until = models.DateField(_("재등록 제한 종료일"), null=True, blank=True)
    name = models.CharField(_("상호"), max_length=60, blank=True)
    name_ascii = models.CharField(_("영문 상호"), max_length=25, blank=True)
    representative = models.CharField(_("대표자"), max_length=40, blank=True)
    account_bank = models.CharField(_("정산 은행"), max_length=3, blank=True)
    account_number = EncryptedTextField(
        _("정산 계좌"), null=True, blank=True, context="merchants_merchant.account_number"
    )
    account_number_index = BlindIndexField(null=True, blank=True, editable=False)
    account_holder = models.CharField(_("예금주"), max_length=60, blank=True)
    before = models.JSONField(_("변경 전"), default=dict, blank=True)
    state = models.CharField(_("상태"), max_length=10, choices=ChangeState, default=ChangeState.WAITING)
    entered_by = models.ForeignKey(
        "vouchers.Official", on_delete=models.PROTECT, related_name="+", verbose_name=_("입력자")
    )
    entered_at = models.DateTimeField(_("입력일시"))
    decided_by = models.ForeignKey(
        "vouchers.Official", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("결재자")
    )
    decided_at = models.DateTimeField(_("결재일시"), null=True, blank=True)
    note = models.CharField(_("결재 의견"), max_length=300, blank=True)
    applied_at = models.DateTimeField(_("시행일시"), null=True, blank=True)

    class Meta:
        verbose_name = _("가맹점 처리")
        verbose_name_plural = _("가맹점 처리")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["merchant"], condition=models.Q(state="waiting"), name="merchant_change_waits_once"
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True) | ~models.Q(decided_by=models.F("entered_by")),
                name="merchant_change_by_another",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "withdrawn"])
                | models.Q(decided_by__isnull=False, decided_at__isnull=False),
                name="merchant_change_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(effective_until__isnull=True)
                | models.Q(kind="suspend", effective_until__gte=models.F("effective_from")),
                name="merchant_suspension_ends_after_it_begins",
                violation_error_message=_("종료일은 시작일보다 빠를 수 없습니다."),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["municipality", "effective_from"], condition=models.Q(state="approved"), name="merchant_change_due"
            ),
            models.Index(fields=["municipality", "state"], name="merchant_change_by_state"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.merchant} · {self.get_kind_display()}"


class PaperKind(models.TextChoices):
    """What was handed in."""

    BUSINESS = "business", _("사업자등록증")
    BANKBOOK = "bankbook", _("통장사본")
    APPLICATION = "application", _("신청서")
    STATEMENT = "statement", _("의견서·소명자료")
    OTHER = "other", _("기타")


class MerchantPaper(TenantModel):
    """첨부 서류: a paper of a shop, kept sealed outside the database. Append-only."""

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="papers", verbose_name=_("가맹점"))
    kind = models.CharField(_("서류"), max_length=12, choices=PaperKind)
    file_name = models.CharField(_("파일명"), max_length=200)
    file_key = models.CharField(max_length=32, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    size = models.BigIntegerField(_("크기"))
    added_by = models.ForeignKey(
        "vouchers.Official", on_delete=models.PROTECT, related_name="+", verbose_name=_("올린 사람")
    )
    added_at = models.DateTimeField(_("올린 일시"))

    class Meta:
        verbose_name = _("첨부 서류")
        verbose_name_plural = _("첨부 서류")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["merchant", "-id"], name="merchant_paper_by_merchant")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.file_name}"
