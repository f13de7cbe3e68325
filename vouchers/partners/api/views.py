"""The base of every view for partners: who asks, may they, and was it asked before."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from vouchers.common import problems
from vouchers.common.api import LeanView, answer, body_of
from vouchers.common.errors import NotFound
from vouchers.partners.api import documents, signatures
from vouchers.partners.api.bodies import VISIBLE, Health
from vouchers.partners.api.credentials import Credentials
from vouchers.partners.api.limits import Limiter, Quota
from vouchers.partners.errors import ScopeMissing
from vouchers.partners.selectors import Caller, Credential
from vouchers.partners.services import Write

credentials: Final = Credentials()
limiter: Final = Limiter()
_KEY = re.compile(rf"(?=.{{1,255}}\Z){VISIBLE}")


class PartnerView(LeanView):
    """A view for partners with a live key. Everything it shows or does concerns that partner's municipality alone.

    ``scopes`` names for each method the scope that the partner must have been given.
    """

    scopes: ClassVar[Mapping[str, str]]
    credential: Credential
    caller: Caller
    quota: Quota | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, and tell the partner how much more it may ask."""
        response = super().dispatch(request, *args, **kwargs)
        if self.quota is not None:
            for name, value in self.quota.headers().items():
                response.headers[name] = value
        return response

    def admit(self, request: HttpRequest) -> None:
        """Raises CredentialsInvalid, TooManyRequests or ScopeMissing."""
        self.credential = credentials.of(request)
        self.caller = self.credential.caller
        self.quota = limiter.spend(self.credential)
        scope = self.scopes["GET" if request.method == "HEAD" else request.method or ""]
        if scope not in self.caller.scopes:
            raise ScopeMissing(scope=scope)

    def write(self, request: HttpRequest) -> tuple[Write, bytes]:
        """What identifies a write request, and its body.

        Raises IdempotencyKeyMissing, IdempotencyKeyInvalid, or what is wrong with its signature.
        """
        key = request.META.get("HTTP_IDEMPOTENCY_KEY")
        if not key:
            raise problems.IdempotencyKeyMissing
        if not _KEY.match(key):
            raise problems.IdempotencyKeyInvalid
        body = body_of(request)
        # A signature that is there has to be right, even where none is asked for.
        if self.credential.requires_signature or "HTTP_SIGNATURE" in request.META:
            signatures.check(
                request=request, credential=self.credential, idempotency_key=key, body=body, at=moment_of(request)
            )
        said = b"|".join([request.method.encode(), request.path.encode(), body])  # type: ignore[union-attr]
        return Write(self.caller, key, hashlib.sha256(said).digest()), body


class HealthView(LeanView):
    """Whether requests can be served: for load balancers, without credentials."""

    @documents.health
    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask the database for nothing."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return answer(Health())


class UnknownView(LeanView):
    """Every other address below /api/: a problem document instead of a page."""

    schema = None

    def initial(self, request: HttpRequest) -> None:
        """No method is right here."""
        raise NotFound


def moment_of(request: HttpRequest) -> datetime:
    """The moment of the request, for everything that it does; the middleware has read the clock."""
    at: datetime = request.at  # type: ignore[attr-defined]
    return at


def written(value: Any, location: str, *, replayed: bool) -> HttpResponse:
    """201 the first time and every time: the client that repeats a request gets the answer that it missed."""
    headers = {"Location": location} | ({"Idempotency-Replayed": "true"} if replayed else {})
    return answer(value, status=201, headers=headers)
