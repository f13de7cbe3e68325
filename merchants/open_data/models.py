"""공개 데이터: under which terms a municipality publishes, and the list of its shops as it stood on a day."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from vouchers.common.models import Stamped, TenantModel


class OpenDataTerms(TenantModel):
    """공개 데이터 기준: who publishes, and how finely, from a day on until a later row replaces it."""

    valid_from = models.DateField(_("시행일"))
    is_open = models.BooleanField(
        _("공개"), default=True, help_text=_("끄면 시행일부터 가맹점 목록과 이용 통계를 내보내지 않습니다.")
    )
    institution_code = models.CharField(
        _("제공기관코드"), max_length=7, validators=[RegexValidator(r"^\d{7}$", _("숫자 7자리로 입력하십시오."))],
        help_text=_("행정표준코드관리시스템의 기관코드 7자리"),
    )  # fmt: skip
    institution_name = models.CharField(_("제공기관명"), max_length=60, help_text=_("예: 경기도 고양시"))
    fewest_people = models.PositiveSmallIntegerField(
        _("통계 최소 인원(명)"), default=5, validators=[MinValueValidator(3)],
        help_text=_("이보다 적은 사람의 이용은 통계에서 가립니다."),
    )  # fmt: skip
    requests_per_minute = models.PositiveIntegerField(
        _("분당 요청 한도(주소당)"), default=120, validators=[MinValueValidator(1)],
        help_text=_("인증키 없이 누구나 조회하므로, 한 인터넷 주소에서 1분에 이만큼만 받습니다."),
    )  # fmt: skip
    legal_basis = models.CharField(
        _("근거"), max_length=200, help_text=_("예: 공공데이터의 제공 및 이용 활성화에 관한 법률 제17조")
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("공개 데이터 기준")
        verbose_name_plural = _("공개 데이터 기준")
        ordering: ClassVar = ["-valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "valid_from"], name="open_data_terms_once_a_day",
                violation_error_message=_("그 시행일의 기준이 이미 있습니다."),
            ),
            models.CheckConstraint(
                condition=models.Q(institution_code__regex=r"^\d{7}$"), name="open_data_institution_code_is_7_digits",
                violation_error_message=_("제공기관코드는 숫자 7자리입니다."),
            ),
            models.CheckConstraint(
                condition=models.Q(fewest_people__gte=3, requests_per_minute__gte=1), name="open_data_limits_sensible",
                violation_error_message=_("통계 최소 인원은 3명 이상, 분당 요청 한도는 1회 이상이어야 합니다."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.municipality} · {self.valid_from}"


class ShopRelease(TenantModel, Stamped):
    """가맹점 공개본: the list as of ``reference_day``. Never changed; a later one takes its place.

    What is the same for all shops of a municipality stands here once, so that requests choose releases, never rows.
    """

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE, DELETE"

    reference_day = models.DateField(_("데이터기준일자"))
    local_bill = models.CharField(_("사용가능지역화폐"), max_length=300)
    province_name = models.CharField(_("시도명"), max_length=40)
    city_name = models.CharField(_("시군구명"), max_length=40, blank=True)
    institution_code = models.CharField(_("제공기관코드"), max_length=7)
    institution_name = models.CharField(_("제공기관명"), max_length=60)
    rows = models.IntegerField(_("가맹점 수"), default=0)
    altered_rows = models.IntegerField(_("CP949로 적을 수 없는 가맹점 수"), default=0)

    class Meta:
        verbose_name = _("가맹점 공개본")
        verbose_name_plural = _("가맹점 공개본")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["municipality", "-id"], name="shop_release_latest")]

    def __str__(self) -> str:
        return str(self.reference_day)


class PublishedShop(TenantModel):
    """공개된 가맹점: one row of a release, found by its ``position`` (from 1), never by counting."""

    release = models.ForeignKey(ShopRelease, on_delete=models.CASCADE, related_name="shops")
    position = models.IntegerField(_("순번"))
    name = models.CharField(_("가맹점명"), max_length=60)
    road_address = models.CharField(_("소재지도로명주소"), max_length=200)
    lot_address = models.CharField(_("소재지지번주소"), max_length=200)
    sector = models.CharField(_("업종명"), max_length=60)
    main_products = models.CharField(_("주요상품"), max_length=200)
    phone = models.CharField(_("전화번호"), max_length=15)

    class Meta:
        verbose_name = _("공개된 가맹점")
        verbose_name_plural = _("공개된 가맹점")
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["release", "position"], name="published_shop_once_a_position")
        ]

    def __str__(self) -> str:
        return self.name


class OpenDataMinute(models.Model):
    """How much was asked for from one address in its latest minute. Of the address only a keyed hash is kept."""

    address_hash = models.BinaryField(primary_key=True, max_length=16)
    minute = models.DateTimeField(db_index=True)
    taken = models.IntegerField()

    class Meta:
        verbose_name = _("공개 데이터 분당 요청")
        verbose_name_plural = _("공개 데이터 분당 요청")

    def __str__(self) -> str:
        return f"{self.minute} · {self.taken}"
