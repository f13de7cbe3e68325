"""One request, one transaction, one scope."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from vouchers.common.scope import set_local
from vouchers.common.seoul import business_date
from vouchers.officials.selectors import Authority, authority_of

WITHOUT_SCOPE = ("/api/", "/openapi/", "/static/", "/healthz")
"""Paths that open a scope of their own (partners, open data) or need none."""


class OfficialScopeMiddleware:
    """Opens the scope of the official who asks. Sets ``request.at`` (the request's only clock) and
    ``request.authority``. A response of 500 or above rolls everything back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve the request inside its scope."""
        request.at = timezone.now()  # type: ignore[attr-defined]
        request.authority = Authority()  # type: ignore[attr-defined]
        if request.path.startswith(WITHOUT_SCOPE):
            return self.get_response(request)
        with transaction.atomic():
            if request.user.is_authenticated:
                self._open_scope(request)
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
            return response

    def _open_scope(self, request: HttpRequest) -> None:
        official: Any = request.user
        authority = authority_of(official_id=official.pk, day=business_date(request.at))  # type: ignore[attr-defined]
        request.authority = authority  # type: ignore[attr-defined]
        official.authority = authority
        set_local(official=str(official.pk), municipalities=",".join(sorted(authority.municipalities)))
