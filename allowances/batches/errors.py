"""What can go wrong with a list as a whole."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import DomainError, StateConflict


class FileAlreadyUploaded(StateConflict):
    """The same bytes are in the cycle already. ``batch_id`` names the first list."""

    code = "file_already_uploaded"
    message = _("같은 파일을 이 회차에 이미 올렸습니다(%(file_name)s). 먼저 올린 명단을 확인하십시오.")


class ContentAlreadyUploaded(StateConflict):
    """Another file with the same recipients and amounts is in the cycle already. ``batch_id`` names that list."""

    code = "content_already_uploaded"
    message = _("내용이 같은 명단을 이 회차에 이미 올렸습니다(%(file_name)s). 먼저 올린 명단을 확인하십시오.")


class LayoutIncomplete(DomainError):
    """What was chosen for the columns contradicts itself or the file, or a problem of the header is not decided yet."""

    code = "layout_incomplete"
    status = 422
    message = _("열 지정이 끝나지 않았습니다. 표시된 문제를 확인하고, 한 열에 한 항목씩 지정하십시오.")


class ProgrammeClosed(StateConflict):
    """The programme takes no more lists."""

    code = "programme_closed"
    message = _("종료된 사업에는 명단을 올릴 수 없습니다.")


class BatchIsFrozen(StateConflict):
    """Rows, sums and signatures of a submitted list do not change."""

    code = "batch_is_frozen"
    message = _("상신한 명단은 바꿀 수 없습니다. 회수하거나 반려된 뒤에 다시 올리십시오.")


class RedraftExists(StateConflict):
    """The list has been replaced by a corrected one already: ``file_name``."""

    code = "redraft_exists"
    message = _("이 명단은 이미 고친 명단으로 재기안되었습니다. 새 명단을 확인하십시오.")


class NotToBeRedrafted(StateConflict):
    """Only a list of the same cycle that was sent back or taken back is replaced by a corrected one."""

    code = "not_to_be_redrafted"
    message = _("반려되거나 회수한 같은 회차의 명단만 고친 파일로 재기안할 수 있습니다.")


class CellsRefused(DomainError):
    """Corrected cells that cannot be read. ``codes``: field -> code of the problem (reading.problems)."""

    code = "cells_refused"
    message = _("고친 값을 읽을 수 없습니다. 표시된 칸을 확인하십시오.")


class NothingCorrected(DomainError):
    """Every cell says what it said before."""

    code = "nothing_corrected"
    message = _("바뀐 값이 없습니다.")


class RowUnknown(StateConflict):
    """The list has no such row, or it was left out meanwhile."""

    code = "row_unknown"
    message = _("이 행은 명단에 없습니다. 화면을 새로 고쳐 최신 상태를 확인하십시오.")


class MendingReasonMissing(DomainError):
    """Whoever leaves a row out or accepts a problem says why."""

    code = "mending_reason_missing"
    message = _("사유를 5자 이상 입력하십시오.")


class NotAcceptable(StateConflict):
    """An error of this kind is mended; nobody can take it upon themselves."""

    code = "not_acceptable"
    message = _("이 오류는 확인만으로 지급할 수 없습니다. 값을 고치거나 행을 제외하십시오.")


class NothingToAccept(StateConflict):
    """Nobody needs to accept this any more: it is mended, or somebody did."""

    code = "nothing_to_accept"
    message = _("확인할 행이 없습니다. 이미 고쳤거나 다른 사람이 확인했습니다. 화면을 새로 고쳐 확인하십시오.")


class CorrectionsPending(StateConflict):
    """Rows were corrected and the list was not checked since. ``count`` corrections."""

    code = "corrections_pending"
    message = _("고친 내용 %(count)s건이 아직 반영되지 않았습니다. ‘고친 내용 반영’을 눌러 다시 검증하십시오.")


class WarningsRemain(DomainError):
    """The list has warnings that somebody must accept first. ``count`` rows."""

    code = "warnings_remain"
    message = _("확인이 필요한 경고가 %(count)s건 있습니다. 검증 결과 화면에서 사유를 적어 확인한 뒤 상신하십시오.")


class QuotaExceeded(StateConflict):
    """Other lists have taken places of the quota since this one was checked."""

    code = "quota_exceeded"
    message = _(
        "선착순 %(quota)s명 가운데 다른 명단이 %(taken)s명을 차지해 %(left)s명이 남았습니다. 이 명단은 %(wanted)s명입니다. "
        "다시 검증하십시오."
    )


class NoLongerEntitled(StateConflict):
    """Since the check, other lists have paid or claimed people of this one in a way that excludes them here."""

    code = "no_longer_entitled"
    message = _(
        "검증한 뒤에 다른 명단이 먼저 상신되어, 중복 지급 제한이나 횟수 제한에 걸리는 행이 %(rows)s건 있습니다. 다시 검증하십시오."
    )


register(
    batch_redraft_once=RedraftExists,
    batch_file_once_a_cycle=FileAlreadyUploaded,
    batch_content_once_a_cycle=ContentAlreadyUploaded,
    batch_is_frozen=BatchIsFrozen,
    state_conflict=StateConflict,
)
