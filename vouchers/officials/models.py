"""공무원: the user model, and the dated roles that officials hold at municipalities."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from vouchers.common.models import UUID7, TenantModel, uuid7
from vouchers.officials.rules import Role


class OfficialManager(BaseUserManager["Official"]):
    """Creates officials with a one-way password; ``get_by_natural_key`` is what Django's login uses."""

    def create_official(self, *, username: str, password: str | None, **fields: Any) -> Official:
        """Make an official who can log in; without a password only a reset lets them in."""
        official = self.model(username=username, **fields)
        official.set_password(password)
        official.save(using=self._db)
        return official


class Official(AbstractBaseUser):
    """공무원. No superuser exists: what somebody may do follows from their role assignments alone."""

    tenant_extra: ClassVar[str] = (
        "username = nullif(current_setting('app.login', true), '')"
        " OR id::text = nullif(current_setting('app.official', true), '')"
    )

    id = models.UUIDField(primary_key=True, default=uuid7, db_default=UUID7(), editable=False)
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.PROTECT, related_name="+", verbose_name=_("소속 지자체")
    )
    username = models.CharField(_("아이디"), max_length=60, unique=True)
    name = models.CharField(_("성명"), max_length=40)
    department = models.CharField(_("부서"), max_length=60, blank=True)
    position = models.CharField(_("직위"), max_length=40, blank=True)
    email = models.EmailField(_("이메일"), blank=True)
    is_active = models.BooleanField(_("사용 여부"), default=True, help_text=_("퇴직·전출 시 당일 해제합니다."))
    wants_digest = models.BooleanField(
        _("알림 메일"), default=True, help_text=_("기다리는 결재가 있으면 하루 한 번 메일로 알립니다.")
    )
    joined_at = models.DateTimeField(_("등록일시"), db_default=models.functions.Now(), editable=False)

    objects: ClassVar[OfficialManager] = OfficialManager()
    history = HistoricalRecords(excluded_fields=["password", "last_login"])

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    is_staff = True
    is_superuser = False

    class Meta:
        verbose_name = _("공무원")
        verbose_name_plural = _("공무원")
        ordering: ClassVar = ["username"]

    def __str__(self) -> str:
        return f"{self.name} {self.position}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """At login, before a scope exists, Django stores the time and a password hashed anew: no change of the official."""
        fields = kwargs.get("update_fields")
        if fields is None or not set(fields) <= {"last_login", "password"}:
            super().save(*args, **kwargs)
            return
        self.skip_history_when_saving = True  # simple-history asks whether the attribute exists, not what it says
        try:
            super().save(*args, **kwargs)
        finally:
            del self.skip_history_when_saving

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Never: Django's own permissions are not used (vouchers.officials.rules.PERMISSIONS)."""
        return False

    def has_module_perms(self, app_label: str) -> bool:
        """Whether the admin may list the app; each admin class decides on its own pages."""
        return True

    def get_full_name(self) -> str:
        """The name as the admin's header shows it."""
        return self.name

    def get_short_name(self) -> str:
        """The name as greetings show it."""
        return self.name


class RoleAssignment(TenantModel):
    """역할 부여: an official's role at a municipality from a day until a day (both included)."""

    official = models.ForeignKey(
        Official, on_delete=models.PROTECT, related_name="assignments", verbose_name=_("공무원")
    )
    role = models.CharField(_("역할"), max_length=20, choices=Role)
    valid_from = models.DateField(_("시작일"))
    valid_until = models.DateField(
        _("종료일"), null=True, blank=True, help_text=_("비워 두면 해제할 때까지 유효합니다.")
    )
    reason = models.CharField(_("부여 사유"), max_length=200)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("역할 부여")
        verbose_name_plural = _("역할 부여")
        ordering: ClassVar = ["official", "role", "valid_from"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(valid_until__isnull=True) | models.Q(valid_until__gte=models.F("valid_from")),
                name="role_assignment_dates_in_order",
                violation_error_message=_("종료일은 시작일보다 빠를 수 없습니다."),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["official", "municipality"], name="role_assignment_by_official")]

    def __str__(self) -> str:
        return f"{self.official} · {self.get_role_display()} · {self.municipality}"


class Absence(TenantModel):
    """부재: the days on which an official's deputy may sign in their place (대결), both days included.

    A deputy acts for the official alone, never for whom the official is a deputy of: a trigger refuses such chains,
    overlaps, and a deputy whose own roles exclude those of the official.
    """

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    official = models.ForeignKey(
        Official, on_delete=models.PROTECT, related_name="absences", verbose_name=_("부재하는 사람")
    )
    deputy = models.ForeignKey(Official, on_delete=models.PROTECT, related_name="deputies", verbose_name=_("대결자"))
    valid_from = models.DateField(_("시작일"))
    valid_until = models.DateField(_("종료일"))
    reason = models.CharField(_("부재 사유"), max_length=200, help_text=_("예: 휴가, 출장, 교육"))
    is_cancelled = models.BooleanField(_("취소"), default=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("부재와 대결")
        verbose_name_plural = _("부재와 대결")
        ordering: ClassVar = ["-valid_from", "official"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(valid_until__gte=models.F("valid_from")), name="absence_dates_in_order",
                violation_error_message=_("종료일은 시작일보다 빠를 수 없습니다."),
            ),
            models.CheckConstraint(
                condition=~models.Q(deputy=models.F("official")), name="absence_deputy_is_another",
                violation_error_message=_("자기 자신을 대결자로 정할 수 없습니다."),
            ),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["deputy", "valid_until"], name="absence_by_deputy")]

    def __str__(self) -> str:
        return f"{self.official} → {self.deputy}"


class IncompatibleRoles(models.Model):
    """겸직 금지: two roles that one official may not hold at one municipality on the same day."""

    app_privileges: ClassVar[str] = "SELECT"

    role = models.CharField(_("역할"), max_length=20, choices=Role)
    other = models.CharField(_("함께 가질 수 없는 역할"), max_length=20, choices=Role)
    reason = models.CharField(_("사유"), max_length=200)

    class Meta:
        verbose_name = _("겸직 금지 역할")
        verbose_name_plural = _("겸직 금지 역할")
        ordering: ClassVar = ["role", "other"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["role", "other"], name="incompatible_roles_once"),
            models.CheckConstraint(condition=models.Q(role__lt=models.F("other")), name="incompatible_roles_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} ↔ {self.get_other_display()}"
