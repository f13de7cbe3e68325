"""Check the signature of a write request: RFC 9421 in one strict profile (`vouchers.partners.signing`).

Written by hand, because it stands on the way of every payment: a library needs a multiple of the time, and takes forms
that nobody needs. Each header has one form here; whatever differs from it, twice the same header included, is refused
before anything is computed.
"""

from __future__ import annotations

import base64
import hmac
import re
from datetime import datetime
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.http import HttpRequest

from vouchers.partners import errors, signing
from vouchers.partners.selectors import Credential

_LABEL = r"[a-z][a-z0-9_-]{0,31}"
_INPUT: Final = re.compile(
    rf"({_LABEL})=({re.escape(signing.COMPONENTS)};created=([1-9][0-9]{{8,10}});"
    r'keyid="([A-Za-z0-9]{1,24})";alg="([a-z0-9-]{1,20})";nonce="[A-Za-z0-9_=+/.-]{8,64}")\Z'
)
_SIGNATURE: Final = re.compile(rf"({_LABEL})=:([A-Za-z0-9+/]{{43,88}}={{0,2}}):\Z")


def check(*, request: HttpRequest, credential: Credential, idempotency_key: str, body: bytes, at: datetime) -> None:
    """Raises SignatureMissing, SignatureMalformed, SignatureExpired, ContentDigestWrong or SignatureWrong."""
    meta = request.META
    said, given, digest = (meta.get(f"HTTP_{name}") for name in ("SIGNATURE_INPUT", "SIGNATURE", "CONTENT_DIGEST"))
    if not said or not given or not digest:
        raise errors.SignatureMissing
    params, signature = _INPUT.match(said), _SIGNATURE.match(given)
    if params is None or signature is None or params[1] != signature[1]:
        raise errors.SignatureMalformed
    if abs(at.timestamp() - int(params[3])) > signing.WINDOW_SECONDS:
        raise errors.SignatureExpired
    if digest != signing.content_digest(body):
        raise errors.ContentDigestWrong
    signed = signing.base(
        method=request.method or "", uri=_target_uri(request), digest=digest, idempotency_key=idempotency_key,
        params=params[2],
    )  # fmt: skip
    # The key decides the algorithm: what the request says must agree with it, and chooses nothing.
    mine = params[4] == credential.key_id and params[5] == credential.algorithm
    if not mine or not _genuine(credential, signature[2], signed):
        raise errors.SignatureWrong


def _target_uri(request: HttpRequest) -> str:
    # get_host() takes none but the names of this installation, so what was signed for another one does not pass here.
    return f"{request.scheme}://{request.get_host()}{request.get_full_path()}"


def _genuine(credential: Credential, signature: str, signed: bytes) -> bool:
    if credential.algorithm == signing.HMAC_SHA256:
        expected = base64.b64encode(hmac.digest(credential.signing_key, signed, "sha256"))
        return hmac.compare_digest(expected, signature.encode())
    try:
        _public_key(credential.signing_key).verify(base64.b64decode(signature, validate=True), signed)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=256)
def _public_key(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)
