"""What is refused of points."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import DomainError, NotFound, StateConflict


class ActivityUnknown(NotFound):
    """No such activity of this partner."""

    code = "activity_unknown"
    message = _("실적을 찾을 수 없습니다.")


class ActivityNotRejected(StateConflict):
    """Only what was rejected is examined again."""

    code = "activity_not_rejected"
    message = _("반려된 실적만 다시 확인할 수 있습니다.")


class ActivityNotAccepted(StateConflict):
    """Only what counts can be withdrawn."""

    code = "activity_not_accepted"
    message = _("인정된 실적만 취소할 수 있습니다.")


class ReasonMissing(DomainError):
    """A withdrawal needs a reason."""

    code = "reason_missing"
    message = _("사유를 적으십시오.")


class RunConfirmed(StateConflict):
    """The run was confirmed: what it pays stands."""

    code = "point_run_confirmed"
    message = _("이미 확정한 지급입니다. 정정은 다음 지급에 반영됩니다.")


class RunChanged(StateConflict):
    """Somebody computed the run anew after the official had looked at it."""

    code = "point_run_changed"
    message = _("그사이 다시 산정되었습니다. 금액을 다시 확인하십시오.")


class RunOpen(StateConflict):
    """One run of a programme at a time: the one before is not paid yet."""

    code = "point_run_one_at_a_time"
    message = _("이 사업에 아직 끝나지 않은 지급이 있습니다. 먼저 끝내십시오.")


class OwnRun(DomainError):
    """Whoever computed a run cannot confirm it."""

    code = "point_run_confirmed_by_another"
    status = 403
    message = _("산정한 사람은 확정할 수 없습니다. 다른 지급 담당자에게 요청하십시오.")


class PeriodNotOver(DomainError):
    """A period is paid when it is over, its last week included. ``day`` is the first day on which it may be."""

    code = "point_period_not_over"
    message = _("아직 지급할 수 없는 기간입니다. %(day)s부터 산정할 수 있습니다.")


class NothingToPay(DomainError):
    """Nobody has earned anything by that run."""

    code = "point_run_empty"
    message = _("지급할 포인트가 없습니다.")


class FundMissing(DomainError):
    """A run is confirmed when its programme has a fund that pays it."""

    code = "point_fund_missing"
    message = _("재원이 없어 확정할 수 없습니다. 포인트 사업 화면에서 재원을 고르십시오.")


class RunNotPaying(StateConflict):
    """Only a confirmed run that is not paid yet can be stopped."""

    code = "point_run_not_paying"
    message = _("지급 중인 회차만 중단할 수 있습니다.")


class FileTaken(StateConflict):
    """The same file was confirmed before."""

    code = "activity_file_once"
    message = _("이미 등록한 파일입니다.")


class FileWithProblems(DomainError):
    """A file is taken in whole or not at all. ``rows`` cannot be read."""

    code = "activity_file_with_problems"
    message = _("읽을 수 없는 행이 %(rows)s개 있습니다. 파일을 고쳐 다시 올리십시오.")


register(
    activity_not_rejected=ActivityNotRejected, activity_not_accepted=ActivityNotAccepted,
    point_run_confirmed=RunConfirmed, point_run_changed=RunChanged, point_run_one_at_a_time=RunOpen,
    point_run_confirmed_by_another=OwnRun, point_fund_missing=FundMissing, point_run_not_paying=RunNotPaying, activity_file_once=FileTaken,
)  # fmt: skip
