"""What keeps a partner's request out, whatever it asks for."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import DomainError, StateConflict


class IdempotencyKeyReused(DomainError):
    """The same Idempotency-Key came with another request: another path or body."""

    code = "idempotency_key_reused"
    message = _("이미 다른 요청에 사용된 Idempotency-Key입니다.")


class RequestInProgress(StateConflict):
    """The same request is being answered elsewhere this moment. Nothing was done; its answer comes with a repetition."""

    code = "request_in_progress"
    message = _("같은 Idempotency-Key의 요청을 처리하고 있습니다. 잠시 후 같은 요청을 다시 보내면 그 응답을 받습니다.")
    headers: ClassVar = {"Retry-After": "1"}


class ScopeMissing(DomainError):
    """The key is genuine, but its partner was not given this scope. ``scope`` is its name."""

    code = "scope_missing"
    status = 403
    message = _("이 연계기관에는 %(scope)s 권한이 없습니다. 지방자치단체에 권한을 요청하십시오.")


class TooManyLiveKeys(StateConflict):
    """A partner has two live keys at most: the present one and its successor."""

    code = "too_many_live_keys"
    message = _("사용 중인 인증키가 이미 2개입니다. 이전 인증키를 폐기한 뒤 발급하십시오.")


register(idempotency_key_reused=IdempotencyKeyReused, request_in_progress=RequestInProgress)
