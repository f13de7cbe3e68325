"""What keeps a partner's request out, whatever it asks for."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import DomainError, StateConflict


class IdempotencyKeyReused(DomainError):
    """The same Idempotency-Key came with another request: another path or body."""

    code = "idempotency_key_reused"
    message = _("이미 다른 요청에 사용된 Idempotency-Key입니다.")


class ScopeMissing(DomainError):
    """The key is genuine, but its partner was not given this scope. ``scope`` is its name."""

    code = "scope_missing"
    status = 403
    message = _("이 연계기관에는 %(scope)s 권한이 없습니다. 지방자치단체에 권한을 요청하십시오.")


class TooManyLiveKeys(StateConflict):
    """A partner has two live keys at most: the present one and its successor."""

    code = "too_many_live_keys"
    message = _("사용 중인 인증키가 이미 2개입니다. 이전 인증키를 폐기한 뒤 발급하십시오.")


register(idempotency_key_reused=IdempotencyKeyReused)
