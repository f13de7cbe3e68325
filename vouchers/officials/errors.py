"""What can go wrong with officials and their roles."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import DomainError


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


register(incompatible_roles=IncompatibleRolesHeld)
