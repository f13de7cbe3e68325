"""Domain errors: what went wrong, for a developer, for a person and for a machine."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from vouchers.common.korean import grouped


class DomainError(Exception):
    """A rule of the domain was broken; nothing was changed.

    The docstring of a subclass tells the developer, ``message`` tells the person (Korean msgid, ``%(name)s``
    parameters), ``code`` tells the machine and never changes once published, ``status`` is the HTTP status. Whole
    numbers among the parameters are won, rows and counts, and the text groups their digits in threes.
    """

    code: ClassVar[str] = "domain_error"
    status: ClassVar[int] = 422
    message: ClassVar[Any] = _("처리할 수 없는 요청입니다.")

    def __init__(self, **params: Any) -> None:
        self.params = params
        super().__init__(self.code, params)

    def __str__(self) -> str:
        if not self.params:
            return str(self.message)
        return str(self.message) % {
            name: grouped(value) if isinstance(value, int) else value for name, value in self.params.items()
        }


class NotPermitted(DomainError):
    """The official has no role for this at that municipality on that day."""

    code = "not_permitted"
    status = 403
    message = _("이 업무를 처리할 권한이 없습니다. 기관 관리자에게 역할 부여를 요청하십시오.")


class StateConflict(DomainError):
    """The object is no longer in a state that allows this step (somebody else was faster, or it is finished)."""

    code = "state_conflict"
    status = 409
    message = _("현재 상태에서는 처리할 수 없습니다. 화면을 새로 고쳐 최신 상태를 확인하십시오.")


class NotFound(DomainError):
    """No such object in the scope; another tenant's object looks the same as none."""

    code = "not_found"
    status = 404
    message = _("대상을 찾을 수 없습니다.")
