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


class UsageMonth(TenantModel):
    """이용 통계의 한 달: made once when the month is closed, from the ledger, and never changed.

    ``fewest_people`` is the threshold that was applied. Its own figures are those of the operation of the currency.
    """

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    month = models.DateField(_("기준월"))
    fewest_people = models.PositiveSmallIntegerField(_("통계 최소 인원(명)"))
    rows = models.IntegerField(_("통계 칸"), default=0)
    hidden_rows = models.IntegerField(_("가린 칸"), default=0)
    cards = models.IntegerField(_("카드 발급 수량"), default=0)
    card_people = models.IntegerField(_("카드를 발급받은 사람"), default=0)
    joiners = models.IntegerField(_("모바일 가입자 수"), default=0)
    charged = models.BigIntegerField(_("모바일 충전액"), default=0)
    charge_people = models.IntegerField(_("충전한 사람"), default=0)
    made_at = models.DateTimeField(_("작성일시"))

    class Meta:
        verbose_name = _("이용 통계")
        verbose_name_plural = _("이용 통계")
        ordering: ClassVar = ["-month"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["municipality", "month"], name="usage_month_once")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"

    def told(self, figure: str, people: str) -> int | None:
        """A figure of the operation; None when too few people stand behind it."""
        return None if 0 < getattr(self, people) < self.fewest_people else getattr(self, figure)


class UsageCell(TenantModel):
    """통계 칸: what people of one group paid at the shops of one 읍면동, or a total (``*``), which has no position.

    Figures stand here as they are; ``is_hidden`` ones leave the table nowhere but to be added up.
    """

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    usage = models.ForeignKey(UsageMonth, on_delete=models.PROTECT, related_name="cells", verbose_name=_("이용 통계"))
    position = models.IntegerField(_("순번"), null=True)
    dong_code = models.CharField(_("읍면동 코드"), max_length=8, blank=True)
    dong_name = models.CharField(_("읍면동"), max_length=40, blank=True)
    sex = models.CharField(_("성별"), max_length=1, blank=True)
    age = models.CharField(_("연령대"), max_length=2, blank=True)
    payments = models.IntegerField(_("결제 건수"))
    amount = models.BigIntegerField(_("결제금액(취소 제외)"))
    card_amount = models.BigIntegerField(_("카드 이용액"))
    mobile_amount = models.BigIntegerField(_("모바일 이용액"))
    people = models.IntegerField(_("이용자 수"))
    card_people = models.IntegerField(_("카드 이용자 수"))
    mobile_people = models.IntegerField(_("모바일 이용자 수"))
    is_hidden = models.BooleanField(_("가림"))

    class Meta:
        verbose_name = _("이용 통계 칸")
        verbose_name_plural = _("이용 통계 칸")
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["usage", "position"], name="usage_cell_once_a_position"),
        ]

    def __str__(self) -> str:
        return f"{self.usage} · {self.dong_name} {self.sex}{self.age}"
