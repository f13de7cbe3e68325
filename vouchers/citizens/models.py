"""시민: who can hold a wallet, identified by name, birth date and phone."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Right
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from vouchers.citizens.rules import Category, Relation
from vouchers.common.models import Stamped, TenantModel
from vouchers.municipalities.models import Dong
from vouchers.privacy.fields import BlindIndexField, EncryptedTextField, KeyedHashField
from vouchers.privacy.rules import mask_name


class CitizenStatus(models.TextChoices):
    """Whether a citizen can still be paid."""

    ACTIVE = "active", _("정상")
    MOVED_OUT = "moved_out", _("전출")
    DECEASED = "deceased", _("사망")


class Sex(models.TextChoices):
    """성별, as an identity verification or the resident register says it; empty until one has."""

    MALE = "male", _("남성")
    FEMALE = "female", _("여성")


class Citizen(TenantModel, Stamped):
    """A member. Name + birth date + phone identify a person; a name alone never does (동명이인)."""

    name = models.CharField(_("성명"), max_length=40)
    birth_date = models.DateField(_("생년월일"))
    phone = models.CharField(
        _("휴대전화"), max_length=15, validators=[RegexValidator(r"^0\d{8,11}$")], help_text=_("숫자만 입력합니다.")
    )
    sex = models.CharField(
        _("성별"), max_length=6, choices=Sex, blank=True, default="", db_default="",
        help_text=_("본인인증으로 확인한 성별입니다. 확인하지 않았으면 비워 둡니다."),
    )  # fmt: skip
    phone_tail = models.GeneratedField(
        expression=Right("phone", 4), output_field=models.CharField(max_length=4), db_persist=True, editable=False
    )
    dong = models.ForeignKey(
        Dong, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("읍면동")
    )
    resident_since = models.DateField(_("전입일"), null=True, blank=True)
    status = models.CharField(_("상태"), max_length=12, choices=CitizenStatus, default=CitizenStatus.ACTIVE)
    resident_number = EncryptedTextField(_("주민등록번호"), null=True, blank=True)
    resident_number_index = BlindIndexField(null=True, blank=True, editable=False)
    ci_index = KeyedHashField(purpose="ci", null=True, blank=True, editable=False, db_index=False)
    """연계정보(CI) of the identity verification, by which a person is recognised in whichever app."""
    account_bank = models.CharField(_("은행"), max_length=3, blank=True)
    account_number = EncryptedTextField(_("계좌번호"), null=True, blank=True)
    account_number_index = BlindIndexField(null=True, blank=True, editable=False)

    history = HistoricalRecords(
        excluded_fields=[
            "phone_tail",
            "resident_number",
            "resident_number_index",
            "ci_index",
            "account_number",
            "account_number_index",
        ]
    )

    class Meta:
        verbose_name = _("시민")
        verbose_name_plural = _("시민")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "phone", "birth_date", "name"], name="citizen_identity_once"
            ),
            models.UniqueConstraint(
                fields=["municipality", "resident_number_index"], name="citizen_resident_number_once"
            ),
            models.UniqueConstraint(fields=["municipality", "ci_index"], name="citizen_ci_once"),
        ]
        indexes: ClassVar = [
            # What officials search by. Equality and ranges alone: other comparisons wait behind row-level security.
            models.Index(fields=["municipality", "name"], name="citizen_by_name"),
            models.Index(fields=["municipality", "phone_tail"], name="citizen_by_phone_tail"),
            models.Index(
                fields=["municipality", "status", "id"],
                condition=~models.Q(status=CitizenStatus.ACTIVE),
                name="citizen_not_active",
            ),
        ]

    def __str__(self) -> str:
        return mask_name(self.name)


class Corporation(TenantModel, Stamped):
    """법인 회원: a firm that buys the currency in its own name, under the limits for corporations."""

    name = models.CharField(_("법인명"), max_length=80)
    business_number = models.CharField(_("사업자등록번호"), max_length=10, validators=[RegexValidator(r"^\d{10}$")])
    representative = models.CharField(_("대표자"), max_length=40)
    phone = models.CharField(
        _("전화번호"), max_length=15, validators=[RegexValidator(r"^[01]\d{7,11}$")], help_text=_("숫자만 입력합니다.")
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("법인 회원")
        verbose_name_plural = _("법인 회원")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "business_number"], name="corporation_once",
                violation_error_message=_("같은 사업자등록번호의 법인 회원이 이미 있습니다."),
            )
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["municipality", "name"], name="corporation_by_name")]

    def __str__(self) -> str:
        return self.name


class CitizenCategory(TenantModel):
    """자격: what a citizen is registered as, and since and until when. What is open at an end has no day there."""

    citizen = models.ForeignKey(Citizen, on_delete=models.CASCADE, related_name="categories", verbose_name=_("시민"))
    category = models.CharField(_("자격"), max_length=20, choices=Category)
    valid_from = models.DateField(_("시작일"), null=True, blank=True)
    valid_until = models.DateField(_("종료일"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("자격")
        verbose_name_plural = _("자격")
        ordering: ClassVar = ["category", "valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["citizen", "category", "valid_from"], name="citizen_category_once_a_day", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(valid_from__isnull=True)
                | models.Q(valid_until__isnull=True)
                | models.Q(valid_from__lte=models.F("valid_until")),
                name="citizen_category_days_in_order",
                violation_error_message=_("종료일이 시작일보다 빠릅니다."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_category_display())


class ResidencePeriod(TenantModel):
    """이전 거주 기간: when a citizen lived here before moving away; the present residence is ``Citizen.resident_since``."""

    citizen = models.ForeignKey(
        Citizen, on_delete=models.CASCADE, related_name="residence_periods", verbose_name=_("시민")
    )
    since = models.DateField(_("전입일"))
    until = models.DateField(_("전출일"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("이전 거주 기간")
        verbose_name_plural = _("이전 거주 기간")
        ordering: ClassVar = ["-until"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["citizen", "since"], name="residence_period_once_a_day"),
            models.CheckConstraint(
                condition=models.Q(since__lte=models.F("until")), name="residence_period_days_in_order",
                violation_error_message=_("전출일이 전입일보다 빠릅니다."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.since} ~ {self.until}"


class Household(TenantModel, Stamped):
    """세대. ``number`` is the one of the system the household was taken from (행복이음, 새올)."""

    number = models.CharField(_("세대 번호"), max_length=40)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("세대")
        verbose_name_plural = _("세대")
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["municipality", "number"], name="household_number_once")
        ]

    def __str__(self) -> str:
        return self.number


class HouseholdMember(TenantModel):
    """세대원: somebody of a household, a citizen with an account here or not (a child has none)."""

    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="members", verbose_name=_("세대"))
    citizen = models.OneToOneField(
        Citizen, on_delete=models.CASCADE, null=True, blank=True, related_name="membership", verbose_name=_("시민"),
        help_text=_("가입한 시민이면 고릅니다. 한 사람은 한 세대에만 속합니다."),
    )  # fmt: skip
    name = models.CharField(_("성명"), max_length=40)
    birth_date = models.DateField(_("생년월일"))
    relation = models.CharField(_("세대주와의 관계"), max_length=10, choices=Relation)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("세대원")
        verbose_name_plural = _("세대원")
        ordering: ClassVar = ["birth_date"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["household"], condition=models.Q(relation="head"), name="household_has_one_head",
                violation_error_message=_("세대주는 한 사람입니다."),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return mask_name(self.name)
