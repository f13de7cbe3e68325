"""Who calls the API."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from vouchers.partners import statements
from vouchers.partners.models import IdempotencyRecord, PartnerDay, PartnerKey
from vouchers.privacy.fields import Secret

SHOWN_DAYS: Final = 14
SHOWN_WRITES: Final = 20

_CREDENTIAL: Final = """
SELECT partner_id, municipality_id, scopes, secret_hash, requires_signature, algorithm, signing_secret, public_key
FROM partners.partner_by_key(%(key_id)s)
"""


class Caller(NamedTuple):
    """The partner behind a request, and the one municipality it acts for."""

    partner: UUID
    municipality: str
    scopes: frozenset[str]


class Credential(NamedTuple):
    """A live key: whose it is, the SHA-256 of its secret, and what checks its signatures.

    ``signing_key``: the HMAC secret's characters, or the 32 bytes of an Ed25519 public key.
    """

    caller: Caller
    key_id: str
    secret_hash: bytes
    requires_signature: bool
    algorithm: str
    signing_key: bytes


def credential(*, key_id: str) -> Credential | None:
    """The live key of this number; None when there is none, it was revoked, or its partner is not active."""
    found = statements.rows(_CREDENTIAL, {"key_id": key_id})
    if not found:
        return None
    ((partner, municipality, scopes, secret_hash, requires_signature, algorithm, sealed, public_key),) = found
    caller = Caller(partner, municipality, frozenset(scopes))
    key = bytes(public_key) if sealed is None else _opened(bytes(sealed))
    return Credential(caller, key_id, bytes(secret_hash), requires_signature, algorithm, key)


def _opened(sealed: bytes) -> bytes:
    context = PartnerKey._meta.get_field("signing_secret").context
    return Secret(envelope=sealed, context=context).reveal().encode()


def days(*, partner: UUID, until: date) -> list[PartnerDay]:
    """How much a partner asked on the last days, newest first."""
    begin = until - timedelta(days=SHOWN_DAYS)
    return list(PartnerDay.objects.filter(partner_id=partner, day__gt=begin).order_by("-day"))


def recent_writes(*, partner: UUID, at: datetime) -> list[IdempotencyRecord]:
    """The write requests of the last hour that were not refused, newest first, a few."""
    since = at - timedelta(hours=1)
    return list(
        IdempotencyRecord.objects.filter(partner_id=partner, created_at__gt=since).order_by("-created_at")[
            :SHOWN_WRITES
        ]
    )
