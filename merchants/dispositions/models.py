"""행정처분: what shops did against the law, and what the municipality did about it after hearing them."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from merchants.registry.models import Merchant, MerchantChange
from vouchers.common.models import IdModel, TenantModel


class Measure(models.TextChoices):
    """What the municipality may do."""

    GUIDANCE = "guidance", _("계도")
    ORDER = "order", _("시정명령")
    FINE = "fine", _("과태료")
    SUSPEND = "suspend", _("등록정지")
    CANCEL = "cancel", _("등록취소")
    CLOSE = "close", _("직권 해지")


class Violation(IdModel):
    """위반행위 기준: one offence from a day on, until a later row of the same code replaces it. The same everywhere."""

    app_privileges: ClassVar[str] = "SELECT"

    code = models.CharField(_("위반 코드"), max_length=20)
    valid_from = models.DateField(_("시행일"))
    name = models.CharField(_("위반행위"), max_length=60)
    name_en = models.CharField(_("영문명"), max_length=60)
    fine_first = models.BigIntegerField(_("과태료 1차"), null=True)
    fine_second = models.BigIntegerField(_("과태료 2차"), null=True)
    fine_third = models.BigIntegerField(_("과태료 3차 이상"), null=True)
    counted_months = models.PositiveSmallIntegerField(_("횟수 산정 기간(개월)"))
    measures = ArrayField(models.CharField(max_length=10, choices=Measure), verbose_name=_("할 수 있는 처분"))
    opinion_days = models.PositiveSmallIntegerField(_("의견제출 최소 기간(일)"))
    is_confirmed = models.BooleanField(_("확인됨"))
    source = models.CharField(_("출처"), max_length=300)

    class Meta:
        verbose_name = _("위반행위 기준")
        verbose_name_plural = _("위반행위 기준")
        ordering: ClassVar = ["code", "-valid_from"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["code", "valid_from"], name="violation_once_a_day")]

    def __str__(self) -> str:
        return self.name_en if get_language() == "en" else self.name


class DispositionState(models.TextChoices):
    """Noticed, heard, proposed by one person and decided by another."""

    NOTICED = "noticed", _("사전통지")
    PROPOSED = "proposed", _("결재 대기")
    DECIDED = "decided", _("처분 확정")
    DROPPED = "dropped", _("종결(처분 안 함)")


class Disposition(TenantModel):
    """행정처분: one case against a shop, from the notice to what was decided (행정절차법 제21조·제22조)."""

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    merchant = models.ForeignKey(
        Merchant, on_delete=models.PROTECT, related_name="dispositions", verbose_name=_("가맹점")
    )
    violation = models.ForeignKey(Violation, on_delete=models.PROTECT, related_name="+", verbose_name=_("위반행위"))
    found_on = models.DateField(_("적발일"))
    facts = models.TextField(_("위반 내용"), max_length=2000)
    notice_on = models.DateField(_("사전통지일"))
    notice_document = models.CharField(_("사전통지 문서"), max_length=120)
    opinion_until = models.DateField(_("의견제출 기한"))
    hearing_on = models.DateField(_("청문일"), null=True, blank=True)
    opinion_on = models.DateField(_("의견 접수일"), null=True, blank=True)
    opinion = models.TextField(_("제출된 의견"), max_length=2000, blank=True)
    measure = models.CharField(_("처분"), max_length=10, choices=Measure, blank=True)
    step = models.PositiveSmallIntegerField(_("위반 차수"), null=True, blank=True)
    fine = models.BigIntegerField(_("과태료(원)"), null=True, blank=True)
    effective_from = models.DateField(_("처분일"), null=True, blank=True)
    effective_until = models.DateField(_("정지 종료일"), null=True, blank=True)
    reason = models.CharField(_("처분 사유"), max_length=300, blank=True)
    document = models.CharField(_("처분 문서"), max_length=120, blank=True)
    state = models.CharField(_("상태"), max_length=10, choices=DispositionState, default=DispositionState.NOTICED)
    change = models.OneToOneField(
        MerchantChange, on_delete=models.PROTECT, null=True, blank=True, related_name="disposition",
        verbose_name=_("가맹점 처리"),
    )  # fmt: skip
    entered_by = models.ForeignKey(
        "vouchers.Official", on_delete=models.PROTECT, related_name="+", verbose_name=_("입력자")
    )
    entered_at = models.DateTimeField(_("입력일시"))
    decided_by = models.ForeignKey(
        "vouchers.Official", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("결재자")
    )
    decided_at = models.DateTimeField(_("결재일시"), null=True, blank=True)
    note = models.CharField(_("결재 의견"), max_length=300, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("행정처분")
        verbose_name_plural = _("행정처분")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True) | ~models.Q(decided_by=models.F("entered_by")),
                name="disposition_by_another",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="decided")
                | models.Q(decided_by__isnull=False, step__gte=1, effective_from__isnull=False) & ~models.Q(measure=""),
                name="disposition_decided_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(opinion_until__gte=models.F("notice_on")), name="disposition_opinion_after_notice"
            ),
            models.CheckConstraint(
                condition=models.Q(measure="fine", fine__gt=0) | ~models.Q(measure="fine") & models.Q(fine__isnull=True),
                name="disposition_fine_of_a_fine",
            ),
            models.CheckConstraint(
                condition=~models.Q(measure="cancel") | models.Q(hearing_on__isnull=False),
                name="disposition_cancels_after_hearing",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["municipality", "state"], name="disposition_by_state")]

    def __str__(self) -> str:
        return f"{self.merchant} · {self.violation}"


class RestitutionState(models.TextChoices):
    """Claimed once, and ended once."""

    CLAIMED = "claimed", _("미납")
    PAID = "paid", _("납부")
    WRITTEN_OFF = "written_off", _("결손·취소")


class Restitution(TenantModel):
    """부당이득 환수: what a shop has to give back after its case was decided. Money moves by bank or by an adjustment of its
    settlement; this is the record of the claim. Won."""

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    disposition = models.ForeignKey(
        Disposition, on_delete=models.PROTECT, related_name="restitutions", verbose_name=_("행정처분")
    )
    amount = models.BigIntegerField(_("환수액(원)"))
    legal_basis = models.CharField(_("환수 근거"), max_length=200)
    claimed_on = models.DateField(_("환수 통지일"))
    document = models.CharField(_("환수 통지 문서"), max_length=120)
    due_on = models.DateField(_("납부 기한"))
    state = models.CharField(_("상태"), max_length=12, choices=RestitutionState, default=RestitutionState.CLAIMED)
    closed_on = models.DateField(_("납부일·결손일"), null=True, blank=True)
    note = models.CharField(_("납부 방법·결손 사유"), max_length=300, blank=True)
    entered_by = models.ForeignKey(
        "vouchers.Official", on_delete=models.PROTECT, related_name="+", verbose_name=_("입력자")
    )
    entered_at = models.DateTimeField(_("입력일시"))
    closed_by = models.ForeignKey(
        "vouchers.Official", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("처리자")
    )
    closed_at = models.DateTimeField(_("처리일시"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("부당이득 환수")
        verbose_name_plural = _("부당이득 환수")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="restitution_amount_positive"),
            models.CheckConstraint(
                condition=models.Q(due_on__gte=models.F("claimed_on")), name="restitution_due_after_claim"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state="claimed", closed_on__isnull=True, closed_by__isnull=True, closed_at__isnull=True
                )
                | ~models.Q(state="claimed")
                & models.Q(closed_on__gte=models.F("claimed_on"), closed_by__isnull=False, closed_at__isnull=False),
                name="restitution_closed_whole",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="written_off") | ~models.Q(closed_by=models.F("entered_by")),
                name="restitution_written_off_by_another",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["municipality", "due_on"], condition=models.Q(state="claimed"), name="restitution_due")
        ]

    def __str__(self) -> str:
        return f"{self.disposition} · {self.amount:,}"


class Outcome(models.TextChoices):
    """How far the police and the prosecution have come."""

    PENDING = "pending", _("수사 중")
    FORWARDED = "forwarded", _("송치")
    NOT_FORWARDED = "not_forwarded", _("불송치")
    INDICTED = "indicted", _("기소")
    NOT_INDICTED = "not_indicted", _("불기소")


class Referral(TenantModel):
    """수사의뢰: a decided case that was sent to the police, and what became of it there."""

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    disposition = models.ForeignKey(
        Disposition, on_delete=models.PROTECT, related_name="referrals", verbose_name=_("행정처분")
    )
    station = models.CharField(_("수사기관"), max_length=80)
    referred_on = models.DateField(_("의뢰일"))
    document = models.CharField(_("수사의뢰 문서"), max_length=120)
    outcome = models.CharField(_("수사 결과"), max_length=14, choices=Outcome, default=Outcome.PENDING)
    outcome_on = models.DateField(_("결과 통보일"), null=True, blank=True)
    note = models.CharField(_("결과 내용"), max_length=300, blank=True)
    entered_by = models.ForeignKey(
        "vouchers.Official", on_delete=models.PROTECT, related_name="+", verbose_name=_("입력자")
    )
    entered_at = models.DateTimeField(_("입력일시"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("수사의뢰")
        verbose_name_plural = _("수사의뢰")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(outcome="pending", outcome_on__isnull=True)
                | ~models.Q(outcome="pending") & models.Q(outcome_on__gte=models.F("referred_on")),
                name="referral_outcome_after_referral",
            )
        ]

    def __str__(self) -> str:
        return f"{self.disposition} · {self.station}"
