"""Who calls the API."""

from __future__ import annotations

from typing import Final, NamedTuple
from uuid import UUID

from vouchers.partners import statements

_CREDENTIAL: Final = "SELECT partner_id, municipality_id, secret_hash, scopes FROM partners.partner_by_key(%(key_id)s)"


class Caller(NamedTuple):
    """The partner behind a request, and the one municipality it acts for."""

    partner: UUID
    municipality: str
    scopes: frozenset[str]


class Credential(NamedTuple):
    """A live key: whose it is, and the SHA-256 of its secret."""

    caller: Caller
    secret_hash: bytes


def credential(*, key_id: str) -> Credential | None:
    """The live key of this number; None when there is none, it was revoked, or its partner is not active."""
    for partner, municipality, secret_hash, scopes in statements.rows(_CREDENTIAL, {"key_id": key_id}):
        return Credential(Caller(partner, municipality, frozenset(scopes)), bytes(secret_hash))
    return None
