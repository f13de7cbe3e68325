"""``Authorization: Bearer <key_id>.<secret>``, checked without a query for most requests."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest

from vouchers.common.problems import CredentialsInvalid
from vouchers.partners import selectors
from vouchers.partners.api.limits import Strangers
from vouchers.partners.selectors import Credential
from vouchers.partners.services import hash_of

REMEMBERED_SECONDS: Final = 30.0
_LONGEST_TOKEN = 128


class Credentials:
    """The live keys that this process has seen lately.

    Unknown keys are not remembered, so nobody can fill the memory with guesses; a new key works at once, and a revoked
    one ends within ``REMEMBERED_SECONDS``.
    """

    def __init__(
        self,
        *,
        find: Callable[[str], Credential | None] = lambda key_id: selectors.credential(key_id=key_id),
        clock: Callable[[], float] = time.monotonic,
        strangers: Strangers | None = None,
    ) -> None:
        self._find = find
        self._clock = clock
        self._strangers = strangers or Strangers(clock=clock)
        self._known: dict[str, tuple[float, Credential]] = {}

    def of(self, request: HttpRequest) -> Credential:
        """The key with which the request was sent. Raises CredentialsInvalid.

        An address with too many wrong keys is told TooManyRequests instead, and its unknown keys are not looked up.
        Keys that this process knows work from there all the same: many partners may stand behind one address.
        """
        key_id, secret = _parts(request.META.get("HTTP_AUTHORIZATION", ""))
        address = request.META.get("REMOTE_ADDR") or ""
        known = key_id in self._known
        if not known:
            self._strangers.count(address)
        credential = self._credential(key_id)
        if credential is None or not hmac.compare_digest(credential.secret_hash, hash_of(secret)):
            if known:
                self._strangers.count(address)
            raise CredentialsInvalid
        if not known:
            self._strangers.forgive(address)
        return credential

    def forget(self) -> None:
        """Ask the database again for every key."""
        self._known.clear()
        self._strangers.forget()

    def _credential(self, key_id: str) -> Credential | None:
        until, credential = self._known.get(key_id, (0.0, None))
        if credential is not None and self._clock() < until:
            return credential
        found = self._find(key_id)
        if found is None:
            self._known.pop(key_id, None)
        else:
            self._known[key_id] = (self._clock() + REMEMBERED_SECONDS, found)
        return found


def _parts(header: str) -> tuple[str, str]:
    scheme, _, token = header.partition(" ")
    key_id, _, secret = token.strip().partition(".")
    well_formed = token.isascii() and len(token) <= _LONGEST_TOKEN and key_id.isalnum() and secret
    if scheme.lower() != "bearer" or not well_formed:
        raise CredentialsInvalid
    return key_id, secret
