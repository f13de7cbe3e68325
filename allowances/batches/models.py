"""지급 대상자 명단: an uploaded recipient list, its staged rows, what is wrong with them, and who it entitles."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from allowances.programmes.models import Cycle
from vouchers.common.models import TenantModel
from vouchers.officials.models import Official


class BatchState(models.TextChoices):
    """Where a list stands. Rows may change only up to ``validated``; after that they are frozen."""

    UPLOADED = "uploaded", _("업로드됨")
    INSPECTED = "inspected", _("형식 확인 대기")
    READING = "reading", _("읽는 중")
    VALIDATING = "validating", _("검증 중")
    VALIDATED = "validated", _("검증 완료")
    REFUSED = "refused", _("읽을 수 없음")
    SUBMITTING = "submitting", _("상신 중")
    SUBMITTED = "submitted", _("결재 중")
    RETURNED = "returned", _("반려")
    WITHDRAWN = "withdrawn", _("회수")
    APPROVED = "approved", _("결재 완료")
    SCHEDULED = "scheduled", _("지급 예약")
    PAYING = "paying", _("지급 중")
    PAUSED = "paused", _("지급 중지")
    PAID = "paid", _("지급 완료")
    DISCARDED = "discarded", _("폐기")


class BatchKind(models.TextChoices):
    """What a list does when it is carried out. All kinds share reading, checking, mending and approval."""

    PAYMENT = "payment", _("지급")
    TOP_UP = "top_up", _("추가 지급")
    CLAWBACK = "clawback", _("환수")


class Batch(TenantModel):
    """명단 파일 one official uploaded for one cycle. Amounts in won; row numbers are those Excel shows."""

    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="batches", verbose_name=_("회차"))
    kind = models.CharField(_("구분"), max_length=10, choices=BatchKind, default=BatchKind.PAYMENT)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("원 명단")
    )
    replaces = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="redrafts",
        verbose_name=_("재기안 전 명단"),
    )
    mended_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="mended_by",
        verbose_name=_("고치기 전 명단"),
    )  # fmt: skip
    sequence = models.PositiveSmallIntegerField(
        _("지급 차수"), default=0,
        help_text=_("0은 회차의 본 지급이며 한 사람에게 한 번입니다. 추가 지급과 환수는 저마다 다른 번호를 받습니다."),
    )  # fmt: skip
    state = models.CharField(_("상태"), max_length=12, choices=BatchState, default=BatchState.UPLOADED)
    uploaded_by = models.ForeignKey(Official, on_delete=models.PROTECT, related_name="+", verbose_name=_("기안자"))
    uploaded_at = models.DateTimeField(_("업로드 일시"))
    file_name = models.CharField(_("파일명"), max_length=200)
    file_key = models.CharField(max_length=120, editable=False)
    file_size = models.BigIntegerField(_("파일 크기(바이트)"))
    file_sha256 = models.CharField(_("파일 지문"), max_length=64)
    layout = models.JSONField(_("파일 형식"), default=dict, editable=False)
    mapping = models.JSONField(_("형식 지정"), default=dict, editable=False)
    progress_done = models.BigIntegerField(default=0, editable=False)
    progress_total = models.BigIntegerField(default=0, editable=False)
    rows_total = models.IntegerField(_("전체 행"), default=0)
    rows_bad = models.IntegerField(_("오류 행"), default=0)
    rows_left_out = models.IntegerField(_("제외한 행"), default=0)
    amount_total = models.BigIntegerField(_("지급 예정액"), default=0)
    problem_kinds = models.JSONField(_("종류별 오류"), default=list, editable=False)
    corrections_pending = models.IntegerField(_("반영 전 수정"), default=0, editable=False)
    content_sha256 = models.CharField(_("내용 지문"), max_length=64, blank=True)
    failure = models.JSONField(_("처리 실패"), null=True, blank=True)
    duplicate_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("이미 올린 명단")
    )
    exclude_bad_rows = models.BooleanField(_("오류 행 제외"), default=False)
    attempt = models.PositiveSmallIntegerField(_("상신 차수"), default=0)
    terms = models.JSONField(_("지급 조건"), default=dict, editable=False)
    digest = models.CharField(_("결재 지문"), max_length=64, blank=True)
    pay_at = models.DateTimeField(_("지급 예약 일시"), null=True, blank=True)
    paid_at = models.DateTimeField(_("지급 완료 일시"), null=True, blank=True)

    class Meta:
        verbose_name = _("지급 대상자 명단")
        verbose_name_plural = _("지급 대상자 명단")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cycle", "sequence", "file_sha256"],
                condition=~models.Q(state__in=["refused", "discarded"]),
                name="batch_file_once_a_cycle",
            ),
            models.UniqueConstraint(
                fields=["cycle", "sequence", "content_sha256"],
                condition=~models.Q(state__in=["refused", "discarded"]) & ~models.Q(content_sha256=""),
                name="batch_content_once_a_cycle",
            ),
            models.UniqueConstraint(
                fields=["replaces"], condition=~models.Q(state__in=["refused", "discarded"]), name="batch_redraft_once"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["municipality", "state"], name="batch_by_state")]

    def __str__(self) -> str:
        return f"{self.cycle} · {self.file_name}"


class BatchAction(models.TextChoices):
    """What officials do with a list beside signing it."""

    UPLOAD = "upload", _("업로드")
    CONFIRM = "confirm", _("형식 확인")
    RECHECK = "recheck", _("재검증")
    DISCARD = "discard", _("폐기")
    REPLACE = "replace", _("고친 파일로 교체")
    SCHEDULE = "schedule", _("지급 예약")
    UNSCHEDULE = "unschedule", _("예약 취소")
    PAUSE = "pause", _("지급 중지")
    RESUME = "resume", _("지급 재개")
    CANCEL = "cancel", _("잔여 지급 취소")
    RETRY = "retry", _("미지급 건 재지급")
    GIVE_UP = "give_up", _("미지급금 반납")


class BatchEvent(TenantModel):
    """처리 이력: who did what with a list and when. Append-only; signatures stand in the approval steps."""

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="events", verbose_name=_("명단"))
    action = models.CharField(_("처리"), max_length=10, choices=BatchAction)
    official = models.ForeignKey(Official, on_delete=models.PROTECT, related_name="+", verbose_name=_("처리자"))
    at = models.DateTimeField(_("처리일시"))
    reason = models.CharField(_("사유"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("명단 처리 이력")
        verbose_name_plural = _("명단 처리 이력")
        ordering: ClassVar = ["at"]

    def __str__(self) -> str:
        return f"{self.get_action_display()} · {self.official}"


class ColumnMapping(TenantModel):
    """기억한 형식: what a department once corrected about files with the same header, offered for the next one.

    ``fingerprint`` is that of the header's labels in their order; no cell of a recipient is in it.
    """

    department = models.CharField(_("부서"), max_length=60, blank=True)
    fingerprint = models.CharField(_("제목 지문"), max_length=64)
    labels = models.JSONField(_("제목"), default=list)
    columns = models.JSONField(_("열 지정"), default=dict)
    unit = models.IntegerField(_("금액 단위(원)"), default=1)
    remembered_at = models.DateTimeField(_("기억한 일시"))

    class Meta:
        verbose_name = _("기억한 명단 형식")
        verbose_name_plural = _("기억한 명단 형식")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "department", "fingerprint"], name="column_mapping_once_a_department"
            )
        ]

    def __str__(self) -> str:
        return f"{self.department} · {', '.join(self.labels)[:60]}"


def _municipality() -> models.ForeignKey:
    return models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        verbose_name=_("지자체"),
    )  # fmt: skip


class StagingModel(models.Model):
    """Rows the worker writes with COPY and set-based SQL; a trigger freezes them once the batch is submitted."""

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE, DELETE, MAINTAIN"

    class Meta:
        abstract = True
        managed = False


class BatchRow(StagingModel):
    """One recipient as read and normalised, matched to a member where there is one."""

    pk = models.CompositePrimaryKey("municipality_id", "batch_id", "row_number")
    municipality = _municipality()
    batch_id = models.UUIDField()
    row_number = models.IntegerField(_("행"))
    name = models.TextField(_("성명"), null=True)
    birth_date = models.DateField(_("생년월일"), null=True)
    phone = models.TextField(_("휴대전화"), null=True)
    dong = models.TextField(_("읍면동"), null=True)
    resident_number_index = models.BinaryField(null=True)
    amount = models.BigIntegerField(_("지급액"), null=True)
    account_number_index = models.BinaryField(null=True)
    facts = models.JSONField(_("자격 사실"), null=True, blank=True)
    citizen_id = models.UUIDField(null=True)
    wallet_id = models.UUIDField(null=True)

    class Meta(StagingModel.Meta):
        verbose_name = _("명단 행")
        verbose_name_plural = _("명단 행")

    def __str__(self) -> str:
        return f"{self.row_number}"


class BatchProblem(StagingModel):
    """What is wrong with one cell or row. ``value`` never holds a plain resident or account number."""

    id = models.UUIDField(primary_key=True)
    municipality = _municipality()
    batch_id = models.UUIDField()
    row_number = models.IntegerField(_("행"))
    field = models.TextField(_("열"))
    code = models.TextField(_("사유"))
    value = models.TextField(_("값"))
    params = models.JSONField(default=dict)
    is_warning = models.BooleanField(_("경고"))
    acceptance_id = models.UUIDField(null=True)

    class Meta(StagingModel.Meta):
        verbose_name = _("명단 오류")
        verbose_name_plural = _("명단 오류")

    def __str__(self) -> str:
        return f"{self.row_number} · {self.code}"


class Acceptance(TenantModel):
    """확인: an official takes a problem upon themselves, of one row or of all rows of a kind, and says why.

    Append-only: whoever changes their mind adds a row with ``revoked``. What stands is in ``AcceptedProblem``.
    """

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="acceptances", verbose_name=_("명단"))
    code = models.CharField(_("사유"), max_length=60)
    field = models.CharField(_("열"), max_length=60)
    row_number = models.IntegerField(_("행"), null=True, blank=True)
    rows = models.IntegerField(_("확인한 행 수"))
    revoked = models.BooleanField(_("확인 취소"), default=False)
    reason = models.CharField(_("확인 사유"), max_length=200)
    official = models.ForeignKey(Official, on_delete=models.PROTECT, related_name="+", verbose_name=_("확인자"))
    at = models.DateTimeField(_("확인일시"))

    class Meta:
        verbose_name = _("경고 확인")
        verbose_name_plural = _("경고 확인")
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.code} · {self.official}"


class AcceptedProblem(StagingModel):
    """Exactly what an acceptance covers. A check that finds the same again finds it accepted; anything else is new."""

    app_privileges: ClassVar[str] = "SELECT, INSERT, DELETE"

    id = models.UUIDField(primary_key=True)
    municipality = _municipality()
    batch_id = models.UUIDField()
    acceptance_id = models.UUIDField()
    row_number = models.IntegerField(_("행"))
    field = models.TextField(_("열"))
    code = models.TextField(_("사유"))
    value = models.TextField(_("값"))
    params = models.JSONField(default=dict)

    class Meta(StagingModel.Meta):
        verbose_name = _("확인한 경고")
        verbose_name_plural = _("확인한 경고")

    def __str__(self) -> str:
        return f"{self.row_number} · {self.code}"


class CorrectionKind(models.TextChoices):
    """What was done to a row in the page."""

    VALUE = "value", _("값 고침")
    LEAVE_OUT = "leave_out", _("행 제외")
    UNDO = "undo", _("되돌림")


class RowCorrection(models.Model):
    """명단 수정: what an official changed of a row in the page, without touching the file. Append-only.

    The newest correction of a cell counts at the next reading. ``value`` is what the cell is read as from then on; of a
    resident or account number only the blind index is kept, in ``sealed``. ``shown_before`` and ``shown_after`` are
    masked. ``person`` says who was left out, so that the same person is recognised in the mended file.
    """

    app_privileges: ClassVar[str] = "SELECT, INSERT"

    id = models.UUIDField(primary_key=True)
    municipality = _municipality()
    batch = models.ForeignKey(Batch, on_delete=models.DO_NOTHING, related_name="corrections", db_constraint=False)
    row_number = models.IntegerField(_("행"))
    field = models.TextField(_("열"))
    kind = models.TextField(_("구분"), choices=CorrectionKind)
    value = models.TextField(null=True)
    sealed = models.BinaryField(null=True)
    person = models.TextField(null=True)
    shown_before = models.TextField(_("고치기 전"))
    shown_after = models.TextField(_("고친 뒤"))
    reason = models.TextField(_("사유"))
    official = models.ForeignKey(
        Official, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, verbose_name=_("처리자")
    )
    at = models.DateTimeField(_("처리일시"))

    class Meta:
        managed = False
        verbose_name = _("명단 수정")
        verbose_name_plural = _("명단 수정")

    def __str__(self) -> str:
        return f"{self.row_number} · {self.field}"


class Entitlement(StagingModel):
    """지급 건: what one person gets in one cycle. Made at submission, so two lists cannot claim the same person.

    Who is no member yet has neither citizen nor wallet, and ``person`` tells them apart; their money is held for them.
    ``void`` when the money went back to the programme: then another list may entitle the same person.
    """

    app_privileges: ClassVar[str] = "SELECT, INSERT, DELETE, MAINTAIN"

    id = models.UUIDField(primary_key=True)
    municipality = _municipality()
    cycle_id = models.UUIDField()
    sequence = models.SmallIntegerField(_("지급 차수"), default=0)
    series_id = models.UUIDField(null=True)
    tranche = models.SmallIntegerField(_("분할 차수"), null=True)
    in_cash = models.BooleanField(_("현금 지급"), default=False)
    citizen_id = models.UUIDField(null=True)
    wallet_id = models.UUIDField(null=True)
    person = models.TextField(null=True)
    batch_id = models.UUIDField()
    row_number = models.IntegerField(_("행"))
    amount = models.BigIntegerField(_("지급액"))
    void = models.BooleanField(default=False)

    class Meta(StagingModel.Meta):
        verbose_name = _("지급 건")
        verbose_name_plural = _("지급 건")

    def __str__(self) -> str:
        return str(self.id)


class ComparisonPurpose(models.TextChoices):
    """What a list is compared with."""

    CYCLE = "cycle", _("지난 회차")
    VERSION = "version", _("재기안 전 명단")


class ListComparison(TenantModel):
    """명단 비교: a list, with the others of its cycle or alone, against earlier lists. Made anew when either changes."""

    app_privileges: ClassVar[str] = "SELECT, INSERT, UPDATE"

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="comparisons", verbose_name=_("명단"))
    purpose = models.CharField(_("비교 대상"), max_length=10, choices=ComparisonPurpose)
    before = ArrayField(models.UUIDField(), default=list, editable=False)
    after = ArrayField(models.UUIDField(), default=list, editable=False)
    contents = models.CharField(max_length=64, blank=True, editable=False)
    sums = models.JSONField(default=dict, editable=False)

    class Meta:
        verbose_name = _("명단 비교")
        verbose_name_plural = _("명단 비교")
        constraints: ClassVar = [models.UniqueConstraint(fields=["batch", "purpose"], name="comparison_once_a_purpose")]

    def __str__(self) -> str:
        return f"{self.batch} · {self.get_purpose_display()}"


class DifferenceKind(models.TextChoices):
    """How a person's place in two sets of lists differs."""

    ADDED = "added", _("신규")
    REMOVED = "removed", _("제외")
    CHANGED = "changed", _("변경")


class ListDifference(StagingModel):
    """One person whose rows differ between two sets of lists. Points at the rows; amounts in won."""

    app_privileges: ClassVar[str] = "SELECT, INSERT, DELETE"

    pk = models.CompositePrimaryKey("municipality_id", "comparison_id", "kind", "number")
    municipality = _municipality()
    comparison_id = models.UUIDField()
    kind = models.TextField(_("구분"), choices=DifferenceKind)
    number = models.IntegerField(_("연번"))
    before_batch_id = models.UUIDField(null=True)
    before_row = models.IntegerField(_("이전 행"), null=True)
    after_batch_id = models.UUIDField(null=True)
    after_row = models.IntegerField(_("행"), null=True)
    amount_before = models.BigIntegerField(_("이전 지급액"), null=True)
    amount_after = models.BigIntegerField(_("지급액"), null=True)

    class Meta(StagingModel.Meta):
        verbose_name = _("명단 비교 행")
        verbose_name_plural = _("명단 비교 행")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"
