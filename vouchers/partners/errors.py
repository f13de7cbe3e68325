"""What keeps a partner's request out, whatever it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import DomainError, StateConflict
from vouchers.common.problems import CredentialsInvalid, RequestProblem
from vouchers.partners.signing import COMPONENTS


class IdempotencyKeyReused(DomainError):
    """The same Idempotency-Key came with another request: another path or body."""

    code = "idempotency_key_reused"
    message = _("이미 다른 요청에 사용된 Idempotency-Key입니다.")


class RequestInProgress(StateConflict):
    """The same request is being answered elsewhere this moment. Nothing was done; its answer comes with a repetition."""

    code = "request_in_progress"
    message = _("같은 Idempotency-Key의 요청을 처리하고 있습니다. 잠시 후 같은 요청을 다시 보내면 그 응답을 받습니다.")
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


class ScopeMissing(DomainError):
    """The key is genuine, but its partner was not given this scope. ``scope`` is its name."""

    code = "scope_missing"
    status = 403
    message = _("이 연계기관에는 %(scope)s 권한이 없습니다. 지방자치단체에 권한을 요청하십시오.")


class SignatureWrong(RequestProblem):
    """It was made with another key or another algorithm, or over another request."""

    code = "signature_wrong"
    status = 401
    message = _("서명이 이 요청이나 이 인증키와 맞지 않습니다.")
    headers: ClassVar[Mapping[str, str]] = {
        **CredentialsInvalid.headers, "Accept-Signature": f"sig1={COMPONENTS};created;keyid;alg;nonce",
    }  # fmt: skip


class SignatureMissing(SignatureWrong):
    """Content-Digest, Signature-Input or Signature is not there."""

    code = "signature_missing"
    message = _("요청에 서명이 필요합니다. Content-Digest, Signature-Input, Signature 헤더를 모두 보내십시오.")


class SignatureMalformed(SignatureWrong):
    """Signature-Input or Signature has not the documented form, or comes twice."""

    code = "signature_malformed"
    message = _("Signature-Input 또는 Signature 헤더의 형식이 문서와 다릅니다. 항목의 순서도 같아야 합니다.")


class SignatureExpired(SignatureWrong):
    """``created`` is more than five minutes from now, in the past or in the future."""

    code = "signature_expired"
    message = _("서명한 시각(created)이 현재 시각과 5분 넘게 다릅니다. 서버 시계를 맞추고 다시 서명하십시오.")


class ContentDigestWrong(SignatureWrong):
    """Content-Digest is not the SHA-256 of the body that came."""

    code = "content_digest_wrong"
    message = _("Content-Digest가 요청 본문의 SHA-256 값과 다릅니다.")


class PublicKeyInvalid(DomainError):
    """Not the public half of an Ed25519 key in PEM form."""

    code = "public_key_invalid"
    message = _("Ed25519 공개키(PEM)가 아닙니다. -----BEGIN PUBLIC KEY-----로 시작하는 내용을 그대로 붙여 넣으십시오.")


class PrivateKeyShown(DomainError):
    """Somebody sent a private key, which has to be thrown away now."""

    code = "private_key_shown"
    message = _("개인키는 기관 밖으로 나가면 안 됩니다. 이 키는 버리고, 새로 만든 키의 공개키만 등록하십시오.")


class TooManyLiveKeys(StateConflict):
    """A partner has two live keys at most: the present one and its successor."""

    code = "too_many_live_keys"
    message = _("사용 중인 인증키가 이미 2개입니다. 이전 인증키를 폐기한 뒤 발급하십시오.")


register(idempotency_key_reused=IdempotencyKeyReused, request_in_progress=RequestInProgress)
