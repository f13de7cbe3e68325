"""가맹점: registered shops and the categories they belong to."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import RegexValidator
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

    history = HistoricalRecords(excluded_fields=["account_number", "account_number_index"])

    class Meta:
        verbose_name = _("가맹점")
        verbose_name_plural = _("가맹점")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "code"], name="merchant_code_once"),
            models.UniqueConstraint(fields=["municipality", "business_number", "name"], name="merchant_shop_once"),
            models.CheckConstraint(condition=models.Q(annual_sales__gte=0), name="merchant_sales_not_negative"),
        ]

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
