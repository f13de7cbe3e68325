"""사망·전출자 명단: who has died or moved away, from the resident register, and what that stopped."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from vouchers.citizens.models import Citizen, CitizenStatus
from vouchers.common.models import TenantModel
from vouchers.officials.models import Official


class DepartureKind(models.TextChoices):
    """Why a person is not to be paid any more; the values are those of CitizenStatus."""

    DECEASED = CitizenStatus.DECEASED.value, _("사망")
    MOVED_OUT = CitizenStatus.MOVED_OUT.value, _("전출")


class DepartureListState(models.TextChoices):
    """Nothing happens before a list is confirmed."""

    CHECKED = "checked", _("확인 대기")
    CONFIRMED = "confirmed", _("반영 완료")
    DISCARDED = "discarded", _("폐기")


class DepartureList(TenantModel):
    """사망·전출자 명단 파일 one official uploaded; ``outcome`` says in rows and won what its confirmation stopped."""

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    file_name = models.CharField(_("파일명"), max_length=200)
    state = models.CharField(_("상태"), max_length=10, choices=DepartureListState, default=DepartureListState.CHECKED)
    uploaded_by = models.ForeignKey(Official, on_delete=models.PROTECT, related_name="+", verbose_name=_("올린 사람"))
    uploaded_at = models.DateTimeField(_("업로드 일시"))
    decided_by = models.ForeignKey(
        Official, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("처리자")
    )
    decided_at = models.DateTimeField(_("처리일시"), null=True, blank=True)
    rows_total = models.IntegerField(_("전체 행"), default=0)
    rows_found = models.IntegerField(_("찾은 시민"), default=0)
    rows_bad = models.IntegerField(_("읽지 못한 행"), default=0)
    outcome = models.JSONField(_("처리 결과"), default=dict, editable=False)

    class Meta:
        verbose_name = _("사망·전출자 명단")
        verbose_name_plural = _("사망·전출자 명단")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.file_name


class DepartureState(models.TextChoices):
    """What became of one row."""

    BAD = "bad", _("읽지 못함")
    READY = "ready", _("반영 대기")
    APPLIED = "applied", _("반영됨")
    UNDONE = "undone", _("되돌림")


class Departure(TenantModel):
    """One row: a person, what happened and when. ``citizen`` is the member it names; who is none may still have money
    held for them, and is told by ``person`` or the number's index."""

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    list = models.ForeignKey(DepartureList, on_delete=models.PROTECT, related_name="rows", verbose_name=_("명단"))
    row_number = models.IntegerField(_("행"))
    kind = models.CharField(_("구분"), max_length=12, choices=DepartureKind, blank=True)
    happened_on = models.DateField(_("사망·전출일"), null=True)
    name = models.TextField(_("성명"), blank=True)
    birth_date = models.DateField(_("생년월일"), null=True)
    phone = models.TextField(_("휴대전화"), blank=True)
    resident_number_index = models.BinaryField(null=True)
    citizen = models.ForeignKey(
        Citizen, on_delete=models.PROTECT, null=True, related_name="departures", verbose_name=_("시민")
    )
    status_before = models.CharField(max_length=12, blank=True)
    state = models.CharField(_("상태"), max_length=10, choices=DepartureState)
    problem = models.TextField(_("읽지 못한 사유"), blank=True)
    undone_by = models.ForeignKey(
        Official, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("되돌린 사람")
    )
    undone_at = models.DateTimeField(_("되돌린 일시"), null=True)
    undo_reason = models.CharField(_("되돌린 사유"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("사망·전출자")
        verbose_name_plural = _("사망·전출자")
        ordering: ClassVar = ["list", "row_number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["list", "row_number"], name="departure_once_a_row"),
        ]

    def __str__(self) -> str:
        return f"{self.row_number} · {self.get_kind_display()}"

    @property
    def person(self) -> str | None:
        """As lists name those who are no members; None unless name, birth date and telephone are known."""
        if not (self.name and self.birth_date and self.phone):
            return None
        return f"{self.name}|{self.birth_date.isoformat()}|{self.phone}"
