"""RFC 9421 in the one profile that this API takes: what of a request is signed, and how a client signs it.

Covered are "@method" "@target-uri" "content-digest" "idempotency-key", in this order; the parameters are created, keyid,
alg and nonce, in this order. Content-Digest (RFC 9530) is the SHA-256 of the body, so the signature covers the body, and
whoever replays a request repeats its Idempotency-Key: it is answered and not done again.

Standard library only, so that clients (the demo, the load generator, an app) can use it as it is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

HMAC_SHA256: Final = "hmac-sha256"
ED25519: Final = "ed25519"
COMPONENTS: Final = '("@method" "@target-uri" "content-digest" "idempotency-key")'
WINDOW_SECONDS: Final = 300
"""How far the time of signing may be from ours, either way."""


def content_digest(body: bytes) -> str:
    """The value of the header Content-Digest; an empty body has one too."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def parameters(*, key_id: str, algorithm: str, nonce: str, created: int) -> str:
    """What follows the label in Signature-Input. ``created``: seconds since 1970."""
    return f'{COMPONENTS};created={created};keyid="{key_id}";alg="{algorithm}";nonce="{nonce}"'


def base(*, method: str, uri: str, digest: str, idempotency_key: str, params: str) -> bytes:
    """What is signed: the signature base of RFC 9421, section 2.5. ``uri`` is absolute, with its query."""
    return (
        f'"@method": {method}\n"@target-uri": {uri}\n"content-digest": {digest}\n'
        f'"idempotency-key": {idempotency_key}\n"@signature-params": {params}'
    ).encode()


def mac(secret: str, signed: bytes) -> str:
    """HMAC-SHA256 with the secret's characters as key, in base64."""
    return base64.b64encode(hmac.digest(secret.encode(), signed, "sha256")).decode()


def signed_headers(
    *, token: str, secret: str, method: str, uri: str, body: bytes, idempotency_key: str, nonce: str, created: int
) -> dict[str, str]:
    """All headers with which a client sends a write request, signed with its HMAC secret. ``token``: the bearer key."""
    digest = content_digest(body)
    params = parameters(key_id=token.partition(".")[0], algorithm=HMAC_SHA256, nonce=nonce, created=created)
    signed = base(method=method, uri=uri, digest=digest, idempotency_key=idempotency_key, params=params)
    return {
        "Authorization": f"Bearer {token}", "Idempotency-Key": idempotency_key, "Content-Digest": digest,
        "Signature-Input": f"sig1={params}", "Signature": f"sig1=:{mac(secret, signed)}:",
    }  # fmt: skip
