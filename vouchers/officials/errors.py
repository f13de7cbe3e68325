"""What can go wrong with officials and their roles."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import DomainError, StateConflict


class IncompatibleRolesHeld(DomainError):
    """Another role that the official holds at that municipality on those days excludes this one."""

    code = "incompatible_roles"
    status = 409
    message = _("함께 가질 수 없는 역할을 이미 가지고 있습니다. 기존 역할의 종료일을 먼저 입력하십시오.")


class LoginLocked(DomainError):
    """Too many wrong passwords in a row for this name, whether it exists or not. ``until``: hours and minutes in Seoul."""

    code = "login_locked"
    status = 429
    message = _(
        "로그인에 여러 번 실패하여 %(until)s까지 로그인할 수 없습니다."
        " 비밀번호를 잊었으면 기관 관리자에게 재설정을 요청하십시오."
    )


class AbsenceOverlaps(StateConflict):
    """The official has an absence on some of those days already."""

    code = "absence_overlaps"
    message = _("같은 기간에 이미 등록한 부재가 있습니다. 먼저 등록한 부재를 끝내십시오.")


class DeputyIsAbsent(StateConflict):
    """The deputy is away themselves: a deputy has no deputy."""

    code = "deputy_is_absent"
    message = _("대결자가 그 기간에 부재합니다. 대결자의 대결자는 둘 수 없으므로 다른 사람을 정하십시오.")


class AbsentIsDeputy(StateConflict):
    """Somebody else's deputy cannot be away: that absence needs another deputy first."""

    code = "absent_is_deputy"
    message = _("그 기간에 다른 사람의 대결자로 정해져 있습니다. 그 부재의 대결자를 먼저 바꾸십시오.")


class DeputyElsewhere(DomainError):
    """The deputy works at another municipality or has left."""

    code = "deputy_elsewhere"
    message = _("대결자는 같은 지자체에서 사용 중인 계정이어야 합니다.")


class DeputyIncompatible(StateConflict):
    """The deputy's roles, or those they act for meanwhile, exclude a role of the absent official."""

    code = "deputy_incompatible"
    message = _("대결자가 부재하는 사람의 역할과 함께 가질 수 없는 역할을 맡고 있습니다. 다른 사람을 정하십시오.")


class AbsenceIsOver(StateConflict):
    """It lies in the past or was cancelled."""

    code = "absence_is_over"
    message = _("이미 끝났거나 취소한 부재입니다.")


register(
    incompatible_roles=IncompatibleRolesHeld,
    absence_overlaps=AbsenceOverlaps,
    deputy_is_absent=DeputyIsAbsent,
    absent_is_deputy=AbsentIsDeputy,
    deputy_elsewhere=DeputyElsewhere,
    deputy_incompatible=DeputyIncompatible,
)
