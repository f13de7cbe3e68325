"""Hand out the keys of partners, and answer each write request of theirs once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.db import transaction

from vouchers.common.database import domain_errors
from vouchers.common.models import uuid7
from vouchers.common.scope import scope
from vouchers.partners import errors, statements
from vouchers.partners.models import Partner, PartnerKey
from vouchers.partners.rules import Algorithm
from vouchers.partners.selectors import Caller, Credential

LIVE_KEYS: Final = 2

_REMEMBER = statements.scoped(
    columns="result_id, replayed",
    function="partners.remember(request.municipality, %(partner)s, %(key)s, %(fingerprint)s, %(result)s, %(at)s)",
)

_LEASE = statements.scoped(
    columns="granted, quota, unleased, seconds",
    function="partners.lease(request.municipality, %(partner)s, %(key_id)s)",
)


class Write(NamedTuple):
    """A write request: who asks, under which idempotency key, and the SHA-256 of method, path and body."""

    caller: Caller
    key: str
    fingerprint: bytes

    def parameters(self) -> dict[str, object]:
        """The same by name, for a statement."""
        return {
            "partner": self.caller.partner, "municipality": self.caller.municipality, "key": self.key,
            "fingerprint": self.fingerprint,
        }  # fmt: skip


class IssuedKey(NamedTuple):
    """A new key with what the partner sends, ``<key_id>.<secret>``, and the secret it signs with.

    Neither can be shown again. ``signing_secret`` is empty where the partner signs with a key pair of its own.
    """

    key: PartnerKey
    token: str
    signing_secret: str


class Lease(NamedTuple):
    """Requests that a process may let pass within ``seconds``: ``granted`` of the partner's ``quota`` a minute.

    ``unleased`` are left for later leases of the same minute.
    """

    granted: int
    quota: int
    unleased: int
    seconds: float


class Once(NamedTuple):
    """What a write request made, and whether this very request had made it before."""

    id: UUID
    replayed: bool


def once(*, write: Write, at: datetime, act: Callable[[UUID], None]) -> Once:
    """Run ``act`` for a write request that was not answered before, in one transaction with its idempotency record.

    ``act`` gets the id under which the request's result is to be found later; it runs in the scope of the caller's
    municipality. A refusal rolls both back, so the same request may be sent again. Raises IdempotencyKeyReused. For
    services in Python; those that are one SQL function call ``partners.remember`` there.
    """
    made = uuid7()
    with scope(municipalities=[write.caller.municipality]), domain_errors():
        result, replayed = statements.rows(_REMEMBER, write.parameters() | {"result": made, "at": at})[0]
        if not replayed:
            act(result)
    return Once(result, replayed)


def issue_key(*, partner: Partner, at: datetime, public_key: str = "") -> IssuedKey:
    """A new key for a partner. ``at`` becomes its time of issue.

    ``public_key``: the public half (PEM) of the Ed25519 key with which the partner will sign; without it, the partner
    gets an HMAC secret. Raises TooManyLiveKeys, PublicKeyInvalid or PrivateKeyShown.
    """
    signer = _ed25519(public_key) if public_key else None
    with transaction.atomic():
        Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
        if PartnerKey.objects.filter(partner=partner, revoked_at=None).count() >= LIVE_KEYS:
            raise errors.TooManyLiveKeys
        secret = secrets.token_urlsafe(32)
        signing_secret = "" if signer else f"jts{secrets.token_urlsafe(32)}"
        key = PartnerKey.objects.create(
            municipality_id=partner.municipality_id, partner=partner, created_at=at,
            key_id=f"jt{secrets.token_hex(8)}", secret_hash=hash_of(secret),
            algorithm=Algorithm.ED25519 if signer else Algorithm.HMAC, signing_secret=signing_secret or None,
            public_key=signer,
        )  # fmt: skip
    return IssuedKey(key, f"{key.key_id}.{secret}", signing_secret)


def _ed25519(pem: str) -> bytes:
    if "PRIVATE" in pem:
        raise errors.PrivateKeyShown
    try:
        key = load_pem_public_key(pem.strip().encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise errors.PublicKeyInvalid from error
    if not isinstance(key, Ed25519PublicKey):
        raise errors.PublicKeyInvalid
    return key.public_bytes_raw()


def revoke_key(*, key: PartnerKey, at: datetime) -> None:
    """End a key. Web servers that know it forget it within 30 seconds. A second call changes nothing."""
    PartnerKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at)


def lease(*, credential: Credential) -> Lease:
    """Requests for this process out of the partner's minute; none are granted when it is used up."""
    caller = credential.caller
    asked = {"municipality": caller.municipality, "partner": caller.partner, "key_id": credential.key_id}
    return Lease(*statements.rows(_LEASE, asked)[0])


def hash_of(secret: str) -> bytes:
    """What is kept of a secret. It has 256 random bits, so it needs no slow hash."""
    return hashlib.sha256(secret.encode()).digest()
