"""Login, and what an official may do: both follow from dated roles, never from flags."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from vouchers.common.scope import set_local
from vouchers.officials import services
from vouchers.officials.models import Official


class OfficialBackend:
    """Finds officials by name and password before any scope exists, through the narrowest opening in their table."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> Official | None:
        """The official with this password, or None. An unknown name costs the same time as a wrong password.

        Raises LoginLocked, for unknown names alike, after too many failures.
        """
        if not username or "\0" in username or password is None:
            return None
        at = getattr(request, "at", None) or timezone.now()
        with transaction.atomic():
            services.begin_login(username=username, at=at)
            official = _with_password(username, password)
            if official is None:
                address = request.META.get("REMOTE_ADDR") or None if request else None
                services.login_failed(username=username, address=address, at=at)
            else:
                services.forget_failures(username=username)
            return official

    def get_user(self, user_id: UUID | str) -> Official | None:
        """The official of a session, or None once they have left."""
        with transaction.atomic():
            set_local(official=str(user_id))
            official = Official.objects.filter(pk=user_id).first()
            return official if official is not None and official.is_active else None


def _with_password(username: str, password: str) -> Official | None:
    set_local(login=username)
    official = Official.objects.filter(username=username).first()
    if official is None:
        Official().set_password(password)
        return None
    return official if official.check_password(password) and official.is_active else None
